// PID 1 of the launcher container: starts the manager, starts it again when it dies, reaps everything, passes signals and the exit
// code on. It knows libc alone, allocates nothing and never touches the guest while a manager can be had.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "exit_code.h"
#include "run_names.h"

enum {
    ARGS_MAX = 32,
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MAX_MS = 10000,
    LIVED_WELL_MS = 60000, /* a manager that lived this long starts the back-off anew */
    GRACE_DEFAULT_S = 30,
    GRACE_EXTRA_MS = 10000, /* a manager that can run is done by then */
    TICK_MS = 1000,
};

static const char usage[] = "usage: virt-launcher-monitor [--ready | --started | OPTION...]\n"
                            "\n"
                            "Runs virt-launcher, which stands beside it, and keeps it running until it says how the "
                            "guest ended; its exit code\n"
                            "is then ours. Options are passed on. SIGTERM and SIGINT ask the guest to shut down.\n"
                            "\n"
                            "  --ready     exit 0 when the guest runs and is not paused, else 1 (readiness probe)\n"
                            "  --started   exit 0 when QEMU exists, else 1 (startup probe)\n"
                            "  --root DIR  put DIR before every path of the pod\n";

struct monitor {
    const char *root;
    char program[PATH_MAX];
    char *args[ARGS_MAX];
    char since[32];
    size_t n_args;
    pid_t manager; /* 0: none now */
    int64_t born_ms;
    int64_t restart_ms; /* when the next one is due */
    int64_t delay_ms;
    int64_t stop_ms; /* when we were asked to end; 0: not yet */
    bool is_qemu_told;
};

static int64_t
now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Lines that the manager cannot write, since it is not there. */
static void
say(const char *msg, const char *key, long long value)
{
    dprintf(STDERR_FILENO, "{\"level\":\"warn\",\"part\":\"monitor\",\"msg\":\"%s\",\"%s\":%lld}\n", msg, key, value);
}

static int
probe(const char *root, const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s" RUN_DIR "/%s", root, name);

    return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0 ? 0 : 1;
}

static bool
find_program(struct monitor *m)
{
    ssize_t n = readlink("/proc/self/exe", m->program, sizeof(m->program) - sizeof("virt-launcher"));

    if (n <= 0) {
        return false;
    }
    m->program[n] = '\0';
    char *slash = strrchr(m->program, '/');
    if (!slash) {
        return false;
    }
    (void)snprintf(slash + 1, sizeof("virt-launcher"), "virt-launcher");
    return true;
}

/* In the child: signals as a new program expects them. */
static void
become_manager(struct monitor *m, const sigset_t *watched)
{
    m->args[0] = m->program;
    m->args[m->n_args] = NULL;
    (void)pthread_sigmask(SIG_UNBLOCK, watched, NULL); /* cannot fail with these arguments */
    execv(m->program, m->args);
    dprintf(STDERR_FILENO, "{\"level\":\"error\",\"part\":\"monitor\",\"msg\":\"%s cannot be run: %s\"}\n", m->program,
            strerrordesc_np(errno));
    _exit(127);
}

static void
start_manager(struct monitor *m, const sigset_t *watched)
{
    static char option[] = "--stop-since";
    size_t n_before = m->n_args;

    if (m->stop_ms > 0) { /* it was not there to hear the signal */
        (void)snprintf(m->since, sizeof(m->since), "%lld", (long long)m->stop_ms);
        m->args[m->n_args++] = option;
        m->args[m->n_args++] = m->since;
    }
    m->born_ms = now_ms();
    pid_t pid = fork();
    if (pid == 0) {
        become_manager(m, watched);
    }
    m->n_args = n_before;
    m->manager = pid > 0 ? pid : 0;
    if (pid < 0) {
        say("the manager cannot be started", "errno", errno);
        m->restart_ms = m->born_ms + BACKOFF_MAX_MS;
    }
}

/* Doubles up to the most, and takes a third off at random so that a node full of launchers does not restart as one. */
static void
plan_restart(struct monitor *m)
{
    int64_t now = now_ms();
    struct timespec t;

    if (now - m->born_ms >= LIVED_WELL_MS) {
        m->delay_ms = 0;
    }
    m->delay_ms = m->delay_ms == 0 ? BACKOFF_FIRST_MS : m->delay_ms * 2;
    if (m->delay_ms > BACKOFF_MAX_MS) {
        m->delay_ms = BACKOFF_MAX_MS;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    m->restart_ms = now + m->delay_ms - (t.tv_nsec / 1000 + getpid()) % (m->delay_ms / 3 + 1);
}

/* Collects every child that ended. True when the manager ended for good, with its code. */
static bool
reap(struct monitor *m, int *ret_code)
{
    int status;

    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
        if (pid != m->manager) {
            continue;
        }
        m->manager = 0;
        if (WIFEXITED(status) && exit_code_is_final(WEXITSTATUS(status))) {
            *ret_code = WEXITSTATUS(status);
            return true;
        }
        say("the manager died; the guest runs on and the manager is started again",
            WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        plan_restart(m);
    }
    return false;
}

static int64_t
grace_ms(const struct monitor *m)
{
    char path[PATH_MAX];
    long long seconds = GRACE_DEFAULT_S;
    int n = snprintf(path, sizeof(path), "%s" RUN_DIR "/" RUN_GRACE, m->root);
    FILE *f = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "re") : NULL;

    if (f) {
        if (fscanf(f, "%lld", &seconds) != 1) {
            seconds = GRACE_DEFAULT_S;
        }
        (void)fclose(f);
    }
    if (seconds < 0 || seconds > INT32_MAX) {
        seconds = seconds < 0 ? 0 : INT32_MAX;
    }
    return seconds * 1000 + GRACE_EXTRA_MS;
}

static bool
signal_pid_file(const char *dir, const char *name, int number)
{
    char path[PATH_MAX];
    int pid = 0;
    int n = snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "re") : NULL;

    if (!f) {
        return false;
    }
    bool is_read = fscanf(f, "%d", &pid) == 1 && pid > 1;
    (void)fclose(f);
    return is_read && kill(pid, number) == 0;
}

/* Sends a signal to QEMU by the files that libvirt keeps; 0 only asks. True when there is a QEMU. */
static bool
signal_qemu(const struct monitor *m, int number)
{
    char dir[PATH_MAX];
    int n = snprintf(dir, sizeof(dir), "%s" RUN_DIR "/" RUN_PIDS, m->root);
    DIR *d = n > 0 && (size_t)n < sizeof(dir) ? opendir(dir) : NULL;
    bool is_there = false;

    if (!d) {
        return false;
    }
    for (const struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
        size_t len = strlen(entry->d_name);
        if (len > 4 && strcmp(entry->d_name + len - 4, ".pid") == 0 && strcmp(entry->d_name, "driver.pid") != 0) {
            is_there = signal_pid_file(dir, entry->d_name, number) || is_there;
        }
    }
    (void)closedir(d);
    return is_there;
}

/* The pod must end and no manager lives: QEMU itself is told, once its grace is over. True when there is nothing left to wait for. */
static bool
end_without_manager(struct monitor *m)
{
    if (m->stop_ms == 0 || m->manager != 0 || now_ms() - m->stop_ms < grace_ms(m)) {
        return false;
    }
    if (!m->is_qemu_told) {
        m->is_qemu_told = true;
        say("no manager could be kept alive; QEMU is told to end", "after_ms", (long long)(now_ms() - m->stop_ms));
        return !signal_qemu(m, SIGTERM);
    }
    return !signal_qemu(m, 0);
}

static void
on_stop(struct monitor *m, int number)
{
    if (m->stop_ms == 0) {
        m->stop_ms = now_ms();
    }
    if (m->manager > 0) {
        (void)kill(m->manager, number); /* it may have ended: then the next one is told by option */
    }
    m->restart_ms = 0; /* do not wait to hear of it */
}

static int
run(struct monitor *m)
{
    sigset_t watched;
    int code = EXIT_GUEST_CRASHED;

    (void)sigemptyset(&watched); /* these cannot fail */
    (void)sigaddset(&watched, SIGCHLD);
    (void)sigaddset(&watched, SIGTERM);
    (void)sigaddset(&watched, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &watched, NULL);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* as PID 1 we are it anyway */
    for (;;) {
        const struct timespec tick = {.tv_sec = TICK_MS / 1000};
        const struct timespec soon = {.tv_nsec = 50 * 1000000};
        if (m->manager == 0 && now_ms() >= m->restart_ms) {
            start_manager(m, &watched);
        }
        /* With a manager there is nothing to look at but signals: no tick. */
        int number =
            m->manager > 0 ? sigwaitinfo(&watched, NULL) : sigtimedwait(&watched, NULL, m->stop_ms ? &tick : &soon);
        if (number == SIGTERM || number == SIGINT) {
            on_stop(m, number);
        }
        if (reap(m, &code)) {
            return code;
        }
        if (end_without_manager(m)) {
            return EXIT_GUEST_DESTROYED;
        }
    }
}

int
main(int argc, char **argv)
{
    static struct monitor m = {.root = "", .n_args = 1};
    const char *mark = NULL;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--ready") == 0 || strcmp(argv[i], "--started") == 0) {
            mark = strcmp(argv[i], "--ready") == 0 ? RUN_READY : RUN_UP;
            continue;
        }
        if (strcmp(argv[i], "--root") == 0 && i + 1 < argc) {
            m.root = argv[i + 1];
        }
        if (m.n_args < ARGS_MAX - 3) {
            m.args[m.n_args++] = argv[i];
        }
    }
    if (mark) {
        return probe(m.root, mark);
    }
    if (!find_program(&m)) {
        say("virt-launcher is not found beside the monitor", "errno", errno);
        return EXIT_START_FAILED;
    }
    return run(&m);
}
