// Any text as what qemu-img says of an image: refused, or a size.
#include "fuzz.h"

#include "base/base.h"
#include "effect/disk_file.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    int64_t bytes = 0;
    AUTO(err_freep) struct err *e = disk_file_read_info(text, &bytes);

    BUG_ON(!e && bytes <= 0);
    return 0;
}
