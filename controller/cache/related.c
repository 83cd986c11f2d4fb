// The arrows between kinds: VM <- VMI <- Pod, claims and Services -> VMI, configuration -> all.
#include "cache/related.h"

struct walk {
    void (*emit)(void *arg, const char *key);
    void *arg;
    const char *needle; /* text that the instance's JSON must contain, or NULL */
};

static void emit_key(const struct walk *w, enum kind kind, const char *store_key);
static void emit_same_namespace(const struct walk *w, const struct object *object, const struct store *vmis);
static void emit_selected(const struct walk *w, const struct object *service, const struct store *vmis);
static bool emit_vmi(void *arg, const struct object *vmi);
static char *key_namespace(const char *store_key);

void
related_keys(enum kind kind, const struct object *object, const struct store *vmis,
             void (*emit)(void *arg, const char *key), void *arg)
{
    struct walk w = {.emit = emit, .arg = arg};
    AUTO(freep) char *needle = NULL;

    switch (kind) {
    case KIND_VM:
        emit_key(&w, KIND_VM, object->key);
        return;
    case KIND_VMI:
        emit_key(&w, KIND_VMI, object->key);
        emit_key(&w, KIND_VM, object->key); /* an instance bears the name of its machine */
        return;
    case KIND_POD: {
        AUTO(freep) char *namespace = key_namespace(object->key);
        AUTO(freep) char *owner = xasprintf("%s/%s", namespace, object->owner_name);
        emit_key(&w, KIND_VMI, owner);
        return;
    }
    case KIND_PVC:
        needle = xasprintf("\"claimName\":\"%s\"", strchr(object->key, '/') + 1);
        w.needle = needle;
        emit_same_namespace(&w, object, vmis);
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

static void
emit_key(const struct walk *w, enum kind kind, const char *store_key)
{
    AUTO(freep) char *key = related_key(kind, store_key);

    w->emit(w->arg, key);
}

static void
emit_same_namespace(const struct walk *w, const struct object *object, const struct store *vmis)
{
    AUTO(freep) char *namespace = key_namespace(object->key);
    struct walk copy = *w;

    store_each_in(vmis, namespace, emit_vmi, &copy);
}

/* Those whose JSON has the pair; what only their pods bear (kubevirt.io/...) is not in it: then all of the namespace. */
static void
emit_selected(const struct walk *w, const struct object *service, const struct store *vmis)
{
    json_t *j = NULL;
    struct walk copy = *w;
    const char *key = NULL;
    const char *value = NULL;
    AUTO(freep) char *needle = NULL;
    struct err *e = json_parse(service->json, service->len, service->len, &j);

    BUG_ON(e); /* the cache wrote it */
    bool selects = selector_pair(j, &key, &value);
    if (selects && !strstr(key, "kubevirt.io")) {
        needle = xasprintf("\"%s\":\"%s\"", key, value);
        copy.needle = needle;
    }
    if (selects) {
        emit_same_namespace(&copy, service, vmis);
    }
    json_decref(j);
}

static bool
emit_vmi(void *arg, const struct object *vmi)
{
    const struct walk *w = arg;

    if (!w->needle || strstr(vmi->json, w->needle)) {
        emit_key(w, KIND_VMI, vmi->key);
    }
    return true;
}

static char *
key_namespace(const char *store_key)
{
    return xstrndup(store_key, strcspn(store_key, "/"));
}
