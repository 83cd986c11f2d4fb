// Memory of one pass: views, decoded objects and plans are made in it and dropped whole.
#ifndef VMB_ARENA_H
#define VMB_ARENA_H

#include "base.h"

struct arena;

/* 'max_bytes' is a soft cap: allocations past it still succeed (input is capped before it comes here) and set arena_is_over(),
 * which the owner of the pass checks once and answers with ERR_INVALID. At sixteen times the cap it is a bug and aborts. */
MUST_CHECK struct arena *arena_new(size_t max_bytes);
void arena_free(struct arena *a);
void arena_freep(struct arena **a);

/* Forgets everything in it and keeps its first block. */
void arena_reset(struct arena *a);
bool arena_is_over(const struct arena *a);
size_t arena_used(const struct arena *a); /* bytes handed out since new or reset */

/* Zeroed memory, aligned for any type, valid until reset or free; never NULL. */
__attribute__((returns_nonnull)) void *arena_alloc(struct arena *a, size_t n, size_t size);
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), 1, sizeof(type)))
#define ARENA_NEW_N(a, type, n) ((type *)arena_alloc((a), (n), sizeof(type)))

/* Copies; NULL gives NULL. */
char *arena_strdup(struct arena *a, const char *s);
__attribute__((returns_nonnull)) char *arena_strndup(struct arena *a, const char *s, size_t len);
__attribute__((returns_nonnull)) PRINTF_LIKE(2, 3) char *arena_printf(struct arena *a, const char *fmt, ...);

/* Runs 'fn(arg)' when the arena is reset or freed, last registered first: for values that own memory elsewhere (json_t). */
void arena_on_reset(struct arena *a, void (*fn)(void *arg), void *arg);

#endif
