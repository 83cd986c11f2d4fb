// Streams of watch events, read by scanning: no tree is built. A stream that ends is resumed where it was.
#include "feed.h"

#include "base/log.h"
#include "base/strbuf.h"
#include "kube/query.h"
#include "kube/stream.h"
#include "kube/watch_frame.h"
#include "now.h"
#include "scan.h"

enum { OBJECT_MAX_BYTES = 4 << 20, PATH_MAX_BYTES = 1024, STREAM_MS = 3600 * 1000, AGAIN_MS = 250 };

static const struct {
    const char *path;
    const char *resource;
    const char *labels;
} sources[] = {
    [KIND_VM] = {"/apis/kubevirt.io/v1/virtualmachines", "virtualmachines", NULL},
    [KIND_VMI] = {"/apis/kubevirt.io/v1/virtualmachineinstances", "virtualmachineinstances", NULL},
    [KIND_POD] = {"/api/v1/pods", "pods", "kubevirt.io=virt-launcher"},
};

struct feed {
    struct feeds *all;
    enum kind kind;
    struct watch_frame frame;
    struct strbuf line;
    struct kube_request *request; /* NULL: waits for the timer */
    uv_timer_t timer;
    char version[BOOK_VERSION_SIZE]; /* where to resume; "": list */
    bool is_synced;
};

struct feeds {
    struct kube *k;
    struct book *book;
    const char *prefix;
    size_t prefix_len;
    struct feed of[N_KINDS];
    size_t n_synced;
    size_t n_handles;
    void (*synced)(void *arg, const struct err *err); /* NULL: told */
    void *arg;
    struct log log;
};

static void feed_start(struct feed *f);

static void
feeds_tell(struct feeds *all, const struct err *err)
{
    void (*synced)(void *, const struct err *) = all->synced;

    if (synced) {
        all->synced = NULL;
        synced(all->arg, err);
    }
}

/* The status of a condition is True. */
static bool
has_condition(struct slice conditions, const char *type)
{
    static const char *const keys[] = {"type", "status"};
    struct slice item;
    const char *at = NULL;

    while (scan_item(conditions, &at, &item)) {
        struct slice v[ARRAY_LEN(keys)];
        if (scan_object(item, keys, ARRAY_LEN(keys), v) && scan_is(v[0], type)) {
            return scan_is(v[1], "True");
        }
    }
    return false;
}

static void
read_status(struct slice status, struct sight *s)
{
    static const char *const keys[] = {"phase", "conditions", "podIP"};
    struct slice v[ARRAY_LEN(keys)];

    (void)scan_object(status, keys, ARRAY_LEN(keys), v); /* a young object has none */
    s->is_good = s->kind == KIND_VM ? has_condition(v[1], "Ready") : scan_is(v[0], "Running");
    scan_copy(v[2], s->ip, sizeof(s->ip));
}

/* A pod belongs to the instance that owns it, which has the machine's name. */
static void
read_owner(struct slice owners, struct sight *s)
{
    static const char *const keys[] = {"name", "uid"};
    struct slice v[ARRAY_LEN(keys)];
    struct slice owner = {0};
    const char *at = NULL;

    if (s->kind != KIND_POD || !scan_item(owners, &at, &owner) || !scan_object(owner, keys, ARRAY_LEN(keys), v)) {
        memcpy(s->machine, s->name, sizeof(s->machine));
        return;
    }
    scan_copy(v[0], s->machine, sizeof(s->machine));
    scan_copy(v[1], s->vmi_uid, sizeof(s->vmi_uid));
}

static void
read_meta(struct slice meta, struct sight *s)
{
    static const char *const keys[] = {"namespace", "name", "uid", "resourceVersion", "generation", "ownerReferences"};
    struct slice v[ARRAY_LEN(keys)];

    (void)scan_object(meta, keys, ARRAY_LEN(keys), v); /* what is absent stays empty */
    scan_copy(v[0], s->namespace, sizeof(s->namespace));
    scan_copy(v[1], s->name, sizeof(s->name));
    scan_copy(v[2], s->uid, sizeof(s->uid));
    scan_copy(v[3], s->version, sizeof(s->version));
    s->generation = scan_int(v[4], 0);
    read_owner(v[5], s);
}

static bool
is_ours(const struct feeds *all, const struct sight *s)
{
    return strncmp(s->namespace, all->prefix, all->prefix_len) == 0 && s->namespace[all->prefix_len] == '-';
}

static void
take_bookmark(struct feed *f, struct slice meta)
{
    struct feeds *all = f->all;

    scan_copy(scan_key(meta, "resourceVersion"), f->version, sizeof(f->version));
    if (f->is_synced || !scan_is(scan_key(scan_key(meta, "annotations"), "k8s.io/initial-events-end"), "true")) {
        return;
    }
    f->is_synced = true;
    book_list_ends(all->book, f->kind);
    all->n_synced++;
    if (all->n_synced == N_KINDS) {
        feeds_tell(all, NULL);
    }
}

static struct err *
take_object(struct feed *f, const struct slice *parts, bool is_deleted)
{
    struct sight s = {.kind = f->kind, .is_deleted = is_deleted};

    read_meta(parts[0], &s);
    if (s.name[0] == '\0' || s.version[0] == '\0') {
        return err_new(ERR_RETRY, "the server sent an object without name or version");
    }
    if (f->is_synced) {
        memcpy(f->version, s.version, sizeof(f->version));
    }
    if (!is_ours(f->all, &s)) {
        return NULL;
    }
    read_status(parts[2], &s);
    if (f->kind == KIND_POD) {
        scan_copy(scan_key(parts[1], "serviceAccountName"), s.account, sizeof(s.account));
    }
    book_see(f->all->book, &s, now_wall_ms());
    return NULL;
}

static struct err *
take_error(struct feed *f, struct slice object)
{
    if (scan_int(scan_key(object, "code"), 0) == 410) {
        f->version[0] = '\0';
    }
    return err_new(ERR_RETRY, "the watch of %s was ended by the server", sources[f->kind].resource);
}

static struct err *
on_frame(void *arg, const char *text, size_t len)
{
    static const char *const event_keys[] = {"type", "object"};
    static const char *const object_keys[] = {"metadata", "spec", "status"};
    struct feed *f = arg;
    struct slice event[ARRAY_LEN(event_keys)];
    struct slice parts[ARRAY_LEN(object_keys)];

    if (!scan_object((struct slice){text, len}, event_keys, ARRAY_LEN(event_keys), event) ||
        !scan_object(event[1], object_keys, ARRAY_LEN(object_keys), parts)) {
        return err_new(ERR_RETRY, "the server sent a line that is no watch event");
    }
    if (scan_is(event[0], "BOOKMARK")) {
        take_bookmark(f, parts[0]);
        return NULL;
    }
    if (scan_is(event[0], "ERROR")) {
        return take_error(f, event[1]);
    }
    return take_object(f, parts, scan_is(event[0], "DELETED"));
}

static struct err *
on_piece(void *arg, const char *bytes, size_t len, bool is_end)
{
    struct feed *f = arg;

    if (is_end && f->line.len == 0) {
        return on_frame(f, bytes, len); /* whole in this piece: no copy */
    }
    if (!strbuf_add(&f->line, bytes, len)) {
        return err_new(ERR_INVALID, "a watch event is larger than %d bytes", OBJECT_MAX_BYTES);
    }
    if (!is_end) {
        return NULL;
    }
    struct err *e = on_frame(f, f->line.buf, f->line.len);
    strbuf_reset(&f->line);
    return e;
}

static struct err *
on_bytes(void *arg, const char *bytes, size_t len)
{
    struct feed *f = arg;

    return watch_frame_feed(&f->frame, bytes, len, on_piece, f);
}

static void
on_again(uv_timer_t *timer)
{
    feed_start(timer->data);
}

static void
on_done(void *arg, const struct kube_reply *reply)
{
    struct feed *f = arg;
    struct feeds *all = f->all;

    f->request = NULL;
    if (reply->err) {
        log_warn(&all->log, "watch ended", F_STR("resource", sources[f->kind].resource), F_ERR(reply->err));
    }
    if (reply->status == 410) {
        f->version[0] = '\0';
    }
    if (!f->is_synced || f->version[0] == '\0') {
        f->version[0] = '\0';
        all->n_synced -= f->is_synced;
        f->is_synced = false;
    }
    if (reply->status == 400 || reply->status == 422 || reply->status == 403 || reply->status == 404) {
        feeds_tell(all, reply->err); /* it will not be better next time; the timer tries all the same */
    }
    BUG_ON(uv_timer_start(&f->timer, on_again, AGAIN_MS, 0) != 0);
}

static void
feed_start(struct feed *f)
{
    AUTO(strbuf_fini) struct strbuf path = STRBUF_INIT(PATH_MAX_BYTES);
    bool is_list = f->version[0] == '\0';

    f->frame = (struct watch_frame){0};
    strbuf_reset(&f->line);
    if (is_list) {
        book_list_begins(f->all->book, f->kind);
    }
    (void)strbuf_adds(&path, sources[f->kind].path);
    query_add(&path, "watch", "true");
    query_add(&path, "allowWatchBookmarks", "true");
    query_add(&path, "timeoutSeconds", "3500");
    query_add(&path, "sendInitialEvents", is_list ? "true" : NULL);
    query_add(&path, "resourceVersionMatch", is_list ? "NotOlderThan" : NULL);
    query_add(&path, "resourceVersion", is_list ? NULL : f->version);
    query_add(&path, "labelSelector", sources[f->kind].labels);
    BUG_ON(path.over);
    const struct kube_call call = {
        .verb = KUBE_GET, .path = path.buf, .resource = sources[f->kind].resource, .timeout_ms = STREAM_MS};
    f->request = kube_stream(f->all->k, &call, on_bytes, on_done, f);
}

struct feeds *
feeds_new(uv_loop_t *loop, struct kube *k, struct book *book, const char *prefix,
          void (*synced)(void *arg, const struct err *err), void *arg)
{
    struct feeds *all = XNEW(struct feeds);

    *all = (struct feeds){.k = k,
                          .book = book,
                          .prefix = prefix,
                          .prefix_len = strlen(prefix),
                          .n_handles = N_KINDS,
                          .synced = synced,
                          .arg = arg,
                          .log = {.part = "feed"}};
    for (size_t i = 0; i < N_KINDS; i++) {
        struct feed *f = &all->of[i];
        f->all = all;
        f->kind = (enum kind)i;
        f->line = STRBUF_INIT(OBJECT_MAX_BYTES);
        BUG_ON(uv_timer_init(loop, &f->timer) != 0);
        f->timer.data = f;
        feed_start(f);
    }
    return all;
}

static void
on_closed(uv_handle_t *handle)
{
    struct feed *f = handle->data;
    struct feeds *all = f->all;

    strbuf_fini(&f->line);
    all->n_handles--;
    if (all->n_handles == 0) {
        free(all);
    }
}

void
feeds_close(struct feeds *f)
{
    if (!f) {
        return;
    }
    for (size_t i = 0; i < N_KINDS; i++) {
        if (f->of[i].request) {
            kube_cancel(STEAL(f->of[i].request));
        }
        uv_close((uv_handle_t *)&f->of[i].timer, on_closed);
    }
}
