// Two marks of KubeVirt: its operator manages the CRD, or its API server is registered.
#include "effect/preflight.h"

#include "base/backoff.h"
#include "base/log.h"

#define CRD_PATH "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/virtualmachines.kubevirt.io"
#define API_PATH "/apis/apiregistration.k8s.io/v1/apiservices/v1.subresources.kubevirt.io"

struct check {
    struct kube *kube;
    void (*done)(void *arg, const char *refusal);
    void *arg;
    const struct look *look;
    struct backoff backoff;
    uv_timer_t timer;
    const char *refusal;
};

struct look {
    const char *path;
    const char *resource;
    bool (*is_kubevirt)(const json_t *object);
    const char *refusal;
};

static bool crd_is_kubevirts(const json_t *object);
static bool api_is_kubevirts(const json_t *object);
static void ask(struct check *c);
static void ask_again(uv_timer_t *timer);
static void on_answer(void *arg, const struct kube_reply *reply);
static void check_closed(uv_handle_t *handle);

static const struct look looks[] = {
    {CRD_PATH, "customresourcedefinitions", crd_is_kubevirts,
     "KubeVirt is installed in this cluster (its operator manages the CRD virtualmachines.kubevirt.io): remove "
     "KubeVirt first, or use "
     "vmbridge in another cluster"},
    {API_PATH, "apiservices", api_is_kubevirts,
     "KubeVirt is installed in this cluster (its virt-api serves v1.subresources.kubevirt.io): remove KubeVirt first, "
     "or use vmbridge in "
     "another cluster"},
    {NULL, NULL, NULL, NULL},
};
static const struct log lg = {.part = "preflight"};

void
preflight(uv_loop_t *loop, struct kube *kube, void (*done)(void *arg, const char *refusal), void *arg)
{
    struct check *c = XNEW(struct check);

    *c = (struct check){
        .kube = kube, .done = done, .arg = arg, .look = looks, .backoff = {.base_ms = 200, .max_ms = 5000}};
    BUG_ON(uv_timer_init(loop, &c->timer) != 0);
    ask(c);
}

static void
ask(struct check *c)
{
    const struct kube_call call = {.verb = KUBE_GET, .path = c->look->path, .resource = c->look->resource};

    (void)kube_send(c->kube, &call, on_answer, c);
}

static void
ask_again(uv_timer_t *timer)
{
    ask(CONTAINER_OF(timer, struct check, timer));
}

static void
on_answer(void *arg, const struct kube_reply *reply)
{
    struct check *c = arg;

    if (reply->err && err_class(reply->err) != ERR_NOT_FOUND) {
        int64_t delay_ms = backoff_next_ms(&c->backoff, 0);
        log_warn(&lg, "the API server does not say whether KubeVirt is installed", F_I64("retry_ms", delay_ms),
                 F_ERR(reply->err));
        BUG_ON(uv_timer_start(&c->timer, ask_again, (uint64_t)delay_ms, 0) != 0);
        return;
    }
    if (!reply->err && c->look->is_kubevirt(reply->body)) {
        c->refusal = c->look->refusal;
    } else {
        c->look++;
        if (c->look->path) {
            ask(c);
            return;
        }
    }
    uv_close((uv_handle_t *)&c->timer, check_closed);
}

static void
check_closed(uv_handle_t *handle)
{
    struct check *c = CONTAINER_OF(handle, struct check, timer);

    c->done(c->arg, c->refusal);
    free(c);
}

static bool
crd_is_kubevirts(const json_t *object)
{
    const char *manager = json_str(json_at(object, "metadata", "labels", NULL), "app.kubernetes.io/managed-by");

    return str_eq(manager, "virt-operator") || str_eq(manager, "kubevirt");
}

static bool
api_is_kubevirts(const json_t *object)
{
    return str_eq(json_str(json_at(object, "spec", "service", NULL), "name"), "virt-api");
}
