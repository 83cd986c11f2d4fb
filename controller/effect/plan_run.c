// A small state machine over the answers: one request at a time per object.
#include "effect/plan_run.h"

#include "base/clock.h"
#include "effect/api_path.h"

enum {
    EVENTS_BYTES_MAX = 1 << 20,
    REPLY_MAX = 16 << 20
}; /* the largest object there can be, each byte of it written as \u003c */

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

struct place { /* of one call */
    const struct kind *kind;
    const char *namespace;
    const char *name; /* NULL: the collection */
    const char *sub;  /* subresource, or NULL */
};

static void run_next(struct plan_run *r);
static void run_action(struct plan_run *r, const struct action *a);
static bool run_status(struct plan_run *r);
static void run_finish(struct plan_run *r, const struct err *err);
static void on_action(void *arg, const struct kube_reply *reply);
static void on_confirmed(void *arg, const struct kube_reply *reply);
static void on_sought(void *arg, const struct kube_reply *reply);
static void read_events(struct plan_run *r, const struct action *a);
static void on_events(void *arg, const struct kube_reply *reply);
static void on_status(void *arg, const struct kube_reply *reply);
static struct informer *informer_of(const struct plan_run *r, const struct kind *kind);
static void note_lost(struct plan_run *r, const struct action *a);
static void note_created(struct plan_run *r, const struct action *a, const json_t *object);
static void read_back(struct plan_run *r, const struct action *a);
static void take_answer(struct plan_run *r, const struct action *a, const struct kube_reply *reply);
static const char *action_base(struct plan_run *r, const struct action *a);
static const json_t *action_body(struct plan_run *r, const struct action *a);
static json_t *patch_steps(const char *uid, const char *version);
static void send_status(struct plan_run *r, enum kube_verb verb, json_t *body);
static void run_send(struct plan_run *r, enum kube_verb verb, const struct place *at, const json_t *body,
                     kube_done_fn *done);

bool
plan_is_quiet(const struct plan *plan)
{
    if (plan->n_actions > 0 || plan->n_desired > 0) {
        return false;
    }
    return !plan->status_new || json_equal(plan->status_old, plan->status_new) ||
           (!plan->status_old && json_object_size(plan->status_new) == 0);
}

struct plan_run *
plan_run(const struct effects *fx, const struct plan_target *target, const struct plan *plan, struct arena *arena,
         plan_done_fn *done, void *arg)
{
    for (size_t i = 0; i < plan->n_desired; i++) { /* told or not: the next sync compares with what was sent */
        (void)fx->send(fx->arg, target->uid, &plan->desired[i]);
    }
    struct plan rest = *plan;
    rest.n_desired = 0;
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
    static const enum kube_verb verbs[] = {
        [VERB_CREATE] = KUBE_POST,       [VERB_DELETE] = KUBE_DELETE,         [VERB_MERGE_PATCH] = KUBE_MERGE_PATCH,
        [VERB_APPLY] = KUBE_APPLY_PATCH, [VERB_JSON_PATCH] = KUBE_JSON_PATCH, [VERB_SEEK] = KUBE_GET,
        [VERB_CONFIRM] = KUBE_GET};
    const struct place at = {a->kind, a->namespace, a->verb == VERB_CREATE ? NULL : a->name, NULL};

    if (a->verb == VERB_READ_EVENTS) {
        read_events(r, a);
        return;
    }
    kube_done_fn *done = a->verb == VERB_SEEK ? on_sought : a->verb == VERB_CONFIRM ? on_confirmed : on_action;
    r->base_version = action_base(r, a);
    run_send(r, verbs[a->verb], &at, action_body(r, a), done);
}

/* Version of the object in the cache, which the view was made of; NULL for a create. */
static const char *
action_base(struct plan_run *r, const struct action *a)
{
    AUTO(freep) char *key = xasprintf("%s/%s", a->namespace, a->name);
    const struct object *o = store_get(caches_store(r->fx->src->caches, a->kind), key);

    if (!a->uid) {
        return NULL;
    }
    return o && str_eq(o->uid, a->uid) ? arena_strdup(r->arena, o->resource_version) : "";
}

static void
set_preconditions(struct plan_run *r, const struct action *a, json_t *body)
{
    json_t *meta = json_object_get(body, "metadata");

    (void)json_object_set_new(meta, "uid", json_string(a->uid)); /* of our own making, both */
    if (!a->is_any_version) {
        (void)json_object_set_new(meta, "resourceVersion", json_string(r->base_version));
    }
}

/* Deletes and patches bear the UID: they never hit a later object of the same name. Patches bear the version too. */
static const json_t *
action_body(struct plan_run *r, const struct action *a)
{
    json_t *body = NULL;

    switch (a->verb) {
    case VERB_CREATE:
        return a->body;
    case VERB_SEEK:
    case VERB_CONFIRM:
    case VERB_READ_EVENTS:
        return NULL;
    case VERB_DELETE:
        body = json_pack("{s:s, s:s, s:{s:s}}", "kind", "DeleteOptions", "apiVersion", "v1", "preconditions", "uid",
                         a->uid);
        break;
    case VERB_MERGE_PATCH:
    case VERB_APPLY:
        body = json_deep_copy(a->body);
        set_preconditions(r, a, body);
        break;
    case VERB_JSON_PATCH:
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
    bool is_create = a->verb == VERB_CREATE;

    r->request = NULL;
    if (reply->err && is_create && str_eq(reply->reason, "AlreadyExists") && !r->reads_back) {
        r->reads_back = true;
        read_back(r, a);
        return;
    }
    if (reply->err && a->is_any_version && err_class(reply->err) == ERR_CONFLICT) {
        note_lost(r, a); /* another one of that name: ours is gone */
    }
    if (reply->err && is_create && a->kind->refused) {
        AUTO(err_freep) struct err *e = a->kind->refused(reply->err, reply->body, a->is_of_template);
        run_finish(r, e);
        return;
    }
    if (reply->err && !(err_class(reply->err) == ERR_NOT_FOUND && !is_create)) {
        run_finish(r, reply->err);
        return;
    }
    if (is_create) {
        note_created(r, a, reply->body);
    }
    take_answer(r, a, reply);
    if (r->reads_back && a->is_name_guessable) {
        AUTO(err_freep)
        struct err *e = err_new(ERR_CONFLICT, "%s %s is there already", a->kind->kind, a->name);
        run_finish(r, e);
        return;
    }
    r->reads_back = false;
    r->next++;
    run_next(r);
}

static struct informer *
informer_of(const struct plan_run *r, const struct kind *kind)
{
    return caches_informer(r->fx->src->caches, kind);
}

static void
note_lost(struct plan_run *r, const struct action *a)
{
    AUTO(freep) char *key = xasprintf("%s/%s", a->namespace, a->name);

    informer_lost(informer_of(r, a->kind), key, a->uid);
}

static void
note_created(struct plan_run *r, const struct action *a, const json_t *object)
{
    if (a->kind->created) {
        a->kind->created(r->fx->src, &r->target, object);
    }
    if (r->reads_back && a->kind->label) {
        (void)informer_found(informer_of(r, a->kind), object); /* else the watch brings it */
    }
}

/* Goes on when the object is gone. One that is there and out of the watch's sight is in the cache from now on, for the next sync. */
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
        AUTO(freep) char *key = xasprintf("%s/%s", a->namespace, a->name);
        struct informer *i = informer_of(r, a->kind);
        bool is_known = informer_found(i, reply->body) || store_get(informer_store(i), key);
        AUTO(err_freep)
        struct err *e =
            err_new(is_known ? ERR_CONFLICT : ERR_RETRY, "%s %s is there and is not seen yet", a->kind->name, a->name);
        run_finish(r, e);
        return;
    }
    r->next++;
    run_next(r);
}

/* What the caches do not know yet is a conflict: they will. */
static void
on_confirmed(void *arg, const struct kube_reply *reply)
{
    struct plan_run *r = arg;
    const struct action *a = &r->plan.actions[r->next];
    const json_t *meta = json_at(reply->body, "metadata", NULL);
    bool is_there = !reply->err && str_eq(json_str(meta, "uid"), a->uid) && !json_str(meta, "deletionTimestamp");

    r->request = NULL;
    if (reply->err && err_class(reply->err) != ERR_NOT_FOUND) {
        run_finish(r, reply->err);
    } else if (!is_there) {
        AUTO(err_freep) struct err *e = err_new(ERR_CONFLICT, "%s %s is going, or gone", a->kind->name, a->name);
        run_finish(r, e);
    } else {
        r->next++;
        run_next(r);
    }
}

static void
read_events(struct plan_run *r, const struct action *a)
{
    AUTO(freep)
    char *path =
        xasprintf("/api/v1/namespaces/%s/events?fieldSelector=involvedObject.uid%%3D%s%%2Ctype%%3DWarning&limit=20",
                  r->target.namespace, a->uid);
    const struct kube_call call = {
        .verb = KUBE_GET, .path = path, .resource = "events", .reply_max_bytes = EVENTS_BYTES_MAX};

    r->request = kube_send(r->fx->kube, &call, on_events, r);
}

/* No answer is no trouble of the sync: it is asked again when it is due. What is new is for the next sync to tell. */
static void
on_events(void *arg, const struct kube_reply *reply)
{
    struct plan_run *r = arg;
    const struct action *a = &r->plan.actions[r->next];
    const json_t *events = reply->err ? NULL : reply->body;

    r->request = NULL;
    if (a->kind->events_read && a->kind->events_read(r->fx->src, &r->target, events, clock_wall_s())) {
        AUTO(err_freep) struct err *e = err_new(ERR_CONFLICT, "events say something new of the %s", a->kind->name);
        run_finish(r, e);
        return;
    }
    r->next++;
    run_next(r);
}

/* The name is derived, so the object is most likely ours and the answer to its create was lost: the next sync decides by what it is. */
static void
read_back(struct plan_run *r, const struct action *a)
{
    run_send(r, KUBE_GET, &(struct place){a->kind, a->namespace, a->name, NULL}, NULL, on_action);
}

static void
take_answer(struct plan_run *r, const struct action *a, const struct kube_reply *reply)
{
    struct informer *i = informer_of(r, a->kind);
    const json_t *meta = json_at(reply->body, "metadata", NULL);
    AUTO(freep) char *key = xasprintf("%s/%s", a->namespace, a->name);
    bool is_object = !reply->err && json_str(meta, "uid");

    if (is_object && !reply->why) { /* else the watch brings it, and says why it is no more than a header */
        informer_own(i, reply->body, r->base_version);
    }
    bool is_going = json_str(meta, "deletionTimestamp") != NULL;
    bool is_held =
        json_array_size(json_object_get(meta, "finalizers")) > 0 || json_int(meta, "deletionGracePeriodSeconds", 0) > 0;
    bool is_delete = a->verb == VERB_DELETE;
    if (a->uid && reply->err && a->kind->label) { /* the watch may not see its end */
        note_lost(r, a);
    } else if (a->uid && (reply->err || (is_going && !is_held) || (is_delete && !is_going))) {
        informer_expect_deletion(i, key, a->uid);
    }
    if (is_object && a->kind == r->target.kind && str_eq(a->uid, r->target.uid)) {
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
    run_send(r, verb, &(struct place){r->target.kind, r->target.namespace, r->target.name, "status"},
             json_in_arena(r->arena, body), on_status);
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
        struct informer *i = informer_of(r, r->target.kind);
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

static void
run_send(struct plan_run *r, enum kube_verb verb, const struct place *at, const json_t *body, kube_done_fn *done)
{
    AUTO(freep) char *bare = api_path(at->kind, at->namespace, at->name, at->sub);
    AUTO(freep)
    char *path = xasprintf("%s%s", bare, verb == KUBE_APPLY_PATCH ? "?fieldManager=vmbridge-controller" : "");
    AUTO(freep)
    char *resource = at->sub ? xasprintf("%s/%s", at->kind->resource, at->sub) : xstrdup(at->kind->resource);
    const struct kube_call call = {.verb = verb,
                                   .path = path,
                                   .resource = resource,
                                   .body = body ? json_text(body, r->arena) : NULL,
                                   .fenced = body != NULL,
                                   .reply_max_bytes = REPLY_MAX,
                                   .parts = at->kind->kept.paths};

    r->request = kube_send(r->fx->kube, &call, done, r);
}
