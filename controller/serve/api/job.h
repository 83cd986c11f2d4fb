// One request whose caller is known and may do it, on its way through the API server to its answer. Loop thread only.
#ifndef VMB_JOB_H
#define VMB_JOB_H

#include "kube/request.h"
#include "serve/api/access.h"
#include "serve/api/call.h"
#include "serve/api/route.h"
#include "serve/gateway/gateway.h"
#include "serve/sessions/sessions.h"

struct jobs {
    struct kube *kube;
    struct gateway *gateway;
    struct sessions *sessions;
    bool leads; /* launchers are connected here */
    struct job *first;
};

struct job {
    struct jobs *jobs;
    struct call *call; /* NULL: nobody waits for the answer any more */
    struct route route;
    struct arena *arena; /* of all that is made for it */
    json_t *user;
    const json_t *body; /* of the request: an object; empty without one */
    struct access_question *access;
    bool *is_over; /* set when the job ends, for whoever may have ended it in a call; NULL: nobody asks */
    struct kube_request *request; /* at the API server */
    kube_done_fn *answered;       /* of it */
    void (*next_step)(struct job *j);
    const json_t *vm, *vmi; /* read; NULL: there is none. Of the arena */
    void *verb;             /* what the verb keeps, of the arena */
    unsigned tries;
    struct job *prev, *next;
};

MUST_CHECK struct job *job_new(struct jobs *jobs, struct call *call);
/* Without an answer. */
void job_drop(struct job *j);

/* Sends one; 'answered' gets the job as its argument. */
void job_send(struct job *j, const struct kube_call *call, kube_done_fn *answered);

/* Answers, all of them; the job is gone afterwards. */
void job_done(struct job *j, unsigned status); /* without a body */
void job_done_json(struct job *j, const json_t *body);
PRINTF_LIKE(4, 5) void job_refuse(struct job *j, unsigned status, const char *reason, const char *fmt, ...);
/* 409 as the API server has it: "Operation cannot be fulfilled on ...: WHY". */
void job_conflict(struct job *j, const char *why);
/* Gives its connection away in place of an answer; it has to have one. */
void job_take(struct job *j, SSL **ret_ssl, int *ret_fd);
/* What the API server answered to a request of ours. */
void job_refuse_reply(struct job *j, const struct kube_reply *reply);

/* Who asks: the user's name. */
const char *job_user(const struct job *j);
/* "virtualmachine.kubevirt.io" */
const char *job_singular(const struct job *j);

/* False, and the job is answered: the options hold something else than ["All"]. */
bool job_dry_run(struct job *j, bool *ret_is_dry);
/* An integer of the options; false, and the job is answered: it is none. */
bool job_option_int(struct job *j, const char *key, int64_t *ret_value, bool *ret_is_set);

#endif
