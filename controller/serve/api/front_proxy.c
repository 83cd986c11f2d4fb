// Keeps the configuration in step with its ConfigMap.
#include "serve/api/front_proxy.h"

#include "base/clock.h"

enum { REREAD_MS = 60 * 1000, AGAIN_MS = 1000, LOOK_MS = 10 * 1000 };

#define MAP_PATH "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"

struct front_proxy {
    struct kube *kube;
    front_proxy_fn *changed;
    void *arg;
    uv_timer_t timer;
    struct kube_request *request;
    struct front_proxy_config *current;
    int64_t read_ms; /* when it was last asked for */
};

static const struct log lg = {.part = "front-proxy"};

static void on_timer(uv_timer_t *t);

static void
next_in(struct front_proxy *f, int64_t ms)
{
    BUG_ON(uv_timer_start(&f->timer, on_timer, (uint64_t)ms, 0) != 0);
}

static void
use(struct front_proxy *f, struct front_proxy_config *config)
{
    struct front_proxy_config *old = f->current;

    if (front_proxy_config_equal(old, config)) {
        front_proxy_config_free(config);
        return;
    }
    f->current = config;
    log_info(&lg, "the API server's proxy is known", F_I64("names", config->allowed_names.n));
    f->changed(f->arg, config, front_proxy_config_store(config));
    front_proxy_config_free(old);
}

static void
on_read(void *arg, const struct kube_reply *reply)
{
    struct front_proxy *f = arg;
    struct front_proxy_config *config = NULL;

    f->request = NULL;
    AUTO(err_freep)
    struct err *e = reply->err ? err_copy(reply->err) : front_proxy_config_read(reply->body, &config);
    if (e) {
        log_warn(&lg, "ConfigMap kube-system/extension-apiserver-authentication is of no use", F_ERR(e));
    } else {
        use(f, config);
    }
    next_in(f, e && !f->current ? AGAIN_MS : REREAD_MS);
}

static void
on_timer(uv_timer_t *t)
{
    struct front_proxy *f = CONTAINER_OF(t, struct front_proxy, timer);
    const struct kube_call call = {.verb = KUBE_GET, .path = MAP_PATH, .resource = "configmaps"};

    if (!f->request) {
        f->read_ms = clock_mono_ms();
        f->request = kube_send(f->kube, &call, on_read, f);
    }
}

struct front_proxy *
front_proxy_new(uv_loop_t *loop, struct kube *kube, front_proxy_fn *changed, void *arg)
{
    struct front_proxy *f = XNEW(struct front_proxy);

    f->kube = kube;
    f->changed = changed;
    f->arg = arg;
    BUG_ON(uv_timer_init(loop, &f->timer) != 0);
    next_in(f, 0);
    return f;
}

void
front_proxy_look(struct front_proxy *f)
{
    if (!f->request && f->current && clock_mono_ms() - f->read_ms >= LOOK_MS) {
        next_in(f, 0);
    }
}

const struct front_proxy_config *
front_proxy_current(const struct front_proxy *f)
{
    return f->current;
}

static void
on_closed(uv_handle_t *h)
{
    struct front_proxy *f = CONTAINER_OF((uv_timer_t *)h, struct front_proxy, timer);

    front_proxy_config_free(f->current);
    free(f);
}

void
front_proxy_close(struct front_proxy *f)
{
    if (f) {
        if (f->request) {
            kube_cancel(f->request);
        }
        uv_close((uv_handle_t *)&f->timer, on_closed);
    }
}
