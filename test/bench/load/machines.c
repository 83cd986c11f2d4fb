// What users do: make machines, delete them, apply them again.
#include "batch.h"
#include "load.h"
#include "now.h"
#include "pattern.h"

#define VMS "/apis/kubevirt.io/v1/namespaces/%s/virtualmachines"

enum { MACHINES_MAX = 1000000, TIMES_MAX = 100000, GAP_MAX_MS = 3600000 };

/* One command at hand. */
struct work {
    struct load *load;
    size_t first;
    struct pattern *template; /* NULL for deletions */
};

static void
work_free(struct work *w)
{
    pattern_free(w->template);
    free(w);
}

static void
on_done(void *arg, const struct batch_result *result)
{
    struct work *w = arg;

    load_answer_batch(w->load, result);
    work_free(w);
}

/* The template with the places for what differs. */
static struct err *
template_read(const json_t *command, struct pattern **ret_pattern)
{
    AUTO(json_freep) json_t *vm = json_deep_copy(json_object_get(command, "template"));

    if (!json_is_object(vm)) {
        return err_new(ERR_INVALID, "template is no object");
    }
    json_t *meta = json_object_get(vm, "metadata");
    if (!json_is_object(meta)) {
        meta = json_object();
        (void)json_object_set_new(vm, "metadata", meta);
    }
    (void)json_object_set_new(meta, "name", json_string("{{name}}"));
    (void)json_object_set_new(meta, "namespace", json_string("{{namespace}}"));
    AUTO(freep) char *text = json_dumps(vm, JSON_COMPACT);
    BUG_ON(!text);
    *ret_pattern = pattern_new(text);
    return NULL;
}

/* Reads what the commands have in common. 'w' is the caller's in any case. */
static struct err *
plan_read(struct work *w, const json_t *command, struct batch_plan *plan)
{
    size_t gap_ms = 0;
    struct err *e = load_number(command, "first", 0, MACHINES_MAX, &w->first);

    if (!e) {
        e = load_number(command, "n", -1, MACHINES_MAX, &plan->n_jobs);
    }
    if (!e) {
        e = load_number(command, "parallel", 64, BATCH_PARALLEL_MAX, &plan->parallel);
    }
    if (!e) {
        e = load_number(command, "gap_ms", 0, GAP_MAX_MS, &gap_ms);
    }
    plan->gap_ms = (int64_t)gap_ms;
    return e;
}

static char *
fill(const struct work *w, size_t i, const char *namespace, const char *name)
{
    char number[24];

    (void)snprintf(number, sizeof(number), "%zu", i);
    const char *const values[N_SLOTS] = {
        [SLOT_NAME] = name, [SLOT_NAMESPACE] = namespace, [SLOT_NUMBER] = number, [SLOT_VALUE] = number};
    return pattern_fill(w->template, values);
}

/* Making */

static void
make_create(void *arg, size_t job, size_t step, struct batch_write *ret_write)
{
    struct work *w = arg;
    char namespace[LOAD_NAMESPACE_SIZE];
    char name[LOAD_NAME_SIZE];

    (void)step; /* there is one */
    load_name(w->load, w->first + job, namespace, name);
    *ret_write = (struct batch_write){
        .verb = KUBE_POST,
        .resource = "virtualmachines",
        .path = xasprintf(VMS "?fieldManager=bench", namespace),
        .body = fill(w, w->first + job, namespace, name),
    };
    (void)book_expect(&w->load->book, namespace, name, now_wall_ms());
}

static bool
took_create(void *arg, size_t job, size_t step, const struct kube_reply *reply)
{
    struct work *w = arg;
    char namespace[LOAD_NAMESPACE_SIZE];
    char name[LOAD_NAME_SIZE];

    (void)step;
    load_name(w->load, w->first + job, namespace, name);
    struct machine *m = book_machine(&w->load->book, namespace, name);
    if (!reply->err && m) {
        m->at[STAMP_ACKED] = now_wall_ms();
    }
    return !reply->err;
}

/* Reads what the commands have in common, and the template for those that fill one; then begins. */
static struct err *
begin(struct load *l, const json_t *command, bool has_template, struct batch_plan *plan)
{
    struct work *w = XNEW(struct work);

    w->load = l;
    plan->done = on_done;
    plan->arg = w;
    struct err *e = plan_read(w, command, plan);
    if (!e && has_template) {
        e = template_read(command, &w->template);
    }
    if (e) {
        work_free(w);
        return e;
    }
    batch_start(&l->loop, l->kube, plan);
    return NULL;
}

struct err *
load_create(struct load *l, const json_t *command)
{
    struct batch_plan plan = {.n_steps = 1, .make = make_create, .took = took_create};

    return begin(l, command, true, &plan);
}

/* Deleting */

static void
make_delete(void *arg, size_t job, size_t step, struct batch_write *ret_write)
{
    const struct work *w = arg;
    char namespace[LOAD_NAMESPACE_SIZE];
    char name[LOAD_NAME_SIZE];

    (void)step;
    load_name(w->load, w->first + job, namespace, name);
    *ret_write = (struct batch_write){
        .verb = KUBE_DELETE,
        .resource = "virtualmachines",
        .path = xasprintf(VMS "/%s?propagationPolicy=Background", namespace, name),
    };
}

static bool
took_delete(void *arg, size_t job, size_t step, const struct kube_reply *reply)
{
    (void)arg;
    (void)job;
    (void)step;
    return !reply->err || err_class(reply->err) == ERR_NOT_FOUND;
}

struct err *
load_delete(struct load *l, const json_t *command)
{
    struct batch_plan plan = {.n_steps = 1, .make = make_delete, .took = took_delete};

    return begin(l, command, false, &plan);
}

/* Applying: each manifest its number of times, one after the other. */

static void
make_apply(void *arg, size_t job, size_t step, struct batch_write *ret_write)
{
    const struct work *w = arg;
    char namespace[LOAD_NAMESPACE_SIZE];
    char name[LOAD_NAME_SIZE];

    (void)step;
    load_name(w->load, w->first + job, namespace, name);
    *ret_write = (struct batch_write){
        .verb = KUBE_APPLY_PATCH,
        .resource = "virtualmachines",
        .path = xasprintf(VMS "/%s?fieldManager=bench", namespace, name),
        .body = fill(w, w->first + job, namespace, name),
    };
}

struct err *
load_apply(struct load *l, const json_t *command)
{
    struct batch_plan plan = {.make = make_apply};
    struct err *e = load_number(command, "times", 1, TIMES_MAX, &plan.n_steps);

    return e ? e : begin(l, command, true, &plan);
}
