// Wiring: certificates -> server -> gateway -> reconciler, and the lease above them.
#include "app.h"

#include "base/log.h"
#include "effect/lease.h"
#include "effect/preflight.h"
#include "effect/reconciler.h"
#include "serve/api/api_server.h"
#include "serve/gateway/gateway.h"
#include "serve/http/health.h"
#include "serve/trust/certs_keeper.h"
#include "serve/trust/pod_key_keeper.h"

#include <unistd.h>

enum { REQUESTS_PER_S = 500, REQUESTS_BURST = 1000 };

struct app {
    uv_loop_t *loop;
    struct options options;
    char *version;
    char *identity;
    char *gateway_name;
    char *gateway_address;
    char *own_address;
    struct metrics *metrics;
    struct kube_config *config;
    struct kube *kube;
    struct preflight *preflight; /* while it looks */
    struct certs *certs;
    struct token_verifier *verifier;
    struct gateway *gateway;
    struct sessions *sessions;
    struct api_server *api; /* NULL: there is no port for it */
    struct gateway_sink sink;
    struct health_checks checks;
    struct server_page pages[HEALTH_N_PAGES];
    struct server *server;
    struct reconciler *reconciler;
    struct lease *lease;
    struct pod_key_keeper *pod_key;
    bool leads; /* the lease is held; the reconciler acts once it has the key */
    bool stopping;
    char *failure;
};

static const struct log lg = {.part = "main"};

static void app_names(struct app *a);
static void on_preflight(void *arg, const char *refusal);
static void app_fail(struct app *a, const char *why);
static void on_certs(void *arg, const struct certs_set *set);
static struct err *app_serve(struct app *a, const char *crt_pem, const char *key_pem);
static void on_pod_key(void *arg, const struct pod_key *key);
static void on_lead(void *arg, bool leads);
static void on_released(void *arg);
static void on_server_closed(void *arg);
static const char *check_ready(void *arg);
static void measure(void *arg);
static bool sink_knows(void *arg);
static bool sink_who(void *arg, const char *namespace, const char *pod_name, const char *pod_uid,
                     const char **ret_vmi_uid);
static void sink_state(void *arg, const char *vmi_uid, const char *pod_uid, const struct launcher_state *state,
                       const char *text, size_t len);
static void sink_connected(void *arg, const char *vmi_uid, const char *pod_uid);
static void sink_disconnected(void *arg, const char *vmi_uid, const char *pod_uid);
static const char *sink_redirect(void *arg);
static bool send_launcher(void *arg, const char *pod_uid, const char *text);
static void pod_changed(void *arg, const char *pod_uid, bool is_gone);

struct err *
app_new(uv_loop_t *loop, const struct options *options, const char *version, struct app **ret_app)
{
    struct app *a = XNEW(struct app);

    a->loop = loop;
    a->options = *options;
    a->version = xstrdup(version);
    a->metrics = metrics_new();
    app_names(a);
    struct err *e = options->kubeconfig
                        ? kube_config_load(options->kubeconfig, &a->config)
                        : kube_config_in_cluster(getenv("KUBERNETES_SERVICE_HOST"), getenv("KUBERNETES_SERVICE_PORT"),
                                                 "/var/run/secrets/kubernetes.io/serviceaccount", &a->config);
    if (!e) {
        AUTO(freep) char *agent = xasprintf("vmbridge-controller/%s", version);
        const struct kube_options ko = {
            .metrics = a->metrics, .user_agent = agent, .requests_per_s = REQUESTS_PER_S, .burst = REQUESTS_BURST};
        e = kube_new(loop, a->config, &ko, &a->kube);
    }
    if (e) {
        app_free(a);
        return e;
    }
    a->preflight = preflight_new(loop, a->kube, on_preflight, a);
    *ret_app = a;
    return NULL;
}

void
app_stop(struct app *a)
{
    if (a->stopping) {
        return;
    }
    a->stopping = true;
    log_info(&lg, "stopping");
    if (a->lease) {
        lease_release(a->lease, on_released, a);
    } else {
        on_released(a);
    }
}

const char *
app_failure(const struct app *a)
{
    return a->failure;
}

void
app_free(struct app *a)
{
    if (!a) {
        return;
    }
    kube_config_free(a->config);
    metrics_free(a->metrics);
    free(a->version);
    free(a->identity);
    free(a->gateway_name);
    free(a->gateway_address);
    free(a->own_address);
    free(a->failure);
    free(a);
}

static void
app_names(struct app *a)
{
    const struct options *o = &a->options;
    char host[256] = "vmbridge-controller";

    (void)gethostname(host, sizeof(host) - 1); /* the default stands when it fails */
    a->identity = xasprintf("%s", o->identity ? o->identity : host);
    a->own_address = xasprintf(strchr(o->address, ':') ? "[%s]:%d" : "%s:%d", o->address,
                               o->gateway_port ? o->gateway_port : o->port);
    a->gateway_address =
        o->gateway ? xstrdup(o->gateway) : xasprintf("%s.%s.svc:%d", CERTS_SERVICE, o->namespace, o->port);
    a->gateway_name = xasprintf("%s.%s.svc", CERTS_SERVICE, o->namespace);
}

static void
on_preflight(void *arg, const char *refusal)
{
    struct app *a = arg;
    struct err *e = NULL;

    a->preflight = NULL;
    if (a->stopping) {
        return;
    }
    if (refusal) {
        app_fail(a, refusal);
        return;
    }
    const struct reconciler_options ro = {.namespace = a->options.namespace,
                                          .launcher_image = a->options.launcher_image,
                                          .gateway = a->gateway_address,
                                          .gateway_name = a->gateway_name,
                                          .instance = a->identity,
                                          .version = a->version,
                                          .metrics = a->metrics,
                                          .send = send_launcher,
                                          .pod_changed = pod_changed,
                                          .arg = a};
    const struct certs_options co = {.namespace = a->options.namespace, .metrics = a->metrics};
    e = reconciler_new(a->loop, a->kube, &ro, &a->reconciler);
    if (!e) {
        e = token_verifier_new(a->loop, a->kube, GATEWAY_AUDIENCE, a->metrics, &a->verifier);
    }
    if (!e) {
        e = certs_new(a->loop, a->kube, &co, on_certs, a, &a->certs);
    }
    if (e) {
        app_fail(a, err_text(e));
        err_free(e);
        return;
    }
    a->pod_key = pod_key_keeper_new(a->loop, a->kube, a->options.namespace, on_pod_key, a);
    pod_key_keeper_read(a->pod_key, false);
}

static void
on_pod_key(void *arg, const struct pod_key *key)
{
    struct app *a = arg;

    reconciler_set_pod_key(a->reconciler, key);
    if (a->leads) {
        reconciler_lead(a->reconciler, true);
    }
}

static void
app_fail(struct app *a, const char *why)
{
    log_error(&lg, "cannot go on", F_STR("why", why));
    a->failure = xstrdup(why);
    app_stop(a);
}

/* The first set opens the port, later ones replace the certificate. */
static void
on_certs(void *arg, const struct certs_set *set)
{
    struct app *a = arg;

    if (a->stopping) {
        return;
    }
    AUTO(freep) char *pins = certs_pins(set->ca_pem);
    AUTO(freep) char *chain = certs_chain(set);
    reconciler_set_ca(a->reconciler, pins, set->ca_pem);
    AUTO(err_freep)
    struct err *e = a->server ? server_set_certificate(a->server, chain, set->leaf.key_pem)
                              : app_serve(a, chain, set->leaf.key_pem);
    if (!e && a->api) {
        e = api_server_show(a->api, chain, set->leaf.key_pem, set->ca_pem);
    }
    if (e && a->server) {
        log_error(&lg, "the new certificate is not used", F_ERR(e));
    } else if (e) {
        app_fail(a, err_text(e));
    }
}

static void
app_serve_api(struct app *a)
{
    const struct api_server_options ao = {.loop = a->loop,
                                          .kube = a->kube,
                                          .metrics = a->metrics,
                                          .version = a->version,
                                          .service = CERTS_SERVICE,
                                          .namespace = a->options.namespace,
                                          .gateway = a->gateway,
                                          .sessions = a->sessions};

    a->api = a->options.api_port ? api_server_new(&ao) : NULL;
}

static struct err *
app_serve(struct app *a, const char *crt_pem, const char *key_pem)
{
    a->sink = (struct gateway_sink){.knows = sink_knows,
                                    .who = sink_who,
                                    .state = sink_state,
                                    .connected = sink_connected,
                                    .disconnected = sink_disconnected,
                                    .redirect = sink_redirect,
                                    .arg = a};
    a->checks = (struct health_checks){.ready = check_ready, .measure = measure, .arg = a, .metrics = a->metrics};
    health_pages(&a->checks, a->pages);
    const struct gateway_options go = {.loop = a->loop,
                                       .verifier = a->verifier,
                                       .sink = &a->sink,
                                       .metrics = a->metrics,
                                       .grace_s = a->options.token_grace_s};
    a->gateway = gateway_new(&go);
    const struct sessions_options to = {.loop = a->loop,
                                        .verifier = a->verifier,
                                        .gateway = a->gateway,
                                        .metrics = a->metrics,
                                        .address = a->own_address};
    a->sessions = sessions_new(&to);
    app_serve_api(a);
    const struct server_options so = {.port = a->options.port,
                                      .endpoint_port = a->options.gateway_port,
                                      .health_port = a->options.health_port,
                                      .taker_port = a->options.api_port,
                                      .taker = a->api ? api_server_taker(a->api) : NULL,
                                      .crt_pem = crt_pem,
                                      .key_pem = key_pem,
                                      .pages = a->pages,
                                      .n_pages = HEALTH_N_PAGES,
                                      .endpoint = gateway_endpoint(a->gateway),
                                      .raw = sessions_endpoint(a->sessions),
                                      .metrics = a->metrics};
    struct err *e = server_new(a->loop, &so, &a->server);
    if (e) {
        return e;
    }
    const struct lease_options lo = {.namespace = a->options.namespace,
                                     .name = "vmbridge-controller",
                                     .identity = a->identity,
                                     .address = a->own_address};
    log_info(&lg, "serving", F_I64("port", server_port(a->server)),
             F_I64("gateway_port", server_endpoint_port(a->server)),
             F_I64("health_port", server_health_port(a->server)), F_STR("version", a->version));
    return lease_new(a->loop, a->kube, &lo, on_lead, a, &a->lease);
}

static void
on_lead(void *arg, bool leads)
{
    struct app *a = arg;

    a->leads = leads;
    if (leads) { /* first the key as it is now: on_pod_key */
        pod_key_keeper_read(a->pod_key, true);
    } else {
        pod_key_keeper_cancel(a->pod_key);
        reconciler_lead(a->reconciler, false);
    }
    certs_set_leader(a->certs, leads);
    if (a->api) {
        api_server_lead(a->api, leads);
    }
    if (!leads && a->gateway && !a->stopping) {
        gateway_redirect_all(a->gateway);
    }
}

/* The lease is handed back: end everything, each stage after those that use it. */
static void
on_released(void *arg)
{
    struct app *a = arg;

    api_server_close(STEAL(a->api));
    if (a->sessions) {
        sessions_stop(a->sessions, "this replica of vmbridge ends: connect again");
    }
    if (a->server) {
        server_close(a->server, on_server_closed, a);
        a->server = NULL;
    } else {
        on_server_closed(a);
    }
}

static void
on_server_closed(void *arg)
{
    struct app *a = arg;

    sessions_close(STEAL(a->sessions));
    gateway_close(STEAL(a->gateway));
    preflight_cancel(a->preflight);
    lease_close(a->lease);
    certs_close(a->certs);
    pod_key_keeper_close(a->pod_key);
    token_verifier_close(a->verifier);
    reconciler_close(a->reconciler);
    kube_close(a->kube);
}

static const char *
check_ready(void *arg)
{
    struct app *a = arg;
    const char *missing = reconciler_waits_for(a->reconciler);

    missing = missing ? missing : certs_problem(a->certs);
    return missing || !a->pod_key ? missing : pod_key_keeper_problem(a->pod_key);
}

static void
measure(void *arg)
{
    struct app *a = arg;

    reconciler_metrics(a->reconciler);
}

static bool
sink_knows(void *arg)
{
    struct app *a = arg;

    return !reconciler_waits_for(a->reconciler);
}

static bool
sink_who(void *arg, const char *namespace, const char *pod_name, const char *pod_uid, const char **ret_vmi_uid)
{
    struct app *a = arg;

    return reconciler_who(a->reconciler, namespace, pod_name, pod_uid, ret_vmi_uid);
}

static void
sink_state(void *arg, const char *vmi_uid, const char *pod_uid, const struct launcher_state *state, const char *text,
           size_t len)
{
    struct app *a = arg;

    (void)state; /* kept as text, read by the next sync */
    reconciler_launcher_state(a->reconciler, vmi_uid, pod_uid, text, len);
}

static void
sink_connected(void *arg, const char *vmi_uid, const char *pod_uid)
{
    struct app *a = arg;

    reconciler_launcher_up(a->reconciler, vmi_uid, pod_uid);
}

static void
sink_disconnected(void *arg, const char *vmi_uid, const char *pod_uid)
{
    struct app *a = arg;

    reconciler_launcher_down(a->reconciler, vmi_uid, pod_uid);
}

static const char *
sink_redirect(void *arg)
{
    struct app *a = arg;

    return lease_is_leader(a->lease) ? NULL : lease_leader_address(a->lease);
}

static bool
send_launcher(void *arg, const char *pod_uid, const char *text)
{
    struct app *a = arg;

    return gateway_send(a->gateway, pod_uid, text, strlen(text));
}

static void
pod_changed(void *arg, const char *pod_uid, bool is_gone)
{
    struct app *a = arg;

    if (a->gateway && is_gone) {
        gateway_drop(a->gateway, pod_uid, "the pod is gone");
    } else if (a->gateway) {
        gateway_recheck(a->gateway, pod_uid);
    }
}
