// Keeps the certificates in step with their Secret: the first replica makes it, each reads it, the leader renews it.
#include "serve/trust/certs_keeper.h"

#include "base/clock.h"

enum { REREAD_MS = 60000, AGAIN_MS = 2000, N_NAMES = 5 };

static const struct metric expiry = {
    .name = "vmbridge_certificate_expiry_seconds",
    .help = "End of a certificate's life, in seconds since 1970, by certificate (leaf, ca).",
    .type = METRIC_GAUGE,
};
static const struct metric renewals = {
    .name = "vmbridge_certificate_writes_total",
    .help = "Times that this replica wrote the certificates' Secret, by result.",
    .type = METRIC_COUNTER,
};

struct certs {
    struct log log;
    struct kube *kube;
    char *namespace;
    char *path; /* of the Secret */
    char *names[N_NAMES + 1];
    struct certs_policy policy;
    int64_t reread_ms;
    struct metrics *metrics;
    certs_changed_fn *changed;
    void *arg;
    uv_timer_t timer;
    struct kube_request *request;
    struct certs_set *current;
    struct certs_set *written; /* sent, answer not known yet */
    char *problem;
    bool leads;
};

static void on_timer(uv_timer_t *t);

static void
next_in(struct certs *c, int64_t delay_ms)
{
    uv_timer_start(&c->timer, on_timer, (uint64_t)delay_ms, 0);
}

static void
set_problem(struct certs *c, const char *text)
{
    free(c->problem);
    c->problem = text ? xstrdup(text) : NULL;
}

/* Logs and tries again. With a set in hand it is only late; without one we are not ready. */
static void
failed(struct certs *c, const struct err *e)
{
    AUTO(freep) char *text = xasprintf("Secret %s/%s: %s", c->namespace, CERTS_SECRET, err_text(e));

    log_warn(&c->log, "certificates cannot be kept", F_ERR(e));
    if (!c->current) {
        set_problem(c, text);
    }
    next_in(c, AGAIN_MS);
}

static void
show_expiry(struct certs *c)
{
    if (c->metrics) {
        metrics_set(c->metrics, &expiry, "certificate=\"leaf\"", (double)certs_not_after(c->current->leaf.crt_pem));
        metrics_set(c->metrics, &expiry, "certificate=\"ca\"", (double)certs_not_after(c->current->ca_pem));
    }
}

/* Takes 'set'. */
static void
use(struct certs *c, struct certs_set *set)
{
    struct certs_set *old = c->current;

    set_problem(c, NULL);
    if (old && certs_set_equal(old, set)) {
        certs_set_free(set);
        return;
    }
    c->current = set;
    show_expiry(c);
    log_info(&c->log, "certificates are in use", F_I64("leaf_ends_s", certs_not_after(set->leaf.crt_pem)),
             F_I64("ca_ends_s", certs_not_after(set->ca_pem)));
    c->changed(c->arg, set);
    certs_set_free(old);
}

static void
on_written(void *arg, const struct kube_reply *reply)
{
    struct certs *c = arg;

    c->request = NULL;
    if (c->metrics) {
        metrics_add(c->metrics, &renewals, reply->err ? "result=\"error\"" : "result=\"ok\"", 1);
    }
    if (!reply->err) {
        use(c, STEAL(c->written));
        next_in(c, c->reread_ms);
        return;
    }
    certs_set_free(STEAL(c->written));
    if (err_class(reply->err) == ERR_CONFLICT) {
        next_in(c, 0); /* another replica was first: read what it wrote */
    } else {
        failed(c, reply->err);
    }
}

/* Takes 'set'. 'version' NULL creates. */
static void
write_secret(struct certs *c, struct certs_set *set, const char *version)
{
    AUTO(json_freep) json_t *secret = certs_to_secret(set, c->namespace, version);
    AUTO(strbuf_fini) struct strbuf body = STRBUF_INIT(8 * CERTS_PEM_MAX);
    AUTO(freep) char *collection = xasprintf("/api/v1/namespaces/%s/secrets", c->namespace);
    struct kube_call call = {
        .verb = version ? KUBE_PUT : KUBE_POST, .path = version ? c->path : collection, .resource = "secrets"};

    BUG_ON(!json_write(secret, &body)); /* each part is capped well below */
    call.body = strbuf_str(&body);
    c->written = set;
    c->request = kube_send(c->kube, &call, on_written, c);
}

/* What is in the cluster is 'found' (NULL: nothing); takes it. */
static void
decide(struct certs *c, struct certs_set *found, const char *version)
{
    AUTO(certs_set_freep) struct certs_set *old = found;
    struct certs_set *wanted = NULL;
    /* A Secret that somebody deleted comes back with the CA that launchers know. */
    const struct certs_set *base = old ? old : c->current;
    AUTO(err_freep)
    struct err *e = certs_renew(base, (const char *const *)c->names, &c->policy, clock_wall_s(), &wanted);

    if (e) {
        failed(c, e);
        return;
    }
    if (!old) {
        write_secret(c, wanted ? wanted : certs_set_copy(base), NULL);
        return;
    }
    use(c, STEAL(old));
    if (wanted && c->leads) {
        write_secret(c, wanted, version);
        return;
    }
    certs_set_free(wanted);
    next_in(c, c->reread_ms);
}

static void
on_read(void *arg, const struct kube_reply *reply)
{
    struct certs *c = arg;
    struct certs_set *found = NULL;
    AUTO(err_freep) struct err *e = NULL;

    c->request = NULL;
    if (reply->err && err_class(reply->err) == ERR_NOT_FOUND) {
        decide(c, NULL, NULL);
        return;
    }
    e = reply->err ? err_copy(reply->err) : certs_from_secret(reply->body, &found);
    if (e && !reply->err) {
        e = err_wrap(e, "damaged; delete it and a new one is made");
    }
    if (e) {
        failed(c, e);
        return;
    }
    decide(c, found, json_str(json_at(reply->body, "metadata", NULL), "resourceVersion"));
}

static void
on_timer(uv_timer_t *t)
{
    struct certs *c = t->data;
    struct kube_call call = {.verb = KUBE_GET, .path = c->path, .resource = "secrets"};

    if (!c->request) {
        c->request = kube_send(c->kube, &call, on_read, c);
    }
}

static void
fill_names(struct certs *c)
{
    static const char service[] = CERTS_SERVICE;

    c->names[0] = xasprintf("%s.%s.svc", service, c->namespace);
    c->names[1] = xasprintf("%s.%s", service, c->namespace);
    c->names[2] = xasprintf("%s", service);
    c->names[3] = xasprintf("%s.%s.svc.cluster.local", service, c->namespace);
    c->names[4] = xstrdup("localhost");
}

struct err *
certs_new(uv_loop_t *loop, struct kube *kube, const struct certs_options *options, certs_changed_fn *changed, void *arg,
          struct certs **ret_certs)
{
    struct certs *c = XNEW(struct certs);

    c->log.part = "certs";
    c->kube = kube;
    c->namespace = xstrdup(options->namespace);
    c->path = xasprintf("/api/v1/namespaces/%s/secrets/%s", options->namespace, CERTS_SECRET);
    fill_names(c);
    c->policy = options->policy ? *options->policy : certs_default_policy;
    c->reread_ms = options->reread_ms ? options->reread_ms : REREAD_MS;
    c->metrics = options->metrics;
    c->changed = changed;
    c->arg = arg;
    set_problem(c, "certificates are not read yet");
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    next_in(c, 0);
    *ret_certs = c;
    return NULL;
}

const struct certs_set *
certs_current(const struct certs *c)
{
    return c->current;
}

const char *
certs_problem(const struct certs *c)
{
    return c->problem;
}

void
certs_set_leader(struct certs *c, bool leads)
{
    bool begins = leads && !c->leads;

    c->leads = leads;
    if (begins && !c->request) {
        next_in(c, 0);
    }
}

static void
on_closed(uv_handle_t *h)
{
    free(h->data);
}

void
certs_close(struct certs *c)
{
    if (!c) {
        return;
    }
    if (c->request) {
        kube_cancel(c->request);
    }
    certs_set_free(c->written);
    certs_set_free(c->current);
    for (size_t i = 0; i < N_NAMES; i++) {
        free(c->names[i]);
    }
    free(c->namespace);
    free(c->path);
    free(c->problem);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}
