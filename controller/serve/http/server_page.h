// Plain HTTP: pages and refusals.
#ifndef VMB_SERVER_PAGE_H
#define VMB_SERVER_PAGE_H

#include "serve/http/server_state.h"

/* Answers a request for a page; the value is what the callback returns. */
int server_page_begin(struct server_stream *c, const char *path);
/* The connection reads no more. */
void server_page_end(struct server_stream *c);
/* Goes on when the socket can take more. */
int server_page_continue(struct server_stream *c);
/* Writes a whole small refusal now. False: the connection is lost. */
bool server_refuse(struct server_stream *c, const struct server_refusal *refusal);

#endif
