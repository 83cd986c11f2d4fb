/* Loaded before passt in the launcher image: glibc prepares its heap before passt gives up system calls.
 *
 * passt takes no memory of the heap by itself, and its own seccomp filter ends it at getrandom and brk,
 * which the first malloc of a process needs. glibc does such a malloc in passt's name: for the text of an
 * assertion that does not hold, for strerror of a number that is no error. Without this the end says
 * nothing but a number of the kernel's; with it an assertion has its words in passt's log, and what is no
 * reason to end is none. After one malloc at the start the heap has room for all that glibc may want later. */
#include <stdlib.h>

__attribute__((constructor)) static void
prepare_heap(void)
{
    void *volatile first = malloc(1); /* volatile: or both calls are left out */

    free(first);
}
