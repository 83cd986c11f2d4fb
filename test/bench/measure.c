// The kernel's accounts of this process.
#include "measure.h"

#include "base/base.h"

double
measure_private_kib(void)
{
    AUTO(fclosep) FILE *f = fopen("/proc/self/smaps_rollup", "re");
    char line[256];
    double sum = 0;

    while (f && fgets(line, sizeof(line), f)) {
        if (str_starts(line, "Private_")) {
            sum += strtod(strchr(line, ':') + 1, NULL);
        }
    }
    return sum;
}
