// One request, as http.h takes it and http_setup.h gives it to libcurl.
#ifndef VMB_HTTP_CALL_H
#define VMB_HTTP_CALL_H

#include "base/base.h"

struct http_call {
    const char *method;
    const char *path;         /* with its query; copied */
    const char *content_type; /* of the body; constant */
    const char *body;         /* borrowed until 'done'; NULL: none */
    size_t body_len;
    const char *bearer; /* token or NULL; copied */
    int64_t timeout_ms; /* for all of it */
    bool fenced;        /* goes only while http_fence allows it; has a body */
};

#endif
