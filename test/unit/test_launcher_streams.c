// The launcher's streams against the real server: a socket plays the guest's device, the endpoint the replica.
#include "base/clock.h"
#include "serve/http/server.h"
#include "serve/http/server_raw.h"
#include "serve/trust/certs.h"
#include "streams/streams.h"

#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NAME "vmbridge-gateway.vmbridge.svc"
#define NUMBER "0123456789abcdef0123456789abcdef"

enum { STREAMS = 4, LONG_BYTES = 6 * 1024 * 1024 };

/* One stream as the replica sees it. */
struct far {
    struct server_stream *stream;
    struct strbuf heard;
    char parting[128];
    unsigned n_parted, n_closed;
};

struct world {
    uv_loop_t *loop;
    struct server *server;
    struct server_endpoint main, raw;
    struct certs_pair ca, leaf;
    struct log log;
    struct streams *streams;
    char address[64], pins_path[64], token_path[64], console_path[64], vnc_path[64];
    unsigned port;          /* of the guest, that is let in */
    int console_fd, vnc_fd; /* that listen */
    char rest[64], bearer[64];
    struct far far[STREAMS];
    unsigned n_opened;
    size_t to_send, sent; /* bytes of the replica, counted through */
};

static void
put(const char *path, const char *text)
{
    AUTO(fclosep) FILE *f = fopen(path, "we");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
}

static struct far *
far_of(struct world *w, const struct server_stream *s)
{
    for (size_t i = 0; i < STREAMS; i++) {
        if (w->far[i].stream == s) {
            return &w->far[i];
        }
    }
    return NULL;
}

static bool
on_admit(void *arg, struct server_stream *s, const char *bearer, size_t len, struct server_refusal *refusal)
{
    struct world *w = arg;

    (void)refusal; /* everybody is let in: who is who is the sessions' matter */
    (void)s;
    (void)snprintf(w->bearer, sizeof(w->bearer), "%.*s", (int)len, bearer ? bearer : "");
    (void)snprintf(w->rest, sizeof(w->rest), "%s", server_raw_rest(s));
    return true;
}

static void
on_opened(void *arg, struct server_stream *s)
{
    struct world *w = arg;

    ck_assert_uint_lt(w->n_opened, STREAMS);
    w->far[w->n_opened].stream = s;
    w->far[w->n_opened++].heard = STRBUF_INIT(LONG_BYTES);
    server_stream_trust(s);
    server_raw_want(s);
}

static void
on_bytes(void *arg, struct server_stream *s, const char *data, size_t len)
{
    ck_assert(strbuf_add(&far_of(arg, s)->heard, data, len));
}

static unsigned char
byte_at(size_t i)
{
    return (unsigned char)(i * 31 + i / 4096);
}

static void
on_writable(void *arg, struct server_stream *s)
{
    struct world *w = arg;
    unsigned char buf[SERVER_RAW_PRE + SERVER_RAW_MAX];
    size_t n = w->to_send - w->sent < SERVER_RAW_MAX ? w->to_send - w->sent : SERVER_RAW_MAX;

    if (n > 0) {
        for (size_t i = 0; i < n; i++) {
            buf[SERVER_RAW_PRE + i] = byte_at(w->sent + i);
        }
        server_raw_write(s, buf + SERVER_RAW_PRE, n);
        w->sent += n;
        server_raw_want(s);
    }
}

static void
on_parting(void *arg, struct server_stream *s, unsigned code, const char *text, size_t len)
{
    struct far *f = far_of(arg, s);

    ck_assert_uint_eq(code, 1000);
    (void)snprintf(f->parting, sizeof(f->parting), "%.*s", (int)len, text);
    f->n_parted++;
}

static void
on_closed(void *arg, struct server_stream *s)
{
    struct far *f = far_of(arg, s);

    if (f) {
        f->n_closed++;
        f->stream = NULL;
    }
}

static int
listen_at(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    (void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
    (void)unlink(path);
    ck_assert(fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 1) == 0);
    return fd;
}

static void
serve(struct world *w)
{
    const char *const names[] = {NAME, NULL};
    int64_t now_s = clock_wall_s();

    ck_assert_ptr_null(certs_make_ca(now_s, CERTS_DAY_S, &w->ca));
    ck_assert_ptr_null(certs_make_leaf(&w->ca, names, now_s, CERTS_DAY_S / 2, &w->leaf));
    AUTO(freep) char *chain = xasprintf("%s%s", w->leaf.crt_pem, w->ca.crt_pem);
    AUTO(freep) char *pins = certs_pins(w->ca.crt_pem);
    put(w->pins_path, pins);
    put(w->token_path, "token-1\n");
    w->main = (struct server_endpoint){.path = LAUNCHER_MSG_PATH,
                                       .protocol = LAUNCHER_MSG_PROTOCOL,
                                       .message_max = LAUNCHER_MSG_MAX,
                                       .messages_per_s = 1,
                                       .ping_s = 30,
                                       .arg = w};
    w->raw = (struct server_endpoint){.path = LAUNCHER_STREAM_PATH,
                                      .protocol = LAUNCHER_STREAM_PROTOCOL,
                                      .is_raw = true,
                                      .ping_s = 30,
                                      .admit = on_admit,
                                      .opened = on_opened,
                                      .bytes = on_bytes,
                                      .writable = on_writable,
                                      .parting = on_parting,
                                      .closed = on_closed,
                                      .arg = w};
    const struct server_options o = {
        .address = "127.0.0.1", .crt_pem = chain, .key_pem = w->leaf.key_pem, .endpoint = &w->main, .raw = &w->raw};
    struct err *e = server_new(w->loop, &o, &w->server);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    (void)snprintf(w->address, sizeof(w->address), "127.0.0.1:%d", server_port(w->server));
}

static const char *
refuse_port(void *arg, unsigned port)
{
    const struct world *w = arg;

    return port == w->port ? NULL : "the port is not let in";
}

static void
world_init(struct world *w)
{
    *w = (struct world){.loop = uv_default_loop(), .log = {.part = "test"}};
    (void)signal(SIGPIPE, SIG_IGN);
    (void)snprintf(w->pins_path, sizeof(w->pins_path), "/tmp/ls-pins.%d", getpid());
    (void)snprintf(w->token_path, sizeof(w->token_path), "/tmp/ls-token.%d", getpid());
    (void)snprintf(w->console_path, sizeof(w->console_path), "/tmp/ls-console.%d", getpid());
    (void)snprintf(w->vnc_path, sizeof(w->vnc_path), "/tmp/ls-vnc.%d", getpid());
    w->console_fd = listen_at(w->console_path);
    w->vnc_fd = listen_at(w->vnc_path);
    serve(w);
    const struct streams_options o = {.loop = w->loop,
                                      .name = NAME,
                                      .pins_path = w->pins_path,
                                      .token_path = w->token_path,
                                      .console = w->console_path,
                                      .vnc = w->vnc_path,
                                      .refuse_port = refuse_port,
                                      .arg = w,
                                      .log = &w->log};
    w->streams = streams_new(&o);
}

static void
world_fini(struct world *w)
{
    (void)unlink(w->pins_path);
    (void)unlink(w->token_path);
    (void)unlink(w->console_path);
    (void)unlink(w->vnc_path);
}

static void
turn(struct world *w)
{
    (void)uv_run(w->loop, UV_RUN_NOWAIT);
    (void)poll(NULL, 0, 1);
}

static bool
reaches(struct world *w, const unsigned *n, unsigned want)
{
    int64_t end_ms = clock_mono_ms() + 8000;

    while (*n < want && clock_mono_ms() < end_ms) {
        turn(w);
    }
    return *n >= want;
}

static enum answer_code
ask(struct world *w, const char *kind, const char *preserve, const char **ret_why)
{
    struct str_pair pairs[] = {{LAUNCHER_ARGUMENT_SESSION, NUMBER},
                               {LAUNCHER_ARGUMENT_ADDRESS, w->address},
                               {LAUNCHER_ARGUMENT_KIND, kind},
                               {LAUNCHER_ARGUMENT_PRESERVE, preserve}};
    const struct launcher_request r = {
        .number = 1, .verb = LAUNCHER_VERB_STREAM, .within_ms = 1000, .arguments = {pairs, ARRAY_LEN(pairs)}};

    return streams_open(w->streams, &r, ret_why);
}

/* Opens one; the device's end of it. */
static int
open_one(struct world *w, const char *kind)
{
    const char *why = NULL;
    unsigned n = w->n_opened;

    ck_assert_msg(ask(w, kind, "false", &why) == ANSWER_OK, "%s", why);
    ck_assert(reaches(w, &w->n_opened, n + 1));
    int fd = accept4(str_eq(kind, "vnc") ? w->vnc_fd : w->console_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* What comes from the device's socket within some seconds: up to 'max' bytes, or -1. */
static ssize_t
take(struct world *w, int fd, void *buf, size_t max)
{
    int64_t end_ms = clock_mono_ms() + 8000;
    ssize_t n = read(fd, buf, max);

    while (n < 0 && clock_mono_ms() < end_ms) {
        turn(w);
        n = read(fd, buf, max);
    }
    return n;
}

static void
await_heard(struct world *w, const struct far *f, size_t len)
{
    int64_t end_ms = clock_mono_ms() + 8000;

    while (f->heard.len < len && clock_mono_ms() < end_ms) {
        turn(w);
    }
    ck_assert_uint_eq(f->heard.len, len);
}

START_TEST(bytes_go_both_ways)
{
    struct world w;
    unsigned char buf[64];

    world_init(&w);
    w.to_send = 5;
    int fd = open_one(&w, "console");
    ck_assert_str_eq(w.rest, NUMBER);
    ck_assert_str_eq(w.bearer, "token-1");
    ck_assert_int_eq(write(fd, "login: ", 7), 7);
    await_heard(&w, &w.far[0], 7);
    ck_assert_str_eq(strbuf_str(&w.far[0].heard), "login: ");
    ck_assert_int_eq(take(&w, fd, buf, sizeof(buf)), 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(buf[i], byte_at(i));
    }
    ck_assert_uint_eq(streams_count(w.streams), 1);
    close(fd);
    ck_assert(reaches(&w, &w.far[0].n_closed, 1));
    ck_assert_str_eq(w.far[0].parting, "the guest's device has closed the stream");
    ck_assert_uint_eq(streams_count(w.streams), 0);
    world_fini(&w);
}
END_TEST

/* A port of the guest stands for as many streams as there are; they end with their own connection. */
START_TEST(ports_are_reached_many_at_a_time)
{
    struct world w;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    const char *why = NULL;
    int ends[2], guest = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    world_init(&w);
    ck_assert(bind(guest, (const struct sockaddr *)&a, sizeof(a)) == 0 && listen(guest, 2) == 0);
    ck_assert_int_eq(getsockname(guest, (struct sockaddr *)&a, &len), 0);
    w.port = ntohs(a.sin_port);
    AUTO(freep) char *kind = xasprintf(LAUNCHER_STREAM_PORT "%u", w.port);
    AUTO(freep) char *other = xasprintf(LAUNCHER_STREAM_PORT "%u", w.port == 1 ? 2 : w.port - 1);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_msg(ask(&w, kind, "false", &why) == ANSWER_OK, "%s", why);
        ck_assert(reaches(&w, &w.n_opened, i + 1));
        ends[i] = accept4(guest, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        ck_assert_int_ge(ends[i], 0);
        ck_assert_int_eq(write(ends[i], &"12"[i], 1), 1);
        await_heard(&w, &w.far[i], 1);
    }
    ck_assert_str_eq(strbuf_str(&w.far[1].heard), "2");
    ck_assert_uint_eq(streams_count(w.streams), 2);
    close(ends[0]);
    ck_assert(reaches(&w, &w.far[0].n_closed, 1));
    ck_assert_uint_eq(streams_count(w.streams), 1);
    ck_assert_int_eq(ask(&w, other, "false", &why), ANSWER_FAILED);
    ck_assert_str_eq(why, "the port is not let in");
    for (const char *const *bad = (const char *const[]){"port/", "port/0", "port/65536", "port/22x", "port/-1", NULL};
         *bad; bad++) {
        ck_assert_int_eq(ask(&w, *bad, "false", &why), ANSWER_INVALID);
    }
    close(guest);
    world_fini(&w);
}
END_TEST

START_TEST(a_new_console_ends_the_old_one)
{
    struct world w;
    char c;

    world_init(&w);
    int first = open_one(&w, "console"), screen = open_one(&w, "vnc"), second = open_one(&w, "console");
    ck_assert_int_eq(take(&w, first, &c, 1), 0);
    ck_assert(reaches(&w, &w.far[0].n_closed, 1));
    ck_assert_str_eq(w.far[0].parting, "somebody else has opened it");
    ck_assert_uint_eq(streams_count(w.streams), 2);
    ck_assert_int_eq(write(second, "2", 1), 1);
    ck_assert_int_eq(write(screen, "s", 1), 1);
    await_heard(&w, &w.far[2], 1);
    await_heard(&w, &w.far[1], 1);
    world_fini(&w);
}
END_TEST

START_TEST(a_stream_can_be_preserved)
{
    struct world w;
    const char *why = NULL;

    world_init(&w);
    int fd = open_one(&w, "vnc");
    ck_assert_int_eq(ask(&w, "vnc", "true", &why), ANSWER_FAILED);
    ck_assert_str_eq(why, LAUNCHER_STREAM_HELD);
    ck_assert_int_eq(write(fd, "x", 1), 1);
    await_heard(&w, &w.far[0], 1);
    close(fd);
    ck_assert(reaches(&w, &w.far[0].n_closed, 1));
    ck_assert_int_eq(ask(&w, "vnc", "true", &why), ANSWER_OK);
    world_fini(&w);
}
END_TEST

START_TEST(a_replica_that_goes_lets_the_device_go)
{
    struct world w;
    char c;

    world_init(&w);
    int fd = open_one(&w, "console");
    server_stream_close(w.far[0].stream, SERVER_CLOSE_GOING_AWAY, "restart");
    ck_assert_int_eq(take(&w, fd, &c, 1), 0);
    ck_assert_uint_eq(streams_count(w.streams), 0);
    world_fini(&w);
}
END_TEST

/* What the guest does not take is not gathered, and none of it is lost. */
START_TEST(a_guest_that_does_not_read_holds_the_replica_back)
{
    struct world w;
    static unsigned char buf[64 * 1024];
    size_t sent = 0, got = 0;

    world_init(&w);
    w.to_send = LONG_BYTES;
    int fd = open_one(&w, "console");
    for (int64_t still_ms = clock_mono_ms(); clock_mono_ms() - still_ms < 500;) {
        turn(&w);
        still_ms = w.sent == sent ? still_ms : clock_mono_ms();
        sent = w.sent;
    }
    ck_assert_uint_gt(sent, 0);
    ck_assert_uint_lt(sent, LONG_BYTES);
    while (got < LONG_BYTES) {
        ssize_t n = take(&w, fd, buf, sizeof(buf));
        ck_assert_int_gt(n, 0);
        for (size_t i = 0; i < (size_t)n; i++) {
            ck_assert_uint_eq(buf[i], byte_at(got + i));
        }
        got += (size_t)n;
    }
    ck_assert_uint_eq(got, LONG_BYTES);
    world_fini(&w);
}
END_TEST

static void
not_opened(struct world *w, const char *kind, enum answer_code code, const char *words)
{
    const char *why = NULL;

    ck_assert_int_eq(ask(w, kind, "false", &why), code);
    ck_assert_msg(strstr(why, words), "%s", why);
    ck_assert_uint_eq(streams_count(w->streams), 0);
}

START_TEST(what_cannot_be_opened_is_said)
{
    struct world w;
    char c;
    const char *why = NULL;

    world_init(&w);
    not_opened(&w, "usb", ANSWER_INVALID, "kind");
    (void)unlink(w.vnc_path);
    not_opened(&w, "vnc", ANSWER_FAILED, "no such device");
    (void)snprintf(w.address, sizeof(w.address), "somewhere.example:1");
    not_opened(&w, "console", ANSWER_FAILED, "address");
    (void)close(accept4(w.console_fd, NULL, NULL, SOCK_CLOEXEC));
    /* A replica that shows another CA: the device is let go. */
    (void)snprintf(w.address, sizeof(w.address), "127.0.0.1:%d", server_port(w.server));
    put(w.pins_path, "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    ck_assert_int_eq(ask(&w, "console", "false", &why), ANSWER_OK);
    int fd = accept4(w.console_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ck_assert_int_eq(take(&w, fd, &c, 1), 0);
    ck_assert_uint_eq(streams_count(w.streams), 0);
    ck_assert_uint_eq(w.n_opened, 0);
    world_fini(&w);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("launcher_streams");
    TCase *t = tcase_create("streams");

    tcase_add_test(t, bytes_go_both_ways);
    tcase_add_test(t, ports_are_reached_many_at_a_time);
    tcase_add_test(t, a_new_console_ends_the_old_one);
    tcase_add_test(t, a_stream_can_be_preserved);
    tcase_add_test(t, a_replica_that_goes_lets_the_device_go);
    tcase_add_test(t, a_guest_that_does_not_read_holds_the_replica_back);
    tcase_add_test(t, what_cannot_be_opened_is_said);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
