// The state is read from the API server; what is done is the launcher's, asked for by number.
#include "serve/api/instance_verbs.h"

#include "serve/api/guest_info.h"
#include "serve/api/instance_rules.h"
#include "serve/api/objects.h"

enum { WITHIN_MS = 15 * 1000, FREEZE_MAX_S = 24 * 3600 };

/* What the arena takes back: a request that nobody waits for any more. */
struct asking {
    struct gateway *gateway;
    struct request *request; /* NULL: it has ended */
    bool is_dry;
    char seconds[24]; /* of freeze; "": none */
};

static const char *
verb_of(enum verb_id id)
{
    switch ((int)id) {
    case VERB_ID_PAUSE:
        return LAUNCHER_VERB_PAUSE;
    case VERB_ID_UNPAUSE:
        return LAUNCHER_VERB_UNPAUSE;
    case VERB_ID_SOFTREBOOT:
        return LAUNCHER_VERB_SOFTREBOOT;
    case VERB_ID_RESET:
        return LAUNCHER_VERB_RESET;
    case VERB_ID_FREEZE:
        return LAUNCHER_VERB_FREEZE;
    case VERB_ID_UNFREEZE:
        return LAUNCHER_VERB_UNFREEZE;
    default:
        return LAUNCHER_VERB_GUESTOSINFO;
    }
}

static void
on_drop(void *arg)
{
    struct asking *a = arg;

    gateway_request_cancel(a->gateway, STEAL(a->request));
}

static void
done(struct job *j, const struct launcher_answer *answer)
{
    if (j->route.row->id != VERB_ID_GUESTOSINFO) {
        job_done(j, 202);
    } else if (answer->agent) {
        job_done_json(j, json_in_arena(j->arena, guest_info(answer->agent)));
    } else {
        job_refuse(j, 500, "InternalError", "the launcher says nothing of the guest");
    }
}

void
instance_verbs_refuse(struct job *j, enum request_end end, const char *said)
{
    said = said ? said : "it says no more than that";
    switch ((int)end) {
    case REQUEST_UNKNOWN_VERB:
        job_conflict(j, "its launcher is older than this verb: restart the machine");
        break;
    case REQUEST_INVALID:
        job_refuse(j, 400, "BadRequest", "the launcher does not take that: %s", said);
        break;
    case REQUEST_TIMED_OUT:
        job_refuse(j, 504, "Timeout", "the launcher did not answer within %d seconds: it may have been done",
                   WITHIN_MS / 1000);
        break;
    case REQUEST_LOST:
        job_refuse(j, 500, "InternalError", "the launcher began anew meanwhile: it may have been done");
        break;
    case REQUEST_BUSY:
        job_refuse(j, 429, "TooManyRequests", "too much is asked of this launcher at once");
        break;
    case REQUEST_AWAY:
        job_refuse(j, 503, "ServiceUnavailable", "the launcher is not connected: it dials again by itself");
        break;
    default:
        job_refuse(j, 500, "InternalError", "the launcher could not: %s", said);
        break;
    }
}

static void
on_ended(void *arg, enum request_end end, const struct launcher_answer *answer)
{
    struct job *j = arg;
    struct asking *a = j->verb;

    a->request = NULL;
    if (end == REQUEST_OK) {
        done(j, answer);
    } else {
        instance_verbs_refuse(j, end, answer ? answer->message : NULL);
    }
}

/* Of the pods that the status names the one whose launcher is on the line; with two, the guest's own is told by the other as well. */
const char *
instance_verbs_pod(const struct job *j)
{
    const char *uid;
    json_t *node;
    const char *first = NULL;

    json_object_foreach(json_at(j->vmi, "status", "activePods", NULL), uid, node) {
        first = first ? first : uid;
        if (gateway_is_connected(j->jobs->gateway, uid)) {
            return uid;
        }
    }
    return first;
}

static void
ask(struct job *j, struct asking *a)
{
    struct str_pair pair = {LAUNCHER_ARGUMENT_SECONDS, a->seconds};
    const struct str_map arguments = {&pair, *a->seconds ? 1 : 0};
    const struct request_question q = {
        .verb = verb_of(j->route.row->id), .arguments = &arguments, .within_ms = WITHIN_MS, .done = on_ended, .arg = j};
    const char *pod = instance_verbs_pod(j);
    bool is_over = false;

    if (!pod) {
        job_conflict(j, "VMI is not running");
        return;
    }
    j->is_over = &is_over; // cppcheck-suppress autoVariables ; taken back below, unless the job is gone
    struct request *r = gateway_request(j->jobs->gateway, pod, &q);
    if (!is_over) {
        j->is_over = NULL;
        a->gateway = j->jobs->gateway;
        a->request = r;
        arena_on_reset(j->arena, on_drop, a);
    }
}

static void
with_vmi(struct job *j)
{
    struct asking *a = j->verb;
    const char *why = NULL;
    unsigned code = instance_refusal(j->route.row->id, j->vmi, &why);

    if (code == 409) {
        job_conflict(j, why);
    } else if (code) {
        job_refuse(j, code, "Forbidden", "%s \"%s\" is forbidden: %s", job_singular(j), j->route.name, why);
    } else if (a->is_dry) {
        job_done(j, 202);
    } else if (!j->jobs->leads) {
        job_refuse(j, 503, "ServiceUnavailable", "another replica of vmbridge has the launchers' lines: ask again");
    } else {
        ask(j, a);
    }
}

/* KubeVirt's clients send the time-out as a duration of Go: "5m0s", or nanoseconds. */
static bool
read_time_out(struct job *j, struct asking *a)
{
    const json_t *value = json_object_get(j->body, "unfreezeTimeout");
    int64_t seconds = -1;

    if (j->route.row->id != VERB_ID_FREEZE || !value || json_is_null(value)) {
        return true;
    }
    if (!guest_info_duration_s(value, &seconds) || seconds > FREEZE_MAX_S) {
        job_refuse(j, 400, "BadRequest", "unfreezeTimeout: it is a duration like 5m0s, a day at most");
        return false;
    }
    snprintf(a->seconds, sizeof(a->seconds), "%lld", (long long)seconds);
    return true;
}

void
instance_verbs_run(struct job *j)
{
    struct asking *a = ARENA_NEW(j->arena, struct asking);

    j->verb = a;
    if (job_dry_run(j, &a->is_dry) && read_time_out(j, a)) {
        objects_need_vmi(j, with_vmi);
    }
}
