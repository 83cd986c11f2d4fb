// yajl finds the values of a text; json_build.c makes a tree of them. A text in pieces comes to yajl without strings that a piece cuts:
// yajl would read such a string from its beginning again with each piece, and keep it whole though nobody wants it.
#include "json_build.h"
#include "json_strings.h"

#include <yajl/yajl_parse.h>

enum { NUMBER_MAX_BYTES = 4096 /* of one that pieces cut */ };

struct json_reader {
    struct json_build build;
    const struct json_keep *keeps;
    size_t n_keeps;
    yajl_handle yajl;  /* NULL: no text has begun */
    struct err *error; /* what is wrong with the text; nothing of it is looked at any more */
    size_t n_read;     /* bytes of the text before this piece */
    size_t n_number;   /* at their end, of what may be a number */
    bool in_string;    /* that a piece has cut: its bytes are held back, or left out when nobody reads it */
    bool is_dropped;
    bool is_escaped; /* the last byte was a backslash that stands before another one */
    struct strbuf held;
};

static struct err *read_whole(struct json_build *b, const struct json_keep *keep, const char *text, size_t len,
                              json_t **ret_json);
static void text_begin(struct json_reader *r);
static void parse(struct json_reader *r, const char *bytes, size_t len);
static void parse_end(struct json_reader *r);
static size_t take_outside(struct json_reader *r, const char *bytes, size_t len);
static size_t take_inside(struct json_reader *r, const char *bytes, size_t len);
static void hold(struct json_reader *r, const char *bytes, size_t len);
static struct err *yajl_text_error(yajl_handle h, size_t at);

static int
on_null(void *arg)
{
    return json_build_null(arg);
}

static int
on_boolean(void *arg, int value)
{
    return json_build_boolean(arg, value != 0);
}

static int
on_number(void *arg, const char *text, size_t len)
{
    return json_build_number(arg, text, len);
}

static int
on_string(void *arg, const unsigned char *text, size_t len)
{
    return json_build_string(arg, (const char *)text, len);
}

static int
on_map(void *arg)
{
    return json_build_object(arg);
}

static int
on_key(void *arg, const unsigned char *text, size_t len)
{
    return json_build_key(arg, (const char *)text, len);
}

static int
on_array(void *arg)
{
    return json_build_array(arg);
}

static int
on_end(void *arg)
{
    return json_build_close(arg);
}

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
    struct json_build b = {.is_strict = true};
    const struct json_keep keep = {0};

    if (len > max_bytes) {
        return err_new(ERR_INVALID, "JSON text of %zu bytes is larger than %zu", len, max_bytes);
    }
    return read_whole(&b, &keep, text, len, ret_json);
}

struct err *
json_part(const char *text, size_t len, const char *const *paths, json_t **ret_json)
{
    struct json_build b = {0};
    const struct json_keep keep = {.paths = paths};

    return read_whole(&b, &keep, text, len, ret_json);
}

static struct err *
read_whole(struct json_build *b, const struct json_keep *keep, const char *text, size_t len, json_t **ret_json)
{
    yajl_handle h = yajl_alloc(&callbacks, NULL, b);
    struct err *e = NULL;

    BUG_ON(!h);
    json_build_begin(b, keep, 1);
    yajl_status status = yajl_parse(h, (const unsigned char *)text, len);
    size_t at = yajl_get_bytes_consumed(h);
    if (status == yajl_status_ok) {
        status = yajl_complete_parse(h);
    }
    if (b->why) {
        e = err_new(ERR_INVALID, "not JSON at byte %zu: %s", at, b->why);
    } else if (status != yajl_status_ok) {
        e = yajl_text_error(h, at);
    } else {
        *ret_json = b->root ? STEAL(b->root) : json_null();
    }
    yajl_free(h);
    json_build_fini(b);
    return e;
}

static struct err *
yajl_text_error(yajl_handle h, size_t at)
{
    unsigned char *why = yajl_get_error(h, 0, NULL, 0);
    struct err *e = err_new(ERR_INVALID, "not JSON at byte %zu: %.*s", at, (int)strcspn((char *)why, "\n"), (char *)why);

    yajl_free_error(h, why);
    return e;
}

struct json_reader *
json_reader_new(const struct json_keep *keeps, size_t n_keeps)
{
    struct json_reader *r = XNEW(struct json_reader);

    r->keeps = keeps;
    r->n_keeps = n_keeps;
    r->held = STRBUF_INIT(JSON_STRING_MAX);
    return r;
}

void
json_reader_free(struct json_reader *r)
{
    if (!r) {
        return;
    }
    json_reader_reset(r);
    json_build_fini(&r->build);
    free(r);
}

void
json_reader_each(struct json_reader *r, const char *key, json_each_fn *fn, void *arg)
{
    r->build.each = key;
    r->build.on_each = fn;
    r->build.arg = arg;
}

void
json_reader_reset(struct json_reader *r)
{
    if (r->yajl) {
        yajl_free(r->yajl);
        r->yajl = NULL;
    }
    err_free(r->error);
    r->error = NULL;
    strbuf_fini(&r->held);
    json_decref(r->build.root);
    r->build.root = NULL;
}

static void
text_begin(struct json_reader *r)
{
    if (r->yajl) {
        return;
    }
    r->yajl = yajl_alloc(&callbacks, NULL, &r->build);
    BUG_ON(!r->yajl);
    json_build_begin(&r->build, r->keeps, r->n_keeps);
    r->n_read = 0;
    r->n_number = 0;
    r->in_string = false;
}

void
json_reader_feed(struct json_reader *r, const char *bytes, size_t len)
{
    text_begin(r);
    while (len > 0 && !r->error) {
        size_t n = r->in_string ? take_inside(r, bytes, len) : take_outside(r, bytes, len);
        r->n_read += n;
        bytes += n;
        len -= n;
    }
}

struct err *
json_reader_end(struct json_reader *r, const char *bytes, size_t len, json_t **ret_json, enum json_over *ret_over)
{
    text_begin(r);
    if (r->in_string) {
        json_reader_feed(r, bytes, len);
    } else if (!r->error) {
        parse(r, bytes, len); /* what it cuts is cut for good */
    }
    if (r->in_string && !r->error) { /* it has no end; the parser says so, where that matters */
        parse(r, r->is_dropped ? "\"" : r->held.buf, r->is_dropped ? 1 : r->held.len);
    }
    if (!r->error) {
        parse_end(r);
    }
    struct err *e = STEAL(r->error);
    if (!e) {
        *ret_json = r->build.root ? STEAL(r->build.root) : json_null();
        *ret_over = r->build.over;
    }
    json_reader_reset(r);
    return e;
}

/* Of bytes outside of strings. Returns how many were taken: those up to a string that they cut. */
static size_t
take_outside(struct json_reader *r, const char *bytes, size_t len)
{
    size_t n = json_strings_before(bytes, len);

    if (n > 0) {
        size_t n_number = json_strings_number(bytes, n);
        r->n_number = n_number == n ? r->n_number + n : n_number;
        parse(r, bytes, n);
    }
    if (r->n_number > NUMBER_MAX_BYTES && !r->error) {
        r->error = err_new(ERR_INVALID, "not JSON at byte %zu: a number is too long", r->n_read);
    }
    if (n == 0) {
        r->in_string = true;
        r->is_escaped = false;
        r->is_dropped = !json_build_reads_string(&r->build);
        hold(r, bytes, 1);
        return 1;
    }
    return n;
}

static size_t
take_inside(struct json_reader *r, const char *bytes, size_t len)
{
    size_t n = 0;
    bool has_end = json_strings_end(bytes, len, &r->is_escaped, &n);

    hold(r, bytes, n);
    if (has_end && !r->error) {
        r->in_string = false;
        r->n_number = 0;
        if (r->is_dropped) {
            parse(r, "\"\"", 2);
        } else {
            parse(r, r->held.buf, r->held.len);
        }
        strbuf_fini(&r->held);
    }
    return n;
}

static void
hold(struct json_reader *r, const char *bytes, size_t len)
{
    if (r->is_dropped || strbuf_add(&r->held, bytes, len)) {
        return;
    }
    strbuf_fini(&r->held);
    r->is_dropped = true;
    if (!json_build_drop_string(&r->build)) {
        r->error = err_new(ERR_INVALID, "not JSON at byte %zu: %s", r->n_read, r->build.why);
    }
}

static void
parse(struct json_reader *r, const char *bytes, size_t len)
{
    yajl_status status = yajl_parse(r->yajl, (const unsigned char *)bytes, len);

    if (r->build.why) {
        r->error = err_new(ERR_INVALID, "not JSON at byte %zu: %s", r->n_read + yajl_get_bytes_consumed(r->yajl),
                           r->build.why);
    } else if (status != yajl_status_ok) {
        r->error = yajl_text_error(r->yajl, r->n_read + yajl_get_bytes_consumed(r->yajl));
    }
}

static void
parse_end(struct json_reader *r)
{
    yajl_status status = yajl_complete_parse(r->yajl);

    if (r->build.why) { /* a number was the last that came */
        r->error = err_new(ERR_INVALID, "not JSON at byte %zu: %s", r->n_read, r->build.why);
    } else if (status != yajl_status_ok) {
        r->error = yajl_text_error(r->yajl, r->n_read);
    }
}
