// The rules of a set, first match wins. Names are derived from the set's UID and an ordinal: a create whose answer was lost finds its own
// object, and never makes a second one.
#include "reconcile/replicaset/replicaset_plan.h"

#include "reconcile/replicaset/replicaset_status.h"
#include "reconcile/vmi/vmi_kind.h"
#include "reconcile/vmi/vmi_template.h"

enum { MORE_MS = 1 };

static bool is_deleting(const void *view);
static bool must_release(const void *view);
static bool must_adopt(const void *view);
static bool is_paused(const void *view);
static bool has_finished(const void *view);
static bool has_too_many(const void *view);
static bool is_invalid(const void *view);
static bool is_held(const void *view);
static bool has_too_few(const void *view);
static void plan_release(const void *view, struct plan *p);
static void plan_adopt(const void *view, struct plan *p);
static void plan_clear(const void *view, struct plan *p);
static void plan_delete(const void *view, struct plan *p);
static void plan_create(const void *view, struct plan *p);

static const struct rule rules[] = {
    {"deleting",
     "a set that is being deleted makes and deletes nothing: Kubernetes deletes its instances, or orphans them",
     is_deleting, rule_nothing},
    {"release", "an instance whose labels are not selected any more is nobody's from now on, and runs on", must_release,
     plan_release},
    {"adopt", "an instance that nobody controls and that is selected becomes the set's own", must_adopt, plan_adopt},
    {"paused", "a paused set makes and deletes nothing", is_paused, rule_nothing},
    {"clear-finished", "instances that have ended make room for others", has_finished, plan_clear},
    {"scale-down", "there are too many: those that are not ready are deleted first, then the youngest", has_too_many,
     plan_delete},
    {"invalid", "a spec of which no instance can run is told in status", is_invalid, rule_nothing},
    {"hold", "an instance that could not be made is told before it is tried again", is_held, rule_nothing},
    {"scale-up", "there are too few: more are made of the template", has_too_few, plan_create},
    {"steady", "nothing to do", rule_always, rule_nothing},
};
const struct rules replicaset_rules = {rules, ARRAY_LEN(rules)};

void
replicaset_plan(const struct replicaset_view *v, struct plan *ret_plan)
{
    *ret_plan = (struct plan){.arena = v->arena};
    rules_apply(&replicaset_rules, v, ret_plan);
    plan_requeue(ret_plan, v->waiting ? v->waiting->waits_s * 1000 : 0);
    replicaset_status(v, ret_plan);
}

static bool
is_deleting(const void *view)
{
    const struct replicaset_view *v = view;
    return v->set.meta.deletion_s != 0;
}

static bool
is_to_release(const struct replica *r)
{
    return r->is_ours && !r->is_selected && !r->is_going;
}

static bool
is_to_adopt(const struct replica *r)
{
    return !r->is_ours && !r->is_going && !r->is_final;
}

static bool
is_to_clear(const struct replica *r)
{
    return r->is_ours && r->is_final && !r->is_going && !r->is_waiting;
}

/* The first of them from 'i' on, or v->n. */
static size_t
find_replica(const struct replicaset_view *v, size_t i, bool (*is)(const struct replica *r))
{
    while (i < v->n && !is(&v->replicas[i])) {
        i++;
    }
    return i;
}

static bool
must_release(const void *view)
{
    const struct replicaset_view *v = view;
    return find_replica(v, 0, is_to_release) < v->n;
}

static bool
must_adopt(const void *view)
{
    const struct replicaset_view *v = view;
    return find_replica(v, 0, is_to_adopt) < v->n;
}

static bool
is_paused(const void *view)
{
    const struct replicaset_view *v = view;
    return v->set.spec.paused == TRI_TRUE;
}

static bool
has_finished(const void *view)
{
    const struct replicaset_view *v = view;
    return !v->is_header && find_replica(v, 0, is_to_clear) < v->n;
}

static bool
has_too_many(const void *view)
{
    const struct replicaset_view *v = view;
    return !v->is_header && v->n_active > v->n_wanted;
}

static bool
is_invalid(const void *view)
{
    const struct replicaset_view *v = view;
    return v->invalid != NULL;
}

static bool
has_too_few(const void *view)
{
    const struct replicaset_view *v = view;
    return v->n_active + v->n_waiting < v->n_wanted;
}

static bool
is_held(const void *view)
{
    const struct replicaset_view *v = view;
    return v->hold && has_too_few(v);
}

/* As many of them as one plan takes. */
static void
add_each(const struct replicaset_view *v, bool (*is)(const struct replica *r),
         void (*add)(const struct replicaset_view *v, const struct meta *vmi, struct plan *p), struct plan *p)
{
    for (size_t i = find_replica(v, 0, is); i < v->n && p->n_actions < REPLICAS_AT_ONCE; i = find_replica(v, i + 1, is)) {
        add(v, &v->replicas[i].meta, p);
    }
}

/* The set was the first to be its owner. If it is not, the API server finds the test false and nothing is changed. */
static void
add_release(const struct replicaset_view *v, const struct meta *vmi, struct plan *p)
{
    json_t *steps = json_pack("[{s:s, s:s, s:s}, {s:s, s:s}]", "op", "test", "path", "/metadata/ownerReferences/0/uid",
                              "value", v->set.meta.uid, "op", "remove", "path", "/metadata/ownerReferences/0");

    BUG_ON(!steps);
    plan_add(p, VERB_JSON_PATCH, &vmi_kind, vmi, json_in_arena(v->arena, steps))->as = "let-go-vmi";
}

static void
add_adoption(const struct replicaset_view *v, const struct meta *vmi, struct plan *p)
{
    const json_t *body = vmi_adopt_body(v->arena, v->kind, &v->set.meta, vmi);

    plan_add(p, VERB_APPLY, &vmi_kind, vmi, body)->as = "adopt-vmi";
    plan_event(p, "Normal", "Adopted", "The virtual machine instance %s had no owner and is this replica set's now",
               vmi->name);
}

static void
add_delete(const struct replicaset_view *v, const struct meta *vmi, struct plan *p)
{
    (void)v; /* whichever set it was of */
    (void)plan_add(p, VERB_DELETE, &vmi_kind, vmi, NULL);
    plan_event(p, "Normal", "SuccessfulDelete",
               "Stopped the virtual machine by deleting the virtual machine instance %s", vmi->name);
}

static void
plan_release(const void *view, struct plan *p)
{
    add_each(view, is_to_release, add_release, p);
}

/* A set that is gone already would take them with it: they may be orphans because it is going. */
static void
plan_adopt(const void *view, struct plan *p)
{
    const struct replicaset_view *v = view;

    (void)plan_add(p, VERB_CONFIRM, v->kind, &v->set.meta, NULL);
    add_each(v, is_to_adopt, add_adoption, p);
}

static void
plan_clear(const void *view, struct plan *p)
{
    add_each(view, is_to_clear, add_delete, p);
}

/* Those that are missed least come first. */
static int
deletion_order(const void *a, const void *b)
{
    const struct replica *x = *(const struct replica *const *)a;
    const struct replica *y = *(const struct replica *const *)b;

    if (x->is_ready != y->is_ready) {
        return x->is_ready ? 1 : -1;
    }
    if (x->meta.creation_s != y->meta.creation_s) {
        return x->meta.creation_s > y->meta.creation_s ? -1 : 1;
    }
    return strcmp(x->meta.name, y->meta.name);
}

static void
plan_delete(const void *view, struct plan *p)
{
    const struct replicaset_view *v = view;
    const struct replica **active = ARENA_NEW_N(v->arena, const struct replica *, v->n_active);
    size_t n = 0;

    for (size_t i = find_replica(v, 0, replica_is_active); i < v->n; i = find_replica(v, i + 1, replica_is_active)) {
        active[n++] = &v->replicas[i];
    }
    qsort(active, n, sizeof(*active), deletion_order);
    for (size_t i = 0; i < n - v->n_wanted && i < REPLICAS_AT_ONCE; i++) {
        add_delete(v, &active[i]->meta, p);
    }
    plan_requeue(p, n - v->n_wanted > REPLICAS_AT_ONCE ? MORE_MS : 0);
}

static void
plan_create(const void *view, struct plan *p)
{
    const struct replicaset_view *v = view;

    for (size_t i = 0; i < v->n_free_names; i++) {
        const struct meta vmi = {.namespace = v->set.meta.namespace, .name = v->free_names[i]};
        const json_t *body = vmi_of_template(v->arena, &v->set.spec.template, v->kind, &v->set.meta, vmi.name);
        plan_add(p, VERB_CREATE, &vmi_kind, &vmi, body)->is_of_template = true;
        plan_event(p, "Normal", "SuccessfulCreate",
                   "Started the virtual machine by creating the new virtual machine instance %s", vmi.name);
    }
    plan_requeue(p, v->n_wanted - v->n_active - v->n_waiting > v->n_free_names ? MORE_MS : 0);
}
