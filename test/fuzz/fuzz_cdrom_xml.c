// Any two texts in place of libvirt's descriptions of a guest: an element comes out, or a sentence.
#include "fuzz.h"

#include "observe/cdrom_xml.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const char *text_of_live = (const char *)data + 1, *end = (const char *)data + size;
    const char *cut = memchr(text_of_live, '\0', size - 1); /* behind it is the other text; else they are alike */
    const char *text_of_kept = cut ? cut + 1 : text_of_live;
    AUTO(freep) char *live = xstrndup(text_of_live, (size_t)(end - text_of_live));
    AUTO(freep) char *kept = xstrndup(text_of_kept, (size_t)(end - text_of_kept));
    AUTO(freep) char *text = NULL;

    AUTO(err_freep) struct err *e = cdrom_xml_switch(live, kept, "ua-cd", data[0] & 1, &text);
    BUG_ON(e && text);
    BUG_ON(text && text[0] != '<');
    return 0;
}
