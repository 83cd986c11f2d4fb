// Connects, calls, and closes. It is freed when both its handles are closed.
#include "call.h"

#include "wire.h"

enum { N_HANDLES = 2 };

struct call {
    struct wire *wire;
    struct grpc_client *client;
    uv_connect_t connect;
    uv_timer_t timer;
    struct err *trouble; /* why it ended, when not by an answer */
    unsigned n_open;
    void (*done)(void *arg, const struct err *e); /* NULL: nobody waits for it */
    void *arg;
};

static bool call_feed(void *arg, const uint8_t *data, size_t len);
static ssize_t call_pull(void *arg, const uint8_t **ret_data);
static void call_closed(void *arg);
static void call_connected(uv_connect_t *connect, int status);
static void call_late(uv_timer_t *timer);
static void timer_closed(uv_handle_t *handle);
static void release(struct call *c);

static const struct wire_ops ops = {.feed = call_feed, .pull = call_pull, .closed = call_closed};

struct call *
call_new(uv_loop_t *loop, const struct call_request *request, void (*done)(void *arg, const struct err *e), void *arg)
{
    struct call *c = XNEW(struct call);

    c->client = grpc_client_new(request->method, strbuf_str(request->body), request->body->len);
    c->wire = wire_new(loop, &ops, c);
    c->done = done;
    c->arg = arg;
    c->n_open = N_HANDLES;
    BUG_ON(uv_timer_init(loop, &c->timer) != 0 || uv_timer_start(&c->timer, call_late, request->deadline_ms, 0) != 0);
    c->timer.data = c;
    c->connect.data = c;
    uv_pipe_connect(&c->connect, wire_pipe(c->wire), request->socket, call_connected);
    return c;
}

void
call_cancel(struct call *c)
{
    if (c) {
        c->done = NULL;
        wire_close(c->wire);
    }
}

static void
fail(struct call *c, struct err *e)
{
    if (c->trouble) {
        err_free(e); /* the first one is the cause */
    } else {
        c->trouble = e;
    }
    wire_close(c->wire);
}

static void
call_connected(uv_connect_t *connect, int status)
{
    struct call *c = connect->data;

    if (status == UV_ECANCELED) {
        return; /* it is being closed */
    }
    if (status != 0) {
        fail(c, err_new(ERR_RETRY, "it does not connect: %s", uv_strerror(status)));
        return;
    }
    wire_send(c->wire);
}

static void
call_late(uv_timer_t *timer)
{
    fail(timer->data, err_new(ERR_RETRY, "no answer in time"));
}

static bool
call_feed(void *arg, const uint8_t *data, size_t len)
{
    struct call *c = arg;

    return grpc_client_feed(c->client, data, len);
}

static ssize_t
call_pull(void *arg, const uint8_t **ret_data)
{
    struct call *c = arg;

    return grpc_client_pull(c->client, ret_data);
}

static void
call_closed(void *arg)
{
    struct call *c = arg;

    if (c->done) {
        AUTO(err_freep) struct err *e = c->trouble ? STEAL(c->trouble) : grpc_client_result(c->client);
        c->done(c->arg, e);
    }
    uv_close((uv_handle_t *)&c->timer, timer_closed);
    release(c);
}

static void
timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void
release(struct call *c)
{
    c->n_open--;
    if (c->n_open == 0) {
        grpc_client_free(c->client);
        err_free(c->trouble);
        free(c);
    }
}
