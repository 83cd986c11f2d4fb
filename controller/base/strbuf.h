// A growing byte buffer with a hard cap; always ends in NUL.
#ifndef VMB_STRBUF_H
#define VMB_STRBUF_H

#include "base.h"

struct strbuf {
    char *buf;  /* NULL until the first byte; NUL-terminated */
    size_t len; /* bytes without the NUL */
    size_t size;
    size_t max; /* most bytes it may ever hold */
    bool over;  /* an append did not fit: content is incomplete, and stays as it was then */
};

#define STRBUF_INIT(max_bytes) ((struct strbuf){.max = (max_bytes)})

/* Appends; when the cap would be passed nothing is added, 'over' is set and false is returned. */
bool strbuf_add(struct strbuf *sb, const void *data, size_t len);
bool strbuf_adds(struct strbuf *sb, const char *s);
bool strbuf_addc(struct strbuf *sb, char c);
PRINTF_LIKE(2, 3) bool strbuf_addf(struct strbuf *sb, const char *fmt, ...);

/* Drops the first 'len' bytes. */
void strbuf_consume(struct strbuf *sb, size_t len);
/* Empties it and keeps the memory. */
void strbuf_reset(struct strbuf *sb);
/* Gives the bytes away (never NULL); the caller frees. The buffer is empty afterwards. */
MUST_CHECK char *strbuf_steal(struct strbuf *sb);
const char *strbuf_str(const struct strbuf *sb); /* never NULL */
void strbuf_fini(struct strbuf *sb);

#endif
