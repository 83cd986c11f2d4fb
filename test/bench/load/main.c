// vmbridge-load: plays the users and the launchers of a bench. Options, commands, and the end.
#include "batch.h"
#include "feed.h"
#include "launchers.h"
#include "load.h"

#include <getopt.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static const char usage[] =
    "usage: vmbridge-load --kubeconfig FILE [--namespaces N] [--prefix NAME]\n"
    "\n"
    "Plays the users and the launchers of a bench: reads one JSON command per line from a pipe on standard input and\n"
    "prints one JSON answer per command. test/bench/load/README.md lists the commands.\n"
    "\n"
    "  --kubeconfig FILE  of the API server\n"
    "  --namespaces N     that the machines are spread over, made where absent (1)\n"
    "  --prefix NAME      of the namespaces: NAME-0, NAME-1 ... (bench)\n";

enum { NAMESPACES_MAX = 100000 };

static const struct {
    const char *name;
    load_command_fn *run;
} commands[] = {
    {"watch", load_watch},
    {"create", load_create},
    {"delete", load_delete},
    {"apply", load_apply},
    {"wait", load_wait_for},
    {"times", load_times},
    {"versions", load_versions},
    {"connect", load_connect},
    {"connected", load_connected},
    {"report", load_report},
    {"disconnect", load_disconnect},
    {"ceiling", load_ceiling},
    {"status_writes", load_status_writes},
};

void
load_name(const struct load *l, size_t i, char ret_namespace[LOAD_NAMESPACE_SIZE], char ret_name[LOAD_NAME_SIZE])
{
    (void)snprintf(ret_namespace, LOAD_NAMESPACE_SIZE, "%s-%zu", l->prefix, i % l->n_namespaces);
    (void)snprintf(ret_name, LOAD_NAME_SIZE, "vm-%zu", i);
}

void
load_answer(struct load *l, json_t *answer)
{
    json_t *whole = json_pack("{s:b}", "ok", 1);

    BUG_ON(!answer || json_object_update(whole, answer) != 0);
    json_decref(answer);
    console_answer(l->console, whole);
}

void
load_refuse(struct load *l, struct err *e, json_t *facts)
{
    log_warn(&l->log, "command failed", F_ERR(e));
    console_refuse(l->console, e, facts);
}

void
load_answer_batch(struct load *l, const struct batch_result *r)
{
    json_t *answer = json_pack("{s:I, s:I, s:I, s:f}", "n", (json_int_t)r->n_done, "failed", (json_int_t)r->n_failed,
                               "writes", (json_int_t)r->n_writes, "seconds", r->seconds);

    if (r->first) {
        (void)json_object_set_new(answer, "first_failure", json_string(err_text(r->first)));
        log_warn(&l->log, "requests failed", F_I64("n", r->n_failed), F_ERR(r->first));
    }
    load_answer(l, answer);
}

struct err *
load_number(const json_t *command, const char *key, int64_t otherwise, int64_t max, size_t *ret_number)
{
    const json_t *j = json_object_get(command, key);
    int64_t v = json_is_integer(j) ? json_integer_value(j) : otherwise;

    if ((j && !json_is_integer(j)) || v < 0 || v > max) {
        return err_new(ERR_INVALID, "%s is no whole number from 0 to %lld", key, (long long)max);
    }
    *ret_number = (size_t)v;
    return NULL;
}

static void
on_command(void *arg, const json_t *command)
{
    struct load *l = arg;
    const char *name = json_str(command, "do");

    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (str_eq(name, commands[i].name)) {
            struct err *e = commands[i].run(l, command);
            if (e) {
                load_refuse(l, err_wrap(e, "%s", name), NULL);
            }
            return;
        }
    }
    load_refuse(l, err_new(ERR_INVALID, "there is no command '%s'", name ? name : ""), NULL);
}

static void
on_input_end(void *arg)
{
    struct load *l = arg;

    l->book.pod_gone = NULL;
    launchers_close(l->players);
    feeds_close(l->feeds);
    kube_close(l->kube);
    console_close(l->console);
}

static void
on_changed(void *arg)
{
    load_wait_check(arg);
}

static void
on_pod_gone(void *arg, const struct thing *pod)
{
    const struct load *l = arg;

    launchers_pod_gone(l->players, pod->uid);
}

static void
die_if(struct err *e)
{
    if (e) {
        (void)fprintf(stderr, "vmbridge-load: %s\n", err_text(e));
        exit(1);
    }
}

static void
on_namespaces(void *arg, const struct err *err)
{
    struct load *l = arg;
    const struct console_handler handler = {on_command, on_input_end, l};

    die_if(err ? err_wrap(err_copy(err), "namespaces") : NULL);
    die_if(console_new(&l->loop, STDIN_FILENO, &handler, &l->console));
}

static void
read_options(struct load *l, int argc, char **argv, const char **ret_kubeconfig)
{
    static const struct option options[] = {{"kubeconfig", required_argument, NULL, 'k'},
                                            {"namespaces", required_argument, NULL, 'n'},
                                            {"prefix", required_argument, NULL, 'p'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    long n = 1;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
    for (int c = getopt_long(argc, argv, "", options, NULL); c != -1; c = getopt_long(argc, argv, "", options, NULL)) {
        switch (c) {
        case 'k':
            *ret_kubeconfig = optarg;
            break;
        case 'n':
            n = strtol(optarg, NULL, 10);
            break;
        case 'p':
            l->prefix = optarg;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            exit(0);
        default:
            (void)fputs(usage, stderr);
            exit(2);
        }
    }
    if (!*ret_kubeconfig || n < 1 || n > NAMESPACES_MAX || strlen(l->prefix) > 40 || optind < argc) {
        (void)fputs(usage, stderr);
        exit(2);
    }
    l->n_namespaces = (size_t)n;
}

/* A connection is a file: as many as the kernel lets us. */
static void
raise_file_limit(void)
{
    struct rlimit limit = {0};

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* with fewer, 'connect' says so */
    }
}

int
main(int argc, char **argv)
{
    struct load l = {.prefix = "bench", .log = {.part = "load"}};
    const char *path = NULL;
    struct kube_config *config = NULL;
    const struct kube_options options = {.user_agent = "vmbridge-load"};

    read_options(&l, argc, argv, &path);
    raise_file_limit();
    (void)signal(SIGPIPE, SIG_IGN);
    die_if(kube_config_load(path, &config));
    BUG_ON(uv_loop_init(&l.loop) != 0);
    die_if(kube_new(&l.loop, config, &options, &l.kube));
    l.book.changed = on_changed;
    l.book.pod_gone = on_pod_gone;
    l.book.arg = &l;
    load_make_namespaces(&l, l.prefix, on_namespaces, &l);
    (void)uv_run(&l.loop, UV_RUN_DEFAULT);
    BUG_ON(uv_loop_close(&l.loop) != 0);
    book_fini(&l.book);
    kube_config_free(config);
    return 0;
}
