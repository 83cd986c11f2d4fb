// The client's metrics: names, help texts, labels.
#include "request_metrics.h"

enum { LABELS_SIZE = 160 };

static const double duration_buckets[] = {0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
static const double wait_buckets[] = {0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60};

static const struct metric requests_total = {
    .name = "vmbridge_client_requests_total",
    .help = "Requests to the API server that ended, by method, resource and status; code none: no answer came.",
    .type = METRIC_COUNTER,
};
static const struct metric request_seconds = {
    .name = "vmbridge_client_request_duration_seconds",
    .help = "Time from sending a request to its answer, watches not counted.",
    .type = METRIC_HISTOGRAM,
    .buckets = duration_buckets,
    .n_buckets = ARRAY_LEN(duration_buckets),
};
static const struct metric wait_seconds = {
    .name = "vmbridge_client_flow_wait_seconds",
    .help = "Time that requests waited for client-side flow control.",
    .type = METRIC_HISTOGRAM,
    .buckets = wait_buckets,
    .n_buckets = ARRAY_LEN(wait_buckets),
};
static const struct metric queue_length = {
    .name = "vmbridge_client_queue_length",
    .help = "Requests that wait for client-side flow control.",
    .type = METRIC_GAUGE,
};
static const struct metric stream_bytes_total = {
    .name = "vmbridge_client_watch_bytes_total",
    .help = "Bytes received by watches, by resource.",
    .type = METRIC_COUNTER,
};
static const struct metric restarts_total = {
    .name = "vmbridge_client_watch_restarts_total",
    .help = "Times a watch connected again, by resource and reason.",
    .type = METRIC_COUNTER,
};
static const struct metric events_total = {
    .name = "vmbridge_client_watch_events_total",
    .help = "Events received by watches, by resource, bookmarks among them.",
    .type = METRIC_COUNTER,
};
static const struct metric skipped_total = {
    .name = "vmbridge_watch_objects_skipped_total",
    .help = "Objects that came by a watch or a list and were not read whole, by resource and reason: large and deep (a "
            "header of it is "
            "kept), unreadable (nothing is).",
    .type = METRIC_COUNTER,
};

void
metric_request(struct metrics *m, const char *method, const char *resource, long status)
{
    char labels[LABELS_SIZE];
    char code[24] = "none";

    if (!m) {
        return;
    }
    if (status > 0) {
        (void)snprintf(code, sizeof(code), "%ld", status);
    }
    (void)snprintf(labels, sizeof(labels), "verb=\"%s\",resource=\"%.80s\",code=\"%s\"", method, resource, code);
    metrics_add(m, &requests_total, labels, 1);
}

void
metric_duration(struct metrics *m, const char *method, int64_t ms)
{
    char labels[LABELS_SIZE];

    if (m) {
        (void)snprintf(labels, sizeof(labels), "verb=\"%s\"", method);
        metrics_observe(m, &request_seconds, labels, (double)ms / 1000);
    }
}

void
metric_flow_wait(struct metrics *m, int64_t ms)
{
    if (m) {
        metrics_observe(m, &wait_seconds, NULL, (double)ms / 1000);
    }
}

void
metric_queue(struct metrics *m, size_t n)
{
    if (m) {
        metrics_set(m, &queue_length, NULL, (double)n);
    }
}

void
metric_stream_bytes(struct metrics *m, const char *resource, size_t n)
{
    char labels[LABELS_SIZE];

    if (m) {
        (void)snprintf(labels, sizeof(labels), "resource=\"%.80s\"", resource);
        metrics_add(m, &stream_bytes_total, labels, (double)n);
    }
}

void
metric_watch_restart(struct metrics *m, const char *resource, const char *why)
{
    char labels[LABELS_SIZE];

    if (m) {
        (void)snprintf(labels, sizeof(labels), "resource=\"%.80s\",reason=\"%s\"", resource, why);
        metrics_add(m, &restarts_total, labels, 1);
    }
}

void
metric_watch_event(struct metrics *m, const char *resource)
{
    char labels[LABELS_SIZE];

    if (m) {
        (void)snprintf(labels, sizeof(labels), "resource=\"%.80s\"", resource);
        metrics_add(m, &events_total, labels, 1);
    }
}

void
metric_watch_skipped(struct metrics *m, const char *resource, const char *reason)
{
    char labels[LABELS_SIZE];

    if (m) {
        (void)snprintf(labels, sizeof(labels), "resource=\"%.80s\",reason=\"%s\"", resource, reason);
        metrics_add(m, &skipped_total, labels, 1);
    }
}
