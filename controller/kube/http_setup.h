// The settings of libcurl that http.c uses: addresses, headers, TLS, limits, time-outs. Private to kube/http.c.
#ifndef VMB_HTTP_SETUP_H
#define VMB_HTTP_SETUP_H

#include "kube/http_call.h"
#include "kube/kube_config.h"

#include <curl/curl.h>

/* What an easy handle borrows while it runs. */
struct http_wire {
    char *url;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    const char *body; /* borrowed from the caller */
    size_t body_len;
    size_t body_sent;
    const int64_t *fence_ms; /* until when the body may begin to leave (clock_mono_ms); NULL: always */
};

/* ERR_FATAL when libcurl lacks HTTP/2 or TLS. */
MUST_CHECK struct err *http_setup_check(void);
void http_setup_multi(CURLM *multi);

void http_wire_init(struct http_wire *w, const struct kube_config *config, const char *user_agent,
                    const struct http_call *call);
void http_wire_fini(struct http_wire *w);
bool http_wire_is_late(const struct http_wire *w); /* it must not be sent any more, and nothing of its body was */

/* Everything but the callbacks for what comes back. 'config', 'call' and 'w' are borrowed until the handle ends. */
MUST_CHECK CURLcode http_setup_easy(CURL *easy, const struct kube_config *config, const struct http_call *call,
                                    struct http_wire *w);

#endif
