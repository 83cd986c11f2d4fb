// Accepts, and makes room.
#include "listener.h"

#include "wire.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

/* Those that leave are freed only when the loop comes round: accepting waits for them, or whoever dials fast enough fills the memory. */
enum { BACKLOG = 8, HELD_MAX = 2 * LISTENER_CONNECTIONS_MAX };

struct connection {
    struct connection *prev, *next; /* the oldest first */
    struct listener *listener;
    struct wire *wire;
    struct grpc_server *server;
    bool is_leaving;
};

/* The socket; another one when its file was taken away. */
struct door {
    uv_pipe_t pipe;
    struct listener *listener;
    bool is_waited_at; /* by one that is not accepted yet: libuv looks for no other one before it is */
};

struct listener {
    uv_loop_t *loop;
    char *path;
    struct door *door; /* NULL: it does not listen */
    struct stat made;  /* the socket's file as we made it */
    const struct grpc_service *service;
    struct connection *connections;
    unsigned n_connections; /* without those that leave */
    unsigned n_held;        /* with them */
    unsigned n_doors;       /* whose handles are not closed yet */
    unsigned n_watches;
    bool is_closing;
    void (*watched)(void *arg, unsigned n);
    void *arg;
};

static bool conn_feed(void *arg, const uint8_t *data, size_t len);
static ssize_t conn_pull(void *arg, const uint8_t **ret_data);
static void conn_closed(void *arg);
static void listener_accept(uv_stream_t *stream, int status);
static void door_closed(uv_handle_t *handle);
static void shut(struct listener *l);
static void leave(struct connection *c);
static void make_room(struct listener *l);
static void count_watches(struct listener *l);
static void release(struct listener *l);

static const struct wire_ops ops = {.feed = conn_feed, .pull = conn_pull, .closed = conn_closed};

struct listener *
listener_new(uv_loop_t *loop, const char *path, const struct grpc_service *service,
             void (*watched)(void *arg, unsigned n), void *arg)
{
    struct listener *l = XNEW(struct listener);

    l->loop = loop;
    l->path = xstrdup(path);
    l->service = service;
    l->watched = watched;
    l->arg = arg;
    return l;
}

struct err *
listener_open(struct listener *l)
{
    shut(l);
    if (unlink(l->path) != 0 && errno != ENOENT) {
        return err_errno(errno, "%s cannot be taken away", l->path);
    }
    l->door = XNEW(struct door);
    l->door->listener = l;
    l->door->pipe.data = l->door;
    l->n_doors++;
    BUG_ON(uv_pipe_init(l->loop, &l->door->pipe, 0) != 0);
    int rc = uv_pipe_bind(&l->door->pipe, l->path);
    if (rc == 0) {
        rc = uv_listen((uv_stream_t *)&l->door->pipe, BACKLOG, listener_accept);
    }
    if (rc == 0 && lstat(l->path, &l->made) != 0) {
        rc = uv_translate_sys_error(errno);
    }
    if (rc != 0) {
        shut(l);
        return err_new(ERR_RETRY, "listen on %s: %s", l->path, uv_strerror(rc));
    }
    return NULL;
}

/* By its time, too: the number of a file that has gone is used again. */
enum listener_place
listener_look(const struct listener *l)
{
    struct stat st;

    if (!l->door || lstat(l->path, &st) != 0) {
        return LISTENER_GONE;
    }
    bool is_same = st.st_ino == l->made.st_ino && st.st_dev == l->made.st_dev &&
                   st.st_mtim.tv_sec == l->made.st_mtim.tv_sec && st.st_mtim.tv_nsec == l->made.st_mtim.tv_nsec;
    return is_same ? LISTENER_HERE : LISTENER_TAKEN;
}

void
listener_drop(struct listener *l)
{
    struct connection *c, *tmp;

    DL_FOREACH_SAFE(l->connections, c, tmp) {
        leave(c);
    }
}

void
listener_changed(struct listener *l)
{
    struct connection *c, *tmp;

    DL_FOREACH_SAFE(l->connections, c, tmp) {
        if (!c->is_leaving) {
            grpc_server_changed(c->server);
            wire_send(c->wire);
        }
    }
}

void
listener_close(struct listener *l)
{
    if (l && !l->is_closing) {
        l->is_closing = true;
        listener_drop(l);
        shut(l);
        release(l);
    }
}

/* libuv takes the file away at once. */
static void
shut(struct listener *l)
{
    if (l->door) {
        uv_close((uv_handle_t *)&l->door->pipe, door_closed);
        l->door = NULL;
    }
}

static void
listener_accept(uv_stream_t *stream, int status)
{
    struct door *door = stream->data;
    struct listener *l = door->listener;

    if (status != 0 || uv_is_closing((uv_handle_t *)stream)) {
        return; /* out of files, say: the next one comes */
    }
    door->is_waited_at = l->n_held >= HELD_MAX;
    if (door->is_waited_at) {
        return; /* conn_closed() comes back to it */
    }
    struct connection *c = XNEW(struct connection);
    c->listener = l;
    c->server = grpc_server_new(l->service);
    c->wire = wire_new(stream->loop, &ops, c);
    DL_APPEND(l->connections, c);
    l->n_connections++;
    l->n_held++;
    if (uv_accept(stream, (uv_stream_t *)wire_pipe(c->wire)) != 0) {
        leave(c);
        return;
    }
    make_room(l);
    wire_send(c->wire);
}

static void
make_room(struct listener *l)
{
    struct connection *oldest = NULL, *c;

    if (l->n_connections <= LISTENER_CONNECTIONS_MAX) {
        return;
    }
    DL_FOREACH(l->connections, c) {
        if (!c->is_leaving &&
            (!oldest || (grpc_server_watches(oldest->server) > 0 && grpc_server_watches(c->server) == 0 && c->next))) {
            oldest = c;
        }
    }
    if (oldest) {
        leave(oldest);
    }
}

static void
leave(struct connection *c)
{
    if (!c->is_leaving) {
        c->is_leaving = true;
        c->listener->n_connections--;
        wire_close(c->wire);
    }
}

static bool
conn_feed(void *arg, const uint8_t *data, size_t len)
{
    struct connection *c = arg;
    bool is_fine = grpc_server_feed(c->server, data, len);

    count_watches(c->listener);
    return is_fine;
}

static ssize_t
conn_pull(void *arg, const uint8_t **ret_data)
{
    struct connection *c = arg;

    return grpc_server_pull(c->server, ret_data);
}

static void
conn_closed(void *arg)
{
    struct connection *c = arg;
    struct listener *l = c->listener;

    if (!c->is_leaving) {
        l->n_connections--;
    }
    l->n_held--;
    DL_DELETE(l->connections, c);
    grpc_server_free(c->server);
    free(c);
    count_watches(l);
    if (l->door && l->door->is_waited_at) {
        listener_accept((uv_stream_t *)&l->door->pipe, 0);
    }
    release(l);
}

static void
count_watches(struct listener *l)
{
    const struct connection *c;
    unsigned n = 0;

    DL_FOREACH(l->connections, c) {
        n += grpc_server_watches(c->server);
    }
    if (n != l->n_watches) {
        l->n_watches = n;
        if (!l->is_closing) {
            l->watched(l->arg, n);
        }
    }
}

static void
door_closed(uv_handle_t *handle)
{
    struct door *door = handle->data;
    struct listener *l = door->listener;

    free(door);
    l->n_doors--;
    release(l);
}

static void
release(struct listener *l)
{
    if (l->is_closing && l->n_doors == 0 && !l->connections) {
        free(l->path);
        free(l);
    }
}
