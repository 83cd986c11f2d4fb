// Streams between a caller of the aggregated API and a launcher. One is asked for, the launcher is told a number by its line to the
// gateway and dials back with it, and bytes go from one side to the other as fast as both take them. Each has one owner, its session, and
// one way to end, session_end. Loop thread only.
#ifndef VMB_SESSIONS_H
#define VMB_SESSIONS_H

#include <openssl/ssl.h>

#include "serve/http/endpoint.h"
#include "serve/sessions/session.h"

struct sessions;
struct session;

MUST_CHECK struct sessions *sessions_new(const struct sessions_options *options);
/* For server_options.raw; valid as long as the sessions. */
const struct server_endpoint *sessions_endpoint(const struct sessions *all);

/* NULL when 'done' was called already. Else good until it is called with another verdict than SESSION_READY, and after that until
 * session_begin or session_cancel. */
struct session *session_ask(struct sessions *all, const struct session_ask *ask);
/* What the launcher has to be told; good as long as the session waits. */
const char *session_number(const struct session *s);
const char *session_what(const struct session *s); /* LAUNCHER_STREAM_... */
const char *sessions_address(const struct sessions *all);
/* Nobody waits any more. NULL is nothing. */
void session_cancel(struct session *s);
/* Takes the caller's connection; 'reply' is the answer to its request. The session lives by itself from then on. */
void session_begin(struct session *s, SSL *ssl, int fd, const char *reply);

/* Ends all, and tells both sides why; whoever asks from then on is told SESSION_LOST. */
void sessions_stop(struct sessions *all, const char *why);
/* After the server has closed, and sessions_stop; the memory goes when the loop has closed the handles. NULL is nothing. */
void sessions_close(struct sessions *all);

#endif
