// getrandom(2).
#include "random.h"

#include <sys/random.h>

uint32_t
random_u32(void)
{
    uint32_t n = 0;

    return getrandom(&n, sizeof(n), GRND_NONBLOCK) == sizeof(n) ? n : 0;
}
