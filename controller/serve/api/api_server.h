// The aggregated API subresources.kubevirt.io: who asks, whether he may, and whom the request goes to. Every replica serves it (docs/
// subresources.md). Loop thread only.
#ifndef VMB_API_SERVER_H
#define VMB_API_SERVER_H

#include "base/metrics.h"
#include "kube/request.h"
#include "serve/gateway/gateway.h"
#include "serve/http/server_taker.h"
#include "serve/sessions/sessions.h"

struct api_server;

struct api_server_options {
    uv_loop_t *loop;
    struct kube *kube; /* borrowed, as are the others */
    struct metrics *metrics;
    const char *version;
    const char *service; /* that the APIService objects point to */
    const char *namespace;
    struct gateway *gateway;
    struct sessions *sessions;
};

MUST_CHECK struct api_server *api_server_new(const struct api_server_options *options);
/* For server_options.taker; valid until api_server_close. */
const struct server_taker *api_server_taker(const struct api_server *s);
/* Errors: ERR_INVALID, and the old one stays in use. */
MUST_CHECK struct err *api_server_show(struct api_server *s, const char *crt_pem, const char *key_pem,
                                       const char *ca_pem);
void api_server_lead(struct api_server *s, bool leads);
/* Ends all requests without an answer. Before the server, the gateway and the client are closed; the memory goes when the loop has closed
 * the handles. NULL is nothing. */
void api_server_close(struct api_server *s);

#endif
