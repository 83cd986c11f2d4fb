// Finds strings in a JSON text that comes in pieces. No parser: it knows quotes and backslashes.
#ifndef VMB_JSON_STRINGS_H
#define VMB_JSON_STRINGS_H

#include "base.h"

/* How many of the bytes, which begin outside of strings, come before the first string that does not end in them; 'len': none. */
size_t json_strings_before(const char *bytes, size_t len);

/* How many of the bytes, which begin inside of a string, belong to it, its closing quote among them. False: it does not end in them.
 * '*escaped' says whether a backslash stands before the first byte, and afterwards whether one does behind the last. */
bool json_strings_end(const char *bytes, size_t len, bool *escaped, size_t *ret_len);

/* How many bytes at the end could be the beginning of a number. */
size_t json_strings_number(const char *bytes, size_t len);

#endif
