// POSIX files; no state.
#include "effect/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct err *
file_read(const char *path, struct strbuf *out)
{
    AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    char block[4096];

    if (fd < 0) {
        return errno == ENOENT ? err_new(ERR_NOT_FOUND, "%s does not exist", path) : err_errno(errno, "open %s", path);
    }
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
