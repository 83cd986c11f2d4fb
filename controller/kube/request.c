// The queue before the connection, the credentials, and the making of replies. What was taken is answered exactly once.
#include "kube/request_priv.h"

#include "base/clock.h"
#include "base/fault.h"
#include "kube/answer.h"
#include "kube/request_metrics.h"

#include <utlist.h>

enum {
    QUEUE_MAX = 16384,   /* waiting requests; more are answered with ERR_RETRY */
    IN_FLIGHT_MAX = 200, /* requests on the wire, watches not counted */
    REPLY_MAX_BYTES = 8 << 20,
    TIMEOUT_MS = 30000,
};

struct verb {
    const char *method;
    const char *content_type;
    const char *fault_before;
    const char *fault_after;
};

static const struct verb verbs[] = {
    [KUBE_GET] = {"GET", NULL, "kube.get.before", "kube.get.after"},
    [KUBE_POST] = {"POST", "application/json", "kube.post.before", "kube.post.after"},
    [KUBE_PUT] = {"PUT", "application/json", "kube.put.before", "kube.put.after"},
    [KUBE_MERGE_PATCH] = {"PATCH", "application/merge-patch+json", "kube.patch.before", "kube.patch.after"},
    [KUBE_JSON_PATCH] = {"PATCH", "application/json-patch+json", "kube.patch.before", "kube.patch.after"},
    [KUBE_APPLY_PATCH] = {"PATCH", "application/apply-patch+yaml", "kube.apply.before", "kube.apply.after"},
    [KUBE_DELETE] = {"DELETE", "application/json", "kube.delete.before", "kube.delete.after"},
};

static const struct log kube_log = {.part = "kube"};

static void request_free(struct kube_request *r);
static void request_unlink(struct kube_request *r);
static void pump_soon(struct kube *k, int64_t delay_ms);
static void on_pump(uv_timer_t *timer);
static bool pump_queue(struct kube *k);
static void request_launch(struct kube_request *r);
static struct err *request_start(struct kube_request *r);
static bool on_data(void *arg, long status, const char *bytes, size_t len);
static bool stream_data(struct kube_request *r, const char *bytes, size_t len);
static void on_end(void *arg, const struct http_end *end);
static struct err *answer_read(struct kube_request *r, const struct http_end *end, json_t **ret_body,
                               struct object_lack *ret_lack);
static struct err *body_read(struct kube_request *r, bool is_success, json_t **ret_body, struct object_lack *ret_lack);
static struct err *fault_after(const struct kube_request *r);
static void request_finish(struct kube_request *r, struct err *e, json_t *body, const char *why,
                           const struct http_end *end);
static void deaf_check(struct kube *k, const struct kube_request *r, const struct http_end *end);
static void on_handle_closed(uv_handle_t *handle);

static const struct http_handler handler = {.data = on_data, .done = on_end};

struct err *
kube_new(uv_loop_t *loop, const struct kube_config *config, const struct kube_options *options, struct kube **ret_kube)
{
    struct http *http = NULL;
    struct err *e = http_new(loop, config, options->user_agent ? options->user_agent : "vmbridge-controller", &http);

    if (e) {
        return e;
    }
    struct kube *k = XNEW(struct kube);
    k->loop = loop;
    k->bearer.config = config;
    k->http = http;
    k->metrics = options->metrics;
    flow_init(&k->flow, options->requests_per_s, options->burst, clock_mono_ms());
    BUG_ON(uv_timer_init(loop, &k->pump) != 0 || uv_timer_init(loop, &k->watchdog) != 0);
    k->n_handles = 2;
    k->pump.data = k;
    k->watchdog.data = k;
    if (config->insecure) {
        log_warn(&kube_log, "the certificate of the API server is not checked", F_STR("server", config->server));
    }
    *ret_kube = k;
    return NULL;
}

struct kube_request *
kube_send(struct kube *k, const struct kube_call *call, kube_done_fn *done, void *arg)
{
    struct kube_request *r = kube_request_new(k, call, done, arg);

    if (!r->is_urgent && k->n_queued >= QUEUE_MAX) {
        r->err = err_new(ERR_RETRY, "%d requests are waiting already", QUEUE_MAX);
        r->is_urgent = true; /* nothing is sent: 'done' must only not be called from here */
    }
    if (r->is_urgent) {
        kube_request_urgent(r);
        return r;
    }
    DL_APPEND(k->queue, r);
    k->n_queued++;
    metric_queue(k->metrics, k->n_queued);
    pump_soon(k, 0);
    return r;
}

void
kube_request_urgent(struct kube_request *r)
{
    r->is_urgent = true;
    DL_APPEND(r->k->urgent, r);
    pump_soon(r->k, 0);
}

void
kube_cancel(struct kube_request *r)
{
    BUG_ON(r->cancelled);
    request_unlink(r);
    if (r->exchange) {
        http_stop(r->exchange);
        r->exchange = NULL;
        pump_soon(r->k, 0); /* its place is free */
    }
    r->cancelled = true;
    if (!r->in_data) {
        request_free(r);
    }
}

void
kube_close(struct kube *k)
{
    struct kube_request **const lists[] = {&k->urgent, &k->queue, &k->sent};

    BUG_ON(k->closed || http_is_inside(k->http));
    k->closed = true;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        while (*lists[i]) {
            kube_cancel(*lists[i]);
        }
    }
    http_close(k->http);
    uv_close((uv_handle_t *)&k->pump, on_handle_closed);
    uv_close((uv_handle_t *)&k->watchdog, on_handle_closed);
}

void
kube_fence(struct kube *k, int64_t until_ms)
{
    http_fence(k->http, until_ms);
}

struct kube_request *
kube_request_new(struct kube *k, const struct kube_call *call, kube_done_fn *done, void *arg)
{
    BUG_ON(k->closed || call->path[0] != '/');
    struct kube_request *r = XNEW(struct kube_request);
    r->k = k;
    r->verb = call->verb;
    r->path = xstrdup(call->path);
    r->resource = xstrdup(call->resource);
    r->body = call->body ? xstrdup(call->body) : NULL;
    r->timeout_ms = call->timeout_ms > 0 ? call->timeout_ms : TIMEOUT_MS;
    r->is_urgent = call->urgent;
    r->is_fenced = call->fenced;
    r->is_unread = call->unread;
    r->reader = call->parts ? object_reader_new(OBJECT_ALONE, call->parts, 0) : NULL;
    r->reply = STRBUF_INIT(call->reply_max_bytes ? call->reply_max_bytes : REPLY_MAX_BYTES);
    r->done = done;
    r->arg = arg;
    r->queued_ms = clock_mono_ms();
    return r;
}

static void
request_free(struct kube_request *r)
{
    strbuf_fini(&r->reply);
    object_reader_free(r->reader);
    err_free(r->err);
    free(r->path);
    free(r->resource);
    free(r->body);
    free(r);
}

/* Out of the list it stands in, and out of the counts. */
static void
request_unlink(struct kube_request *r)
{
    struct kube *k = r->k;

    if (r->exchange) {
        DL_DELETE(k->sent, r);
        *(r->data ? &k->n_streams : &k->n_in_flight) -= 1;
    } else if (r->is_urgent) {
        DL_DELETE(k->urgent, r);
    } else {
        DL_DELETE(k->queue, r);
        k->n_queued--;
        metric_queue(k->metrics, k->n_queued);
    }
}

static void
pump_soon(struct kube *k, int64_t delay_ms)
{
    if (!k->closed) {
        uv_update_time(k->loop);
        BUG_ON(uv_timer_start(&k->pump, on_pump, (uint64_t)delay_ms, 0) != 0);
    }
}

static void
on_pump(uv_timer_t *timer)
{
    struct kube *k = timer->data;

    while (!k->closed && k->urgent) {
        request_launch(k->urgent);
    }
    while (!k->closed && k->queue && pump_queue(k)) {
    }
}

/* Sends the first of the queue. False when it has to wait; somebody calls the pump again then. */
static bool
pump_queue(struct kube *k)
{
    if (k->n_in_flight >= IN_FLIGHT_MAX) {
        return false;
    }
    int64_t wait_ms = flow_take(&k->flow, clock_mono_ms());
    if (wait_ms > 0) {
        pump_soon(k, wait_ms);
        return false;
    }
    request_launch(k->queue);
    return true;
}

static void
request_launch(struct kube_request *r)
{
    struct kube *k = r->k;

    request_unlink(r);
    r->sent_ms = clock_mono_ms();
    struct err *e = r->err ? STEAL(r->err) : request_start(r);
    if (e) {
        const struct http_end none = {0};
        request_finish(r, e, NULL, NULL, &none);
        return;
    }
    if (!r->data && !r->is_urgent) {
        metric_flow_wait(k->metrics, r->sent_ms - r->queued_ms);
    }
    DL_APPEND(k->sent, r);
    *(r->data ? &k->n_streams : &k->n_in_flight) += 1;
}

static struct err *
request_start(struct kube_request *r)
{
    const struct verb *verb = &verbs[r->verb];

    FAULT(verb->fault_before);
    struct err *e = bearer_refresh(&r->k->bearer);
    if (e) {
        return e;
    }
    const struct http_call call = {
        .method = verb->method,
        .path = r->path,
        .content_type = verb->content_type,
        .body = r->body,
        .body_len = r->body ? strlen(r->body) : 0,
        .bearer = r->k->bearer.token,
        .timeout_ms = r->timeout_ms,
        .fenced = r->is_fenced,
    };
    return http_start(r->k->http, &call, &handler, r, &r->exchange);
}

static bool
on_data(void *arg, long status, const char *bytes, size_t len)
{
    struct kube_request *r = arg;

    bool is_success = status >= 200 && status < 300;

    if (r->data && is_success) {
        return stream_data(r, bytes, len);
    }
    if (r->reader && is_success) {
        r->has_object = r->has_object || len > 0;
        object_reader_feed(r->reader, bytes, len);
        return true;
    }
    return strbuf_add(&r->reply, bytes, len);
}

static bool
stream_data(struct kube_request *r, const char *bytes, size_t len)
{
    metric_stream_bytes(r->k->metrics, r->resource, len);
    r->in_data = true;
    struct err *e = r->data(r->arg, bytes, len);
    r->in_data = false;
    if (r->cancelled) {
        err_free(e); /* nobody wants to know any more */
        request_free(r);
        return false;
    }
    r->err = e;
    return !e;
}

static void
on_end(void *arg, const struct http_end *end)
{
    struct kube_request *r = arg;
    struct kube *k = r->k;
    json_t *body = NULL;
    struct object_lack lack = {0};
    struct http_end seen = *end;

    request_unlink(r);
    r->exchange = NULL;
    deaf_check(k, r, end);
    struct err *e = fault_after(r);
    if (!e) {
        e = answer_read(r, end, &body, &lack);
    } else {
        seen = (struct http_end){.trouble = "fault"};
    }
    if (end->status == 401) {
        bearer_forget(&k->bearer);
    }
    pump_soon(k, 0);
    request_finish(r, e, body, lack.why, &seen);
}

static struct err *
answer_read(struct kube_request *r, const struct http_end *end, json_t **ret_body, struct object_lack *ret_lack)
{
    AUTO(freep) char *what = xasprintf("%s %s", verbs[r->verb].method, r->resource);

    if (r->err) {
        return err_wrap(STEAL(r->err), "%s", what);
    }
    if (r->reply.over) {
        return err_new(ERR_RETRY, "%s: the answer is larger than %zu bytes", what, r->reply.max);
    }
    if (end->trouble) {
        return err_new(ERR_RETRY, "%s: %s", what, end->trouble);
    }
    struct err *unread = body_read(r, end->status >= 200 && end->status < 300, ret_body, ret_lack);
    struct err *e = answer_error(what, end->status, *ret_body);
    if (e || !unread) {
        err_free(unread); /* the status says more than a body that is no JSON */
        return e;
    }
    e = err_new(ERR_RETRY, "%s: %s", what, err_text(unread));
    err_free(unread);
    return e;
}

static struct err *
body_read(struct kube_request *r, bool is_success, json_t **ret_body, struct object_lack *ret_lack)
{
    if (is_success && r->has_object) {
        return object_reader_end(r->reader, "", 0, ret_body, ret_lack);
    }
    if (r->reply.len == 0 || (r->is_unread && is_success)) {
        return NULL;
    }
    return json_part(r->reply.buf, r->reply.len, NULL, ret_body);
}

/* The answer came and is lost on the way to us. */
static struct err *
fault_after(const struct kube_request *r)
{
    const struct verb *verb = &verbs[r->verb];

    (void)verb; /* without fault points nobody asks */
    FAULT(verb->fault_after);
    return NULL;
}

/* Takes 'r', 'e' and 'body'. */
static void
request_finish(struct kube_request *r, struct err *e, json_t *body, const char *why, const struct http_end *end)
{
    const struct kube_reply reply = {
        .err = e,
        .status = end->trouble ? 0 : end->status,
        .reason = answer_reason(body),
        .body = body,
        .why = why,
        .retry_after_ms = end->retry_after_ms,
        .date_s = end->date_s,
    };

    metric_request(r->k->metrics, verbs[r->verb].method, r->resource, reply.status);
    if (!r->data) {
        metric_duration(r->k->metrics, verbs[r->verb].method, clock_mono_ms() - r->sent_ms);
    }
    r->done(r->arg, &reply);
    err_free(e);
    json_decref(body);
    request_free(r);
}

/* A time-out during which the server said nothing at all, on no exchange: the connection is dead, whatever the kernel
 * believes. Cutting it makes the watches notice. */
static void
deaf_check(struct kube *k, const struct kube_request *r, const struct http_end *end)
{
    if (end->timed_out && end->status == 0 && http_heard_ms(k->http) <= r->sent_ms) {
        log_warn(&kube_log, "the API server does not answer, connections are cut",
                 F_I64("silent_ms", clock_mono_ms() - http_heard_ms(k->http)));
        http_sever(k->http);
    }
}

static void
on_handle_closed(uv_handle_t *handle)
{
    struct kube *k = handle->data;

    k->n_handles--;
    if (k->n_handles == 0) {
        bearer_fini(&k->bearer);
        free(k);
    }
}
