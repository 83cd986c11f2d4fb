// The client's nghttp2 callbacks: only the status in the trailers matters.
#include "grpc_client.h"

#include "grpc.h"

#include <nghttp2/nghttp2.h>

enum { STATUS_SIZE = 12, TEXT_SIZE = 300, ACKS_MAX = 64, TABLE_BYTES = 512 };

struct grpc_client {
    nghttp2_session *session;
    struct strbuf request;
    size_t at; /* bytes of 'request' that were sent */
    bool is_done;
    char http[STATUS_SIZE]; /* ":status" */
    char grpc[STATUS_SIZE]; /* "grpc-status"; empty: none came */
    char text[TEXT_SIZE];   /* "grpc-message" */
};

static nghttp2_session *session_new(struct grpc_client *c);
static void submit(struct grpc_client *c, const char *path);
static ssize_t give_request(nghttp2_session *session, int32_t id, uint8_t *buf, size_t length, uint32_t *flags,
                            nghttp2_data_source *source, void *user);
static int take_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                       const uint8_t *value, size_t value_len, uint8_t flags, void *user);
static int stream_closed(nghttp2_session *session, int32_t id, uint32_t code, void *user);

#define HEADER(n, v)                                  \
    ((nghttp2_nv){.name = (uint8_t *)(uintptr_t)(n),  \
                  .value = (uint8_t *)(uintptr_t)(v), \
                  .namelen = strlen(n),               \
                  .valuelen = strlen(v)})

struct grpc_client *
grpc_client_new(const char *path, const void *message, size_t len)
{
    struct grpc_client *c = XNEW(struct grpc_client);

    c->request = STRBUF_INIT(GRPC_REQUEST_MAX_BYTES + GRPC_PREFIX_BYTES);
    BUG_ON(!strbuf_add(&c->request, message, len) || !grpc_wrap(&c->request));
    c->session = session_new(c);
    submit(c, path);
    return c;
}

void
grpc_client_free(struct grpc_client *c)
{
    if (c) {
        nghttp2_session_del(c->session);
        strbuf_fini(&c->request);
        free(c);
    }
}

bool
grpc_client_feed(struct grpc_client *c, const uint8_t *data, size_t len)
{
    return nghttp2_session_mem_recv(c->session, data, len) >= 0;
}

ssize_t
grpc_client_pull(struct grpc_client *c, const uint8_t **ret_data)
{
    ssize_t n = nghttp2_session_mem_send(c->session, ret_data);

    return n == 0 && (c->is_done || (!nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session)))
               ? -1
               : n;
}

bool
grpc_client_is_done(const struct grpc_client *c)
{
    return c->is_done;
}

struct err *
grpc_client_result(const struct grpc_client *c)
{
    if (!c->is_done) {
        return err_new(ERR_RETRY, "the connection ended without an answer");
    }
    if (str_empty(c->grpc)) {
        return err_new(ERR_RETRY, "the answer has HTTP status '%s' and no gRPC status", c->http);
    }
    return str_eq(c->grpc, "0") ? NULL : err_new(ERR_RETRY, "gRPC status %s: %s", c->grpc, c->text);
}

static nghttp2_session *
session_new(struct grpc_client *c)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    nghttp2_session *session;

    BUG_ON(nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, take_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    nghttp2_option_set_max_outbound_ack(option, ACKS_MAX);
    nghttp2_option_set_max_deflate_dynamic_table_size(option, TABLE_BYTES);
    BUG_ON(nghttp2_session_client_new2(&session, callbacks, c, option) != 0);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return session;
}

static void
submit(struct grpc_client *c, const char *path)
{
    static const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
    const nghttp2_nv headers[] = {HEADER(":method", "POST"),
                                  HEADER(":scheme", "http"),
                                  HEADER(":path", path),
                                  HEADER(":authority", "localhost"),
                                  HEADER("content-type", "application/grpc"),
                                  HEADER("te", "trailers")};
    const nghttp2_data_provider provider = {.source.ptr = c, .read_callback = give_request};

    BUG_ON(nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings)) != 0);
    BUG_ON(nghttp2_submit_request(c->session, NULL, headers, ARRAY_LEN(headers), &provider, NULL) < 0);
}

static ssize_t
// NOLINTNEXTLINE(readability-function-size): nghttp2 says so
give_request(nghttp2_session *session, int32_t id, uint8_t *buf, size_t length, uint32_t *flags,
             nghttp2_data_source *source, void *user)
{
    struct grpc_client *c = source->ptr;
    size_t left = c->request.len - c->at;
    size_t n = left < length ? left : length;

    (void)session;
    (void)id;
    (void)user;
    memcpy(buf, c->request.buf + c->at, n);
    c->at += n;
    if (c->at == c->request.len) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)n;
}

static void
keep(char *ret_text, size_t size, const uint8_t *value, size_t len)
{
    size_t n = len < size ? len : size - 1;

    memcpy(ret_text, value, n);
    ret_text[n] = '\0';
}

static bool
is_text(const uint8_t *bytes, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(bytes, text, len) == 0;
}

static int
// NOLINTNEXTLINE(readability-function-size): nghttp2 says so
take_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
            const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    struct grpc_client *c = user;

    (void)session;
    (void)frame; /* there is one stream */
    (void)flags;
    if (is_text(name, name_len, ":status")) {
        keep(c->http, sizeof(c->http), value, value_len);
    } else if (is_text(name, name_len, "grpc-status")) {
        keep(c->grpc, sizeof(c->grpc), value, value_len);
    } else if (is_text(name, name_len, "grpc-message")) {
        keep(c->text, sizeof(c->text), value, value_len);
    }
    return 0;
}

static int
stream_closed(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    struct grpc_client *c = user;

    (void)session;
    (void)id;
    (void)code; /* without a status it is a failure anyway */
    c->is_done = true;
    return 0;
}
