// Error values. Does not log and never exits.
#include "err.h"

#include "utf8.h"

#include <stdarg.h>

enum { ERR_TEXT_MAX = 2000 };

struct err {
    enum err_class class;
    char text[];
};

static struct err *err_make(enum err_class class, const char *head, const char *tail);

struct err *
err_new(enum err_class class, const char *fmt, ...)
{
    va_list ap;
    AUTO(freep) char *text = NULL;

    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    BUG_ON(n < 0);
    return err_make(class, NULL, text);
}

struct err *
err_wrap(struct err *e, const char *fmt, ...)
{
    va_list ap;
    AUTO(freep) char *head = NULL;

    if (!e) {
        return NULL;
    }
    va_start(ap, fmt);
    int n = vasprintf(&head, fmt, ap);
    va_end(ap);
    BUG_ON(n < 0);
    struct err *wrapped = err_make(e->class, head, e->text);
    err_free(e);
    return wrapped;
}

struct err *
err_errno(int errnum, const char *fmt, ...)
{
    va_list ap;
    AUTO(freep) char *head = NULL;
    char buf[128];

    va_start(ap, fmt);
    int n = vasprintf(&head, fmt, ap);
    va_end(ap);
    BUG_ON(n < 0);
    return err_make(ERR_RETRY, head, strerror_r(errnum, buf, sizeof(buf)));
}

enum err_class
err_class(const struct err *e)
{
    return e->class;
}

const char *
err_class_name(enum err_class c)
{
    switch (c) {
    case ERR_RETRY:
        return "retry";
    case ERR_CONFLICT:
        return "conflict";
    case ERR_NOT_FOUND:
        return "not-found";
    case ERR_GONE:
        return "gone";
    case ERR_INVALID:
        return "invalid";
    case ERR_FATAL:
        return "fatal";
    }
    return "unknown";
}

const char *
err_text(const struct err *e)
{
    return e->text;
}

struct err *
err_copy(const struct err *e)
{
    return e ? err_make(e->class, NULL, e->text) : NULL;
}

void
err_free(struct err *e)
{
    free(e);
}

void
err_freep(struct err **e)
{
    err_free(*e);
}

static struct err *
err_make(enum err_class class, const char *head, const char *tail)
{
    struct err *e = xcalloc(1, sizeof(*e) + ERR_TEXT_MAX + UTF8_MAX);
    int n = snprintf(e->text, ERR_TEXT_MAX + UTF8_MAX, "%s%s%s", head ? head : "", head ? ": " : "", tail);

    BUG_ON(n < 0);
    e->text[utf8_cut(e->text, ERR_TEXT_MAX)] = '\0';
    utf8_clean(e->text); /* texts hold pieces of answers from outside */
    size_t len = strlen(e->text);
    e->class = class;
    struct err *small = realloc(e, sizeof(*e) + len + 1);
    return small ? small : e;
}
