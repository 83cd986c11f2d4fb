// A gateway for one launcher: prints what it says, a line a message, and sends it each line of stdin. One that begins with '>' or '|' is said
// into the stream that it dialled last; what streams say ends in a file. The server and the certificates are the controller's own.
#include "api/kinds/launcher_request.h"
#include "base/clock.h"
#include "serve/http/server.h"
#include "serve/http/server_raw.h"
#include "serve/trust/certs.h"

#include <unistd.h>

static const char usage[] = "usage: gateway ADDRESS PINS-FILE HEARD-FILE\n"
                            "\n"
                            "Listens on ADDRESS:8443 with a new certificate for vmbridge-gateway, and writes the "
                            "digest of its CA to PINS-FILE, and what streams say to HEARD-FILE.\n";

struct gateway {
    struct server_stream *stream;
    char *last; /* line of stdin, for whoever connects later */
    struct server_stream *raw;
    struct strbuf typed;
    FILE *heard;
    struct strbuf in;
    char block[4096];
};

static bool
on_admit(void *arg, struct server_stream *s, const char *bearer, size_t bearer_len, struct server_refusal *refusal)
{
    (void)arg; /* whoever has a token */
    (void)s;
    (void)bearer_len;
    *refusal = (struct server_refusal){.status = 401, .reason = "Unauthorized", .message = "no token"};
    return bearer != NULL;
}

static void
on_opened(void *arg, struct server_stream *s)
{
    struct gateway *g = arg;

    g->stream = s;
    server_stream_trust(s);
    if (g->last) {
        server_stream_send(s, g->last, strlen(g->last));
    }
}

static void
on_message(void *arg, struct server_stream *s, const char *text, size_t len)
{
    (void)arg; /* there is one */
    (void)s;
    printf("%.*s\n", (int)len, text);
    (void)fflush(stdout);
}

static void
on_closed(void *arg, struct server_stream *s)
{
    struct gateway *g = arg;

    if (g->stream == s) {
        g->stream = NULL;
    }
}

static void
on_raw_opened(void *arg, struct server_stream *s)
{
    struct gateway *g = arg;

    g->raw = s;
    server_stream_trust(s);
}

static void
on_raw_bytes(void *arg, struct server_stream *s, const char *data, size_t len)
{
    struct gateway *g = arg;

    (void)s;
    (void)fwrite(data, 1, len, g->heard);
    (void)fflush(g->heard);
}

static void
on_raw_writable(void *arg, struct server_stream *s)
{
    struct gateway *g = arg;
    unsigned char buf[SERVER_RAW_PRE + SERVER_RAW_MAX];
    size_t n = g->typed.len < SERVER_RAW_MAX ? g->typed.len : SERVER_RAW_MAX;

    if (n > 0) {
        memcpy(buf + SERVER_RAW_PRE, g->typed.buf, n);
        strbuf_consume(&g->typed, n);
        server_raw_write(s, buf + SERVER_RAW_PRE, n);
    }
}

static void
on_raw_parting(void *arg, struct server_stream *s, unsigned code, const char *text, size_t len)
{
    struct gateway *g = arg;

    (void)s;
    (void)fprintf(g->heard, "\n[%u %.*s]\n", code, (int)len, text);
    (void)fflush(g->heard);
}

static void
on_raw_closed(void *arg, struct server_stream *s)
{
    struct gateway *g = arg;

    if (g->raw == s) {
        g->raw = NULL;
    }
}

static void
type_line(struct gateway *g, const char *line, char end)
{
    strbuf_addf(&g->typed, "%s%c", line, end);
    if (g->raw) {
        server_raw_want(g->raw);
    }
}

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct gateway *g = h->data;

    (void)suggested; /* one block is enough */
    *buf = uv_buf_init(g->block, sizeof(g->block));
}

static void
on_stdin(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct gateway *g = stream->data;

    if (n <= 0) {
        return;
    }
    strbuf_add(&g->in, buf->base, (size_t)n);
    for (char *end = strchr(strbuf_str(&g->in), '\n'); end; end = strchr(strbuf_str(&g->in), '\n')) {
        size_t len = (size_t)(end - g->in.buf);
        if (g->in.buf[0] == '>' || g->in.buf[0] == '|') {
            AUTO(freep) char *line = xstrndup(g->in.buf + 1, len - 1);
            type_line(g, line, g->in.buf[0] == '>' ? '\r' : '\n'); /* as a terminal, or as a program */
            strbuf_consume(&g->in, len + 1);
            continue;
        }
        free(g->last);
        g->last = xstrndup(g->in.buf, len);
        strbuf_consume(&g->in, len + 1);
        if (g->stream) {
            server_stream_send(g->stream, g->last, len);
        }
    }
}

static struct err *
listen_on(uv_loop_t *loop, const char *address, const char *pins_path, const struct server_endpoint *endpoint,
          const struct server_endpoint *raw)
{
    const char *const names[] = {"vmbridge-gateway", NULL};
    struct certs_pair ca = {0}, leaf = {0};
    struct server *server;

    struct err *e = certs_make_ca(clock_wall_s(), CERTS_DAY_S, &ca);
    if (!e) {
        e = certs_make_leaf(&ca, names, clock_wall_s(), CERTS_DAY_S / 2, &leaf);
    }
    AUTO(freep) char *chain = e ? NULL : xasprintf("%s%s", leaf.crt_pem, ca.crt_pem);
    const struct server_options o = {.address = address,
                                     .port = SERVER_PORT,
                                     .crt_pem = chain,
                                     .key_pem = leaf.key_pem,
                                     .endpoint = endpoint,
                                     .raw = raw};
    if (!e) {
        e = server_new(loop, &o, &server);
    }
    AUTO(freep) char *pins = e ? NULL : certs_pins(ca.crt_pem);
    AUTO(fclosep) FILE *f = e ? NULL : fopen(pins_path, "we");
    if (!e && (!f || fputs(pins, f) < 0)) {
        e = err_new(ERR_RETRY, "write %s", pins_path);
    }
    certs_pair_fini(&ca);
    certs_pair_fini(&leaf);
    return e;
}

int
main(int argc, char **argv)
{
    static struct gateway g;
    uv_loop_t *loop = uv_default_loop();
    const struct server_endpoint endpoint = {.path = LAUNCHER_MSG_PATH,
                                             .protocol = LAUNCHER_MSG_PROTOCOL,
                                             .message_max = LAUNCHER_MSG_MAX,
                                             .messages_per_s = 20,
                                             .ping_s = 30,
                                             .admit = on_admit,
                                             .opened = on_opened,
                                             .message = on_message,
                                             .closed = on_closed,
                                             .arg = &g};
    const struct server_endpoint raw = {.path = LAUNCHER_STREAM_PATH,
                                        .protocol = LAUNCHER_STREAM_PROTOCOL,
                                        .is_raw = true,
                                        .ping_s = 30,
                                        .admit = on_admit,
                                        .opened = on_raw_opened,
                                        .bytes = on_raw_bytes,
                                        .writable = on_raw_writable,
                                        .parting = on_raw_parting,
                                        .closed = on_raw_closed,
                                        .arg = &g};
    uv_pipe_t in;

    if (argc != 4) {
        fputs(usage, argc == 2 && str_eq(argv[1], "--help") ? stdout : stderr);
        return argc == 2 && str_eq(argv[1], "--help") ? 0 : 2;
    }
    struct err *e = listen_on(loop, argv[1], argv[2], &endpoint, &raw);
    if (e) {
        fprintf(stderr, "gateway: %s\n", err_text(e));
        return 1;
    }
    g.in = STRBUF_INIT(LAUNCHER_MSG_MAX);
    g.typed = STRBUF_INIT(LAUNCHER_MSG_MAX);
    g.heard = fopen(argv[3], "we");
    BUG_ON(!g.heard);
    BUG_ON(uv_pipe_init(loop, &in, 0) != 0 || uv_pipe_open(&in, STDIN_FILENO) != 0);
    in.data = &g;
    BUG_ON(uv_read_start((uv_stream_t *)&in, on_alloc, on_stdin) != 0);
    return uv_run(loop, UV_RUN_DEFAULT);
}
