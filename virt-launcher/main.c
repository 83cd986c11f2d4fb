// The manager, virt-launcher: arguments to options, signals to the guest, its end to an exit code. Decides nothing.
#include <getopt.h>
#include <signal.h>
#include <unistd.h>

#include "ask_capabilities.h"
#include "base/clock.h"
#include "domain/domain_plan.h"
#include "domain/parts.h"
#include "effect/agent_probe.h"
#include "effect/libvirt_daemon.h"
#include "guest/guest.h"

struct app {
    struct guest *guest;
    uv_signal_t terminate;
    uv_signal_t interrupt;
};

/* What else the program does than to run the guest; all zeros: nothing. */
struct purpose {
    unsigned probe_s;       /* asks the guest agent, and has so long */
    const char *hypervisor; /* says what guests can run here with it */
};

static const char usage[] =
    "usage: virt-launcher [--root DIR] [--stop-since MS] [--print-rules] [--print-parts]\n"
    "       virt-launcher [--root DIR] --probe-agent SECONDS [-- COMMAND ARGUMENT...]\n"
    "       virt-launcher [--root DIR] --capabilities kvm|qemu\n"
    "\n"
    "Runs the virtual machine of this pod, described in /var/run/vmbridge/info/instance.json, until it ends.\n"
    "Started and kept alive by virt-launcher-monitor. docs/launcher.md explains exit codes and files.\n"
    "\n"
    "  --root DIR       put DIR before every path of the pod, to run outside one\n"
    "  --stop-since MS  the pod was asked to end at this monotonic time, before this process began\n"
    "  --probe-agent S  exit 0 when the guest agent answers within S seconds, or has run the command with success "
    "(probes)\n"
    "  --capabilities HYPERVISOR\n"
    "                   run no machine: say as JSON, in the termination message too, what guests libvirt can run here "
    "with\n"
    "                   that hypervisor, kvm or qemu (which emulates)\n"
    "  --print-rules    print the rules by which it decides, in order, and exit\n"
    "  --print-parts    print of what a description is made, and what of a change reaches a running guest, and exit\n";

static void
on_signal(uv_signal_t *s, int number)
{
    struct app *app = s->data;

    (void)number; /* both mean the same */
    guest_stop(app->guest);
}

static void
print_rules(void)
{
    for (size_t i = 0; domain_rule_name(i); i++) {
        printf("%2zu %s\n", i + 1, domain_rule_name(i));
    }
}

/* The table of virt-launcher/README.md. */
static void
print_parts(void)
{
    static const char *const live[] = {[LIVE_NO] = "no", [LIVE_PARTLY] = "partly"};

    printf("| family | elements | live | what |\n|---|---|---|---|\n");
    for (size_t i = 0; i < domain_parts_len; i++) {
        const struct part *p = domain_parts[i];
        printf("| %s | %s | %s | %s |\n", p->name, p->elements, live[p->live], p->about);
    }
}

/* False when the process is to end with 'ret_code' now. */
static bool
read_arguments(int argc, char **argv, struct guest_options *o, struct purpose *ret_purpose, int *ret_code)
{
    static const struct option options[] = {{"root", required_argument, NULL, 'r'},
                                            {"stop-since", required_argument, NULL, 's'},
                                            {"capabilities", required_argument, NULL, 'c'},
                                            {"print-rules", no_argument, NULL, 'p'},
                                            {"print-parts", no_argument, NULL, 'd'},
                                            {"probe-agent", required_argument, NULL, 'a'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};

    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread exists yet
    for (int c = getopt_long(argc, argv, "h", options, NULL); c != -1; c = getopt_long(argc, argv, "h", options, NULL)) {
        switch (c) {
        case 'r':
            o->root = optarg;
            break;
        case 's':
            o->stop_ms = strtoll(optarg, NULL, 10);
            break;
        case 'c':
            ret_purpose->hypervisor = optarg;
            break;
        case 'a':
            ret_purpose->probe_s = (unsigned)strtoll(optarg, NULL, 10);
            break;
        case 'p':
            print_rules();
            *ret_code = 0;
            return false;
        case 'd':
            print_parts();
            *ret_code = 0;
            return false;
        case 'h':
            fputs(usage, stdout);
            *ret_code = 0;
            return false;
        default:
            fputs(usage, stderr);
            *ret_code = 2;
            return false;
        }
    }
    return true;
}

static struct err *
set_environment(const struct guest_options *o)
{
    struct arena *a = arena_new(65536);
    struct paths paths;

    paths_make(a, o->root, &paths);
    struct err *e = libvirt_daemon_environment(&paths);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): as above
    if (!e && setenv("UV_THREADPOOL_SIZE", "3", 1) != 0) { /* guest, agent, name lookups */
        e = err_new(ERR_FATAL, "set the environment");
    }
    arena_free(a);
    return e;
}

static int
probe(const struct guest_options *o, unsigned seconds, char *const *command)
{
    struct arena *a = arena_new(65536);
    struct paths paths;

    paths_make(a, o->root, &paths);
    int code = agent_probe_run(&paths, seconds, command);
    arena_free(a);
    return code;
}

static void
watch_signals(struct app *app, uv_loop_t *loop)
{
    BUG_ON(uv_signal_init(loop, &app->terminate) != 0);
    BUG_ON(uv_signal_init(loop, &app->interrupt) != 0);
    app->terminate.data = app->interrupt.data = app;
    BUG_ON(uv_signal_start(&app->terminate, on_signal, SIGTERM) != 0);
    BUG_ON(uv_signal_start(&app->interrupt, on_signal, SIGINT) != 0);
}

int
main(int argc, char **argv)
{
    struct guest_options o = {.root = "", .born_ms = clock_mono_ms()};
    struct app app = {0};
    uv_loop_t *loop = uv_default_loop();
    enum exit_code code = EXIT_START_FAILED;
    const struct log log = {.part = "launcher"};
    struct purpose purpose = {0};
    int early;

    if (!read_arguments(argc, argv, &o, &purpose, &early)) {
        return early;
    }
    AUTO(err_freep) struct err *e = set_environment(&o);
    if (e) {
        log_error(&log, "cannot begin", F_ERR(e));
        return EXIT_START_FAILED;
    }
    if (purpose.probe_s > 0) {
        return probe(&o, purpose.probe_s, argv + optind);
    }
    (void)signal(SIGPIPE, SIG_IGN); /* write() tells */
    if (purpose.hypervisor) {
        return ask_capabilities(o.root, purpose.hypervisor);
    }
    app.guest = guest_start(loop, &o);
    watch_signals(&app, loop);
    while (!guest_is_over(app.guest, &code)) {
        (void)uv_run(loop, UV_RUN_DEFAULT); /* stopped by the guest's end */
    }
    _exit(code); /* a worker that hangs in libvirt must not hold us */
}
