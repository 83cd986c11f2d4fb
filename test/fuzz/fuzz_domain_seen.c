// Any text as libvirt's description of a domain, and as its log of QEMU: what is read is short, text, and one of the words we know.
#include "fuzz.h"

#include "base/json.h"
#include "observe/domain_read.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *text = xcalloc(1, size + 1);
    struct domain_seen seen = {0};

    if (size > 0) {
        memcpy(text, data, size);
    }
    domain_read_xml(text, &seen);
    AUTO(json_freep) json_t *machine = json_string(seen.machine);
    BUG_ON(!machine || !memchr(seen.machine, '\0', sizeof(seen.machine)));
    const char *end = domain_end_in_log(text, size);
    BUG_ON(end && !str_eq(end, "shutdown") && !str_eq(end, "destroyed") && !str_eq(end, "crashed"));
    size_t len = 0;
    const char *words = domain_words_in_log(text, size, &len);
    BUG_ON(words && (words < text || words + len > text + size || memchr(words, '\n', len)));
    return 0;
}
