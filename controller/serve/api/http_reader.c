// Collects what http_parser finds.
#include "serve/api/http_reader.h"

#include <ctype.h>
#include <http_parser.h>

#include "base/arena.h"
#include "base/strbuf.h"

enum { ARENA_BYTES = 4 * HTTP_HEAD_MAX };

struct http_reader {
    http_parser parser;
    struct arena *arena;
    struct strbuf target, name, value, body;
    bool in_value;
    bool is_whole;
    enum http_read trouble; /* HTTP_MORE: none */
    size_t head_bytes;      /* read before the body */
    bool in_body;
    struct http_header *headers;
    size_t headers_size;
    struct http_request request;
};

static struct http_reader *
reader_of(http_parser *p)
{
    return p->data;
}

/* http_parser stops when a callback does not return 0. */
static int
stop(struct http_reader *r, enum http_read why)
{
    r->trouble = why;
    return 1;
}

static int
collect(struct http_reader *r, struct strbuf *into, const char *at, size_t len)
{
    return strbuf_add(into, at, len) ? 0 : stop(r, into == &r->body ? HTTP_BODY_TOO_LARGE : HTTP_HEAD_TOO_LARGE);
}

static bool
is_plain(const struct strbuf *sb)
{
    for (size_t i = 0; i < sb->len; i++) {
        if ((unsigned char)sb->buf[i] < ' ' || sb->buf[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static char *
lower(struct http_reader *r, const struct strbuf *sb)
{
    char *text = arena_strndup(r->arena, strbuf_str(sb), sb->len);

    for (char *p = text; *p; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    return text;
}

static void
grow(struct http_reader *r)
{
    size_t size = r->headers_size ? 2 * r->headers_size : 32;
    struct http_header *more = ARENA_NEW_N(r->arena, struct http_header, size);

    if (r->headers) {
        memcpy(more, r->headers, r->request.n_headers * sizeof(*more));
    }
    r->headers = more;
    r->headers_size = size;
}

/* Another header begins, or the body. */
static int
end_header(struct http_reader *r)
{
    if (!r->in_value) {
        return 0;
    }
    if (!is_plain(&r->name) || !is_plain(&r->value)) {
        return stop(r, HTTP_BAD);
    }
    if (r->request.n_headers == HTTP_HEADERS_MAX) {
        return stop(r, HTTP_HEAD_TOO_LARGE);
    }
    if (r->request.n_headers == r->headers_size) {
        grow(r);
    }
    r->headers[r->request.n_headers++] =
        (struct http_header){lower(r, &r->name), arena_strndup(r->arena, strbuf_str(&r->value), r->value.len)};
    strbuf_reset(&r->name);
    strbuf_reset(&r->value);
    r->in_value = false;
    return 0;
}

static int
on_url(http_parser *p, const char *at, size_t len)
{
    return collect(reader_of(p), &reader_of(p)->target, at, len);
}

static int
on_field(http_parser *p, const char *at, size_t len)
{
    struct http_reader *r = reader_of(p);

    /* A trailer behind a body in chunks says nothing that counts. */
    return r->in_body || end_header(r) != 0 ? stop(r, r->trouble == HTTP_MORE ? HTTP_BAD : r->trouble)
                                            : collect(r, &r->name, at, len);
}

static int
on_value(http_parser *p, const char *at, size_t len)
{
    struct http_reader *r = reader_of(p);

    r->in_value = true;
    return collect(r, &r->value, at, len);
}

static int
on_headers(http_parser *p)
{
    struct http_reader *r = reader_of(p);

    if (end_header(r) != 0) {
        return 1;
    }
    if (p->http_major != 1) { /* one without a version is of a time before headers */
        return stop(r, HTTP_BAD);
    }
    r->in_body = true;
    r->request.is_upgrade = p->upgrade;
    if (p->flags & F_CONTENTLENGTH && p->content_length > HTTP_BODY_MAX) {
        return stop(r, HTTP_BODY_TOO_LARGE);
    }
    return 0;
}

static int
on_body(http_parser *p, const char *at, size_t len)
{
    return collect(reader_of(p), &reader_of(p)->body, at, len);
}

static int
on_whole(http_parser *p)
{
    struct http_reader *r = reader_of(p);

    r->is_whole = true;
    http_parser_pause(p, 1); /* one request a connection */
    return 0;
}

static const http_parser_settings settings = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers,
    .on_body = on_body,
    .on_message_complete = on_whole,
};

struct http_reader *
http_reader_new(void)
{
    struct http_reader *r = XNEW(struct http_reader);

    http_parser_init(&r->parser, HTTP_REQUEST);
    r->parser.data = r;
    r->arena = arena_new(ARENA_BYTES);
    r->target = r->name = r->value = STRBUF_INIT(HTTP_HEAD_MAX);
    r->body = STRBUF_INIT(HTTP_BODY_MAX);
    return r;
}

void
http_reader_free(struct http_reader *r)
{
    if (r) {
        strbuf_fini(&r->target);
        strbuf_fini(&r->name);
        strbuf_fini(&r->value);
        strbuf_fini(&r->body);
        arena_free(r->arena);
        free(r);
    }
}

/* A path from the root, and its query. Bytes beyond ASCII and whatever is encoded have no place in the names that we know. */
static enum http_read
finish(struct http_reader *r)
{
    if (!is_plain(&r->target) || r->target.len == 0 || r->target.buf[0] != '/') {
        return HTTP_BAD;
    }
    char *target = arena_strdup(r->arena, strbuf_str(&r->target));
    char *mark = strchr(target, '?');
    if (mark) {
        *mark = '\0';
    }
    r->request.method = http_method_str((enum http_method)r->parser.method);
    r->request.path = target;
    r->request.query = mark ? mark + 1 : "";
    r->request.headers = r->headers;
    r->request.body = strbuf_str(&r->body);
    r->request.body_len = r->body.len;
    return HTTP_WHOLE;
}

enum http_read
http_reader_feed(struct http_reader *r, const char *bytes, size_t len)
{
    bool was_head = !r->in_body;
    size_t n = http_parser_execute(&r->parser, &settings, bytes, len);

    r->head_bytes += was_head ? n : 0;
    if (r->trouble != HTTP_MORE) {
        return r->trouble;
    }
    if (r->is_whole) {
        r->request.has_more = n < len;
        return finish(r);
    }
    if (HTTP_PARSER_ERRNO(&r->parser) != HPE_OK || n != len) {
        return HTTP_BAD;
    }
    return !r->in_body && r->head_bytes > HTTP_HEAD_MAX ? HTTP_HEAD_TOO_LARGE : HTTP_MORE;
}

const struct http_request *
http_reader_request(const struct http_reader *r)
{
    return &r->request;
}

const char *
http_header(const struct http_request *q, const char *name)
{
    for (size_t i = 0; i < q->n_headers; i++) {
        if (str_eq(q->headers[i].name, name)) {
            return q->headers[i].value;
        }
    }
    return NULL;
}
