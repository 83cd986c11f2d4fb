// Why the last sync of a key failed, until one succeeds: status tells it. Loop thread only.
#ifndef VMB_KEY_ERRORS_H
#define VMB_KEY_ERRORS_H

#include "base/err.h"

struct key_errors;

struct key_error {
    const char *text;
    bool hold;        /* the status has not told it yet */
    bool is_lasting;  /* ERR_INVALID: until somebody mends it */
    int64_t retry_ms; /* when the action is tried again */
};

MUST_CHECK struct key_errors *key_errors_new(void);
void key_errors_free(struct key_errors *all);

/* Remembers it. True when the text is new: the next sync only tells it. */
bool key_errors_set(struct key_errors *all, const char *key, const struct err *err, int64_t retry_ms);
/* Borrowed until the next change of the same key; 'hold' may be written. NULL: there is none. */
struct key_error *key_errors_get(const struct key_errors *all, const char *key);
void key_errors_clear(struct key_errors *all, const char *key);
void key_errors_clear_all(struct key_errors *all);

#endif
