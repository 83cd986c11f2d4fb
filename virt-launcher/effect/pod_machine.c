// Files that are there or not, and what the kernel answers.
#include "effect/pod_machine.h"

#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"
#include "effect/files.h"

#define ZONES "/usr/share/zoneinfo"
#define CPUS "/sys/devices/system/cpu"

enum { NODES_MAX = 1024, CORES_OF_SOCKET = 65536 };

bool
pod_has_timezone(const char *zone)
{
    AUTO(freep) char *path = str_empty(zone) ? NULL : xasprintf(ZONES "/%s", zone);

    return path && file_exists(path);
}

/* A number that a file of the kernel holds; 0: there is none. */
static int
number_in(const char *dir, int cpu, const char *file)
{
    AUTO(freep) char *path = xasprintf("%s/cpu%d/topology/%s", dir, cpu, file);
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(64);
    AUTO(err_freep) struct err *e = file_read(path, &text);

    return e ? 0 : (int)strtol(strbuf_str(&text), NULL, 10);
}

static int
node_of(int cpu)
{
    for (int node = 0; node < NODES_MAX; node++) {
        AUTO(freep) char *path = xasprintf(CPUS "/cpu%d/node%d", cpu, node);
        if (file_exists(path)) {
            return node;
        }
    }
    return 0;
}

const struct node_cpu *
pod_cpus(struct arena *a, size_t *ret_n)
{
    struct node_cpu *cpus = ARENA_NEW_N(a, struct node_cpu, CPU_SETSIZE);
    cpu_set_t set;
    size_t n = 0;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        CPU_ZERO(&set); /* more CPUs than the set has: none are known */
    }
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET((size_t)i, &set)) {
            int core = number_in(CPUS, i, "physical_package_id") * CORES_OF_SOCKET + number_in(CPUS, i, "core_id");
            cpus[n++] = (struct node_cpu){.id = i, .core = core, .node = node_of(i)};
        }
    }
    *ret_n = n;
    return cpus;
}

bool
pod_may_bind_memory(void)
{
    return syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0) == 0; /* what it is anyway */
}

bool
pod_may_run_realtime(void)
{
    struct rlimit priority, locked;

    return getrlimit(RLIMIT_RTPRIO, &priority) == 0 && getrlimit(RLIMIT_MEMLOCK, &locked) == 0 &&
           priority.rlim_cur > 0 && locked.rlim_max == RLIM_INFINITY;
}
