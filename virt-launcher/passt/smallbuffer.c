/* Loaded before passt when a guest's card has few receive buffers: its TCP sockets get a small one too.
 *
 * passt sends a guest at once whatever the window of a connection allows and knows no congestion
 * window. QEMU drops what finds no free buffer of the card, and passt sends that again only when its
 * timer is over. But passt leaves what it sends in the pod's socket until the guest has acknowledged
 * it, so that a small buffer there bounds what is on its way. A socket that listens hands its size on
 * to those it accepts.
 *
 * Environment
 *   VMBRIDGE_PASST_RECEIVE_BYTES  for SO_RCVBUF; without it nothing is changed */
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
receive_bytes(void)
{
    const char *text = getenv("VMBRIDGE_PASST_RECEIVE_BYTES");
    long bytes = text ? strtol(text, NULL, 10) : 0;

    return bytes > 0 && bytes < INT_MAX ? (int)bytes : 0;
}

/* The header names the parameters in libc's own way. */
int
socket(int domain, int type, int protocol) // NOLINT(readability-inconsistent-declaration-parameter-name)
{
    int fd = (int)syscall(SYS_socket, domain, type, protocol);
    int bytes = receive_bytes();

    if (fd >= 0 && bytes > 0 && (domain == AF_INET || domain == AF_INET6) &&
        (type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) == SOCK_STREAM) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)); /* else it is slow, and works */
    }
    return fd;
}
