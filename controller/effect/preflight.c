// Two marks of KubeVirt: its operator manages the CRD, or its API server is registered.
#include "effect/preflight.h"

#include "base/backoff.h"
#include "base/log.h"

#define CRD_PATH "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/virtualmachines.kubevirt.io"
#define API_PATH "/apis/apiregistration.k8s.io/v1/apiservices/v1.subresources.kubevirt.io"

struct preflight {
    struct kube *kube;
    void (*done)(void *arg, const char *refusal);
    void *arg;
    const struct look *look;
    struct backoff backoff;
    uv_timer_t timer;
    struct kube_request *request;
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
static void ask(struct preflight *p);
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

struct preflight *
preflight_new(uv_loop_t *loop, struct kube *kube, void (*done)(void *arg, const char *refusal), void *arg)
{
    struct preflight *p = XNEW(struct preflight);

    *p = (struct preflight){
        .kube = kube, .done = done, .arg = arg, .look = looks, .backoff = {.base_ms = 200, .max_ms = 5000}};
    BUG_ON(uv_timer_init(loop, &p->timer) != 0);
    ask(p);
    return p;
}

void
preflight_cancel(struct preflight *p)
{
    if (!p) {
        return;
    }
    p->done = NULL;
    if (p->request) {
        kube_cancel(p->request);
        p->request = NULL;
    }
    if (!uv_is_closing((uv_handle_t *)&p->timer)) {
        uv_close((uv_handle_t *)&p->timer, check_closed);
    }
}

static void
ask(struct preflight *p)
{
    const struct kube_call call = {.verb = KUBE_GET, .path = p->look->path, .resource = p->look->resource};

    p->request = kube_send(p->kube, &call, on_answer, p);
}

static void
ask_again(uv_timer_t *timer)
{
    ask(CONTAINER_OF(timer, struct preflight, timer));
}

static void
on_answer(void *arg, const struct kube_reply *reply)
{
    struct preflight *p = arg;

    p->request = NULL;
    if (reply->err && err_class(reply->err) != ERR_NOT_FOUND) {
        int64_t delay_ms = backoff_next_ms(&p->backoff, 0);
        log_warn(&lg, "the API server does not say whether KubeVirt is installed", F_I64("retry_ms", delay_ms),
                 F_ERR(reply->err));
        BUG_ON(uv_timer_start(&p->timer, ask_again, (uint64_t)delay_ms, 0) != 0);
        return;
    }
    if (!reply->err && p->look->is_kubevirt(reply->body)) {
        p->refusal = p->look->refusal;
    } else {
        p->look++;
        if (p->look->path) {
            ask(p);
            return;
        }
    }
    uv_close((uv_handle_t *)&p->timer, check_closed);
}

static void
check_closed(uv_handle_t *handle)
{
    struct preflight *p = CONTAINER_OF(handle, struct preflight, timer);

    if (p->done) {
        p->done(p->arg, p->refusal);
    }
    free(p);
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
