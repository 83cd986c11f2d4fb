// inotify says when, a position in a file of its own says from where.
#include "observe/console_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "domain/console_text.h"

enum { PIECES_AT_ONCE = 64 };

static void tail_copy(struct console_tail *t, bool is_all);

static void
on_timer(uv_timer_t *timer)
{
    tail_copy(timer->data, false);
}

static void
on_change(uv_fs_event_t *watch, const char *name, int events, int status)
{
    struct console_tail *t = watch->data;

    (void)name; /* one file */
    (void)events;
    (void)status;
    if (!uv_is_active((uv_handle_t *)&t->timer) || uv_timer_get_due_in(&t->timer) > CONSOLE_RETRY_MS) {
        uv_timer_start(&t->timer, on_timer, CONSOLE_SETTLE_MS, 0);
    }
}

static void
read_mark(struct console_tail *t)
{
    char text[24] = {0};
    struct stat st;

    if (pread(t->mark_fd, text, sizeof(text) - 1, 0) > 0 && fstat(t->fd, &st) == 0) {
        t->done = console_mark(text, st.st_size);
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

/* Gives whole pieces back to the disk; the file's length stays, QEMU goes on appending. Where the file system has no holes the file is
 * begun anew once it is long; what comes between the two calls is lost. */
static void
give_back(struct console_tail *t)
{
    int64_t whole = t->done / CONSOLE_HOLE_BYTES * CONSOLE_HOLE_BYTES;

    if (whole <= t->freed) {
        return;
    }
    if (fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, t->freed, whole - t->freed) == 0) {
        t->freed = whole;
    } else if (t->done >= CONSOLE_BACKLOG_MAX && ftruncate(t->fd, 0) == 0) {
        t->done = t->freed = 0;
    }
}

static void
keep_mark(struct console_tail *t)
{
    char text[24];
    int n = snprintf(text, sizeof(text), "%-22lld\n", (long long)t->done);

    (void)!pwrite(t->mark_fd, text, (size_t)n, 0); /* at worst some lines come twice */
}

/* The reader has taken all that was written. So it never takes the half of a line, and then something of stderr, and then the rest,
 * which would stand at the beginning of a line. */
static bool
is_ready(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int n_waiting = 0;

    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) && (ioctl(fd, FIONREAD, &n_waiting) != 0 || n_waiting == 0);
}

/* Writes one piece. 0 when stdout has no room for it now, or nothing is there but the beginning of a line. */
static size_t
write_piece(struct console_tail *t, bool is_all)
{
    char raw[CONSOLE_RAW_MAX + 1];
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(CONSOLE_TEXT_MAX);
    ssize_t n = pread(t->fd, raw, CONSOLE_RAW_MAX, t->done);

    if (n <= 0) {
        return 0;
    }
    raw[n] = '\0';
    size_t taken = console_text(raw, (size_t)n, is_all && n < CONSOLE_RAW_MAX, &text);
    if (text.len > 0 && write(t->out_fd, text.buf, text.len) <= 0) {
        return 0;
    }
    t->done += (int64_t)taken;
    return taken;
}

static void
skip_backlog(struct console_tail *t, int64_t size)
{
    if (size - t->done > CONSOLE_BACKLOG_MAX) {
        t->skipped += size - t->done - CONSOLE_BACKLOG_MAX / 2;
        t->done = size - CONSOLE_BACKLOG_MAX / 2;
    }
}

static void
copy_later(struct console_tail *t, int64_t size, bool is_stuck, bool is_moved)
{
    int64_t wait_ms = is_moved ? 0 : CONSOLE_RETRY_MS;

    t->unfinished = 0;
    if (is_stuck) {
        wait_ms = is_moved ? CONSOLE_READER_MS : CONSOLE_RETRY_MS;
    } else if (!is_moved) {
        t->unfinished = size;
        wait_ms = CONSOLE_UNFINISHED_MS;
    }
    uv_timer_start(&t->timer, on_timer, (uint64_t)wait_ms, 0);
}

static void
tail_copy(struct console_tail *t, bool is_all)
{
    struct stat st;
    int64_t before = t->done;
    bool is_stuck = false;

    if (t->mark_path == NULL || fstat(t->fd, &st) != 0) {
        return;
    }
    is_all = is_all || t->unfinished == st.st_size;
    skip_backlog(t, st.st_size);
    for (unsigned i = 0; i < PIECES_AT_ONCE && t->done < st.st_size && !is_stuck; i++) {
        is_stuck = !is_ready(t->out_fd);
        if (!is_stuck && write_piece(t, is_all) == 0) {
            break;
        }
    }
    bool is_moved = t->done != before;
    bool is_behind = t->done < st.st_size;
    if (is_moved) {
        give_back(t);
        keep_mark(t);
    }
    if (is_behind) {
        copy_later(t, st.st_size, is_stuck, is_moved);
    }
}

bool
console_tail_flush(struct console_tail *t)
{
    struct stat st;

    tail_copy(t, true);
    return t->mark_path == NULL || fstat(t->fd, &st) != 0 || t->done >= st.st_size;
}
