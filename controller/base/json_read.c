// yajl's events into jansson's tree.
#include "json.h"

#include <errno.h>
#include <yajl/yajl_parse.h>

enum { PATH_MAX_BYTES = 256, NUMBER_MAX_BYTES = 512 /* a longer one becomes null */ };

enum want {
    WANT_NOT,
    WANT_WAY, /* it leads to what is wanted */
    WANT_WHOLE,
};

/* An object or array that is open. */
struct level {
    json_t *json;    /* borrowed from the one it stands in */
    size_t path_len; /* of the reader's path: where it stands */
    enum want want;
};

struct reader {
    const char *const *paths;
    bool is_strict;
    const char *why; /* what is refused that yajl takes */
    json_t *root;    /* NULL: nothing yet */
    struct level levels[JSON_DEPTH_MAX];
    size_t depth;
    size_t n_skipped; /* open objects and arrays that are not built */
    struct strbuf key;
    char path[PATH_MAX_BYTES];
    size_t path_len; /* with the last key; 0 at the root */
    enum want want;  /* the value of the last key; at the root: all of it */
};

static struct err *reader_run(struct reader *r, const char *text, size_t len, json_t **ret_json);
static bool is_open(const struct reader *r);
static const struct level *open_array(const struct reader *r);
static enum want value_want(const struct reader *r);
static bool path_enter(struct reader *r, size_t len, const char *key, size_t key_len);
static enum want path_want(const struct reader *r);
static int put(struct reader *r, json_t *value);
static int refuse(struct reader *r, const char *why);
static bool is_wanted(const struct reader *r);
static bool is_ascii(const char *text, size_t len);
static int container_begin(struct reader *r, json_t *(*make)(void));
static int on_null(void *arg);
static int on_boolean(void *arg, int value);
static int on_number(void *arg, const char *text, size_t len);
static int on_string(void *arg, const unsigned char *text, size_t len);
static int on_map(void *arg);
static int on_key(void *arg, const unsigned char *text, size_t len);
static int on_end(void *arg);
static int on_array(void *arg);
static void strbuf_add_printable(struct strbuf *sb, const char *text, size_t len);

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_map,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_array,
    .yajl_end_array = on_end,
};

struct err *
json_parse(const char *text, size_t len, size_t max_bytes, json_t **ret_json)
{
    struct reader r = {.is_strict = true, .want = WANT_WHOLE};

    if (len > max_bytes) {
        return err_new(ERR_INVALID, "JSON text of %zu bytes is larger than %zu", len, max_bytes);
    }
    return reader_run(&r, text, len, ret_json);
}

struct err *
json_part(const char *text, size_t len, const char *const *paths, json_t **ret_json)
{
    struct reader r = {.paths = paths, .want = paths ? WANT_WAY : WANT_WHOLE};

    return reader_run(&r, text, len, ret_json);
}

static struct err *
reader_run(struct reader *r, const char *text, size_t len, json_t **ret_json)
{
    yajl_handle h = yajl_alloc(&callbacks, NULL, r);
    struct err *e = NULL;

    BUG_ON(!h);
    r->key = STRBUF_INIT(SIZE_MAX);
    yajl_status status = yajl_parse(h, (const unsigned char *)text, len);
    size_t at = yajl_get_bytes_consumed(h);
    if (status == yajl_status_ok) {
        status = yajl_complete_parse(h);
    }
    if (r->why) {
        e = err_new(ERR_INVALID, "not JSON at byte %zu: %s", at, r->why);
    } else if (status != yajl_status_ok) {
        unsigned char *why = yajl_get_error(h, 0, NULL, 0);
        e = err_new(ERR_INVALID, "not JSON at byte %zu: %.*s", at, (int)strcspn((char *)why, "\n"), (char *)why);
        yajl_free_error(h, why);
    }
    yajl_free(h);
    strbuf_fini(&r->key);
    if (e) {
        json_decref(r->root);
        return e;
    }
    *ret_json = r->root ? r->root : json_null();
    return NULL;
}

/* False: what comes belongs to something that is not wanted. */
static bool
is_open(const struct reader *r)
{
    return r->n_skipped == 0;
}

/* True for a value that stands at the end of a path, or below. */
static bool
is_wanted(const struct reader *r)
{
    return is_open(r) && value_want(r) == WANT_WHOLE;
}

/* Then it is UTF-8, and jansson need not look at each character. */
static bool
is_ascii(const char *text, size_t len)
{
    unsigned char all = 0;

    for (size_t i = 0; i < len; i++) {
        all |= (unsigned char)text[i];
    }
    return all < 0x80;
}

/* The array whose element comes now; NULL: it is the value of a key, or the root. */
static const struct level *
open_array(const struct reader *r)
{
    const struct level *top = r->depth > 0 ? &r->levels[r->depth - 1] : NULL;

    return top && json_is_array(top->json) ? top : NULL;
}

/* Of the value that comes now. */
static enum want
value_want(const struct reader *r)
{
    const struct level *array = open_array(r);

    return array ? array->want : r->want;
}

/* Puts a key behind the first 'len' bytes of the path. False: no wanted path has such a key. */
static bool
path_enter(struct reader *r, size_t len, const char *key, size_t key_len)
{
    if (len + 1 + key_len >= sizeof(r->path) || memchr(key, '.', key_len) || memchr(key, '\0', key_len)) {
        return false;
    }
    if (len > 0) {
        r->path[len++] = '.';
    }
    memcpy(r->path + len, key, key_len);
    r->path_len = len + key_len;
    return true;
}

/* Of what stands at the path. */
static enum want
path_want(const struct reader *r)
{
    enum want found = WANT_NOT;

    for (const char *const *p = r->paths; *p; p++) {
        if (strncmp(*p, r->path, r->path_len) != 0) {
            continue;
        }
        if ((*p)[r->path_len] == '\0') {
            return WANT_WHOLE;
        }
        if ((*p)[r->path_len] == '.') {
            found = WANT_WAY;
        }
    }
    return found;
}

/* Takes 'value'. */
static int
put(struct reader *r, json_t *value)
{
    int failed = 0;

    if (r->depth == 0) {
        r->root = value;
        return 1;
    }
    json_t *top = r->levels[r->depth - 1].json;
    const char *key = strbuf_str(&r->key);
    size_t len = r->key.len;
    if (json_is_array(top)) {
        failed = json_array_append_new(top, value);
    } else if (r->is_strict && json_object_getn(top, key, len)) {
        json_decref(value);
        return refuse(r, "a key comes twice");
    } else if (is_ascii(key, len)) {
        failed = json_object_setn_new_nocheck(top, key, len, value);
    } else {
        failed = json_object_setn_new(top, key, len, value);
    }
    return failed ? refuse(r, "a key is not UTF-8") : 1;
}

static int
refuse(struct reader *r, const char *why)
{
    r->why = why;
    return 0;
}

static int
container_begin(struct reader *r, json_t *(*make)(void))
{
    enum want want = is_open(r) ? value_want(r) : WANT_NOT;

    if (want == WANT_NOT) {
        r->n_skipped++;
        return 1;
    }
    if (r->depth == JSON_DEPTH_MAX) {
        if (r->is_strict) {
            return refuse(r, "it nests too deep");
        }
        r->n_skipped++;
        return put(r, json_null());
    }
    const struct level *array = open_array(r);
    size_t path_len = array ? array->path_len : r->path_len;
    json_t *json = make();
    BUG_ON(!json);
    if (!put(r, json)) {
        return 0;
    }
    r->levels[r->depth++] = (struct level){.json = json, .path_len = path_len, .want = want};
    return 1;
}

static int
on_null(void *arg)
{
    struct reader *r = arg;

    return is_wanted(r) ? put(r, json_null()) : 1;
}

static int
on_boolean(void *arg, int value)
{
    struct reader *r = arg;

    return is_wanted(r) ? put(r, json_boolean(value)) : 1;
}

static int
on_number(void *arg, const char *text, size_t len)
{
    struct reader *r = arg;
    char number[NUMBER_MAX_BYTES];

    if (!is_wanted(r)) {
        return 1;
    }
    if (len >= sizeof(number)) {
        return r->is_strict ? refuse(r, "a number is too long") : put(r, json_null());
    }
    (void)snprintf(number, sizeof(number), "%.*s", (int)len, text);
    if (!strpbrk(number, ".eE")) {
        errno = 0;
        long long integer = strtoll(number, NULL, 10);
        if (errno == 0) {
            return put(r, json_integer(integer));
        }
        if (r->is_strict) {
            return refuse(r, "an integer is too large");
        }
    }
    json_t *real = json_real(strtod(number, NULL));
    if (!real && r->is_strict) {
        return refuse(r, "a number is too large");
    }
    return put(r, real ? real : json_null());
}

static int
on_string(void *arg, const unsigned char *text, size_t len)
{
    struct reader *r = arg;
    AUTO(strbuf_fini) struct strbuf printable = STRBUF_INIT(SIZE_MAX);
    const char *s = (const char *)text;

    if (!is_wanted(r)) {
        return 1;
    }
    if (memchr(s, '\0', len)) {
        if (r->is_strict) {
            return refuse(r, "a string has a NUL");
        }
        strbuf_add_printable(&printable, s, len);
        s = strbuf_str(&printable);
        len = printable.len;
    }
    json_t *string = is_ascii(s, len) ? json_stringn_nocheck(s, len) : json_stringn(s, len);
    return string ? put(r, string) : refuse(r, "a string is not UTF-8");
}

static int
on_map(void *arg)
{
    return container_begin(arg, json_object);
}

static int
on_array(void *arg)
{
    return container_begin(arg, json_array);
}

static int
on_key(void *arg, const unsigned char *text, size_t len)
{
    struct reader *r = arg;

    if (!is_open(r)) {
        return 1;
    }
    const struct level *top = &r->levels[r->depth - 1];
    r->want = top->want;
    if (top->want == WANT_WAY) {
        r->want = path_enter(r, top->path_len, (const char *)text, len) ? path_want(r) : WANT_NOT;
    }
    if (r->want == WANT_NOT) {
        return 1;
    }
    if (r->is_strict && memchr(text, '\0', len)) {
        return refuse(r, "a key has a NUL");
    }
    strbuf_reset(&r->key);
    strbuf_add_printable(&r->key, (const char *)text, len);
    return 1;
}

static int
on_end(void *arg)
{
    struct reader *r = arg;

    if (r->n_skipped > 0) {
        r->n_skipped--;
    } else {
        r->depth--;
    }
    return 1;
}

/* Without NUL, which a C string does not hold: it becomes U+FFFD, as in a browser. */
static void
strbuf_add_printable(struct strbuf *sb, const char *text, size_t len)
{
    const char *end = text + len;

    while (text < end) {
        const char *nul = memchr(text, '\0', (size_t)(end - text));
        size_t n = (size_t)((nul ? nul : end) - text);
        BUG_ON(!strbuf_add(sb, text, n));
        if (nul) {
            BUG_ON(!strbuf_adds(sb, "\xef\xbf\xbd"));
        }
        text += n + (nul ? 1 : 0);
    }
}
