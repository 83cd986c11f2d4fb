// Language helpers that every file uses: cleanup attribute, checked results, small allocations that abort.
#ifndef VMB_BASE_H
#define VMB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A local that owns something: AUTO(freep) char *s = ...; released when the scope ends, also on early return. */
#define AUTO(fn) __attribute__((cleanup(fn)))

/* Gives the value of an AUTO local away: the variable becomes NULL, so its cleanup does nothing. */
#define STEAL(ptr)                         \
    __extension__({                        \
        __typeof__(ptr) steal_tmp = (ptr); \
        (ptr) = NULL;                      \
        steal_tmp;                         \
    })

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* A broken invariant of ours, never a wrong input: prints where and aborts. */
#define BUG_ON(cond)                              \
    do {                                          \
        if (cond) {                               \
            bug_abort(__FILE__, __LINE__, #cond); \
        }                                         \
    } while (0)

__attribute__((noreturn, cold)) void bug_abort(const char *file, int line, const char *cond);

/* Small allocations of fixed size; abort when memory is gone. The caller owns the result. */
__attribute__((malloc, returns_nonnull)) void *xcalloc(size_t n, size_t size);
__attribute__((malloc, returns_nonnull)) char *xstrdup(const char *s);
__attribute__((malloc, returns_nonnull)) char *xstrndup(const char *s, size_t len);
/* Puts a copy of 'value', or NULL, in the place of what 's' owns. */
void str_set(char **s, const char *value);
__attribute__((malloc, returns_nonnull)) PRINTF_LIKE(1, 2) char *xasprintf(const char *fmt, ...);
#define XNEW(type) ((type *)xcalloc(1, sizeof(type)))

/* Cleanups for AUTO: AUTO(freep) char *s; AUTO(fclosep) FILE *f; AUTO(closep) int fd = -1. */
void freep(void *ptr_to_ptr);
void fclosep(FILE **f);
void closep(int *fd);

static inline bool
str_eq(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static inline bool
str_empty(const char *s)
{
    return !s || !*s;
}

static inline bool
str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

#endif
