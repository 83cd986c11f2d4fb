// A value that the API server could not have given is left out.
#include "object_header.h"

/* clang-format off */
#define CORE_PATHS \
    "apiVersion", "kind", "metadata.name", "metadata.namespace", "metadata.uid", "metadata.resourceVersion", \
    "metadata.generation", "metadata.creationTimestamp", "metadata.deletionTimestamp", \
    "metadata.deletionGracePeriodSeconds", "spec.runStrategy", "spec.running"
/* clang-format on */

enum {
    NAME_MAX_LEN = 253,
    LABEL_MAX_LEN = 63,
    TOKEN_MAX_LEN = 64,      /* UIDs, versions, times */
    QUALIFIED_MAX_LEN = 317, /* a DNS name, a slash, a name */
    FINALIZERS_MAX_BYTES = 128 << 10,
};

const char *const object_header_paths[] = {CORE_PATHS, "metadata.finalizers", "metadata.ownerReferences", NULL};
const char *const object_core_paths[] = {CORE_PATHS, NULL};

struct text_rule {
    const char *key;
    size_t max_len;
};

static const struct text_rule object_texts[] = {{"apiVersion", QUALIFIED_MAX_LEN}, {"kind", LABEL_MAX_LEN}};
static const struct text_rule meta_texts[] = {
    {"name", NAME_MAX_LEN},
    {"namespace", LABEL_MAX_LEN},
    {"uid", TOKEN_MAX_LEN},
    {"resourceVersion", TOKEN_MAX_LEN},
    {"creationTimestamp", TOKEN_MAX_LEN},
    {"deletionTimestamp", TOKEN_MAX_LEN},
};
static const struct text_rule owner_texts[] = {
    {"apiVersion", QUALIFIED_MAX_LEN}, {"kind", LABEL_MAX_LEN}, {"name", NAME_MAX_LEN}, {"uid", TOKEN_MAX_LEN}};
static const struct text_rule spec_texts[] = {{"runStrategy", LABEL_MAX_LEN}};

static void copy_texts(const json_t *from, const struct text_rule *rules, size_t n, json_t *to);
static void copy_integer(const json_t *from, const char *key, json_t *to);
static void copy_controller(const json_t *meta, json_t *to);
static void copy_finalizers(const json_t *meta, json_t *to);
static void copy_spec(const json_t *object, json_t *to);
static void set(json_t *to, const char *key, json_t *value);

json_t *
object_header(const json_t *object)
{
    const json_t *meta = json_object_get(object, "metadata");
    AUTO(json_freep) json_t *header = json_object();
    json_t *to = json_object();

    BUG_ON(!header || !to);
    copy_texts(object, object_texts, ARRAY_LEN(object_texts), header);
    set(header, "metadata", to);
    copy_texts(meta, meta_texts, ARRAY_LEN(meta_texts), to);
    copy_integer(meta, "generation", to);
    copy_integer(meta, "deletionGracePeriodSeconds", to);
    copy_controller(meta, to);
    copy_finalizers(meta, to);
    copy_spec(object, header);
    bool is_known = json_str(to, "name") && json_str(to, "uid") && json_str(to, "resourceVersion");
    return is_known ? STEAL(header) : NULL;
}

static void
copy_texts(const json_t *from, const struct text_rule *rules, size_t n, json_t *to)
{
    for (size_t i = 0; i < n; i++) {
        json_t *value = json_object_get(from, rules[i].key);
        size_t len = json_string_length(value); /* 0: it is no string */

        if (len > 0 && len <= rules[i].max_len) {
            set(to, rules[i].key, json_incref(value));
        }
    }
}

static void
copy_integer(const json_t *from, const char *key, json_t *to)
{
    json_t *value = json_object_get(from, key);

    if (json_is_integer(value)) {
        set(to, key, json_incref(value));
    }
}

static void
copy_controller(const json_t *meta, json_t *to)
{
    const json_t *owners = json_object_get(meta, "ownerReferences");

    for (size_t i = 0; i < json_array_size(owners); i++) {
        const json_t *owner = json_array_get(owners, i);
        if (!json_bool(owner, "controller", false)) {
            continue;
        }
        json_t *copy = json_object();
        json_t *list = json_array();
        BUG_ON(!copy || !list);
        copy_texts(owner, owner_texts, ARRAY_LEN(owner_texts), copy);
        set(copy, "controller", json_true());
        BUG_ON(json_array_append_new(list, copy) != 0);
        set(to, "ownerReferences", list);
        return;
    }
}

/* Whoever takes his own off writes all others anew, so that some of them would be worse than none. */
static void
copy_finalizers(const json_t *meta, json_t *to)
{
    json_t *list = json_object_get(meta, "finalizers");
    size_t bytes = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        size_t len = json_string_length(json_array_get(list, i));
        if (len == 0 || len > QUALIFIED_MAX_LEN) {
            return;
        }
        bytes += len;
    }
    if (bytes > 0 && bytes <= FINALIZERS_MAX_BYTES) {
        set(to, "finalizers", json_incref(list));
    }
}

static void
copy_spec(const json_t *object, json_t *to)
{
    const json_t *spec = json_object_get(object, "spec");
    json_t *copy = json_object();

    BUG_ON(!copy);
    copy_texts(spec, spec_texts, ARRAY_LEN(spec_texts), copy);
    if (json_is_boolean(json_object_get(spec, "running"))) {
        set(copy, "running", json_incref(json_object_get(spec, "running")));
    }
    if (json_object_size(copy) > 0) {
        set(to, "spec", copy);
    } else {
        json_decref(copy);
    }
}

/* Takes 'value'. */
static void
set(json_t *to, const char *key, json_t *value)
{
    BUG_ON(json_object_set_new(to, key, value) != 0);
}
