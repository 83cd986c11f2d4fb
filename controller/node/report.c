// Each has a loop of its own, which ends when all answers are there.
#include "report.h"

#include "call.h"
#include "check.h"
#include "plugin.h"
#include "resource.h"

enum { ANSWER_MS = 900 };

struct asked {
    const struct device *device;
    FILE *out;
    bool is_fine;
};

static void checked(void *arg, const struct err *verdict);
static void answered(void *arg, const struct err *e);
static int sum(const struct asked *asked, size_t n);

int
report_check(const struct node_options *options, FILE *out)
{
    struct asked asked[DEVICES_MAX];
    uv_loop_t loop;

    BUG_ON(uv_loop_init(&loop) != 0);
    for (size_t i = 0; i < options->n_devices; i++) {
        asked[i] = (struct asked){.device = &options->devices[i], .out = out};
        (void)check_new(&loop, asked[i].device, options->root, checked, &asked[i]); /* it frees itself */
    }
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop); /* a check that hangs keeps its process: we end anyway */
    return sum(asked, options->n_devices);
}

int
report_healthy(const struct node_options *options, FILE *out)
{
    const struct strbuf empty = STRBUF_INIT(0);
    struct asked asked[DEVICES_MAX];
    uv_loop_t loop;
    size_t n;
    const struct device *offers = node_options_offers(options, &n);

    BUG_ON(uv_loop_init(&loop) != 0);
    for (size_t i = 0; i < n; i++) {
        AUTO(freep) char *socket = resource_socket(options->plugin_dir, &offers[i]);
        const struct call_request request = {
            .socket = socket, .method = PLUGIN_OPTIONS_METHOD, .body = &empty, .deadline_ms = ANSWER_MS};
        asked[i] = (struct asked){.device = &offers[i], .out = out};
        (void)call_new(&loop, &request, answered, &asked[i]); /* it frees itself */
    }
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    BUG_ON(uv_loop_close(&loop) != 0);
    return sum(asked, n);
}

static void
checked(void *arg, const struct err *verdict)
{
    struct asked *a = arg;

    a->is_fine = !verdict;
    (void)fprintf(a->out, "%-16s %s\n", a->device->name, verdict ? err_text(verdict) : "works");
}

static void
answered(void *arg, const struct err *e)
{
    struct asked *a = arg;

    a->is_fine = !e;
    if (e) {
        (void)fprintf(a->out, "%-16s %s\n", a->device->name, err_text(e));
    }
}

static int
sum(const struct asked *asked, size_t n)
{
    bool is_fine = true;

    for (size_t i = 0; i < n; i++) {
        is_fine = is_fine && asked[i].is_fine;
    }
    return is_fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
