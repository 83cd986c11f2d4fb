// Wall clock in milliseconds: what the times of a run are compared in, across processes.
#ifndef VMB_LOAD_NOW_H
#define VMB_LOAD_NOW_H

#include <stdint.h>
#include <time.h>

/* Milliseconds since 1970. */
static inline int64_t
now_wall_ms(void)
{
    struct timespec t = {0};

    (void)clock_gettime(CLOCK_REALTIME, &t); /* cannot fail with this clock */
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

#endif
