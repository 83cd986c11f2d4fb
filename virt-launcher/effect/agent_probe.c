// Straight through libvirt's connection to the one domain; nothing is kept of what the guest says.
#include "effect/agent_probe.h"

#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "observe/agent_read.h"

enum { LOOK_EVERY_MS = 100, COMMAND_MAX = 1024 * 1024 };

static char *
agent_ask(virDomainPtr dom, json_t *question, unsigned seconds)
{
    AUTO(json_freep) json_t *j = question;
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(COMMAND_MAX);

    if (!j || !json_write(j, &text)) {
        return NULL;
    }
    return virDomainQemuAgentCommand(dom, strbuf_str(&text), (int)seconds, 0);
}

static int
exec_end(virDomainPtr dom, int64_t pid, unsigned seconds)
{
    const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};
    int code = AGENT_EXEC_RUNS;

    while (code == AGENT_EXEC_RUNS) { /* until the alarm */
        AUTO(freep)
        char *said = agent_ask(
            dom, json_pack("{s:s, s:{s:I}}", "execute", "guest-exec-status", "arguments", "pid", (json_int_t)pid),
            seconds);
        code = said ? agent_exec_code(said) : AGENT_EXEC_LOST;
        if (code == AGENT_EXEC_RUNS) {
            (void)nanosleep(&pause, NULL);
        }
    }
    return code;
}

static int
exec(virDomainPtr dom, unsigned seconds, char *const *command)
{
    json_t *args = json_array();

    for (char *const *arg = command + 1; *arg; arg++) {
        (void)json_array_append_new(args, json_string(*arg)); /* what is no text stays out */
    }
    AUTO(freep)
    char *said = agent_ask(
        dom, json_pack("{s:s, s:{s:s, s:o}}", "execute", "guest-exec", "arguments", "path", command[0], "arg", args),
        seconds);
    int64_t pid = said ? agent_exec_pid(said) : 0;
    return pid > 0 ? exec_end(dom, pid, seconds) : AGENT_EXEC_LOST;
}

static bool
ping(virDomainPtr dom, unsigned seconds)
{
    AUTO(freep) char *said = agent_ask(dom, json_pack("{s:s}", "execute", "guest-ping"), seconds);

    return said != NULL;
}

static void
quiet(void *arg, virErrorPtr e)
{
    (void)arg; /* the kubelet keeps what a probe prints, and this comes from the guest */
    (void)e;
}

int
agent_probe_run(const struct paths *p, unsigned seconds, char *const *command)
{
    virDomainPtr *doms = NULL;
    int code = 1;

    (void)alarm(seconds > 0 ? seconds : 1); /* there was none before */
    virSetErrorFunc(NULL, quiet);
    virConnectPtr conn = virConnectOpen(p->libvirt_uri);
    int n = conn ? virConnectListAllDomains(conn, &doms, VIR_CONNECT_LIST_DOMAINS_ACTIVE) : 0;
    if (n == 1) {
        code = command && command[0] ? exec(doms[0], seconds, command) : !ping(doms[0], seconds);
    }
    for (int i = 0; i < n; i++) {
        (void)virDomainFree(doms[i]);
    }
    free(doms);
    if (conn) {
        (void)virConnectClose(conn);
    }
    return code == 0 ? 0 : 1;
}
