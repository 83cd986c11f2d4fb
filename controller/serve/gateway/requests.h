// Requests to launchers, by pod, from their being asked to the one answer, the end of their time, or the end of the pod. They outlive
// connections: what was not answered on one is sent again on the next, with the same number, if its launcher can still tell that
// number from a new one. No I/O, takes the time.
#ifndef VMB_REQUESTS_H
#define VMB_REQUESTS_H

#include "api/kinds/launcher_request.h"

enum { REQUESTS_WAITING_MAX = 1024 }; /* of all launchers together */

enum request_end {
    REQUEST_OK,
    REQUEST_UNKNOWN_VERB, /* not known here: the launcher is too old for the verb, or for requests at all */
    REQUEST_INVALID,      /* the arguments are, or they are too large */
    REQUEST_FAILED,       /* the launcher says so */
    REQUEST_TIMED_OUT,    /* it may have been done */
    REQUEST_LOST,         /* it may have been done: the process that it was sent to has ended */
    REQUEST_BUSY,         /* too many wait */
    REQUEST_AWAY,         /* no launcher is connected in that pod, or this replica leads no more */
};

struct request_question {
    const char *verb;                /* constant: it becomes a metric's label */
    const struct str_map *arguments; /* NULL: none. Not borrowed beyond the call */
    int64_t within_ms;               /* at least 1, at most LAUNCHER_WITHIN_MAX_MS */
    /* 'answer' is the launcher's, borrowed, hostile but fit to be shown; NULL where no launcher spoke. May ask and cancel others. */
    void (*done)(void *arg, enum request_end end, const struct launcher_answer *answer);
    void *arg;
};

/* A connection's part in it: embedded in what the caller keeps of one, zeroed. */
struct request_line {
    enum { LINE_SILENT, LINE_OLD, LINE_SPEAKS } state;
    int64_t process; /* of the launcher that speaks */
};

struct request;
struct requests;

struct requests_owner {
    /* Hands a text to a connection. False: it takes no more now. */
    bool (*send)(struct request_line *line, const char *text, size_t len);
    void (*ended)(void *arg, const char *verb, enum request_end end); /* before 'done' */
    void *arg;
};

/* 'first' is by chance, 1 to LAUNCHER_NUMBER_MAX: numbers go on from there, and those of another controller are others. */
MUST_CHECK struct requests *requests_new(const struct requests_owner *owner, int64_t first);
/* None waits. */
void requests_free(struct requests *rs);

/* 'line' NULL: none is open. Calls 'done' exactly once: before it returns, and then the value is NULL, or later. */
struct request *requests_ask(struct requests *rs, const char *pod_uid, struct request_line *line,
                             const struct request_question *q, int64_t now_ms);
/* 'done' is not called any more; what was sent may still be done. NULL is nothing. */
void requests_cancel(struct requests *rs, struct request *r);

/* The connection of a pod that counts from now on, and its end: what waits goes on waiting. */
void requests_open(struct requests *rs, const char *pod_uid, struct request_line *line);
void requests_closed(struct requests *rs, const char *pod_uid, const struct request_line *line);
/* What came on it. */
void requests_hello(struct requests *rs, const char *pod_uid, struct request_line *line,
                    const struct launcher_hello *hello, int64_t now_ms);
void requests_state(struct requests *rs, const char *pod_uid, struct request_line *line);
/* True: somebody waited for it. */
bool requests_answer(struct requests *rs, const char *pod_uid, const struct launcher_answer *answer);

/* Ends those of a pod (NULL: of all) that wait. */
void requests_end(struct requests *rs, const char *pod_uid, enum request_end how);
/* Ends those whose time is over. */
void requests_expire(struct requests *rs, int64_t now_ms);
/* When the next one's is; -1: none waits. */
int64_t requests_due_ms(const struct requests *rs);
size_t requests_waiting(const struct requests *rs);

/* For metrics and people: "ok", "timed-out" ... */
const char *request_end_name(enum request_end end);

#endif
