// The pages that probes and Prometheus read: /healthz, /readyz, /metrics. No I/O but /proc/self for the process's own figures.
#ifndef VMB_HEALTH_H
#define VMB_HEALTH_H

#include "serve/http/server.h"

enum { HEALTH_N_PAGES = 3 };

/* 'healthy' and 'ready' return NULL for yes, else the reason as a short text, valid until the loop runs on; NULL functions mean yes.
 * 'measure', if any, sets the gauges of the moment before /metrics is rendered. */
struct health_checks {
    const char *(*healthy)(void *arg);
    const char *(*ready)(void *arg);
    void (*measure)(void *arg);
    void *arg;
    struct metrics *metrics; /* what /metrics renders */
};

/* Fills the pages for server_options.pages. 'checks' is borrowed for as long as the pages are used. */
void health_pages(const struct health_checks *checks, struct server_page ret_pages[HEALTH_N_PAGES]);

/* Sets process_resident_memory_bytes, process_virtual_memory_bytes, process_cpu_seconds_total, process_open_fds, process_max_fds,
 * process_start_time_seconds, under the names that Prometheus client libraries use. */
void health_process_metrics(struct metrics *m);

#endif
