// Whatever stands in a label, what is rendered keeps its form: a line per sample, none of them made by a value.
#include "fuzz.h"

#include "base/metrics.h"

static const double buckets[] = {0.1, 1, 10};
static const struct metric counter = {.name = "fuzz_total", .help = "A counter.", .type = METRIC_COUNTER};
static const struct metric gauge = {.name = "fuzz_now", .help = "A gauge.", .type = METRIC_GAUGE};
static const struct metric histogram = {
    .name = "fuzz_seconds", .help = "A histogram.", .type = METRIC_HISTOGRAM, .buckets = buckets, .n_buckets = 3};

static size_t
count_lines(const char *text)
{
    size_t n = 0;

    for (; *text; text++) {
        n += *text == '\n';
    }
    return n;
}

/* The values that our code puts there are words of its own; a value with a quote or a line end would be its fault. */
static char *
as_label(const uint8_t *data, size_t size)
{
    char *text = xcalloc(size + 1, 1);
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        if (data[i] >= ' ' && data[i] != '"' && data[i] != '\\') {
            text[n++] = (char)data[i];
        }
    }
    return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *value = as_label(data, size);
    AUTO(freep) char *labels = xasprintf("kind=\"%s\"", value);
    AUTO(strbuf_fini) struct strbuf all = STRBUF_INIT(1 << 20);
    struct metrics *m = metrics_new();
    double number = 0;

    if (size >= sizeof(number)) {
        memcpy(&number, data, sizeof(number));
    }
    metrics_add(m, &counter, labels, number);
    metrics_add(m, &counter, NULL, 1);
    metrics_set(m, &gauge, labels, number);
    metrics_observe(m, &histogram, labels, number);
    metrics_observe(m, &histogram, labels, 0.5);
    BUG_ON(!metrics_render(m, &all));
    /* three metrics and the count of dropped samples, two lines of header each; 1 + 2 + 1 + (4 + 2) samples */
    BUG_ON(count_lines(strbuf_str(&all)) != 4 * 2 + 10);
    BUG_ON(metrics_value(m, &histogram, labels) != 2);
    metrics_free(m);
    return 0;
}
