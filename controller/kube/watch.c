// The life of a watch: list (streamed, or in pages where the server refuses), follow, resume, list again. Keeps no objects.
#include "watch.h"

#include "base/backoff.h"
#include "base/clock.h"
#include "base/random.h"
#include "kube/object_reader.h"
#include "kube/query.h"
#include "kube/request_metrics.h"
#include "kube/stream.h"
#include "kube/watch_frame.h"
#include "kube/watch_line.h"
#include "kube/watch_told.h"

enum {
    PATH_MAX_BYTES = 64 << 10,
    PAGE_ITEMS = 500,
    SERVER_TIME_MIN_S = 240, /* the server ends the connection after 240 to 480 s */
    SERVER_TIME_SPREAD_S = 240,
    GRACE_MS = 30000, /* and when it does not, we do */
    BACKOFF_BASE_MS = 500,
    BACKOFF_MAX_MS = 30000,
    AWAY_MS = 1000,       /* between tries while nobody answers: asking costs little, and all machines wait for it */
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
    struct object_reader *pages;
    const struct watch_sink *sink;
    void *arg;
    struct log log;
    uv_timer_t timer;
    struct kube_request *request; /* NULL: waiting for the timer */
    struct watch_frame frame;
    struct watch_told told;
    struct backoff backoff; /* of refusals, and of streams that end early */
    struct backoff away;    /* of a server that does not answer */
    enum watch_phase phase;
    char *version;    /* where to resume; NULL: list first */
    char *page;       /* continue token of the next page, or NULL */
    bool wants_pages; /* the server refused to stream the list */
    bool progressed;  /* this connection brought something */
    bool answered;    /* this connection brought bytes */
    bool was_away;    /* the last try was not answered */
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
static void tell_lack(struct watch *w, const json_t *object, const struct object_lack *lack);
static void skip(struct watch *w, struct err *e);
static struct err *take_bookmark(struct watch *w, const struct watch_line *line);
static void on_stream_done(void *arg, const struct kube_reply *reply);
static void stream_ended(struct watch *w);
static void stream_failed(struct watch *w, const struct kube_reply *reply);
static void page_start(struct watch *w);
static struct err *on_page_bytes(void *arg, const char *bytes, size_t len);
static bool on_page_item(void *arg, const json_t *item, const struct object_lack *lack);
static void on_page(void *arg, const struct kube_reply *reply);
static void page_end(struct watch *w, const json_t *list);
static void page_failed(struct watch *w, const struct kube_reply *reply);
static void list_done(struct watch *w);
static void list_again(struct watch *w);
static void again_at_once(struct watch *w, const char *why);
static void again_later(struct watch *w, const char *why, const struct kube_reply *reply);
static void string_set(char **s, const char *value);
static void on_closed(uv_handle_t *handle);

struct watch *
watch_new(struct kube *k, const struct watch_spec *spec, const struct watch_sink *sink, void *arg)
{
    struct watch *w = XNEW(struct watch);

    w->k = k;
    w->path = xstrdup(spec->path);
    w->resource = xstrdup(spec->resource);
    string_set(&w->label_selector, spec->label_selector);
    string_set(&w->field_selector, spec->field_selector);
    w->lines = object_reader_new(OBJECT_IN_EVENT, spec->parts, spec->object_max_bytes);
    w->pages = object_reader_new(OBJECT_IN_LIST, spec->parts, spec->object_max_bytes);
    object_reader_items(w->pages, on_page_item, w);
    w->sink = sink;
    w->arg = arg;
    w->log = (struct log){.part = "kube", .object = w->resource};
    w->backoff = (struct backoff){.base_ms = BACKOFF_BASE_MS, .max_ms = BACKOFF_MAX_MS};
    w->away = (struct backoff){.base_ms = AWAY_MS, .max_ms = AWAY_MS};
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
    w->answered = false;
    w->started_ms = clock_mono_ms();
    if (w->version) {
        stream_start(w, false);
        return;
    }
    if (!w->page) { /* a page that failed is asked for again; everything else is a new list */
        w->sink->begin(w->arg);
    }
    if (w->closed) {
        return;
    }
    if (w->wants_pages) {
        page_start(w);
    } else {
        stream_start(w, true);
    }
}

static void
stream_start(struct watch *w, bool is_list)
{
    AUTO(strbuf_fini) struct strbuf path = STRBUF_INIT(PATH_MAX_BYTES);
    char seconds[16];
    int server_time_s = SERVER_TIME_MIN_S + (int)(random_u32() % SERVER_TIME_SPREAD_S);

    w->phase = is_list ? PHASE_STREAM_LIST : PHASE_FOLLOW;
    (void)snprintf(seconds, sizeof(seconds), "%d", server_time_s);
    (void)strbuf_adds(&path, w->path);
    query_add(&path, "watch", "true");
    query_add(&path, "allowWatchBookmarks", "true");
    query_add(&path, "timeoutSeconds", seconds);
    query_add(&path, "sendInitialEvents", is_list ? "true" : NULL);
    query_add(&path, "resourceVersionMatch", is_list ? "NotOlderThan" : NULL);
    query_add(&path, "resourceVersion", is_list ? NULL : w->version);
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

    w->answered = true;
    w->was_away = false;
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
        skip(w, e);
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
        skip(w, err_new(ERR_INVALID, "it has no resourceVersion"));
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
        string_set(&w->version, line->version);
        backoff_reset(&w->backoff);
        w->n_stuck = 0;
    }
    tell_lack(w, line->object, lack);
    w->sink->object(w->arg, is_list && !is_deleted ? WATCH_ADDED : events[line->type], line->object, lack->why);
}

static void
tell_lack(struct watch *w, const json_t *object, const struct object_lack *lack)
{
    const json_t *meta = json_object_get(object, "metadata");
    unsigned n_silent = 0;

    if (!lack->why) {
        return;
    }
    metric_watch_skipped(kube_metrics(w->k), w->resource, lack->reason);
    if (watch_told_now(&w->told, object, clock_mono_ms(), &n_silent)) {
        log_warn(&w->log, "only the header of an object is read", F_STR("namespace", json_str(meta, "namespace")),
                 F_STR("name", json_str(meta, "name")), F_STR("why", lack->why), F_I64("not_told", n_silent));
    }
}

/* Takes 'e'. */
static void
skip(struct watch *w, struct err *e)
{
    unsigned n_silent = 0;

    metric_watch_skipped(kube_metrics(w->k), w->resource, "unreadable");
    if (watch_told_now(&w->told, NULL, clock_mono_ms(), &n_silent)) {
        log_warn(&w->log, "an object is skipped", F_STR("after", w->version), F_ERR(e), F_I64("not_told", n_silent));
    }
    err_free(e);
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
    string_set(&w->version, line->version);
    backoff_reset(&w->backoff);
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
        log_info(&w->log, "the server does not stream lists, pages are read", F_ERR(reply->err));
        w->wants_pages = true;
        again_at_once(w, "refused");
        return;
    }
    if (w->phase == PHASE_STREAM_LIST && w->wants_pages) {
        again_at_once(w, "refused");
        return;
    }
    if (err_class(reply->err) == ERR_GONE && w->version) {
        log_info(&w->log, "watch is too old, listing again", F_ERR(reply->err));
        list_again(w);
        again_at_once(w, "gone");
        return;
    }
    if (is_refused || w->n_stuck >= STUCK_MAX) {
        list_again(w);
    }
    again_later(w, "error", reply);
}

/* Read as it comes, like a watch: a page of large objects must not cost its size. */
static void
page_start(struct watch *w)
{
    AUTO(strbuf_fini) struct strbuf path = STRBUF_INIT(PATH_MAX_BYTES);
    char items[16];

    w->phase = PHASE_PAGES;
    (void)snprintf(items, sizeof(items), "%d", PAGE_ITEMS);
    (void)strbuf_adds(&path, w->path);
    query_add(&path, "limit", items);
    query_add(&path, "continue", w->page);
    query_add(&path, "labelSelector", w->label_selector);
    query_add(&path, "fieldSelector", w->field_selector);
    BUG_ON(path.over);
    object_reader_reset(w->pages);
    const struct kube_call call = {.verb = KUBE_GET, .path = path.buf, .resource = w->resource};
    w->request = kube_stream(w->k, &call, on_page_bytes, on_page, w);
}

static struct err *
on_page_bytes(void *arg, const char *bytes, size_t len)
{
    struct watch *w = arg;

    w->answered = true;
    w->was_away = false;
    object_reader_feed(w->pages, bytes, len);
    return w->closed ? err_new(ERR_RETRY, "watch is closed") : NULL; /* nobody reads it */
}

/* A page that breaks off is asked for again, and its objects come twice. */
static bool
on_page_item(void *arg, const json_t *item, const struct object_lack *lack)
{
    struct watch *w = arg;

    if (!item) {
        skip(w, err_new(ERR_INVALID, "%s, and its name cannot be read", lack->why));
        return true;
    }
    tell_lack(w, item, lack);
    w->sink->object(w->arg, WATCH_ADDED, item, lack->why);
    return !w->closed;
}

static void
on_page(void *arg, const struct kube_reply *reply)
{
    struct watch *w = arg;
    AUTO(json_freep) json_t *list = NULL;
    struct object_lack lack = {0};

    w->request = NULL;
    if (reply->err) {
        page_failed(w, reply);
        return;
    }
    struct err *e = object_reader_end(w->pages, "", 0, &list, &lack);
    if (e) {
        log_warn(&w->log, "a page of the list cannot be read", F_ERR(e));
        err_free(e);
        again_later(w, "error", NULL);
        return;
    }
    page_end(w, list);
}

static void
page_end(struct watch *w, const json_t *list)
{
    const json_t *meta = json_object_get(list, "metadata");
    const char *next = json_str(meta, "continue");
    const char *version = json_str(meta, "resourceVersion");

    if (str_empty(version) && str_empty(next)) {
        again_later(w, "error", NULL);
        return;
    }
    if (!str_empty(next)) {
        string_set(&w->page, next);
        page_start(w);
        return;
    }
    string_set(&w->page, NULL);
    string_set(&w->version, version);
    backoff_reset(&w->backoff);
    list_done(w);
    if (!w->closed) {
        watch_begin(w);
    }
}

static void
page_failed(struct watch *w, const struct kube_reply *reply)
{
    if (err_class(reply->err) == ERR_GONE && w->page) {
        log_info(&w->log, "the list is too old to go on, listing again", F_ERR(reply->err));
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
    log_debug(&w->log, "list is complete", F_I64("after_ms", clock_mono_ms() - w->started_ms));
    w->sink->synced(w->arg);
}

static void
list_again(struct watch *w)
{
    string_set(&w->version, NULL);
    string_set(&w->page, NULL);
    w->n_stuck = 0;
}

static void
again_at_once(struct watch *w, const char *why)
{
    metric_watch_restart(kube_metrics(w->k), w->resource, why);
    log_debug(&w->log, "watch connects again", F_STR("why", why));
    watch_begin(w);
}

static void
again_later(struct watch *w, const char *why, const struct kube_reply *reply)
{
    bool is_away = reply && reply->status == 0 && !w->answered;
    int64_t delay_ms = backoff_next_ms(is_away ? &w->away : &w->backoff, random_u32());
    int64_t asked_ms = reply ? reply->retry_after_ms : 0;

    delay_ms = asked_ms > delay_ms ? asked_ms : delay_ms;
    delay_ms = delay_ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : delay_ms;
    metric_watch_restart(kube_metrics(w->k), w->resource, why);
    if (!is_away || !w->was_away) { /* once, however long the server is away */
        log_warn(&w->log, "watch failed", F_STR("why", why), F_I64("retry_ms", delay_ms),
                 F_STR("error", reply && reply->err ? err_text(reply->err) : "the connection ended early"));
    }
    w->was_away = is_away;
    BUG_ON(uv_timer_start(&w->timer, on_timer, (uint64_t)delay_ms, 0) != 0);
}

static void
string_set(char **s, const char *value)
{
    char *copy = value ? xstrdup(value) : NULL;

    free(*s);
    *s = copy;
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
    object_reader_free(w->pages);
    free(w->version);
    free(w->page);
    free(w);
}
