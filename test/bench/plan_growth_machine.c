// Machines for plan_growth. What vmbridge makes of a manifest is made by its plans; what scheduler, kubelet and launcher add is the
// template's.
#include "plan_growth_machine.h"

#include "api/rules/identity.h"

#define NAMESPACE "bench-%04zu"

enum {
    PASS_ARENA_MAX = 4 * 1024 * 1024,
    SETTLE_MAX = 12,
    CLAIM_EVERY = 10,
    NAME_SIZE = 32,
    UID_SIZE = 37,
    FIRST_VERSION = 48210000, /* as long as those of a cluster that has lived */
};

static void put_services(const struct machines *m, struct world *w, const char *namespace);
static char *machine_key(size_t i, size_t per_namespace);
static void settle(const struct machines *m, struct world *w, size_t i, const char *key);
static void add_machine(struct machines *m, const struct world *model, size_t i, size_t as);
static void dial_in_again(struct machines *m, size_t i);

void
machines_init(struct machines *m, const json_t *template, size_t n)
{
    *m = (struct machines){.template = template, .n = n};
    m->keys = xcalloc(n, sizeof(*m->keys));
    world_init(&m->w);
}

void
machines_fini(struct machines *m)
{
    world_fini(&m->w);
    free(m->keys);
}

void
machines_fill(struct machines *m, size_t per_namespace)
{
    struct world models[2]; /* with a claim, and without */

    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        AUTO(freep) char *key = machine_key(i, 1);
        settle(m, &models[i], i, key);
    }
    for (size_t i = 0; i < m->n; i++) {
        AUTO(freep) char *key = machine_key(i, per_namespace);
        memcpy(m->keys[i], key, strlen(key) + 1);
        if (per_namespace > 0 ? i % per_namespace == 0 : i == 0) {
            AUTO(freep) char *namespace = xstrndup(key, strcspn(key, "/"));
            put_services(m, &m->w, namespace);
            m->n_namespaces++;
        }
        size_t model = i % CLAIM_EVERY == 0 ? 0 : 1;
        add_machine(m, &models[model], model, i);
    }
    world_fini(&models[0]);
    world_fini(&models[1]);
}

void
machines_dial_in(struct machines *m)
{
    for (size_t i = 0; i < m->n; i++) {
        dial_in_again(m, i);
    }
}

static bool
forget_launcher(void *arg, const struct object *vmi)
{
    launchers_remove(arg, vmi->uid);
    return true;
}

void
machines_leave(struct machines *m)
{
    store_each(world_store(&m->w, &vmi_kind), forget_launcher, m->w.launchers);
    for (size_t k = 0; k < n_kinds; k++) {
        informer_begin(world_informer(&m->w, kinds[k]));
        informer_synced(world_informer(&m->w, kinds[k]));
    }
}

bool
plan_is_loud(const struct plan *p)
{
    if (p->n_actions > 0 || p->n_desired > 0) {
        return true;
    }
    return p->status_new && !json_equal(p->status_old, p->status_new) &&
           (p->status_old || json_object_size(p->status_new) > 0);
}

static void
set_string(json_t *object, const char *key, const char *value)
{
    BUG_ON(json_object_set_new(object, key, json_string(value)) != 0);
}

static void
put_named(struct world *w, const json_t *template, const char *namespace, const char *name, const char *uid)
{
    AUTO(json_freep) json_t *object = json_deep_copy(template);

    if (!json_object_get(object, "metadata")) {
        BUG_ON(json_object_set_new(object, "metadata", json_object()) != 0);
    }
    json_t *meta = json_object_get(object, "metadata");
    set_string(meta, "namespace", namespace);
    set_string(meta, "name", name);
    set_string(meta, "uid", uid);
    world_put(w, object);
}

/* As long as a real one, and different for each kind and machine. */
static void
make_uid(const struct kind *kind, size_t i, char ret_uid[UID_SIZE])
{
    uint32_t n = (uint32_t)i;
    unsigned k = 0;

    while (kinds[k] != kind) {
        k++;
    }

    (void)snprintf(ret_uid, UID_SIZE, "%08x-5e1f-4%03x-9d2c-c0de%08x", n * 2654435761U, k & 0xfffU, n);
}

static void
dial_in(const struct machines *m, struct world *w, const char *key, const char *vmi_uid, const char *pod_uid)
{
    AUTO(json_freep) json_t *state = json_deep_copy(json_object_get(m->template, "launcher"));

    set_string(state, "vmiUID", vmi_uid);
    AUTO(freep) char *text = json_dumps(state, JSON_COMPACT);
    launchers_name(w->launchers, vmi_uid, key);
    launchers_connected(w->launchers, vmi_uid, pod_uid);
    BUG_ON(!launchers_state(w->launchers, vmi_uid, pod_uid, text, strlen(text)));
}

/* The API server makes what was asked for; scheduler, kubelet and launcher do their part at once. */
static void
create(const struct machines *m, struct world *w, size_t i, const char *key, const struct action *a)
{
    const json_t *pod = json_object_get(m->template, "pod");
    AUTO(json_freep) json_t *object = json_deep_copy(a->body);
    char uid[UID_SIZE], vmi_uid[UID_SIZE];

    if (a->kind == &pod_kind) {
        BUG_ON(json_object_update(json_object_get(object, "spec"), json_object_get(pod, "spec")) != 0);
        BUG_ON(json_object_set(object, "status", json_object_get(pod, "status")) != 0);
    }
    make_uid(a->kind, i, uid);
    put_named(w, object, a->namespace, a->name, uid);
    if (a->kind == &pod_kind) {
        make_uid(&vmi_kind, i, vmi_uid);
        dial_in(m, w, key, vmi_uid, uid);
    }
}

/* One pass of one key, carried out. True when it changed something. */
static bool
step(const struct machines *m, struct world *w, size_t i, const char *kind, const char *key)
{
    AUTO(arena_freep) struct arena *a = arena_new(PASS_ARENA_MAX);
    AUTO(freep) char *queue_key = xasprintf("%s/%s", kind, key);
    struct plan p = {0};

    if (!world_plan(w, queue_key, a, &p) || !plan_is_loud(&p)) {
        return false;
    }
    struct plan rest = p;
    rest.n_actions = 0;
    for (size_t k = 0; k < p.n_actions; k++) {
        if (p.actions[k].verb == VERB_CREATE) {
            create(m, w, i, key, &p.actions[k]);
        } else {
            rest.actions[rest.n_actions++] = p.actions[k];
        }
    }
    if (p.n_desired > 0) {
        char vmi_uid[UID_SIZE];
        make_uid(&vmi_kind, i, vmi_uid);
        launchers_sent(w->launchers, vmi_uid, p.desired[0].pod_uid, p.desired[0].text);
    }
    world_apply(w, queue_key, &rest);
    return true;
}

static void
put_services(const struct machines *m, struct world *w, const char *namespace)
{
    const json_t *services = json_object_get(m->template, "services");
    char uid[UID_SIZE], name[NAME_SIZE];

    for (size_t i = 0; i < json_array_size(services); i++) {
        make_uid(&service_kind, i, uid);
        (void)snprintf(name, sizeof(name), "service-%zu", i);
        put_named(w, json_array_get(services, i), namespace, name, uid);
    }
}

static void
put_machine(const struct machines *m, struct world *w, size_t i, const char *namespace, const char *name)
{
    AUTO(json_freep) json_t *machine = json_deep_copy(json_object_get(m->template, "machine"));
    AUTO(freep) char *claim = xasprintf("%s-root", name);
    char uid[UID_SIZE];

    if (i % CLAIM_EVERY == 0) {
        AUTO(json_freep) json_t *volume = json_deep_copy(json_object_get(m->template, "claimVolume"));
        json_t *volumes = json_at(machine, "spec", "template", "spec", "volumes", NULL);
        set_string(json_object_get(volume, "persistentVolumeClaim"), "claimName", claim);
        BUG_ON(json_array_set(volumes, 0, volume) != 0);
        make_uid(&pvc_kind, i, uid);
        put_named(w, json_object_get(m->template, "claim"), namespace, claim, uid);
    }
    make_uid(&vm_kind, i, uid);
    put_named(w, machine, namespace, name, uid);
}

static char *
machine_key(size_t i, size_t per_namespace)
{
    return xasprintf(NAMESPACE "/vm-%06zu", per_namespace > 0 ? i / per_namespace : 0, i);
}

/* From its manifest to rest, alone in a small world. */
static void
settle(const struct machines *m, struct world *w, size_t i, const char *key)
{
    AUTO(freep) char *namespace = xstrndup(key, strcspn(key, "/"));
    unsigned round = 0;
    bool changed = true;

    world_init(w);
    w->version = FIRST_VERSION;
    w->now_s += 2;
    put_services(m, w, namespace);
    put_machine(m, w, i, namespace, key + strlen(namespace) + 1);
    while (changed) {
        bool vm = step(m, w, i, "vm", key);
        changed = step(m, w, i, "vmi", key) || vm;
        BUG_ON(++round > SETTLE_MAX);
    }
}

/* What of a machine's objects differs from those of the others, as text; as long in all machines. */
enum { N_TOKENS = 4 + KINDS_MAX };

static void
make_tokens(struct arena *a, size_t i, const char *key, const char *ret_tokens[N_TOKENS])
{
    const char *namespace = arena_strndup(a, key, strcspn(key, "/"));
    const char *name = key + strlen(namespace) + 1;

    size_t n = 0;

    BUG_ON(n_kinds > KINDS_MAX);
    for (size_t k = 0; k < KINDS_MAX; k++) {
        char *uid = arena_alloc(a, UID_SIZE, 1);
        make_uid(kinds[k < n_kinds ? k : 0], i, uid);
        ret_tokens[n++] = uid;
    }
    char vmi_uid[UID_SIZE];
    make_uid(&vmi_kind, i, vmi_uid);
    ret_tokens[n++] = identity_pod_name(a, &(struct pod_key){0}, namespace, name, vmi_uid);
    ret_tokens[n++] = namespace;
    ret_tokens[n++] = name;
    ret_tokens[n] = identity_mac(a, namespace, name, "default");
}

static void
replace(char *text, const char *from, const char *to)
{
    size_t len = strlen(from);

    BUG_ON(strlen(to) != len);
    for (char *at = strstr(text, from); at; at = strstr(at + len, from)) {
        memcpy(at, to, len);
    }
}

/* The rest of what differs, in place: times, version, node, address and container, from digits that follow from 'seed'. */
static void
scatter(char *text, const json_t *pod, uint32_t seed)
{
    const char *id =
        strrchr(json_str(json_array_get(json_at(pod, "status", "containerStatuses", NULL), 0), "containerID"), '/');
    char to[80], hour[16];
    size_t n = 0;

    for (uint32_t x = seed; n < strlen(id + 1); n++) {
        x = x * 1664525U + 1013904223U;
        to[n] = "0123456789abcdef"[x >> 28];
    }
    to[n] = '\0';
    replace(text, id + 1, to);
    (void)snprintf(to, sizeof(to), "10.2%02u.1%02u.1%02u", seed % 97, seed / 7 % 100, seed / 11 % 100);
    replace(text, json_str(json_object_get(pod, "status"), "podIP"), to);
    (void)snprintf(to, sizeof(to), "worker-%04u", seed % 1009);
    replace(text, "worker-0123", to);
    (void)snprintf(hour, sizeof(hour), "%02uT%02u:%02u:", 1 + seed % 28, seed / 3 % 24, seed / 5 % 60);
    replace(text, "01T00:00:", hour);
    char *version = strstr(text, "\"resourceVersion\":\"");
    if (version) {
        (void)snprintf(to, sizeof(to), "%08u", FIRST_VERSION + seed % 10000000);
        char *digits = strchr(version, ':') + 2;
        n = strcspn(digits, "\"");
        BUG_ON(n != strlen(to));
        memcpy(digits, to, n);
    }
}

struct copy {
    struct machines *m;
    uint32_t seed;
    const struct kind *kind;
    const char *from[N_TOKENS];
    const char *to[N_TOKENS];
};

static bool
copy_object(void *arg, const struct object *o)
{
    const struct copy *c = arg;
    AUTO(freep) char *text = NULL;
    json_t *j = NULL;

    BUG_ON(packed_text(o->json, &text));
    for (size_t i = 0; i < N_TOKENS; i++) {
        replace(text, c->from[i], c->to[i]);
    }
    scatter(text, json_object_get(c->m->template, "pod"), c->seed);
    AUTO(err_freep) struct err *e = json_parse(text, strlen(text), SIZE_MAX, &j);
    BUG_ON(e);
    informer_apply(world_informer(&c->m->w, c->kind), j, false, NULL);
    json_decref(j);
    return true;
}

static void
add_machine(struct machines *m, const struct world *model, size_t i, size_t as)
{
    AUTO(arena_freep) struct arena *a = arena_new(PASS_ARENA_MAX);
    AUTO(freep) char *key = machine_key(i, 1);
    struct copy c = {.m = m, .seed = (uint32_t)as * 2654435761U >> 4};

    make_tokens(a, i, key, c.from);
    make_tokens(a, as, m->keys[as], c.to);
    for (size_t k = 0; k < n_kinds; k++) {
        c.kind = kinds[k];
        if (c.kind != &service_kind) {
            store_each(world_store(model, c.kind), copy_object, &c);
        }
    }
}

static void
dial_in_again(struct machines *m, size_t i)
{
    const struct object *vmi = store_get(world_store(&m->w, &vmi_kind), m->keys[i]);
    AUTO(arena_freep) struct arena *a = arena_new(PASS_ARENA_MAX);
    AUTO(freep) char *key = xasprintf("vmi/%s", m->keys[i]);
    char pod_uid[UID_SIZE];
    struct plan p = {0};

    BUG_ON(!vmi);
    make_uid(&pod_kind, i, pod_uid);
    dial_in(m, &m->w, m->keys[i], vmi->uid, pod_uid);
    BUG_ON(!world_plan(&m->w, key, a, &p));
    if (p.n_desired > 0) { /* which ports to open: said once after each connect */
        launchers_sent(m->w.launchers, vmi->uid, p.desired[0].pod_uid, p.desired[0].text);
    }
}
