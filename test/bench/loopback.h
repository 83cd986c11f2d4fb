// The gateway's server and a launcher's line to it, on loopback: what the benches of connections share. Whatever fails ends the process.
#ifndef VMB_BENCH_LOOPBACK_H
#define VMB_BENCH_LOOPBACK_H

#include "serve/http/server.h"
#include "serve/trust/certs.h"

#include <openssl/ssl.h>

/* A frame that a launcher sends: "{}", masked as a client's must be. */
extern const char loopback_frame[8];

/* Listens with a certificate of a new CA. Fills path, protocol, message_max and ping_s of the endpoint. The caller owns both. */
struct server *loopback_server(uv_loop_t *loop, struct server_endpoint *endpoint, struct certs_pair *ret_ca);

/* Connects, checks the certificate as 'ctx' says, and upgrades. The caller owns it and its socket. */
SSL *loopback_dial(SSL_CTX *ctx, int port);

#endif
