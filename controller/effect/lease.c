// The election. Every write bears the resourceVersion that was read: of two who try, one gets a conflict.
#include "effect/lease.h"

#include "base/clock.h"
#include "base/random.h"

#include <time.h>

#define ADDRESS_ANNOTATION "vmbridge.io/gateway"

enum { MICRO_TIME_SIZE = 32, CALL_MS = 2000, RELEASE_MS = 1000, RENEW_GAP_MS = 100 };

struct lease {
    struct kube *kube;
    char *path; /* of the Lease */
    char *all;  /* of its namespace's leases */
    char *namespace;
    char *name;
    char *identity;
    char *address;
    void (*changed)(void *arg, bool leads);
    void *arg;
    uv_timer_t timer;
    uv_timer_t stop; /* the end of our own right to act */
    struct kube_request *request;
    json_t *seen;    /* the Lease as last read, or NULL */
    int64_t seen_ms; /* when it last changed, by our clock */
    int64_t sent_ms; /* when the write at hand was sent */
    bool leads;
    bool was_away; /* the last call was not answered */
    bool releasing;
    void (*released)(void *arg);
    void *released_arg;
};

static const struct log lg = {.part = "lease"};

static void lease_tick(uv_timer_t *timer);
static void lease_read(struct lease *l);
static void lease_write(struct lease *l, const char *holder);
static void on_read(void *arg, const struct kube_reply *reply);
static void on_write(void *arg, const struct kube_reply *reply);
static void lease_saw(struct lease *l, const json_t *object);
static void lease_decide(struct lease *l, int64_t date_s);
static bool is_long_dead(const json_t *object, int64_t date_s);
static void lease_failed(struct lease *l, const char *what, const struct kube_reply *reply);
static void lease_set(struct lease *l, bool leads);
static void lease_stop(uv_timer_t *timer);
static void lease_stopped(uv_timer_t *timer);
static void lease_again(struct lease *l, int64_t ms);
static void lease_end_release(struct lease *l);
static void lease_freed(uv_handle_t *handle);
static void lease_timer_closed(uv_handle_t *handle);

struct err *
lease_new(uv_loop_t *loop, struct kube *kube, const struct lease_options *o, void (*changed)(void *arg, bool leads),
          void *arg, struct lease **ret_lease)
{
    struct lease *l = XNEW(struct lease);

    l->kube = kube;
    l->namespace = xstrdup(o->namespace);
    l->name = xstrdup(o->name);
    l->identity = xstrdup(o->identity);
    l->address = xstrdup(o->address);
    l->all = xasprintf("/apis/coordination.k8s.io/v1/namespaces/%s/leases", o->namespace);
    l->path = xasprintf("%s/%s", l->all, o->name);
    l->changed = changed;
    l->arg = arg;
    BUG_ON(uv_timer_init(loop, &l->timer) != 0);
    BUG_ON(uv_timer_init(loop, &l->stop) != 0);
    lease_again(l, 0);
    *ret_lease = l;
    return NULL;
}

bool
lease_is_leader(const struct lease *l)
{
    return l->leads;
}

const char *
lease_leader_address(const struct lease *l)
{
    const char *holder = json_str(json_object_get(l->seen, "spec"), "holderIdentity");
    const char *address = json_str(json_at(l->seen, "metadata", "annotations", NULL), ADDRESS_ANNOTATION);
    bool is_fresh = clock_mono_ms() - l->seen_ms < LEASE_DURATION_MS;

    return !str_empty(holder) && is_fresh && address ? address : "";
}

void
lease_release(struct lease *l, void (*done)(void *arg), void *arg)
{
    l->releasing = true;
    l->released = done;
    l->released_arg = arg;
    bool led = l->leads;
    lease_set(l, false);
    if (l->request) {
        kube_cancel(l->request);
        l->request = NULL;
    }
    lease_again(l, led ? RELEASE_MS : 0);
    if (led) {
        lease_write(l, "");
    }
}

void
lease_close(struct lease *l)
{
    if (!l) {
        return;
    }
    if (l->request) {
        kube_cancel(l->request);
        l->request = NULL;
    }
    uv_close((uv_handle_t *)&l->timer, lease_timer_closed);
}

/* One after the other: libuv closes handles of one turn in no order that it promises. */
static void
lease_timer_closed(uv_handle_t *handle)
{
    struct lease *l = CONTAINER_OF(handle, struct lease, timer);

    uv_close((uv_handle_t *)&l->stop, lease_freed);
}

static void
lease_freed(uv_handle_t *handle)
{
    struct lease *l = CONTAINER_OF(handle, struct lease, stop);

    json_decref(l->seen);
    free(l->path);
    free(l->all);
    free(l->namespace);
    free(l->name);
    free(l->identity);
    free(l->address);
    free(l);
}

static void
lease_tick(uv_timer_t *timer)
{
    struct lease *l = CONTAINER_OF(timer, struct lease, timer);

    if (l->releasing) {
        lease_end_release(l);
    } else if (!l->request) {
        if (l->leads) {
            lease_write(l, l->identity);
        } else {
            lease_read(l);
        }
    }
}

static void
lease_read(struct lease *l)
{
    const struct kube_call call = {
        .verb = KUBE_GET, .path = l->path, .resource = "leases", .timeout_ms = CALL_MS, .urgent = true};

    l->request = kube_send(l->kube, &call, on_read, l);
}

static void
on_read(void *arg, const struct kube_reply *reply)
{
    struct lease *l = arg;

    l->request = NULL;
    if (!reply->err) {
        l->was_away = false;
        lease_saw(l, reply->body);
        lease_decide(l, reply->date_s);
    } else if (err_class(reply->err) == ERR_NOT_FOUND) {
        json_decref(l->seen);
        l->seen = NULL;
        lease_write(l, l->identity);
    } else {
        lease_failed(l, "lease not read", reply);
        lease_again(l, LEASE_TRY_MS);
    }
}

/* A change restarts the waiting time, by our own clock: clocks of replicas need not agree. */
static void
lease_saw(struct lease *l, const json_t *object)
{
    const char *old = json_str(json_object_get(l->seen, "metadata"), "resourceVersion");
    const char *new = json_str(json_object_get(object, "metadata"), "resourceVersion");

    if (!l->seen || !str_eq(old, new)) {
        l->seen_ms = clock_mono_ms();
    }
    json_t *copy = json_deep_copy(object);
    json_decref(l->seen);
    l->seen = copy;
}

static void
lease_decide(struct lease *l, int64_t date_s)
{
    const char *holder = json_str(json_object_get(l->seen, "spec"), "holderIdentity");
    bool has_expired = clock_mono_ms() - l->seen_ms >= LEASE_DURATION_MS || is_long_dead(l->seen, date_s);

    if (str_empty(holder) || str_eq(holder, l->identity) || has_expired) {
        lease_write(l, l->identity);
    } else {
        lease_again(l, LEASE_TRY_MS);
    }
}

/* Whether nobody has written it for so long that even the first look says so. Both times are the API server's own: that of its
 * answer and those it put beside each writer's fields, so no replica's clock is trusted. */
static bool
is_long_dead(const json_t *object, int64_t date_s)
{
    const json_t *entry;
    size_t i;
    int64_t last_s = 0;

    json_array_foreach(json_at(object, "metadata", "managedFields", NULL), i, entry) {
        const char *time = json_str(entry, "time");
        int64_t s = 0;
        if (time && clock_parse(time, &s) && s > last_s) {
            last_s = s;
        }
    }
    return last_s > 0 && date_s - last_s >= LEASE_DEAD_S;
}

static void
micro_time(char text[MICRO_TIME_SIZE])
{
    struct timespec t;
    struct tm tm;
    char s[CLOCK_TIME_SIZE];

    BUG_ON(clock_gettime(CLOCK_REALTIME, &t) != 0);
    BUG_ON(!gmtime_r(&t.tv_sec, &tm) || strftime(s, sizeof(s), "%Y-%m-%dT%H:%M:%S", &tm) == 0);
    (void)snprintf(text, MICRO_TIME_SIZE, "%s.%06uZ", s, (unsigned)(t.tv_nsec / 1000) % 1000000U);
}

static void
lease_write(struct lease *l, const char *holder)
{
    const json_t *old = json_object_get(l->seen, "spec");
    char now[MICRO_TIME_SIZE];
    bool is_taking = !str_eq(json_str(old, "holderIdentity"), holder);
    int64_t transitions = json_int(old, "leaseTransitions", 0) + (is_taking && l->seen && *holder ? 1 : 0);

    micro_time(now);
    const char *acquired = is_taking || !json_str(old, "acquireTime") ? now : json_str(old, "acquireTime");
    AUTO(json_freep)
    json_t *j = json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:{s:s, s:i, s:s, s:s, s:I}}", "apiVersion",
                          "coordination.k8s.io/v1", "kind", "Lease", "metadata", "name", l->name, "namespace",
                          l->namespace, "annotations", ADDRESS_ANNOTATION, l->address, "spec", "holderIdentity", holder,
                          "leaseDurationSeconds", LEASE_DURATION_MS / 1000, "acquireTime", acquired, "renewTime", now,
                          "leaseTransitions", (json_int_t)transitions);
    BUG_ON(!j);
    if (l->seen) {
        const char *version = json_str(json_object_get(l->seen, "metadata"), "resourceVersion");
        (void)json_object_set_new(json_object_get(j, "metadata"), "resourceVersion", json_string(version));
    }
    AUTO(freep) char *body = json_compact(j);
    const struct kube_call call = {.verb = l->seen ? KUBE_PUT : KUBE_POST,
                                   .path = l->seen ? l->path : l->all,
                                   .resource = "leases",
                                   .body = body,
                                   .timeout_ms = CALL_MS,
                                   .urgent = true};
    l->sent_ms = clock_mono_ms();
    l->request = kube_send(l->kube, &call, on_write, l);
}

static void
on_write(void *arg, const struct kube_reply *reply)
{
    struct lease *l = arg;

    l->request = NULL;
    if (l->releasing) {
        lease_end_release(l);
        return;
    }
    if (reply->err) {
        /* Perhaps it was carried out: read what is there. Our right to act ends by itself (lease_stop). */
        lease_failed(l, "lease not written", reply);
        if (err_class(reply->err) == ERR_CONFLICT && l->leads) {
            lease_set(l, false);
        }
        lease_read(l);
        return;
    }
    l->was_away = false;
    lease_saw(l, reply->body);
    int64_t until_ms = l->sent_ms + LEASE_STOP_MS;
    int64_t left = until_ms - clock_mono_ms();
    kube_fence(l->kube, until_ms);
    BUG_ON(uv_timer_start(&l->stop, lease_stop, left > 0 ? (uint64_t)left : 0, 0) != 0);
    lease_set(l, left > 0);
    /* Counted from when it was sent: an answer that takes long must not shorten the time that the next one may take. */
    int64_t wait_ms = l->sent_ms + LEASE_RENEW_MS - clock_mono_ms();
    lease_again(l, wait_ms > RENEW_GAP_MS ? wait_ms : RENEW_GAP_MS);
}

/* Told once, however long the API server is away. */
static void
lease_failed(struct lease *l, const char *what, const struct kube_reply *reply)
{
    bool is_away = reply->status == 0;

    if (!is_away || !l->was_away) {
        log_warn(&lg, what, F_ERR(reply->err));
    }
    l->was_away = is_away;
}

/* The loop may be late: what it has not read yet is read first, the renewal is perhaps among it. Nothing is sent meanwhile (kube_fence). */
static void
lease_stop(uv_timer_t *timer)
{
    BUG_ON(uv_timer_start(timer, lease_stopped, 1, 0) != 0);
}

static void
lease_stopped(uv_timer_t *timer)
{
    struct lease *l = CONTAINER_OF(timer, struct lease, stop);

    lease_set(l, false);
}

static void
lease_set(struct lease *l, bool leads)
{
    if (l->leads == leads) {
        return;
    }
    l->leads = leads;
    if (leads) {
        log_info(&lg, "lease won", F_STR("identity", l->identity));
    } else {
        kube_fence(l->kube, 0);
        (void)uv_timer_stop(&l->stop); /* stopping a timer cannot fail */
        log_warn(&lg, "lease lost", F_STR("identity", l->identity));
    }
    l->changed(l->arg, leads);
}

/* With a tenth of jitter, so that replicas do not march in step. */
static void
lease_again(struct lease *l, int64_t ms)
{
    BUG_ON(uv_timer_start(&l->timer, lease_tick, (uint64_t)ms + random_u32() % ((uint32_t)ms / 10 + 1), 0) != 0);
}

static void
lease_end_release(struct lease *l)
{
    void (*done)(void *arg) = l->released;

    l->released = NULL;
    if (done) {
        done(l->released_arg);
    }
}
