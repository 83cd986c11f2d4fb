// The streams that there are: one of a kind of device, and their ends.
#include "streams/streams.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "streams/stream_dial.h"
#include "streams/stream_end.h"
#include "streams/stream_pump.h"

enum { TICK_MS = 1000, STREAMS_MAX = 64, DIAL_MS = 10 * 1000 };

/* libwebsockets' own timeouts are not all that is trusted. */
static void
on_tick(uv_timer_t *t)
{
    struct streams *all = t->data;
    int64_t now_ms = clock_mono_ms();
    struct stream *s, *tmp;
    bool is_done = true;

    DL_FOREACH_SAFE(all->first, s, tmp) {
        if (!s->is_up && s->due_ms <= now_ms) {
            stream_end(s, LWS_CLOSE_STATUS_GOINGAWAY, "the replica does not answer");
        } else {
            is_done = is_done && s->is_up;
        }
    }
    if (is_done) {
        (void)uv_timer_stop(t);
    }
}

struct streams *
streams_new(const struct streams_options *options)
{
    struct streams *all = XNEW(struct streams);

    all->o = *options;
    all->token = STRBUF_INIT(STREAM_TOKEN_MAX);
    BUG_ON(uv_timer_init(options->loop, &all->tick) != 0);
    all->tick.data = all;
    stream_end_init(all);
    return all;
}

size_t
streams_count(const struct streams *all)
{
    const struct stream *s;
    size_t n = 0;

    DL_COUNT(all->first, s, n);
    return n;
}

static struct stream *
find(const struct streams *all, enum stream_kind kind)
{
    struct stream *s;

    DL_FOREACH(all->first, s) {
        if (s->kind == kind) {
            return s;
        }
    }
    return NULL;
}

/* NULL and 'ret_fd', or why not, a constant. */
static const char *
open_device(const char *path, int *ret_fd)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    if (snprintf(a.sun_path, sizeof(a.sun_path), "%s", path) >= (int)sizeof(a.sun_path)) {
        return "the device's path is too long";
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0) {
        *ret_fd = fd;
        return NULL;
    }
    const char *why = errno == ENOENT ? "the guest has no such device" : "the guest's device cannot be reached";
    if (fd >= 0) {
        close(fd);
    }
    return why;
}

/* By way of passt, which takes the connection at once and gives it up when the guest does not; so it is not waited for here. */
static const char *
open_port(const struct streams *all, unsigned port, int *ret_fd)
{
    const struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const char *why = all->o.refuse_port(all->o.arg, port);
    int on = 1;

    if (why) {
        return why;
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return "there is no socket for another stream";
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* else it is slower */
    if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) != 0 && errno != EINPROGRESS) {
        close(fd);
        return "the guest's port cannot be reached";
    }
    *ret_fd = fd;
    return NULL;
}

static const char *
open_end(const struct streams *all, const struct stream_ask *ask, int *ret_fd)
{
    switch (ask->kind) {
    case STREAM_CONSOLE:
        return open_device(all->o.console, ret_fd);
    case STREAM_VNC:
        return open_device(all->o.vnc, ret_fd);
    case STREAM_PORT:
        break;
    }
    return open_port(all, ask->port, ret_fd);
}

static const char *
begin(struct streams *all, const struct stream_ask *ask)
{
    int fd = -1;
    const char *why = open_end(all, ask, &fd);

    if (why) {
        return why;
    }
    struct stream *s = XNEW(struct stream);
    s->all = all;
    s->kind = ask->kind;
    s->path = xasprintf("%s%s", LAUNCHER_STREAM_PATH, ask->number);
    s->due_ms = clock_mono_ms() + DIAL_MS;
    DL_APPEND(all->first, s);
    stream_pump_init(s, fd);
    if (!uv_is_active((uv_handle_t *)&all->tick)) {
        uv_timer_start(&all->tick, on_tick, TICK_MS, TICK_MS);
    }
    why = stream_dial(s, ask->address);
    if (why) {
        stream_end(s, LWS_CLOSE_STATUS_GOINGAWAY, why);
    }
    return why;
}

enum answer_code
streams_open(void *arg, const struct launcher_request *r, const char **ret_why)
{
    struct streams *all = arg;
    struct stream_ask ask;

    *ret_why = stream_ask_read(r, &ask);
    if (*ret_why) {
        return ANSWER_INVALID;
    }
    struct stream *old = ask.kind == STREAM_PORT ? NULL : find(all, ask.kind); /* a device has room for one */
    if (old && ask.is_preserving) {
        *ret_why = LAUNCHER_STREAM_HELD;
    } else if (streams_count(all) >= STREAMS_MAX) {
        *ret_why = "there are too many streams to this guest";
    } else {
        if (old) {
            stream_end(old, LWS_CLOSE_STATUS_NORMAL, "somebody else has opened it");
        }
        *ret_why = begin(all, &ask);
    }
    return *ret_why ? ANSWER_FAILED : ANSWER_OK;
}
