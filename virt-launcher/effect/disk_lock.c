// Asks the kernel; takes no lock itself, since QEMU's own are what counts.
#include "effect/disk_lock.h"

#include <fcntl.h>
#include <unistd.h>

enum { QEMU_LOCKS_AT = 100, QEMU_LOCKS_BYTES = 200 };

bool
disk_is_locked(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = QEMU_LOCKS_AT, .l_len = QEMU_LOCKS_BYTES};
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0) {
        return false;
    }
    bool is_locked = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    (void)close(fd);
    return is_locked;
}
