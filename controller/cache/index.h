// A multimap from a string to the objects that carry it: namespace and owner look-ups of a store. Does no I/O.
#ifndef VMB_INDEX_H
#define VMB_INDEX_H

#include "base/base.h"

struct index;

/* Embedded in what is indexed; zeroed before use. */
struct index_link {
    struct index_link *prev;
    struct index_link *next;
    struct index_bucket *bucket;
};

MUST_CHECK struct index *index_new(void);
void index_free(struct index *ix); /* links must be gone */

/* Puts 'link' under 'key'; a link that is there already moves. "" means under nothing. */
void index_set(struct index *ix, struct index_link *link, const char *key);
void index_clear(struct index *ix, struct index_link *link);
/* First link under 'key', or NULL; go on with ->next. */
struct index_link *index_first(const struct index *ix, const char *key);

#endif
