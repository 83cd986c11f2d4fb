// inotify, without libuv's own: that one is told of writes, too, and somebody always writes to /dev/null.
#include "watch.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { SETTLE_MS = 50, N_HANDLES = 2 };

static const uint32_t mask =
    IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

struct watch {
    int fd;
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned n_open;
    void (*changed)(void *arg);
    void *arg;
};

static void watch_event(uv_poll_t *poll, int status, int events);
static void watch_settled(uv_timer_t *timer);
static void watch_closed(uv_handle_t *handle);

struct err *
watch_new(uv_loop_t *loop, void (*changed)(void *arg), void *arg, struct watch **ret_watch)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

    if (fd < 0) {
        return err_new(ERR_FATAL, "inotify: %s", uv_strerror(uv_translate_sys_error(errno)));
    }
    struct watch *w = XNEW(struct watch);
    w->fd = fd;
    w->changed = changed;
    w->arg = arg;
    w->n_open = N_HANDLES;
    w->poll.data = w;
    w->timer.data = w;
    BUG_ON(uv_poll_init(loop, &w->poll, fd) != 0 || uv_poll_start(&w->poll, UV_READABLE, watch_event) != 0);
    BUG_ON(uv_timer_init(loop, &w->timer) != 0);
    *ret_watch = w;
    return NULL;
}

struct err *
watch_place(struct watch *w, const char *path)
{
    AUTO(freep) char *dir = xstrdup(path);
    char *slash = strrchr(dir, '/');

    while (slash && slash != dir) {
        *slash = '\0';
        if (inotify_add_watch(w->fd, dir, mask) >= 0) {
            return NULL;
        }
        slash = errno == ENOENT ? strrchr(dir, '/') : NULL;
    }
    return inotify_add_watch(w->fd, slash ? "/" : dir, mask) >= 0 ? NULL
                                                                  : err_errno(errno, "watch the folder of %s", path);
}

void
watch_close(struct watch *w)
{
    if (w) {
        uv_close((uv_handle_t *)&w->poll, watch_closed);
        uv_close((uv_handle_t *)&w->timer, watch_closed);
    }
}

static void
watch_event(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;
    char told[4096];

    (void)status;
    (void)events;
    while (read(w->fd, told, sizeof(told)) > 0) {
        if (!uv_is_active((uv_handle_t *)&w->timer)) {
            BUG_ON(uv_timer_start(&w->timer, watch_settled, SETTLE_MS, 0) != 0);
        }
    }
}

static void
watch_settled(uv_timer_t *timer)
{
    const struct watch *w = timer->data;

    w->changed(w->arg);
}

static void
watch_closed(uv_handle_t *handle)
{
    struct watch *w = handle->data;

    w->n_open--;
    if (w->n_open == 0) {
        (void)close(w->fd);
        free(w);
    }
}
