/* Loaded before passt in the launcher image: glibc prepares its heap before passt gives up system calls.
 *
 * passt takes no memory of the heap by itself, and its own seccomp filter ends it at getrandom and brk,
 * which the first malloc of a process needs. glibc does such a malloc in passt's name: strerror of a
 * number that is no error (passt tells some as -errno), once in a few minutes of many connections. The
 * guest's connections are gone then, until libvirt starts passt again. After one malloc at the start the
 * heap has room for all that glibc may want later. */
#include <stdlib.h>

__attribute__((constructor)) static void
prepare_heap(void)
{
    void *volatile first = malloc(1); /* volatile: or both calls are left out */

    free(first);
}
