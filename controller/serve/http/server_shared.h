// What ports and connections have in common: counting, deadlines, and when the server looks at them again.
#ifndef VMB_SERVER_SHARED_H
#define VMB_SERVER_SHARED_H

#include "serve/http/server_state.h"

void server_count(struct server *s, const struct metric *metric, const char *labels);
extern const struct metric server_metric_refused;
extern const struct metric server_metric_pages;

void server_sweep_start(struct server *s);
/* Somebody is ready, or a place is free. */
void server_serve_soon(struct server *s);

/* Puts the connection among those with a deadline, or moves its deadline. */
void server_wait(struct server_stream *c, int64_t seconds);
void server_wait_no_more(struct server_stream *c);

/* Has server_part end it soon, from the loop. */
void server_part_soon(struct server_stream *c);
void server_part_no_more(struct server_stream *c);

#endif
