// The life of a watch: list (streamed, or in pages where the server refuses), follow, resume, list again. Keeps no objects.
#include "watch.h"

#include "base/clock.h"
#include "base/random.h"
#include "kube/list_pages.h"
#include "kube/query.h"
#include "kube/request_metrics.h"
#include "kube/stream.h"
#include "kube/watch_frame.h"
#include "kube/watch_line.h"
#include "kube/watch_log.h"
#include "kube/watch_retry.h"

enum {
    PATH_MAX_BYTES = 64 << 10,
    SERVER_TIME_MIN_S = 240, /* the server ends the connection after 240 to 480 s */
    SERVER_TIME_SPREAD_S = 240,
    GRACE_MS = 30000,     /* and when it does not, we do */
    ABSENT_MS = 30000,    /* what is not served is looked for again */
    SHORT_LIFE_MS = 1000, /* a connection that ends sooner and brought nothing is a failure, however politely it ends */
    STUCK_MAX = 3,        /* errors in the stream, at one place, before we list again */
};

enum watch_phase {
    PHASE_STREAM_LIST, /* initial events are coming */
    PHASE_PAGES,
    PHASE_FOLLOW,
};

struct watch {
    struct kube *k;
    char *path;
    char *resource;
    char *label_selector;
    char *field_selector;
    struct object_reader *lines;
    struct list_pages *pages;
    const struct watch_sink *sink;
    void *arg;
    struct watch_log log;
    uv_timer_t timer;
    struct kube_request *request; /* the stream; NULL: waiting for the timer, or reading pages */
    struct watch_frame frame;
    struct watch_retry retry;
    enum watch_phase phase;
    char *version;    /* where to resume; NULL: list first */
    bool wants_pages; /* the server refused to stream the list */
    bool progressed;  /* this connection brought something */
    unsigned n_stuck;
    int64_t started_ms;
    bool closed;
};

static void watch_begin(struct watch *w);
static void on_timer(uv_timer_t *timer);
static void stream_start(struct watch *w, bool is_list);
static struct err *on_bytes(void *arg, const char *bytes, size_t len);
static struct err *on_piece(void *arg, const char *bytes, size_t len, bool is_end);
static struct err *line_end(struct watch *w, const char *bytes, size_t len);
static struct err *take_line(struct watch *w, struct watch_line *line, const struct object_lack *lack);
static void take_object(struct watch *w, const struct watch_line *line, const struct object_lack *lack);
static struct err *take_bookmark(struct watch *w, const struct watch_line *line);
static void on_stream_done(void *arg, const struct kube_reply *reply);
static void stream_ended(struct watch *w);
static void stream_failed(struct watch *w, const struct kube_reply *reply);
static void on_heard(void *arg);
static bool on_item(void *arg, const json_t *item, const struct object_lack *lack);
static void on_pages_done(void *arg, const char *version);
static void on_pages_failed(void *arg, const struct kube_reply *reply);
static void list_done(struct watch *w);
static void list_again(struct watch *w);
static void again_at_once(struct watch *w, const char *why);
static void again_later(struct watch *w, const char *why, const struct kube_reply *reply);
static void on_closed(uv_handle_t *handle);

static const struct list_pages_sink pages_sink = {
    .heard = on_heard, .item = on_item, .done = on_pages_done, .failed = on_pages_failed};

struct watch *
watch_new(struct kube *k, const struct watch_spec *spec, const struct watch_sink *sink, void *arg)
{
    struct watch *w = XNEW(struct watch);

    w->k = k;
    w->path = xstrdup(spec->path);
    w->resource = xstrdup(spec->resource);
    str_set(&w->label_selector, spec->label_selector);
    str_set(&w->field_selector, spec->field_selector);
    w->lines = object_reader_new(OBJECT_IN_EVENT, spec->parts, spec->object_max_bytes);
    w->pages = list_pages_new(k,
                              &(struct list_pages_spec){.path = w->path,
                                                        .resource = w->resource,
                                                        .label_selector = w->label_selector,
                                                        .field_selector = w->field_selector,
                                                        .parts = spec->parts,
                                                        .object_max_bytes = spec->object_max_bytes},
                              &pages_sink, w);
    w->sink = sink;
    w->arg = arg;
    w->log = (struct watch_log){
        .log = {.part = "kube", .object = w->resource}, .metrics = kube_metrics(k), .resource = w->resource};
    watch_retry_init(&w->retry);
    BUG_ON(uv_timer_init(kube_loop(k), &w->timer) != 0);
    /* By the timer, so that no callback comes before the caller has the watch. */
    BUG_ON(uv_timer_start(&w->timer, on_timer, 0, 0) != 0);
    return w;
}

void
watch_close(struct watch *w)
{
    if (!w) {
        return;
    }
    BUG_ON(w->closed);
    w->closed = true;
    if (w->request) {
        kube_cancel(STEAL(w->request));
    }
    list_pages_stop(w->pages);
    uv_close((uv_handle_t *)&w->timer, on_closed);
}

static void
on_timer(uv_timer_t *timer)
{
    watch_begin(CONTAINER_OF(timer, struct watch, timer));
}

static void
watch_begin(struct watch *w)
{
    BUG_ON(w->request);
    w->progressed = false;
    watch_retry_begin(&w->retry);
    w->started_ms = clock_mono_ms();
    if (w->version) {
        stream_start(w, false);
        return;
    }
    if (!list_pages_is_begun(w->pages)) { /* a page that failed is asked for again; everything else is a new list */
        w->sink->begin(w->arg);
    }
    if (w->closed) {
        return;
    }
    if (w->wants_pages) {
        w->phase = PHASE_PAGES;
        list_pages_next(w->pages);
    } else {
        stream_start(w, true);
    }
}

static void
stream_start(struct watch *w, bool is_list)
{
    AUTO(strbuf_fini) struct strbuf path = STRBUF_INIT(PATH_MAX_BYTES);
    int server_time_s = SERVER_TIME_MIN_S + (int)(random_u32() % SERVER_TIME_SPREAD_S);

    w->phase = is_list ? PHASE_STREAM_LIST : PHASE_FOLLOW;
    (void)strbuf_adds(&path, w->path);
    query_add_watch(&path, server_time_s, is_list ? NULL : w->version);
    query_add(&path, "labelSelector", w->label_selector);
    query_add(&path, "fieldSelector", w->field_selector);
    BUG_ON(path.over);
    w->frame = (struct watch_frame){0};
    object_reader_reset(w->lines);
    const struct kube_call call = {
        .verb = KUBE_GET,
        .path = path.buf,
        .resource = w->resource,
        .timeout_ms = (int64_t)server_time_s * 1000 + GRACE_MS,
    };
    w->request = kube_stream(w->k, &call, on_bytes, on_stream_done, w);
}

static struct err *
on_bytes(void *arg, const char *bytes, size_t len)
{
    struct watch *w = arg;

    watch_retry_heard(&w->retry);
    return watch_frame_feed(&w->frame, bytes, len, on_piece, w);
}

static struct err *
on_piece(void *arg, const char *bytes, size_t len, bool is_end)
{
    struct watch *w = arg;

    if (!is_end) {
        object_reader_feed(w->lines, bytes, len);
        return NULL;
    }
    struct err *e = line_end(w, bytes, len);
    if (!e && w->closed) {
        e = err_new(ERR_RETRY, "watch is closed"); /* nothing may follow; nobody reads it */
    }
    return e;
}

/* One line that nobody can read must not keep the others from being read: what it was about is told by the next full list. */
static struct err *
line_end(struct watch *w, const char *bytes, size_t len)
{
    AUTO(watch_line_fini) struct watch_line line = {0};
    struct object_lack lack = {0};
    json_t *tree = NULL;
    struct err *e = object_reader_end(w->lines, bytes, len, &tree, &lack);

    metric_watch_event(kube_metrics(w->k), w->resource);
    if (!e) {
        e = watch_line_take(tree, &line);
    }
    if (e) {
        watch_log_skip(&w->log, w->version, e);
        return NULL;
    }
    return take_line(w, &line, &lack);
}

static struct err *
take_line(struct watch *w, struct watch_line *line, const struct object_lack *lack)
{
    switch (line->type) {
    case LINE_ERROR:
        w->n_stuck++;
        return STEAL(line->error);
    case LINE_BOOKMARK:
        return take_bookmark(w, line);
    case LINE_ADDED:
    case LINE_MODIFIED:
    case LINE_DELETED:
        break;
    }
    if (!line->version) {
        watch_log_skip(&w->log, w->version, err_new(ERR_INVALID, "it has no resourceVersion"));
        return NULL;
    }
    take_object(w, line, lack);
    return NULL;
}

static void
take_object(struct watch *w, const struct watch_line *line, const struct object_lack *lack)
{
    static const enum watch_event events[] = {
        [LINE_ADDED] = WATCH_ADDED, [LINE_MODIFIED] = WATCH_MODIFIED, [LINE_DELETED] = WATCH_DELETED};
    bool is_list = w->phase == PHASE_STREAM_LIST;
    bool is_deleted = line->type == LINE_DELETED;

    w->progressed = true;
    if (!is_list) { /* during a list the objects come in no order of versions: none of them is a place to resume */
        str_set(&w->version, line->version);
        watch_retry_reset(&w->retry);
        w->n_stuck = 0;
    }
    watch_log_lack(&w->log, line->object, lack);
    w->sink->object(w->arg, is_list && !is_deleted ? WATCH_ADDED : events[line->type], line->object, lack->why);
}

static struct err *
take_bookmark(struct watch *w, const struct watch_line *line)
{
    if (!line->version) {
        return err_new(ERR_RETRY, "the server sent a bookmark without resourceVersion");
    }
    if (w->phase == PHASE_STREAM_LIST && !line->is_initial_end) {
        w->wants_pages = true; /* an old server, which ignored what we asked for and will never end the list */
        return err_new(ERR_RETRY, "the server does not stream lists");
    }
    w->progressed = true;
    str_set(&w->version, line->version);
    watch_retry_reset(&w->retry);
    w->n_stuck = 0;
    if (w->phase == PHASE_STREAM_LIST) {
        list_done(w);
    }
    return NULL;
}

static void
on_stream_done(void *arg, const struct kube_reply *reply)
{
    struct watch *w = arg;

    w->request = NULL;
    if (reply->err) {
        stream_failed(w, reply);
    } else {
        stream_ended(w);
    }
}

/* A polite end: the server's time was over, or it is shutting down. */
static void
stream_ended(struct watch *w)
{
    if (w->phase == PHASE_STREAM_LIST || (!w->progressed && clock_mono_ms() - w->started_ms < SHORT_LIFE_MS)) {
        again_later(w, "cut-short", NULL);
    } else {
        again_at_once(w, "ended");
    }
}

static void
stream_failed(struct watch *w, const struct kube_reply *reply)
{
    bool is_refused = reply->status == 400 || reply->status == 422;

    if (is_refused && w->phase == PHASE_STREAM_LIST) {
        log_info(&w->log.log, "the server does not stream lists, pages are read", F_ERR(reply->err));
        w->wants_pages = true;
    }
    if (w->phase == PHASE_STREAM_LIST && w->wants_pages) {
        again_at_once(w, "refused");
        return;
    }
    if (err_class(reply->err) == ERR_GONE && w->version) {
        log_info(&w->log.log, "watch is too old, listing again", F_ERR(reply->err));
        list_again(w);
        again_at_once(w, "gone");
        return;
    }
    if (is_refused || w->n_stuck >= STUCK_MAX) {
        list_again(w);
    }
    again_later(w, "error", reply);
}

static void
on_heard(void *arg)
{
    struct watch *w = arg;

    watch_retry_heard(&w->retry);
}

static bool
on_item(void *arg, const json_t *item, const struct object_lack *lack)
{
    struct watch *w = arg;

    if (!item) {
        watch_log_skip(&w->log, w->version, err_new(ERR_INVALID, "%s, and its name cannot be read", lack->why));
        return true;
    }
    watch_log_lack(&w->log, item, lack);
    w->sink->object(w->arg, WATCH_ADDED, item, lack->why);
    return !w->closed;
}

static void
on_pages_done(void *arg, const char *version)
{
    struct watch *w = arg;

    str_set(&w->version, version);
    watch_retry_reset(&w->retry);
    list_done(w);
    if (!w->closed) {
        watch_begin(w);
    }
}

static void
on_pages_failed(void *arg, const struct kube_reply *reply)
{
    struct watch *w = arg;

    if (reply && err_class(reply->err) == ERR_GONE && list_pages_is_begun(w->pages)) {
        log_info(&w->log.log, "the list is too old to go on, listing again", F_ERR(reply->err));
        list_again(w);
        again_later(w, "gone", reply);
        return;
    }
    again_later(w, "error", reply);
}

/* 'version' is set. The next full list is tried as a stream again: the server may be a newer one by then. */
static void
list_done(struct watch *w)
{
    w->phase = PHASE_FOLLOW;
    w->wants_pages = false;
    w->n_stuck = 0;
    watch_retry_listed(&w->retry);
    log_debug(&w->log.log, "list is complete", F_I64("after_ms", clock_mono_ms() - w->started_ms));
    w->sink->synced(w->arg);
}

static void
list_again(struct watch *w)
{
    str_set(&w->version, NULL);
    list_pages_reset(w->pages);
    w->n_stuck = 0;
}

static void
again_at_once(struct watch *w, const char *why)
{
    metric_watch_restart(kube_metrics(w->k), w->resource, why);
    log_debug(&w->log.log, "watch connects again", F_STR("why", why));
    watch_begin(w);
}

static void
again_later(struct watch *w, const char *why, const struct kube_reply *reply)
{
    bool is_news = false;
    bool is_absent = w->sink->absent && reply && reply->status == 404;
    int64_t delay_ms = is_absent ? ABSENT_MS : watch_retry_next_ms(&w->retry, reply, random_u32(), &is_news);

    metric_watch_restart(kube_metrics(w->k), w->resource, is_absent ? "absent" : why);
    if (is_absent) {
        list_again(w);
        w->sink->absent(w->arg, false);
    } else if (is_news) { /* once, however long the server is away */
        log_warn(&w->log.log, "watch failed", F_STR("why", why), F_I64("retry_ms", delay_ms),
                 F_STR("error", reply && reply->err ? err_text(reply->err) : "the connection ended early"));
    }
    if (!is_absent && w->sink->absent && watch_retry_is_refused(&w->retry, reply)) {
        w->sink->absent(w->arg, true);
    }
    BUG_ON(uv_timer_start(&w->timer, on_timer, (uint64_t)delay_ms, 0) != 0);
}

static void
on_closed(uv_handle_t *handle)
{
    struct watch *w = CONTAINER_OF((uv_timer_t *)handle, struct watch, timer);

    free(w->path);
    free(w->resource);
    free(w->label_selector);
    free(w->field_selector);
    object_reader_free(w->lines);
    list_pages_free(w->pages);
    free(w->version);
    free(w);
}
