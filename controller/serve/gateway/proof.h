// The endpoint's callbacks (serve/http/endpoint.h) up to the proof; 'arg' is the gateway. After it the connection is in the table.
#ifndef VMB_PROOF_H
#define VMB_PROOF_H

#include "serve/http/server_stream.h"

enum { GATEWAY_TOKEN_MAX_S = 24 * 3600 }; /* a token that lasts longer is to be shown again after so long */

bool proof_expects(void *arg);
bool proof_admit(void *arg, struct server_stream *s, const char *bearer, size_t bearer_len,
                 struct server_refusal *ret_refusal);
void proof_opened(void *arg, struct server_stream *s);

#endif
