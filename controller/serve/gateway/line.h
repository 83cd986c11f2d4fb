// The connections of launchers: one of each pod counts, and the table of those. What the files of the gateway share. Not for other folders.
#ifndef VMB_LINE_H
#define VMB_LINE_H

#include "serve/gateway/requests.h"
#include "serve/gateway/sink.h"
#include "serve/http/server_stream.h"
#include "serve/trust/token.h"

#include <uthash.h>

/* One connection. */
struct launcher {
    struct gateway *gateway;
    struct server_stream *stream;
    struct token_check *check; /* the token is being checked */
    bool is_open;              /* upgraded; refusals are close frames from now on */
    bool is_proven;            /* the names below are known and true */
    bool is_joined;            /* in the table */
    char *namespace;
    char *pod_name;
    char *pod_uid;
    char *vmi_uid;
    int64_t ends_ms;                /* monotonic: the token has ended, and the grace */
    struct server_refusal *refusal; /* or NULL */
    struct request_line requests;
    UT_hash_handle hh; /* by pod_uid */
};

struct gateway {
    struct log log;
    struct token_verifier *verifier;
    const struct gateway_sink *sink;
    struct metrics *metrics;
    struct server_endpoint endpoint;
    struct launcher *joined;
    int64_t grace_ms;
    uv_timer_t sweep; /* runs while there are connections: ends those whose token has ended */
    struct requests *requests;
    uv_timer_t due;      /* when the next request has waited long enough */
    struct arena *arena; /* of the message at hand */
    int64_t refused_ms;  /* when a refusal was logged last */
    int64_t n_refused_unsaid;
    unsigned n_handles; /* that the loop has not closed yet */
};

extern const struct metric gateway_metric_messages;
extern const struct metric gateway_metric_refusals;

void gateway_count_one(struct gateway *g, const struct metric *metric, const char *labels);

/* The one of that pod that counts, or NULL. */
struct launcher *line_find(const struct gateway *g, const char *pod_uid);
/* It counts from now on, and an older one of the same pod no more. */
void line_join(struct launcher *l);
/* It counts no more; the sink is told if it did. */
void line_end(struct launcher *l);
/* Tells it where else to dial, and closes it. */
void line_redirect(struct launcher *l, const char *address);
void line_free(struct launcher *l);

#endif
