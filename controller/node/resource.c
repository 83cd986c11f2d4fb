// Two threads of events meet here: what the check says of the device, and whether the kubelet watches us.
//
//     not registered -> Register is called -> answered -> the kubelet watches
//            ^--- in a while: refused, lost ---'   '--- or does not, in time; or watches no more
#include "resource.h"

#include "call.h"
#include "check.h"
#include "listener.h"
#include "messages.h"
#include "plugin.h"

#include "base/backoff.h"
#include "base/log.h"
#include "base/random.h"

#include <sys/stat.h>

#define REGISTER_METHOD "/v1beta1.Registration/Register"
#define RESOURCE_PREFIX "devices.kubevirt.io/"

enum {
    REGISTER_MS = 5000,  /* to be answered */
    WATCH_MS = 5000,     /* from the answer until the kubelet watches */
    UNWATCHED_MS = 1000, /* the kubelet settles the end of its stream before it hears of the next one */
    RETRY_MS = 250,      /* the first time; then longer */
    RETRY_MAX_MS = 10000,
    CHECK_AGAIN_MS = 60000, /* of a device that is there and failed: the machine may have been too busy */
    N_TIMERS = 2
};

/* What tells that a device is another one than before, or has other rights. */
struct identity {
    bool is_there;
    dev_t dev, rdev;
    ino_t ino;
    mode_t mode;
    uid_t uid;
    gid_t gid;
};

struct resource {
    const struct place *place;
    const struct device *device;
    struct log lg;
    char *name; /* devices.kubevirt.io/... */
    char *path; /* the device, as seen from here */
    char *socket;
    char *kubelet;
    struct plugin plugin;
    struct grpc_service service;
    struct listener *listener;
    struct identity seen;
    struct check *check;
    struct call *registering;
    struct backoff backoff;
    uv_timer_t timer;       /* to register */
    uv_timer_t check_timer; /* to check again */
    unsigned n_timers;
    bool is_judged;  /* a check has ended */
    bool is_watched; /* by the kubelet */
    bool is_told;    /* that registering fails: once until it succeeds */
    bool is_closing;
};

static void look_at_device(struct resource *r);
static struct identity identity_of(const char *path);
static void begin_check(struct resource *r);
static void check_done(void *arg, const struct err *verdict);
static void check_again(uv_timer_t *timer);
static void judge(struct resource *r, const struct err *verdict);
static void listen_again(struct resource *r);
static void begin_register(struct resource *r);
static void register_done(void *arg, const struct err *e);
static void register_in(struct resource *r, uint64_t ms);
static void register_due(uv_timer_t *timer);
static void watched(void *arg, unsigned n);
static void timer_closed(uv_handle_t *handle);

char *
resource_socket(const char *plugin_dir, const struct device *d)
{
    return xasprintf("%s/vmbridge-%s.sock", plugin_dir, d->name);
}

struct resource *
resource_new(const struct place *place, const struct device *d)
{
    struct resource *r = XNEW(struct resource);

    r->place = place;
    r->device = d;
    r->name = xasprintf("%s%s", RESOURCE_PREFIX, d->name);
    r->path = xasprintf("%s%s", place->root, d->path);
    r->socket = resource_socket(place->plugin_dir, d);
    r->kubelet = xasprintf("%s/kubelet.sock", place->plugin_dir);
    r->lg = (struct log){.part = "node", .object = r->name};
    r->plugin = (struct plugin){.device = d, .gives = d, .n_gives = 1, .root = place->root};
    if (place->n_gives > 0) {
        r->plugin.gives = place->gives;
        r->plugin.n_gives = place->n_gives;
    }
    r->service = plugin_service(&r->plugin);
    r->backoff = (struct backoff){.base_ms = RETRY_MS, .max_ms = RETRY_MAX_MS};
    BUG_ON(uv_timer_init(place->loop, &r->timer) != 0 || uv_timer_init(place->loop, &r->check_timer) != 0);
    r->timer.data = r;
    r->check_timer.data = r;
    r->n_timers = N_TIMERS;
    r->listener = listener_new(place->loop, r->socket, &r->service, watched, r);
    listen_again(r);
    look_at_device(r);
    return r;
}

struct err *
resource_look(struct resource *r, bool is_kubelet_new)
{
    enum listener_place at = listener_look(r->listener);

    if (at == LISTENER_TAKEN) {
        return err_new(ERR_FATAL, "another process listens on %s: only one vmbridge-node can serve a node", r->socket);
    }
    if (is_kubelet_new) {
        listener_drop(r->listener);
        r->is_watched = false;
        backoff_reset(&r->backoff);
    }
    if (at == LISTENER_GONE) {
        log_info(&r->lg, "the socket is made anew");
        listen_again(r);
    }
    if (is_kubelet_new) {
        begin_register(r);
    }
    look_at_device(r);
    return NULL;
}

void
resource_close(struct resource *r)
{
    if (r && !r->is_closing) {
        r->is_closing = true;
        check_cancel(r->check);
        call_cancel(r->registering);
        listener_close(r->listener);
        uv_close((uv_handle_t *)&r->timer, timer_closed);
        uv_close((uv_handle_t *)&r->check_timer, timer_closed);
    }
}

static void
look_at_device(struct resource *r)
{
    if (r->place->n_gives > 0) {
        judge(r, NULL);
        return;
    }
    const struct identity now = identity_of(r->path), *old = &r->seen;
    bool is_same = now.is_there == old->is_there && now.dev == old->dev && now.rdev == old->rdev &&
                   now.ino == old->ino && now.mode == old->mode && now.uid == old->uid && now.gid == old->gid;

    if (is_same && (r->is_judged || r->check)) {
        return;
    }
    r->seen = now;
    check_cancel(r->check);
    r->check = NULL;
    if (now.is_there) {
        begin_check(r);
        return;
    }
    AUTO(err_freep) struct err *e = err_new(ERR_NOT_FOUND, "there is no %s", r->device->path);
    judge(r, e);
}

static struct identity
identity_of(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return (struct identity){0};
    }
    return (struct identity){.is_there = true,
                             .dev = st.st_dev,
                             .rdev = st.st_rdev,
                             .ino = st.st_ino,
                             .mode = st.st_mode,
                             .uid = st.st_uid,
                             .gid = st.st_gid};
}

static void
begin_check(struct resource *r)
{
    r->check = check_new(r->place->loop, r->device, r->place->root, check_done, r);
}

static void
check_done(void *arg, const struct err *verdict)
{
    struct resource *r = arg;

    r->check = NULL;
    judge(r, verdict);
    if (verdict) {
        BUG_ON(uv_timer_start(&r->check_timer, check_again, CHECK_AGAIN_MS, 0) != 0);
    }
}

static void
check_again(uv_timer_t *timer)
{
    struct resource *r = timer->data;

    if (!r->check && r->seen.is_there) {
        begin_check(r);
    }
}

static void
judge(struct resource *r, const struct err *verdict)
{
    bool is_healthy = !verdict || (r->device->is_forced && r->seen.is_there);

    if (r->is_judged && r->plugin.is_healthy == is_healthy) {
        return;
    }
    if (!is_healthy) {
        log_warn(&r->lg, "the device is not offered", F_STR("path", r->device->path), F_ERR(verdict));
    } else if (verdict) {
        log_warn(&r->lg, "the device is offered by force", F_STR("path", r->device->path), F_ERR(verdict));
    } else {
        log_info(&r->lg, "the device works", F_STR("path", r->device->path), F_I64("shares", r->device->shares));
    }
    r->is_judged = true;
    r->plugin.is_healthy = is_healthy;
    listener_changed(r->listener);
    if (is_healthy && !r->is_watched) {
        begin_register(r);
    }
}

/* What fails is tried again with the next registration. */
static void
listen_again(struct resource *r)
{
    AUTO(err_freep) struct err *e = listener_open(r->listener);

    if (e) {
        log_warn(&r->lg, "no socket", F_ERR(e));
        register_in(r, UNWATCHED_MS);
    }
}

/* The kubelet takes a second registration for the first one's heir, so that one whose answer was lost does no harm. */
static void
begin_register(struct resource *r)
{
    AUTO(strbuf_fini) struct strbuf body = STRBUF_INIT(GRPC_REQUEST_MAX_BYTES);

    call_cancel(r->registering);
    r->registering = NULL;
    (void)uv_timer_stop(&r->timer);
    if (!r->plugin.is_healthy) {
        return;
    }
    message_register(strrchr(r->socket, '/') + 1, r->name, &body);
    const struct call_request request = {
        .socket = r->kubelet, .method = REGISTER_METHOD, .body = &body, .deadline_ms = REGISTER_MS};
    r->registering = call_new(r->place->loop, &request, register_done, r);
}

static void
register_done(void *arg, const struct err *e)
{
    struct resource *r = arg;

    r->registering = NULL;
    if (r->is_watched) {
        return; /* it came before its own answer */
    }
    int64_t retry_ms = backoff_next_ms(&r->backoff, random_u32());
    if (!e) {
        log_info(&r->lg, "registered with the kubelet");
        r->is_told = false;
        register_in(r, WATCH_MS + (uint64_t)retry_ms);
        return;
    }
    if (!r->is_told) {
        log_warn(&r->lg, "the kubelet takes no registration: it is tried again until it does", F_ERR(e));
        r->is_told = true;
    }
    register_in(r, (uint64_t)retry_ms);
}

static void
register_in(struct resource *r, uint64_t ms)
{
    BUG_ON(uv_timer_start(&r->timer, register_due, ms, 0) != 0);
}

static void
register_due(uv_timer_t *timer)
{
    struct resource *r = timer->data;

    if (listener_look(r->listener) == LISTENER_GONE) {
        listen_again(r);
    }
    if (!r->is_watched) {
        begin_register(r);
    }
}

static void
watched(void *arg, unsigned n)
{
    struct resource *r = arg;

    if (r->is_watched == (n > 0)) {
        return;
    }
    r->is_watched = n > 0;
    if (r->is_watched) {
        log_info(&r->lg, "the kubelet watches the device");
        (void)uv_timer_stop(&r->timer);
        backoff_reset(&r->backoff);
    } else {
        log_info(&r->lg, "the kubelet watches the device no more");
        register_in(r, UNWATCHED_MS);
    }
}

static void
timer_closed(uv_handle_t *handle)
{
    struct resource *r = handle->data;

    r->n_timers--;
    if (r->n_timers > 0) {
        return;
    }
    free(r->name);
    free(r->path);
    free(r->socket);
    free(r->kubelet);
    free(r);
}
