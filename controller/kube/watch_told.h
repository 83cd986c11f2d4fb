// Which objects that could not be read whole stand in the log already: each version once, and not many in a minute. Pure.
#ifndef VMB_WATCH_TOLD_H
#define VMB_WATCH_TOLD_H

#include "base/json.h"

enum { TOLD_KEPT = 64, TOLD_PER_MINUTE = 20 };

/* Zeros at first. */
struct watch_told {
    uint64_t kept[TOLD_KEPT]; /* digests of UID and version, the oldest is overwritten */
    size_t n;
    int64_t minute_ms; /* when the minute began */
    unsigned n_lines;  /* in it */
    unsigned n_silent; /* not told since the last line */
};

/* True: it is to be told, and '*ret_silent' others were not since the last time. 'object' NULL: nobody knows which one it is. */
bool watch_told_now(struct watch_told *t, const json_t *object, int64_t now_ms, unsigned *ret_silent);

#endif
