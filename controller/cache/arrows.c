// What each kind of arrow finds.
#include "cache/arrows.h"

#include "api/rules/identity.h"

enum { CUT_DIGITS = 8 }; /* of a long name (identity_pod_stem) */

struct walk {
    const struct arrow *arrow;
    const struct store *to;
    arrow_emit_fn *emit;
    void *arg;
    const char *needle; /* text that the JSON must contain, or NULL */
    const char *stem;   /* ARROW_NAME: what is left of a long name */
};

static void follow(const struct walk *w, const struct object *object);
static void emit_owner(const struct walk *w, const struct object *object);
static void emit_named(const struct walk *w, const struct object *object);
static void emit_referring(const struct walk *w, const struct object *object);
static void emit_selected(const struct walk *w, const struct object *object);
static void emit_subject(const struct walk *w, const struct object *object);
static void emit_adopters(const struct walk *w, const struct object *object);
static bool emit_one(void *arg, const struct object *object);
static bool emit_of_stem(void *arg, const struct object *object);
static bool is_cut(const char *stem);
static bool has_text(const struct object *o, const char *needle);
static char *key_namespace(const char *store_key);

void
arrows_follow(const struct arrows *arrows, const struct caches *caches, const struct kind *kind,
              const struct object *object, arrow_emit_fn *emit, void *arg)
{
    if (kind->sync) {
        emit(arg, kind, object->key);
    }
    for (size_t i = 0; i < arrows->n; i++) {
        if (arrows->items[i].from == kind) {
            const struct walk w = {
                .arrow = &arrows->items[i], .to = caches_store(caches, arrows->items[i].to), .emit = emit, .arg = arg};
            follow(&w, object);
        }
    }
}

bool
arrows_read(const struct arrows *arrows, const struct kind *from, const struct kind *to)
{
    for (size_t i = 0; i < arrows->n; i++) {
        if (arrows->items[i].from == from && arrows->items[i].to == to) {
            return true;
        }
    }
    return from == to;
}

static void
follow(const struct walk *w, const struct object *object)
{
    struct walk all = *w;

    switch (w->arrow->how) {
    case ARROW_SAME_NAME:
        w->emit(w->arg, w->arrow->to, object->key);
        break;
    case ARROW_OWNER:
        emit_owner(w, object);
        break;
    case ARROW_NAME:
        emit_named(w, object);
        break;
    case ARROW_REFERENCE:
        emit_referring(w, object);
        break;
    case ARROW_SELECTOR:
        emit_selected(w, object);
        break;
    case ARROW_SUBJECT:
        emit_subject(w, object);
        break;
    case ARROW_ADOPTER:
        emit_adopters(w, object);
        break;
    case ARROW_EVERYTHING:
        store_each(w->to, emit_one, &all);
        break;
    }
}

static void
emit_owner(const struct walk *w, const struct object *object)
{
    AUTO(freep) char *namespace = key_namespace(object->key);
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, object->owner_name ? object->owner_name : "");
    const struct object *owner = store_get(w->to, key);

    if (owner && str_eq(owner->uid, object->owner_uid)) {
        w->emit(w->arg, w->arrow->to, key);
    }
}

static void
emit_named(const struct walk *w, const struct object *object)
{
    char stem[ARROW_NAME_SIZE];
    struct walk copy = *w;

    if (!w->arrow->tells(object, stem)) {
        return;
    }
    copy.stem = stem;
    AUTO(freep) char *namespace = key_namespace(object->key);
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, stem);
    if (store_get(w->to, key)) {
        w->emit(w->arg, w->arrow->to, key);
    } else if (is_cut(stem)) {
        store_each_in(w->to, namespace, emit_of_stem, &copy);
    }
}

static void
emit_referring(const struct walk *w, const struct object *object)
{
    AUTO(freep) char *namespace = key_namespace(object->key);
    const char *name = strchr(object->key, '/') + 1;
    AUTO(freep) char *needle = xasprintf("\"%s\":\"%s\"", w->arrow->field, name);
    struct walk copy = *w;

    copy.needle = needle;
    store_each_hinted(w->to, namespace, name, emit_one, &copy);
}

/* Those whose JSON has the pair; what only their pods bear (kubevirt.io/...) is not in it: then all of the namespace. */
static void
emit_selected(const struct walk *w, const struct object *object)
{
    AUTO(json_freep) json_t *j = NULL;
    AUTO(freep) char *namespace = key_namespace(object->key);
    struct walk copy = *w;
    const char *key = NULL;
    const char *value = NULL;
    AUTO(err_freep) struct err *e = object_parse(object, SIZE_MAX, &j);

    if (e || !selector_pair(j, &key, &value)) { /* e: the cache wrote it, so none */
        return;
    }
    if (strstr(key, "kubevirt.io")) {
        store_each_in(w->to, namespace, emit_one, &copy);
        return;
    }
    AUTO(freep) char *needle = xasprintf("\"%s\":\"%s\"", key, value);
    AUTO(freep) char *word = xasprintf("%s=%s", key, value);
    copy.needle = needle;
    store_each_hinted(w->to, namespace, word, emit_one, &copy);
}

static void
emit_subject(const struct walk *w, const struct object *object)
{
    AUTO(json_freep) json_t *j = NULL;
    AUTO(err_freep) struct err *e = object_parse(object, SIZE_MAX, &j);
    AUTO(freep) char *name = e ? NULL : w->arrow->from->subject(object, j); /* e: the cache wrote it, so none */
    AUTO(freep)
    char *namespace = store_kind(w->to)->is_cluster_scoped ? xstrdup("") : key_namespace(object->key);
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, name ? name : "");

    if (store_get(w->to, key)) {
        w->emit(w->arg, w->arrow->to, key);
    }
}

static void
emit_adopters(const struct walk *w, const struct object *object)
{
    struct walk all = *w;

    if (str_empty(object->owner_uid)) {
        AUTO(freep) char *namespace = key_namespace(object->key);
        store_each_in(w->to, namespace, emit_one, &all);
    }
}

bool
selector_pair(const json_t *object, const char **ret_key, const char **ret_value)
{
    const json_t *selector = json_at(object, "spec", "selector", NULL);
    const char *found = NULL;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)selector, key, value) {
        found = json_string_value(value);
        *ret_key = key;
        *ret_value = found;
        if (found && !str_eq(key, "kubevirt.io")) { /* which all launchers bear: any other says more */
            break;
        }
    }
    return found;
}

/* A hint may err, hence the second look. */
static bool
emit_one(void *arg, const struct object *object)
{
    const struct walk *w = arg;

    if (!w->needle || has_text(object, w->needle)) {
        w->emit(w->arg, w->arrow->to, object->key);
    }
    return true;
}

static bool
emit_of_stem(void *arg, const struct object *object)
{
    const struct walk *w = arg;
    char stem[POD_STEM_SIZE];

    identity_pod_stem(strchr(object->key, '/') + 1, stem);
    if (str_eq(stem, w->stem)) {
        w->emit(w->arg, w->arrow->to, object->key);
    }
    return true;
}

static bool
is_cut(const char *stem)
{
    const char *dash = strrchr(stem, '-');

    return dash && strspn(dash + 1, "0123456789abcdef") == CUT_DIGITS && strlen(dash + 1) == CUT_DIGITS;
}

static bool
has_text(const struct object *o, const char *needle)
{
    AUTO(freep) char *text = NULL;
    AUTO(err_freep) struct err *e = packed_text(o->json, &text);

    return !e && strstr(text, needle); /* e: the cache packed it, so none */
}

static char *
key_namespace(const char *store_key)
{
    return xstrndup(store_key, strcspn(store_key, "/"));
}
