// Clocks and Kubernetes' time format.
#include "clock.h"

#include <time.h>

static const int64_t year_1000_s = -30610224000, year_10000_s = 253402300800;

int64_t
clock_mono_ms(void)
{
    struct timespec t;

    BUG_ON(clock_gettime(CLOCK_MONOTONIC, &t) != 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
clock_wall_s(void)
{
    struct timespec t;

    BUG_ON(clock_gettime(CLOCK_REALTIME, &t) != 0);
    return t.tv_sec;
}

void
clock_format(int64_t wall_s, char ret_text[CLOCK_TIME_SIZE])
{
    time_t t = (time_t)wall_s;
    bool can_say = wall_s >= year_1000_s && wall_s < year_10000_s; /* strftime writes years as long as they are */
    struct tm tm;

    if (!can_say || !gmtime_r(&t, &tm) || strftime(ret_text, CLOCK_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        memcpy(ret_text, "1970-01-01T00:00:00Z", CLOCK_TIME_SIZE);
    }
}

bool
clock_parse(const char *text, int64_t *ret_wall_s)
{
    struct tm tm = {0};
    const char *p = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    int64_t offset_s = 0;

    if (!p) {
        return false;
    }
    if (*p == '.') {
        size_t digits = strspn(p + 1, "0123456789");
        if (digits == 0) {
            return false;
        }
        p += 1 + digits;
    }
    if (*p == '+' || *p == '-') {
        int h;
        int m;
        if (strlen(p) != 6 || sscanf(p + 1, "%2d:%2d", &h, &m) != 2) {
            return false;
        }
        offset_s = (h * 60 + m) * 60 * (*p == '-' ? -1 : 1);
    } else if (!str_eq(p, "Z")) {
        return false;
    }
    *ret_wall_s = (int64_t)timegm(&tm) - offset_s;
    return true;
}
