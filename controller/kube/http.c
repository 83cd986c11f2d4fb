// What curl is driven by: its sockets and its timer. curl must not be re-entered from its own callbacks: what is stopped there is
// put aside and removed when curl has returned.
#include "http.h"

#include "base/clock.h"
#include "kube/http_setup.h"
#include "kube/http_sockets.h"

#include <utlist.h>

#define LATE "its time is over, it was not sent"

enum { HEADERS_MAX_BYTES = 64 << 10 };

struct http {
    uv_loop_t *loop;
    const struct kube_config *config;
    char *user_agent;
    CURLM *multi;
    uv_timer_t timer;
    struct http_sockets sockets;
    struct http_exchange *live;
    struct http_exchange *doomed; /* stopped inside curl; removed after it */
    size_t n_closing;             /* of timer and sockets, whose end is still to be told */
    int64_t heard_ms;
    int64_t fence_ms; /* fenced exchanges begin before it */
    size_t n_fenced;
    bool inside;
    bool closed;
};

struct http_exchange {
    struct http *http;
    CURL *easy;
    const struct http_handler *handler; /* NULL: stopped */
    void *arg;
    struct http_wire wire;
    size_t header_bytes;
    char error[CURL_ERROR_SIZE];
    struct http_exchange *prev;
    struct http_exchange *next;
};

static int on_timer(CURLM *multi, long timeout_ms, void *user);
static bool on_ready(struct http_sockets *sockets, curl_socket_t fd, int flags);
static void on_timeout(uv_timer_t *timer);
static size_t on_data(char *bytes, size_t size, size_t n, void *user);
static size_t on_header(char *bytes, size_t size, size_t n, void *user);
static void drive(struct http *h, curl_socket_t fd, int flags);
static void drop_late(struct http *h);
static void finish_all(struct http *h);
static void exchange_finish(struct http_exchange *x, CURLcode code);
static void exchange_free(struct http_exchange *x);
static void reap(struct http *h);
static void timer_closed(uv_handle_t *handle);
static void sockets_closed(struct http_sockets *sockets);
static void part_closed(struct http *h);
static struct err *multi_setup(struct http *h);

struct err *
http_new(uv_loop_t *loop, const struct kube_config *config, const char *user_agent, struct http **ret_http)
{
    struct err *e = http_setup_check();

    if (e) {
        return e;
    }
    struct http *h = XNEW(struct http);
    h->loop = loop;
    h->config = config;
    h->user_agent = xstrdup(user_agent);
    h->heard_ms = clock_mono_ms();
    e = multi_setup(h);
    if (e) {
        free(h->user_agent);
        free(h);
        return e;
    }
    BUG_ON(uv_timer_init(loop, &h->timer) != 0);
    h->n_closing = 2;
    *ret_http = h;
    return NULL;
}

/* Before the head of a request is sent: one turn of curl begins many, and the process may be stopped between two of them. */
static int
on_begin(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
    struct http_exchange *x = arg;

    (void)remote_ip; /* only the time matters */
    (void)local_ip;
    (void)remote_port;
    (void)local_port;
    if (!http_wire_is_late(&x->wire)) {
        return CURL_PREREQFUNC_OK;
    }
    (void)snprintf(x->error, sizeof(x->error), LATE);
    return CURL_PREREQFUNC_ABORT;
}

struct err *
http_start(struct http *h, const struct http_call *call, const struct http_handler *handler, void *arg,
           struct http_exchange **ret_exchange)
{
    BUG_ON(h->inside || h->closed || (call->fenced && !call->body));
    if (call->fenced && clock_mono_ms() >= h->fence_ms) {
        return err_new(ERR_RETRY, LATE);
    }
    struct http_exchange *x = XNEW(struct http_exchange);
    x->http = h;
    x->easy = curl_easy_init();
    BUG_ON(!x->easy);
    x->handler = handler;
    x->arg = arg;
    http_wire_init(&x->wire, h->config, h->user_agent, call);
    x->wire.fence_ms = call->fenced ? &h->fence_ms : NULL;
    CURLcode code = http_setup_easy(x->easy, h->config, call, &x->wire);
    if (code == CURLE_OK) {
        (void)curl_easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->error);
        (void)curl_easy_setopt(x->easy, CURLOPT_PRIVATE, x);
        (void)curl_easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, on_data);
        (void)curl_easy_setopt(x->easy, CURLOPT_WRITEDATA, x);
        (void)curl_easy_setopt(x->easy, CURLOPT_HEADERFUNCTION, on_header);
        (void)curl_easy_setopt(x->easy, CURLOPT_HEADERDATA, x);
        (void)curl_easy_setopt(x->easy, CURLOPT_PREREQFUNCTION, on_begin);
        (void)curl_easy_setopt(x->easy, CURLOPT_PREREQDATA, x);
    }
    if (code != CURLE_OK || curl_multi_add_handle(h->multi, x->easy) != CURLM_OK) {
        curl_easy_cleanup(x->easy);
        http_wire_fini(&x->wire);
        free(x);
        return err_new(ERR_RETRY, "HTTP client refuses the request: %s", curl_easy_strerror(code));
    }
    DL_APPEND(h->live, x);
    h->n_fenced += call->fenced;
    *ret_exchange = x;
    return NULL;
}

void
http_stop(struct http_exchange *x)
{
    struct http *h = x->http;

    BUG_ON(!x->handler);
    x->handler = NULL;
    DL_DELETE(h->live, x);
    DL_APPEND(h->doomed, x);
    if (!h->inside) {
        reap(h);
    }
}

void
http_fence(struct http *h, int64_t until_ms)
{
    h->fence_ms = until_ms;
}

int64_t
http_heard_ms(const struct http *h)
{
    return h->heard_ms;
}

size_t
http_connections(const struct http *h)
{
    return http_sockets_count(&h->sockets);
}

bool
http_is_inside(const struct http *h)
{
    return h->inside;
}

void
http_sever(struct http *h)
{
    BUG_ON(h->inside);
    http_sockets_sever(&h->sockets);
}

void
http_close(struct http *h)
{
    struct http_exchange *x;
    struct http_exchange *tmp;

    if (!h) {
        return;
    }
    BUG_ON(h->inside || h->closed);
    h->closed = true;
    DL_FOREACH_SAFE(h->live, x, tmp) {
        http_stop(x);
    }
    (void)curl_multi_cleanup(h->multi);
    uv_close((uv_handle_t *)&h->timer, timer_closed);
    http_sockets_close(&h->sockets);
}

static struct err *
multi_setup(struct http *h)
{
    h->multi = curl_multi_init();
    if (!h->multi) {
        return err_new(ERR_FATAL, "curl_multi_init failed");
    }
    http_setup_multi(h->multi);
    h->sockets = (struct http_sockets){.loop = h->loop, .multi = h->multi, .ready = on_ready, .closed = sockets_closed};
    http_sockets_begin(&h->sockets);
    (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    return NULL;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct http *h = user;

    (void)multi;
    if (timeout_ms < 0) {
        (void)uv_timer_stop(&h->timer);
        return 0;
    }
    if (!h->closed) {
        uv_update_time(h->loop);
        (void)uv_timer_start(&h->timer, on_timeout, (uint64_t)timeout_ms, 0);
    }
    return 0;
}

static void
on_timeout(uv_timer_t *timer)
{
    drive(CONTAINER_OF(timer, struct http, timer), CURL_SOCKET_TIMEOUT, 0);
}

static bool
on_ready(struct http_sockets *sockets, curl_socket_t fd, int flags)
{
    struct http *h = CONTAINER_OF(sockets, struct http, sockets);

    drive(h, fd, flags);
    return !h->closed;
}

static void
drive(struct http *h, curl_socket_t fd, int flags)
{
    int running = 0;

    drop_late(h);
    if (h->closed) {
        return; /* by somebody who was told */
    }
    h->inside = true;
    CURLMcode code = curl_multi_socket_action(h->multi, fd, flags, &running);
    h->inside = false;
    BUG_ON(code != CURLM_OK);
    reap(h);
    finish_all(h);
}

/* What curl was given while it was allowed, and has not begun to send. */
static void
drop_late(struct http *h)
{
    struct http_exchange *x = h->n_fenced > 0 && clock_mono_ms() >= h->fence_ms ? h->live : NULL;

    while (x && !h->closed) {
        if (http_wire_is_late(&x->wire)) {
            (void)snprintf(x->error, sizeof(x->error), LATE);
            exchange_finish(x, CURLE_ABORTED_BY_CALLBACK);
            x = h->live; /* 'done' may have stopped any of them */
        } else {
            x = x->next;
        }
    }
}

static void
finish_all(struct http *h)
{
    int left = 0;

    while (!h->closed) { /* 'done' may close it */
        const CURLMsg *msg = curl_multi_info_read(h->multi, &left);
        struct http_exchange *x = NULL;
        if (!msg) {
            break;
        }
        if (msg->msg != CURLMSG_DONE) {
            continue;
        }
        CURLcode code = msg->data.result;
        BUG_ON(curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &x) != CURLE_OK || !x->handler);
        exchange_finish(x, code);
    }
}

static int64_t
exchange_date(const struct http_exchange *x)
{
    struct curl_header *date = NULL;
    CURLHcode code = curl_easy_header(x->easy, "Date", 0, CURLH_HEADER, -1, &date);
    time_t t = code == CURLHE_OK ? curl_getdate(date->value, NULL) : -1;

    return t > 0 ? (int64_t)t : 0;
}

static void
exchange_finish(struct http_exchange *x, CURLcode code)
{
    struct http *h = x->http;
    const struct http_handler *handler = x->handler;
    void *arg = x->arg;
    char trouble[CURL_ERROR_SIZE + 64];
    curl_off_t retry_after_s = 0;
    struct http_end end = {.timed_out = code == CURLE_OPERATION_TIMEDOUT};

    (void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &end.status);
    (void)curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    end.retry_after_ms = retry_after_s > 0 && retry_after_s < 86400 ? (int64_t)retry_after_s * 1000 : 0;
    end.date_s = exchange_date(x);
    if (code != CURLE_OK) {
        (void)snprintf(trouble, sizeof(trouble), "%s", x->error[0] ? x->error : curl_easy_strerror(code));
        end.trouble = trouble;
    }
    DL_DELETE(h->live, x);
    exchange_free(x);
    handler->done(arg, &end);
}

static size_t
on_data(char *bytes, size_t size, size_t n, void *user)
{
    struct http_exchange *x = user;
    struct http *h = x->http;
    long status = 0;

    const struct http_handler *handler = x->handler;
    h->heard_ms = clock_mono_ms();
    if (!handler) {
        return CURL_WRITEFUNC_ERROR;
    }
    (void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    bool goes_on = handler->data(x->arg, status, bytes, size * n);
    return goes_on && x->handler ? size * n : CURL_WRITEFUNC_ERROR; /* it may have been stopped meanwhile */
}

static size_t
on_header(char *bytes, size_t size, size_t n, void *user)
{
    struct http_exchange *x = user;

    (void)bytes; /* curl keeps what we want of them */
    x->http->heard_ms = clock_mono_ms();
    x->header_bytes += size * n;
    return x->header_bytes <= HEADERS_MAX_BYTES ? size * n : 0;
}

static void
reap(struct http *h)
{
    struct http_exchange *x;
    struct http_exchange *tmp;

    DL_FOREACH_SAFE(h->doomed, x, tmp) {
        DL_DELETE(h->doomed, x);
        exchange_free(x);
    }
}

static void
exchange_free(struct http_exchange *x)
{
    struct http *h = x->http;

    h->n_fenced -= x->wire.fence_ms != NULL;
    (void)curl_multi_remove_handle(h->multi, x->easy);
    curl_easy_cleanup(x->easy);
    http_wire_fini(&x->wire);
    free(x);
}

static void
timer_closed(uv_handle_t *handle)
{
    part_closed(CONTAINER_OF(handle, struct http, timer));
}

static void
sockets_closed(struct http_sockets *sockets)
{
    part_closed(CONTAINER_OF(sockets, struct http, sockets));
}

static void
part_closed(struct http *h)
{
    h->n_closing--;
    if (h->n_closing == 0) {
        BUG_ON(!h->closed);
        free(h->user_agent);
        free(h);
    }
}
