// Texts that wait to be said to the gateway once, in order. Bounded: what does not fit is dropped, and the gateway asks again.
#ifndef VMB_WORDS_H
#define VMB_WORDS_H

#include "api/kinds/launcher_request.h"

enum { WORDS_MAX = 2 * LAUNCHER_REQUESTS_MAX };

struct words { /* zeroed: empty */
    char *items[WORDS_MAX];
    size_t n;
};

/* Takes 'text'. */
void words_add(struct words *w, char *text);
/* The first one, which the caller frees; NULL: there is none. */
char *words_take(struct words *w);
void words_drop(struct words *w);

#endif
