// Jobs own references to connection and domain; results are taken over on the loop thread.
#include "effect/hypervisor.h"

#include <libvirt/virterror.h>

#include "domain/clean_text.h"
#include "observe/agent_read.h"

enum { AGENT_ARENA_BYTES = 256 * 1024, CREDENTIALS_TEXT_MAX = 400 };

struct call {
    struct lane_job job; /* first: the lane knows only this */
    struct hypervisor *h;
    virConnectPtr conn;
    virDomainPtr dom;
    char *xml;
    bool flag;
    uint64_t connection;
    struct credentials credentials;
    char *credentials_set; /* before the call, and after it */
    struct device_switches switches;
    struct hypervisor_result r;
};

static void call_work(struct lane_job *j);
static void call_done(struct lane_job *j);
static void on_event(void *arg, void *msg);

struct err *
hypervisor_init(struct hypervisor *h, uv_loop_t *loop, const char *name, const char *uri)
{
    *h = (struct hypervisor){.name = name, .uri = uri};
    lane_init(&h->calls, loop);
    lane_init(&h->agent, loop);
    return mailbox_new(loop, on_event, free, h, &h->mailbox);
}

bool
hypervisor_is_busy(const struct hypervisor *h)
{
    return lane_is_busy(&h->calls);
}

bool
hypervisor_is_connected(const struct hypervisor *h)
{
    return h->conn != NULL;
}

static void
let_go(virConnectPtr conn, virDomainPtr dom)
{
    if (dom) {
        (void)virDomainFree(dom);
    }
    if (conn) {
        (void)virConnectClose(conn); /* drops one reference */
    }
}

void
hypervisor_forget(struct hypervisor *h)
{
    let_go(STEAL(h->conn), STEAL(h->dom));
}

void
hypervisor_renew_credentials(struct hypervisor *h)
{
    free(STEAL(h->credentials_set));
    h->is_renewing = lane_is_busy(&h->agent); /* what is on its way was for the one before */
}

static bool
is_possible(const struct hypervisor *h, enum hypervisor_call call)
{
    switch (call) {
    case HYPERVISOR_CONNECT:
        return !h->conn;
    case HYPERVISOR_START:
        return h->conn != NULL;
    case HYPERVISOR_RESUME:
    case HYPERVISOR_SHUTDOWN:
    case HYPERVISOR_DESTROY:
    case HYPERVISOR_READ:
    case HYPERVISOR_AGENT:
    case HYPERVISOR_SWITCH:
    case HYPERVISOR_PAUSE:
    case HYPERVISOR_UNPAUSE:
    case HYPERVISOR_REBOOT:
    case HYPERVISOR_RESET:
    case HYPERVISOR_FREEZE:
    case HYPERVISOR_UNFREEZE:
        break;
    }
    return h->dom != NULL;
}

static bool
asks_agent(enum hypervisor_call call)
{
    return call == HYPERVISOR_AGENT || call == HYPERVISOR_FREEZE || call == HYPERVISOR_UNFREEZE;
}

static struct lane *
lane_of(struct hypervisor *h, enum hypervisor_call call)
{
    return asks_agent(call) ? &h->agent : &h->calls;
}

/* NULL when there is no connection or domain for it, or too much waits. */
static struct call *
call_new(struct hypervisor *h, enum hypervisor_call call)
{
    if (!is_possible(h, call) || lane_of(h, call)->n_waiting == LANE_JOBS_MAX) {
        return NULL;
    }
    struct call *c = XNEW(struct call);
    *c = (struct call){.job = {.work = call_work, .done = call_done},
                       .h = h,
                       .credentials = h->credentials,
                       .credentials_set = h->credentials_set ? xstrdup(h->credentials_set) : NULL,
                       .connection = call == HYPERVISOR_CONNECT ? ++h->connection : h->connection,
                       .r = {.call = call}};
    if (h->conn && virConnectRef(h->conn) == 0) {
        c->conn = h->conn;
    }
    if (h->dom && virDomainRef(h->dom) == 0) {
        c->dom = h->dom;
    }
    return c;
}

static void
run(struct call *c)
{
    struct lane *lane = lane_of(c->h, c->r.call);

    BUG_ON(!lane_run(lane, &c->job));
}

bool
hypervisor_call(struct hypervisor *h, enum hypervisor_call call, const char *xml, bool flag)
{
    struct call *c = call_new(h, call);

    if (!c) {
        return false;
    }
    c->xml = xml ? xstrdup(xml) : NULL;
    c->flag = flag;
    run(c);
    return true;
}

bool
hypervisor_switch(struct hypervisor *h, const struct device_switches *switches)
{
    struct call *c = call_new(h, HYPERVISOR_SWITCH);

    if (!c) {
        return false;
    }
    c->switches = device_switches_copy(switches);
    run(c);
    return true;
}

/* On a worker thread from here. */

static struct err *
read_seen(struct call *c)
{
    struct err *e = c->dom ? domain_read(c->dom, &c->r.seen) : NULL;

    c->r.has_seen = !e;
    return e;
}

/* An agent that hangs costs this long, and only its own lane. */
static void
limit_agent(virDomainPtr dom)
{
    (void)virDomainAgentSetResponseTimeout(dom, AGENT_TIMEOUT_S, 0); /* a guest that is off has no agent to wait for */
}

static struct err *
work_connect(struct call *c)
{
    c->conn = virConnectOpen(c->h->uri);
    if (!c->conn) {
        return libvirt_error("connect to libvirt");
    }
    struct err *e = libvirt_events_watch(c->conn, c->h->mailbox, c->connection);
    if (e) {
        return e;
    }
    c->dom = virDomainLookupByName(c->conn, c->h->name);
    if (!c->dom && virGetLastErrorCode() != VIR_ERR_NO_DOMAIN) {
        return libvirt_error("look for the guest");
    }
    e = read_seen(c);
    if (!e && c->dom && c->r.seen.state != DOMAIN_SHUTOFF) {
        limit_agent(c->dom);
    }
    return e;
}

/* Defined and not just created: so libvirt remembers how it ended. */
static struct err *
work_start(struct call *c)
{
    if (!c->dom) {
        c->dom = virDomainDefineXML(c->conn, c->xml);
    }
    if (!c->dom) {
        return libvirt_error("define the guest");
    }
    if (virDomainCreateWithFlags(c->dom, c->flag ? VIR_DOMAIN_START_PAUSED : 0) != 0) {
        return libvirt_error("start the guest");
    }
    limit_agent(c->dom);
    return read_seen(c);
}

/* QEMU first gets the chance to flush and leave. */
static struct err *
work_destroy(struct call *c)
{
    if (virDomainDestroyFlags(c->dom, VIR_DOMAIN_DESTROY_GRACEFUL) != 0 && virDomainDestroy(c->dom) != 0) {
        return libvirt_error("switch the guest off");
    }
    return read_seen(c);
}

/* An agent that answers is given what it has not, or not as it is now. */
static void
work_credentials(struct call *c, struct agent_state *s)
{
    AUTO(freep) char *version = credentials_version(&c->credentials);

    if (!version) {
        return;
    }
    if (!str_eq(version, c->credentials_set)) {
        AUTO(err_freep) struct err *e = credentials_apply(c->dom, &c->credentials);
        free(c->credentials_set);
        c->credentials_set = e ? NULL : STEAL(version);
        s->credentials_message = e ? clean_text(c->r.arena, err_text(e), CREDENTIALS_TEXT_MAX) : NULL;
    }
    s->credentials = c->credentials_set ? TRI_TRUE : TRI_FALSE;
}

static struct err *
work_agent(struct call *c)
{
    struct agent_state *s;

    c->r.arena = arena_new(AGENT_ARENA_BYTES);
    s = ARENA_NEW(c->r.arena, struct agent_state);
    struct err *e = agent_read(c->dom, c->flag, c->r.arena, s);
    if (!e) {
        work_credentials(c, s);
    }
    c->r.agent = e ? NULL : s;
    return e;
}

/* What libvirt says of a call that has no more to tell than that. */
static struct err *
done(struct call *c, int rc, const char *what)
{
    return rc >= 0 ? read_seen(c) : libvirt_error(what);
}

static struct err *
work_verb(struct call *c)
{
    switch ((int)c->r.call) {
    case HYPERVISOR_PAUSE:
        return done(c, virDomainSuspend(c->dom), "pause the guest");
    case HYPERVISOR_UNPAUSE:
        return done(c, virDomainResume(c->dom), "let the guest run on");
    case HYPERVISOR_REBOOT:
        return done(c, virDomainReboot(c->dom, 0), "ask the guest to reboot");
    case HYPERVISOR_RESET:
        return done(c, virDomainReset(c->dom, 0), "reset the guest");
    case HYPERVISOR_FREEZE:
        return done(c, virDomainFSFreeze(c->dom, NULL, 0, 0), "freeze the file systems");
    default:
        return done(c, virDomainFSThaw(c->dom, NULL, 0, 0), "thaw the file systems");
    }
}

static void
call_work(struct lane_job *j)
{
    struct call *c = (struct call *)j;

    switch (c->r.call) {
    case HYPERVISOR_CONNECT:
        c->r.error = work_connect(c);
        break;
    case HYPERVISOR_START:
        c->r.error = work_start(c);
        break;
    case HYPERVISOR_RESUME:
        c->r.error = virDomainResume(c->dom) == 0 ? read_seen(c) : libvirt_error("resume the guest");
        break;
    case HYPERVISOR_SHUTDOWN:
        c->r.error = virDomainShutdownFlags(c->dom, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) == 0
                         ? read_seen(c)
                         : libvirt_error("ask the guest to shut down");
        break;
    case HYPERVISOR_DESTROY:
        c->r.error = work_destroy(c);
        break;
    case HYPERVISOR_READ:
        c->r.error = read_seen(c);
        break;
    case HYPERVISOR_AGENT:
        c->r.error = work_agent(c);
        break;
    case HYPERVISOR_SWITCH:
        c->r.error = device_switches_apply(c->dom, &c->switches);
        break;
    case HYPERVISOR_PAUSE:
    case HYPERVISOR_UNPAUSE:
    case HYPERVISOR_REBOOT:
    case HYPERVISOR_RESET:
    case HYPERVISOR_FREEZE:
    case HYPERVISOR_UNFREEZE:
        c->r.error = work_verb(c);
        break;
    }
    c->r.is_lost = c->r.error && (!c->conn || virConnectIsAlive(c->conn) != 1);
}

/* On the loop thread again. */

static void
call_done(struct lane_job *j)
{
    struct call *c = (struct call *)j;
    struct hypervisor *h = c->h;
    bool is_new_conn = c->r.call == HYPERVISOR_CONNECT && !c->r.error;

    if (is_new_conn) {
        h->conn = STEAL(c->conn);
    }
    if (is_new_conn || (c->r.call == HYPERVISOR_START && !h->dom && c->connection == h->connection && h->conn)) {
        h->dom = STEAL(c->dom);
    }
    if (c->r.call == HYPERVISOR_AGENT && !c->r.error && !h->is_renewing) {
        free(h->credentials_set);
        h->credentials_set = STEAL(c->credentials_set);
    }
    h->is_renewing = h->is_renewing && c->r.call != HYPERVISOR_AGENT;
    let_go(c->conn, c->dom);
    free(c->xml);
    free(c->credentials_set);
    device_switches_fini(&c->switches);
    h->done(h->arg, c->r);
    free(c);
}

static void
on_event(void *arg, void *msg)
{
    struct hypervisor *h = arg;
    AUTO(freep) struct libvirt_event *ev = msg;

    if (ev->connection == h->connection) {
        h->event(h->arg, ev);
    }
}
