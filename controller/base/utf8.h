// UTF-8, character by character: where a text may be cut, and what in it is no text.
#ifndef VMB_UTF8_H
#define VMB_UTF8_H

#include "base.h"

enum { UTF8_MAX = 4 }; /* bytes of one character */

/* Bytes of the character at 's', 0 when there is none (the end, overlong, surrogate, cut off). 'ret_code' is its number. */
size_t utf8_next(const char *s, uint32_t *ret_code);

/* Length of the longest beginning of 's' that has at most 'max' bytes and ends between two characters. */
size_t utf8_cut(const char *s, size_t max);

/* Makes each byte that is no part of a character '?': JSON takes no other text. */
void utf8_mend(char *s);

/* False for control characters, and for those that are not seen but change what is seen: marks of direction, joiners, tags. */
bool utf8_is_printable(uint32_t code);

/* Makes a text fit to be shown: control characters become blanks, what is no UTF-8 or not printable '?'. Shortens, never lengthens. */
void utf8_clean(char *s);
/* True when utf8_clean would change nothing. */
bool utf8_is_clean(const char *s);

#endif
