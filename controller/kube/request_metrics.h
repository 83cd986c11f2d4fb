// What the client counts. Private to kube/. 'm' may be NULL everywhere.
#ifndef VMB_REQUEST_METRICS_H
#define VMB_REQUEST_METRICS_H

#include "base/metrics.h"

/* 'status' 0: no answer. */
void metric_request(struct metrics *m, const char *method, const char *resource, long status);
void metric_duration(struct metrics *m, const char *method, int64_t ms);
void metric_flow_wait(struct metrics *m, int64_t ms);
void metric_queue(struct metrics *m, size_t n);
void metric_stream_bytes(struct metrics *m, const char *resource, size_t n);

/* A watch connects again; 'why' is one of the constants of watch.c. */
void metric_watch_restart(struct metrics *m, const char *resource, const char *why);
void metric_watch_event(struct metrics *m, const char *resource);
/* An object was not read whole; 'reason' is one of kube/object_reader.h, or "unreadable". */
void metric_watch_skipped(struct metrics *m, const char *resource, const char *reason);

#endif
