// Any text as a time: refused, or a number of seconds that is written and read as the same. Any number as a time: text that can be read.
#include "fuzz.h"

#include "base/clock.h"

static const int64_t year_1000_s = -30610224000, year_10000_s = 253402300800;

static void
check_number(int64_t wall_s)
{
    char text[CLOCK_TIME_SIZE];
    bool can_say = wall_s >= year_1000_s && wall_s < year_10000_s;
    int64_t again_s = -1;

    clock_format(wall_s, text);
    BUG_ON(strlen(text) != CLOCK_TIME_SIZE - 1 || !clock_parse(text, &again_s));
    BUG_ON(again_s != (can_say ? wall_s : 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    int64_t wall_s = 77;

    if (clock_parse(text, &wall_s)) {
        check_number(wall_s);
    } else {
        BUG_ON(wall_s != 77);
    }
    if (size >= sizeof(wall_s)) {
        memcpy(&wall_s, data, sizeof(wall_s));
        check_number(wall_s);
        check_number(wall_s % year_10000_s);
    }
    return 0;
}
