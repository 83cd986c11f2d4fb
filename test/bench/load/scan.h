// Reads single values out of a JSON text without building a tree: a watch brings ten objects per machine, of which a dozen words
// matter here, and the reader shares the processors with what it measures. No I/O.
#ifndef VMB_LOAD_SCAN_H
#define VMB_LOAD_SCAN_H

#include "base/base.h"

/* A value inside a text, borrowed; 'at' NULL: there is none. */
struct slice {
    const char *at;
    size_t len;
};

/* The values of 'keys' in an object, in one pass; absent ones are NULL. False, with what was found, when the text is no object. */
bool scan_object(struct slice object, const char *const *keys, size_t n_keys, struct slice *ret_values);
/* One of them. */
struct slice scan_key(struct slice object, const char *key);
/* The next item of an array; '*at' is where to go on, NULL at first. False at the end. */
bool scan_item(struct slice array, const char **at, struct slice *ret_item);

bool scan_is(struct slice value, const char *text); /* a string of just these bytes */
int64_t scan_int(struct slice value, int64_t otherwise);
/* Bytes of a string, cut to the buffer; "" when it is none. Escapes stay as they are: names and UIDs have none. */
void scan_copy(struct slice value, char *buf, size_t buf_size);

#endif
