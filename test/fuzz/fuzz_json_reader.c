// A text in pieces is the same as the whole one; with limits no more than they allow is built, and what is left is what the keep in force
// names of the same text without limits.
#include "fuzz.h"

#include "base/json_reader.h"

enum { TEXT_MAX_BYTES = 4000 /* longer numbers are refused in pieces */, N_KEEPS = 3 };

static const char *const wanted[] = {"type", "object.metadata", "object.spec", "object.status.phase", NULL};
static const char *const header[] = {"type", "object.metadata.name", "object.metadata.list", "object.spec.run", NULL};
static const char *const core[] = {"type", "object.metadata.name", "object.spec.run", NULL};
static const char *const *const paths[N_KEEPS] = {wanted, header, core};

static json_t *
read_pieces(struct json_reader *r, const char *text, size_t len, size_t step, enum json_over *ret_over)
{
    json_t *j = NULL;

    for (; len > step; len -= step, text += step) {
        json_reader_feed(r, text, step);
    }
    err_free(json_reader_end(r, text, len, &j, ret_over)); /* then there is no tree */
    return j;
}

/* Of a tree, as json_reader counts. */
static size_t
weight(const json_t *j)
{
    size_t sum = JSON_VALUE_BYTES + json_string_length(j);
    const char *key;
    json_t *value;
    size_t i;

    json_array_foreach(j, i, value) {
        sum += weight(value);
    }
    json_object_foreach((json_t *)(uintptr_t)j, key, value) {
        sum += strlen(key) + weight(value);
    }
    return sum;
}

/* Then no key comes twice, of which one may be large and the other the one that counts. */
static bool
is_plain(const char *text, size_t len)
{
    AUTO(json_freep) json_t *j = NULL;
    AUTO(err_freep) struct err *e = json_parse(text, len, len, &j);

    return !e;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3 || size > TEXT_MAX_BYTES) {
        return 0;
    }
    const char *text = (const char *)data + 2;
    size_t len = size - 2;
    size_t limit = 40 + (size_t)data[1] * 8;
    struct json_keep keeps[N_KEEPS];
    AUTO(json_freep) json_t *part = NULL;

    err_free(json_part(text, len, wanted, &part)); /* then there is no tree */
    for (size_t i = 0; i < N_KEEPS; i++) {
        keeps[i] = (struct json_keep){.paths = paths[i], .max_bytes = limit};
    }
    struct json_reader *all = json_reader_new(&(struct json_keep){.paths = wanted}, 1);
    struct json_reader *some = json_reader_new(keeps, N_KEEPS);
    enum json_over over = JSON_WHOLE;
    enum json_over over_whole = JSON_WHOLE;
    AUTO(json_freep) json_t *pieces = read_pieces(all, text, len, (size_t)data[0] + 1, &over);
    BUG_ON(part &&
           (!pieces || !json_equal(pieces, part))); /* a string that nobody wants is not looked at when pieces cut it */
    AUTO(json_freep) json_t *left = read_pieces(some, text, len, (size_t)data[0] + 1, &over);
    AUTO(json_freep) json_t *left_whole = read_pieces(some, text, len, len, &over_whole);
    BUG_ON(part && (!left != !left_whole || (left && (over != over_whole || !json_equal(left, left_whole)))));
    BUG_ON(left && weight(left) > N_KEEPS * (limit + 64));
    if (left && part && is_plain(text, len)) {
        AUTO(json_freep) json_t *of_core = NULL;
        AUTO(json_freep) json_t *least = NULL;
        AUTO(freep) char *written = json_compact(left);
        BUG_ON(json_part(text, len, core, &of_core) || json_part(written, strlen(written), core, &least));
        const json_t *name = json_at(of_core, "object", "metadata", "name", NULL);
        BUG_ON(name && !json_equal(name, json_at(least, "object", "metadata", "name", NULL)));
        BUG_ON(over == JSON_WHOLE && !json_equal(left, part));
    }
    json_reader_free(all);
    json_reader_free(some);
    return 0;
}
