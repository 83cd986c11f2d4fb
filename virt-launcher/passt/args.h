/* Texts of the passt wrapper, split into words. No other header of ours: the wrapper knows libc alone. */
#ifndef VMB_PASST_ARGS_H
#define VMB_PASST_ARGS_H

#include <stddef.h>

/* Splits each line of 'text' ("--name value") at its first blank and adds the parts to 'args', which point into it.
 * Returns their number, SIZE_MAX when there would be more than 'max'. */
size_t passt_args_split(char *text, char **args, size_t max);

/* The alias in libvirt's name of a passt socket, ".../ID-DOMAIN-ALIAS.socket": each part may hold dashes, so there are several; 'n' counts from
 * the longest. NULL past the last. 'ret_len' is its length. */
const char *passt_args_alias(const char *socket, size_t n, size_t *ret_len);

#endif
