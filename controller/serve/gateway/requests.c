// Who waits for a launcher's answer. A pod has an entry while somebody does, and no longer.
#include "serve/gateway/requests.h"

#include <uthash.h>
#include <utlist.h>

/* A pod with requests that wait. */
struct asked {
    char *pod_uid;
    struct request_line *line; /* NULL: not connected now */
    struct request *waiting;   /* the oldest first */
    unsigned n;
    int64_t n_sent; /* numbers that its launcher has seen since the oldest one here */
    UT_hash_handle hh;
};

struct request {
    struct asked *asked;
    struct request_question q; /* without the arguments */
    int64_t number;
    int64_t deadline_ms;
    json_t *body;                        /* the message */
    bool is_sent;                        /* once, at least */
    int64_t process;                     /* to which one */
    int64_t sent_at;                     /* asked.n_sent then */
    struct request *prev, *next;         /* in asked.waiting */
    struct request *all_prev, *all_next; /* in requests.all */
};

struct requests {
    struct requests_owner owner;
    int64_t next; /* number */
    struct asked *pods;
    struct request *all;
    size_t n;
};

static const char *const end_names[] = {
    [REQUEST_OK] = "ok",
    [REQUEST_UNKNOWN_VERB] = "unknown-verb",
    [REQUEST_INVALID] = "invalid",
    [REQUEST_FAILED] = "failed",
    [REQUEST_TIMED_OUT] = "timed-out",
    [REQUEST_LOST] = "lost",
    [REQUEST_BUSY] = "busy",
    [REQUEST_AWAY] = "away",
};

const char *
request_end_name(enum request_end end)
{
    return end_names[end];
}

struct requests *
requests_new(const struct requests_owner *owner, int64_t first)
{
    struct requests *rs = XNEW(struct requests);

    rs->owner = *owner;
    rs->next = first;
    return rs;
}

void
requests_free(struct requests *rs)
{
    BUG_ON(rs->all);
    free(rs);
}

static struct asked *
find(const struct requests *rs, const char *pod_uid)
{
    struct asked *a = NULL;

    HASH_FIND_STR(rs->pods, pod_uid, a);
    return a;
}

static struct asked *
find_or_add(struct requests *rs, const char *pod_uid, struct request_line *line)
{
    struct asked *a = find(rs, pod_uid);

    if (!a) {
        a = XNEW(struct asked);
        a->pod_uid = xstrdup(pod_uid);
        HASH_ADD_KEYPTR(hh, rs->pods, a->pod_uid, strlen(a->pod_uid), a);
    }
    a->line = line;
    return a;
}

/* It waits no more. */
static void
take_out(struct requests *rs, struct request *r)
{
    struct asked *a = r->asked;

    DL_DELETE(a->waiting, r);
    DL_DELETE2(rs->all, r, all_prev, all_next);
    rs->n--;
    if (--a->n == 0) {
        HASH_DEL(rs->pods, a);
        free(a->pod_uid);
        free(a);
    }
    json_decref(r->body);
    free(r);
}

static void
say(const struct requests *rs, const struct request_question *q, enum request_end how,
    const struct launcher_answer *answer)
{
    rs->owner.ended(rs->owner.arg, q->verb, how);
    q->done(q->arg, how, answer);
}

/* 'done' runs when nothing here refers to the request any more, since it may ask and cancel. */
static void
end(struct requests *rs, struct request *r, enum request_end how, const struct launcher_answer *answer)
{
    const struct request_question q = r->q;

    take_out(rs, r);
    say(rs, &q, how, answer);
}

/* What cannot be sent now waits for the next connection, or for its end. */
static void
send_one(struct requests *rs, struct request *r, int64_t now_ms)
{
    struct asked *a = r->asked;
    int64_t left_ms = r->deadline_ms > now_ms ? r->deadline_ms - now_ms : 1;

    json_object_set_new(r->body, "withinMilliseconds", json_integer(left_ms));
    AUTO(freep) char *text = json_compact(r->body);
    if (!rs->owner.send(a->line, text, strlen(text))) {
        return;
    }
    if (!r->is_sent) {
        r->is_sent = true;
        r->sent_at = a->n_sent++;
    }
    r->process = a->line->process;
}

/* Its launcher's memory has the number for certain, or it never had it. */
static bool
may_be_sent(const struct request *r, int64_t process)
{
    return !r->is_sent || (r->process == process && r->asked->n_sent - r->sent_at <= LAUNCHER_ANSWERS_KEPT);
}

/* The message, or NULL: it is larger than one may be. */
static json_t *
message_of(const struct request_question *q, int64_t number)
{
    const struct launcher_request m = {
        .version = LAUNCHER_MSG_VERSION,
        .number = number,
        .verb = q->verb,
        .within_ms = q->within_ms,
        .arguments = q->arguments ? *q->arguments : (struct str_map){.n = 0},
    };
    json_t *body = api_encode(&launcher_request_type, &m);

    json_object_set_new(body, "type", json_string(LAUNCHER_MSG_REQUEST));
    AUTO(freep) char *text = json_compact(body);
    if (strlen(text) > LAUNCHER_REQUEST_MAX) {
        json_decref(body);
        return NULL;
    }
    return body;
}

static int64_t
next_number(struct requests *rs)
{
    int64_t number = rs->next;

    rs->next = number < LAUNCHER_NUMBER_MAX ? number + 1 : 1;
    return number;
}

/* REQUEST_OK: nothing speaks against it. */
static enum request_end
refusal_of(const struct requests *rs, const char *pod_uid, const struct request_line *line, int64_t within_ms)
{
    const struct asked *a = find(rs, pod_uid);

    if (!line) {
        return REQUEST_AWAY;
    }
    if (line->state == LINE_OLD) {
        return REQUEST_UNKNOWN_VERB;
    }
    if (within_ms < 1 || within_ms > LAUNCHER_WITHIN_MAX_MS) {
        return REQUEST_INVALID;
    }
    return (a && a->n >= LAUNCHER_REQUESTS_MAX) || rs->n >= REQUESTS_WAITING_MAX ? REQUEST_BUSY : REQUEST_OK;
}

struct request *
requests_ask(struct requests *rs, const char *pod_uid, struct request_line *line, const struct request_question *q,
             int64_t now_ms)
{
    enum request_end refusal = refusal_of(rs, pod_uid, line, q->within_ms);
    json_t *body = refusal == REQUEST_OK ? message_of(q, next_number(rs)) : NULL;

    if (!body) {
        say(rs, q, refusal == REQUEST_OK ? REQUEST_INVALID : refusal, NULL);
        return NULL;
    }
    struct request *r = XNEW(struct request);
    struct asked *a = find_or_add(rs, pod_uid, line);
    r->asked = a;
    r->q = *q;
    r->q.arguments = NULL;
    r->number = json_int(body, "number", 0);
    r->deadline_ms = now_ms + q->within_ms;
    r->body = body;
    DL_APPEND(a->waiting, r);
    DL_APPEND2(rs->all, r, all_prev, all_next);
    a->n++;
    rs->n++;
    if (line->state == LINE_SPEAKS) {
        send_one(rs, r, now_ms);
    }
    return r;
}

void
requests_cancel(struct requests *rs, struct request *r)
{
    if (r) {
        take_out(rs, r);
    }
}

void
requests_open(struct requests *rs, const char *pod_uid, struct request_line *line)
{
    struct asked *a = find(rs, pod_uid);

    if (a) {
        a->line = line;
    }
}

void
requests_closed(struct requests *rs, const char *pod_uid, const struct request_line *line)
{
    struct asked *a = find(rs, pod_uid);

    if (a && a->line == line) {
        a->line = NULL;
    }
}

/* One of the pod's that cannot be sent to that process, or NULL. */
static struct request *
lost_one(const struct requests *rs, const char *pod_uid, int64_t process)
{
    const struct asked *a = find(rs, pod_uid);
    struct request *r;

    if (!a) {
        return NULL;
    }
    DL_FOREACH(a->waiting, r) {
        if (!may_be_sent(r, process)) {
            return r;
        }
    }
    return NULL;
}

void
requests_hello(struct requests *rs, const char *pod_uid, struct request_line *line, const struct launcher_hello *hello,
               int64_t now_ms)
{
    struct request *lost, *r;

    if (line->state != LINE_SILENT) {
        return; /* it is said once */
    }
    line->process = hello->process;
    for (lost = lost_one(rs, pod_uid, hello->process); lost; lost = lost_one(rs, pod_uid, hello->process)) {
        end(rs, lost, REQUEST_LOST, NULL);
    }
    line->state = LINE_SPEAKS; /* whoever asked meanwhile is sent below */
    const struct asked *a = find(rs, pod_uid);
    if (a && a->line == line) {
        DL_FOREACH(a->waiting, r) {
            send_one(rs, r, now_ms);
        }
    }
}

void
requests_state(struct requests *rs, const char *pod_uid, struct request_line *line)
{
    if (line->state == LINE_SILENT) {
        line->state = LINE_OLD;
        requests_end(rs, pod_uid, REQUEST_UNKNOWN_VERB);
    }
}

static enum request_end
end_of(enum answer_code code)
{
    static const enum request_end ends[] = {
        [ANSWER_OK] = REQUEST_OK,
        [ANSWER_UNKNOWN_VERB] = REQUEST_UNKNOWN_VERB,
        [ANSWER_INVALID] = REQUEST_INVALID,
        [ANSWER_FAILED] = REQUEST_FAILED,
    };

    return ends[code];
}

bool
requests_answer(struct requests *rs, const char *pod_uid, const struct launcher_answer *answer)
{
    const struct asked *a = find(rs, pod_uid);
    struct request *r = NULL;

    if (a) {
        DL_SEARCH_SCALAR(a->waiting, r, number, answer->number);
    }
    if (!r || !r->is_sent) {
        return false; /* late, again, or never asked */
    }
    end(rs, r, end_of(answer_code_of(answer->code)), answer);
    return true;
}

void
requests_end(struct requests *rs, const char *pod_uid, enum request_end how)
{
    for (;;) {
        const struct asked *a = pod_uid ? find(rs, pod_uid) : rs->pods;

        if (!a) {
            return;
        }
        end(rs, a->waiting, how, NULL);
    }
}

static struct request *
expired_one(const struct requests *rs, int64_t now_ms)
{
    struct request *r;

    DL_FOREACH2(rs->all, r, all_next)
    {
        if (r->deadline_ms <= now_ms) {
            return r;
        }
    }
    return NULL;
}

void
requests_expire(struct requests *rs, int64_t now_ms)
{
    for (struct request *r = expired_one(rs, now_ms); r; r = expired_one(rs, now_ms)) {
        end(rs, r, REQUEST_TIMED_OUT, NULL);
    }
}

int64_t
requests_due_ms(const struct requests *rs)
{
    int64_t due_ms = -1;
    const struct request *r;

    DL_FOREACH2(rs->all, r, all_next)
    {
        due_ms = due_ms < 0 || r->deadline_ms < due_ms ? r->deadline_ms : due_ms;
    }
    return due_ms;
}

size_t
requests_waiting(const struct requests *rs)
{
    return rs->n;
}
