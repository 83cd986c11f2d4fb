// Connections of those who show a client certificate that we trust: TLS, one request, its answer, the end. Nothing of anybody else is
// read. Loop thread only.
#ifndef VMB_CALL_PORT_H
#define VMB_CALL_PORT_H

#include <openssl/x509.h>

#include "base/err.h"
#include "serve/api/call_conn.h"
#include "serve/http/server_taker.h"

struct call_port;

MUST_CHECK struct call_port *call_port_new(const struct call_port_options *options);
/* For server_options.taker; valid as long as the port. */
const struct server_taker *call_port_taker(const struct call_port *p);
/* What new connections see. Errors: ERR_INVALID, and the old one stays in use. */
MUST_CHECK struct err *call_port_show(struct call_port *p, const char *crt_pem, const char *key_pem);
/* Whom new connections are trusted by; until then nobody is. Takes 'store'. */
void call_port_trust(struct call_port *p, X509_STORE *store);
/* Ends all connections, calling 'gone' of those that wait. Before the server is closed; the memory goes when the loop has closed the
 * handles. NULL is nothing. */
void call_port_close(struct call_port *p);

#endif
