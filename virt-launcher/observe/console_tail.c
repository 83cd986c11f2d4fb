// inotify says when, a position in a file of its own says from where.
#include "observe/console_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipe that poll() calls writable takes this much without blocking (PIPE_BUF). */
enum { PIECE_BYTES = 4096, PIECES_AT_ONCE = 64 };

static void
on_timer(uv_timer_t *timer)
{
    console_tail_flush(timer->data);
}

static void
on_change(uv_fs_event_t *watch, const char *name, int events, int status)
{
    struct console_tail *t = watch->data;

    (void)name; /* one file */
    (void)events;
    (void)status;
    if (!uv_is_active((uv_handle_t *)&t->timer)) {
        uv_timer_start(&t->timer, on_timer, CONSOLE_SETTLE_MS, 0);
    }
}

static void
read_mark(struct console_tail *t)
{
    char text[24] = {0};
    struct stat st;

    if (pread(t->mark_fd, text, sizeof(text) - 1, 0) > 0) {
        t->done = strtoll(text, NULL, 10);
    }
    if (t->done < 0 || fstat(t->fd, &st) != 0 || t->done > st.st_size) {
        t->done = 0;
    }
    t->freed = t->done / CONSOLE_HOLE_BYTES * CONSOLE_HOLE_BYTES;
}

struct err *
console_tail_start(struct console_tail *t, uv_loop_t *loop, const char *path, const char *mark_path, int out_fd)
{
    *t = (struct console_tail){.path = path, .mark_path = mark_path, .out_fd = out_fd};
    t->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    t->mark_fd = open(mark_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (t->fd < 0 || t->mark_fd < 0) {
        return err_errno(errno, "open the console's log %s", path);
    }
    read_mark(t);
    BUG_ON(uv_timer_init(loop, &t->timer) != 0);
    BUG_ON(uv_fs_event_init(loop, &t->watch) != 0);
    t->timer.data = t->watch.data = t;
    int rc = uv_fs_event_start(&t->watch, on_change, path, 0);
    if (rc != 0) {
        return err_new(ERR_RETRY, "watch %s: %s", path, uv_strerror(rc));
    }
    uv_timer_start(&t->timer, on_timer, 0, 0);
    return NULL;
}

/* Remembers the position, and gives whole pieces back to the disk; the file's length stays, QEMU goes on appending. */
static void
keep_mark(struct console_tail *t)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%-22lld\n", (long long)t->done);
    int64_t whole = t->done / CONSOLE_HOLE_BYTES * CONSOLE_HOLE_BYTES;

    (void)!pwrite(t->mark_fd, text, (size_t)n, 0); /* at worst some lines come twice */
    if (whole > t->freed &&
        fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, t->freed, whole - t->freed) == 0) {
        t->freed = whole;
    }
}

static bool
is_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};

    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}

/* Writes one piece. False when there is nothing, or no room for it now. */
static bool
write_piece(struct console_tail *t)
{
    char piece[PIECE_BYTES];

    if (!is_writable(t->out_fd)) {
        return false;
    }
    ssize_t n = pread(t->fd, piece, sizeof(piece), t->done);
    ssize_t written = n > 0 ? write(t->out_fd, piece, (size_t)n) : 0;
    if (written <= 0) {
        return false;
    }
    t->done += written;
    return true;
}

void
console_tail_flush(struct console_tail *t)
{
    struct stat st;
    int64_t before = t->done;

    if (t->mark_path == NULL || fstat(t->fd, &st) != 0) {
        return;
    }
    if (st.st_size - t->done > CONSOLE_BACKLOG_MAX) {
        t->skipped += st.st_size - t->done - CONSOLE_BACKLOG_MAX / 2;
        t->done = st.st_size - CONSOLE_BACKLOG_MAX / 2;
    }
    for (unsigned i = 0; i < PIECES_AT_ONCE && t->done < st.st_size && write_piece(t); i++) {
    }
    if (t->done != before) {
        keep_mark(t);
    }
    if (t->done < st.st_size) {
        uv_timer_start(&t->timer, on_timer, t->done == before ? CONSOLE_RETRY_MS : 0, 0);
    }
}
