// One request of a proven caller, from its being whole to its answer. Loop thread only.
#ifndef VMB_CALL_H
#define VMB_CALL_H

#include <openssl/ssl.h>

#include "serve/api/http_reader.h"

struct call;

struct call_answer {
    unsigned status;
    const char *content_type; /* constant */
    const char *body;         /* copied */
    size_t len;
    const char *etag;  /* NULL: none; with its quotes */
    const char *allow; /* methods, of a 405 */
    bool is_again;     /* with Retry-After: 1 */
};

const struct http_request *call_request(const struct call *c);
/* The common name in the caller's certificate, "" without one. */
const char *call_peer(const struct call *c);
/* 'gone' is called when the caller hangs up before the answer, or its time is over; 'c' is not good any more then. NULL: not told. */
void call_on_gone(struct call *c, void (*gone)(void *arg), void *arg);
/* 'c' is not good any more afterwards. */
void call_reply(struct call *c, const struct call_answer *answer);
/* Gives the connection away in place of an answer. 'c' is not good any more afterwards. */
void call_take(struct call *c, SSL **ret_ssl, int *ret_fd);

#endif
