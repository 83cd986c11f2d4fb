// libvirt's numbers to our names.
#include "observe/domain_read.h"

#include <libvirt/virterror.h>

struct err *
libvirt_error(const char *what)
{
    virErrorPtr last = virGetLastError();
    int code = last ? last->code : VIR_ERR_INTERNAL_ERROR;
    bool is_spec = code == VIR_ERR_XML_ERROR || code == VIR_ERR_XML_DETAIL || code == VIR_ERR_CONFIG_UNSUPPORTED ||
                   code == VIR_ERR_OS_TYPE || code == VIR_ERR_XML_INVALID_SCHEMA || code == VIR_ERR_INVALID_ARG;

    if (code == VIR_ERR_NO_DOMAIN) {
        return err_new(ERR_NOT_FOUND, "%s: no such domain", what);
    }
    return err_new(is_spec ? ERR_INVALID : ERR_RETRY, "%s: %s", what,
                   last && last->message ? last->message : "unknown error");
}

static const char *
shutoff_reason(int reason)
{
    switch ((virDomainShutoffReason)reason) {
    case VIR_DOMAIN_SHUTOFF_SHUTDOWN:
        return "shutdown";
    case VIR_DOMAIN_SHUTOFF_DESTROYED:
        return "destroyed";
    case VIR_DOMAIN_SHUTOFF_CRASHED:
    case VIR_DOMAIN_SHUTOFF_FAILED:
        return "crashed";
    case VIR_DOMAIN_SHUTOFF_UNKNOWN:
    case VIR_DOMAIN_SHUTOFF_MIGRATED:
    case VIR_DOMAIN_SHUTOFF_SAVED:
    case VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT:
    case VIR_DOMAIN_SHUTOFF_DAEMON:
        break;
    }
    return "unknown";
}

enum domain_state
domain_state_of(int state, int reason, const char **ret_reason)
{
    *ret_reason = NULL;
    switch ((virDomainState)state) {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED:
    case VIR_DOMAIN_PMSUSPENDED:
        return DOMAIN_RUNNING;
    case VIR_DOMAIN_PAUSED:
        *ret_reason = reason == VIR_DOMAIN_PAUSED_IOERROR ? "io-error" : "user";
        return reason == VIR_DOMAIN_PAUSED_STARTING_UP ? DOMAIN_STARTING : DOMAIN_PAUSED;
    case VIR_DOMAIN_SHUTDOWN:
        return DOMAIN_SHUTDOWN;
    case VIR_DOMAIN_SHUTOFF:
        *ret_reason = shutoff_reason(reason);
        return str_eq(*ret_reason, "crashed") ? DOMAIN_CRASHED : DOMAIN_SHUTOFF;
    case VIR_DOMAIN_CRASHED:
        *ret_reason = reason == VIR_DOMAIN_CRASHED_PANICKED ? "panicked" : "crashed";
        return DOMAIN_CRASHED;
    case VIR_DOMAIN_NOSTATE:
        break;
    }
    return DOMAIN_STARTING;
}

/* Value of the first attribute 'name' after 'from' in libvirt's own XML. */
static void
copy_attribute(const char *from, const char *name, char *ret_text, size_t size)
{
    AUTO(freep) char *key = xasprintf("%s='", name);
    const char *at = from ? strstr(from, key) : NULL;
    const char *end = at ? strchr(at + strlen(key), '\'') : NULL;

    if (end) {
        (void)snprintf(ret_text, size, "%.*s", (int)(end - at - (long)strlen(key)), at + strlen(key));
    }
}

static bool
agent_is_connected(const char *xml)
{
    const char *target = strstr(xml, "name='org.qemu.guest_agent.0'");
    const char *end = target ? strchr(target, '>') : NULL;
    const char *state = target ? strstr(target, "state='connected'") : NULL;

    return state && end && state < end;
}

struct err *
domain_read(virDomainPtr dom, struct domain_seen *ret_seen)
{
    struct domain_seen seen = {0};
    int state, reason;
    virDomainInfo info;

    if (virDomainGetState(dom, &state, &reason, 0) != 0) {
        struct err *e = libvirt_error("read the guest's state");
        if (err_class(e) != ERR_NOT_FOUND) {
            return e;
        }
        err_free(e); /* gone is an answer */
        *ret_seen = seen;
        return NULL;
    }
    seen.state = domain_state_of(state, reason, &seen.reason);
    if (virDomainGetInfo(dom, &info) == 0) {
        seen.memory_bytes = (int64_t)info.memory * 1024;
    }
    AUTO(freep) char *xml = virDomainGetXMLDesc(dom, 0);
    if (xml) {
        copy_attribute(strstr(xml, "<type arch="), "machine", seen.machine, sizeof(seen.machine));
        seen.has_agent = agent_is_connected(xml);
    }
    *ret_seen = seen;
    return NULL;
}

const char *
domain_end_in_log(const char *log_text)
{
    static const char *const known[][2] = {
        {"shutdown", "shutdown"}, {"destroyed", "destroyed"}, {"crashed", "crashed"}, {"failed", "crashed"}};
    static const char key[] = "shutting down, reason=";
    const char *at = NULL;

    for (const char *next = strstr(log_text, key); next; next = strstr(next + 1, key)) {
        at = next + strlen(key);
    }
    for (size_t i = 0; at && i < ARRAY_LEN(known); i++) {
        if (str_starts(at, known[i][0])) {
            return known[i][1];
        }
    }
    return NULL;
}
