// POSIX files; no state.
#include "effect/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 65536 };

static struct err *
open_to_read(const char *path, int *ret_fd)
{
    *ret_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*ret_fd < 0) {
        return errno == ENOENT ? err_new(ERR_NOT_FOUND, "%s does not exist", path) : err_errno(errno, "open %s", path);
    }
    return NULL;
}

static struct err *
read_all(int fd, const char *path, struct strbuf *out)
{
    char block[4096];

    for (;;) {
        ssize_t n = read(fd, block, sizeof(block));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return err_errno(errno, "read %s", path);
        }
        if (n == 0) {
            return NULL;
        }
        if (!strbuf_add(out, block, (size_t)n)) {
            return err_new(ERR_INVALID, "%s is longer than %zu bytes", path, out->max);
        }
    }
}

void
closedirp(DIR **d)
{
    if (*d) {
        (void)closedir(*d); /* it was only read */
    }
}

struct err *
file_read(const char *path, struct strbuf *out)
{
    AUTO(closep) int fd = -1;
    struct err *e = open_to_read(path, &fd);

    return e ? e : read_all(fd, path, out);
}

struct err *
file_read_tail(const char *path, size_t max, struct strbuf *out)
{
    AUTO(closep) int fd = -1;
    struct err *e = open_to_read(path, &fd);

    if (e) {
        return e;
    }
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)max ? size - (off_t)max : 0;
    if (size < 0 || lseek(fd, from, SEEK_SET) != from) {
        return err_errno(errno, "seek in %s", path);
    }
    return read_all(fd, path, out);
}

void
file_bound_log(const char *path, int64_t max_bytes)
{
    AUTO(closep) int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || st.st_blocks / 2 <= max_bytes / 1024) {
        return;
    }
    int64_t older = (st.st_size - max_bytes / 2) / BLOCK_BYTES * BLOCK_BYTES;
    if (older > 0 && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, older) != 0) {
        (void)!ftruncate(fd, 0); /* a file system without holes */
    }
}

static struct err *
write_all(int fd, const char *text, size_t len, const char *path)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno != EINTR) {
            return err_errno(errno, "write %s", path);
        }
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
    return NULL;
}

struct err *
file_write(const char *path, const char *text, size_t len)
{
    AUTO(freep) char *other = xasprintf("%s.new", path);
    AUTO(closep) int fd = open(other, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        return err_errno(errno, "open %s", other);
    }
    struct err *e = write_all(fd, text, len, other);
    if (!e && rename(other, path) != 0) {
        e = err_errno(errno, "rename %s", other);
    }
    return e;
}

bool
file_overwrite(const char *path, const char *text)
{
    FILE *out = fopen(path, "we");
    bool is_written = out && fputs(text, out) >= 0;

    return out && fclose(out) == 0 && is_written;
}

struct err *
file_make_dirs(const char *path)
{
    AUTO(freep) char *part = xstrdup(path);

    for (char *c = part + 1; *c; c++) {
        if (*c == '/') {
            *c = '\0';
            (void)mkdir(part, 0770); /* the last one tells */
            *c = '/';
        }
    }
    if (mkdir(part, 0770) != 0 && errno != EEXIST) {
        return err_errno(errno, "make the folder %s", path);
    }
    return NULL;
}

bool
file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int64_t
file_modified_s(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_mtim.tv_sec : 0;
}

void
file_mark(const char *path, bool wish)
{
    if (!wish) {
        (void)unlink(path); /* see the header */
        return;
    }
    AUTO(closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    (void)fd;
}
