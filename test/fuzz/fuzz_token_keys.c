// Any JSON as the key set of an API server, and tokens that name its keys "rsa" and "ec": no key of whatever size harms who verifies with it.
#include "fuzz.h"

#include "serve/trust/token.h"

enum { NOW_S = 1800000000 };

static const char *const tokens[] = {
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYSJ9.eyJhdWQiOlsidm1icmlkZ2UtZ2F0ZXdheSJdLCJpc3MiOiJodHRwczovL2t1YmV"
    "ybmV0ZXMuZGVmYXVsdC5zdmMiLCJleHAiOjQwMDAwMDAwMDAsIm5iZiI6MSwiaWF0IjoxLCJrdWJlcm5ldGVzLmlvIjp7Im5hbWV"
    "zcGFjZSI6Im5zMSIsInBvZCI6eyJuYW1lIjoicDEiLCJ1aWQiOiJ1MSJ9LCJzZXJ2aWNlYWNjb3VudCI6eyJuYW1lIjoiZGVmYXV"
    "sdCIsInVpZCI6InMxIn19fQ.Crv-vp2LecOBuf81iP6YVxgQeH3vj59tUoACteGwwR3DWZX752ZlxbpPUnN6HUhKRdZvX8IWme9d"
    "kmwFmleOgIBEtxg-OahmeuZqxSbmrsAzZUymnUZvuzCihroOoYA-xKeq_1IhFl4J5G0-tZvqq5riFjNcxFMfsNH2jFD_mw3pIsEn"
    "IgC8TsYdjSiw4ck3i-rUsse650xXBzI1VA-tqv_6Gy3NF2T7vuUh5YGW1ncj_xE0z-oyTVYr3Uh6Sy53TrwczAN-wFFqIfMXDZH4"
    "p8X_ZtQludqzmez8T3XGTc2UYhHBJ8oWejRZlC3pdidVi4uefircf4q5zoL2Qhqc-A",
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjIiwidHlwIjoiSldUIn0.eyJhdWQiOlsidm1icmlkZ2UtZ2F0ZXdheSJdLCJpc3MiOiJo"
    "dHRwczovL2t1YmVybmV0ZXMuZGVmYXVsdC5zdmMiLCJleHAiOjQwMDAwMDAwMDAsIm5iZiI6MSwiaWF0IjoxLCJrdWJlcm5ldGVz"
    "LmlvIjp7Im5hbWVzcGFjZSI6Im5zMSIsInBvZCI6eyJuYW1lIjoicDEiLCJ1aWQiOiJ1MSJ9LCJzZXJ2aWNlYWNjb3VudCI6eyJu"
    "YW1lIjoiZGVmYXVsdCIsInVpZCI6InMxIn19fQ.iKjTBecbecVlfN9uuvAkJfbqyZnlROGz6-0Z-QwquF8RLH4SLOTkXIXEZ11wF"
    "_0uuBO5YIdWeMmSccfkiVO81g",
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(json_freep) json_t *set = NULL;
    AUTO(token_keys_freep) struct token_keys *keys = NULL;
    AUTO(err_freep) struct err *e = json_part(size > 0 ? (const char *)data : "", size, NULL, &set);

    if (!e) {
        e = token_keys_parse(set, &keys);
    }
    if (e) {
        return 0;
    }
    BUG_ON(token_keys_count(keys) > TOKEN_KEYS_MAX);
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        struct token_identity *id = NULL;
        err_free(token_verify(keys, "https://kubernetes.default.svc", GATEWAY_AUDIENCE, tokens[i], strlen(tokens[i]),
                              NOW_S, &id));
        token_identity_free(id);
    }
    return 0;
}
