// vmbridge-controller: argv and environment in, the loop runs, signals end it.
#include "app.h"
#include "base/log.h"
#include "reconcile/kinds.h"
#include "reconcile/rules.h"
#include "vmbridge_version.h"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

enum { N_SIGNALS = 2, TRIM_BYTES = 64 * 1024, FILES_MAX = 65536 };

struct process {
    uv_loop_t loop;
    struct app *app;
    uv_signal_t signals[N_SIGNALS];
};

static const struct log lg = {.part = "main"};

/* Columns are as wide as the longest name. */
static int
kind_width(void)
{
    size_t width = 0;

    for (size_t k = 0; k < n_kinds; k++) {
        size_t len = strlen(kinds[k]->kind);
        width = len > width ? len : width;
    }
    return (int)width;
}

static void
print_rules(void)
{
    int w = kind_width();

    for (size_t k = 0; k < n_kinds; k++) {
        const struct rules *rules = kinds[k]->rules;
        for (size_t i = 0; rules && i < rules->n; i++) {
            (void)printf("%-*s %2zu  %-18s %s\n", w, kinds[k]->kind, i + 1, rules->items[i].name, rules->items[i].says);
        }
    }
}

/* The arrows: a change of the first is looked at as one of the second. */
static void
print_kinds(void)
{
    int w = kind_width();

    for (size_t k = 0; k < n_kinds; k++) {
        (void)printf("%-*s %-*s %s\n", w, kinds[k]->kind, w, kinds[k]->sync ? "itself" : "-",
                     kinds[k]->sync ? "an object of it is reconciled" : "only read");
        for (size_t i = 0; i < arrows.n; i++) {
            if (arrows.items[i].from == kinds[k]) {
                (void)printf("%-*s %-*s %s\n", w, kinds[k]->kind, w, arrows.items[i].to->kind, arrows.items[i].says);
            }
        }
    }
}

static void
on_signal(uv_signal_t *handle, int signum)
{
    struct process *p = handle->data;

    (void)signum; /* both mean the same */
    for (size_t i = 0; i < N_SIGNALS; i++) {
        if (!uv_is_closing((uv_handle_t *)&p->signals[i])) {
            uv_close((uv_handle_t *)&p->signals[i], NULL);
        }
    }
    app_stop(p->app);
}

static void
watch_signals(struct process *p)
{
    static const int numbers[N_SIGNALS] = {SIGTERM, SIGINT};

    for (size_t i = 0; i < N_SIGNALS; i++) {
        BUG_ON(uv_signal_init(&p->loop, &p->signals[i]) != 0);
        p->signals[i].data = p;
        BUG_ON(uv_signal_start(&p->signals[i], on_signal, numbers[i]) != 0);
        uv_unref((uv_handle_t *)&p->signals[i]); /* signals alone do not keep the loop alive */
    }
}

/* A peer that goes shows as an error of the write. */
static void
ignore_broken_pipes(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    BUG_ON(sigaction(SIGPIPE, &ignore, NULL) != 0);
}

/* A launcher is a file, a stranger at the door another; what a service manager or a container runtime gives to begin with may be 1,024.
 * What it forbids to raise stays. */
static void
raise_files_limit(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FILES_MAX) {
        files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int
run(const struct options *options)
{
    struct process p = {0};

    BUG_ON(uv_loop_init(&p.loop) != 0);
    AUTO(err_freep) struct err *e = app_new(&p.loop, options, VMBRIDGE_VERSION, &p.app);
    if (e) {
        log_error(&lg, "cannot start", F_ERR(e));
        return EXIT_FAILURE;
    }
    watch_signals(&p);
    (void)uv_run(&p.loop, UV_RUN_DEFAULT); /* ends when every stage has closed its handles */
    int rc = app_failure(p.app) ? EXIT_FAILURE : EXIT_SUCCESS;
    app_free(p.app);
    for (size_t i = 0; i < N_SIGNALS; i++) {
        if (!uv_is_closing((uv_handle_t *)&p.signals[i])) {
            uv_close((uv_handle_t *)&p.signals[i], NULL);
        }
    }
    (void)uv_run(&p.loop, UV_RUN_DEFAULT); /* for the closing of the signals */
    if (uv_loop_close(&p.loop) != 0) {
        log_warn(&lg, "handles are left on the loop");
    }
    return rc;
}

int
main(int argc, char **argv)
{
    struct options options = {0};

    AUTO(err_freep) struct err *e = options_parse(argc, argv, &options);
    if (e) {
        (void)fprintf(stderr, "vmbridge-controller: %s\n", err_text(e));
        return 2;
    }
    switch (options.verb) {
    case OPTIONS_HELP:
        options_help(stdout);
        return EXIT_SUCCESS;
    case OPTIONS_VERSION:
        (void)printf("vmbridge-controller %s\n", VMBRIDGE_VERSION);
        return EXIT_SUCCESS;
    case OPTIONS_PRINT_RULES:
        print_rules();
        return EXIT_SUCCESS;
    case OPTIONS_PRINT_KINDS:
        print_kinds();
        return EXIT_SUCCESS;
    case OPTIONS_RUN:
        break;
    }
    ignore_broken_pipes();
    raise_files_limit();
    (void)mallopt(M_ARENA_MAX, 1);               // NOLINT(concurrency-mt-unsafe): one thread allocates, others hardly
    (void)mallopt(M_TRIM_THRESHOLD, TRIM_BYTES); // NOLINT(concurrency-mt-unsafe): memory goes back after a burst
    (void)mallopt(M_MMAP_THRESHOLD, 2 * TRIM_BYTES); // NOLINT(concurrency-mt-unsafe): large buffers leave no holes
    return run(&options);
}
