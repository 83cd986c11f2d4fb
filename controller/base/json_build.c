// The tree grows at its open end; where a limit is passed, a smaller tree takes its place, and what follows is sifted by the next keep.
#include "json_build.h"

#include <errno.h>

enum {
    NUMBER_MAX_BYTES = 512, /* a longer one becomes null */
    NESTING_MAX = 200000,   /* even of what is not wanted: the parser remembers each level */
    EACH_DEPTH = 2,         /* the root, the array, and then the elements */
};

#define REPLACEMENT "\xef\xbf\xbd"

static bool is_open(const struct json_build *b);
static const struct json_level *open_array(const struct json_build *b);
static enum json_want value_want(const struct json_build *b);
static struct json_way way_to(const struct json_build *b, const struct json_way *from, const char *key, size_t len);
static const struct json_keep *keep_of(const struct json_build *b);
static struct json_way root_way(const struct json_build *b);
static bool is_key_next(const struct json_build *b);
static enum json_want take(struct json_build *b, enum json_want least, size_t len);
static bool charge(struct json_build *b, size_t len);
static bool put(struct json_build *b, json_t *value);
static bool refuse(struct json_build *b, const char *why);
static bool refuse_large(struct json_build *b);
static bool container_begin(struct json_build *b, json_t *(*make)(void));
static bool nests_too_deep(struct json_build *b);
static void unit_begin(struct json_build *b);
static void room_begin(struct json_build *b);
static void ways_begin(struct json_build *b, size_t last);
static bool is_each(const struct json_build *b);
static bool element_end(struct json_build *b);
static bool shrink(struct json_build *b, enum json_over over);
static json_t *pick(const struct json_build *b, const json_t *from);
static void reopen(struct json_build *b, size_t unit);
static void reopen_levels(struct json_build *b, size_t n_open, const json_t *was_in);
static const char *key_of(const json_t *object, const json_t *value);
static bool is_ascii(const char *text, size_t len);
static void strbuf_add_printable(struct strbuf *sb, const char *text, size_t len);

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
    b->next = root_way(b);
    b->key.max = SIZE_MAX;
}

void
json_build_fini(struct json_build *b)
{
    json_decref(b->root);
    b->root = NULL;
    strbuf_fini(&b->key);
}

static const struct json_keep *
keep_of(const struct json_build *b)
{
    return &b->keeps[b->stage];
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

bool
json_build_reads_string(const struct json_build *b)
{
    return is_open(b) && (is_key_next(b) || value_want(b) == WANT_WHOLE);
}

bool
json_build_drop_string(struct json_build *b)
{
    while (is_open(b) && (is_key_next(b) ? b->levels[b->depth - 1].way.want : value_want(b)) == WANT_WHOLE) {
        if (!shrink(b, JSON_LARGE)) {
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

/* To the value of 'key' in what is at 'from', which leads to something. */
static struct json_way
way_to(const struct json_build *b, const struct json_way *from, const char *key, size_t len)
{
    const char *const *paths = keep_of(b)->paths;
    struct json_way way = {.want = WANT_NOT, .at = from->at + len + 1};

    for (uint64_t left = len > 0 ? from->paths : 0; left; left &= left - 1) {
        const char *rest = paths[__builtin_ctzll(left)] + from->at;
        if (rest[0] != key[0] || strncmp(rest, key, len) != 0 || memchr(key, '.', len) || memchr(key, '\0', len)) {
            continue; /* most differ in the first character */
        }
        if (rest[len] == '\0') {
            way.want = WANT_WHOLE;
            break;
        }
        if (rest[len] == '.') {
            way.want = WANT_WAY;
            way.paths |= left & -left;
        }
    }
    return way;
}

static struct json_way
root_way(const struct json_build *b)
{
    const char *const *paths = keep_of(b)->paths;
    struct json_way way = {.want = paths ? WANT_WAY : WANT_WHOLE};

    for (size_t i = 0; paths && paths[i]; i++) {
        BUG_ON(i == JSON_PATHS_MAX); /* ours, each of them */
        way.paths |= UINT64_C(1) << i;
    }
    return way;
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

/* What of the value that comes now is to be built: when it is wanted as much as 'least', there is room for it and 'len' bytes of text. */
static enum json_want
take(struct json_build *b, enum json_want least, size_t len)
{
    enum json_want want = value_want(b);

    while (want >= least && !charge(b, len)) {
        if (!shrink(b, JSON_LARGE)) {
            (void)refuse_large(b); /* the caller looks at 'why' */
            return WANT_NOT;
        }
        want = value_want(b);
    }
    b->has_key = false;
    return want;
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

static bool
container_begin(struct json_build *b, json_t *(*make)(void))
{
    if (b->each && b->depth == EACH_DEPTH && is_open(b) && is_each(b)) {
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

/* The value that comes is an object or array which is wanted. Where nothing smaller can be kept, it becomes null. */
static bool
nests_too_deep(struct json_build *b)
{
    if (b->is_strict) {
        return refuse(b, "it nests too deep");
    }
    while (is_open(b) && shrink(b, JSON_DEEP)) {
    }
    b->n_skipped++;
    return b->n_skipped == 1 ? put(b, json_null()) : true;
}

bool
json_build_key(struct json_build *b, const char *text, size_t len)
{
    if (!is_open(b)) {
        return true;
    }
    const struct json_level *top = &b->levels[b->depth - 1];
    b->has_key = true;
    b->next = top->way.want == WANT_WAY ? way_to(b, &top->way, text, len) : top->way;
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

bool
json_build_close(struct json_build *b)
{
    if (b->n_skipped > 0) {
        b->n_skipped--;
        return true;
    }
    b->depth--;
    return b->each && b->depth == EACH_DEPTH ? element_end(b) : true;
}

/* The limits are meant for each element alone. */
static void
unit_begin(struct json_build *b)
{
    bool is_short = b->stage > 0;

    b->stage = 0;
    if (is_short && b->depth > 0) {
        ways_begin(b, b->depth - 1);
    }
    b->over = JSON_WHOLE;
    room_begin(b);
}

/* Of the root, and of the array and the element that stand in it, as far as those are there. */
static void
ways_begin(struct json_build *b, size_t last)
{
    struct json_way way = root_way(b);

    b->levels[0].way = way;
    if (last > 0 && way.want == WANT_WAY) {
        way = way_to(b, &b->levels[0].way, b->each, strlen(b->each));
    }
    for (size_t i = 1; i <= last && i <= EACH_DEPTH; i++) {
        b->levels[i].way = way;
    }
}

static void
room_begin(struct json_build *b)
{
    size_t max_bytes = keep_of(b)->max_bytes;

    b->room = max_bytes ? max_bytes : SIZE_MAX;
}

static bool
is_each(const struct json_build *b)
{
    const json_t *array = b->levels[EACH_DEPTH - 1].json;

    return json_is_array(array) && json_is_object(b->root) && str_eq(key_of(b->root, array), b->each);
}

static bool
element_end(struct json_build *b)
{
    json_t *array = b->levels[EACH_DEPTH - 1].json;

    if (!is_each(b)) {
        return true;
    }
    json_t *element = json_array_get(array, json_array_size(array) - 1);
    bool goes_on = b->on_each(b->arg, b->root, element, b->over);
    (void)json_array_clear(array);
    unit_begin(b);
    return goes_on ? true : refuse(b, "nobody reads on");
}

/* Goes on with the next keep. False: there is none. */
static bool
shrink(struct json_build *b, enum json_over over)
{
    size_t unit = b->each ? EACH_DEPTH : 0;

    if (b->stage + 1 == b->n_keeps || b->depth <= unit) {
        return false;
    }
    b->stage++;
    b->over = b->over == JSON_WHOLE ? over : b->over;
    room_begin(b);
    reopen(b, unit);
    return true;
}

/* A tree of what the keep in force names takes the place of the one that is being built; what is open in both stays open. */
static void
reopen(struct json_build *b, size_t unit)
{
    struct json_level *first = &b->levels[unit];
    AUTO(json_freep) json_t *old = json_incref(first->json);
    size_t n_open = b->depth;

    first->json = json_is_object(old) ? pick(b, old) : json_null();
    if (unit == 0) {
        json_decref(b->root);
        b->root = first->json;
    } else {
        json_t *array = b->levels[unit - 1].json;
        BUG_ON(json_array_set_new(array, json_array_size(array) - 1, first->json) != 0);
    }
    ways_begin(b, unit);
    b->depth = unit;
    if (json_is_object(old)) {
        b->depth++;
        reopen_levels(b, n_open, old);
    }
    b->n_skipped = n_open - b->depth;
    if (b->n_skipped == 0 && b->has_key && b->next.want != WANT_NOT) {
        const struct json_level *top = &b->levels[b->depth - 1];
        b->next = top->way.want == WANT_WAY ? way_to(b, &top->way, strbuf_str(&b->key), b->key.len) : top->way;
    }
}

/* Those behind the first one, whose tree was 'was_in', as far as they are still wanted. */
static void
reopen_levels(struct json_build *b, size_t n_open, const json_t *was_in)
{
    for (; b->depth < n_open; b->depth++) {
        const struct json_level *up = &b->levels[b->depth - 1];
        struct json_level *at = &b->levels[b->depth];
        const json_t *was = at->json;

        if (up->way.want == WANT_WHOLE) { /* it stands in what both trees share */
            at->way = up->way;
            continue;
        }
        const char *key = json_is_object(was_in) ? key_of(was_in, was) : NULL;
        at->way = key ? way_to(b, &up->way, key, strlen(key)) : (struct json_way){.want = WANT_NOT};
        if (at->way.want == WANT_WAY) {
            at->json = json_object_get(up->json, key);
        }
        if (at->way.want == WANT_NOT || !at->json) {
            return;
        }
        was_in = was;
    }
}

/* What the keep in force names of 'from', which is shared where it is kept whole. */
static json_t *
pick(const struct json_build *b, const json_t *from)
{
    size_t each_len = b->each ? strlen(b->each) : 0;
    json_t *to = json_object();

    BUG_ON(!to);
    for (const char *const *p = keep_of(b)->paths; *p; p++) {
        if (!b->each) {
            json_copy_path(*p, from, to);
        } else if (strncmp(*p, b->each, each_len) == 0 && (*p)[each_len] == '.') {
            json_copy_path(*p + each_len + 1, from, to);
        }
    }
    return to;
}

/* Borrowed; NULL: 'value' stands at no key of the object. */
static const char *
key_of(const json_t *object, const json_t *value)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)object, key, v) {
        if (v == value) {
            return key;
        }
    }
    return NULL;
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
