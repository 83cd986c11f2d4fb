// Any text as base64: refused, or as many bytes as its signs say; and it is read the same with blanks in it.
#include "fuzz.h"

#include "effect/cloud_init.h"

static size_t
count_signs(const char *text)
{
    size_t n = 0;

    for (; *text && *text != '='; text++) {
        n += !strchr(" \t\r\n", *text);
    }
    return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    AUTO(freep) char *spread = xcalloc(2, size + 1);
    AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(CLOUD_INIT_PART_MAX);
    AUTO(strbuf_fini) struct strbuf again = STRBUF_INIT(CLOUD_INIT_PART_MAX);
    AUTO(err_freep) struct err *e = cloud_init_base64(text, &out);

    for (size_t i = 0; text[i]; i++) {
        spread[2 * i] = text[i];
        spread[2 * i + 1] = '\n';
    }
    AUTO(err_freep) struct err *e2 = cloud_init_base64(spread, &again);
    BUG_ON(!e != !e2);
    if (!e) {
        BUG_ON(out.len != count_signs(text) * 3 / 4);
        BUG_ON(out.len != again.len || (out.len > 0 && memcmp(out.buf, again.buf, out.len) != 0));
    }
    return 0;
}
