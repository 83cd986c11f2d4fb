// Packing with LZ4's block API. A dictionary lives as long as a text that was packed with it.
//
// Texts change with time: the first one of a sort is young, and sorts are mixed. So from time to time one of them is taken as a sample:
// the next ones are also packed with a dictionary that has it at its end, and when that saves a tenth it takes the old one's place.
#include "cache/packed.h"

#include <lz4.h>

enum {
    TRIAL_FIRST = 8, /* texts before the first trial; each pause is twice as long as the one before */
    TRIAL_EVERY = 256,
    TRIAL_TEXTS = 16,
};

struct dictionary {
    unsigned refs;
    LZ4_stream_t *start; /* as LZ4 is before the first byte of a text; NULL when no more is packed with it */
    size_t len;
    char text[];
};

struct packer {
    struct dictionary *now;   /* NULL before the first text */
    struct dictionary *tried; /* NULL between trials */
    unsigned pause;           /* texts until the next trial */
    unsigned next_pause;
    unsigned left;   /* texts of this trial */
    size_t now_size; /* bytes of this trial's texts with the one and the other */
    size_t tried_size;
    unsigned n_changes;
};

static struct dictionary *dictionary_new(const struct dictionary *before, const char *text, size_t len);
static void dictionary_retire(struct dictionary *d);
static void dictionary_unref(struct dictionary *d);
static size_t pack(const struct dictionary *d, const char *text, size_t len, char *to);
static struct packed *packed_make(struct dictionary *d, size_t len, const char *bytes, size_t size);
static void learn(struct packer *p, const char *text, size_t len, size_t size, char *scratch);
static void trial_end(struct packer *p);

struct packer *
packer_new(void)
{
    struct packer *p = XNEW(struct packer);

    p->pause = p->next_pause = TRIAL_FIRST;
    return p;
}

void
packer_free(struct packer *p)
{
    if (!p) {
        return;
    }
    dictionary_retire(p->now);
    dictionary_retire(p->tried);
    free(p);
}

unsigned
packer_changes(const struct packer *p)
{
    return p->n_changes;
}

struct packed *
packed_new(struct packer *p, const char *text, size_t len)
{
    BUG_ON(len > UINT32_MAX);
    if (!p || len == 0 || len > PACKED_TEXT_MAX) {
        return packed_make(NULL, len, text, len);
    }
    AUTO(freep) char *scratch = xcalloc(len, 1);
    if (!p->now) {
        p->now = dictionary_new(NULL, text, len);
    }
    size_t size = pack(p->now, text, len, scratch);
    struct packed *t = size < len ? packed_make(p->now, len, scratch, size) : packed_make(NULL, len, text, len);
    learn(p, text, len, size, scratch);
    return t;
}

struct packed *
packed_copy(const struct packed *t)
{
    return packed_make(t->dictionary, t->len, t->bytes, t->size);
}

void
packed_free(struct packed *t)
{
    if (!t) {
        return;
    }
    dictionary_unref(t->dictionary);
    free(t);
}

void
packed_freep(struct packed **t)
{
    packed_free(*t);
}

struct err *
packed_text(const struct packed *t, char **ret_text)
{
    AUTO(freep) char *text = xcalloc((size_t)t->len + 1, 1);

    if (t->dictionary) {
        int n = LZ4_decompress_safe_usingDict(t->bytes, text, (int)t->size, (int)t->len, t->dictionary->text,
                                              (int)t->dictionary->len);
        if (n < 0 || (uint32_t)n != t->len) {
            return err_new(ERR_FATAL, "%u packed bytes give no text of %u", t->size, t->len);
        }
    } else {
        memcpy(text, t->bytes, t->len);
    }
    *ret_text = STEAL(text);
    return NULL;
}

bool
packed_is(const struct packed *t, const char *text, size_t len)
{
    AUTO(freep) char *mine = NULL;

    if (t->len != len) {
        return false;
    }
    if (!t->dictionary) {
        return memcmp(t->bytes, text, len) == 0;
    }
    AUTO(err_freep) struct err *e = packed_text(t, &mine);
    return !e && memcmp(mine, text, len) == 0;
}

size_t
packed_bytes(const struct packed *t)
{
    return sizeof(*t) + t->size;
}

/* The end of what there was, and a text behind it: the nearest bytes are those that are found best. */
static struct dictionary *
dictionary_new(const struct dictionary *before, const char *text, size_t len)
{
    size_t n = len < DICTIONARY_MAX ? len : DICTIONARY_MAX;
    size_t old = before ? before->len : 0;

    old = old + n < DICTIONARY_MAX ? old : DICTIONARY_MAX - n;
    struct dictionary *d = xcalloc(1, sizeof(*d) + old + n);
    if (old > 0) {
        memcpy(d->text, before->text + before->len - old, old);
    }
    memcpy(d->text + old, text, n);
    d->refs = 1;
    d->len = old + n;
    d->start = LZ4_createStream();
    BUG_ON(!d->start);
    (void)LZ4_loadDict(d->start, d->text, (int)d->len); /* below 64 KiB: all of it */
    return d;
}

/* Texts are no more packed with it, but may still need it to be read. */
static void
dictionary_retire(struct dictionary *d)
{
    if (d) {
        (void)LZ4_freeStream(d->start);
        d->start = NULL;
    }
    dictionary_unref(d);
}

static void
dictionary_unref(struct dictionary *d)
{
    if (d && --d->refs == 0) {
        free(d);
    }
}

/* Into 'to', which has room for 'len' bytes. Returns the size, 'len' when it does not shrink. LZ4 1.9.4 exports no way of lending a
 * dictionary to a stream, hence the copy: 16 KiB, a microsecond. */
static size_t
pack(const struct dictionary *d, const char *text, size_t len, char *to)
{
    LZ4_stream_t stream = *d->start;
    int n = LZ4_compress_fast_continue(&stream, text, to, (int)len, (int)len - 1, 1);

    return n > 0 ? (size_t)n : len;
}

static struct packed *
packed_make(struct dictionary *d, size_t len, const char *bytes, size_t size)
{
    struct packed *t = xcalloc(1, sizeof(*t) + size);

    t->dictionary = d;
    t->len = (uint32_t)len;
    t->size = (uint32_t)size;
    memcpy(t->bytes, bytes, size);
    if (d) {
        d->refs++;
    }
    return t;
}

/* A text was packed into 'size' bytes: goes on with a trial, or begins one. */
static void
learn(struct packer *p, const char *text, size_t len, size_t size, char *scratch)
{
    if (p->tried) {
        p->now_size += size;
        p->tried_size += pack(p->tried, text, len, scratch);
        if (--p->left == 0) {
            trial_end(p);
        }
    } else if (--p->pause == 0) {
        p->tried = dictionary_new(p->now, text, len);
        p->left = TRIAL_TEXTS;
        p->now_size = p->tried_size = 0;
    }
}

static void
trial_end(struct packer *p)
{
    if (p->tried_size * 10 < p->now_size * 9) {
        dictionary_retire(p->now);
        p->now = STEAL(p->tried);
        p->n_changes++;
    } else {
        dictionary_retire(STEAL(p->tried));
    }
    p->next_pause = p->next_pause * 2 < TRIAL_EVERY ? p->next_pause * 2 : TRIAL_EVERY;
    p->pause = p->next_pause;
}
