// Any texts come back from what is packed of them; packed bytes that were damaged in memory are an error or another text, never a read
// or a write beside what is theirs.
#include "fuzz.h"

#include "cache/packed.h"

enum { TEXTS_MAX = 64 };

static void
damage(const struct packed *t, uint8_t where, uint8_t how)
{
    AUTO(packed_freep) struct packed *copy = packed_copy(t);
    AUTO(freep) char *text = NULL;

    if (copy->size > 0) {
        unsigned char *at = (unsigned char *)&copy->bytes[(size_t)where * copy->size / 256];
        *at ^= how;
    }
    AUTO(err_freep) struct err *e = packed_text(copy, &text);
    BUG_ON(!e && strlen(text) > copy->len);
    BUG_ON(e && err_class(e) != ERR_FATAL);
    (void)packed_is(copy, "x", 1);
}

static void
check_one(struct packer *p, const char *text, size_t len, const uint8_t damages[2])
{
    AUTO(packed_freep) struct packed *t = packed_new(p, text, len);
    AUTO(freep) char *again = NULL;
    AUTO(err_freep) struct err *e = packed_text(t, &again);

    BUG_ON(e || memcmp(again, text, len) != 0 || again[len] != '\0' || !packed_is(t, text, len));
    BUG_ON(packed_bytes(t) > sizeof(*t) + len);
    damage(t, damages[0], damages[1]);
}

/* The first bytes say how often and how the texts are cut and damaged; the rest is text. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4) {
        return 0;
    }
    struct packer *p = packer_new();
    const char *text = (const char *)data + 4;
    size_t len = size - 4;

    for (size_t i = 0; i <= data[0] % TEXTS_MAX; i++) {
        size_t from = len * (i * data[1] % 256) / 256;
        size_t n = (len - from) * (255 - i * data[2] % 256) / 255;
        check_one(p, text + from, n, data + 2);
    }
    packer_free(p);
    return 0;
}
