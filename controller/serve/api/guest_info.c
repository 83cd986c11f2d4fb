// What the agent did not say is absent.
#include "serve/api/guest_info.h"

enum { NS_PER_S = 1000000000, DIGITS_MAX = 6 };

static void
put(json_t *j, const char *key, const char *value)
{
    if (!str_empty(value)) {
        (void)json_object_set_new(j, key, json_string(value)); /* it was read as JSON, so it is UTF-8 */
    }
}

json_t *
guest_info(const struct agent_state *agent)
{
    const struct guest_os_info *os = &agent->os;
    json_t *info = json_object(), *o = json_object();

    put(o, "name", os->name);
    put(o, "kernelRelease", os->kernel_release);
    put(o, "version", os->version);
    put(o, "prettyName", os->pretty_name);
    put(o, "versionId", os->version_id);
    put(o, "kernelVersion", os->kernel_version);
    put(o, "machine", os->machine);
    put(o, "id", os->id);
    put(info, "guestAgentVersion", agent->version);
    put(info, "hostname", agent->hostname);
    (void)json_object_set_new(info, "os", o);
    return info;
}

static bool
unit_s(char unit, int64_t *ret_s)
{
    switch (unit) {
    case 'h':
        *ret_s = 3600;
        return true;
    case 'm':
        *ret_s = 60;
        return true;
    case 's':
        *ret_s = 1;
        return true;
    default:
        return false;
    }
}

bool
guest_info_duration_s(const json_t *value, int64_t *ret_seconds)
{
    const char *p = json_string_value(value);
    int64_t sum_s = 0, each_s = 0;

    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *ret_seconds = json_integer_value(value) / NS_PER_S + (json_integer_value(value) % NS_PER_S != 0);
        return true;
    }
    if (str_empty(p)) {
        return false;
    }
    while (*p) {
        size_t digits = strspn(p, "0123456789");
        if (digits == 0 || digits > DIGITS_MAX || !unit_s(p[digits], &each_s)) {
            return false;
        }
        sum_s += strtoll(p, NULL, 10) * each_s;
        p += digits + 1;
    }
    *ret_seconds = sum_s;
    return true;
}
