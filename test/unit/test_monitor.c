// The monitor with real processes: a shell script stands where the manager would, beside a copy of the monitor.
#include "base/base.h"
#include "base/clock.h"
#include "exit_code.h"
#include "run_names.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 10000 };

static char dir[] = "/tmp/monitor.XXXXXX";

static char *
in_dir(const char *name)
{
    return xasprintf("%s/%s", dir, name);
}

static void
put(const char *name, const char *text, mode_t mode)
{
    AUTO(freep) char *path = in_dir(name);
    AUTO(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static bool
exists(const char *name)
{
    AUTO(freep) char *path = in_dir(name);

    return access(path, F_OK) == 0;
}

static bool
wait_for(const char *name)
{
    int64_t end_ms = clock_mono_ms() + WAIT_MS;

    while (!exists(name) && clock_mono_ms() < end_ms) {
        (void)poll(NULL, 0, 10);
    }
    return exists(name);
}

/* Starts the monitor with a script as its manager. The script knows $D, the folder of the test. */
static pid_t
start(const char *script, const char *option)
{
    AUTO(freep) char *text = xasprintf("#!/bin/sh\nD=%s\n%s\n", dir, script);
    AUTO(freep) char *monitor = in_dir("virt-launcher-monitor");

    put("virt-launcher", text, 0755);
    pid_t pid = fork();
    if (pid == 0) {
        execl(monitor, monitor, "--root", dir, option, (char *)NULL);
        _exit(126);
    }
    ck_assert_int_gt(pid, 0);
    return pid;
}

/* Exit code of the monitor; it must end in time. */
static int
end(pid_t pid)
{
    int64_t end_ms = clock_mono_ms() + WAIT_MS;
    int status = 0;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (clock_mono_ms() > end_ms) {
            ck_assert_int_eq(kill(pid, SIGKILL), 0);
            ck_abort_msg("the monitor did not end");
        }
        (void)poll(NULL, 0, 10);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static const struct {
    const char *name;
    const char *script;
    int want;
} ends[] = {
    {"the guest shut down", "exit 0", EXIT_GUEST_OFF},
    {"it was switched off", "exit 10", EXIT_GUEST_DESTROYED},
    {"it crashed", "exit 11", EXIT_GUEST_CRASHED},
    {"it never started", "exit 12", EXIT_START_FAILED},
    {"its spec is at fault", "exit 13", EXIT_SPEC_INVALID},
    {"a failure is no end", "echo x >>$D/runs; [ $(wc -l <$D/runs) -lt 3 ] && exit 1; exit 11", EXIT_GUEST_CRASHED},
    {"a signal is no end", "[ -e $D/runs ] || { echo x >$D/runs; kill -9 $$; }; exit 10", EXIT_GUEST_DESTROYED},
    {"an unknown code is no end", "[ -e $D/runs ] || { echo x >$D/runs; exit 14; }; exit 0", EXIT_GUEST_OFF},
    {"options are passed on", "[ \"$1$2$3\" = --root$D--print-rules ] && exit 10; exit 12", EXIT_GUEST_DESTROYED},
};

START_TEST(passes_the_end_on)
{
    AUTO(freep) char *runs = in_dir("runs");

    (void)unlink(runs); /* of the row before */
    int code = end(start(ends[_i].script, "--print-rules"));
    ck_assert_msg(code == ends[_i].want, "%s: %d, wanted %d", ends[_i].name, code, ends[_i].want);
}
END_TEST

START_TEST(forwards_signals)
{
    static const int numbers[] = {SIGTERM, SIGINT};
    pid_t pid = start("trap 'exit 10' TERM; trap 'exit 11' INT; : >$D/up; while :; do sleep 0.05; done", NULL);

    ck_assert(wait_for("up"));
    ck_assert_int_eq(kill(pid, numbers[_i]), 0);
    ck_assert_int_eq(end(pid), EXIT_GUEST_DESTROYED + _i);
    AUTO(freep) char *up = in_dir("up");
    ck_assert_int_eq(unlink(up), 0);
}
END_TEST

/* A manager that was not there to hear the signal is told by an option. */
START_TEST(remembers_a_signal)
{
    pid_t pid = start("for a; do [ $a = --stop-since ] && exit 0; done; : >$D/ran; exit 1", NULL);

    ck_assert(wait_for("ran"));
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(end(pid), EXIT_GUEST_OFF);
}
END_TEST

static bool
is_zombie_of(const char *name, pid_t parent)
{
    AUTO(freep) char *path = xasprintf("/proc/%s/stat", name);
    AUTO(fclosep) FILE *f = fopen(path, "re");
    char state = 0;
    int ppid = 0;

    return f && fscanf(f, "%*d (%*[^)]) %c %d", &state, &ppid) == 2 && ppid == parent && state == 'Z';
}

START_TEST(reaps_orphans)
{
    pid_t pid = start(
        "for i in 1 2 3 4 5; do (sleep 0.0$i &); done; sleep 0.3; : >$D/orphans; while :; do sleep 0.05; done", NULL);
    unsigned n = 0;

    ck_assert(wait_for("orphans"));
    DIR *d = opendir("/proc");
    ck_assert_ptr_nonnull(d);
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        n += is_zombie_of(e->d_name, pid);
    }
    (void)closedir(d);                       /* only read */
    ck_assert_int_eq(kill(pid, SIGTERM), 0); /* the script dies of it, then the next one too */
    ck_assert_uint_eq(n, 0);
    put("virt-launcher", "#!/bin/sh\nexit 0\n", 0755);
    ck_assert_int_eq(end(pid), EXIT_GUEST_OFF);
}
END_TEST

/* With no manager to be had, QEMU is told itself: but only after SIGTERM and the grace. */
START_TEST(ends_qemu_without_a_manager)
{
    AUTO(freep) char *pid_text = NULL;
    int status;

    pid_t qemu = fork();
    if (qemu == 0) {
        (void)signal(SIGTERM, SIG_DFL); /* Check has a handler of its own */
        (void)pause();
        _exit(0);
    }
    pid_text = xasprintf("%d\n", qemu);
    put("var/run/vmbridge/run/libvirt/qemu/run/default_vm1.pid", pid_text, 0644);
    put("var/run/vmbridge/run/" RUN_GRACE, "-10\n", 0644); /* takes the monitor's own ten seconds off */
    pid_t pid = start("exit 1", NULL);
    (void)poll(NULL, 0, 700);
    ck_assert_int_eq(waitpid(qemu, &status, WNOHANG), 0);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(waitpid(qemu, &status, 0), qemu);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    ck_assert_int_eq(end(pid), EXIT_GUEST_DESTROYED);
}
END_TEST

static int
probe(const char *option)
{
    AUTO(freep) char *command = xasprintf("exec %s/virt-launcher-monitor --root %s %s", dir, dir, option);
    FILE *f = popen(command, "re");

    ck_assert_ptr_nonnull(f);
    return WEXITSTATUS(pclose(f));
}

START_TEST(answers_probes)
{
    AUTO(freep) char *ready = in_dir("var/run/vmbridge/run/" RUN_READY);

    ck_assert_int_eq(probe("--started"), 1);
    ck_assert_int_eq(probe("--ready"), 1);
    put("var/run/vmbridge/run/" RUN_UP, "", 0644);
    ck_assert_int_eq(probe("--started"), 0);
    ck_assert_int_eq(probe("--ready"), 1);
    put("var/run/vmbridge/run/" RUN_READY, "", 0644);
    ck_assert_int_eq(probe("--ready"), 0);
    ck_assert_int_eq(unlink(ready), 0);
    ck_assert_int_eq(probe("--ready"), 1);
}
END_TEST

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st; /* everything goes */
    (void)kind;
    (void)at;
    return remove(path);
}

/* A copy, since the monitor looks for the manager in its own folder. */
static void
copy_monitor(void)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    BUG_ON(n <= 0);
    self[n] = '\0';
    for (int i = 0; i < 3; i++) { /* BUILD/test/unit/test_monitor */
        *strrchr(self, '/') = '\0';
    }
    AUTO(freep)
    char *command = xasprintf(
        "cp '%s/virt-launcher/virt-launcher-monitor' %s/ && mkdir -p %s/var/run/vmbridge/run/libvirt/qemu/run", self,
        dir, dir);
    FILE *f = popen(command, "re");
    BUG_ON(!f || pclose(f) != 0);
}

int
main(void)
{
    Suite *s = suite_create("monitor");
    TCase *t = tcase_create("all");

    BUG_ON(!mkdtemp(dir));
    copy_monitor();
    tcase_add_loop_test(t, passes_the_end_on, 0, ARRAY_LEN(ends));
    tcase_add_loop_test(t, forwards_signals, 0, 2);
    tcase_add_test(t, remembers_a_signal);
    tcase_add_test(t, reaps_orphans);
    tcase_add_test(t, ends_qemu_without_a_manager);
    tcase_add_test(t, answers_probes);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    BUG_ON(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
