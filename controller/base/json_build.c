// The tree grows at its open end; where a limit is passed, a smaller tree takes its place, and what follows is sifted by the next keep.
#include "json_build.h"

#include <errno.h>

#include "json_shrink.h"
#include "json_ways.h"

enum {
    NUMBER_MAX_BYTES = 512, /* a longer one becomes null */
    NESTING_MAX = 200000,   /* even of what is not wanted: the parser remembers each level */
};

#define REPLACEMENT "\xef\xbf\xbd"

/* The limits are meant for each element alone. */
static void
unit_begin(struct json_build *b)
{
    bool is_short = b->stage > 0;

    b->stage = 0;
    if (is_short && b->depth > 0) {
        json_ways_begin(b, b->depth - 1);
    }
    b->over = JSON_WHOLE;
    json_room_begin(b);
}

void
json_build_begin(struct json_build *b, const struct json_keep *keeps, size_t n_keeps)
{
    json_decref(b->root);
    b->root = NULL;
    b->keeps = keeps;
    b->n_keeps = n_keeps;
    b->depth = 0;
    unit_begin(b);
    b->why = NULL;
    b->n_skipped = 0;
    b->has_key = false;
    b->next = json_way_root(b);
    b->key.max = SIZE_MAX;
}

void
json_build_fini(struct json_build *b)
{
    json_decref(b->root);
    b->root = NULL;
    strbuf_fini(&b->key);
}

/* False: what comes belongs to something that is not wanted. */
static bool
is_open(const struct json_build *b)
{
    return b->n_skipped == 0;
}

/* The array whose element comes now; NULL: it is the value of a key, or the root. */
static const struct json_level *
open_array(const struct json_build *b)
{
    const struct json_level *top = b->depth > 0 ? &b->levels[b->depth - 1] : NULL;

    return top && json_is_array(top->json) ? top : NULL;
}

/* Of the value that comes now. */
static enum json_want
value_want(const struct json_build *b)
{
    const struct json_level *array = open_array(b);

    if (!is_open(b)) {
        return WANT_NOT;
    }
    return array ? array->way.want : b->next.want;
}

/* True: the string that comes is a key. */
static bool
is_key_next(const struct json_build *b)
{
    return b->depth > 0 && !b->has_key && !open_array(b);
}

static bool
refuse(struct json_build *b, const char *why)
{
    b->why = why;
    return false;
}

static bool
refuse_large(struct json_build *b)
{
    return refuse(b, "it is too large");
}

bool
json_build_reads_string(const struct json_build *b)
{
    return is_open(b) && (is_key_next(b) || value_want(b) == WANT_WHOLE);
}

bool
json_build_drop_string(struct json_build *b)
{
    while (is_open(b) && (is_key_next(b) ? b->levels[b->depth - 1].way.want : value_want(b)) == WANT_WHOLE) {
        if (!json_shrink(b, JSON_LARGE)) {
            return refuse_large(b);
        }
    }
    return true;
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

static bool
charge(struct json_build *b, size_t len)
{
    size_t bytes = JSON_VALUE_BYTES + len + (b->has_key ? b->key.len : 0);

    if (bytes > b->room) {
        return false;
    }
    b->room -= bytes;
    return true;
}

/* What of the value that comes now is to be built: when it is wanted as much as 'least', there is room for it and 'len' bytes of text. */
static enum json_want
take(struct json_build *b, enum json_want least, size_t len)
{
    enum json_want want = value_want(b);

    while (want >= least && !charge(b, len)) {
        if (!json_shrink(b, JSON_LARGE)) {
            (void)refuse_large(b); /* the caller looks at 'why' */
            return WANT_NOT;
        }
        want = value_want(b);
    }
    b->has_key = false;
    return want;
}

/* Takes 'value'. */
static bool
put(struct json_build *b, json_t *value)
{
    int failed = 0;

    if (b->depth == 0) {
        b->root = value;
        return true;
    }
    json_t *top = b->levels[b->depth - 1].json;
    const char *key = strbuf_str(&b->key);
    size_t len = b->key.len;
    if (json_is_array(top)) {
        failed = json_array_append_new(top, value);
    } else if (b->is_strict && json_object_getn(top, key, len)) {
        json_decref(value);
        return refuse(b, "a key comes twice");
    } else if (is_ascii(key, len)) {
        failed = json_object_setn_new_nocheck(top, key, len, value);
    } else {
        failed = json_object_setn_new(top, key, len, value);
    }
    return failed ? refuse(b, "a key is not UTF-8") : true;
}

bool
json_build_null(struct json_build *b)
{
    return take(b, WANT_WHOLE, 0) == WANT_WHOLE ? put(b, json_null()) : !b->why;
}

bool
json_build_boolean(struct json_build *b, bool value)
{
    return take(b, WANT_WHOLE, 0) == WANT_WHOLE ? put(b, json_boolean(value)) : !b->why;
}

bool
json_build_number(struct json_build *b, const char *text, size_t len)
{
    char number[NUMBER_MAX_BYTES];

    if (take(b, WANT_WHOLE, 0) != WANT_WHOLE) {
        return !b->why;
    }
    if (len >= sizeof(number)) {
        return b->is_strict ? refuse(b, "a number is too long") : put(b, json_null());
    }
    (void)snprintf(number, sizeof(number), "%.*s", (int)len, text);
    if (!strpbrk(number, ".eE")) {
        errno = 0;
        long long integer = strtoll(number, NULL, 10);
        if (errno == 0) {
            return put(b, json_integer(integer));
        }
        if (b->is_strict) {
            return refuse(b, "an integer is too large");
        }
    }
    json_t *real = json_real(strtod(number, NULL));
    if (!real && b->is_strict) {
        return refuse(b, "a number is too large");
    }
    return put(b, real ? real : json_null());
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
            BUG_ON(!strbuf_adds(sb, REPLACEMENT));
        }
        text += n + (nul ? 1 : 0);
    }
}

bool
json_build_string(struct json_build *b, const char *text, size_t len)
{
    AUTO(strbuf_fini) struct strbuf printable = STRBUF_INIT(SIZE_MAX);

    bool has_nul = memchr(text, '\0', len) != NULL;
    if (take(b, WANT_WHOLE, has_nul ? strlen(REPLACEMENT) * len : len) != WANT_WHOLE) {
        return !b->why;
    }
    if (has_nul) {
        if (b->is_strict) {
            return refuse(b, "a string has a NUL");
        }
        strbuf_add_printable(&printable, text, len);
        text = strbuf_str(&printable);
        len = printable.len;
    }
    json_t *string = is_ascii(text, len) ? json_stringn_nocheck(text, len) : json_stringn(text, len);
    return string ? put(b, string) : refuse(b, "a string is not UTF-8");
}

static bool
is_each(const struct json_build *b)
{
    const json_t *array = b->levels[JSON_EACH_DEPTH - 1].json;

    return json_is_array(array) && json_is_object(b->root) && str_eq(json_key_of(b->root, array), b->each);
}

/* The value that comes is an object or array which is wanted. Where nothing smaller can be kept, it becomes null. */
static bool
nests_too_deep(struct json_build *b)
{
    if (b->is_strict) {
        return refuse(b, "it nests too deep");
    }
    while (is_open(b) && json_shrink(b, JSON_DEEP)) {
    }
    b->n_skipped++;
    return b->n_skipped == 1 ? put(b, json_null()) : true;
}

static bool
container_begin(struct json_build *b, json_t *(*make)(void))
{
    if (b->each && b->depth == JSON_EACH_DEPTH && is_open(b) && is_each(b)) {
        unit_begin(b);
    }
    enum json_want want = take(b, WANT_WAY, 0);
    if (b->why) {
        return false;
    }
    if (want == WANT_NOT) {
        b->n_skipped++;
        return b->n_skipped < NESTING_MAX ? true : refuse(b, "it nests too deep");
    }
    if (b->depth == JSON_DEPTH_MAX) {
        return nests_too_deep(b);
    }
    const struct json_level *array = open_array(b);
    struct json_way way = array ? array->way : b->next;
    json_t *json = make();
    BUG_ON(!json);
    if (!put(b, json)) {
        return false;
    }
    b->levels[b->depth++] = (struct json_level){.json = json, .way = way};
    return true;
}

bool
json_build_object(struct json_build *b)
{
    return container_begin(b, json_object);
}

bool
json_build_array(struct json_build *b)
{
    return container_begin(b, json_array);
}

bool
json_build_key(struct json_build *b, const char *text, size_t len)
{
    if (!is_open(b)) {
        return true;
    }
    const struct json_level *top = &b->levels[b->depth - 1];
    b->has_key = true;
    b->next = top->way.want == WANT_WAY ? json_way_to(b, &top->way, text, len) : top->way;
    if (b->next.want == WANT_NOT) {
        return true;
    }
    if (b->is_strict && memchr(text, '\0', len)) {
        return refuse(b, "a key has a NUL");
    }
    strbuf_reset(&b->key);
    strbuf_add_printable(&b->key, text, len);
    return true;
}

static bool
element_end(struct json_build *b)
{
    json_t *array = b->levels[JSON_EACH_DEPTH - 1].json;

    if (!is_each(b)) {
        return true;
    }
    json_t *element = json_array_get(array, json_array_size(array) - 1);
    bool goes_on = b->on_each(b->arg, b->root, element, b->over);
    (void)json_array_clear(array);
    unit_begin(b);
    return goes_on ? true : refuse(b, "nobody reads on");
}

bool
json_build_close(struct json_build *b)
{
    if (b->n_skipped > 0) {
        b->n_skipped--;
        return true;
    }
    b->depth--;
    return b->each && b->depth == JSON_EACH_DEPTH ? element_end(b) : true;
}
