// libvirt's guest information ("os.name", "if.0.addr.1.addr") to our struct.
#include "observe/agent_read.h"

#include <libvirt/libvirt-qemu.h>

#include "base/json.h"
#include "domain/clean_text.h"
#include "observe/domain_read.h"

static const char *
text_of(const virTypedParameterPtr params, int n, const char *key, struct arena *a)
{
    const char *value = NULL;

    return virTypedParamsGetString(params, n, key, &value) == 1 ? clean_text(a, value, AGENT_TEXT_MAX) : NULL;
}

/* Names and addresses of interfaces are short. */
static const char *
word_of(const virTypedParameterPtr params, int n, const char *key, struct arena *a)
{
    const char *value = NULL;

    return virTypedParamsGetString(params, n, key, &value) == 1 ? clean_text(a, value, AGENT_WORD_MAX) : NULL;
}

static unsigned
count_of(const virTypedParameterPtr params, int n, const char *key, unsigned max)
{
    unsigned value = 0;

    if (virTypedParamsGetUInt(params, n, key, &value) != 1) {
        return 0;
    }
    return value < max ? value : max;
}

static void
read_nic(const virTypedParameterPtr params, int n, unsigned i, struct arena *a, struct agent_interface *nic)
{
    const char *prefix = arena_printf(a, "if.%u", i);
    unsigned n_addr = count_of(params, n, arena_printf(a, "%s.addr.count", prefix), AGENT_ADDRESSES_MAX);

    nic->name = word_of(params, n, arena_printf(a, "%s.name", prefix), a);
    nic->mac = clean_text(a, word_of(params, n, arena_printf(a, "%s.hwaddr", prefix), a), AGENT_MAC_MAX);
    nic->ip_addresses.items = ARENA_NEW_N(a, const char *, n_addr);
    for (unsigned k = 0; k < n_addr; k++) {
        const char *addr = word_of(params, n, arena_printf(a, "%s.addr.%u.addr", prefix, k), a);
        if (addr) {
            nic->ip_addresses.items[nic->ip_addresses.n++] = addr;
        }
    }
}

void
agent_from_params(const virTypedParameterPtr params, int n, struct arena *a, struct agent_state *ret_state)
{
    unsigned users;
    unsigned n_nics = count_of(params, n, "if.count", AGENT_NICS_MAX);
    struct agent_state s = {
        .connected = TRI_TRUE,
        .hostname = text_of(params, n, "hostname", a),
        .os =
            {
                .name = text_of(params, n, "os.name", a),
                .kernel_release = text_of(params, n, "os.kernel-release", a),
                .version = text_of(params, n, "os.version", a),
                .pretty_name = text_of(params, n, "os.pretty-name", a),
                .version_id = text_of(params, n, "os.version-id", a),
                .kernel_version = text_of(params, n, "os.kernel-version", a),
                .machine = text_of(params, n, "os.machine", a),
                .id = text_of(params, n, "os.id", a),
            },
        .interfaces.items = ARENA_NEW_N(a, struct agent_interface, n_nics),
    };

    for (unsigned i = 0; i < n_nics; i++) {
        read_nic(params, n, i, a, &s.interfaces.items[s.interfaces.n++]);
    }
    if (virTypedParamsGetUInt(params, n, "user.count", &users) == 1) {
        s.users = (struct opt_int){.set = true, .v = users};
    }
    *ret_state = s;
}

const char *
agent_version(const char *answer, struct arena *a)
{
    AUTO(json_freep) json_t *j = NULL;
    struct err *e = json_parse(answer, strlen(answer), AGENT_ANSWER_MAX, &j);

    if (e) {
        err_free(e); /* an agent that speaks no JSON has no version */
        return NULL;
    }
    return clean_text(a, json_str(json_at(j, "return", NULL), "version"), AGENT_WORD_MAX);
}

static json_t *
answer_read(const char *answer)
{
    json_t *j = NULL;
    struct err *e = json_parse(answer, strlen(answer), AGENT_ANSWER_MAX, &j);

    err_free(e); /* an agent that speaks no JSON has said nothing */
    return j;
}

int64_t
agent_exec_pid(const char *answer)
{
    AUTO(json_freep) json_t *j = answer_read(answer);
    int64_t pid = json_int(json_at(j, "return", NULL), "pid", 0);

    return pid > 0 ? pid : 0;
}

int
agent_exec_code(const char *answer)
{
    AUTO(json_freep) json_t *j = answer_read(answer);
    const json_t *said = json_at(j, "return", NULL);
    int64_t code = json_int(said, "exitcode", AGENT_EXEC_LOST);

    if (said && !json_bool(said, "exited", true)) {
        return AGENT_EXEC_RUNS;
    }
    return code >= 0 && code < AGENT_EXEC_LOST ? (int)code : AGENT_EXEC_LOST;
}

static const char *
read_version(virDomainPtr dom, struct arena *a)
{
    AUTO(freep) char *answer = virDomainQemuAgentCommand(dom, "{\"execute\":\"guest-info\"}", AGENT_TIMEOUT_S, 0);

    return answer ? agent_version(answer, a) : NULL;
}

struct err *
agent_read(virDomainPtr dom, bool with_version, struct arena *a, struct agent_state *ret_state)
{
    unsigned types = VIR_DOMAIN_GUEST_INFO_OS | VIR_DOMAIN_GUEST_INFO_HOSTNAME | VIR_DOMAIN_GUEST_INFO_INTERFACES |
                     VIR_DOMAIN_GUEST_INFO_USERS;
    virTypedParameterPtr params = NULL;
    int n = 0;

    if (virDomainGetGuestInfo(dom, types, &params, &n, 0) != 0) {
        return libvirt_error("ask the guest agent");
    }
    agent_from_params(params, n, a, ret_state);
    virTypedParamsFree(params, n);
    if (with_version) {
        ret_state->version = read_version(dom, a);
    }
    return NULL;
}
