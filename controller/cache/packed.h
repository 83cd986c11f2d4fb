// Texts that resemble each other, kept in a fraction of their bytes: LZ4 with a dictionary made of earlier ones. Knows nothing of what
// they say. Loop thread only.
#ifndef VMB_PACKED_H
#define VMB_PACKED_H

#include "base/err.h"

enum {
    PACKED_TEXT_MAX = 4 * 1024 * 1024, /* bytes; a longer text is kept as it is */
    DICTIONARY_MAX = 12 * 1024,
};

/* Packs the texts of one sort: learns from them what they have in common. */
struct packer;
struct dictionary;

MUST_CHECK struct packer *packer_new(void);
/* Texts that it packed stay readable. */
void packer_free(struct packer *p);
/* How many times it has changed its dictionary. */
unsigned packer_changes(const struct packer *p);

/* One text. */
struct packed {
    struct dictionary *dictionary; /* what it was packed with; NULL: it is kept as it is */
    uint32_t len;                  /* bytes of the text */
    uint32_t size;                 /* bytes of what is kept */
    char bytes[];
};

/* Packs 'len' bytes (below 4 GiB); as they are when they do not shrink or 'p' is NULL. The caller owns the result. */
MUST_CHECK struct packed *packed_new(struct packer *p, const char *text, size_t len);
MUST_CHECK struct packed *packed_copy(const struct packed *t);
void packed_free(struct packed *t);
void packed_freep(struct packed **t);

/* The text, with a NUL behind it; the caller frees. Errors: ERR_FATAL when the bytes are not what packed_new() made. */
MUST_CHECK struct err *packed_text(const struct packed *t, char **ret_text);
bool packed_is(const struct packed *t, const char *text, size_t len);
/* Bytes of memory that it takes; what it shares with others is not counted. */
size_t packed_bytes(const struct packed *t);

#endif
