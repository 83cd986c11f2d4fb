// Query strings: keys as they are, values percent-encoded. Pure.
#ifndef VMB_QUERY_H
#define VMB_QUERY_H

#include "base/strbuf.h"

/* Appends "?key=value" or "&key=value" to a path; a NULL value appends nothing. */
void query_add(struct strbuf *path, const char *key, const char *value);

/* The options of a watch that the server ends after 'seconds'. From 'version' on; NULL: all objects come first. */
void query_add_watch(struct strbuf *path, int seconds, const char *version);

#endif
