// What a watch says of objects that it cannot read, or not whole: to the log and to metrics. Loop thread only.
#ifndef VMB_WATCH_LOG_H
#define VMB_WATCH_LOG_H

#include "base/log.h"
#include "base/metrics.h"
#include "kube/object_reader.h"
#include "kube/watch_told.h"

struct watch_log {
    struct log log;
    struct metrics *metrics; /* borrowed; may be NULL */
    const char *resource;    /* borrowed */
    struct watch_told told;
};

/* Of an object, that it is no more than a header. Nothing when it lacks nothing. */
void watch_log_lack(struct watch_log *l, const json_t *object, const struct object_lack *lack);
/* That nothing of it can be read; it came after the version 'after'. Takes 'e'. */
void watch_log_skip(struct watch_log *l, const char *after, struct err *e);

#endif
