// One request: who speaks, for whom, about what; then the verb.
#include "serve/api/api_server.h"

#include "serve/api/access.h"
#include "serve/api/call_port.h"
#include "serve/api/documents.h"
#include "serve/api/front_proxy.h"
#include "serve/api/job.h"
#include "serve/api/registration.h"
#include "serve/api/verbs.h"

struct api_server {
    struct call_port *port;
    struct front_proxy *proxy;
    struct access *access;
    struct registration *registration;
    struct documents documents;
    struct jobs jobs;
};

static void
serve_document(struct call *c, const struct document *d)
{
    const char *known = http_header(call_request(c), "if-none-match");
    bool is_known = known && strstr(known, d->etag);

    call_reply(c, &(struct call_answer){.status = is_known ? 304 : 200,
                                        .content_type = d->content_type,
                                        .body = d->text,
                                        .len = is_known ? 0 : strlen(d->text),
                                        .etag = d->etag});
}

static void
serve_text(struct call *c, const char *text)
{
    call_reply(c, &(struct call_answer){
                      .status = 200, .content_type = "text/plain; charset=utf-8", .body = text, .len = strlen(text)});
}

/* What an API server says to whoever it does not know: no more than that. */
static void
refuse_stranger(struct call *c)
{
    static const char text[] = "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
                               "\"message\":\"Unauthorized\",\"reason\":\"Unauthorized\",\"code\":401}";

    call_reply(c, &(struct call_answer){
                      .status = 401, .content_type = "application/json", .body = text, .len = sizeof(text) - 1});
}

static void
on_access(void *arg, enum access_verdict verdict, const char *why)
{
    struct job *j = arg;
    const struct route *r = &j->route;
    const char *right = str_eq(r->row->method, "GET") ? "get" : "update";

    j->access = NULL;
    if (verdict == ACCESS_GRANTED) {
        verbs_run(j);
    } else if (verdict == ACCESS_UNKNOWN) {
        job_refuse(j, 503, "ServiceUnavailable", "the API server does not say whether you may: %s", why);
    } else {
        job_refuse(
            j, 403, "Forbidden",
            "%s.subresources.kubevirt.io \"%s\" is forbidden: User \"%s\" cannot %s resource \"%s/%s\" in API group "
            "\"subresources.kubevirt.io\" in the namespace \"%s\"%s%s",
            verbs_resource(r), r->name, job_user(j), right, verbs_resource(r), r->row->name, r->namespace,
            *why ? ": " : "", why);
    }
}

static void
ask_access(struct api_server *s, struct job *j)
{
    const struct route *r = &j->route;
    const struct access_ask ask = {.user = j->user,
                                   .verb = str_eq(r->row->method, "GET") ? "get" : "update",
                                   .version = r->version,
                                   .resource = verbs_resource(r),
                                   .subresource = *r->row->resource ? r->row->name : "",
                                   .namespace = r->namespace,
                                   .name = r->name,
                                   .done = on_access,
                                   .arg = j};
    bool is_over = false;

    j->is_over = &is_over; // cppcheck-suppress autoVariables ; taken back below, unless the job is gone
    struct access_question *q = access_review(s->access, &ask);
    if (!is_over) {
        j->is_over = NULL;
        j->access = q;
    }
}

/* An object, or nothing, which is an empty one. */
static bool
read_body(struct job *j)
{
    const struct http_request *q = call_request(j->call);
    json_t *body = NULL;
    AUTO(err_freep)
    struct err *e = q->body_len > 0 ? json_parse(q->body, q->body_len, HTTP_BODY_MAX, &body) : NULL;

    if (!e && !body) {
        body = json_object();
    }
    if (body) {
        j->body = json_in_arena(j->arena, body);
    }
    if (e || !json_is_object(body)) {
        job_refuse(j, 400, "BadRequest", "the body is no JSON object: %s", e ? err_text(e) : "it is something else");
        return false;
    }
    return true;
}

static void
serve_job(struct api_server *s, struct call *c, const struct route *r, json_t *user)
{
    struct job *j = job_new(&s->jobs, c);

    j->route = *r;
    j->user = json_incref(user);
    if (r->kind == ROUTE_UNKNOWN) {
        job_refuse(j, 404, "NotFound", "the server could not find the requested resource");
    } else if (r->kind == ROUTE_GUESTFS) {
        job_refuse(j, 404, "NotFound", "there is no image of libguestfs tools: name one yourself");
    } else if (r->kind == ROUTE_BAD_METHOD) {
        job_refuse(j, 405, "MethodNotAllowed", "%s only takes %s", r->row->name, r->row->method);
    } else if (read_body(j)) {
        ask_access(s, j);
    }
}

static void
on_call(void *arg, struct call *c)
{
    struct api_server *s = arg;
    const struct front_proxy_config *config = front_proxy_current(s->proxy);
    const struct http_request *q = call_request(c);
    struct route r;
    AUTO(json_freep)
    json_t *user = config && front_proxy_may_speak(config, call_peer(c)) ? front_proxy_user(config, q) : NULL;

    if (!user) {
        refuse_stranger(c);
        return;
    }
    route_find(q->method, q->path, &r);
    const struct document *document = documents_find(&s->documents, &r, http_header(q, "accept"));
    if (document) {
        serve_document(c, document);
    } else if (r.kind == ROUTE_HEALTHZ) {
        serve_text(c, "ok");
    } else {
        serve_job(s, c, &r, user);
    }
}

static void
on_refused(void *arg)
{
    struct api_server *s = arg;

    front_proxy_look(s->proxy);
}

static void
on_front_proxy(void *arg, const struct front_proxy_config *config, X509_STORE *store)
{
    struct api_server *s = arg;

    (void)config; /* asked for at each request */
    call_port_trust(s->port, store);
}

struct api_server *
api_server_new(const struct api_server_options *o)
{
    struct api_server *s = XNEW(struct api_server);
    const struct call_port_options po = {
        .loop = o->loop, .metrics = o->metrics, .called = on_call, .refused = on_refused, .arg = s};

    s->jobs = (struct jobs){.kube = o->kube, .gateway = o->gateway, .sessions = o->sessions};
    documents_init(&s->documents, o->version);
    s->access = access_new(o->kube);
    s->port = call_port_new(&po);
    s->proxy = front_proxy_new(o->loop, o->kube, on_front_proxy, s);
    s->registration = registration_new(o->loop, o->kube, o->service, o->namespace);
    return s;
}

const struct server_taker *
api_server_taker(const struct api_server *s)
{
    return call_port_taker(s->port);
}

struct err *
api_server_show(struct api_server *s, const char *crt_pem, const char *key_pem, const char *ca_pem)
{
    registration_set_ca(s->registration, ca_pem);
    return call_port_show(s->port, crt_pem, key_pem);
}

void
api_server_lead(struct api_server *s, bool leads)
{
    s->jobs.leads = leads;
    registration_lead(s->registration, leads);
}

/* Callers' connections end first, and with each its job. */
void
api_server_close(struct api_server *s)
{
    if (!s) {
        return;
    }
    call_port_close(s->port);
    while (s->jobs.first) {
        job_drop(s->jobs.first);
    }
    front_proxy_close(s->proxy);
    registration_close(s->registration);
    access_free(s->access);
    documents_fini(&s->documents);
    free(s);
}
