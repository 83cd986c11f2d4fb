// The arrows between kinds: VM <- VMI <- Pod, claims and Services -> VMI, configuration -> all.
#include "cache/related.h"

#include "api/rules/identity.h"

enum { CUT_DIGITS = 8 }; /* of a long name (identity_pod_stem) */

struct walk {
    void (*emit)(void *arg, const char *key);
    void *arg;
    const char *needle; /* text that the instance's JSON must contain, or NULL */
    const char *stem;   /* of the pod's name */
};

static void emit_key(const struct walk *w, enum kind kind, const char *store_key);
static void emit_of_pod(const struct walk *w, const struct object *pod, const struct store *vmis);
static void emit_of_claim(const struct walk *w, const struct object *claim, const struct store *vmis);
static void emit_named(const struct walk *w, const char *namespace, const char *stem, const struct store *vmis);
static bool is_cut(const char *stem);
static bool emit_of_stem(void *arg, const struct object *vmi);
static void emit_claimed(const struct walk *w, const struct object *claim, const struct store *vmis);
static void emit_selected(const struct walk *w, const struct object *service, const struct store *vmis);
static bool emit_vmi(void *arg, const struct object *vmi);
static bool has_text(const struct object *o, const char *needle);
static char *key_namespace(const char *store_key);

void
related_keys(enum kind kind, const struct object *object, const struct store *vmis,
             void (*emit)(void *arg, const char *key), void *arg)
{
    struct walk w = {.emit = emit, .arg = arg};

    switch (kind) {
    case KIND_VM:
        emit_key(&w, KIND_VM, object->key);
        return;
    case KIND_VMI:
        emit_key(&w, KIND_VMI, object->key);
        emit_key(&w, KIND_VM, object->key); /* an instance bears the name of its machine */
        return;
    case KIND_POD:
        emit_of_pod(&w, object, vmis);
        return;
    case KIND_PVC:
        emit_of_claim(&w, object, vmis);
        return;
    case KIND_SERVICE:
        emit_selected(&w, object, vmis);
        return;
    case KIND_KUBEVIRT:
        emit_key(&w, KIND_KUBEVIRT, object->key);
        store_each(vmis, emit_vmi, &w);
        return;
    }
}

char *
related_key(enum kind kind, const char *store_key)
{
    return xasprintf("%s/%s", kind_name(kind), store_key);
}

enum kind
related_kind(const char *key)
{
    for (int k = 0; k < N_KINDS; k++) {
        const char *name = kind_name((enum kind)k);
        if (str_starts(key, name) && key[strlen(name)] == '/') {
            return (enum kind)k;
        }
    }
    BUG_ON(true);
}

static void
emit_key(const struct walk *w, enum kind kind, const char *store_key)
{
    AUTO(freep) char *key = related_key(kind, store_key);

    w->emit(w->arg, key);
}

/* The instance whose name the pod's own name tells; that of its owner for pods that versions without a key named. */
static void
emit_of_pod(const struct walk *w, const struct object *pod, const struct store *vmis)
{
    AUTO(freep) char *namespace = key_namespace(pod->key);
    char stem[POD_STEM_SIZE];

    if (!identity_stem_of_pod(strchr(pod->key, '/') + 1, stem)) {
        identity_pod_stem(pod->owner_name, stem);
    }
    emit_named(w, namespace, stem, vmis);
}

/* A claim of state bears the stem too, and none names it. */
static void
emit_of_claim(const struct walk *w, const struct object *claim, const struct store *vmis)
{
    const char *name = strchr(claim->key, '/') + 1;

    if (str_starts(name, STATE_CLAIM_PREFIX)) {
        AUTO(freep) char *namespace = key_namespace(claim->key);
        emit_named(w, namespace, name + strlen(STATE_CLAIM_PREFIX), vmis);
    }
    emit_claimed(w, claim, vmis);
}

static void
emit_named(const struct walk *w, const char *namespace, const char *stem, const struct store *vmis)
{
    struct walk copy = *w;

    copy.stem = stem;
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, stem);
    if (store_get(vmis, key)) {
        emit_key(w, KIND_VMI, key);
    } else if (is_cut(stem)) {
        store_each_in(vmis, namespace, emit_of_stem, &copy);
    }
}

static bool
is_cut(const char *stem)
{
    const char *dash = strrchr(stem, '-');

    return dash && strspn(dash + 1, "0123456789abcdef") == CUT_DIGITS && strlen(dash + 1) == CUT_DIGITS;
}

static bool
emit_of_stem(void *arg, const struct object *vmi)
{
    const struct walk *w = arg;
    char stem[POD_STEM_SIZE];

    identity_pod_stem(strchr(vmi->key, '/') + 1, stem);
    if (str_eq(stem, w->stem)) {
        emit_key(w, KIND_VMI, vmi->key);
    }
    return true;
}

static void
emit_claimed(const struct walk *w, const struct object *claim, const struct store *vmis)
{
    AUTO(freep) char *namespace = key_namespace(claim->key);
    const char *name = strchr(claim->key, '/') + 1;
    AUTO(freep) char *needle = xasprintf("\"claimName\":\"%s\"", name);
    struct walk copy = *w;

    copy.needle = needle;
    store_each_hinted(vmis, namespace, name, emit_vmi, &copy);
}

/* Those whose JSON has the pair; what only their pods bear (kubevirt.io/...) is not in it: then all of the namespace. */
static void
emit_selected(const struct walk *w, const struct object *service, const struct store *vmis)
{
    AUTO(json_freep) json_t *j = NULL;
    AUTO(freep) char *namespace = key_namespace(service->key);
    struct walk copy = *w;
    const char *key = NULL;
    const char *value = NULL;
    AUTO(err_freep) struct err *e = object_parse(service, SIZE_MAX, &j);

    if (e || !selector_pair(j, &key, &value)) { /* e: the cache wrote it, so none */
        return;
    }
    if (strstr(key, "kubevirt.io")) {
        store_each_in(vmis, namespace, emit_vmi, &copy);
        return;
    }
    AUTO(freep) char *needle = xasprintf("\"%s\":\"%s\"", key, value);
    AUTO(freep) char *word = xasprintf("%s=%s", key, value);
    copy.needle = needle;
    store_each_hinted(vmis, namespace, word, emit_vmi, &copy);
}

/* A hint may err, hence the look. */
static bool
emit_vmi(void *arg, const struct object *vmi)
{
    const struct walk *w = arg;

    if (!w->needle || has_text(vmi, w->needle)) {
        emit_key(w, KIND_VMI, vmi->key);
    }
    return true;
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
