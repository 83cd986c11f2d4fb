// The table of connections that count, by pod, and their ends: with their token, to another replica, for good.
#include "serve/gateway/line.h"

#include "base/clock.h"

enum { SWEEP_MIN_MS = 250, SWEEP_MAX_MS = 10 * 1000 };

static const struct metric launchers = {
    .name = "vmbridge_launchers_connected",
    .help = "Launchers whose connection is proven and open.",
    .type = METRIC_GAUGE,
};
const struct metric gateway_metric_messages = {
    .name = "vmbridge_launcher_messages_total",
    .help = "Messages between launchers and this replica, by direction and type.",
    .type = METRIC_COUNTER,
};
const struct metric gateway_metric_refusals = {
    .name = "vmbridge_launcher_refused_total",
    .help = "Launcher connections refused or ended by the gateway, by reason.",
    .type = METRIC_COUNTER,
};

void
gateway_count_one(struct gateway *g, const struct metric *metric, const char *labels)
{
    if (g->metrics) {
        metrics_add(g->metrics, metric, labels, 1);
    }
}

static void
count_joined(struct gateway *g)
{
    if (g->metrics) {
        metrics_set(g->metrics, &launchers, NULL, (double)HASH_COUNT(g->joined));
    }
}

struct launcher *
line_find(const struct gateway *g, const char *pod_uid)
{
    struct launcher *l = NULL;

    HASH_FIND_STR(g->joined, pod_uid, l);
    return l;
}

static void
leave(struct launcher *l)
{
    if (l->is_joined) {
        HASH_DEL(l->gateway->joined, l);
        l->is_joined = false;
        requests_closed(l->gateway->requests, l->pod_uid, &l->requests);
        count_joined(l->gateway);
    }
}

void
line_end(struct launcher *l)
{
    const struct gateway_sink *sink = l->gateway->sink;

    if (l->is_joined) {
        leave(l);
        sink->disconnected(sink->arg, l->vmi_uid, l->pod_uid);
    }
}

void
line_redirect(struct launcher *l, const char *address)
{
    struct launcher_redirect msg = {.version = LAUNCHER_MSG_VERSION, .address = address};
    AUTO(freep) char *text = launcher_msg_write(LAUNCHER_MSG_REDIRECT, &launcher_redirect_type, &msg);

    gateway_count_one(l->gateway, &gateway_metric_messages, "direction=\"down\",type=\"redirect\"");
    server_stream_send(l->stream, text, strlen(text));
    server_stream_close(l->stream, SERVER_CLOSE_GOING_AWAY, "this replica does not lead");
}

static void
on_sweep(uv_timer_t *t)
{
    struct gateway *g = t->data;
    int64_t now_ms = clock_mono_ms();
    struct launcher *l, *tmp;

    HASH_ITER(hh, g->joined, l, tmp) {
        if (l->ends_ms <= now_ms) {
            line_end(l);
            server_stream_close(l->stream, SERVER_CLOSE_NORMAL, "the token has ended, connect with the next one");
        }
    }
    if (!g->joined) {
        uv_timer_stop(&g->sweep);
    }
}

static void
sweep_start(struct gateway *g)
{
    int64_t every_ms = g->grace_ms / 10;

    every_ms = every_ms < SWEEP_MIN_MS ? SWEEP_MIN_MS : every_ms;
    every_ms = every_ms > SWEEP_MAX_MS ? SWEEP_MAX_MS : every_ms;
    if (!uv_is_active((uv_handle_t *)&g->sweep)) {
        uv_timer_start(&g->sweep, on_sweep, (uint64_t)every_ms, (uint64_t)every_ms);
    }
}

void
line_join(struct launcher *l)
{
    struct gateway *g = l->gateway;
    struct launcher *old = line_find(g, l->pod_uid);

    if (old) {
        leave(old);
        server_stream_close(old->stream, SERVER_CLOSE_NORMAL, "the same pod has connected again");
    }
    HASH_ADD_KEYPTR(hh, g->joined, l->pod_uid, strlen(l->pod_uid), l);
    l->is_joined = true;
    requests_open(g->requests, l->pod_uid, &l->requests);
    count_joined(g);
    sweep_start(g);
}

void
line_free(struct launcher *l)
{
    token_check_cancel(l->check);
    free(l->namespace);
    free(l->pod_name);
    free(l->pod_uid);
    free(l->vmi_uid);
    free(l->refusal);
    free(l);
}
