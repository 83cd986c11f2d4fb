// A job's life, and the forms of its answer.
#include "serve/api/job.h"

#include <stdarg.h>
#include <utlist.h>

#include "base/utf8.h"

enum { ARENA_BYTES = 1024 * 1024, MESSAGE_SIZE = 1024 };

static void
on_gone(void *arg)
{
    struct job *j = arg;

    j->call = NULL;
    job_drop(j);
}

struct job *
job_new(struct jobs *jobs, struct call *call)
{
    struct job *j = XNEW(struct job);

    j->jobs = jobs;
    j->call = call;
    j->arena = arena_new(ARENA_BYTES);
    DL_APPEND(jobs->first, j);
    call_on_gone(call, on_gone, j);
    return j;
}

void
job_drop(struct job *j)
{
    if (j->is_over) {
        *j->is_over = true;
    }
    DL_DELETE(j->jobs->first, j);
    if (j->call) {
        call_on_gone(j->call, NULL, NULL);
    }
    access_cancel(j->access);
    if (j->request) {
        kube_cancel(j->request);
    }
    json_decref(j->user);
    arena_free(j->arena); /* and what the verb has given it */
    free(j);
}

static void
on_answer(void *arg, const struct kube_reply *reply)
{
    struct job *j = arg;

    j->request = NULL;
    j->answered(j, reply);
}

void
job_send(struct job *j, const struct kube_call *call, kube_done_fn *answered)
{
    j->answered = answered;
    j->request = kube_send(j->jobs->kube, call, on_answer, j);
}

static void
reply(struct job *j, const struct call_answer *answer)
{
    struct call *call = STEAL(j->call);

    call_on_gone(call, NULL, NULL);
    call_reply(call, answer);
    job_drop(j);
}

void
job_take(struct job *j, SSL **ret_ssl, int *ret_fd)
{
    struct call *call = STEAL(j->call);

    call_on_gone(call, NULL, NULL);
    call_take(call, ret_ssl, ret_fd);
    job_drop(j);
}

void
job_done(struct job *j, unsigned status)
{
    reply(j, &(struct call_answer){.status = status, .content_type = "application/json", .body = ""});
}

void
job_done_json(struct job *j, const json_t *body)
{
    AUTO(freep) char *text = json_compact(body);

    reply(j,
          &(struct call_answer){.status = 200, .content_type = "application/json", .body = text, .len = strlen(text)});
}

static void
refuse(struct job *j, unsigned status, const char *reason, const char *message)
{
    json_t *details = json_pack("{s:s, s:s, s:s}", "name", j->route.name, "group", "kubevirt.io", "kind",
                                j->route.row && *j->route.row->resource ? j->route.row->resource : "namespaces");
    json_t *body =
        json_in_arena(j->arena, json_pack("{s:s, s:s, s:{}, s:s, s:s, s:s, s:o, s:i}", "kind", "Status", "apiVersion",
                                          "v1", "metadata", "status", "Failure", "message", message, "reason", reason,
                                          "details", details, "code", (int)status));
    AUTO(freep) char *text = json_compact(body);
    const char *allow = status == 405 && j->route.row ? j->route.row->method : NULL;

    reply(j, &(struct call_answer){.status = status,
                                   .content_type = "application/json",
                                   .body = text,
                                   .len = strlen(text),
                                   .allow = allow,
                                   .is_again = status == 503 || status == 429});
}

void
job_refuse(struct job *j, unsigned status, const char *reason, const char *fmt, ...)
{
    char message[MESSAGE_SIZE];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(message, sizeof(message), fmt, ap); /* what does not fit is left out, up to a letter */
    va_end(ap);
    message[utf8_cut(message, sizeof(message))] = '\0';
    refuse(j, status, reason, message);
}

void
job_conflict(struct job *j, const char *why)
{
    job_refuse(j, 409, "Conflict", "Operation cannot be fulfilled on %s \"%s\": %s", job_singular(j), j->route.name,
               why);
}

void
job_refuse_reply(struct job *j, const struct kube_reply *r)
{
    if (r->status == 404) {
        job_refuse(j, 404, "NotFound", "%s \"%s\" not found", job_singular(j), j->route.name);
    } else if (r->status == 409) {
        job_refuse(j, 409, "Conflict", "%s", err_text(r->err));
    } else if (r->status == 0 || r->status >= 500 || r->status == 429) {
        job_refuse(j, 503, "ServiceUnavailable", "the API server does not answer: %s", err_text(r->err));
    } else {
        job_refuse(j, 500, "InternalError", "%s", err_text(r->err));
    }
}

const char *
job_user(const struct job *j)
{
    const char *name = json_str(j->user, "user");

    return name ? name : "";
}

const char *
job_singular(const struct job *j)
{
    return j->route.row && str_eq(j->route.row->resource, "virtualmachineinstances")
               ? "virtualmachineinstance.kubevirt.io"
               : "virtualmachine.kubevirt.io";
}

bool
job_dry_run(struct job *j, bool *ret_is_dry)
{
    const json_t *list = json_object_get(j->body, "dryRun");
    bool is_all = json_array_size(list) == 1 && str_eq(json_string_value(json_array_get(list, 0)), "All");

    if (list && !json_is_null(list) && !is_all && !(json_is_array(list) && json_array_size(list) == 0)) {
        job_refuse(j, 400, "BadRequest", "dryRun: it can only be [\"All\"]");
        return false;
    }
    *ret_is_dry = is_all;
    return true;
}

bool
job_option_int(struct job *j, const char *key, int64_t *ret_value, bool *ret_is_set)
{
    const json_t *value = json_object_get(j->body, key);

    if (value && !json_is_null(value) && !json_is_integer(value)) {
        job_refuse(j, 400, "BadRequest", "%s: it is a whole number", key);
        return false;
    }
    *ret_is_set = json_is_integer(value);
    *ret_value = json_integer_value(value);
    return true;
}
