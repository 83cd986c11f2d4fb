// The rules of a node, first match wins. A node is asked once for each launcher image, boot and hypervisor, by a Job whose name is derived
// of them: a create whose answer was lost finds its own Job.
#include "reconcile/node/node_plan.h"

#include "base/clock.h"
#include "reconcile/node/asking_job.h"
#include "reconcile/node/asking_kind.h"
#include "reconcile/node/node_labels.h"

enum { AT_ONCE = 20, CROWD_MS = 5000, LOOK_MS = 60 * 1000, AGAIN_MS = 600 * 1000 };

static bool is_deleting(const void *view);
static bool takes_no_guests(const void *view);
static bool has_answered(const void *view);
static bool has_other_labels(const void *view);
static bool is_known(const void *view);
static bool has_failed(const void *view);
static bool is_being_asked(const void *view);
static bool is_crowded(const void *view);
static void plan_clear(const void *view, struct plan *p);
static void plan_record(const void *view, struct plan *p);
static void plan_labels(const void *view, struct plan *p);
static void plan_failure(const void *view, struct plan *p);
static void plan_look(const void *view, struct plan *p);
static void plan_wait(const void *view, struct plan *p);
static void plan_ask(const void *view, struct plan *p);

static const struct rule rules[] = {
    {"deleting", "of a node that is being deleted nothing is asked", is_deleting, rule_nothing},
    {"no-guests", "a node that takes no guests has no labels that tell of them", takes_no_guests, plan_clear},
    {"answered", "what the node can run is noted", has_answered, plan_record},
    {"labels", "the labels of the node say what is noted", has_other_labels, plan_labels},
    {"known", "nothing to do: what the node can run is known", is_known, rule_nothing},
    {"failed", "why the node could not be asked is noted; it is asked again when the Job is gone", has_failed,
     plan_failure},
    {"asked", "the Job on the node has not ended", is_being_asked, plan_look},
    {"crowd", "many nodes are being asked: this one waits", is_crowded, plan_wait},
    {"ask", "the node is asked by a Job with the launcher image", rule_always, plan_ask},
};
const struct rules node_rules = {rules, ARRAY_LEN(rules)};

void
node_plan(const struct node_view *v, struct plan *ret_plan)
{
    *ret_plan = (struct plan){.arena = v->arena};
    rules_apply(&node_rules, v, ret_plan);
}

static bool
is_deleting(const void *view)
{
    const struct node_view *v = view;
    return v->node.deletion_s != 0;
}

static bool
takes_no_guests(const void *view)
{
    const struct node_view *v = view;
    return !v->takes_guests;
}

static bool
has_answered(const void *view)
{
    const struct node_view *v = view;
    return v->answer && !v->is_current;
}

static const json_t *
labels_patch(const struct node_view *v)
{
    return node_labels_patch(v->arena, &v->node.labels, v->takes_guests ? v->object.status.capabilities : NULL);
}

static bool
has_other_labels(const void *view)
{
    return labels_patch(view) != NULL;
}

static bool
is_known(const void *view)
{
    const struct node_view *v = view;
    return v->is_current;
}

static bool
has_failed(const void *view)
{
    const struct node_view *v = view;
    return v->failure != NULL;
}

static bool
is_being_asked(const void *view)
{
    const struct node_view *v = view;
    return v->has_job;
}

static bool
is_crowded(const void *view)
{
    const struct node_view *v = view;
    return v->n_asking >= AT_ONCE;
}

static void
plan_labels(const void *view, struct plan *p)
{
    const struct node_view *v = view;
    const json_t *patch = labels_patch(v);

    if (patch) { /* the node changes often, and these labels are nobody else's */
        plan_add(p, VERB_MERGE_PATCH, v->kind, &v->node, patch)->is_any_version = true;
    }
}

static void
plan_clear(const void *view, struct plan *p)
{
    plan_labels(view, p);
}

/* The whole object for a create, else its status anew. */
static void
note(const struct node_view *v, const struct node_capabilities_status *status, struct plan *p)
{
    json_t *s = json_in_arena(v->arena, api_encode(&node_capabilities_status_type, status));

    if (v->has_object) {
        json_t *steps = json_pack("[{s:s, s:s, s:O}]", "op", "add", "path", "/status", "value", s);
        BUG_ON(!steps);
        (void)plan_add(p, VERB_JSON_PATCH, &node_capabilities_kind, &v->object.meta, json_in_arena(v->arena, steps));
        return;
    }
    json_t *object = json_pack("{s:s, s:s, s:{s:s, s:[{s:s, s:s, s:s, s:s, s:b}]}, s:O}", "apiVersion",
                               node_capabilities_kind.api_version, "kind", node_capabilities_kind.kind, "metadata",
                               "name", v->node.name, "ownerReferences", "apiVersion", "v1", "kind", "Node", "name",
                               v->node.name, "uid", v->node.uid, "controller", 1, "status", s);
    const struct meta target = {.name = v->node.name};
    BUG_ON(!object);
    (void)plan_add(p, VERB_CREATE, &node_capabilities_kind, &target, json_in_arena(v->arena, object));
}

static const char *
now_text(const struct node_view *v)
{
    char text[CLOCK_TIME_SIZE];

    clock_format(v->now_s, text);
    return arena_strdup(v->arena, text);
}

static void
plan_record(const void *view, struct plan *p)
{
    const struct node_view *v = view;
    struct domain_capabilities *copy = ARENA_NEW(v->arena, struct domain_capabilities);

    *copy = *v->answer;
    const struct node_capabilities_status status = {.job = v->job,
                                                    .image = v->config->launcher_image,
                                                    .boot_id = v->boot_id,
                                                    .observed_time = now_text(v),
                                                    .capabilities = copy};
    note(v, &status, p);
}

/* The last answer stays: what a node could run before an upgrade, it can most likely still. */
static void
plan_failure(const void *view, struct plan *p)
{
    const struct node_view *v = view;
    struct node_capabilities_status status = v->object.status;

    if (!str_eq(status.error, v->failure)) {
        status.error = v->failure;
        note(v, &status, p);
        plan_event(p, "Warning", "CapabilitiesUnknown",
                   "What guests the node can run could not be asked (Job %s/%s): %s", v->namespace, v->job, v->failure);
    }
    plan_requeue(p, AGAIN_MS);
}

static void
plan_look(const void *view, struct plan *p)
{
    (void)view; /* the Job tells when it ends */
    plan_requeue(p, LOOK_MS);
}

static void
plan_wait(const void *view, struct plan *p)
{
    (void)view; /* all wait alike */
    plan_requeue(p, CROWD_MS);
}

static void
plan_ask(const void *view, struct plan *p)
{
    const struct node_view *v = view;
    const struct meta target = {.namespace = v->namespace, .name = v->job};

    (void)plan_add(p, VERB_CREATE, &asking_job_kind, &target, asking_job_render(v));
    plan_requeue(p, LOOK_MS);
}
