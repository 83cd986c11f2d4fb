// Which parts of a watch event, or of a page of a list, are built: those of an object that are asked for, and what the watch reads itself.
#ifndef VMB_WATCH_PARTS_H
#define VMB_WATCH_PARTS_H

#include "base/json.h"

/* 'parts' are paths in an object (base/json.h); NULL: all, and NULL comes back. The caller frees with watch_parts_free. */
MUST_CHECK const char **watch_parts_of_line(const char *const *parts);
MUST_CHECK const char **watch_parts_of_page(const char *const *parts);
void watch_parts_free(const char **parts);

#endif
