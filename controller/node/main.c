// vmbridge-node: argv and environment in, the loop runs, signals end it.
#include "agent.h"
#include "report.h"
#include "try.h"

#include "base/log.h"
#include "vmbridge_version.h"

#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>

enum { N_SIGNALS = 2, TRIM_BYTES = 32 * 1024, ONLY_US = 0177 };

struct process {
    uv_loop_t loop;
    struct agent *agent;
    uv_signal_t signals[N_SIGNALS];
};

static const struct log lg = {.part = "node"};

static void
on_signal(uv_signal_t *handle, int signum)
{
    const struct process *p = handle->data;

    (void)signum; /* both mean the same */
    agent_stop(p->agent);
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

static int
run(const struct node_options *options)
{
    struct process p = {0};

    BUG_ON(uv_loop_init(&p.loop) != 0);
    AUTO(err_freep) struct err *e = agent_new(&p.loop, options, &p.agent);
    if (e) {
        log_error(&lg, "cannot start", F_ERR(e));
        return EXIT_FAILURE;
    }
    watch_signals(&p);
    (void)uv_run(&p.loop, UV_RUN_DEFAULT); /* ends when all has closed its handles */
    int rc = agent_has_failed(p.agent) ? EXIT_FAILURE : EXIT_SUCCESS;
    for (size_t i = 0; i < N_SIGNALS; i++) {
        uv_close((uv_handle_t *)&p.signals[i], NULL);
    }
    (void)uv_run(&p.loop, UV_RUN_DEFAULT);
    agent_free(p.agent);
    if (uv_loop_close(&p.loop) != 0) {
        log_debug(&lg, "handles are left on the loop"); /* of a check that hangs */
    }
    return rc;
}

static int
try_device(const struct node_options *options)
{
    AUTO(err_freep) struct err *e = device_try(&options->devices[0], options->root);

    if (e) {
        (void)printf("%s", err_text(e));
    }
    return e ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
    struct node_options options = {0};

    AUTO(err_freep) struct err *e = node_options_parse(argc, argv, &options);
    if (e) {
        (void)fprintf(stderr, "vmbridge-node: %s\n", err_text(e));
        return 2;
    }
    ignore_broken_pipes();
    switch (options.verb) {
    case NODE_HELP:
        node_options_help(stdout);
        return EXIT_SUCCESS;
    case NODE_VERSION:
        (void)printf("vmbridge-node %s\n", VMBRIDGE_VERSION);
        return EXIT_SUCCESS;
    case NODE_TRY:
        return try_device(&options);
    case NODE_CHECK:
        return report_check(&options, stdout);
    case NODE_HEALTHY:
        return report_healthy(&options, stdout);
    case NODE_RUN:
        break;
    }
    (void)umask(ONLY_US);
    (void)mallopt(M_ARENA_MAX, 1);               // NOLINT(concurrency-mt-unsafe): there is one thread
    (void)mallopt(M_TRIM_THRESHOLD, TRIM_BYTES); // NOLINT(concurrency-mt-unsafe): memory goes back after a list of shares
    (void)mallopt(M_MMAP_THRESHOLD, 2 * TRIM_BYTES); // NOLINT(concurrency-mt-unsafe): large messages leave no holes
    return run(&options);
}
