// Bump allocation in blocks.
#include "arena.h"

#include <stdarg.h>

enum { ARENA_BLOCK_SIZE = 16 * 1024, ARENA_ALIGN = 16, ARENA_HARD_FACTOR = 16 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    size_t reserved; /* keeps 'data' aligned */
    unsigned char data[];
};

struct arena_cleanup {
    struct arena_cleanup *next;
    void (*fn)(void *arg);
    void *arg;
};

struct arena {
    struct arena_block *blocks; /* newest first */
    struct arena_cleanup *cleanups;
    size_t used;
    size_t max;
};

static void arena_drop(struct arena *a, bool keep_one);
static struct arena_block *arena_grow(struct arena *a, size_t need);

struct arena *
arena_new(size_t max_bytes)
{
    struct arena *a = XNEW(struct arena);

    a->max = max_bytes;
    return a;
}

void
arena_free(struct arena *a)
{
    if (!a) {
        return;
    }
    arena_drop(a, false);
    free(a);
}

void
arena_freep(struct arena **a)
{
    arena_free(*a);
}

void
arena_reset(struct arena *a)
{
    arena_drop(a, true);
}

bool
arena_is_over(const struct arena *a)
{
    return a->used > a->max;
}

size_t
arena_used(const struct arena *a)
{
    return a->used;
}

void *
arena_alloc(struct arena *a, size_t n, size_t size)
{
    size_t need;

    BUG_ON(__builtin_mul_overflow(n, size, &need));
    BUG_ON(need > a->max * ARENA_HARD_FACTOR);
    need = (need + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    struct arena_block *b = a->blocks;
    if (!b || b->size - b->used < need) {
        b = arena_grow(a, need);
    }
    void *p = b->data + b->used;
    b->used += need;
    a->used += need;
    BUG_ON(a->used > a->max * ARENA_HARD_FACTOR);
    return memset(p, 0, need);
}

char *
arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
    char *p = arena_alloc(a, len + 1, 1);

    memcpy(p, s, len);
    return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    AUTO(freep) char *text = NULL;

    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    BUG_ON(n < 0);
    return arena_strndup(a, text, (size_t)n);
}

void
arena_on_reset(struct arena *a, void (*fn)(void *arg), void *arg)
{
    struct arena_cleanup *c = ARENA_NEW(a, struct arena_cleanup);

    c->fn = fn;
    c->arg = arg;
    c->next = a->cleanups;
    a->cleanups = c;
}

static void
arena_drop(struct arena *a, bool keep_one)
{
    for (struct arena_cleanup *c = a->cleanups; c; c = c->next) {
        c->fn(c->arg);
    }
    a->cleanups = NULL;
    struct arena_block *b = a->blocks;
    a->blocks = NULL;
    while (b) {
        struct arena_block *next = b->next;
        if (keep_one && !next && b->size == ARENA_BLOCK_SIZE) {
            b->used = 0;
            a->blocks = b;
        } else {
            free(b);
        }
        b = next;
    }
    a->used = 0;
}

static struct arena_block *
arena_grow(struct arena *a, size_t need)
{
    size_t size = need > ARENA_BLOCK_SIZE ? need : ARENA_BLOCK_SIZE;
    struct arena_block *b = malloc(sizeof(*b) + size);

    BUG_ON(!b);
    *b = (struct arena_block){.next = a->blocks, .size = size};
    a->blocks = b;
    return b;
}
