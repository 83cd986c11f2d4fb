// Any bytes as a launcher's token, against a real key set. A first byte of '#' lets header, claims and signature come unencoded, in lines,
// so that what is behind base64 is reached too.
#include "fuzz.h"
#include "token_keys.h"

#include "serve/trust/token.h"

#include <cjose/cjose.h>

#define ISSUER "https://kubernetes.default.svc"

enum { NOW_S = 1800000000, PARTS = 3 };

static void
try(const struct token_keys *keys, const char *token, size_t len)
{
    AUTO(token_identity_freep) struct token_identity *id = NULL;
    AUTO(token_identity_freep) struct token_identity *claimed = NULL;
    AUTO(freep) char *key_id = NULL;
    AUTO(err_freep) struct err *e = token_verify(keys, ISSUER, GATEWAY_AUDIENCE, token, len, NOW_S, &id);
    AUTO(err_freep) struct err *e2 = token_claimed(GATEWAY_AUDIENCE, token, len, NOW_S, &claimed, &key_id);

    BUG_ON(!e != (id != NULL) || !e2 != (claimed != NULL));
    BUG_ON(e && err_class(e) != ERR_INVALID && err_class(e) != ERR_NOT_FOUND);
    BUG_ON(e2 && (!e || err_class(e) != ERR_INVALID)); /* what says nothing proves nothing */
    BUG_ON(id && !str_eq(id->pod_uid, claimed->pod_uid));
}

/* The end of the part that begins at 'at'; the last one takes the rest. */
static size_t
part_end(const char *text, size_t len, size_t at, int part)
{
    const char *end = part < PARTS - 1 ? memchr(text + at, '\n', len - at) : NULL;

    return end ? (size_t)(end - text) : len;
}

/* 'text' by lines as a token. The caller frees. */
static char *
encoded(const char *text, size_t len)
{
    struct strbuf sb = STRBUF_INIT((size_t)1 << 22);
    size_t at = 0;

    for (int part = 0; part < PARTS; part++) {
        size_t end = part_end(text, len, at, part);
        char *b64 = NULL;
        size_t b64_len = 0;
        BUG_ON(!cjose_base64url_encode((const uint8_t *)text + at, end - at, &b64, &b64_len, NULL));
        BUG_ON(!strbuf_addf(&sb, "%s%s", part ? "." : "", b64));
        cjose_get_dealloc()(b64);
        at = end < len ? end + 1 : len;
    }
    return strbuf_steal(&sb);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct token_keys *keys; // NOLINT: made once
    const char *text = size > 0 ? (const char *)data : "";

    if (!keys) {
        AUTO(json_freep) json_t *set = json_loads(published_keys, 0, NULL);
        BUG_ON(token_keys_parse(set, &keys) || token_keys_count(keys) != 2);
    }
    if (text[0] == '#') {
        AUTO(freep) char *token = encoded(text + 1, size - 1);
        try(keys, token, strlen(token));
    } else {
        try(keys, text, size);
    }
    return 0;
}
