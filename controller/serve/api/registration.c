// One after the other, read and perhaps written; level by level, never by event.
#include "serve/api/registration.h"

#include <openssl/evp.h>

enum { EVERY_MS = 15 * 1000, AGAIN_MS = 2000 };

#define SERVICES_PATH "/apis/apiregistration.k8s.io/v1/apiservices/"

static const char *const names[] = {"v1.subresources.kubevirt.io", "v1alpha3.subresources.kubevirt.io"};

struct registration {
    struct kube *kube;
    char *service;
    char *namespace;
    char *bundle; /* base64 of the CAs' PEM; NULL: not known yet */
    bool leads;
    size_t at;      /* of the names, while one is looked at */
    bool is_failed; /* of this round */
    uv_timer_t timer;
    struct kube_request *request;
};

static const struct log lg = {.part = "registration"};

static void look(struct registration *r);

static void
on_timer(uv_timer_t *t)
{
    struct registration *r = CONTAINER_OF(t, struct registration, timer);

    r->at = 0;
    r->is_failed = false;
    look(r);
}

static void
begin(struct registration *r, int64_t ms)
{
    if (r->leads && r->bundle && !r->request) {
        BUG_ON(uv_timer_start(&r->timer, on_timer, (uint64_t)ms, 0) != 0);
    }
}

static void
next(struct registration *r)
{
    if (++r->at < ARRAY_LEN(names)) {
        look(r);
    } else {
        begin(r, r->is_failed ? AGAIN_MS : EVERY_MS);
    }
}

static void
failed(struct registration *r, const char *what, const struct err *e)
{
    r->is_failed = true;
    log_warn(&lg, what, F_STR("apiservice", names[r->at]), F_ERR(e));
}

static void
on_written(void *arg, const struct kube_reply *reply)
{
    struct registration *r = arg;

    r->request = NULL;
    if (reply->err) {
        failed(r, "the CA could not be written", reply->err);
    } else {
        log_info(&lg, "kube-apiserver is told our CA", F_STR("apiservice", names[r->at]));
    }
    next(r);
}

static void
write_bundle(struct registration *r, const json_t *object)
{
    const char *version = json_str(json_object_get(object, "metadata"), "resourceVersion");
    AUTO(json_freep)
    json_t *patch = json_pack("{s:{s:s}, s:{s:s}}", "metadata", "resourceVersion", version ? version : "", "spec",
                              "caBundle", r->bundle);
    AUTO(freep) char *body = json_compact(patch);
    AUTO(freep) char *path = xasprintf(SERVICES_PATH "%s", names[r->at]);
    const struct kube_call call = {
        .verb = KUBE_MERGE_PATCH, .path = path, .resource = "apiservices", .body = body, .unread = true};

    r->request = kube_send(r->kube, &call, on_written, r);
}

static bool
is_ours(const struct registration *r, const json_t *object)
{
    const json_t *service = json_at(object, "spec", "service", NULL);

    return str_eq(json_str(service, "name"), r->service) && str_eq(json_str(service, "namespace"), r->namespace);
}

static void
on_read(void *arg, const struct kube_reply *reply)
{
    struct registration *r = arg;

    r->request = NULL;
    if (reply->err && err_class(reply->err) != ERR_NOT_FOUND) {
        failed(r, "an APIService could not be read", reply->err);
    } else if (!reply->err && is_ours(r, reply->body) &&
               !str_eq(json_str(json_object_get(reply->body, "spec"), "caBundle"), r->bundle)) {
        write_bundle(r, reply->body);
        return;
    }
    next(r);
}

static void
look(struct registration *r)
{
    AUTO(freep) char *path = xasprintf(SERVICES_PATH "%s", names[r->at]);
    const struct kube_call call = {.verb = KUBE_GET, .path = path, .resource = "apiservices"};

    if (r->leads) {
        r->request = kube_send(r->kube, &call, on_read, r);
    }
}

struct registration *
registration_new(uv_loop_t *loop, struct kube *kube, const char *service, const char *namespace)
{
    struct registration *r = XNEW(struct registration);

    r->kube = kube;
    r->service = xstrdup(service);
    r->namespace = xstrdup(namespace);
    BUG_ON(uv_timer_init(loop, &r->timer) != 0);
    return r;
}

void
registration_set_ca(struct registration *r, const char *ca_pem)
{
    size_t len = strlen(ca_pem);
    unsigned char *text = xcalloc(1, 4 * ((len + 2) / 3) + 1);

    (void)EVP_EncodeBlock(text, (const unsigned char *)ca_pem, (int)len);
    free(r->bundle);
    r->bundle = (char *)text;
    begin(r, 0);
}

void
registration_lead(struct registration *r, bool leads)
{
    r->leads = leads;
    if (leads) {
        begin(r, 0);
        return;
    }
    BUG_ON(uv_timer_stop(&r->timer) != 0);
    if (r->request) {
        kube_cancel(STEAL(r->request));
    }
}

static void
on_closed(uv_handle_t *h)
{
    struct registration *r = CONTAINER_OF((uv_timer_t *)h, struct registration, timer);

    free(r->service);
    free(r->namespace);
    free(r->bundle);
    free(r);
}

void
registration_close(struct registration *r)
{
    if (r) {
        registration_lead(r, false);
        uv_close((uv_handle_t *)&r->timer, on_closed);
    }
}
