// The series table and its text form.
#include "metrics.h"

#include <uthash.h>

enum { SERIES_KEY_SIZE = 256 };

struct series {
    char key[SERIES_KEY_SIZE]; /* "name{labels}", or "name" */
    const struct metric *def;
    double value;     /* histogram: sum */
    uint64_t count;   /* histogram */
    uint64_t *bucket; /* histogram: def->n_buckets counters, each for its own range */
    UT_hash_handle hh;
};

struct metrics {
    struct series *table;
    uint64_t dropped;
};

static struct series *series_get(struct metrics *m, const struct metric *def, const char *labels);
static void series_key(char key[SERIES_KEY_SIZE], const struct metric *def, const char *labels);
static int series_order(const void *pa, const void *pb);
static bool histogram_render(const struct series *s, struct strbuf *sb);

struct metrics *
metrics_new(void)
{
    return XNEW(struct metrics);
}

void
metrics_free(struct metrics *m)
{
    struct series *s;
    struct series *tmp;

    if (!m) {
        return;
    }
    HASH_ITER(hh, m->table, s, tmp) {
        HASH_DEL(m->table, s);
        free(s->bucket);
        free(s);
    }
    free(m);
}

void
metrics_add(struct metrics *m, const struct metric *def, const char *labels, double value)
{
    struct series *s = series_get(m, def, labels);

    if (s) {
        s->value += value;
    }
}

void
metrics_set(struct metrics *m, const struct metric *def, const char *labels, double value)
{
    struct series *s = series_get(m, def, labels);

    if (s) {
        s->value = value;
    }
}

void
metrics_observe(struct metrics *m, const struct metric *def, const char *labels, double value)
{
    struct series *s = series_get(m, def, labels);

    if (!s) {
        return;
    }
    s->count++;
    s->value += value;
    for (size_t i = 0; i < def->n_buckets; i++) {
        if (value <= def->buckets[i]) {
            s->bucket[i]++;
            break;
        }
    }
}

double
metrics_value(const struct metrics *m, const struct metric *def, const char *labels)
{
    char key[SERIES_KEY_SIZE];
    struct series *s = NULL;

    series_key(key, def, labels);
    HASH_FIND_STR(m->table, key, s);
    if (!s) {
        return 0;
    }
    return def->type == METRIC_HISTOGRAM ? (double)s->count : s->value;
}

bool
metrics_render(const struct metrics *m, struct strbuf *sb)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    size_t n = HASH_COUNT(m->table);
    AUTO(freep) const struct series **sorted = xcalloc(n + 1, sizeof(*sorted));
    const struct series *before = NULL;
    size_t i = 0;

    for (const struct series *s = m->table; s; s = s->hh.next) {
        sorted[i++] = s;
    }
    qsort(sorted, n, sizeof(*sorted), series_order);
    for (i = 0; i < n; i++) {
        const struct series *s = sorted[i];
        const struct metric *def = s->def;
        if (!before || before->def != def) {
            (void)strbuf_addf(sb, "# HELP %s %s\n# TYPE %s %s\n", def->name, def->help, def->name, types[def->type]);
        }
        before = s;
        if (def->type == METRIC_HISTOGRAM) {
            (void)histogram_render(s, sb);
        } else {
            (void)strbuf_addf(sb, "%s %.17g\n", s->key, s->value);
        }
    }
    (void)strbuf_addf(sb,
                      "# HELP vmbridge_metrics_dropped_total Samples dropped because the series table is full.\n"
                      "# TYPE vmbridge_metrics_dropped_total counter\nvmbridge_metrics_dropped_total %llu\n",
                      (unsigned long long)m->dropped);
    return !sb->over;
}

static struct series *
series_get(struct metrics *m, const struct metric *def, const char *labels)
{
    char key[SERIES_KEY_SIZE];
    struct series *s = NULL;

    series_key(key, def, labels);
    HASH_FIND_STR(m->table, key, s);
    if (s) {
        return s;
    }
    if (HASH_COUNT(m->table) >= METRICS_SERIES_MAX) {
        m->dropped++;
        return NULL;
    }
    s = XNEW(struct series);
    memcpy(s->key, key, sizeof(s->key));
    s->def = def;
    s->bucket = xcalloc(def->n_buckets, sizeof(*s->bucket));
    HASH_ADD_STR(m->table, key, s);
    return s;
}

static void
series_key(char key[SERIES_KEY_SIZE], const struct metric *def, const char *labels)
{
    memset(key, 0, SERIES_KEY_SIZE);
    (void)snprintf(key, SERIES_KEY_SIZE, labels ? "%s{%s}" : "%s", def->name, labels);
}

static int
series_order(const void *pa, const void *pb)
{
    const struct series *a = *(const struct series *const *)pa;
    const struct series *b = *(const struct series *const *)pb;
    int order = strcmp(a->def->name, b->def->name);

    return order ? order : strcmp(a->key, b->key);
}

static bool
histogram_render(const struct series *s, struct strbuf *sb)
{
    const char *brace = strchr(s->key, '{');
    int n = brace ? (int)strlen(brace) - 2 : 0; /* labels without the braces */
    const char *labels = brace ? brace + 1 : "";
    const char *comma = brace ? "," : "";
    uint64_t sum = 0;

    for (size_t i = 0; i < s->def->n_buckets; i++) {
        sum += s->bucket[i];
        (void)strbuf_addf(sb, "%s_bucket{%.*s%sle=\"%g\"} %llu\n", s->def->name, n, labels, comma, s->def->buckets[i],
                          (unsigned long long)sum);
    }
    (void)strbuf_addf(sb, "%s_bucket{%.*s%sle=\"+Inf\"} %llu\n", s->def->name, n, labels, comma,
                      (unsigned long long)s->count);
    (void)strbuf_addf(sb, "%s_sum%s %.17g\n", s->def->name, brace ? brace : "", s->value);
    return strbuf_addf(sb, "%s_count%s %llu\n", s->def->name, brace ? brace : "", (unsigned long long)s->count);
}
