// The default event loop of libvirt in a thread of its own: connections add their sockets to it from any thread.
#include "observe/libvirt_events.h"

#include <libvirt/virterror.h>
#include <pthread.h>
#include <signal.h>

#include "observe/domain_read.h"

enum { EVENT_STACK_BYTES = 256 * 1024, KEEPALIVE_S = 10, KEEPALIVE_COUNT = 3 };

struct watch {
    struct mailbox *mailbox;
    uint64_t connection;
};

static const char *
watchdog_action(int action)
{
    switch ((virDomainEventWatchdogAction)action) {
    case VIR_DOMAIN_EVENT_WATCHDOG_RESET:
        return "reset";
    case VIR_DOMAIN_EVENT_WATCHDOG_POWEROFF:
        return "poweroff";
    case VIR_DOMAIN_EVENT_WATCHDOG_SHUTDOWN:
        return "shutdown";
    case VIR_DOMAIN_EVENT_WATCHDOG_NONE:
    case VIR_DOMAIN_EVENT_WATCHDOG_PAUSE:
    case VIR_DOMAIN_EVENT_WATCHDOG_DEBUG:
    case VIR_DOMAIN_EVENT_WATCHDOG_INJECTNMI:
        break;
    }
    return "other";
}

static void
post(const struct watch *w, enum libvirt_event_kind kind, int event, int detail)
{
    struct libvirt_event *ev = XNEW(struct libvirt_event);

    *ev = (struct libvirt_event){.kind = kind, .event = event, .detail = detail, .connection = w->connection};
    ev->action = kind == LIBVIRT_EVENT_WATCHDOG ? watchdog_action(event) : NULL;
    mailbox_post(w->mailbox, ev);
}

static int
on_lifecycle(virConnectPtr conn, virDomainPtr dom, int event, int detail, void *arg)
{
    (void)conn; /* one connection, one domain */
    (void)dom;
    post(arg, LIBVIRT_EVENT_STATE, event, detail);
    return 0;
}

static void
on_agent(virConnectPtr conn, virDomainPtr dom, int state, int reason, void *arg)
{
    bool is_up = state == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED;

    (void)conn; /* as above */
    (void)dom;
    post(arg, is_up ? LIBVIRT_EVENT_AGENT_UP : LIBVIRT_EVENT_AGENT_DOWN, state, reason);
}

static void
on_balloon(virConnectPtr conn, virDomainPtr dom, unsigned long long actual, void *arg)
{
    (void)conn; /* as above; the size is read with the state */
    (void)dom;
    (void)actual;
    post(arg, LIBVIRT_EVENT_STATE, -1, 0);
}

static void
on_watchdog(virConnectPtr conn, virDomainPtr dom, int action, void *arg)
{
    (void)conn; /* as above */
    (void)dom;
    post(arg, LIBVIRT_EVENT_WATCHDOG, action, 0);
}

static void
on_close(virConnectPtr conn, int reason, void *arg)
{
    (void)conn; /* as above */
    post(arg, LIBVIRT_EVENT_CLOSED, reason, 0);
}

static void
on_error(void *arg, virErrorPtr error)
{
    (void)arg; /* libvirt would print it on stderr; we return it */
    (void)error;
}

__attribute__((noreturn)) static void *
event_thread(void *arg)
{
    (void)arg; /* the loop is libvirt's own */
    for (;;) {
        (void)virEventRunDefaultImpl(); /* fails when a signal interrupts it */
    }
}

struct err *
libvirt_events_start(void)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;

    virSetErrorFunc(NULL, on_error);
    if (virInitialize() != 0 || virEventRegisterDefaultImpl() != 0) {
        return err_new(ERR_FATAL, "libvirt's event loop cannot be set up");
    }
    BUG_ON(pthread_attr_init(&attr) != 0);
    BUG_ON(pthread_attr_setstacksize(&attr, EVENT_STACK_BYTES) != 0);
    BUG_ON(sigfillset(&all) != 0);
    BUG_ON(pthread_sigmask(SIG_SETMASK, &all, &old) != 0); /* signals are the loop thread's */
    int rc = pthread_create(&thread, &attr, event_thread, NULL);
    BUG_ON(pthread_sigmask(SIG_SETMASK, &old, NULL) != 0);
    BUG_ON(pthread_attr_destroy(&attr) != 0);
    if (rc != 0) {
        return err_new(ERR_FATAL, "start a thread: %s", strerrordesc_np(rc));
    }
    (void)pthread_detach(thread); /* lives as long as the process */
    return NULL;
}

static struct watch *
watch_new(struct mailbox *m, uint64_t connection)
{
    struct watch *w = XNEW(struct watch);

    *w = (struct watch){.mailbox = m, .connection = connection};
    return w;
}

struct err *
libvirt_events_watch(virConnectPtr conn, struct mailbox *m, uint64_t connection)
{
    static const struct {
        int id;
        virConnectDomainEventGenericCallback call;
    } events[] = {
        {VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle)},
        {VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_agent)},
        {VIR_DOMAIN_EVENT_ID_WATCHDOG, VIR_DOMAIN_EVENT_CALLBACK(on_watchdog)},
        {VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_balloon)},
    };

    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        if (virConnectDomainEventRegisterAny(conn, NULL, events[i].id, events[i].call, watch_new(m, connection), free) <
            0) {
            return libvirt_error("ask libvirt for events");
        }
    }
    if (virConnectRegisterCloseCallback(conn, on_close, watch_new(m, connection), free) != 0 ||
        virConnectSetKeepAlive(conn, KEEPALIVE_S, KEEPALIVE_COUNT) != 0) {
        return libvirt_error("watch the connection to libvirt");
    }
    return NULL;
}
