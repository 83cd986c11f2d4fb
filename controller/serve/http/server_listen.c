// The listening sockets, what each has for those who have proven nothing yet, and accepting. Reads nothing from anybody.
#include "serve/http/server_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/http/server_pending.h"
#include "serve/http/server_room.h"
#include "serve/http/server_shared.h"

enum {
    RECEIVE_BYTES = 16 * 1024, /* what the kernel may hold of a peer that we have not read; it takes twice that */
    BACKLOG = 4096,            /* that wait in the kernel; its own limit (net.core.somaxconn) may be lower */
    FILES_RESERVE = 64,        /* for the API client and what else opens files */
    ACCEPTS_PER_TURN = 256,    /* some microseconds each */
};

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

/* What is accepted inherits the sizes of the kernel's buffers, so that nobody fills megabytes of them. */
static bool
bind_to(int fd, const union address *a)
{
    static const int on = 1, off = 0, receive_bytes = RECEIVE_BYTES, send_bytes = SERVER_SEND_BYTES;
    bool is_v6 = a->any.sa_family == AF_INET6;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes)) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes)) == 0 &&
           (!is_v6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0) &&
           bind(fd, &a->any, is_v6 ? sizeof(a->v6) : sizeof(a->v4)) == 0 && listen(fd, BACKLOG) == 0;
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

/* What a port has for those who have proven nothing yet, for strangers and again for addresses that were proven before. */
static const struct {
    unsigned room, places;
} sizes[] = {
    [SERVER_FOR_ALL] = {2048, SERVER_WAITING_MAX},
    [SERVER_FOR_PAGES] = {1024, 64},
    [SERVER_FOR_ENDPOINT] = {2048, SERVER_WAITING_MAX},
    [SERVER_FOR_HEALTH] = {1024, 32},
    [SERVER_FOR_TAKER] = {1024, 64},
};

struct err *
server_listen(struct server *s, const char *address, int port, enum server_port_kind kind)
{
    struct server_listener *l = &s->listeners[s->n_listeners];
    unsigned places = sizes[kind].places;
    int fd = open_socket(address, port);

    if (fd < 0) {
        return err_new(ERR_FATAL, "cannot listen on %s port %d: %s", str_empty(address) ? "all addresses" : address,
                       port, strerrordesc_np(errno));
    }
    *l = (struct server_listener){.server = s,
                                  .fd = fd,
                                  .on_acceptable = on_acceptable,
                                  .port = port_of(fd),
                                  .kind = kind,
                                  .room_max = sizes[kind].room,
                                  .places_max = places < s->waiting_max ? places : s->waiting_max};
    BUG_ON(uv_poll_init(s->loop, &l->poll, fd) != 0);
    s->n_listeners++;
    return NULL;
}

void
server_listen_fit(struct server *s)
{
    unsigned files = 0;

    for (size_t i = 0; i < s->n_listeners; i++) {
        files += 2 * (s->listeners[i].room_max + s->listeners[i].places_max);
    }
    for (size_t i = 0; files > s->files_max / 2 && i < s->n_listeners; i++) {
        struct server_listener *l = &s->listeners[i];

        l->room_max = (unsigned)((uint64_t)l->room_max * (s->files_max / 2) / files);
        l->places_max = (unsigned)((uint64_t)l->places_max * (s->files_max / 2) / files) + 1;
    }
}

/* False: the sweep has to try again. */
static bool
take_one(struct server_listener *l, int fd, const union address *from)
{
    struct crowd_address address = crowd_address_of(&from->any);
    unsigned reserve = l->kind == SERVER_FOR_HEALTH ? FILES_RESERVE / 2 : FILES_RESERVE;

    /* The lowest number that is free: so many files are open. Some are kept for probes and for the API client. */
    if ((unsigned)fd + reserve >= l->server->files_max) {
        server_count(l->server, &server_metric_refused, "reason=\"files\"");
        close(fd);
        return false;
    }
    server_pending_new(l, fd, &address);
    return true;
}

static void
on_acceptable(uv_poll_t *poll, int status, int events)
{
    struct server_listener *l = CONTAINER_OF(poll, struct server_listener, poll);

    (void)status; /* what accept says tells more */
    (void)events; /* the one that was asked for */
    for (int i = 0; i < ACCEPTS_PER_TURN && l->is_open; i++) {
        union address from = {0};
        socklen_t len = sizeof(from);
        int fd = accept4(l->fd, &from.any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 && (errno == ECONNABORTED || errno == EINTR)) {
            continue;
        }
        if (fd < 0 && errno == EAGAIN) {
            return;
        }
        if (fd < 0) { /* no files, no memory: the next sweep tries again */
            server_count(l->server, &server_metric_refused, "reason=\"accept\"");
            server_room_shut(l);
        } else if (!take_one(l, fd, &from)) {
            server_room_shut(l);
        }
    }
}

void
server_listen_close(struct server *s, uv_close_cb on_closed)
{
    for (size_t i = 0; i < s->n_listeners; i++) {
        struct server_listener *l = &s->listeners[i];

        l->is_open = false;
        server_pending_close(l);
        l->poll.data = s;
        s->n_handles++;
        uv_close((uv_handle_t *)&l->poll, on_closed); /* which stops it at once: the socket is not watched any more */
        close(l->fd);
    }
}
