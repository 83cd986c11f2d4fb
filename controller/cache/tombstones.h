// UIDs of what went, the last of them only: of which it is known that they are gone, and for good. Does no I/O.
#ifndef VMB_TOMBSTONES_H
#define VMB_TOMBSTONES_H

#include "cache/legal.h"

enum { TOMBSTONES_MAX = 64 };

/* Zeroed before use. */
struct tombstones {
    char uids[TOMBSTONES_MAX][LEGAL_UID_MAX + 1]; /* a ring */
    bool ended[TOMBSTONES_MAX]; /* of which of them it is proven that they are gone from the API server */
    size_t n;
};

void tombstones_add(struct tombstones *t, const char *uid);
bool tombstones_have(const struct tombstones *t, const char *uid);
void tombstones_prove(struct tombstones *t, const char *uid);
bool tombstones_are_proven(const struct tombstones *t, const char *uid);

#endif
