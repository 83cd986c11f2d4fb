// Read as it comes, like a watch: a page of large objects must not cost its size.
#include "list_pages.h"

#include "kube/query.h"
#include "kube/stream.h"

enum { PATH_MAX_BYTES = 64 << 10, PAGE_ITEMS = 500 };

struct list_pages {
    struct kube *k;
    struct list_pages_spec spec;
    const struct list_pages_sink *sink;
    void *arg;
    struct object_reader *reader;
    struct kube_request *request;
    char *next; /* continue token of the page that is asked for next, or NULL */
    bool is_stopped;
};

static bool on_item(void *arg, const json_t *item, const struct object_lack *lack);
static struct err *on_bytes(void *arg, const char *bytes, size_t len);
static void on_page(void *arg, const struct kube_reply *reply);
static void page_end(struct list_pages *p, const json_t *list);
static void next_set(struct list_pages *p, const char *token);

struct list_pages *
list_pages_new(struct kube *k, const struct list_pages_spec *spec, const struct list_pages_sink *sink, void *arg)
{
    struct list_pages *p = XNEW(struct list_pages);

    p->k = k;
    p->spec = *spec;
    p->sink = sink;
    p->arg = arg;
    p->reader = object_reader_new(OBJECT_IN_LIST, spec->parts, spec->object_max_bytes);
    p->spec.parts = NULL; /* the reader has its own */
    object_reader_items(p->reader, on_item, p);
    return p;
}

void
list_pages_free(struct list_pages *p)
{
    object_reader_free(p->reader);
    free(p->next);
    free(p);
}

void
list_pages_next(struct list_pages *p)
{
    AUTO(strbuf_fini) struct strbuf path = STRBUF_INIT(PATH_MAX_BYTES);
    char items[16];

    BUG_ON(p->request);
    (void)snprintf(items, sizeof(items), "%d", PAGE_ITEMS);
    (void)strbuf_adds(&path, p->spec.path);
    query_add(&path, "limit", items);
    query_add(&path, "continue", p->next);
    query_add(&path, "labelSelector", p->spec.label_selector);
    query_add(&path, "fieldSelector", p->spec.field_selector);
    BUG_ON(path.over);
    object_reader_reset(p->reader);
    const struct kube_call call = {.verb = KUBE_GET, .path = path.buf, .resource = p->spec.resource};
    p->request = kube_stream(p->k, &call, on_bytes, on_page, p);
}

bool
list_pages_is_begun(const struct list_pages *p)
{
    return p->next != NULL;
}

void
list_pages_reset(struct list_pages *p)
{
    next_set(p, NULL);
}

void
list_pages_stop(struct list_pages *p)
{
    p->is_stopped = true;
    if (p->request) {
        kube_cancel(STEAL(p->request));
    }
}

static struct err *
on_bytes(void *arg, const char *bytes, size_t len)
{
    struct list_pages *p = arg;

    p->sink->heard(p->arg);
    object_reader_feed(p->reader, bytes, len);
    return p->is_stopped ? err_new(ERR_RETRY, "nobody reads the list") : NULL;
}

static bool
on_item(void *arg, const json_t *item, const struct object_lack *lack)
{
    struct list_pages *p = arg;

    return p->sink->item(p->arg, item, lack);
}

static void
on_page(void *arg, const struct kube_reply *reply)
{
    struct list_pages *p = arg;
    AUTO(json_freep) json_t *list = NULL;
    struct object_lack lack = {0};

    p->request = NULL;
    if (reply->err) {
        p->sink->failed(p->arg, reply);
        return;
    }
    struct err *e = object_reader_end(p->reader, "", 0, &list, &lack);
    if (e) {
        const struct log log = {.part = "kube", .object = p->spec.resource};
        log_warn(&log, "a page of the list cannot be read", F_ERR(e));
        err_free(e);
        p->sink->failed(p->arg, NULL);
        return;
    }
    page_end(p, list);
}

static void
page_end(struct list_pages *p, const json_t *list)
{
    const json_t *meta = json_object_get(list, "metadata");
    const char *next = json_str(meta, "continue");
    const char *version = json_str(meta, "resourceVersion");

    if (str_empty(version) && str_empty(next)) {
        p->sink->failed(p->arg, NULL);
        return;
    }
    next_set(p, str_empty(next) ? NULL : next);
    if (p->next) {
        list_pages_next(p);
    } else {
        p->sink->done(p->arg, version);
    }
}

static void
next_set(struct list_pages *p, const char *token)
{
    char *copy = token ? xstrdup(token) : NULL;

    free(p->next);
    p->next = copy;
}
