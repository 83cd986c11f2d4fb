// Any Secret as that of the certificates, or of the key of pods' names: refused with the key that is at fault, or a set that fits, that the server can show and
// that the next renewal takes.
#include "fuzz.h"

#include "serve/trust/certs.h"
#include "serve/trust/pod_key_keeper.h"

#include <openssl/evp.h>

enum { NOW_S = 1767225600 };

static const char *const names[] = {"vmbridge-gateway.s.svc", NULL};
static const char *const keys[] = {"tls.crt", "tls.key", "ca.crt", "ca.key", "ca-next.key"};

/* The input as a Secret: JSON as it is, or else its parts, which end at a NUL, one after the other as the Secret's values. */
static json_t *
secret_of(const uint8_t *data, size_t size)
{
    AUTO(json_freep) json_t *values = json_object();
    json_t *j = NULL;
    AUTO(err_freep) struct err *e = json_part((const char *)data, size, NULL, &j);

    if (!e) {
        return j;
    }
    for (size_t i = 0; i < ARRAY_LEN(keys) && size > 0; i++) {
        const uint8_t *end = memchr(data, 0, size);
        size_t len = end ? (size_t)(end - data) : size;
        AUTO(freep) char *coded = xcalloc(len / 3 * 4 + 8, 1);
        (void)EVP_EncodeBlock((unsigned char *)coded, data, (int)len); /* as long as its arguments say */
        (void)json_object_set_new(values, keys[i], json_string(coded));
        data += len + (end ? 1 : 0);
        size -= len + (end ? 1 : 0);
    }
    return json_pack("{s:O}", "data", values);
}

static void
check_pem(const char *pem)
{
    AUTO(freep) char *first = certs_bundle_at(pem, 0);
    AUTO(freep) char *pins = certs_pins(pem);

    BUG_ON((first != NULL) != (*pins != '\0'));
    BUG_ON(first && certs_not_after(pem) != certs_not_after(first));
    (void)certs_due(pem, 90, NOW_S);
    (void)certs_has_names(pem, names);
}

static void
check_set(const struct certs_set *s)
{
    AUTO(certs_set_freep) struct certs_set *wanted = NULL;
    AUTO(certs_set_freep) struct certs_set *more = NULL;
    AUTO(freep) char *chain = certs_chain(s);
    AUTO(freep) char *pins = certs_pins(s->ca_pem);
    AUTO(json_freep) json_t *secret = certs_to_secret(s, "s", "1");

    BUG_ON(str_empty(chain) || str_empty(pins) || !secret);
    AUTO(err_freep) struct err *e = certs_renew(s, names, &certs_default_policy, NOW_S, &wanted);
    if (!e && wanted) {
        AUTO(err_freep) struct err *e2 = certs_renew(wanted, names, &certs_default_policy, NOW_S, &more);
        BUG_ON(e2 && err_class(e2) != ERR_INVALID);
    }
}

static void
check_pod_key(const json_t *secret)
{
    struct pod_key key, again;
    AUTO(err_freep) struct err *e = pod_key_from_secret(secret, &key);

    if (!e) {
        AUTO(json_freep) json_t *j = pod_key_to_secret(&key, "s");
        (void)json_object_set_new(json_object_get(j, "metadata"), "creationTimestamp",
                                  json_string("2026-01-01T00:00:00Z"));
        AUTO(err_freep) struct err *e2 = pod_key_from_secret(j, &again);
        BUG_ON(e2 || memcmp(key.bytes, again.bytes, POD_KEY_BYTES) != 0);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!data || size > 8 * CERTS_PEM_MAX) {
        return 0;
    }
    AUTO(json_freep) json_t *secret = secret_of(data, size);
    AUTO(freep) char *text = xstrndup((const char *)data, size);
    AUTO(certs_set_freep) struct certs_set *s = NULL;
    AUTO(err_freep) struct err *e = certs_from_secret(secret, &s);

    BUG_ON(!e != (s != NULL));
    BUG_ON(e && (err_class(e) != ERR_INVALID || str_empty(err_text(e))));
    check_pem(text);
    check_pod_key(secret);
    if (s) {
        check_set(s);
    }
    return 0;
}
