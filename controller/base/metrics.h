// Counters, gauges and histograms of this process, rendered as Prometheus text. Loop thread only.
#ifndef VMB_METRICS_H
#define VMB_METRICS_H

#include "strbuf.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

/* A metric is a constant of the module that feeds it; its address is its identity. */
struct metric {
    const char *name; /* with unit and _total as Prometheus wants */
    const char *help;
    enum metric_type type;
    const double *buckets; /* histogram: upper bounds, ascending, 'n_buckets' of them, +Inf not among them */
    size_t n_buckets;
};

struct metrics;

/* At most METRICS_SERIES_MAX series are kept; more are counted in vmbridge_metrics_dropped_total. */
enum { METRICS_SERIES_MAX = 4096 };

MUST_CHECK struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);

/* 'labels' is NULL or the text between the braces, values already safe: verb="GET",resource="pods". Copied. */
void metrics_add(struct metrics *m, const struct metric *def, const char *labels, double value);     /* counter */
void metrics_set(struct metrics *m, const struct metric *def, const char *labels, double value);     /* gauge */
void metrics_observe(struct metrics *m, const struct metric *def, const char *labels, double value); /* histogram */

/* Value of one series (histogram: number of observations); 0 when it was never fed. */
double metrics_value(const struct metrics *m, const struct metric *def, const char *labels);

/* Text format 0.0.4, series of one metric together. False when 'sb' is too small. */
bool metrics_render(const struct metrics *m, struct strbuf *sb);

#endif
