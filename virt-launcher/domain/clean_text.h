// Words of a guest made fit to be shown: printable UTF-8, capped. Pure.
#ifndef VMB_CLEAN_TEXT_H
#define VMB_CLEAN_TEXT_H

#include "base/arena.h"

/* Copy of at most 'max' bytes (never cutting a character); control characters, invisible direction marks and what is no UTF-8
 * become '?'. NULL when nothing is left. */
char *clean_text(struct arena *a, const char *s, size_t max);

#endif
