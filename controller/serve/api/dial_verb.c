// The body becomes the arguments of a request to the launcher.
#include "serve/api/dial_verb.h"

#include "serve/api/objects.h"
#include "serve/sessions/session.h"

enum { ARGUMENT_MAX = 128 };

/* What the arena takes back: a request that nobody waits for any more. */
struct dialling {
    struct gateway *gateway;
    struct request *request; /* NULL: it has ended */
};

static void
on_drop(void *arg)
{
    struct dialling *d = arg;

    gateway_request_cancel(d->gateway, STEAL(d->request));
}

static void
on_ended(void *arg, enum request_end end, const struct launcher_answer *answer)
{
    struct job *j = arg;
    struct dialling *d = j->verb;
    const char *said = answer && answer->message ? answer->message : "";

    d->request = NULL;
    job_done_json(j, json_in_arena(j->arena, json_pack("{s:s, s:s}", "end", request_end_name(end), "message", said)));
}

/* NULL, and the job is answered: there is none of that name. */
static const char *
argument(struct job *j, const char *key)
{
    const char *text = json_str(j->body, key);

    if (str_empty(text) || strlen(text) > ARGUMENT_MAX) {
        job_refuse(j, 400, "BadRequest", "%s: it is a text of at most %d bytes", key, ARGUMENT_MAX);
        return NULL;
    }
    return text;
}

static void
tell(struct job *j, const char *pod, const struct str_map *arguments)
{
    struct dialling *d = j->verb;
    const struct request_question q = {
        .verb = LAUNCHER_VERB_STREAM, .arguments = arguments, .within_ms = SESSION_DIAL_MS, .done = on_ended, .arg = j};
    bool is_over = false;

    j->is_over = &is_over; // cppcheck-suppress autoVariables ; taken back below, unless the job is gone
    struct request *r = gateway_request(j->jobs->gateway, pod, &q);
    if (!is_over) {
        j->is_over = NULL;
        d->gateway = j->jobs->gateway;
        d->request = r;
        arena_on_reset(j->arena, on_drop, d);
    }
}

static void
with_vmi(struct job *j)
{
    static const char *const keys[] = {LAUNCHER_ARGUMENT_SESSION, LAUNCHER_ARGUMENT_ADDRESS, LAUNCHER_ARGUMENT_KIND,
                                       LAUNCHER_ARGUMENT_PRESERVE};
    struct str_pair pairs[ARRAY_LEN(keys)];
    const struct str_map arguments = {pairs, ARRAY_LEN(pairs)};
    const char *pod = argument(j, "pod");

    if (!pod) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *value = argument(j, keys[i]);
        if (!value) {
            return;
        }
        pairs[i] = (struct str_pair){keys[i], value};
    }
    if (!json_at(j->vmi, "status", "activePods", pod, NULL)) {
        job_conflict(j, "it does not run in that pod");
    } else {
        tell(j, pod, &arguments);
    }
}

void
dial_verb_run(struct job *j)
{
    j->verb = ARENA_NEW(j->arena, struct dialling);
    if (!j->jobs->leads) {
        job_refuse(j, 503, "ServiceUnavailable", "another replica of vmbridge has the launchers' lines: ask again");
        return;
    }
    objects_need_vmi(j, with_vmi);
}

const char *
dial_verb_body(struct job *j, const struct dial_wish *wish)
{
    json_t *body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "pod", wish->pod, LAUNCHER_ARGUMENT_SESSION, wish->session,
                             LAUNCHER_ARGUMENT_ADDRESS, wish->address, LAUNCHER_ARGUMENT_KIND, wish->kind,
                             LAUNCHER_ARGUMENT_PRESERVE, wish->is_preserving ? "true" : "false");
    AUTO(freep) char *text = json_compact(json_in_arena(j->arena, body));

    return arena_strdup(j->arena, text);
}

enum request_end
dial_verb_end(const json_t *answer, const char **ret_said)
{
    const char *name = json_str(answer, "end");

    *ret_said = json_str(answer, "message");
    for (int end = REQUEST_OK; end <= REQUEST_AWAY; end++) {
        if (str_eq(name, request_end_name((enum request_end)end))) {
            return (enum request_end)end;
        }
    }
    return REQUEST_FAILED;
}
