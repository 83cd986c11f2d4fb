// Opens, and runs.
#include "try.h"

#include "kvm_run.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Fixed by Linux (Documentation/admin-guide/devices.txt). */
enum { MISC_MAJOR = 10, KVM_MINOR = 232 };

struct err *
device_try(const struct device *d, const char *root)
{
    AUTO(freep) char *path = xasprintf("%s%s", root, d->path);
    struct stat st;

    if (stat(path, &st) != 0 && errno == ENOENT) {
        return err_new(ERR_NOT_FOUND, "there is no %s", d->path);
    }
    AUTO(closep) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == EPERM) { /* not by its mode: that is EACCES */
        return err_new(ERR_RETRY, "%s does not open: this container was not given it when it was made", d->path);
    }
    if (fd < 0) {
        return err_errno(errno, "%s does not open", d->path);
    }
    if (fstat(fd, &st) != 0 || !S_ISCHR(st.st_mode)) {
        return err_new(ERR_RETRY, "%s is no character device", d->path);
    }
    if (st.st_rdev == makedev(MISC_MAJOR, KVM_MINOR)) {
        return err_wrap(kvm_run(fd), "%s", d->path);
    }
    return NULL;
}
