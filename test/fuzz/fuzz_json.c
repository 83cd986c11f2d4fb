// What jansson reads is read as the same, and comes back from what is written; parts of a text are what a cut of its whole tree keeps.
#include "fuzz.h"

#include "base/json.h"
#include "cache/transform.h"
#include "reconcile/pod/pod_kind.h"

/* Longer or deeper texts may hold what is refused or replaced; behind a NUL jansson reads no more. */
static bool
is_plain(const char *text, size_t len)
{
    size_t n_open = 0;

    for (size_t i = 0; i < len; i++) {
        n_open += text[i] == '[' || text[i] == '{';
    }
    return n_open < JSON_DEPTH_MAX && len < 500 && !memchr(text, 0, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    AUTO(json_freep) json_t *jansson = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    AUTO(json_freep) json_t *strict = NULL;
    AUTO(json_freep) json_t *whole = NULL;
    AUTO(json_freep) json_t *part = NULL;
    AUTO(json_freep) json_t *again = NULL;
    AUTO(err_freep) struct err *e_strict = json_parse(text, size, size, &strict);
    AUTO(err_freep) struct err *e_whole = json_part(text, size, NULL, &whole);
    AUTO(err_freep) struct err *e_part = json_part(text, size, pod_kind.kept.paths, &part);

    if (jansson && is_plain(text, size)) {
        BUG_ON(e_strict || !json_equal(jansson, strict));
    }
    BUG_ON(!e_strict && (e_whole || !json_equal(strict, whole)));
    BUG_ON(!e_whole && e_part);
    if (!e_whole) {
        AUTO(json_freep) json_t *cut = transform_object(&pod_kind, whole);
        AUTO(json_freep) json_t *cut_part = transform_object(&pod_kind, part);
        BUG_ON(!json_equal(cut, cut_part));
        AUTO(freep) char *written = json_compact(whole);
        AUTO(err_freep) struct err *e = json_parse(written, strlen(written), SIZE_MAX, &again); /* as the cache does */
        BUG_ON(e || !json_equal(whole, again));
    }
    return 0;
}
