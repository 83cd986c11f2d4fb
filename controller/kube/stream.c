// What watches need beside a request: a look at whether the server is still there, which a stream that is silent does not tell.
#include "kube/stream.h"

#include "base/clock.h"
#include "kube/request_priv.h"

enum {
    WATCHDOG_MS = 5000,
    SILENCE_MS = 20000, /* nothing heard for so long while watches are open: ask for the version */
    PROBE_TIMEOUT_MS = 10000,
};

static void
on_probe(void *arg, const struct kube_reply *reply)
{
    struct kube *k = arg;

    (void)reply; /* any answer is a sign of life; none was dealt with by kube/request.c */
    k->probing = false;
}

static void
on_watchdog(uv_timer_t *timer)
{
    struct kube *k = timer->data;
    const struct kube_call probe = {
        .verb = KUBE_GET, .path = "/version", .resource = "version", .urgent = true, .timeout_ms = PROBE_TIMEOUT_MS};

    if (k->n_streams > 0 && !k->probing && clock_mono_ms() - http_heard_ms(k->http) >= SILENCE_MS) {
        k->probing = true;
        (void)kube_send(k, &probe, on_probe, k); /* never cancelled: its handle is of no use */
    }
}

struct kube_request *
kube_stream(struct kube *k, const struct kube_call *call, kube_data_fn *data, kube_done_fn *done, void *arg)
{
    struct kube_request *r = kube_request_new(k, call, done, arg);

    r->data = data;
    kube_request_urgent(r);
    if (!uv_is_active((uv_handle_t *)&k->watchdog)) {
        BUG_ON(uv_timer_start(&k->watchdog, on_watchdog, WATCHDOG_MS, WATCHDOG_MS) != 0);
    }
    return r;
}

uv_loop_t *
kube_loop(struct kube *k)
{
    return k->loop;
}

struct metrics *
kube_metrics(struct kube *k)
{
    return k->metrics;
}
