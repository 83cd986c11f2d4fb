// Gathering the view of a VirtualMachineInstance.
#include "reconcile/vmi/vmi_view.h"

#include "api/kinds/defaults.h"
#include "api/rules/identity.h"
#include "api/rules/validate.h"
#include "api/walk/quantity.h"
#include "reconcile/datavolume/data_volume_kind.h"
#include "reconcile/header_view.h"
#include "reconcile/node/node_kind.h"
#include "reconcile/pod/node_devices.h"
#include "reconcile/pod/pod_kind.h"
#include "reconcile/pod/pod_meta.h"
#include "reconcile/pvc/pvc_kind.h"
#include "reconcile/pvc/state_claim.h"
#include "reconcile/service/service_kind.h"
#include "reconcile/service/service_view.h"
#include "reconcile/vmi/nodes_view.h"
#include "reconcile/vmi/pod_claim.h"
#include "reconcile/vmi/vmi_owner.h"

enum { OBJECT_MAX = 4 * 1024 * 1024, RESOURCES_MAX = 8, MODES_MAX = 8 };

struct gather {
    struct vmi_view *v;
    struct claimant who;
    const struct instance_launchers *said;
    struct err *err;
};

static void gather_spec(struct vmi_view *v, const struct object *vmi);
static struct err *gather_pods(struct vmi_view *v, const struct sources *src, const struct object *vmi);
static bool gather_pod(void *arg, const struct object *pod);
static void gather_unseen(struct vmi_view *v, const struct claimant *who, const struct store *pods);
static void gather_claims(struct vmi_view *v, const struct store *pvcs, const struct store *data_volumes);
static void claim_read(struct arena *a, const struct object *pvc, struct claim_view *c);
static struct str_map string_map(struct arena *a, const json_t *object);

struct err *
vmi_view_make(struct arena *a, const struct sources *src, const struct object *vmi, int64_t now_s,
              struct vmi_view *ret_view)
{
    struct vmi_view v = {.arena = a,
                         .config = src->config,
                         .now_s = now_s,
                         .n_waiting = src->n_waiting,
                         .is_deleted = vmi->expects_deletion};

    gather_spec(&v, vmi);
    struct err *e = gather_pods(&v, src, vmi);
    if (e) {
        return e;
    }
    if (!v.is_header) {
        gather_claims(&v, caches_store(src->caches, &pvc_kind), caches_store(src->caches, &data_volume_kind));
        if (v.has_pod && condition_is(&v.active->pod.conditions, "PodScheduled", "False") && v.config->asks_nodes) {
            v.node_lack = nodes_lack(a, &v.vmi.spec, v.has_template, caches_store(src->caches, &node_kind));
        }
        v.service_ports = service_ports(a, &v.vmi, caches_store(src->caches, &service_kind));
    }
    *ret_view = v;
    return NULL;
}

const char *
vmi_pod_name(const struct vmi_view *v)
{
    const struct meta *m = &v->vmi.meta;

    return v->has_pod ? v->active->pod.meta.name
                      : identity_pod_name(v->arena, &v->config->pod_key, m->namespace, m->name, m->uid);
}

const struct claim_view *
claim_find(const struct claim_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->items[i].name, name)) {
            return &l->items[i];
        }
    }
    return NULL;
}

struct quantity
claim_storage(const struct str_map *resources)
{
    const char *text = str_map_get(resources, "storage");
    struct quantity q = {0};
    AUTO(err_freep) struct err *e = text ? quantity_parse(text, &q) : NULL;

    if (e || q.value <= 0) {
        q = (struct quantity){0}; /* what cannot be read is as good as not told */
    }
    return q;
}

const struct claim_view *
vmi_state_claim(const struct vmi_view *v)
{
    const struct claim_view *last = v->claims.n > 0 ? &v->claims.items[v->claims.n - 1] : NULL;

    return last && last->is_state ? last : NULL; /* gathered after those of the guest's disks */
}

static void
gather_object(struct vmi_view *v, const struct object *vmi)
{
    json_t *j = NULL;
    AUTO(err_freep) struct err *e = object_parse(vmi, OBJECT_MAX, &j);

    if (!e) {
        json_in_arena(v->arena, j);
    }
    v->status_lost = object_lost_status(j);
    if (!e && !vmi->why) {
        e = api_decode(&vmi_type, j, v->arena, &v->vmi);
    }
    if (e || vmi->why) {
        header_vmi(v->arena, vmi, j, &v->vmi);
        v->is_header = true;
        v->invalid = header_why(v->arena, vmi, e);
    } else {
        v->spec_json = json_object_get(j, "spec");
    }
}

static void
gather_spec(struct vmi_view *v, const struct object *vmi)
{
    gather_object(v, vmi);
    v->going = vmi->expects_deletion || v->vmi.meta.deletion_s != 0;
    v->has_template = vmi_has_template(&v->vmi);
    if (v->is_header) {
        return;
    }
    AUTO(err_freep) struct err *bad = vmi_validate(&v->vmi, v->arena);
    if (bad) {
        v->invalid = arena_strdup(v->arena, err_text(bad));
    } else {
        v->invalid = node_devices_refused(&v->vmi.spec.domain, v->config, v->arena);
    }
    if (!v->invalid) {
        const struct default_options options = {.disk_pull_policy = v->config->disk_pull_policy,
                                                .name = v->vmi.meta.name};
        vmi_spec_default(&v->vmi.spec, v->arena, &options);
    }
}

static struct claimant
claimant_of(struct vmi_view *v, const struct sources *src, const struct object *vmi)
{
    const struct instance_launchers *l = launchers_get(src->launchers, vmi->uid);

    return (struct claimant){.key = &v->config->pod_key,
                             .namespace = v->vmi.meta.namespace,
                             .name = v->vmi.meta.name,
                             .uid = vmi->uid,
                             .recorded = &v->vmi.status.active_pods,
                             .made_uid = l && l->made_uid ? arena_strdup(v->arena, l->made_uid) : NULL};
}

/* Of its status only that: the rest may be whatever it is. */
static bool
read_recorded(struct arena *a, const struct object *vmi, struct vmi *ret_vmi)
{
    json_t *j = NULL;
    AUTO(err_freep) struct err *e = object_parse(vmi, OBJECT_MAX, &j);

    if (e) {
        return false;
    }
    json_in_arena(a, j);
    ret_vmi->meta.namespace = json_str(json_object_get(j, "metadata"), "namespace");
    ret_vmi->meta.name = json_str(json_object_get(j, "metadata"), "name");
    ret_vmi->status.active_pods = string_map(a, json_at(j, "status", "activePods", NULL));
    return ret_vmi->meta.namespace && ret_vmi->meta.name && !arena_is_over(a);
}

bool
vmi_view_owns(struct arena *a, const struct sources *src, const struct object *vmi, const struct object *pod)
{
    struct vmi_view v = {.arena = a, .config = src->config};

    if (!read_recorded(a, vmi, &v.vmi)) {
        return false;
    }
    const struct claimant who = claimant_of(&v, src, vmi);
    enum pod_claim claim = pod_claim(&who, pod);
    return claim == POD_OURS || claim == POD_TARGET;
}

bool
vmi_view_records(struct arena *a, const struct object *vmi, const char *pod_uid)
{
    struct vmi v = {0};

    return read_recorded(a, vmi, &v) && str_map_get(&v.status.active_pods, pod_uid);
}

/* Once the status says in which pod the guest is, the others are the second ones: also the one that it left. */
static void
mark_second(struct launcher_view_list *l, const char *pod_name)
{
    bool is_there = false;

    for (size_t i = 0; i < l->n; i++) {
        is_there = is_there || str_eq(l->items[i].pod.meta.name, pod_name);
    }
    for (size_t i = 0; i < l->n && is_there; i++) {
        l->items[i].is_second = !str_eq(l->items[i].pod.meta.name, pod_name);
    }
}

static int
launcher_order(const void *a, const void *b)
{
    const struct launcher_view *x = a;
    const struct launcher_view *y = b;

    return x->is_second != y->is_second ? (int)x->is_second - (int)y->is_second
                                        : strcmp(x->pod.meta.name, y->pod.meta.name);
}

static struct err *
gather_pods(struct vmi_view *v, const struct sources *src, const struct object *vmi)
{
    static const struct launcher_view nobody = {.connected = false};
    const struct store *pods = caches_store(src->caches, &pod_kind);
    struct gather g = {.v = v, .said = launchers_get(src->launchers, vmi->uid)};
    char stem[POD_STEM_SIZE];

    g.who = claimant_of(v, src, vmi);
    if (src->foreign) {
        v->foreign = foreign_about(src->foreign, vmi->uid);
    }
    if (g.said && g.said->warnings) {
        v->warnings = arena_strdup(v->arena, g.said->warnings);
    }
    v->warned_s = g.said ? g.said->warned_s : 0;
    v->launchers.items = ARENA_NEW_N(v->arena, struct launcher_view, LAUNCHERS_EACH_MAX);
    identity_pod_stem(v->vmi.meta.name, stem);
    store_each_about(pods, v->vmi.meta.namespace, stem, gather_pod, &g);
    mark_second(&v->launchers, v->vmi.status.bridge ? v->vmi.status.bridge->pod : NULL);
    qsort(v->launchers.items, v->launchers.n, sizeof(*v->launchers.items), launcher_order);
    bool is_finished = str_eq(v->vmi.status.phase, "Succeeded") || str_eq(v->vmi.status.phase, "Failed");
    const struct launcher_view *active = launcher_active(&v->launchers, is_finished);
    v->has_pod = active != NULL;
    v->active = active ? active : &nobody;
    gather_unseen(v, &g.who, pods);
    return g.err;
}

/* An instance of the same name that was deleted may still have QEMU on the disks (design.md 6). */
static bool
gather_pod(void *arg, const struct object *pod)
{
    struct gather *g = arg;
    struct vmi_view *v = g->v;
    const struct vmi_bridge *b = v->vmi.status.bridge;
    enum pod_claim claim = pod_claim(&g->who, pod);

    if (claim == POD_FOREIGN) {
        v->foreign.name = strchr(pod->key, '/') + 1;
        v->foreign.n++;
        return true;
    }
    if (claim == POD_OLDER || v->launchers.n == LAUNCHERS_EACH_MAX) {
        struct pod_view p;
        g->err = pod_view_make(v->arena, pod, &p);
        v->old_pod = !g->err && !pod_is_over(&p) ? p.meta.name : v->old_pod;
        return !g->err;
    }
    struct launcher_view *l = &v->launchers.items[v->launchers.n];
    g->err = launcher_view_make(v->arena, pod, launchers_find(g->said, pod->uid), l);
    if (g->err) {
        return false;
    }
    l->is_second = claim == POD_TARGET || (b && str_map_get(&b->other_pods, pod->uid));
    v->launchers.n++;
    return true;
}

static bool
is_seen(const struct vmi_view *v, const char *pod_uid)
{
    for (size_t i = 0; i < v->launchers.n; i++) {
        if (str_eq(v->launchers.items[i].pod.meta.uid, pod_uid)) {
            return true;
        }
    }
    return false;
}

static void
add_unseen(struct vmi_view *v, const char *uid)
{
    const struct meta *m = &v->vmi.meta;
    const struct vmi_bridge *b = v->vmi.status.bridge;
    const char *name = b && uid ? str_map_get(&b->other_pods, uid) : NULL;

    if (!name) {
        name = b && b->pod ? b->pod : identity_pod_name(v->arena, &v->config->pod_key, m->namespace, m->name, m->uid);
    }
    v->unseen.items[v->unseen.n++] = (struct pod_ref){.name = name, .uid = uid};
}

/* The status knows all that were made; before it is written for the first time our memory knows the one. */
static void
gather_unseen(struct vmi_view *v, const struct claimant *who, const struct store *pods)
{
    const struct str_pair made = {.key = who->made_uid};
    const struct str_map *recorded = who->recorded;
    const struct str_pair *known = recorded->n > 0 ? recorded->items : &made;
    size_t n = recorded->n > 0 ? recorded->n : who->made_uid ? 1 : 0;

    v->was_made = n > 0;
    v->unseen.items = ARENA_NEW_N(v->arena, struct pod_ref, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (!is_seen(v, known[i].key) && !store_is_ended(pods, known[i].key)) {
            add_unseen(v, known[i].key);
        }
    }
    if (n == 0 && v->launchers.n == 0) {
        add_unseen(v, NULL);
    }
}

static struct claim_view *
gather_claim(struct vmi_view *v, const struct store *pvcs, const char *name)
{
    struct claim_view *c = &v->claims.items[v->claims.n++];
    const struct object *pvc = store_get(pvcs, arena_printf(v->arena, "%s/%s", v->vmi.meta.namespace, name));

    c->name = name;
    if (pvc) {
        claim_read(v->arena, pvc, c);
    }
    return c;
}

static void
gather_state_claim(struct vmi_view *v, const struct store *pvcs)
{
    const char *name = state_claim_name(v->arena, &v->vmi);

    if (!name) {
        return;
    }
    bool is_disk = claim_find(&v->claims, name) != NULL;
    struct claim_view *c = gather_claim(v, pvcs, name);
    c->is_state = true;
    c->is_foreign = is_disk || (c->exists && !str_eq(c->owner_uid, state_claim_owner(&v->vmi)));
}

static void
gather_data_volume(struct vmi_view *v, const struct store *data_volumes, const char *name)
{
    struct data_volume_view *d = ARENA_NEW(v->arena, struct data_volume_view);

    data_volume_read(v->arena, data_volumes, v->vmi.meta.namespace, name, d);
    for (size_t i = 0; i < v->claims.n; i++) {
        if (str_eq(v->claims.items[i].name, name)) {
            v->claims.items[i].data_volume = d;
        }
    }
}

static void
gather_claims(struct vmi_view *v, const struct store *pvcs, const struct store *data_volumes)
{
    const struct volume_list *volumes = &v->vmi.spec.volumes;

    v->claims.items = ARENA_NEW_N(v->arena, struct claim_view, volumes->n + 1);
    for (size_t i = 0; i < volumes->n; i++) {
        const struct volume_pvc *claim = volume_claim(&volumes->items[i]);
        if (claim && !claim_find(&v->claims, claim->claim_name)) { /* of one that many volumes name once is enough */
            (void)gather_claim(v, pvcs, claim->claim_name);
        }
        if (volumes->items[i].data_volume) {
            gather_data_volume(v, data_volumes, claim->claim_name);
        }
    }
    gather_state_claim(v, pvcs);
}

static struct str_map
string_map(struct arena *a, const json_t *object)
{
    struct str_map m = {.items = ARENA_NEW_N(a, struct str_pair, RESOURCES_MAX)};
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        if (json_is_string(value) && m.n < RESOURCES_MAX) {
            m.items[m.n++] =
                (struct str_pair){.key = arena_strdup(a, key), .value = arena_strdup(a, json_string_value(value))};
        }
    }
    return m;
}

static struct str_list
modes_of(struct arena *a, const json_t *modes)
{
    struct str_list l = {.items = ARENA_NEW_N(a, const char *, MODES_MAX)};
    size_t i;
    json_t *mode;

    json_array_foreach((json_t *)(uintptr_t)modes, i, mode) {
        if (json_is_string(mode) && l.n < MODES_MAX) {
            l.items[l.n++] = arena_strdup(a, json_string_value(mode));
        }
    }
    return l;
}

/* Takes copies: the trees of all claims together are too large to be kept for a sync. */
static void
claim_read(struct arena *a, const struct object *pvc, struct claim_view *c)
{
    AUTO(json_freep) json_t *j = NULL;
    AUTO(err_freep) struct err *e = object_parse(pvc, OBJECT_MAX, &j);
    const json_t *spec = json_object_get(j, "spec");
    const char *mode = json_str(spec, "volumeMode");

    c->exists = true;
    c->owner_uid = arena_strdup(a, pvc->owner_uid);
    c->is_of_data_volume = data_volume_owns(json_object_get(j, "metadata"));
    c->why = arena_strdup(a, e ? err_text(e) : pvc->why);
    c->bound = str_eq(json_str(json_object_get(j, "status"), "phase"), "Bound");
    c->waits_for_consumer = !c->bound && str_empty(json_str(spec, "volumeName"));
    c->is_block = str_eq(mode, "Block");
    c->info = (struct pvc_info){.claim_name = c->name,
                                .access_modes = modes_of(a, json_object_get(spec, "accessModes")),
                                .volume_mode = mode ? arena_strdup(a, mode) : "Filesystem",
                                .capacity = string_map(a, json_at(j, "status", "capacity", NULL)),
                                .requests = string_map(a, json_at(spec, "resources", "requests", NULL))};
}
