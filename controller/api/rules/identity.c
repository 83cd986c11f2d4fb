// Names, UUIDs and MAC addresses derived from what Git knows; one digest, nothing remembered.
#include "api/rules/identity.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { NAME_MAX_LEN = 63, RUN_LEN = 5, PROOF_LEN = 7, STEM_DIGITS = 8 };

#define POD_PREFIX "virt-launcher-"
#define POD_LETTERS "bcdfghjklmnpqrstvwxz" /* no vowels: no words */

/* Digest over parts that are kept apart by NUL bytes, so that ("a", "bc") and ("ab", "c") differ. */
static void
digest(const EVP_MD *md, const char *const *parts, size_t n, unsigned char ret_sum[EVP_MAX_MD_SIZE])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestInit_ex(ctx, md, NULL);

    for (size_t i = 0; ok && i < n; i++) {
        ok = EVP_DigestUpdate(ctx, parts[i], strlen(parts[i]) + 1);
    }
    BUG_ON(!ok || !EVP_DigestFinal_ex(ctx, ret_sum, NULL));
    EVP_MD_CTX_free(ctx);
}

char *
identity_uuid(struct arena *a, const char *namespace, const char *name)
{
    static const unsigned char space[16] = {0x6a, 0x1a, 0x24, 0xa1, 0x40, 0x61, 0x46, 0x07,
                                            0x8b, 0xf4, 0xa3, 0x96, 0x3d, 0x0c, 0x58, 0x95};
    unsigned char u[EVP_MAX_MD_SIZE];
    const char *text = arena_printf(a, "%s/%s", namespace, name);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    BUG_ON(!ctx || !EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) || !EVP_DigestUpdate(ctx, space, sizeof(space)) ||
           !EVP_DigestUpdate(ctx, text, strlen(text)) || !EVP_DigestFinal_ex(ctx, u, NULL));
    EVP_MD_CTX_free(ctx);
    u[6] = (unsigned char)((u[6] & 0x0f) | 0x50); /* version 5 */
    u[8] = (unsigned char)((u[8] & 0x3f) | 0x80); /* RFC 4122 */
    return arena_printf(a, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2],
                        u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}

char *
identity_mac(struct arena *a, const char *namespace, const char *name, const char *interface)
{
    unsigned char m[EVP_MAX_MD_SIZE];
    const char *const parts[] = {"mac", namespace, name, interface};

    digest(EVP_sha256(), parts, ARRAY_LEN(parts), m);
    if ((m[0] | m[1] | m[2] | m[3] | m[4]) == 0) {
        m[4] = 1;
    }
    return arena_printf(a, "02:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4]);
}

char *
identity_pod_interface(struct arena *a, const char *network)
{
    unsigned char m[EVP_MAX_MD_SIZE];

    BUG_ON(!EVP_Digest(network, strlen(network), m, NULL, EVP_sha256(), NULL));
    return arena_printf(a, "pod%02x%02x%02x%02x%02x%x", m[0], m[1], m[2], m[3], m[4], m[5] >> 4);
}

static void
letters_of(const unsigned char *sum, size_t n, char *ret_letters)
{
    for (size_t i = 0; i < n; i++) {
        ret_letters[i] = POD_LETTERS[sum[i] % (sizeof(POD_LETTERS) - 1)];
    }
    ret_letters[n] = '\0';
}

/* Letters that who has not the key cannot foresee. */
static void
keyed_letters(const struct pod_key *key, const char *text, size_t n, char *ret_letters)
{
    unsigned char sum[EVP_MAX_MD_SIZE];

    BUG_ON(!HMAC(EVP_sha256(), key->bytes, POD_KEY_BYTES, (const unsigned char *)text, strlen(text), sum, NULL));
    letters_of(sum, n, ret_letters);
}

/* 'run' is what the first letters are of. */
static char *
keyed_name(struct arena *a, const struct pod_key *key, const char *namespace, const char *vmi_name, const char *run)
{
    char stem[POD_STEM_SIZE];
    char letters[RUN_LEN + 1];
    char proof[PROOF_LEN + 1];

    identity_pod_stem(vmi_name, stem);
    keyed_letters(key, run, RUN_LEN, letters);
    char *name = arena_printf(a, POD_PREFIX "%s-%s", stem, letters);
    keyed_letters(key, arena_printf(a, "name %s/%s", namespace, name), PROOF_LEN, proof);
    return arena_printf(a, "%s%s", name, proof);
}

char *
identity_pod_name(struct arena *a, const struct pod_key *key, const char *namespace, const char *vmi_name,
                  const char *vmi_uid)
{
    return keyed_name(a, key, namespace, vmi_name, arena_printf(a, "run %s/%s/%s", namespace, vmi_name, vmi_uid));
}

char *
identity_target_name(struct arena *a, const struct pod_key *key, const char *namespace, const char *vmi_name,
                     const char *vmi_uid, const char *migration_uid)
{
    return keyed_name(a, key, namespace, vmi_name,
                      arena_printf(a, "target %s/%s/%s/%s", namespace, vmi_name, vmi_uid, migration_uid));
}

bool
identity_is_pod_name(const struct pod_key *key, const char *namespace, const char *pod_name)
{
    char stem[POD_STEM_SIZE];
    char proof[PROOF_LEN + 1];

    if (!identity_stem_of_pod(pod_name, stem)) {
        return false;
    }
    size_t len = strlen(pod_name) - PROOF_LEN;
    AUTO(freep) char *text = xasprintf("name %s/%.*s", namespace, (int)len, pod_name);
    keyed_letters(key, text, PROOF_LEN, proof);
    return str_eq(pod_name + len, proof);
}

char *
identity_pod_name_unkeyed(struct arena *a, const char *vmi_name, const char *vmi_uid)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    char suffix[RUN_LEN + 1];
    const char *const parts[] = {"pod", vmi_name, vmi_uid};
    int room = NAME_MAX_LEN - (int)strlen(POD_PREFIX) - 1 - RUN_LEN;

    digest(EVP_sha256(), parts, ARRAY_LEN(parts), sum);
    letters_of(sum, RUN_LEN, suffix);
    char *stem = arena_printf(a, "%.*s", room, vmi_name);
    for (size_t len = strlen(stem); len > 0 && !isalnum((unsigned char)stem[len - 1]); len--) {
        stem[len - 1] = '\0'; /* "a.-x" is no DNS name */
    }
    return arena_printf(a, POD_PREFIX "%s-%s", stem, suffix);
}

void
identity_pod_stem(const char *vmi_name, char ret_stem[POD_STEM_SIZE])
{
    unsigned char d[EVP_MAX_MD_SIZE];
    size_t len = strlen(vmi_name);

    if (len < POD_STEM_SIZE) {
        memcpy(ret_stem, vmi_name, len + 1);
        return;
    }
    digest(EVP_sha256(), &vmi_name, 1, d);
    len = POD_STEM_SIZE - 1 - STEM_DIGITS - 1;
    while (len > 0 && !isalnum((unsigned char)vmi_name[len - 1])) {
        len--;
    }
    (void)snprintf(ret_stem, POD_STEM_SIZE, "%.*s-%02x%02x%02x%02x", (int)len, vmi_name, d[0], d[1], d[2], d[3]);
}

bool
identity_stem_of_pod(const char *pod_name, char ret_stem[POD_STEM_SIZE])
{
    const char *dash = strrchr(pod_name, '-');

    if (!str_starts(pod_name, POD_PREFIX) || !dash || strlen(dash + 1) != RUN_LEN + PROOF_LEN ||
        strspn(dash + 1, POD_LETTERS) != RUN_LEN + PROOF_LEN) {
        return false;
    }
    const char *stem = pod_name + strlen(POD_PREFIX);
    if (dash <= stem || dash - stem >= POD_STEM_SIZE) {
        return false;
    }
    (void)snprintf(ret_stem, POD_STEM_SIZE, "%.*s", (int)(dash - stem), stem);
    return true;
}

char *
identity_replica_name(struct arena *a, const char *set_name, const char *set_uid, size_t ordinal)
{
    enum { STEM = NAME_MAX_LEN - 1 - RUN_LEN };
    unsigned char sum[EVP_MAX_MD_SIZE];
    char letters[RUN_LEN + 1];
    const char *const parts[] = {"replica", set_uid, arena_printf(a, "%zu", ordinal)};
    char *stem = arena_printf(a, "%.*s", STEM, set_name);

    digest(EVP_sha256(), parts, ARRAY_LEN(parts), sum);
    letters_of(sum, RUN_LEN, letters);
    for (size_t len = strlen(stem); len > 0 && !isalnum((unsigned char)stem[len - 1]); len--) {
        stem[len - 1] = '\0';
    }
    return arena_printf(a, "%s-%s", stem, letters);
}

int64_t
identity_vsock_cid(const char *vmi_uid)
{
    enum { CID_MIN = 3 }; /* hypervisor, local and host come before it, and any is the last */
    unsigned char d[EVP_MAX_MD_SIZE];
    const char *const parts[] = {"vsock", vmi_uid};

    digest(EVP_sha256(), parts, ARRAY_LEN(parts), d);
    int64_t n = ((int64_t)d[0] << 24) | (d[1] << 16) | (d[2] << 8) | d[3];
    return CID_MIN + n % (INT64_C(0xffffffff) - CID_MIN);
}

char *
identity_job_name(struct arena *a, const char *stem, const char *const *parts, size_t n)
{
    unsigned char d[EVP_MAX_MD_SIZE];

    digest(EVP_sha256(), parts, n, d);
    return arena_printf(a, "%s-%02x%02x%02x%02x%02x%02x%02x%02x", stem, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
}

char *
identity_label_value(struct arena *a, const char *name)
{
    enum { DIGEST_BYTES = 4, STEM = NAME_MAX_LEN - 2 * DIGEST_BYTES - 1 };
    unsigned char d[EVP_MAX_MD_SIZE];

    if (strlen(name) <= NAME_MAX_LEN) {
        return arena_strdup(a, name);
    }
    digest(EVP_sha256(), &name, 1, d);
    char *stem = arena_strndup(a, name, STEM);
    for (size_t len = STEM; len > 0 && !isalnum((unsigned char)stem[len - 1]); len--) {
        stem[len - 1] = '\0';
    }
    return arena_printf(a, "%s-%02x%02x%02x%02x", stem, d[0], d[1], d[2], d[3]);
}
