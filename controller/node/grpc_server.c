// nghttp2's callbacks. A stream lives from its first header until nghttp2 closes it, and hangs on the connection's list meanwhile.
#include "grpc_server.h"

#include "grpc.h"

#include <nghttp2/nghttp2.h>
#include <utlist.h>

enum { TEXT_SIZE = 400, ACKS_MAX = 64, SETTINGS_MAX = 16, TABLE_BYTES = 512, N_HEADERS_MAX = 4 };

struct stream {
    struct stream *prev, *next;
    struct grpc_server *server;
    int32_t id;
    const struct grpc_method *method; /* NULL: none that we know */
    size_t header_bytes;
    bool is_grpc;     /* its content type says so */
    bool is_post;     /* its method is POST */
    bool is_answered; /* headers were sent */
    bool is_watching;
    bool is_stale; /* of a watch: the state changed since 'answer' was made */
    struct strbuf body;
    struct strbuf answer;
    size_t at; /* bytes of 'answer' that were sent */
};

struct grpc_server {
    const struct grpc_service *service;
    nghttp2_session *session;
    struct stream *streams;
    unsigned n_streams;
    unsigned n_watches;
    size_t body_bytes; /* of all streams */
};

static nghttp2_session *session_new(struct grpc_server *s);
static int begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user);
static int take_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                       const uint8_t *value, size_t value_len, uint8_t flags, void *user);
static int take_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *user);
static int take_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user);
static int stream_closed(nghttp2_session *session, int32_t id, uint32_t code, void *user);
static void answer(struct stream *st);
static void refuse(struct stream *st, enum grpc_code code, const char *text);
static struct err *make_answer(struct stream *st);
static ssize_t give_answer(nghttp2_session *session, int32_t id, uint8_t *buf, size_t length, uint32_t *flags,
                           nghttp2_data_source *source, void *user);
static void drop(struct stream *st);

#define HEADER(n, v)                                  \
    ((nghttp2_nv){.name = (uint8_t *)(uintptr_t)(n),  \
                  .value = (uint8_t *)(uintptr_t)(v), \
                  .namelen = strlen(n),               \
                  .valuelen = strlen(v)})

struct grpc_server *
grpc_server_new(const struct grpc_service *service)
{
    static const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, GRPC_STREAMS_MAX},
                                                      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, GRPC_HEADERS_MAX_BYTES}};
    struct grpc_server *s = XNEW(struct grpc_server);

    s->service = service;
    s->session = session_new(s);
    BUG_ON(nghttp2_submit_settings(s->session, NGHTTP2_FLAG_NONE, settings, ARRAY_LEN(settings)) != 0);
    return s;
}

void
grpc_server_free(struct grpc_server *s)
{
    if (!s) {
        return;
    }
    struct stream *st, *tmp;
    DL_FOREACH_SAFE(s->streams, st, tmp) {
        drop(st);
    }
    nghttp2_session_del(s->session);
    free(s);
}

bool
grpc_server_feed(struct grpc_server *s, const uint8_t *data, size_t len)
{
    return nghttp2_session_mem_recv(s->session, data, len) >= 0;
}

ssize_t
grpc_server_pull(struct grpc_server *s, const uint8_t **ret_data)
{
    ssize_t n = nghttp2_session_mem_send(s->session, ret_data);

    return n == 0 && !nghttp2_session_want_read(s->session) && !nghttp2_session_want_write(s->session) ? -1 : n;
}

void
grpc_server_changed(struct grpc_server *s)
{
    struct stream *st;

    DL_FOREACH(s->streams, st) {
        if (st->is_watching) {
            st->is_stale = true;
            (void)nghttp2_session_resume_data(s->session,
                                              st->id); /* an error: it is sending at the moment, and sees it then */
        }
    }
}

unsigned
grpc_server_watches(const struct grpc_server *s)
{
    return s->n_watches;
}

static nghttp2_session *
session_new(struct grpc_server *s)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    nghttp2_session *session;

    BUG_ON(nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, take_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, take_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, take_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, stream_closed);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_outbound_ack(option, ACKS_MAX);
    nghttp2_option_set_max_settings(option, SETTINGS_MAX);
    nghttp2_option_set_max_deflate_dynamic_table_size(option, TABLE_BYTES);
    BUG_ON(nghttp2_session_server_new2(&session, callbacks, s, option) != 0);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    return session;
}

static int
begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct grpc_server *s = user;

    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return 0; /* trailers of a stream that we have */
    }
    if (s->n_streams >= GRPC_STREAMS_MAX) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    struct stream *st = XNEW(struct stream);
    st->server = s;
    st->id = frame->hd.stream_id;
    st->body = STRBUF_INIT(GRPC_BODY_MAX_BYTES);
    st->answer = STRBUF_INIT(s->service->answer_max + GRPC_PREFIX_BYTES);
    DL_APPEND(s->streams, st);
    s->n_streams++;
    return nghttp2_session_set_stream_user_data(session, st->id, st) == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
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
    static const char type[] = "application/grpc";
    struct stream *st = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    const struct grpc_server *s = user;

    (void)flags; /* about compression of headers */
    if (!st) {
        return 0;
    }
    st->header_bytes += name_len + value_len;
    if (st->header_bytes > GRPC_HEADERS_MAX_BYTES) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    if (is_text(name, name_len, ":path")) {
        for (size_t i = 0; i < s->service->n_methods; i++) {
            if (is_text(value, value_len, s->service->methods[i].path)) {
                st->method = &s->service->methods[i];
            }
        }
    } else if (is_text(name, name_len, ":method")) {
        st->is_post = is_text(value, value_len, "POST");
    } else if (is_text(name, name_len, "content-type")) {
        st->is_grpc = value_len >= sizeof(type) - 1 && memcmp(value, type, sizeof(type) - 1) == 0;
    }
    return 0;
}

static int
take_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *user)
{
    struct stream *st = nghttp2_session_get_stream_user_data(session, id);
    struct grpc_server *s = user;

    (void)flags;
    if (!st || st->is_answered) {
        return 0;
    }
    if (s->body_bytes + len > GRPC_BODIES_MAX_BYTES || !strbuf_add(&st->body, data, len)) {
        refuse(st, GRPC_RESOURCE_EXHAUSTED, "the message is too large");
        return 0;
    }
    s->body_bytes += len;
    return 0;
}

/* A request is whole when its sender has ended its side. */
static int
take_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    (void)user;
    if ((frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) ||
        !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        return 0;
    }
    struct stream *st = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
    if (st && !st->is_answered) {
        answer(st);
    }
    return 0;
}

static int
stream_closed(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    struct stream *st = nghttp2_session_get_stream_user_data(session, id);

    (void)code;
    (void)user;
    if (st) {
        drop(st);
    }
    return 0;
}

static void
answer(struct stream *st)
{
    const nghttp2_nv headers[] = {HEADER(":status", "200"), HEADER("content-type", "application/grpc")};
    nghttp2_data_provider provider = {.source.ptr = st, .read_callback = give_answer};

    if (!st->method || !st->is_post || !st->is_grpc) {
        refuse(st, GRPC_UNIMPLEMENTED, "there is no such method");
        return;
    }
    AUTO(err_freep) struct err *e = make_answer(st);
    if (e) {
        refuse(st, err_class(e) == ERR_INVALID ? GRPC_INVALID_ARGUMENT : GRPC_INTERNAL, err_text(e));
        return;
    }
    if (nghttp2_submit_response(st->server->session, st->id, headers, ARRAY_LEN(headers), &provider) == 0) {
        st->is_answered = true;
        st->is_watching = st->method->is_watch;
        st->server->n_watches += st->is_watching ? 1 : 0;
    }
}

/* The text of a refusal as gRPC wants it: what is not printable ASCII goes by its number. */
static void
percent_encode(const char *text, char ret_text[TEXT_SIZE])
{
    size_t len = 0;

    for (const char *c = text; *c && len + 4 < TEXT_SIZE; c++) {
        if (*c >= ' ' && *c <= '~' && *c != '%') {
            ret_text[len++] = *c;
        } else {
            len += (size_t)snprintf(ret_text + len, TEXT_SIZE - len, "%%%02X", (unsigned)(unsigned char)*c);
        }
    }
    ret_text[len] = '\0';
}

/* Ends a stream with a code and no message. */
static void
refuse(struct stream *st, enum grpc_code code, const char *text)
{
    char number[12], encoded[TEXT_SIZE];

    (void)snprintf(number, sizeof(number), "%d", (int)code);
    percent_encode(text, encoded);
    const nghttp2_nv headers[N_HEADERS_MAX] = {HEADER(":status", "200"), HEADER("content-type", "application/grpc"),
                                               HEADER("grpc-status", number), HEADER("grpc-message", encoded)};
    st->is_answered = true;
    (void)nghttp2_submit_response(st->server->session, st->id, headers, N_HEADERS_MAX,
                                  NULL); /* an error: the stream has gone */
}

/* What was sent is not kept: a watch lasts for months. */
static void
empty_answer(struct stream *st)
{
    strbuf_fini(&st->answer);
    st->answer = STRBUF_INIT(st->server->service->answer_max + GRPC_PREFIX_BYTES);
    st->at = 0;
}

static struct err *
make_answer(struct stream *st)
{
    const struct grpc_service *service = st->server->service;
    const uint8_t *message;
    size_t len;
    struct err *e = grpc_unwrap(&st->body, &message, &len);

    empty_answer(st);
    st->is_stale = false;
    if (!e) {
        e = st->method->answer(service->arg, message, len, &st->answer);
    }
    if (!e && (st->answer.over || !grpc_wrap(&st->answer))) {
        e = err_new(ERR_FATAL, "the answer is larger than %zu bytes", service->answer_max);
    }
    return e;
}

static ssize_t
// NOLINTNEXTLINE(readability-function-size): nghttp2 says so
give_answer(nghttp2_session *session, int32_t id, uint8_t *buf, size_t length, uint32_t *flags,
            nghttp2_data_source *source, void *user)
{
    struct stream *st = source->ptr;

    (void)user;
    if (st->at == st->answer.len && st->is_stale) {
        AUTO(err_freep) struct err *e = make_answer(st);
        if (e) {
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* the client sees its stream end, and asks again */
        }
    }
    size_t left = st->answer.len - st->at;
    size_t n = left < length ? left : length;
    if (n > 0) {
        memcpy(buf, st->answer.buf + st->at, n);
        st->at += n;
    }
    if (st->at < st->answer.len) {
        return (ssize_t)n;
    }
    empty_answer(st);
    if (st->method->is_watch) {
        return n > 0 ? (ssize_t)n : NGHTTP2_ERR_DEFERRED;
    }
    const nghttp2_nv end = HEADER("grpc-status", "0");
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return nghttp2_submit_trailer(session, id, &end, 1) == 0 ? (ssize_t)n : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static void
drop(struct stream *st)
{
    struct grpc_server *s = st->server;

    DL_DELETE(s->streams, st);
    s->n_streams--;
    s->body_bytes -= st->body.len;
    s->n_watches -= st->is_watching ? 1 : 0;
    strbuf_fini(&st->body);
    strbuf_fini(&st->answer);
    free(st);
}
