// libvirt's numbers to our names.
#include "observe/domain_read.h"

#include <libvirt/virterror.h>

#include "base/utf8.h"

/* What libvirt will say of this configuration every time. Of CPU models and features it says "internal error" as of anything; that it
 * is its list of CPUs which says so is the difference. Another host may have what this one lacks: that is passing trouble. */
static bool
is_configuration(int domain, int code)
{
    switch (code) {
    case VIR_ERR_XML_ERROR:
    case VIR_ERR_XML_DETAIL:
    case VIR_ERR_XML_INVALID_SCHEMA:
    case VIR_ERR_CONFIG_UNSUPPORTED:
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
    case VIR_ERR_OS_TYPE:
    case VIR_ERR_INVALID_ARG:
        return true;
    case VIR_ERR_INTERNAL_ERROR:
        return domain == VIR_FROM_CPU;
    default: /* of a library's numbers, not an enum of ours */
        return false;
    }
}

struct err *
libvirt_error(const char *what)
{
    virErrorPtr last = virGetLastError();
    int code = last ? last->code : VIR_ERR_INTERNAL_ERROR;
    bool is_spec = is_configuration(last ? last->domain : VIR_FROM_NONE, code);

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
    case VIR_DOMAIN_SHUTOFF_MIGRATED:
        return "migrated";
    case VIR_DOMAIN_SHUTOFF_UNKNOWN:
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

/* Value of an attribute of the first element that begins with 'element', in libvirt's own XML, where no text holds a quote or '<'. */
static void
copy_attribute(const char *xml, const char *element, const char *name, char *ret_text, size_t size)
{
    AUTO(freep) char *key = xasprintf(" %s='", name);
    const char *from = strstr(xml, element);
    const char *close = from ? strchr(from, '>') : NULL;
    const char *at = close ? memmem(from, (size_t)(close - from), key, strlen(key)) : NULL;
    const char *value = at ? at + strlen(key) : NULL;
    size_t len = value ? strcspn(value, "'") : 0;

    if (value && len < size) {
        memcpy(ret_text, value, len);
        ret_text[len] = '\0';
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

void
domain_read_xml(const char *xml, struct domain_seen *seen)
{
    copy_attribute(xml, "<type arch=", "machine", seen->machine, sizeof(seen->machine));
    utf8_mend(seen->machine);
    seen->has_agent = agent_is_connected(xml);
}

/* Asked of QEMU each time, so that a manager that came later knows as well. */
static void
read_troubles(virDomainPtr dom, struct domain_seen *seen)
{
    virDomainDiskError errors[DOMAIN_DISKS_MAX];
    int n =
        virDomainGetDiskErrors(dom, errors, ARRAY_LEN(errors), 0); /* none when it fails: why it is paused is known */

    for (int i = 0; i < n; i++) {
        struct disk_trouble *t = &seen->troubles[seen->n_troubles++];
        (void)snprintf(t->target, sizeof(t->target), "%s", errors[i].disk); /* vda, sdab */
        t->what = errors[i].error == VIR_DOMAIN_DISK_ERROR_NO_SPACE ? DISK_NO_SPACE : DISK_IO_ERROR;
        free(errors[i].disk);
    }
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
        seen.memory_bytes = info.memory < INT64_MAX / 1024 ? (int64_t)info.memory * 1024 : INT64_MAX;
    }
    AUTO(freep) char *xml = virDomainGetXMLDesc(dom, 0);
    if (xml) {
        domain_read_xml(xml, &seen);
    }
    if (seen.state == DOMAIN_PAUSED && str_eq(seen.reason, "io-error")) {
        read_troubles(dom, &seen);
    }
    *ret_seen = seen;
    return NULL;
}

/* libvirt's own word in a line of the log: behind a time, which is all that stands before it. NULL when it is not one. */
static const char *
end_in_line(const char *line, size_t len)
{
    static const char key[] = ": shutting down, reason=";
    const char *at = memmem(line, len, key, strlen(key));
    size_t time_len = strspn(line, "0123456789-:.+ ");

    return at && at > line && (size_t)(at - line) + 2 == time_len ? at + strlen(key) : NULL;
}

/* Without its end; 'text_end' is behind the last one. */
static size_t
length_of_line(const char *line, const char *text_end)
{
    const char *end = memchr(line, '\n', (size_t)(text_end - line));

    return (size_t)((end ? end : text_end) - line);
}

const char *
domain_end_in_log(const char *log_text, size_t len)
{
    static const char *const known[] = {"shutdown", "destroyed", "crashed", "failed"};
    const char *word = NULL;
    size_t word_len = 0;

    for (const char *line = log_text; line < log_text + len;) {
        size_t line_len = length_of_line(line, log_text + len);
        const char *found = end_in_line(line, line_len);
        if (found) {
            word = found;
            word_len = (size_t)(line + line_len - found);
        }
        line += line_len + 1;
    }
    for (size_t i = 0; word && i < ARRAY_LEN(known); i++) {
        if (strlen(known[i]) == word_len && memcmp(word, known[i], word_len) == 0) {
            return str_eq(known[i], "failed") ? "crashed" : known[i];
        }
    }
    return NULL;
}

/* Its own name, or what GLib puts before an assertion that did not hold. */
static bool
is_of_qemu(const char *line, size_t len)
{
    static const char *const begins[] = {"qemu-system-", "ERROR:"};
    static const char warning[] = ": warning: ";
    bool is_its = false;

    for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
        is_its = is_its || (len > strlen(begins[i]) && memcmp(line, begins[i], strlen(begins[i])) == 0);
    }
    return is_its && !memmem(line, len, warning, strlen(warning));
}

const char *
domain_words_in_log(const char *log_text, size_t len, size_t *ret_len)
{
    const char *found = NULL;

    for (const char *line = log_text; line < log_text + len;) {
        size_t line_len = length_of_line(line, log_text + len);
        if (is_of_qemu(line, line_len)) {
            found = line;
            *ret_len = line_len;
        }
        line += line_len + 1;
    }
    return found;
}
