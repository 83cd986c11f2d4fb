// The listening sockets: lets in as many connections as have a place, and leaves the others to wait in the kernel's queue, where they
// cost nothing. Reads nothing from anybody.
#include "serve/server_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_PER_TURN = 32 }; /* the handshakes of all come in one turn of the loop, a millisecond each */

static void on_acceptable(uv_poll_t *poll, int status, int events);

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* "" and NULL: all addresses, of IPv6 too where the kernel has it. False: no address. */
static bool
parse_address(const char *text, int port, union address *ret_address)
{
    *ret_address = (union address){0};
    if (!str_empty(text) && uv_ip4_addr(text, port, &ret_address->v4) == 0) {
        return true;
    }
    return uv_ip6_addr(str_empty(text) ? "::" : text, port, &ret_address->v6) == 0;
}

static bool
bind_to(int fd, const union address *a)
{
    static const int on = 1, off = 0;
    bool is_v6 = a->any.sa_family == AF_INET6;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           (!is_v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0) &&
           bind(fd, &a->any, is_v6 ? sizeof(a->v6) : sizeof(a->v4)) == 0 && listen(fd, SERVER_BACKLOG) == 0;
}

/* The socket, or -1 with the reason in errno. */
static int
open_at(const union address *a)
{
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && !bind_to(fd, a)) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static int
open_socket(const char *text, int port)
{
    union address a;

    if (!parse_address(text, port, &a)) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int fd = open_at(&a);
    if (fd < 0 && str_empty(text) && errno == EAFNOSUPPORT) { /* a kernel without IPv6 */
        fd = parse_address("0.0.0.0", port, &a) ? open_at(&a) : -1;
    }
    return fd;
}

static int
port_of(int fd)
{
    union address a = {0};
    socklen_t len = sizeof(a);

    if (getsockname(fd, &a.any, &len) != 0) {
        return 0;
    }
    return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

struct err *
server_listen(struct server *s, const char *address, int port, bool is_for_endpoint)
{
    struct server_listener *l = &s->listeners[s->n_listeners];
    int fd = open_socket(address, port);

    if (fd < 0) {
        return err_new(ERR_FATAL, "cannot listen on %s port %d: %s", str_empty(address) ? "all addresses" : address,
                       port, strerrordesc_np(errno));
    }
    *l = (struct server_listener){.server = s, .fd = fd, .port = port_of(fd), .is_for_endpoint = is_for_endpoint};
    BUG_ON(uv_poll_init(s->loop, &l->poll, fd) != 0);
    s->n_listeners++;
    return NULL;
}

/* How many may be there that have proven nothing yet. While the endpoint cannot admit anybody, a place is for those who may want a page. */
static unsigned
places(const struct server_listener *l)
{
    const struct server *s = l->server;
    const struct server_endpoint *e = s->endpoint;
    unsigned few = l->is_for_endpoint ? 0 : SERVER_UNEXPECTED_MAX;

    if (!e || !e->expects || e->expects(e->arg)) {
        return s->waiting_max;
    }
    return few < s->waiting_max ? few : s->waiting_max;
}

static void
set_open(struct server_listener *l, bool is_open)
{
    if (is_open == l->is_open) {
        return;
    }
    l->is_open = is_open;
    if (is_open) {
        BUG_ON(uv_poll_start(&l->poll, UV_READABLE, on_acceptable) != 0);
    } else {
        (void)uv_poll_stop(&l->poll);
        server_sweep_start(l->server);
    }
}

void
server_listen_update(struct server_listener *l)
{
    set_open(l, !l->server->is_closing && l->n_waiting < places(l));
}

/* Who hung up while he waited in the queue gets no handshake: else a crowd that gives up and comes again would never be through. */
static bool
has_hung_up(int fd)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 && info.tcpi_state != TCP_ESTABLISHED;
}

static void
let_in(struct server_listener *l, int fd)
{
    static const int on = 1;
    struct server *s = l->server;

    if (has_hung_up(fd)) {
        server_count(s, &server_metric_refused, "reason=\"gone\"");
        close(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* slower without it, no more */
    s->accepting = l;
    /* libwebsockets closes the socket when it fails. */
    if (!lws_adopt_socket_vhost(s->vhost, fd)) {
        server_count(s, &server_metric_refused, "reason=\"adopt\"");
    }
    s->accepting = NULL;
}

static void
on_acceptable(uv_poll_t *poll, int status, int events)
{
    struct server_listener *l = CONTAINER_OF(poll, struct server_listener, poll);

    (void)status; /* what accept says tells more */
    (void)events; /* the one that was asked for */
    for (int i = 0; i < ACCEPTS_PER_TURN && l->n_waiting < places(l); i++) {
        int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 && (errno == ECONNABORTED || errno == EINTR)) {
            continue;
        }
        if (fd < 0 && errno != EAGAIN) { /* no files, no memory: the next sweep tries again */
            server_count(l->server, &server_metric_refused, "reason=\"accept\"");
            set_open(l, false);
            return;
        }
        if (fd < 0) {
            break;
        }
        let_in(l, fd);
    }
    server_listen_update(l);
}

void
server_listen_close(struct server *s, uv_close_cb on_closed)
{
    for (size_t i = 0; i < s->n_listeners; i++) {
        struct server_listener *l = &s->listeners[i];

        l->is_open = false;
        l->poll.data = s;
        s->n_handles++;
        uv_close((uv_handle_t *)&l->poll, on_closed); /* which stops it at once: the socket is not watched any more */
        close(l->fd);
    }
}
