/* Loaded before passt in the launcher image: its namespace steps succeed without doing anything.
 *
 * passt always wants a user namespace and a private root. A pod under the seccomp profile
 * RuntimeDefault without capabilities may have neither, and it is already what those steps would
 * build: own namespaces, a read-only root, no capability. passt's own seccomp filter is still
 * installed. Here is nothing else, and no libc call beyond errno. */
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The headers name the parameters in libc's own way. */
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)

int
unshare(int flags)
{
    (void)flags; /* granted in name */
    return 0;
}

int
mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)
{
    (void)source;
    (void)target;
    (void)type;
    (void)flags;
    (void)data;
    return 0;
}

int
umount2(const char *target, int flags)
{
    (void)target;
    (void)flags;
    return 0;
}

static long
raw_syscall(long number, const long a[6])
{
    long result;
    register long a3 __asm__("r10") = a[3];
    register long a4 __asm__("r8") = a[4];
    register long a5 __asm__("r9") = a[5];

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(a3), "r"(a4), "r"(a5)
                     : "rcx", "r11", "memory");
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

/* glibc has no pivot_root: passt calls it by number, as it does capset and pidfd_open, which pass
 * through. */
long
syscall(long number, ...)
{
    long a[6];
    va_list list;

    if (number == SYS_pivot_root) {
        return 0;
    }
    va_start(list, number);
    for (int i = 0; i < 6; i++) {
        a[i] = va_arg(list, long);
    }
    va_end(list);
    return raw_syscall(number, a);
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
