// One HTTP/1.1 request from bytes that come in pieces, by http_parser, with our caps. No I/O.
#ifndef VMB_HTTP_READER_H
#define VMB_HTTP_READER_H

#include "base/base.h"

enum {
    HTTP_HEAD_MAX = 32 * 1024,  /* bytes of request line and headers: a user may be in hundreds of groups */
    HTTP_HEADERS_MAX = 1024,    /* lines */
    HTTP_BODY_MAX = 512 * 1024, /* a whole virtual machine fits */
};

struct http_header {
    const char *name; /* in small letters */
    const char *value;
};

/* Texts without NUL or control characters; borrowed from the reader. */
struct http_request {
    const char *method; /* "GET" */
    const char *path;   /* "/apis/...", without the query */
    const char *query;  /* behind the question mark, or "" */
    const struct http_header *headers;
    size_t n_headers;
    const char *body;
    size_t body_len;
    bool is_upgrade;
    bool has_more; /* bytes came behind it, and are lost */
};

struct http_reader;

MUST_CHECK struct http_reader *http_reader_new(void);
void http_reader_free(struct http_reader *r); /* NULL is nothing */

enum http_read {
    HTTP_MORE,
    HTTP_WHOLE, /* http_reader_request; what follows it is not read */
    HTTP_BAD,
    HTTP_HEAD_TOO_LARGE,
    HTTP_BODY_TOO_LARGE,
};

/* Not again once it has said anything but HTTP_MORE. */
enum http_read http_reader_feed(struct http_reader *r, const char *bytes, size_t len);
const struct http_request *http_reader_request(const struct http_reader *r);

/* The first value of that name, in small letters; NULL: there is none. */
const char *http_header(const struct http_request *q, const char *name);

#endif
