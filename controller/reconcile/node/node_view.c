// Gathering the view of a node.
#include "reconcile/node/node_view.h"

#include "api/rules/identity.h"
#include "api/walk/quantity.h"
#include "api/walk/table.h"
#include "base/utf8.h"
#include "reconcile/node/asking_kind.h"

enum { OBJECT_MAX = 1024 * 1024, FAILURE_MAX = 512 };

#define JOB_STEM "node-capabilities"

struct gather {
    struct node_view *v;
    struct err *err;
};

static void gather_node(struct node_view *v, const json_t *node);
static struct err *gather_object(struct node_view *v, const struct object *o);
static bool gather_job(void *arg, const struct object *job);
static bool gather_pod(void *arg, const struct object *pod);
static bool count_asking(void *arg, const struct object *pod);

struct err *
node_view_make(struct arena *a, const struct sources *src, const struct object *node, int64_t now_s,
               struct node_view *ret_view)
{
    const struct store *pods = caches_store(src->caches, &asking_pod_kind);
    struct node_view v = {.arena = a, .config = src->config, .namespace = src->namespace, .now_s = now_s};
    struct gather g = {.v = &v};
    json_t *j = NULL;
    struct err *e = object_parse(node, OBJECT_MAX, &j);

    if (!e) {
        json_in_arena(a, j);
        e = api_decode(&meta_type, json_object_get(j, "metadata"), a, &v.node);
    }
    if (e) {
        return err_wrap(e, "decode node %s", node->key);
    }
    gather_node(&v, j);
    e = gather_object(&v, store_get(caches_store(src->caches, &node_capabilities_kind), node->key));
    if (!e) {
        store_each_about(caches_store(src->caches, &asking_job_kind), src->namespace, v.node.name, gather_job, &g);
        store_each_about(pods, src->namespace, v.node.name, gather_pod, &g);
        store_each_hinted(pods, src->namespace, ASKING_WORD, count_asking, &v.n_asking);
        e = g.err;
    }
    if (!e) {
        *ret_view = v;
    }
    return e;
}

/* A node that was emptied for maintenance is asked as well: its answer is there when guests come back. */
static bool
offers_kvm(const json_t *status)
{
    const json_t *amount = json_object_get(json_object_get(status, "allocatable"), KVM_RESOURCE);
    struct quantity q = {0};
    AUTO(err_freep) struct err *e = json_is_string(amount) ? quantity_parse(json_string_value(amount), &q) : NULL;

    return !e && q.value > 0; /* what cannot be read is none */
}

static void
gather_node(struct node_view *v, const json_t *node)
{
    const json_t *status = json_object_get(node, "status");
    const json_t *info = json_object_get(status, "nodeInfo");
    bool is_emulated = v->config->use_emulation;
    const char *boot_id = json_str(info, "bootID");

    v->boot_id = boot_id ? boot_id : "";
    v->takes_guests = v->config->asks_nodes && str_eq(json_str(info, "operatingSystem"), "linux") &&
                      str_eq(json_str(info, "architecture"), "amd64") && (is_emulated || offers_kvm(status));
    const char *const about[] = {v->node.uid, v->config->launcher_image, v->boot_id, is_emulated ? "qemu" : "kvm"};
    v->job = identity_job_name(v->arena, JOB_STEM, about, ARRAY_LEN(about));
}

/* An object that somebody wrote into beyond reading counts as one without an answer: it is written anew. */
static struct err *
gather_object(struct node_view *v, const struct object *o)
{
    json_t *j = NULL;

    if (!o) {
        return NULL;
    }
    struct err *e = object_parse(o, OBJECT_MAX, &j);
    if (e) {
        return err_wrap(e, "decode the capabilities of node %s", o->key);
    }
    json_in_arena(v->arena, j);
    AUTO(err_freep) struct err *bad = api_decode(&node_capabilities_type, j, v->arena, &v->object);
    if (bad) {
        v->object = (struct node_capabilities){0};
        e = api_decode(&meta_type, json_object_get(j, "metadata"), v->arena, &v->object.meta);
    }
    v->has_object = true;
    v->is_current = str_eq(v->object.status.job, v->job) && v->object.status.capabilities;
    return e;
}

static bool
is_of_job(const struct node_view *v, const json_t *pod)
{
    return str_eq(json_str(json_at(pod, "metadata", "labels", NULL), JOB_NAME_LABEL), v->job);
}

static bool
gather_job(void *arg, const struct object *job)
{
    struct gather *g = arg;
    json_t *j = NULL;

    if (!str_eq(strchr(job->key, '/') + 1, g->v->job) || job->expects_deletion) {
        return true;
    }
    g->err = object_parse(job, OBJECT_MAX, &j);
    json_in_arena(g->v->arena, j);
    g->v->has_job = true;
    const json_t *failed = json_find(json_at(j, "status", "conditions", NULL), "type", "Failed");
    g->v->job_failed = str_eq(json_str(failed, "status"), "True");
    if (g->v->job_failed && !g->v->failure) {
        g->v->failure = json_str(failed, "message");
    }
    return !g->err;
}

/* What a program of ours wrote, in a namespace of ours: still checked like anything from outside. */
static const struct domain_capabilities *
read_answer(struct node_view *v, const char *text)
{
    struct domain_capabilities *c = ARENA_NEW(v->arena, struct domain_capabilities);
    json_t *j = NULL;
    AUTO(err_freep) struct err *e = json_parse(text, strlen(text), NODE_ANSWER_MAX, &j);

    if (!e) {
        e = api_decode(&domain_capabilities_type, json_in_arena(v->arena, j), v->arena, c);
    }
    return e || str_empty(c->hypervisor) ? NULL : c;
}

static const char *
shown(struct arena *a, const char *text)
{
    char *copy = arena_strndup(a, text, utf8_cut(text, FAILURE_MAX));

    utf8_clean(copy);
    return copy;
}

static bool
gather_pod(void *arg, const struct object *pod)
{
    struct gather *g = arg;
    struct node_view *v = g->v;
    json_t *j = NULL;

    g->err = object_parse(pod, OBJECT_MAX, &j);
    if (g->err) {
        return false;
    }
    json_in_arena(v->arena, j);
    const json_t *status = json_object_get(j, "status");
    const json_t *container = json_array_get(json_object_get(status, "containerStatuses"), 0);
    const char *text = json_str(json_at(container, "state", "terminated", NULL), "message");
    const char *phase = json_str(status, "phase");
    if (!is_of_job(v, j)) {
        return true;
    }
    if (str_eq(phase, "Succeeded") && text) {
        v->answer = read_answer(v, text);
        v->failure = v->answer ? v->failure : "its answer cannot be read";
    } else if (str_eq(phase, "Failed")) {
        const char *why = text ? text : json_str(status, "message");
        v->failure = shown(v->arena, why ? why : "the launcher image ended without a word");
    }
    return true;
}

static bool
count_asking(void *arg, const struct object *pod)
{
    size_t *n = arg;
    AUTO(json_freep) json_t *j = NULL;
    AUTO(err_freep) struct err *e = object_parse(pod, OBJECT_MAX, &j);

    *n += !e && asking_pod_is_over(j) ? 0 : 1; /* e: the cache wrote it, so none */
    return true;
}
