// libcurl's sockets on the libuv loop. Private to kube/http.c. Loop thread only.
#ifndef VMB_HTTP_SOCKETS_H
#define VMB_HTTP_SOCKETS_H

#include "base/base.h"

#include <curl/curl.h>
#include <uv.h>

struct http_socket;

/* Zeros, but for the first four, which the owner sets. */
struct http_sockets {
    uv_loop_t *loop;
    CURLM *multi;
    /* Something happened on 'fd'; 'flags' are for curl_multi_socket_action. False: the sockets are closed. */
    bool (*ready)(struct http_sockets *s, curl_socket_t fd, int flags);
    void (*closed)(struct http_sockets *s); /* the last handle is gone, after http_sockets_close */
    struct http_socket *list;
    size_t n_handles; /* whose close callback is still to come */
    bool is_closed;
};

/* From now on curl opens and closes them. */
void http_sockets_begin(struct http_sockets *s);
size_t http_sockets_count(const struct http_sockets *s);
/* Cuts what is behind them; curl sees the end of the stream. */
void http_sockets_sever(const struct http_sockets *s);
/* Curl's handle is cleaned up. 'closed' may be called from within. */
void http_sockets_close(struct http_sockets *s);

#endif
