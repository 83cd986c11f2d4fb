// Each write bears the version that was read: of two who ask at once, one reads again. A write whose answer was lost is found again by
// its number.
#include "serve/api/power.h"

#include "base/random.h"
#include "reconcile/header_view.h"
#include "reconcile/vm/vm_ask.h"
#include "serve/api/objects.h"

enum { TRIES_MAX = 8, WRITE_MS = 5000, GRACE_MAX_S = 24 * 3600 };

struct power {
    struct vm_ask ask;
    bool is_dry;
    struct vm_reply reply;
};

static void begin(struct job *j);
static void with_vm(struct job *j);
static void with_both(struct job *j);

static enum run_strategy
spec_strategy(const json_t *vm)
{
    const json_t *spec = json_object_get(vm, "spec");
    bool is_said = !str_empty(json_str(spec, "runStrategy")) || json_is_boolean(json_object_get(spec, "running"));

    return is_said ? header_strategy(vm) : RUN_HALTED; /* here the whole object was read */
}

/* Of "update" requests "start --paused" is one that only some strategies know, so options are read by verb. */
static bool
read_options(struct job *j, struct power *p)
{
    const char *key = j->route.row->id == VERB_ID_STOP ? "gracePeriod" : "gracePeriodSeconds";
    const json_t *paused = json_object_get(j->body, "paused");

    if (!job_dry_run(j, &p->is_dry)) {
        return false;
    }
    if (j->route.row->id != VERB_ID_START) {
        if (!job_option_int(j, key, &p->ask.grace_s.v, &p->ask.grace_s.set)) {
            return false;
        }
        if (p->ask.grace_s.v > GRACE_MAX_S) {
            job_refuse(j, 400, "BadRequest", "%s: at most %d", key, GRACE_MAX_S);
            return false;
        }
        return true;
    }
    if (paused && !json_is_boolean(paused)) {
        job_refuse(j, 400, "BadRequest", "paused: it is true or false");
        return false;
    }
    p->ask.is_paused = json_is_true(paused);
    return true;
}

void
power_run(struct job *j)
{
    struct power *p = ARENA_NEW(j->arena, struct power);

    j->verb = p;
    p->ask.verb = j->route.row->id == VERB_ID_START  ? VM_START
                  : j->route.row->id == VERB_ID_STOP ? VM_STOP
                                                     : VM_RESTART;
    p->ask.by = job_user(j);
    p->ask.request = arena_printf(j->arena, "%08x%08x%08x%08x", random_u32(), random_u32(), random_u32(), random_u32());
    if (read_options(j, p)) {
        begin(j);
    }
}

static void
begin(struct job *j)
{
    if (j->tries++ == TRIES_MAX) {
        job_refuse(j, 503, "ServiceUnavailable", "the status of the machine could not be written: try again");
        return;
    }
    objects_read_vm(j, with_vm);
}

static void
with_vm(struct job *j)
{
    objects_read_vmi(j, with_both);
}

/* An instance of that name that another machine or nobody controls is none of this machine's. */
static bool
is_ours(const struct job *j)
{
    const char *uid = json_str(json_object_get(j->vm, "metadata"), "uid");
    const json_t *owners = json_at(j->vmi, "metadata", "ownerReferences", NULL);
    const json_t *owner = json_find(owners, "uid", uid ? uid : "");

    return owner && json_bool(owner, "controller", false);
}

static void
decide(struct job *j, struct power *p, const struct vm_status *status)
{
    const json_t *meta = json_object_get(j->vmi, "metadata");
    bool has_vmi = j->vmi && is_ours(j);
    const struct vm_now now = {.spec_strategy = spec_strategy(j->vm),
                               .status = status,
                               .has_vmi = has_vmi,
                               .vmi_uid = has_vmi ? json_str(meta, "uid") : NULL,
                               .vmi_phase = json_str(json_object_get(j->vmi, "status"), "phase"),
                               .vmi_going = has_vmi && json_str(meta, "deletionTimestamp")};

    vm_ask_reply(j->arena, &now, &p->ask, &p->reply);
}

/* The launcher's pods get less time: the kubelet asks the guest to shut down, and ends it when that is over. Never without the kubelet:
 * a pod that is only forgotten may still run. */
static void
on_hurried(void *arg, const struct kube_reply *reply)
{
    struct job *j = arg;

    if (reply->err && reply->status != 404 && reply->status != 409) {
        job_refuse_reply(j, reply);
    } else {
        job_done(j, 202);
    }
}

static void
on_pods(void *arg, const struct kube_reply *reply)
{
    struct job *j = arg;
    struct power *p = j->verb;
    const json_t *active = json_at(j->vmi, "status", "activePods", NULL);
    const json_t *pod = NULL;
    size_t i;

    if (reply->err) {
        job_refuse_reply(j, reply);
        return;
    }
    const json_t *items = json_object_get(reply->body, "items");
    for (i = 0; i < json_array_size(items) && !pod; i++) {
        const json_t *meta = json_object_get(json_array_get(items, i), "metadata");
        pod = json_object_get(active, json_str(meta, "uid") ? json_str(meta, "uid") : "") ? meta : NULL;
    }
    if (!pod) {
        job_done(j, 202);
        return;
    }
    int64_t grace_s = p->ask.grace_s.v > 1 ? p->ask.grace_s.v : 1;
    json_t *options = json_in_arena(j->arena, json_pack("{s:s, s:s, s:I, s:{s:s}}", "kind", "DeleteOptions",
                                                        "apiVersion", "v1", "gracePeriodSeconds", (json_int_t)grace_s,
                                                        "preconditions", "uid", json_str(pod, "uid")));
    const struct kube_call call = {
        .verb = KUBE_DELETE,
        .path = arena_printf(j->arena, "/api/v1/namespaces/%s/pods/%s", j->route.namespace, json_str(pod, "name")),
        .resource = "pods",
        .body = json_text(options, j->arena),
        .unread = true};
    job_send(j, &call, on_hurried);
}

static void
hurry(struct job *j)
{
    const char *uid = json_str(json_object_get(j->vmi, "metadata"), "uid");
    const struct kube_call call = {
        .verb = KUBE_GET,
        .path = arena_printf(j->arena, "/api/v1/namespaces/%s/pods?labelSelector=kubevirt.io%%2Fcreated-by%%3D%s",
                             j->route.namespace, uid ? uid : "none"),
        .resource = "pods"};

    job_send(j, &call, on_pods);
}

static void
taken(struct job *j)
{
    const struct power *p = j->verb;

    if (p->reply.is_hurried && !p->is_dry) {
        hurry(j);
    } else {
        job_done(j, 202);
    }
}

static void
on_written(void *arg, const struct kube_reply *reply)
{
    struct job *j = arg;

    if (!reply->err) {
        taken(j);
    } else if (reply->status == 0 || reply->status == 409 || reply->status >= 500) {
        begin(j); /* somebody was first, or it is not known whether it was written */
    } else {
        job_refuse_reply(j, reply);
    }
}

static void
write_changes(struct job *j, const struct vm_reply *reply)
{
    const json_t *meta = json_object_get(j->vm, "metadata");
    json_t *patch = json_in_arena(
        j->arena, json_pack("{s:{s:s, s:s}, s:{s:O}}", "metadata", "uid", json_str(meta, "uid"), "resourceVersion",
                            json_str(meta, "resourceVersion"), "status", "stateChangeRequests", reply->changes));

    if (reply->ends_failures) {
        (void)json_object_set_new(json_object_get(patch, "status"), "startFailure", json_null());
    }
    const struct kube_call call = {.verb = KUBE_MERGE_PATCH,
                                   .path = objects_path(j, "virtualmachines", "status"),
                                   .resource = "virtualmachines/status",
                                   .body = json_text(patch, j->arena),
                                   .timeout_ms = WRITE_MS,
                                   .unread = true};
    job_send(j, &call, on_written);
}

static void
with_both(struct job *j)
{
    struct power *p = j->verb;
    struct vm vm = {0};
    AUTO(err_freep) struct err *e = api_decode(&vm_header_type, j->vm, j->arena, &vm);

    if (e) {
        job_refuse(j, 500, "InternalError", "the status of the machine cannot be read: %s", err_text(e));
        return;
    }
    decide(j, p, &vm.status);
    if (p->reply.refusal && p->reply.code == 409) {
        job_conflict(j, p->reply.refusal);
    } else if (p->reply.refusal) {
        job_refuse(j, p->reply.code, "BadRequest", "%s", p->reply.refusal);
    } else if (p->is_dry) {
        job_done(j, 202);
    } else if (p->reply.changes) {
        write_changes(j, &p->reply);
    } else {
        taken(j);
    }
}
