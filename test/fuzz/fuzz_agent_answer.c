// Any answers of a guest agent, given as libvirt gives them: the message to the gateway is short enough, and JSON that the gateway takes.
// A line "key=text" is a text, "key#number" a count; the first line is the answer to guest-info, guest-exec and guest-exec-status.
#include "fuzz.h"

#include "observe/agent_read.h"
#include "report/launcher_status.h"

enum { PARAMS_MAX = 1000 };

struct params {
    virTypedParameterPtr list;
    int n, max;
};

static void
add_line(struct params *p, char *line)
{
    char *sign = strpbrk(line, "=#");

    if (!sign || sign == line || p->n >= PARAMS_MAX) {
        return;
    }
    bool is_text = *sign == '=';
    *sign = '\0';
    if (strlen(line) >= VIR_TYPED_PARAM_FIELD_LENGTH) {
        return; /* libvirt would refuse it, and print that */
    }
    if (is_text) {
        BUG_ON(virTypedParamsAddString(&p->list, &p->n, &p->max, line, sign + 1) != 0);
    } else {
        BUG_ON(virTypedParamsAddUInt(&p->list, &p->n, &p->max, line, (unsigned)strtoul(sign + 1, NULL, 10)) != 0);
    }
}

static void
check_told(const struct agent_state *s, struct arena *a)
{
    const struct status_facts f = {.vmi_uid = "u", .state = DOMAIN_RUNNING, .agent = s};
    AUTO(freep) char *text = launcher_status_text(&f, a);
    AUTO(json_freep) json_t *j = NULL;
    const char *type = NULL;
    struct launcher_state back;

    struct err *e = launcher_msg_parse(text, strlen(text), &j, &type);
    if (!e) {
        e = api_decode(&launcher_state_type, j, a, &back);
    }
    BUG_ON(e);
    BUG_ON(!str_eq(back.agent.hostname, s->hostname) || !str_eq(back.agent.version, s->version));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    struct arena *a = arena_new(1 << 24);
    struct params p = {0};
    struct agent_state s;
    char *save = NULL;

    BUG_ON(virInitialize() != 0); /* before it libvirt's parameters have no place for an error */
    char *answer = strtok_r(text, "\n", &save);

    for (char *line = strtok_r(NULL, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        add_line(&p, line);
    }
    agent_from_params(p.list, p.n, a, &s);
    s.version = answer ? agent_version(answer, a) : NULL;
    virTypedParamsFree(p.list, p.n);
    BUG_ON(answer && agent_exec_pid(answer) < 0);
    int code = answer ? agent_exec_code(answer) : 0;
    BUG_ON(code < AGENT_EXEC_RUNS || code > AGENT_EXEC_LOST);
    check_told(&s, a);
    arena_free(a);
    return 0;
}
