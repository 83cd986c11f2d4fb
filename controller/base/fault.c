// Fault points; empty unless built with -Dfault=true.
#include "fault.h"

#ifdef VMB_FAULT
#include <stdatomic.h>

struct err *
fault_point(const char *name)
{
    static atomic_uint count; /* one process, one sweep: a test starts a new process per point */
    static atomic_flag fired = ATOMIC_FLAG_INIT;
    unsigned n = atomic_fetch_add(&count, 1) + 1;
    const char *want = getenv("VMB_FAULT_FAIL");

    if (getenv("VMB_FAULT_TRACE")) {
        (void)fprintf(stderr, "fault point %u %s\n", n, name);
    }
    if (!want) {
        return NULL;
    }
    bool hit = str_eq(want, name) || strtoul(want, NULL, 10) == n;
    if (!hit || atomic_flag_test_and_set(&fired)) {
        return NULL;
    }
    return err_new(ERR_RETRY, "fault injected at %s", name);
}
#else
typedef int fault_is_off; /* ISO C wants a declaration in every file */
#endif
