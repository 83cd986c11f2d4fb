// Health and metrics pages: what the checks say, and what the process itself uses. Decides nothing.
#include "serve/http/health.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

static const struct metric resident = {"process_resident_memory_bytes", "Resident memory size in bytes.", METRIC_GAUGE,
                                       NULL, 0};
static const struct metric virtual = {"process_virtual_memory_bytes", "Virtual memory size in bytes.", METRIC_GAUGE,
                                      NULL, 0};
static const struct metric cpu = {"process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                                  METRIC_COUNTER, NULL, 0};
static const struct metric open_fds = {"process_open_fds", "Number of open file descriptors.", METRIC_GAUGE, NULL, 0};
static const struct metric max_fds = {"process_max_fds", "Maximum number of open file descriptors.", METRIC_GAUGE, NULL,
                                      0};
static const struct metric start_time = {
    "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", METRIC_GAUGE, NULL, 0};

static bool
read_small(const char *path, char *buf, size_t size)
{
    AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

    if (n <= 0) {
        return false;
    }
    buf[n] = '\0';
    return true;
}

static int
count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    if (!dir) {
        return 0;
    }
    for (const struct dirent *d = readdir(dir); d; d = readdir(dir)) {
        n += d->d_name[0] != '.';
    }
    closedir(dir);
    return n - 1; /* the folder's own */
}

/* Ticks since boot at which the process started: field 22 of its stat line, counted from behind the program's name. */
static unsigned long long
start_ticks(void)
{
    char stat[1024];
    const char *p = NULL;
    unsigned long long ticks = 0;

    if (read_small("/proc/self/stat", stat, sizeof(stat))) {
        p = strrchr(stat, ')');
    }
    for (int field = 2; p && field < 22; field++) {
        p = strchr(p + 1, ' ');
    }
    if (p) {
        ticks = strtoull(p, NULL, 10);
    }
    return ticks;
}

static double
boot_time_s(void)
{
    char uptime[64];

    if (!read_small("/proc/uptime", uptime, sizeof(uptime))) {
        return 0;
    }
    return (double)clock_wall_s() - strtod(uptime, NULL);
}

static double
timeval_s(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

void
health_process_metrics(struct metrics *m)
{
    char statm[128];
    struct rusage usage;
    struct rlimit files;

    if (read_small("/proc/self/statm", statm, sizeof(statm))) {
        char *rest = NULL;
        double page = (double)sysconf(_SC_PAGESIZE);
        double pages = (double)strtoull(statm, &rest, 10);

        metrics_set(m, &virtual, NULL, pages * page);
        metrics_set(m, &resident, NULL, (double)strtoull(rest, NULL, 10) * page);
    }
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        double used_s = timeval_s(usage.ru_utime) + timeval_s(usage.ru_stime);

        metrics_add(m, &cpu, NULL, used_s - metrics_value(m, &cpu, NULL));
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        metrics_set(m, &max_fds, NULL, (double)files.rlim_cur);
    }
    metrics_set(m, &open_fds, NULL, count_fds());
    if (metrics_value(m, &start_time, NULL) <= 0) { /* once: the wall clock may be set later */
        metrics_set(m, &start_time, NULL, boot_time_s() + (double)start_ticks() / (double)sysconf(_SC_CLK_TCK));
    }
}

static unsigned
answer(const char *(*check)(void *arg), void *arg, struct strbuf *body)
{
    const char *reason = check ? check(arg) : NULL;

    strbuf_addf(body, "%s\n", reason ? reason : "ok");
    return reason ? 503 : 200;
}

static unsigned
get_healthz(void *arg, struct strbuf *body)
{
    const struct health_checks *h = arg;

    return answer(h->healthy, h->arg, body);
}

static unsigned
get_readyz(void *arg, struct strbuf *body)
{
    const struct health_checks *h = arg;

    return answer(h->ready, h->arg, body);
}

static unsigned
get_metrics(void *arg, struct strbuf *body)
{
    const struct health_checks *h = arg;

    health_process_metrics(h->metrics);
    if (h->measure) {
        h->measure(h->arg);
    }
    /* Too large shows in 'body', which the server looks at. */
    (void)metrics_render(h->metrics, body);
    return 200;
}

void
health_pages(const struct health_checks *checks, struct server_page ret_pages[HEALTH_N_PAGES])
{
    static const char plain[] = "text/plain; charset=utf-8";
    void *arg = (void *)(uintptr_t)checks; /* pages carry a plain pointer; it is only read through */

    ret_pages[0] = (struct server_page){"/healthz", plain, get_healthz, arg, true};
    ret_pages[1] = (struct server_page){"/readyz", plain, get_readyz, arg, true};
    ret_pages[2] = (struct server_page){"/metrics", "text/plain; version=0.0.4; charset=utf-8", get_metrics, arg, false};
}
