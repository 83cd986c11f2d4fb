// Any text as a quantity: refused, or a value and its thousandths that agree.
#include "fuzz.h"

#include "api/walk/quantity.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    struct quantity q = {0};
    AUTO(err_freep) struct err *e = quantity_parse(text, &q);

    if (e) {
        BUG_ON(q.text);
        return 0;
    }
    BUG_ON(q.text != text);
    BUG_ON((q.value < 0) != (q.milli < 0));
    if (q.milli > -INT64_MAX && q.milli < INT64_MAX) {
        int64_t up = q.milli / 1000 + (q.milli % 1000 > 0) - (q.milli % 1000 < 0);
        BUG_ON(up != q.value);
    }
    return 0;
}
