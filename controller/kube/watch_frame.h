// Cuts a watch stream into its JSON texts, one a line. No I/O, no JSON: bytes in, frames out.
#ifndef VMB_WATCH_FRAME_H
#define VMB_WATCH_FRAME_H

#include "base/err.h"
#include "base/strbuf.h"

struct watch_frame {
    struct strbuf pending; /* an unfinished line; its cap is the largest frame */
};

typedef struct err *watch_frame_fn(void *arg, const char *text, size_t len);

void watch_frame_init(struct watch_frame *f, size_t max_bytes);
void watch_frame_fini(struct watch_frame *f);

/* Feeds bytes as they came; calls 'fn' once per complete, non-empty line, in order, and stops at its first error.
 * Split anywhere, the frames are the same. Errors: ERR_INVALID when a line passes the cap; what 'fn' returned. */
MUST_CHECK struct err *watch_frame_feed(struct watch_frame *f, const char *data, size_t len, watch_frame_fn *fn,
                                        void *arg);

#endif
