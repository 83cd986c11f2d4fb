// Plain HTTP: pages and refusals. One answer per connection, so that nobody holds one for long.
#include "serve/http/server_page.h"

#include <utlist.h>

#include "base/clock.h"
#include "base/json.h"
#include "serve/http/server_shared.h"

enum {
    REPLY_S = 10,                    /* from the end of the request to the end of the reply */
    BODIES_BYTES = 16 * 1024 * 1024, /* of pages on their way out; beyond, readers of a page share it */
    PAGE_CHUNK_BYTES = 16 * 1024,
    PAGE_HEADERS_MAX = 1024,
};

static const struct server_page *
find_page(const struct server_stream *c, const char *path)
{
    const struct server *s = c->server;

    for (size_t i = 0; i < s->n_pages; i++) {
        if (str_eq(s->pages[i].path, path) && (s->pages[i].is_health || c->listener->kind != SERVER_FOR_HEALTH)) {
            return &s->pages[i];
        }
    }
    return NULL;
}

static void
count_page(struct server *s, unsigned status)
{
    char label[32];

    snprintf(label, sizeof(label), "code=\"%u\"", status);
    server_count(s, &server_metric_pages, label);
}

static bool
write_headers(struct server_stream *c, unsigned status, const char *content_type, size_t body_len,
              const char *extra_name, const char *extra_value)
{
    unsigned char buf[LWS_PRE + PAGE_HEADERS_MAX];
    unsigned char *start = buf + LWS_PRE, *p = start, *end = buf + sizeof(buf) - 1;
    static const unsigned char no_store[] = "no-store", close_text[] = "close";

    if (lws_add_http_common_headers(c->wsi, status, content_type, (lws_filepos_t)body_len, &p, end) ||
        lws_add_http_header_by_token(c->wsi, WSI_TOKEN_HTTP_CACHE_CONTROL, no_store, sizeof(no_store) - 1, &p, end) ||
        lws_add_http_header_by_token(c->wsi, WSI_TOKEN_CONNECTION, close_text, sizeof(close_text) - 1, &p, end)) {
        return false;
    }
    if (extra_name &&
        lws_add_http_header_by_name(c->wsi, (const unsigned char *)extra_name, (const unsigned char *)extra_value,
                                    (int)strlen(extra_value), &p, end)) {
        return false;
    }
    return lws_finalize_write_http_header(c->wsi, start, &p, end) == 0;
}

static void
write_status_json(const struct server_refusal *r, struct strbuf *body)
{
    json_t *status = json_pack("{s:s, s:s, s:{}, s:s, s:s, s:s, s:i}", "kind", "Status", "apiVersion", "v1", "metadata",
                               "status", "Failure", "message", r->message, "reason", r->reason, "code", (int)r->status);

    /* The text is ours, short and plain: it fits, and what does not fit is left out. */
    (void)(status && json_write(status, body));
    json_decref(status);
}

static const char *
extra_header(const struct server_refusal *r, const char **ret_value)
{
    switch (r->status) {
    case 401:
        *ret_value = "Bearer";
        return "www-authenticate:";
    case 405:
        *ret_value = "GET, HEAD";
        return "allow:";
    case 503:
        *ret_value = "1";
        return "retry-after:";
    default:
        *ret_value = NULL;
        return NULL;
    }
}

static struct server_body *
body_new(const struct server_page *page)
{
    struct server_body *b = XNEW(struct server_body);

    b->page = page;
    b->text = STRBUF_INIT(SERVER_PAGE_MAX);
    return b;
}

static void
body_free(struct server_body *b)
{
    strbuf_fini(&b->text);
    free(b);
}

/* Takes the body. */
static void
body_hold(struct server_stream *c, struct server_body *b)
{
    struct server *s = c->server;

    c->body = b;
    if (b->n_readers++ == 0) {
        s->body_bytes += b->text.len;
        DL_PREPEND(s->bodies, b);
    }
}

void
server_page_end(struct server_stream *c)
{
    struct server_body *b = STEAL(c->body);

    if (b && --b->n_readers == 0) {
        c->server->body_bytes -= b->text.len;
        DL_DELETE(c->server->bodies, b);
        body_free(b);
    }
}

/* The newest that is still being read, when those who read slowly hold so much that another may not be made. */
static struct server_body *
shared_body(const struct server *s, const struct server_page *page)
{
    if (s->body_bytes < BODIES_BYTES) {
        return NULL;
    }
    for (struct server_body *b = s->bodies; b; b = b->next) {
        if (b->page == page) {
            return b;
        }
    }
    return NULL;
}

/* Starts a reply with that body, which it takes. */
static int
reply(struct server_stream *c, struct server_body *body, const char *content_type, const char *extra_name,
      const char *extra_value)
{
    unsigned status = body->status;
    bool is_head = lws_hdr_total_length(c->wsi, WSI_TOKEN_HEAD_URI) > 0;

    body_hold(c, body);
    c->kind = CONN_REPLY;
    c->body_sent = 0;
    c->moved_ms = clock_mono_ms();
    server_wait(c, REPLY_S);
    count_page(c->server, status);
    if (!write_headers(c, status, content_type, body->text.len, extra_name, extra_value)) {
        return -1;
    }
    if (is_head) {
        c->body_sent = body->text.len;
    }
    lws_callback_on_writable(c->wsi);
    return 0;
}

static int
reply_refusal(struct server_stream *c, const struct server_refusal *r)
{
    const char *value = NULL;
    const char *name = extra_header(r, &value);

    struct server_body *body = body_new(NULL);

    body->status = r->status;
    write_status_json(r, &body->text);
    return reply(c, body, "application/json", name, value);
}

int
server_page_begin(struct server_stream *c, const char *path)
{
    const struct server_page *page = find_page(c, path);
    bool is_read =
        lws_hdr_total_length(c->wsi, WSI_TOKEN_GET_URI) > 0 || lws_hdr_total_length(c->wsi, WSI_TOKEN_HEAD_URI) > 0;
    struct server_body *body;

    if (c->kind != CONN_NEW) {
        return -1; /* one request per connection */
    }
    if (!page) {
        return reply_refusal(c, &(struct server_refusal){404, "NotFound", "no such page"});
    }
    if (!is_read) {
        return reply_refusal(c, &(struct server_refusal){405, "MethodNotAllowed", "this page can only be read"});
    }
    body = shared_body(c->server, page);
    if (!body) {
        body = body_new(page);
        body->status = page->get(page->arg, &body->text);
    }
    if (body->text.over) {
        body_free(body);
        return reply_refusal(c, &(struct server_refusal){500, "InternalError", "the page is larger than its limit"});
    }
    return reply(c, body, page->content_type, NULL, NULL);
}

int
server_page_continue(struct server_stream *c)
{
    size_t left = c->body ? c->body->text.len - c->body_sent : 0;
    size_t n = left < PAGE_CHUNK_BYTES ? left : PAGE_CHUNK_BYTES;
    AUTO(freep) unsigned char *buf = NULL;

    if (left == 0) {
        return -1; /* all is out: close */
    }
    buf = xcalloc(1, LWS_PRE + n);
    memcpy(buf + LWS_PRE, c->body->text.buf + c->body_sent, n);
    if (lws_write(c->wsi, buf + LWS_PRE, n, n == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0) {
        return -1;
    }
    c->body_sent += n;
    c->moved_ms = clock_mono_ms();
    lws_callback_on_writable(c->wsi);
    return 0;
}

bool
server_refuse(struct server_stream *c, const struct server_refusal *refusal)
{
    AUTO(strbuf_fini) struct strbuf body = STRBUF_INIT(PAGE_HEADERS_MAX);
    AUTO(freep) unsigned char *buf = NULL;
    const char *value = NULL;
    const char *name = extra_header(refusal, &value);

    write_status_json(refusal, &body);
    count_page(c->server, refusal->status);
    if (!write_headers(c, refusal->status, "application/json", body.len, name, value)) {
        return false;
    }
    buf = xcalloc(1, LWS_PRE + body.len);
    memcpy(buf + LWS_PRE, strbuf_str(&body), body.len);
    return lws_write(c->wsi, buf + LWS_PRE, body.len, LWS_WRITE_HTTP_FINAL) >= 0;
}
