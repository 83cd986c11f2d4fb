// Cuts a watch stream into its lines, each a JSON text. No I/O, no JSON, and nothing is kept: a line comes in as many pieces as it came.
#ifndef VMB_WATCH_FRAME_H
#define VMB_WATCH_FRAME_H

#include "base/err.h"

/* Zeros at the beginning of a stream. */
struct watch_frame {
    bool in_line; /* some of a line came, and not yet its end */
};

/* 'is_end': these are the last bytes of the line; there may be none. */
typedef struct err *watch_piece_fn(void *arg, const char *bytes, size_t len, bool is_end);

/* Takes bytes as they came; calls 'fn' with the pieces of all lines that are not empty, in order, and stops at its first error.
 * Split anywhere, the lines are the same. Errors: what 'fn' returned. */
MUST_CHECK struct err *watch_frame_feed(struct watch_frame *f, const char *data, size_t len, watch_piece_fn *fn,
                                        void *arg);

#endif
