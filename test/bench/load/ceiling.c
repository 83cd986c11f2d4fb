// What the API server can do: the writes of a machine's start without the logic behind them, and one write again and again.
#include "batch.h"
#include "load.h"
#include "now.h"
#include "pattern.h"

#define VMS "/apis/kubevirt.io/v1/namespaces/{{namespace}}/virtualmachines"
#define VMIS "/apis/kubevirt.io/v1/namespaces/{{namespace}}/virtualmachineinstances"
#define POD_NAME "virt-launcher-{{name}}-0000000000"
#define CEILING "ceiling"

enum { JOBS_MAX = 1000000, LIST_MAX = 8, STEPS_MAX = 40, UID_SIZE = 40, NUMBER_SIZE = 24 };

/* The writes in their order. A body may be an object or a list of them: 'from' and 'to' say which of the list. */
static const struct step_kind {
    const char *body;
    size_t from;
    size_t to;
    enum kube_verb verb;
    const char *path;
    const char *resource;
    const char *name; /* of what is made; NULL: a patch */
    enum slot made;   /* whose UID the answer tells */
    enum slot patched;
} step_kinds[] = {
    {"vm", 0, 1, KUBE_POST, VMS, "virtualmachines", "{{name}}", SLOT_VM_UID, N_SLOTS},
    {"vmi", 0, 1, KUBE_POST, VMIS, "virtualmachineinstances", "{{name}}", SLOT_VMI_UID, N_SLOTS},
    {"vm_status", 0, 1, KUBE_MERGE_PATCH, VMS "/{{name}}/status", "virtualmachines/status", NULL, N_SLOTS, SLOT_VM_UID},
    {"pod", 0, 1, KUBE_POST, "/api/v1/namespaces/{{namespace}}/pods", "pods", POD_NAME, SLOT_POD_UID, N_SLOTS},
    {"vmi_status", 0, LIST_MAX, KUBE_MERGE_PATCH, VMIS "/{{name}}/status", "virtualmachineinstances/status", NULL,
     N_SLOTS, SLOT_VMI_UID},
    {"vmi_labels", 0, LIST_MAX, KUBE_MERGE_PATCH, VMIS "/{{name}}", "virtualmachineinstances", NULL, N_SLOTS,
     SLOT_VMI_UID},
    {"vm_status", 1, LIST_MAX, KUBE_MERGE_PATCH, VMS "/{{name}}/status", "virtualmachines/status", NULL, N_SLOTS,
     SLOT_VM_UID},
    {"events", 0, LIST_MAX, KUBE_POST, "/api/v1/namespaces/{{namespace}}/events", "events", "{{name}}", N_SLOTS, N_SLOTS},
};

static const struct {
    const char *kind;
    enum slot uid;
    const char *name;
} owners[] = {
    {"VirtualMachine", SLOT_VM_UID, "{{name}}"},
    {"VirtualMachineInstance", SLOT_VMI_UID, "{{name}}"},
    {"Pod", SLOT_POD_UID, POD_NAME},
};

static const char *const uid_marks[N_SLOTS] = {
    [SLOT_VM_UID] = "{{vm-uid}}", [SLOT_VMI_UID] = "{{vmi-uid}}", [SLOT_POD_UID] = "{{pod-uid}}"};

struct step {
    const struct step_kind *kind;
    struct pattern *path;
    struct pattern *body;
};

struct uids {
    char of[N_SLOTS][UID_SIZE];
};

struct ceiling {
    struct load *load;
    struct step steps[STEPS_MAX];
    size_t n_steps;
    size_t first;
    struct uids *uids; /* of each machine */
    struct batch_plan plan;
};

static void
ceiling_free(struct ceiling *c)
{
    for (size_t i = 0; i < c->n_steps; i++) {
        pattern_free(c->steps[i].path);
        pattern_free(c->steps[i].body);
    }
    free(c->uids);
    free(c);
}

/* Templates out of what was stored */

/* A reference to an object of another machine becomes one to this machine's. */
static void
point_here(json_t *reference)
{
    const char *kind = json_str(reference, "kind");

    for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
        if (str_eq(kind, owners[i].kind)) {
            (void)json_object_set_new(reference, "name", json_string(owners[i].name));
            (void)json_object_set_new(reference, "uid", json_string(uid_marks[owners[i].uid]));
            if (json_object_get(reference, "namespace")) {
                (void)json_object_set_new(reference, "namespace", json_string("{{namespace}}"));
            }
            (void)json_object_del(reference, "resourceVersion");
        }
    }
}

/* What the server adds when it stores. */
static void
drop_stored(json_t *body, json_t *meta)
{
    static const char *const of_meta[] = {"uid",           "resourceVersion", "creationTimestamp", "generation",
                                          "managedFields", "selfLink",        "generateName"};

    for (size_t i = 0; i < ARRAY_LEN(of_meta); i++) {
        (void)json_object_del(meta, of_meta[i]);
    }
    (void)json_object_del(body, "status");
    (void)json_object_del(json_object_get(body, "spec"), "nodeName"); /* the scheduler's word */
}

static void
prepare_new(json_t *body, const struct step_kind *kind, size_t index)
{
    AUTO(freep)
    char *name =
        index > 0 || str_eq(kind->body, "events") ? xasprintf("%s.18a%013zx", kind->name, index) : xstrdup(kind->name);
    json_t *meta = json_object_get(body, "metadata");
    json_t *owner;
    size_t i;

    if (!json_is_object(meta)) {
        meta = json_object();
        (void)json_object_set_new(body, "metadata", meta);
    }
    drop_stored(body, meta);
    (void)json_object_set_new(meta, "name", json_string(name));
    (void)json_object_set_new(meta, "namespace", json_string("{{namespace}}"));
    json_array_foreach(json_object_get(meta, "ownerReferences"), i, owner) {
        point_here(owner);
    }
    point_here(json_object_get(body, "involvedObject"));
}

static void
prepare_patch(json_t *body, const struct step_kind *kind)
{
    json_t *meta = json_object_get(body, "metadata");

    if (json_object_get(meta, "uid")) {
        (void)json_object_set_new(meta, "uid", json_string(uid_marks[kind->patched]));
    }
    (void)json_object_del(meta, "resourceVersion");
}

static struct err *
step_add(struct ceiling *c, const json_t *given, const struct step_kind *kind, size_t index)
{
    if (!json_is_object(given) || c->n_steps == STEPS_MAX) {
        return err_new(ERR_INVALID, "bodies: %s is no object, or there are too many writes", kind->body);
    }
    AUTO(json_freep) json_t *body = json_deep_copy(given);
    if (kind->name) {
        prepare_new(body, kind, index);
    } else {
        prepare_patch(body, kind);
    }
    AUTO(freep) char *text = json_dumps(body, JSON_COMPACT);
    BUG_ON(!text);
    c->steps[c->n_steps++] = (struct step){.kind = kind, .path = pattern_new(kind->path), .body = pattern_new(text)};
    return NULL;
}

/* What is not given is not written: a controller that makes fewer writes has a higher ceiling. */
static struct err *
steps_read(struct ceiling *c, const json_t *bodies, const struct step_kind *kind)
{
    const json_t *given = json_object_get(bodies, kind->body);
    size_t n = json_is_array(given) ? json_array_size(given) : given != NULL;
    struct err *e = n > LIST_MAX ? err_new(ERR_INVALID, "bodies: more than %d of %s", LIST_MAX, kind->body) : NULL;

    for (size_t i = kind->from; i < n && i < kind->to && !e; i++) {
        e = step_add(c, json_is_array(given) ? json_array_get(given, i) : given, kind, i);
    }
    return e;
}

static struct err *
ceiling_read(struct ceiling *c, const json_t *command)
{
    const json_t *bodies = json_object_get(command, "bodies");
    struct err *e = load_number(command, "n", -1, JOBS_MAX, &c->plan.n_jobs);

    if (!e) {
        e = load_number(command, "first", 0, JOBS_MAX, &c->first);
    }
    if (!e) {
        e = load_number(command, "parallel", 64, BATCH_PARALLEL_MAX, &c->plan.parallel);
    }
    for (size_t i = 0; i < ARRAY_LEN(step_kinds) && !e; i++) {
        e = steps_read(c, bodies, &step_kinds[i]);
    }
    if (!e && c->n_steps == 0) {
        e = err_new(ERR_INVALID, "bodies holds none of vm, vmi, vm_status, pod, vmi_status, vmi_labels, events");
    }
    c->plan.n_steps = c->n_steps;
    return e;
}

/* The writes */

static void
make_step(void *arg, size_t job, size_t step, struct batch_write *ret_write)
{
    const struct ceiling *c = arg;
    const struct step *s = &c->steps[step];
    const struct uids *uids = &c->uids[job];
    char namespace[LOAD_NAMESPACE_SIZE];
    char name[LOAD_NAME_SIZE];
    char number[NUMBER_SIZE];

    (void)snprintf(namespace, sizeof(namespace), CEILING "-%zu", (c->first + job) % c->load->n_namespaces);
    (void)snprintf(name, sizeof(name), "vm-%zu", c->first + job);
    (void)snprintf(number, sizeof(number), "%zu", c->first + job);
    const char *const values[N_SLOTS] = {
        [SLOT_NAME] = name,
        [SLOT_NAMESPACE] = namespace,
        [SLOT_NUMBER] = number,
        [SLOT_VALUE] = number,
        [SLOT_VM_UID] = uids->of[SLOT_VM_UID],
        [SLOT_VMI_UID] = uids->of[SLOT_VMI_UID],
        [SLOT_POD_UID] = uids->of[SLOT_POD_UID],
    };
    *ret_write = (struct batch_write){.verb = s->kind->verb,
                                      .resource = s->kind->resource,
                                      .path = pattern_fill(s->path, values),
                                      .body = pattern_fill(s->body, values)};
}

static bool
took_step(void *arg, size_t job, size_t step, const struct kube_reply *reply)
{
    struct ceiling *c = arg;
    const struct step_kind *kind = c->steps[step].kind;
    const char *uid = json_str(json_object_get(reply->body, "metadata"), "uid");

    if (reply->err) {
        return false;
    }
    if (kind->made != N_SLOTS && uid) {
        (void)snprintf(c->uids[job].of[kind->made], UID_SIZE, "%s", uid);
    }
    return true;
}

static void
on_done(void *arg, const struct batch_result *result)
{
    struct ceiling *c = arg;

    load_answer_batch(c->load, result);
    ceiling_free(c);
}

static void
on_namespaces(void *arg, const struct err *err)
{
    struct ceiling *c = arg;

    if (err) {
        load_refuse(c->load, err_wrap(err_copy(err), "namespaces"), NULL);
        ceiling_free(c);
        return;
    }
    batch_start(&c->load->loop, c->load->kube, &c->plan);
}

struct err *
load_ceiling(struct load *l, const json_t *command)
{
    struct ceiling *c = XNEW(struct ceiling);

    c->load = l;
    c->plan = (struct batch_plan){.make = make_step, .took = took_step, .done = on_done, .arg = c};
    struct err *e = ceiling_read(c, command);
    if (e) {
        ceiling_free(c);
        return e;
    }
    c->uids = xcalloc(c->plan.n_jobs, sizeof(*c->uids));
    load_make_namespaces(l, CEILING, on_namespaces, c);
    return NULL;
}

/* One write again and again */

struct repeat {
    struct load *load;
    struct pattern *path;
    struct pattern *body;
    size_t parallel;
    int64_t value; /* of the first write: no two commands write the same */
};

static void
repeat_free(struct repeat *r)
{
    pattern_free(r->path);
    pattern_free(r->body);
    free(r);
}

static void
make_repeat(void *arg, size_t job, size_t step, struct batch_write *ret_write)
{
    const struct repeat *r = arg;
    char lane[NUMBER_SIZE];
    char value[NUMBER_SIZE];
    long long now = r->value + (long long)job;

    (void)step; /* there is one */
    (void)snprintf(lane, sizeof(lane), "%zu", job % r->parallel);
    (void)snprintf(value, sizeof(value), "%lld", now);
    const char *const values[N_SLOTS] = {[SLOT_NUMBER] = lane, [SLOT_VALUE] = value};
    *ret_write = (struct batch_write){.verb = KUBE_MERGE_PATCH,
                                      .resource = "status",
                                      .path = pattern_fill(r->path, values),
                                      .body = pattern_fill(r->body, values)};
}

static void
on_repeated(void *arg, const struct batch_result *result)
{
    struct repeat *r = arg;

    load_answer_batch(r->load, result);
    repeat_free(r);
}

/* Without a place for the changing value it goes where every status of ours has a number. */
static struct err *
repeat_body(const json_t *given, struct pattern **ret_pattern)
{
    AUTO(json_freep) json_t *body = json_deep_copy(given);
    AUTO(freep) char *text = json_is_object(body) ? json_dumps(body, JSON_COMPACT) : NULL;
    json_t *status = json_object_get(body, "status");

    if (!text) {
        return err_new(ERR_INVALID, "body is no object");
    }
    struct pattern *p = pattern_new(text);
    if (pattern_has(p, SLOT_VALUE)) {
        *ret_pattern = p;
        return NULL;
    }
    pattern_free(p);
    if (!json_is_integer(json_object_get(status, "observedGeneration"))) {
        return err_new(ERR_INVALID, "the body has no {{value}}, {{integer}} or status.observedGeneration to change: "
                                    "all writes but the first would be none");
    }
    (void)json_object_set_new(status, "observedGeneration", json_string("{{integer}}"));
    AUTO(freep) char *changing = json_dumps(body, JSON_COMPACT);
    BUG_ON(!changing);
    *ret_pattern = pattern_new(changing);
    return NULL;
}

static struct err *
repeat_read(struct repeat *r, const json_t *command, struct batch_plan *plan)
{
    const char *path = json_str(command, "resource");
    struct err *e = load_number(command, "n", -1, JOBS_MAX, &plan->n_jobs);

    if (!e) {
        e = load_number(command, "parallel", 1, BATCH_PARALLEL_MAX, &plan->parallel);
    }
    if (!e && (str_empty(path) || path[0] != '/')) {
        e = err_new(ERR_INVALID, "resource is no path");
    }
    if (!e) {
        e = repeat_body(json_object_get(command, "body"), &r->body);
    }
    if (!e) {
        r->parallel = plan->parallel < 1 ? 1 : plan->parallel;
        r->path = pattern_new(path);
    }
    return e;
}

struct err *
load_status_writes(struct load *l, const json_t *command)
{
    struct repeat *r = XNEW(struct repeat);
    struct batch_plan plan = {.n_steps = 1, .make = make_repeat, .done = on_repeated, .arg = r};

    r->load = l;
    r->value = now_wall_ms();
    struct err *e = repeat_read(r, command, &plan);
    if (e) {
        repeat_free(r);
        return e;
    }
    batch_start(&l->loop, l->kube, &plan);
    return NULL;
}
