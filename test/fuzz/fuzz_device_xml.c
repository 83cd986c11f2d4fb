// Any two texts in place of libvirt's descriptions of a guest: an element comes out, or a sentence. The first byte says which device is meant.
#include "fuzz.h"

#include "observe/device_xml.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    unsigned how = data[0];
    const char *text_of_live = (const char *)data + 1, *end = (const char *)data + size;
    const char *cut = memchr(text_of_live, '\0', size - 1); /* behind it is the other text; else they are alike */
    const char *text_of_kept = cut ? cut + 1 : text_of_live;
    AUTO(freep) char *live = xstrndup(text_of_live, (size_t)(end - text_of_live));
    AUTO(freep) char *kept = xstrndup(text_of_kept, (size_t)(end - text_of_kept));
    const struct device_switch s = {.alias = how & 4 ? "ua-cd" : "ua-net", .is_cdrom = how & 1, .is_off = how & 2};
    AUTO(freep) char *text = NULL;

    AUTO(err_freep) struct err *e = device_xml_switch(live, kept, &s, &text);
    BUG_ON(e && text);
    BUG_ON(text && text[0] != '<');
    return 0;
}
