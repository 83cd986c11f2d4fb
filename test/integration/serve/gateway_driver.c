// The gateway with all that belongs to it against the API server that $KUBECONFIG names, driven by lines on its standard input;
// what happens comes out as lines. For test_gateway.py, which says what the lines mean.
#include "serve/gateway/gateway.h"
#include "serve/http/health.h"
#include "serve/trust/certs_keeper.h"

#include <getopt.h>
#include <stdarg.h>
#include <unistd.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/log.h"

enum { LINE_MAX_BYTES = 128 * 1024 };

struct pod {
    char uid[64];
    char namespace[64];
    char name[64];
    char vmi_uid[64];
    UT_hash_handle hh;
};

struct driver {
    uv_loop_t loop;
    struct kube_config *config;
    struct kube *kube;
    struct metrics *metrics;
    struct certs *certs;
    struct token_verifier *verifier;
    struct gateway *gateway;
    struct gateway_sink sink;
    struct health_checks checks;
    struct server_page pages[HEALTH_N_PAGES];
    struct server *server;
    const char *ca_file;
    struct pod *pods;
    char *leader; /* NULL: it is us */
    uv_poll_t input;
    struct strbuf pending;
};

static void
die_if(struct err *e)
{
    if (e) {
        fprintf(stderr, "error: %s\n", err_text(e));
        exit(1);
    }
}

__attribute__((format(printf, 1, 2))) static void
tell(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    fflush(stdout);
}

static bool
knows(void *arg)
{
    (void)arg;
    return true;
}

static bool
who(void *arg, const char *namespace, const char *pod_name, const char *pod_uid, const char **ret_vmi_uid)
{
    struct driver *d = arg;
    struct pod *p = NULL;

    HASH_FIND_STR(d->pods, pod_uid, p);
    if (!p || !str_eq(p->namespace, namespace) || !str_eq(p->name, pod_name)) {
        return false;
    }
    *ret_vmi_uid = p->vmi_uid;
    return true;
}

static void
on_state(void *arg, const char *vmi_uid, const char *pod_uid, const struct launcher_state *state, const char *text,
         size_t len)
{
    (void)arg;
    (void)state;
    tell("state %s %s %.*s", vmi_uid, pod_uid, (int)len, text);
}

static void
on_connected(void *arg, const char *vmi_uid, const char *pod_uid)
{
    (void)arg;
    tell("connected %s %s", vmi_uid, pod_uid);
}

static void
on_disconnected(void *arg, const char *vmi_uid, const char *pod_uid)
{
    (void)arg;
    tell("disconnected %s %s", vmi_uid, pod_uid);
}

static const char *
redirect(void *arg)
{
    struct driver *d = arg;

    return d->leader;
}

static const char *
ready(void *arg)
{
    struct driver *d = arg;

    return certs_problem(d->certs);
}

static void
start_server(struct driver *d, const struct certs_set *set)
{
    AUTO(freep) char *chain = certs_chain(set);
    struct server_options options = {.address = "127.0.0.1",
                                     .crt_pem = chain,
                                     .key_pem = set->leaf.key_pem,
                                     .pages = d->pages,
                                     .n_pages = HEALTH_N_PAGES,
                                     .endpoint = gateway_endpoint(d->gateway),
                                     .metrics = d->metrics};

    die_if(server_new(&d->loop, &options, &d->server));
    tell("port %d", server_port(d->server));
}

static void
on_certs(void *arg, const struct certs_set *set)
{
    struct driver *d = arg;
    AUTO(fclosep) FILE *f = fopen(d->ca_file, "we");

    if (!f || fputs(set->ca_pem, f) < 0) {
        die_if(err_new(ERR_FATAL, "cannot write %s", d->ca_file));
    }
    fflush(f);
    if (!d->server) {
        start_server(d, set);
    } else {
        AUTO(freep) char *chain = certs_chain(set);
        die_if(server_set_certificate(d->server, chain, set->leaf.key_pem));
    }
    tell("certs %lld", (long long)certs_not_after(set->leaf.crt_pem));
}

static void
on_server_closed(void *arg)
{
    struct driver *d = arg;

    gateway_close(d->gateway);
    token_verifier_close(d->verifier);
    kube_close(d->kube);
}

static void
quit(struct driver *d)
{
    uv_close((uv_handle_t *)&d->input, NULL);
    certs_close(d->certs);
    if (d->server) {
        server_close(d->server, on_server_closed, d);
    } else {
        on_server_closed(d);
    }
}

static void
add_pod(struct driver *d, const char *args)
{
    struct pod *p = XNEW(struct pod);
    struct pod *old = NULL;

    if (sscanf(args, "%63s %63s %63s %63s", p->namespace, p->name, p->uid, p->vmi_uid) != 4) {
        die_if(err_new(ERR_FATAL, "pod NAMESPACE NAME UID VMI-UID"));
    }
    HASH_REPLACE_STR(d->pods, uid, p, old);
    free(old);
}

static void
remove_pod(struct driver *d, const char *uid)
{
    struct pod *p = NULL;

    HASH_FIND_STR(d->pods, uid, p);
    if (p) {
        HASH_DEL(d->pods, p);
        free(p);
    }
    gateway_drop(d->gateway, uid, "the pod is gone");
}

/* 'arg' is the word that test_gateway.py gave it. */
static void
on_request_end(void *arg, enum request_end end, const struct launcher_answer *answer)
{
    AUTO(freep) char *word = arg;
    const char *hostname = answer && answer->agent ? answer->agent->hostname : NULL;
    const char *message = answer ? answer->message : NULL;

    tell("ended %s %s%s%s%s%s", word, request_end_name(end), hostname ? " " : "", hostname ? hostname : "",
         message ? " " : "", message ? message : "");
}

static void
ask(struct driver *d, const char *args)
{
    char word[64], uid[64], verb[64];
    long long within_ms = 0;

    if (sscanf(args, "%63s %63s %63s %lld", word, uid, verb, &within_ms) != 4) {
        die_if(err_new(ERR_FATAL, "ask WORD UID VERB WITHIN-MS"));
    }
    const struct request_question q = {.verb = str_eq(verb, "fly") ? "fly" : LAUNCHER_VERB_GUESTOSINFO,
                                       .within_ms = within_ms,
                                       .done = on_request_end,
                                       .arg = xstrdup(word)};
    (void)gateway_request(d->gateway, uid, &q);
}

static void
run_line(struct driver *d, char *line)
{
    char *args = strchr(line, ' ');

    if (args) {
        *args++ = '\0';
    } else {
        args = line + strlen(line);
    }
    if (str_eq(line, "pod")) {
        add_pod(d, args);
    } else if (str_eq(line, "gone")) {
        remove_pod(d, args);
    } else if (str_eq(line, "recheck")) {
        gateway_recheck(d->gateway, args);
    } else if (str_eq(line, "send")) {
        char *text = strchr(args, ' ');

        *text++ = '\0';
        tell("sent %d", gateway_send(d->gateway, args, text, strlen(text)));
    } else if (str_eq(line, "ask")) {
        ask(d, args);
    } else if (str_eq(line, "lead")) {
        free(d->leader);
        d->leader = NULL;
        certs_set_leader(d->certs, true);
    } else if (str_eq(line, "follow")) {
        free(d->leader);
        d->leader = xstrdup(args);
        certs_set_leader(d->certs, false);
        gateway_redirect_all(d->gateway);
    } else if (str_eq(line, "count")) {
        tell("count %zu", gateway_count(d->gateway));
    } else if (str_eq(line, "quit")) {
        quit(d);
    } else {
        die_if(err_new(ERR_FATAL, "unknown command %s", line));
    }
}

static void
on_input(uv_poll_t *h, int status, int events)
{
    struct driver *d = h->data;
    char buf[4096];
    ssize_t n = read(0, buf, sizeof(buf));

    (void)status;
    (void)events;
    if (n <= 0) {
        quit(d);
        return;
    }
    strbuf_add(&d->pending, buf, (size_t)n);
    for (char *end = memchr(d->pending.buf, '\n', d->pending.len); end && !uv_is_closing((uv_handle_t *)h);
         end = memchr(d->pending.buf, '\n', d->pending.len)) {
        *end = '\0';
        run_line(d, d->pending.buf);
        strbuf_consume(&d->pending, (size_t)(end + 1 - d->pending.buf));
    }
}

static void
read_options(struct driver *d, int argc, char **argv, struct certs_options *certs, struct certs_policy *policy)
{
    static const struct option options[] = {
        {"namespace", required_argument, NULL, 'n'},    {"ca-file", required_argument, NULL, 'f'},
        {"leaf-seconds", required_argument, NULL, 'l'}, {"ca-seconds", required_argument, NULL, 'c'},
        {"reread-ms", required_argument, NULL, 'r'},    {0}};

    for (int c = getopt_long(argc, argv, "", options, NULL); c != -1; c = getopt_long(argc, argv, "", options, NULL)) {
        switch (c) {
        case 'n':
            certs->namespace = optarg;
            break;
        case 'f':
            d->ca_file = optarg;
            break;
        case 'l':
            policy->leaf_s = strtoll(optarg, NULL, 10);
            break;
        case 'c':
            policy->ca_s = strtoll(optarg, NULL, 10);
            break;
        case 'r':
            certs->reread_ms = strtoll(optarg, NULL, 10);
            break;
        default:
            exit(2);
        }
    }
}

static void
free_all(struct driver *d)
{
    struct pod *p, *tmp;

    HASH_ITER(hh, d->pods, p, tmp) {
        HASH_DEL(d->pods, p);
        free(p);
    }
    free(d->leader);
    strbuf_fini(&d->pending);
    kube_config_free(d->config);
    metrics_free(d->metrics);
}

int
main(int argc, char **argv)
{
    struct driver d = {.metrics = metrics_new(), .pending = STRBUF_INIT(LINE_MAX_BYTES)};
    struct certs_policy policy = certs_default_policy;
    struct certs_options certs = {.policy = &policy, .metrics = d.metrics};
    struct kube_options kube = {.metrics = d.metrics, .user_agent = "gateway-test"};

    struct gateway_options gateway = {.loop = &d.loop, .sink = &d.sink, .metrics = d.metrics};

    read_options(&d, argc, argv, &certs, &policy);
    d.sink = (struct gateway_sink){who, knows, on_state, on_connected, on_disconnected, redirect, &d};
    d.checks = (struct health_checks){.ready = ready, .arg = &d, .metrics = d.metrics};
    health_pages(&d.checks, d.pages);
    log_set_level(LOG_DEBUG);
    uv_loop_init(&d.loop);
    die_if(kube_config_load(getenv("KUBECONFIG"), &d.config));
    die_if(kube_new(&d.loop, d.config, &kube, &d.kube));
    die_if(token_verifier_new(&d.loop, d.kube, GATEWAY_AUDIENCE, d.metrics, &d.verifier));
    gateway.verifier = d.verifier;
    d.gateway = gateway_new(&gateway);
    die_if(certs_new(&d.loop, d.kube, &certs, on_certs, &d, &d.certs));
    uv_poll_init(&d.loop, &d.input, 0);
    d.input.data = &d;
    uv_poll_start(&d.input, UV_READABLE, on_input);
    uv_run(&d.loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&d.loop) != 0) {
        fprintf(stderr, "error: handles are left on the loop\n");
        return 1;
    }
    free_all(&d);
    return 0;
}
