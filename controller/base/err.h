// Errors as values: a class that decides what happens next (docs/errors.md) and a text for people. NULL is success.
#ifndef VMB_ERR_H
#define VMB_ERR_H

#include "base.h"

enum err_class {
    ERR_RETRY,     /* passing trouble: again with back-off */
    ERR_CONFLICT,  /* somebody wrote first: again soon, with what the cache has then */
    ERR_NOT_FOUND, /* the object is gone; on delete that is success */
    ERR_GONE,      /* the list is too old to resume: list again */
    ERR_INVALID,   /* the user can mend it in the object: wait for a new generation */
    ERR_FATAL,     /* ours: the process must end */
};

struct err;

/* New error with 'fmt' as its text. The caller owns it. Texts never carry secrets. */
MUST_CHECK PRINTF_LIKE(2, 3) struct err *err_new(enum err_class class, const char *fmt, ...);

/* Takes 'e' and returns it with "<fmt>: " before its text; NULL stays NULL. */
MUST_CHECK PRINTF_LIKE(2, 3) struct err *err_wrap(struct err *e, const char *fmt, ...);

/* New ERR_RETRY error from an errno value: "<fmt>: <strerror>". */
MUST_CHECK PRINTF_LIKE(2, 3) struct err *err_errno(int errnum, const char *fmt, ...);

enum err_class err_class(const struct err *e);
const char *err_class_name(enum err_class c);

/* Text of 'e', valid as long as 'e'; at most 2,000 bytes, control characters replaced. */
const char *err_text(const struct err *e);

/* A copy that the caller owns; NULL gives NULL. */
MUST_CHECK struct err *err_copy(const struct err *e);

void err_free(struct err *e);
void err_freep(struct err **e);

#endif
