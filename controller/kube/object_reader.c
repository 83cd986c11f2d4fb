// Paths in an object become paths in what it comes in.
#include "object_reader.h"

#include "base/json_reader.h"
#include "kube/object_header.h"
#include "kube/watch_line.h"

enum {
    N_KEEPS = 3,
    HEADER_MAX_BYTES = 128 << 10,
    CORE_MAX_BYTES = 16 << 10,
    WHY_SIZE = 64,
};

struct object_reader {
    enum object_frame frame;
    struct json_reader *json;
    struct json_keep keeps[N_KEEPS]; /* all that is wanted, a header, the least that one needs */
    const char **paths[N_KEEPS];     /* owned; NULL: all */
    char why_large[WHY_SIZE];
    char why_deep[WHY_SIZE];
    object_item_fn *item;
    void *arg;
};

struct frame {
    const char *prefix; /* before a path in the object; "": none */
    const char *const *more;
};

/* Of a bookmark its version and marks, of an error the Status; an object that has more than is asked for does no harm. */
static const char *const of_event[] = {
    "type",
    "object.metadata.resourceVersion",
    "object.metadata.annotations",
    "object.kind",
    "object.code",
    "object.reason",
    "object.message",
    NULL,
};
static const char *const of_list[] = {"kind", "apiVersion", "metadata", NULL};
static const char *const of_short_event[] = {"type", NULL};
static const char *const of_short_list[] = {"kind", "apiVersion", NULL};
static const char *const of_object[] = {NULL};

static const struct frame frames[] = {
    [OBJECT_ALONE] = {"", of_object}, [OBJECT_IN_EVENT] = {"object.", of_event}, [OBJECT_IN_LIST] = {"items.", of_list}};
static const struct frame short_frames[] = {
    [OBJECT_ALONE] = {"", of_object}, [OBJECT_IN_EVENT] = {"object.", of_short_event}, [OBJECT_IN_LIST] = {"items.", of_short_list}};

static const char **paths_in(const struct frame *frame, const char *const *parts, const char *const *within);
static bool is_within(const char *const *parts, const char *path);
static size_t paths_count(const char *const *paths);
static void paths_free(const char **paths);
static bool on_item(void *arg, const json_t *list, json_t *item, enum json_over over);
static struct object_lack lack_of(const struct object_reader *r, enum json_over over);
static struct err *header_in(enum object_frame frame, json_t **tree);

struct object_reader *
object_reader_new(enum object_frame frame, const char *const *parts, size_t max_bytes)
{
    struct object_reader *r = XNEW(struct object_reader);
    size_t max = max_bytes ? max_bytes : OBJECT_MAX_BYTES;

    r->frame = frame;
    r->paths[0] = parts ? paths_in(&frames[frame], parts, NULL) : NULL;
    r->paths[1] = paths_in(&short_frames[frame], object_header_paths, parts);
    r->paths[2] = paths_in(&short_frames[frame], object_core_paths, parts);
    const size_t limits[N_KEEPS] = {max, HEADER_MAX_BYTES, CORE_MAX_BYTES};
    for (size_t i = 0; i < N_KEEPS; i++) {
        r->keeps[i] = (struct json_keep){.paths = r->paths[i], .max_bytes = limits[i]};
    }
    (void)snprintf(r->why_large, sizeof(r->why_large), "it is larger than %zu KiB", max >> 10);
    (void)snprintf(r->why_deep, sizeof(r->why_deep), "it nests deeper than %d levels", JSON_DEPTH_MAX);
    r->json = json_reader_new(r->keeps, N_KEEPS);
    return r;
}

void
object_reader_free(struct object_reader *r)
{
    if (!r) {
        return;
    }
    json_reader_free(r->json);
    for (size_t i = 0; i < N_KEEPS; i++) {
        paths_free(r->paths[i]);
    }
    free(r);
}

void
object_reader_items(struct object_reader *r, object_item_fn *fn, void *arg)
{
    r->item = fn;
    r->arg = arg;
    json_reader_each(r->json, "items", on_item, r);
}

void
object_reader_feed(struct object_reader *r, const char *bytes, size_t len)
{
    json_reader_feed(r->json, bytes, len);
}

struct err *
object_reader_end(struct object_reader *r, const char *bytes, size_t len, json_t **ret_tree,
                  struct object_lack *ret_lack)
{
    AUTO(json_freep) json_t *tree = NULL;
    enum json_over over = JSON_WHOLE;
    struct err *e = json_reader_end(r->json, bytes, len, &tree, &over);

    if (!e && over != JSON_WHOLE) {
        e = header_in(r->frame, &tree);
    }
    if (e) {
        return e;
    }
    *ret_tree = STEAL(tree);
    *ret_lack = lack_of(r, over);
    return NULL;
}

void
object_reader_reset(struct object_reader *r)
{
    json_reader_reset(r->json);
}

static bool
on_item(void *arg, const json_t *list, json_t *item, enum json_over over)
{
    struct object_reader *r = arg;
    const struct object_lack lack = lack_of(r, over);

    if (!json_is_object(item)) {
        return true;
    }
    watch_line_complete(list, item);
    if (over == JSON_WHOLE) {
        return r->item(r->arg, item, &lack);
    }
    AUTO(json_freep) json_t *header = object_header(item);
    return r->item(r->arg, header, &lack);
}

static struct object_lack
lack_of(const struct object_reader *r, enum json_over over)
{
    switch (over) {
    case JSON_WHOLE:
        break;
    case JSON_LARGE:
        return (struct object_lack){r->why_large, "large"};
    case JSON_DEEP:
        return (struct object_lack){r->why_deep, "deep"};
    }
    return (struct object_lack){0};
}

/* Puts the header of the object in its place. */
static struct err *
header_in(enum object_frame frame, json_t **tree)
{
    json_t *object = frame == OBJECT_ALONE ? *tree : json_object_get(*tree, "object");
    json_t *header = NULL;

    if (frame == OBJECT_IN_LIST || str_eq(json_str(*tree, "type"), "ERROR")) {
        return NULL;
    }
    header = object_header(object);
    if (!header) {
        return err_new(ERR_INVALID, "too large, and its name cannot be read");
    }
    if (frame == OBJECT_ALONE) {
        json_decref(*tree);
        *tree = header;
    } else {
        BUG_ON(json_object_set_new(*tree, "object", header) != 0);
    }
    return NULL;
}

/* 'parts' of an object as paths in the frame, behind the frame's own. Those that are not in 'within' (NULL: all are) are left out. */
static const char **
paths_in(const struct frame *frame, const char *const *parts, const char *const *within)
{
    const char **all = xcalloc(paths_count(frame->more) + paths_count(parts) + 1, sizeof(*all));
    size_t n = 0;

    for (const char *const *more = frame->more; *more; more++) {
        all[n++] = xstrdup(*more);
    }
    for (; *parts; parts++) {
        if (is_within(within, *parts)) {
            all[n++] = xasprintf("%s%s", frame->prefix, *parts);
        }
    }
    return all;
}

static bool
is_within(const char *const *parts, const char *path)
{
    for (const char *const *p = parts; p && *p; p++) {
        size_t len = strlen(*p);
        if (strncmp(*p, path, len) == 0 && (path[len] == '\0' || path[len] == '.')) {
            return true;
        }
    }
    return !parts;
}

static size_t
paths_count(const char *const *paths)
{
    size_t n = 0;

    while (paths[n]) {
        n++;
    }
    return n;
}

static void
paths_free(const char **paths)
{
    for (const char **p = paths; p && *p; p++) {
        free((void *)(uintptr_t)*p);
    }
    free((void *)(uintptr_t)paths);
}
