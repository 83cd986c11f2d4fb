// Allocation that aborts, cleanups, and the abort for broken invariants. Does no logging.
#include "base.h"

#include <stdarg.h>
#include <unistd.h>

void
bug_abort(const char *file, int line, const char *cond)
{
    (void)fprintf(stderr, "bug: %s:%d: %s\n", file, line, cond);
    abort();
}

void *
xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    BUG_ON(!p);
    return p;
}

char *
xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

void
str_set(char **s, const char *value)
{
    char *copy = value ? xstrdup(value) : NULL;

    free(*s);
    *s = copy;
}

char *
xstrndup(const char *s, size_t len)
{
    const char *end = memchr(s, '\0', len);
    size_t n = end ? (size_t)(end - s) : len;
    char *p = xcalloc(n + 1, 1);

    memcpy(p, s, n); /* not strndup: its checked form wants a NUL, which bytes from outside need not have */
    return p;
}

char *
xasprintf(const char *fmt, ...)
{
    va_list ap;
    char *p = NULL;

    va_start(ap, fmt);
    int n = vasprintf(&p, fmt, ap);
    va_end(ap);
    BUG_ON(n < 0);
    return p;
}

void
freep(void *ptr_to_ptr)
{
    void *p;

    memcpy(&p, ptr_to_ptr, sizeof(p)); /* the caller's pointer has its own type */
    free(p);
}

void
fclosep(FILE **f)
{
    if (*f) {
        (void)fclose(*f); /* who cares for the result closes by hand */
    }
}

void
closep(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}
