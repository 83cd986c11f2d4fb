// Any bytes as text: cut and cleaned it is short enough, UTF-8, and stays as it is when it is cleaned again.
#include "fuzz.h"

#include "base/err.h"
#include "base/json.h"
#include "base/utf8.h"
#include "domain/clean_text.h"

static bool
is_json_text(const char *s)
{
    AUTO(json_freep) json_t *j = json_string(s);

    return j != NULL;
}

static void
check_cut(const char *text, size_t max)
{
    size_t len = utf8_cut(text, max);
    AUTO(freep) char *part = xstrndup(text, len);

    BUG_ON(len > max || len > strlen(text));
    BUG_ON(len + UTF8_MAX <= max && text[len]); /* no shorter than it must be */
    BUG_ON(is_json_text(text) && !is_json_text(part));
    utf8_mend(part);
    BUG_ON(strlen(part) != len || !is_json_text(part));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    size_t max = data[0];
    AUTO(freep) char *text = xstrndup((const char *)data + 1, size - 1);
    struct arena *a = arena_new(1 << 22);
    char *clean = clean_text(a, text, max);
    char *again = clean_text(a, clean, max);
    AUTO(err_freep) struct err *e = err_new(ERR_RETRY, "%s", text);
    AUTO(err_freep) struct err *wrapped = err_wrap(err_copy(e), "w");

    BUG_ON(clean && (strlen(clean) > max || !is_json_text(clean) || !str_eq(again, clean)));
    BUG_ON(!is_json_text(err_text(e)) || !is_json_text(err_text(wrapped)));
    check_cut(text, max);
    arena_free(a);
    return 0;
}
