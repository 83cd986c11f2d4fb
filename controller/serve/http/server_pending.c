// Connections that were accepted and have not said enough yet, or wait for a place: a socket and a small record each. libwebsockets and
// OpenSSL see a connection when its first TLS record is whole and a place is free. Decides nothing about fairness: that is crowd.c's.
#include "serve/http/server_pending.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utlist.h>

#include "base/clock.h"
#include "serve/http/server_conn.h"
#include "serve/http/server_place_priv.h"
#include "serve/http/server_room.h"
#include "serve/http/server_shared.h"

enum {
    READY_MS = 30000, /* wait for a place; a launcher gives up then */
    SERVE_NS =
        5 * 1000 * 1000, /* of a turn of the loop: a handshake is a millisecond, and everything else waits meanwhile */
    RECORD_HEADER_BYTES = 5,
    RECORD_BYTES_MAX = 8 * 1024, /* of a ClientHello; they have 2 KiB at most. Must fit into the kernel's buffer */
    RECORD_HANDSHAKE = 0x16,
    RECORD_VERSION_MAJOR = 3
};

struct server_pending {
    uv_poll_t poll;
    struct server_listener *listener;
    struct crowd *crowd;
    struct crowd_member *member;
    int fd;
};

enum look { LOOK_MORE, LOOK_WHOLE, LOOK_GARBAGE, LOOK_GONE };

static void
on_closed(uv_handle_t *h)
{
    free(CONTAINER_OF((uv_poll_t *)h, struct server_pending, poll));
}

/* Its socket goes, to whoever closes it. */
static int
release(struct server_pending *p)
{
    if (p->member) {
        crowd_leave(p->crowd, p->member);
    }
    (void)uv_poll_stop(&p->poll);
    uv_close((uv_handle_t *)&p->poll, on_closed);
    return p->fd;
}

static void
turn_away(struct server_pending *p, const char *label)
{
    struct server_listener *l = p->listener;

    server_count(l->server, &server_metric_refused, label);
    close(release(p));
    server_room_update(l);
}

/* How many bytes lie unread; 0 also when nobody knows. */
static int
unread(int fd)
{
    int n = 0;

    return ioctl(fd, FIONREAD, &n) == 0 ? n : 0;
}

/* Wakes us only when so much is there, so that bytes that trickle in cost nothing. */
static void
await_bytes(int fd, int n)
{
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &n, sizeof(n)); /* without it we are woken more often, no more */
}

/* Looks at the first bytes without taking them: is it TLS, and has the whole ClientHello come? In clear text anything will do. */
static enum look
look_at(const struct server_pending *p)
{
    unsigned char head[RECORD_HEADER_BYTES];
    ssize_t n = recv(p->fd, head, sizeof(head), MSG_PEEK | MSG_DONTWAIT);
    int whole;

    if (n <= 0) {
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? LOOK_MORE : LOOK_GONE;
    }
    if (p->listener->kind == SERVER_FOR_HEALTH) {
        return LOOK_WHOLE;
    }
    if (head[0] != RECORD_HANDSHAKE || (n > 1 && head[1] != RECORD_VERSION_MAJOR)) {
        return LOOK_GARBAGE;
    }
    if (n < RECORD_HEADER_BYTES) {
        await_bytes(p->fd, RECORD_HEADER_BYTES);
        return LOOK_MORE;
    }
    whole = head[3] << 8 | head[4];
    if (whole == 0 || whole > RECORD_BYTES_MAX) {
        return LOOK_GARBAGE;
    }
    if (unread(p->fd) < RECORD_HEADER_BYTES + whole) {
        await_bytes(p->fd, RECORD_HEADER_BYTES + whole);
        return LOOK_MORE;
    }
    return LOOK_WHOLE;
}

static void on_event(uv_poll_t *poll, int status, int events);

static void
on_whole(struct server_pending *p)
{
    crowd_ready(p->crowd, p->member, clock_mono_ms());
    BUG_ON(uv_poll_start(&p->poll, UV_DISCONNECT, on_event) != 0);
    server_serve_soon(p->listener->server);
}

static void
on_event(uv_poll_t *poll, int status, int events)
{
    struct server_pending *p = CONTAINER_OF(poll, struct server_pending, poll);

    if (status < 0 || events & UV_DISCONNECT) {
        turn_away(p, "reason=\"gone\"");
        return;
    }
    switch (look_at(p)) {
    case LOOK_MORE:
        break;
    case LOOK_WHOLE:
        on_whole(p);
        break;
    case LOOK_GARBAGE:
        turn_away(p, "reason=\"garbage\"");
        break;
    case LOOK_GONE:
        turn_away(p, "reason=\"gone\"");
        break;
    }
}

void
server_pending_new(struct server_listener *l, int fd, const struct crowd_address *from)
{
    struct server *s = l->server;
    struct server_pending *p = XNEW(struct server_pending);
    int64_t now_ms = clock_mono_ms();
    struct crowd_member *victim;

    p->listener = l;
    p->fd = fd;
    p->crowd = proven_has(&s->proven, from, now_ms) ? &l->proven : &l->strangers;
    if (uv_poll_init(s->loop, &p->poll, fd) != 0) { /* the kernel watches no more files */
        server_count(s, &server_metric_refused, "reason=\"accept\"");
        close(fd);
        free(p);
        return;
    }
    p->member = crowd_enter(p->crowd, from, now_ms, p);
    BUG_ON(uv_poll_start(&p->poll, UV_READABLE | UV_DISCONNECT, on_event) != 0);
    server_sweep_start(s);
    if (crowd_in_room(p->crowd) > l->room_max) {
        victim = crowd_surplus(p->crowd);
        if (victim) {
            turn_away(victim->owner, "reason=\"crowd\"");
        }
    }
    server_room_update(l); /* nobody to turn away: the others wait in the kernel's queue */
}

/* Who hung up while he waited gets no handshake: else a crowd that gives up and comes again would never be through. */
static bool
has_hung_up(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_state != TCP_ESTABLISHED;
}

static struct lws *
adopt(struct server_listener *l, int fd)
{
    struct lws_vhost *vhost = l->server->vhost;

    unsigned plain = (unsigned)LWS_ADOPT_HTTP | (unsigned)LWS_ADOPT_SOCKET;

    if (l->kind == SERVER_FOR_HEALTH) { /* without TLS */
        return lws_adopt_descriptor_vhost(vhost, (lws_adoption_type)plain, (lws_sock_file_fd_type){.sockfd = fd}, NULL,
                                          NULL);
    }
    return lws_adopt_socket_vhost(vhost, fd);
}

static void
evict(const struct server_listener *l, const struct crowd_member *victim)
{
    if (l->kind == SERVER_FOR_TAKER) {
        l->server->taker->evict(l->server->taker->arg, victim->owner);
    } else {
        server_evict(victim->owner);
    }
}

static void
give_to_taker(struct server_pending *p)
{
    struct server *s = p->listener->server;
    struct server_place *place = server_place_new(s, p->crowd, STEAL(p->member));
    int fd = release(p);

    await_bytes(fd, 1);
    s->taker->take(s->taker->arg, fd, place);
}

/* To libwebsockets, which tells of the connection by server_callback, and closes the socket when it fails. */
static void
hand_over(struct server_pending *p)
{
    static const int on = 1;
    struct server_listener *l = p->listener;
    struct server *s = l->server;
    struct crowd *crowd = p->crowd;

    if (has_hung_up(p->fd)) {
        turn_away(p, "reason=\"gone\"");
        return;
    }
    if (l->kind == SERVER_FOR_TAKER) {
        give_to_taker(p);
        return;
    }
    s->accepting = l;
    s->accepted_by = crowd;
    s->accepted = STEAL(p->member);
    int fd = release(p);
    await_bytes(fd, 1);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* slower without it, no more */
    if (!adopt(l, fd)) {
        server_count(s, &server_metric_refused, "reason=\"adopt\"");
    }
    if (s->accepted) { /* it failed before it told */
        crowd_leave(crowd, STEAL(s->accepted));
    }
    s->accepting = NULL;
}

/* One; false when there is none that may have a place. */
static bool
serve_one(struct server_listener *l, struct crowd *c)
{
    struct crowd_member *victim = NULL;
    struct crowd_member *next = crowd_next(c, server_room_places(l), &victim);

    if (!next) {
        return false;
    }
    if (victim) {
        evict(l, victim);
    }
    hand_over(next->owner);
    return true;
}

/* One of each port. */
static bool
serve_round(struct server *s)
{
    bool is_any = false;

    for (size_t i = 0; i < s->n_listeners; i++) {
        struct server_listener *l = &s->listeners[i];

        is_any = serve_one(l, &l->proven) || serve_one(l, &l->strangers) || is_any;
        server_room_update(l);
    }
    return is_any;
}

bool
server_pending_serve(struct server *s)
{
    uint64_t since_ns = uv_hrtime();

    while (serve_round(s)) {
        if (uv_hrtime() - since_ns > SERVE_NS) {
            return true;
        }
    }
    return false;
}

static void
sweep_state(struct crowd *c, enum crowd_state state, int64_t before_ms)
{
    while (c->members[state] && c->members[state]->since_ms <= before_ms) {
        turn_away(c->members[state]->owner, "reason=\"slow\"");
    }
}

static void
sweep_crowd(const struct server_listener *l, struct crowd *c, int64_t now_ms)
{
    bool is_pressed = crowd_in_room(c) > l->room_max / 2;

    sweep_state(c, CROWD_SILENT, now_ms - (is_pressed ? SERVER_PRESSED_MS : SERVER_REQUEST_S * 1000));
    sweep_state(c, CROWD_READY, now_ms - READY_MS);
}

void
server_pending_sweep(struct server_listener *l, int64_t now_ms)
{
    sweep_crowd(l, &l->proven, now_ms);
    sweep_crowd(l, &l->strangers, now_ms);
}

static void
close_all(struct crowd *c)
{
    for (int state = CROWD_SILENT; state <= CROWD_READY; state++) {
        while (c->members[state]) {
            close(release(c->members[state]->owner));
        }
    }
}

void
server_pending_close(struct server_listener *l)
{
    close_all(&l->proven);
    close_all(&l->strangers);
}
