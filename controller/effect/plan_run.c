// A small state machine over the answers: one request at a time per object.
#include "effect/plan_run.h"

#include "base/clock.h"
#include "cache/cut.h"
#include "effect/api_path.h"
#include "reconcile/vmi/pod_refusal.h"
#include "reconcile/vmi/pod_warnings.h"

enum { WARNINGS_BYTES_MAX = 1 << 20 };
enum { REPLY_MAX = 16 << 20 }; /* the largest object there can be, each byte of it written as \u003c */

struct plan_run {
    const struct effects *fx;
    struct plan_target target;
    struct plan plan;
    struct arena *arena;
    plan_done_fn *done;
    void *arg;
    size_t next; /* action at hand */
    bool status_sent;
    bool reads_back;          /* a create found the name taken: the object is being read */
    const char *base_version; /* what the write at hand is based on; NULL for a create */
    struct kube_request *request;
};

struct place { /* of one call, in the target's namespace */
    enum kind kind;
    const char *name; /* NULL: the collection */
    const char *sub;  /* subresource, or NULL */
};

static void run_next(struct plan_run *r);
static void run_action(struct plan_run *r, const struct action *a);
static bool run_status(struct plan_run *r);
static void run_finish(struct plan_run *r, const struct err *err);
static void on_action(void *arg, const struct kube_reply *reply);
static void on_sought(void *arg, const struct kube_reply *reply);
static void read_warnings(struct plan_run *r, const struct action *a);
static void on_warnings(void *arg, const struct kube_reply *reply);
static void on_status(void *arg, const struct kube_reply *reply);
static void pod_lost(struct plan_run *r, const struct action *a);
static void pod_made(struct plan_run *r, const json_t *pod);
static void read_back(struct plan_run *r, const struct action *a);
static void take_answer(struct plan_run *r, const struct action *a, const struct kube_reply *reply);
static enum kind action_object(enum action_kind kind);
static const char *action_base(struct plan_run *r, const struct action *a);
static const json_t *action_body(struct plan_run *r, const struct action *a);
static json_t *patch_steps(const char *uid, const char *version);
static void send_status(struct plan_run *r, enum kube_verb verb, json_t *body);
static void run_send(struct plan_run *r, enum kube_verb verb, const struct place *at, const json_t *body,
                     kube_done_fn *done);

bool
plan_is_quiet(const struct plan *plan)
{
    if (plan->n_actions > 0 || plan->desired) {
        return false;
    }
    return !plan->status_new || json_equal(plan->status_old, plan->status_new) ||
           (!plan->status_old && json_object_size(plan->status_new) == 0);
}

struct plan_run *
plan_run(const struct effects *fx, const struct plan_target *target, const struct plan *plan, struct arena *arena,
         plan_done_fn *done, void *arg)
{
    if (plan->desired) {
        (void)fx->send(fx->arg, target->uid, plan->desired); /* told or not: the next pass compares with what was sent */
    }
    struct plan rest = *plan;
    rest.desired = NULL;
    if (plan_is_quiet(&rest)) {
        arena_free(arena);
        return NULL;
    }
    struct plan_run *r = XNEW(struct plan_run);
    *r = (struct plan_run){.fx = fx, .target = *target, .plan = rest, .arena = arena, .done = done, .arg = arg};
    run_next(r);
    return r;
}

void
plan_run_cancel(struct plan_run *r)
{
    if (r->request) {
        kube_cancel(r->request);
    }
    arena_free(r->arena);
    free(r);
}

static void
run_next(struct plan_run *r)
{
    if (r->next < r->plan.n_actions) {
        run_action(r, &r->plan.actions[r->next]);
    } else if (r->status_sent || !run_status(r)) {
        run_finish(r, NULL);
    }
}

static void
run_action(struct plan_run *r, const struct action *a)
{
    enum kind kind = action_object(a->kind);
    r->base_version = action_base(r, a);
    const json_t *body = action_body(r, a);

    switch (a->kind) {
    case ACTION_CREATE_VMI:
    case ACTION_CREATE_PVC:
    case ACTION_CREATE_POD:
        run_send(r, KUBE_POST, &(struct place){kind, NULL, NULL}, body, on_action);
        break;
    case ACTION_DELETE_VMI:
    case ACTION_DELETE_POD:
        run_send(r, KUBE_DELETE, &(struct place){kind, a->name, NULL}, body, on_action);
        break;
    case ACTION_ADOPT_VMI:
        run_send(r, KUBE_APPLY_PATCH, &(struct place){kind, a->name, NULL}, body, on_action);
        break;
    case ACTION_PATCH_VMI:
    case ACTION_PATCH_POD:
    case ACTION_LABEL_POD:
        run_send(r, KUBE_MERGE_PATCH, &(struct place){kind, a->name, NULL}, body, on_action);
        break;
    case ACTION_SEEK_POD:
        run_send(r, KUBE_GET, &(struct place){kind, a->name, NULL}, NULL, on_sought);
        break;
    case ACTION_READ_WARNINGS:
        read_warnings(r, a);
        break;
    case ACTION_RELEASE_VMI:
        run_send(r, KUBE_JSON_PATCH, &(struct place){kind, a->name, NULL}, body, on_action);
        break;
    }
}

/* Version of the object in the cache, which the view was made of; NULL for a create. */
static const char *
action_base(struct plan_run *r, const struct action *a)
{
    AUTO(freep) char *key = xasprintf("%s/%s", r->target.namespace, a->name);
    const struct object *o = store_get(informer_store(r->fx->informers[action_object(a->kind)]), key);

    if (!a->uid) {
        return NULL;
    }
    return o && str_eq(o->uid, a->uid) ? arena_strdup(r->arena, o->resource_version) : "";
}

/* Deletes and patches bear the UID: they never hit a later object of the same name. Patches bear the version too. */
static const json_t *
action_body(struct plan_run *r, const struct action *a)
{
    json_t *body = NULL;

    switch (a->kind) {
    case ACTION_CREATE_VMI:
    case ACTION_CREATE_PVC:
    case ACTION_CREATE_POD:
        return a->body;
    case ACTION_DELETE_VMI:
    case ACTION_DELETE_POD:
        body = json_pack("{s:s, s:s, s:{s:s}}", "kind", "DeleteOptions", "apiVersion", "v1", "preconditions", "uid",
                         a->uid);
        break;
    case ACTION_LABEL_POD: /* of a pod that the watch does not see no version is the last one */
        body = json_deep_copy(a->body);
        (void)json_object_set_new(json_object_get(body, "metadata"), "uid", json_string(a->uid));
        break;
    case ACTION_SEEK_POD:
    case ACTION_READ_WARNINGS:
        return NULL;
    case ACTION_PATCH_VMI:
    case ACTION_ADOPT_VMI:
    case ACTION_PATCH_POD:
        body = json_deep_copy(a->body);
        (void)json_object_set_new(json_object_get(body, "metadata"), "uid", json_string(a->uid));
        (void)json_object_set_new(json_object_get(body, "metadata"), "resourceVersion", json_string(r->base_version));
        break;
    case ACTION_RELEASE_VMI:
        body = patch_steps(a->uid, r->base_version);
        BUG_ON(json_array_extend(body, (json_t *)(uintptr_t)a->body) != 0);
        break;
    }
    BUG_ON(!body);
    return json_in_arena(r->arena, body);
}

/* The steps that a JSON patch begins with. The version makes it one of that very version, and a conflict of any other: places in lists
 * are those that the view saw. */
static json_t *
patch_steps(const char *uid, const char *version)
{
    return json_pack("[{s:s, s:s, s:s}, {s:s, s:s, s:s}]", "op", "test", "path", "/metadata/uid", "value", uid, "op",
                     "replace", "path", "/metadata/resourceVersion", "value", version);
}

static void
on_action(void *arg, const struct kube_reply *reply)
{
    struct plan_run *r = arg;
    const struct action *a = &r->plan.actions[r->next];
    bool is_create = action_is_create(a->kind);

    r->request = NULL;
    if (reply->err && is_create && str_eq(reply->reason, "AlreadyExists") && !r->reads_back) {
        r->reads_back = true;
        read_back(r, a);
        return;
    }
    if (reply->err && a->kind == ACTION_LABEL_POD && err_class(reply->err) == ERR_CONFLICT) {
        pod_lost(r, a); /* another one of that name: ours is gone */
    }
    if (reply->err && a->kind == ACTION_CREATE_POD) {
        AUTO(err_freep) struct err *e = pod_refusal(reply->err, reply->body, a->is_of_template);
        run_finish(r, e);
        return;
    }
    if (reply->err && !(err_class(reply->err) == ERR_NOT_FOUND && !is_create)) {
        run_finish(r, reply->err);
        return;
    }
    if (a->kind == ACTION_CREATE_POD) {
        pod_made(r, reply->body);
    }
    take_answer(r, a, reply);
    if (r->reads_back && a->kind == ACTION_CREATE_PVC) { /* its name is no secret: the next pass sees whose it is */
        AUTO(err_freep) struct err *e = err_new(ERR_CONFLICT, "PVC %s is there already", a->name);
        run_finish(r, e);
        return;
    }
    r->reads_back = false;
    r->next++;
    run_next(r);
}

static void
pod_lost(struct plan_run *r, const struct action *a)
{
    AUTO(freep) char *key = xasprintf("%s/%s", r->target.namespace, a->name);

    informer_lost(r->fx->informers[KIND_POD], key, a->uid);
}

/* Answered to our create, or found under a name that nobody else can have thought of: from now on only that UID is the instance's. */
static void
pod_made(struct plan_run *r, const json_t *pod)
{
    const char *uid = json_str(json_at(pod, "metadata", NULL), "uid");
    AUTO(freep) char *key = xasprintf("%s/%s", r->target.namespace, r->target.name);

    if (uid) {
        launchers_name(r->fx->launchers, r->target.uid, key);
        launchers_made(r->fx->launchers, r->target.uid, uid);
    }
    if (r->reads_back) {
        (void)informer_found(r->fx->informers[KIND_POD], pod); /* else the watch brings it */
    }
}

/* Goes on when the pod is gone. One that is there and out of the watch's sight is in the cache from now on, for the next pass. */
static void
on_sought(void *arg, const struct kube_reply *reply)
{
    struct plan_run *r = arg;
    const struct action *a = &r->plan.actions[r->next];
    const char *uid = json_str(json_at(reply->body, "metadata", NULL), "uid");

    r->request = NULL;
    if (reply->err && err_class(reply->err) != ERR_NOT_FOUND) {
        run_finish(r, reply->err);
        return;
    }
    if (!reply->err && (!a->uid || str_eq(uid, a->uid))) {
        AUTO(freep) char *key = xasprintf("%s/%s", r->target.namespace, a->name);
        bool is_known = informer_found(r->fx->informers[KIND_POD], reply->body) ||
                        store_get(informer_store(r->fx->informers[KIND_POD]), key);
        AUTO(err_freep)
        struct err *e = err_new(is_known ? ERR_CONFLICT : ERR_RETRY, "pod %s is there and is not seen yet", a->name);
        run_finish(r, e);
        return;
    }
    r->next++;
    run_next(r);
}

static void
read_warnings(struct plan_run *r, const struct action *a)
{
    AUTO(freep)
    char *path =
        xasprintf("/api/v1/namespaces/%s/events?fieldSelector=involvedObject.uid%%3D%s%%2Ctype%%3DWarning&limit=20",
                  r->target.namespace, a->uid);
    const struct kube_call call = {
        .verb = KUBE_GET, .path = path, .resource = "events", .reply_max_bytes = WARNINGS_BYTES_MAX};

    r->request = kube_send(r->fx->kube, &call, on_warnings, r);
}

/* No answer is no trouble of the pass: it is asked again when it is due. What is new is for the next pass to tell. */
static void
on_warnings(void *arg, const struct kube_reply *reply)
{
    struct plan_run *r = arg;
    AUTO(freep) char *text = reply->err ? NULL : pod_warnings_text(reply->body);
    AUTO(freep) char *key = xasprintf("%s/%s", r->target.namespace, r->target.name);

    r->request = NULL;
    launchers_name(r->fx->launchers, r->target.uid, key);
    if (launchers_warned(r->fx->launchers, r->target.uid, text, clock_wall_s())) {
        AUTO(err_freep) struct err *e = err_new(ERR_CONFLICT, "events say something new of the pod");
        run_finish(r, e);
        return;
    }
    r->next++;
    run_next(r);
}

/* The name is derived, so the object is most likely ours and the answer to its create was lost: the next pass decides by what it is. */
static void
read_back(struct plan_run *r, const struct action *a)
{
    run_send(r, KUBE_GET, &(struct place){action_object(a->kind), a->name, NULL}, NULL, on_action);
}

static void
take_answer(struct plan_run *r, const struct action *a, const struct kube_reply *reply)
{
    struct informer *i = r->fx->informers[action_object(a->kind)];
    const json_t *meta = json_at(reply->body, "metadata", NULL);
    AUTO(freep) char *key = xasprintf("%s/%s", r->target.namespace, a->name);
    bool is_object = !reply->err && json_str(meta, "uid");

    if (is_object && !reply->why) { /* else the watch brings it, and says why it is no more than a header */
        informer_own(i, reply->body, r->base_version);
    }
    bool is_going = json_str(meta, "deletionTimestamp") != NULL;
    bool is_held =
        json_array_size(json_object_get(meta, "finalizers")) > 0 || json_int(meta, "deletionGracePeriodSeconds", 0) > 0;
    bool is_delete = a->kind == ACTION_DELETE_VMI || a->kind == ACTION_DELETE_POD;
    if (a->uid && reply->err && action_object(a->kind) == KIND_POD) {
        pod_lost(r, a);
    } else if (a->uid && (reply->err || (is_going && !is_held) || (is_delete && !is_going))) {
        informer_doom(i, key, a->uid);
    }
    if (is_object && action_object(a->kind) == r->target.kind && str_eq(a->uid, r->target.uid)) {
        r->target.resource_version = arena_strdup(r->arena, json_str(meta, "resourceVersion"));
    }
}

/* False: it is as it should be, nothing was sent. */
static bool
run_status(struct plan_run *r)
{
    AUTO(json_freep) json_t *none = json_object();
    json_t *diff =
        r->plan.status_new ? json_merge_diff(r->plan.status_old ? r->plan.status_old : none, r->plan.status_new) : NULL;

    r->status_sent = true;
    if (!diff) {
        return false;
    }
    if (r->plan.status_anew) { /* whatever there is goes: of a merge the unknown would be left */
        json_decref(diff);
        json_t *steps = patch_steps(r->target.uid, r->target.resource_version);
        BUG_ON(json_array_append_new(steps, json_pack("{s:s, s:s, s:O}", "op", "add", "path", "/status", "value",
                                                      r->plan.status_new)) != 0);
        send_status(r, KUBE_JSON_PATCH, steps);
        return true;
    }
    send_status(r, KUBE_MERGE_PATCH,
                json_pack("{s:{s:s, s:s}, s:o}", "metadata", "uid", r->target.uid, "resourceVersion",
                          r->target.resource_version, "status", diff));
    return true;
}

/* Takes 'body'. */
static void
send_status(struct plan_run *r, enum kube_verb verb, json_t *body)
{
    BUG_ON(!body);
    r->base_version = r->target.resource_version;
    run_send(r, verb, &(struct place){r->target.kind, r->target.name, "status"}, json_in_arena(r->arena, body),
             on_status);
}

static void
on_status(void *arg, const struct kube_reply *reply)
{
    struct plan_run *r = arg;

    r->request = NULL;
    if (reply->err && err_class(reply->err) != ERR_NOT_FOUND) {
        run_finish(r, reply->err);
        return;
    }
    if (!reply->err) {
        AUTO(freep) char *key = xasprintf("%s/%s", r->target.namespace, r->target.name);
        struct informer *i = r->fx->informers[r->target.kind];
        if (!reply->why) {
            informer_own(i, reply->body, r->base_version);
        }
        informer_note_status(i, key, r->target.uid, r->plan.status_new);
    }
    run_next(r);
}

static void
run_finish(struct plan_run *r, const struct err *err)
{
    for (size_t i = 0; !err && i < r->plan.n_events; i++) {
        event_record(r->fx->events, &r->target, &r->plan.events[i]);
    }
    r->done(r->arg, err);
    arena_free(r->arena);
    free(r);
}

static enum kind
action_object(enum action_kind kind)
{
    switch (kind) {
    case ACTION_CREATE_VMI:
    case ACTION_DELETE_VMI:
    case ACTION_PATCH_VMI:
    case ACTION_ADOPT_VMI:
    case ACTION_RELEASE_VMI:
        return KIND_VMI;
    case ACTION_CREATE_PVC:
        return KIND_PVC;
    case ACTION_CREATE_POD:
    case ACTION_DELETE_POD:
    case ACTION_PATCH_POD:
    case ACTION_LABEL_POD:
    case ACTION_SEEK_POD:
    case ACTION_READ_WARNINGS:
        break;
    }
    return KIND_POD;
}

static void
run_send(struct plan_run *r, enum kube_verb verb, const struct place *at, const json_t *body, kube_done_fn *done)
{
    AUTO(freep) char *bare = api_path(at->kind, r->target.namespace, at->name, at->sub);
    AUTO(freep)
    char *path = xasprintf("%s%s", bare, verb == KUBE_APPLY_PATCH ? "?fieldManager=vmbridge-controller" : "");
    AUTO(freep)
    char *resource = at->sub ? xasprintf("%s/%s", api_resource(at->kind), at->sub) : xstrdup(api_resource(at->kind));
    const struct kube_call call = {.verb = verb,
                                   .path = path,
                                   .resource = resource,
                                   .body = body ? json_text(body, r->arena) : NULL,
                                   .fenced = body != NULL,
                                   .reply_max_bytes = REPLY_MAX,
                                   .parts = cut_parts(at->kind)};

    r->request = kube_send(r->fx->kube, &call, done, r);
}
