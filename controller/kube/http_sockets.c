// Each socket has a poll handle, which outlives it until the loop has closed it.
#include "http_sockets.h"

#include <sys/socket.h>
#include <utlist.h>

struct http_socket {
    uv_poll_t poll;
    struct http_sockets *all;
    curl_socket_t fd;
    int events; /* what curl waits for */
    struct http_socket *prev;
    struct http_socket *next;
};

static void
on_closed(uv_handle_t *handle)
{
    struct http_socket *s = CONTAINER_OF(handle, struct http_socket, poll);
    struct http_sockets *all = s->all;

    free(s);
    all->n_handles--;
    if (all->is_closed && all->n_handles == 0) {
        all->closed(all);
    }
}

static void
drop(struct http_socket *s)
{
    DL_DELETE(s->all->list, s);
    uv_close((uv_handle_t *)&s->poll, on_closed);
}

static void on_poll(uv_poll_t *poll, int status, int events);

/* libuv stops a poll handle that reported an error; curl may want to hear more of the socket. */
static void
rearm(struct http_sockets *all, curl_socket_t fd)
{
    struct http_socket *s;

    DL_SEARCH_SCALAR(all->list, s, fd, fd);
    if (s && s->events != 0) {
        (void)uv_poll_start(&s->poll, s->events, on_poll);
    }
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
    struct http_socket *s = CONTAINER_OF(poll, struct http_socket, poll);
    struct http_sockets *all = s->all;
    curl_socket_t fd = s->fd;
    int flags = ((events & UV_READABLE) ? CURL_CSELECT_IN : 0) | ((events & UV_WRITABLE) ? CURL_CSELECT_OUT : 0);
    bool goes_on = all->ready(all, fd, status < 0 ? CURL_CSELECT_ERR | CURL_CSELECT_IN : flags);

    if (goes_on && status < 0) {
        rearm(all, fd);
    }
}

static struct http_socket *
watch(struct http_sockets *all, curl_socket_t fd)
{
    struct http_socket *s = XNEW(struct http_socket);

    s->all = all;
    s->fd = fd;
    if (uv_poll_init_socket(all->loop, &s->poll, fd) != 0) {
        free(s);
        return NULL;
    }
    all->n_handles++;
    DL_APPEND(all->list, s);
    (void)curl_multi_assign(all->multi, fd, s);
    return s;
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
    struct http_sockets *all = user;
    struct http_socket *s = socket_user;

    (void)easy; /* of which exchange does not matter: they share the socket */
    if (what == CURL_POLL_REMOVE) {
        if (s) {
            (void)curl_multi_assign(all->multi, fd, NULL);
            (void)uv_poll_stop(&s->poll);
            drop(s);
        }
        return 0;
    }
    s = s ? s : watch(all, fd);
    if (!s) {
        return -1;
    }
    s->events = ((what & CURL_POLL_IN) ? UV_READABLE : 0) | ((what & CURL_POLL_OUT) ? UV_WRITABLE : 0);
    return uv_poll_start(&s->poll, s->events, on_poll) == 0 ? 0 : -1;
}

void
http_sockets_begin(struct http_sockets *s)
{
    (void)curl_multi_setopt(s->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(s->multi, CURLMOPT_SOCKETDATA, s);
}

size_t
http_sockets_count(const struct http_sockets *s)
{
    const struct http_socket *one;
    size_t n = 0;

    DL_COUNT(s->list, one, n);
    return n;
}

void
http_sockets_sever(const struct http_sockets *s)
{
    const struct http_socket *one;

    DL_FOREACH(s->list, one) {
        (void)shutdown(one->fd, SHUT_RDWR); /* no socket: nothing to cut */
    }
}

void
http_sockets_close(struct http_sockets *s)
{
    struct http_socket *one;
    struct http_socket *tmp;

    s->is_closed = true;
    DL_FOREACH_SAFE(s->list, one, tmp) {
        drop(one);
    }
    if (s->n_handles == 0) {
        s->closed(s);
    }
}
