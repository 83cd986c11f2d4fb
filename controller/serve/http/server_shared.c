// The lists and timers that connections and ports share: who has a deadline, who is to be closed, when to look again.
#include "serve/http/server_shared.h"

#include <utlist.h>

#include "base/clock.h"

const struct metric server_metric_refused = {
    .name = "vmbridge_server_refused_total",
    .help = "Connections and requests that the server turned away, by reason.",
    .type = METRIC_COUNTER,
};
const struct metric server_metric_pages = {
    .name = "vmbridge_server_requests_total",
    .help = "Plain HTTP requests, by status code.",
    .type = METRIC_COUNTER,
};

void
server_count(struct server *s, const struct metric *metric, const char *labels)
{
    if (s->metrics) {
        metrics_add(s->metrics, metric, labels, 1);
    }
}

void
server_sweep_start(struct server *s)
{
    if (!s->is_closing && !uv_is_active((uv_handle_t *)&s->sweep)) {
        uv_timer_start(&s->sweep, s->on_sweep, SERVER_SWEEP_MS, SERVER_SWEEP_MS);
    }
}

void
server_serve_soon(struct server *s)
{
    if (!s->is_closing) {
        (void)uv_idle_start(&s->serve, s->on_serve); /* which fails only without a callback */
    }
}

void
server_wait(struct server_stream *c, int64_t seconds)
{
    struct server *s = c->server;

    c->deadline_ms = clock_mono_ms() + seconds * 1000;
    if (c->is_waiting) {
        return;
    }
    c->is_waiting = true;
    DL_APPEND(s->waiting, c);
    server_sweep_start(s);
}

void
server_wait_no_more(struct server_stream *c)
{
    if (c->is_waiting) {
        DL_DELETE(c->server->waiting, c);
        c->is_waiting = false;
    }
    if (c->place) {
        crowd_leave(c->crowd, STEAL(c->place));
        server_serve_soon(c->server);
    }
}

void
server_part_soon(struct server_stream *c)
{
    struct server *s = c->server;

    if (!c->is_parting && !s->is_closing) {
        c->is_parting = true;
        DL_APPEND2(s->parting, c, part_prev, part_next);
        uv_timer_start(&s->part, s->on_part, 0, 0);
    }
}

void
server_part_no_more(struct server_stream *c)
{
    if (c->is_parting) {
        DL_DELETE2(c->server->parting, c, part_prev, part_next);
        c->is_parting = false;
    }
}
