// A session from the question to its end, for the files that move it. Not for other folders.
#ifndef VMB_SESSION_LIFE_H
#define VMB_SESSION_LIFE_H

#include "serve/sessions/session_state.h"

/* By number until it is claimed; counted. */
void session_enter(struct session *s);
/* Of that number, while it may be claimed by the launcher in that pod; NULL, and 'ret_why' is a label of a metric. */
struct session *session_find(const struct sessions *all, const char *number, const char *pod_uid, const char **ret_why);
/* The number is used up: this connection is the launcher's end. */
void session_claim(struct session *s, struct dial *d);
/* The launcher is on the line: whoever asked is told. The session may be over when this returns. */
void session_join(struct session *s);
/* Ends it: both sides are told, memory is freed. The one way. 'said' is what whoever still waits is told, and may be NULL as long as there
 * is no other side. */
void session_fail(struct session *s, enum session_verdict verdict, enum request_end end, const char *said);
void session_end(struct session *s, enum session_verdict verdict, enum caller_close code, const char *why);

void session_count(const struct sessions *all, enum session_kind kind, enum session_verdict verdict);
void session_count_refused(const struct sessions *all, const char *why);

#endif
