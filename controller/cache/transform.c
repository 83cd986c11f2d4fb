// What a kind says is kept of its objects (cache/kind.h).
#include "cache/transform.h"

#include "cache/legal.h"

enum { HEADER_VALUE_MAX = 4096, RELEASES_MAX = 8, PLACE_SIZE = 24 };

static const char *const last_applied =
    "kubectl.kubernetes.io/last-applied-configuration"; /* large, and nobody reads it */
static const char *const status_lost = "statusLost";

static json_t *keep_paths(const char *const *paths, const struct kind *kind, const json_t *object);
static void keep_annotations(const struct kind *kind, const json_t *from, json_t *meta);
static void keep_owner(json_t *meta);
static void keep_finalizers(const struct kind *kind, json_t *meta);
static bool is_ours(const struct kind *kind, const json_t *finalizer, size_t i, char ret_place[PLACE_SIZE]);
static void keep_labels(const struct kind *kind, json_t *meta);
static void keep_label(const struct kind *kind, json_t *meta);
static void drop_long(json_t *object);
static bool is_long(const json_t *j, size_t *left);

json_t *
transform_object(const struct kind *kind, const json_t *object)
{
    return keep_paths(kind->kept.paths, kind, object);
}

json_t *
transform_header(const struct kind *kind, const json_t *object)
{
    json_t *kept = keep_paths(kind->kept.header_paths, kind, object);
    json_t *meta = json_object_get(kept, "metadata");
    const json_t *status = json_object_get(kept, "status");

    keep_label(kind, meta);
    drop_long(meta);
    drop_long(json_object_get(meta, "annotations"));
    drop_long(json_object_get(kept, "spec"));
    size_t len;
    AUTO(freep) char *text = status ? transform_text(status, TRANSFORM_HEADER_STATUS_MAX, &len) : NULL;
    if (kind->kept.owns_status && !text) {
        transform_lose_status(kept);
    } else {
        drop_long(json_object_get(kept, "status"));
    }
    return kept;
}

bool
transform_is_legal(const struct kind *kind, const json_t *object)
{
    const json_t *meta = json_object_get(object, "metadata");
    const char *namespace = json_str(meta, "namespace");
    const char *version = json_str(meta, "resourceVersion");

    bool is_in_place = kind->is_cluster_scoped ? !namespace : legal_namespace(namespace);

    return is_in_place && legal_name(json_str(meta, "name")) && legal_uid(json_str(meta, "uid")) &&
           (!version || legal_version(version));
}

char *
transform_text(const json_t *j, size_t max, size_t *ret_len)
{
    size_t left = max < SIZE_MAX - 2 ? max + 2 : max; /* the last value has no comma */

    if (is_long(j, &left)) {
        return NULL;
    }
    char *text = json_compact(j);
    *ret_len = strlen(text);
    if (*ret_len > max) {
        free(text);
        return NULL;
    }
    return text;
}

void
transform_lose_status(json_t *object)
{
    (void)json_object_del(object, "status"); /* or there is none */
    BUG_ON(json_object_set_new(object, status_lost, json_true()) != 0);
}

bool
transform_has_lost_status(const json_t *object)
{
    return json_bool(object, status_lost, false);
}

static json_t *
keep_paths(const char *const *paths, const struct kind *kind, const json_t *object)
{
    json_t *kept = json_object();

    BUG_ON(!kept);
    for (; *paths; paths++) {
        json_copy_path(*paths, object, kept);
    }
    json_t *meta = json_object_get(kept, "metadata");
    if (meta) {
        keep_annotations(kind, object, meta);
        keep_owner(meta);
        keep_finalizers(kind, meta);
        keep_labels(kind, meta);
    }
    return kept;
}

static bool
is_listed(const char *const *list, const char *text)
{
    for (; *list; list++) {
        if (str_eq(*list, text)) {
            return true;
        }
    }
    return false;
}

static void
keep_annotations(const struct kind *kind, const json_t *from, json_t *meta)
{
    json_t *all = json_object_get(meta, "annotations") ? json_at(from, "metadata", "annotations", NULL) : NULL;
    json_t *kept = json_object();
    const char *key;
    json_t *value;

    json_object_foreach(all, key, value) {
        if (kind->kept.annotations ? is_listed(kind->kept.annotations, key) : !str_eq(key, last_applied)) {
            BUG_ON(json_object_set(kept, key, value) != 0);
        }
    }
    if (json_object_size(kept) > 0) {
        BUG_ON(json_object_set(meta, "annotations", kept) != 0);
    } else {
        (void)json_object_del(meta, "annotations");
    }
    json_decref(kept);
}

static void
keep_labels(const struct kind *kind, json_t *meta)
{
    const json_t *all = json_object_get(meta, "labels");

    if (!kind->kept.labels) {
        return;
    }
    json_t *kept = json_object();
    for (size_t i = 0; kind->kept.labels[i]; i++) {
        const char *key = kind->kept.labels[i];
        json_t *value = json_object_get(all, key);
        BUG_ON(value && json_object_set(kept, key, value) != 0);
    }
    if (json_object_size(kept) > 0) {
        BUG_ON(json_object_set(meta, "labels", kept) != 0);
    } else {
        (void)json_object_del(meta, "labels");
    }
    json_decref(kept);
}

/* The controlling one, and of it what is read. An owner that has no legal name is none. */
static void
keep_owner(json_t *meta)
{
    json_t *kept = NULL;
    size_t i;
    json_t *ref;

    json_array_foreach(json_object_get(meta, "ownerReferences"), i, ref) {
        const char *kind = json_str(ref, "kind");
        const char *version = json_str(ref, "apiVersion");
        if (!json_bool(ref, "controller", false)) {
            continue;
        }
        if (legal_name(json_str(ref, "name")) && legal_uid(json_str(ref, "uid"))) {
            kept = json_pack("{s:s*, s:s*, s:O, s:O, s:b}", "apiVersion", legal_kind(version) ? version : NULL, "kind",
                             legal_kind(kind) ? kind : NULL, "name", json_object_get(ref, "name"), "uid",
                             json_object_get(ref, "uid"), "controller", 1);
            BUG_ON(!kept);
        }
        break;
    }
    if (kept) {
        BUG_ON(json_object_set_new(meta, "ownerReferences", json_pack("[o]", kept)) != 0);
    } else {
        (void)json_object_del(meta, "ownerReferences");
    }
}

/* Where ours stand, however many others there are: "#7" is no finalizer that anybody could write. */
static void
keep_finalizers(const struct kind *kind, json_t *meta)
{
    json_t *places = json_array();
    char place[PLACE_SIZE];
    size_t i;
    json_t *finalizer;

    json_array_foreach(json_object_get(meta, "finalizers"), i, finalizer) {
        if (kind->kept.finalizer && json_array_size(places) < RELEASES_MAX && is_ours(kind, finalizer, i, place)) {
            BUG_ON(json_array_append_new(places, json_string(place)) != 0);
        }
    }
    if (json_array_size(places) > 0) {
        BUG_ON(json_object_set(meta, "finalizers", places) != 0);
    } else {
        (void)json_object_del(meta, "finalizers");
    }
    json_decref(places);
}

static bool
is_ours(const struct kind *kind, const json_t *finalizer, size_t i, char ret_place[PLACE_SIZE])
{
    const char *text = json_string_value(finalizer);

    if (text && text[0] == '#' && strlen(text) < PLACE_SIZE) { /* of an object that was transformed before */
        (void)snprintf(ret_place, PLACE_SIZE, "%s", text);
        return true;
    }
    (void)snprintf(ret_place, PLACE_SIZE, "#%zu", i);
    return str_eq(text, kind->kept.finalizer);
}

/* Of labels what we wrote ourselves. */
static void
keep_label(const struct kind *kind, json_t *meta)
{
    const char *key = kind->kept.header_label;
    json_t *node = key ? json_object_get(json_object_get(meta, "labels"), key) : NULL;
    json_t *labels = legal_name(json_string_value(node)) ? json_pack("{s:O}", key, node) : NULL;

    if (labels) {
        BUG_ON(json_object_set_new(meta, "labels", labels) != 0);
    } else {
        (void)json_object_del(meta, "labels");
    }
}

static void
drop_long(json_t *object)
{
    const char *key;
    void *tmp;
    json_t *value;

    json_object_foreach_safe(object, tmp, key, value) {
        size_t left = HEADER_VALUE_MAX;
        if (is_long(value, &left)) {
            (void)json_object_del(object, key);
        }
    }
}

/* Whether the text of a tree is longer than what is left, by what each value takes at least. */
static bool
is_long(const json_t *j, size_t *left) // NOLINT(misc-no-recursion): as deep as it was read, JSON_DEPTH_MAX
{
    size_t least = 1 + (json_is_string(j) ? json_string_length(j) + 2 : 1); /* with a comma */
    size_t len;
    const char *key;
    json_t *value;

    if (least > *left) {
        return true;
    }
    *left -= least;
    for (size_t i = 0; i < json_array_size(j); i++) {
        if (is_long(json_array_get(j, i), left)) {
            return true;
        }
    }
    json_object_keylen_foreach((json_t *)(uintptr_t)j, key, len, value)
    {
        if (len + 3 > *left || is_long(value, left)) {
            return true;
        }
        *left -= len + 3;
    }
    return false;
}
