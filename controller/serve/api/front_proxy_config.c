// Keys of the ConfigMap, and headers of a request.
#include "serve/api/front_proxy_config.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/pem.h>

enum { LISTS_MAX_BYTES = 16 * 1024, ARENA_BYTES = 2 * FRONT_PROXY_PEM_MAX, CAS_MAX = 32 };

#define KEY_CA "requestheader-client-ca-file"
#define KEY_NAMES "requestheader-allowed-names"
#define KEY_USER "requestheader-username-headers"
#define KEY_GROUP "requestheader-group-headers"
#define KEY_EXTRA "requestheader-extra-headers-prefix"

static void
bio_freep(BIO **b)
{
    BIO_free(*b);
}

static char *
lower(struct arena *a, const char *text)
{
    char *copy = arena_strdup(a, text);

    for (char *p = copy; *p; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    return copy;
}

/* A JSON list of strings in a string; none when the key is absent. */
MUST_CHECK static struct err *
read_list(struct arena *a, const json_t *data, const char *key, bool is_header, struct str_list *ret_list)
{
    const char *text = json_str(data, key);
    AUTO(json_freep) json_t *j = NULL;
    struct err *e = text ? json_parse(text, strlen(text), LISTS_MAX_BYTES, &j) : NULL;

    if (e || !text) {
        return err_wrap(e, "data.%s", key);
    }
    if (!json_is_array(j) || json_array_size(j) > FRONT_PROXY_NAMES_MAX) {
        return err_new(ERR_INVALID, "data.%s is no list of %d strings at most", key, FRONT_PROXY_NAMES_MAX);
    }
    *ret_list = (struct str_list){ARENA_NEW_N(a, const char *, json_array_size(j) + 1), 0};
    for (size_t i = 0; i < json_array_size(j); i++) {
        const char *item = json_string_value(json_array_get(j, i));
        if (str_empty(item)) {
            return err_new(ERR_INVALID, "data.%s holds what is no name", key);
        }
        ret_list->items[ret_list->n++] = is_header ? lower(a, item) : arena_strdup(a, item);
    }
    return NULL;
}

/* How many certificates are in it; -1: it holds something else. */
static int
each_ca(const char *pem, X509_STORE *store)
{
    AUTO(bio_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
    int n = 0;

    for (; n <= CAS_MAX; n++) {
        X509 *crt = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (!crt) {
            break;
        }
        if (store) {
            (void)X509_STORE_add_cert(store, crt); /* the same one twice is no harm */
        }
        X509_free(crt);
    }
    bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return is_end && n <= CAS_MAX ? n : -1;
}

MUST_CHECK static struct err *
read_ca(struct front_proxy_config *c, const json_t *data)
{
    const char *pem = json_str(data, KEY_CA);

    if (str_empty(pem) || strlen(pem) > FRONT_PROXY_PEM_MAX || each_ca(pem, NULL) < 1) {
        return err_new(ERR_INVALID, "data." KEY_CA " holds no certificates: kube-apiserver needs "
                                    "--requestheader-client-ca-file for aggregated APIs");
    }
    c->ca_pem = arena_strdup(c->arena, pem);
    return NULL;
}

struct err *
front_proxy_config_read(const json_t *map, struct front_proxy_config **ret_config)
{
    AUTO(front_proxy_config_freep) struct front_proxy_config *c = XNEW(struct front_proxy_config);
    const json_t *data = json_object_get(map, "data");

    c->arena = arena_new(ARENA_BYTES);
    struct err *e = read_ca(c, data);
    e = e ? e : read_list(c->arena, data, KEY_NAMES, false, &c->allowed_names);
    e = e ? e : read_list(c->arena, data, KEY_USER, true, &c->user_headers);
    e = e ? e : read_list(c->arena, data, KEY_GROUP, true, &c->group_headers);
    e = e ? e : read_list(c->arena, data, KEY_EXTRA, true, &c->extra_prefixes);
    if (!e && c->user_headers.n == 0) {
        e = err_new(ERR_INVALID, "data." KEY_USER " names no header");
    }
    if (e) {
        return e;
    }
    *ret_config = STEAL(c);
    return NULL;
}

void
front_proxy_config_free(struct front_proxy_config *c)
{
    if (c) {
        arena_free(c->arena);
        free(c);
    }
}

void
front_proxy_config_freep(struct front_proxy_config **c)
{
    front_proxy_config_free(*c);
}

static bool
lists_equal(const struct str_list *a, const struct str_list *b)
{
    for (size_t i = 0; a->n == b->n && i < a->n; i++) {
        if (!str_eq(a->items[i], b->items[i])) {
            return false;
        }
    }
    return a->n == b->n;
}

bool
front_proxy_config_equal(const struct front_proxy_config *a, const struct front_proxy_config *b)
{
    return a && b && str_eq(a->ca_pem, b->ca_pem) && lists_equal(&a->allowed_names, &b->allowed_names) &&
           lists_equal(&a->user_headers, &b->user_headers) && lists_equal(&a->group_headers, &b->group_headers) &&
           lists_equal(&a->extra_prefixes, &b->extra_prefixes);
}

X509_STORE *
front_proxy_config_store(const struct front_proxy_config *c)
{
    X509_STORE *store = X509_STORE_new();

    BUG_ON(!store);
    (void)each_ca(c->ca_pem, store); /* they were counted */
    return store;
}

bool
front_proxy_may_speak(const struct front_proxy_config *c, const char *peer)
{
    return c->allowed_names.n == 0 || str_list_has(&c->allowed_names, peer);
}

static const char *
user_name(const struct front_proxy_config *c, const struct http_request *q)
{
    for (size_t i = 0; i < c->user_headers.n; i++) {
        const char *name = http_header(q, c->user_headers.items[i]);
        if (!str_empty(name)) {
            return name;
        }
    }
    return NULL;
}

static int
hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* A header's name holds a key of "extra" as a URL does: %2f is a slash. What is no code stays as it is. */
static char *
decode_key(const char *text)
{
    char *key = xcalloc(1, strlen(text) + 1);
    size_t n = 0;

    for (const char *p = text; *p; p++) {
        int high = *p == '%' ? hex_digit(p[1]) : -1;
        int low = high >= 0 ? hex_digit(p[2]) : -1;
        bool is_code = low >= 0 && (high > 0 || low > 0);
        char c = *p;
        if (is_code) {
            c = (char)(high << 4 | low);
            p += 2;
        }
        key[n++] = c;
    }
    return key;
}

static void
add_extra(json_t *extra, const char *name, const char *value)
{
    AUTO(freep) char *key = decode_key(name);
    json_t *list = json_object_get(extra, key);

    if (!list) {
        list = json_array();
        if (json_object_set_new(extra, key, list) != 0) { /* no UTF-8: it means nothing to the API server */
            return;
        }
    }
    (void)json_array_append_new(list, json_string(value)); /* the same of a value */
}

json_t *
front_proxy_user(const struct front_proxy_config *c, const struct http_request *q)
{
    const char *name = user_name(c, q);
    AUTO(json_freep) json_t *user = name ? json_pack("{s:s, s:[], s:{}}", "user", name, "groups", "extra") : NULL;

    for (size_t i = 0; user && i < q->n_headers; i++) {
        const struct http_header *h = &q->headers[i];
        for (size_t k = 0; k < c->group_headers.n; k++) {
            if (str_eq(h->name, c->group_headers.items[k])) {
                (void)json_array_append_new(json_object_get(user, "groups"), json_string(h->value));
            }
        }
        for (size_t k = 0; k < c->extra_prefixes.n; k++) {
            const char *prefix = c->extra_prefixes.items[k];
            if (str_starts(h->name, prefix) && h->name[strlen(prefix)]) {
                add_extra(json_object_get(user, "extra"), h->name + strlen(prefix), h->value);
            }
        }
    }
    return STEAL(user);
}
