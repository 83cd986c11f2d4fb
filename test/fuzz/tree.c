// Walks along a field table, or along a tree, by the bytes of the input.
#include "tree.h"

enum {
    DEPTH_MAX = 12,
    MANY = 1100, /* more than a list or a map may have */
    LONG_MAX = 20,
};

/* NUL cannot be in a C string: "\x01" stands for it, and for all that JSON must escape. */
static const char *const texts[] = {
    "",
    "a",
    "b",
    "n",
    "0",
    "-1",
    "true",
    "null",
    "virt-launcher",
    "kubevirt.io",
    "kubevirt.io/created-by",
    "kubevirt.io/nodeName",
    "kubevirt.io/foregroundDeleteVirtualMachine",
    "vm.kubevirt.io/name",
    "VirtualMachine",
    "VirtualMachineInstance",
    "Running",
    "Failed",
    "Succeeded",
    "Pending",
    "Halted",
    "Always",
    "True",
    "False",
    "Ready",
    "Bound",
    "Block",
    "UDP",
    "../../etc/passwd",
    "a/b/c",
    "A b",
    "a\nb",
    "\x01\x02\x1b[31m",
    "\xe2\x80\xaemoc.elgoog",
    "\xed\x95\x9c\xf0\x9f\x98\x80",
    "%s%n%d",
    "\"},{\"x\":\"",
    "&<>'",
    "-v",
    ".",
    "localhost",
    "::1",
    "10.0.0.1",
    "02:00:00:00:00:01",
    "uid-a",
    "uid-b",
    "uid-of-pod",
};

static const char *const quantities[] = {
    "1Gi",
    "0",
    "-1",
    "128Mi",
    "8Ei",
    "7Ei",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "1e18",
    "1e9999",
    "0.1m",
    "1n",
    "16E",
    "999999999999999999999999999",
    "1.5Gi",
    "",
    "Gi",
    "+5",
    ".5",
    "5.",
    "500m",
};

static const char *const times[] = {
    "2026-01-01T00:00:00Z", "2026-01-01T00:00:10Z",  "1970-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z",  "2026-01-01T00:00:00.123456789+23:59",
    "2026-13-41T25:61:61Z", "99999-01-01T00:00:00Z", "now",
    "2026-01-01T00:00:00",
};

static const int64_t numbers[] = {
    1,
    0,
    -1,
    2,
    22,
    80,
    255,
    256,
    1023,
    1024,
    65535,
    65536,
    1000000,
    INT32_MAX,
    INT32_MIN,
    UINT32_MAX,
    1LL << 53,
    INT64_MAX / 1000,
    INT64_MAX / 1024,
    INT64_MAX - 1,
    INT64_MAX,
    INT64_MIN,
    INT64_MIN + 1,
};

static const double reals[] = {0.5, -0.5, 1e308, -1e308, 1e18, 1e19, 4e-324};

static const char *const words[] = {
    "metadata",
    "name",
    "namespace",
    "uid",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "spec",
    "status",
    "phase",
    "conditions",
    "ports",
    "port",
    "targetPort",
    "selector",
    "containerStatuses",
    "state",
    "terminated",
    "message",
    "deletionTimestamp",
    "kubevirt.io",
    "kubevirt.io/created-by",
    "app",
    "generation",
    "resourceVersion",
};

uint8_t
bytes_next(struct bytes *b)
{
    if (b->left == 0) {
        return 0;
    }
    b->left--;
    return *b->at++;
}

size_t
bytes_below(struct bytes *b, size_t n)
{
    size_t v = bytes_next(b);

    BUG_ON(n == 0);
    return (n > 256 ? v << 8 | bytes_next(b) : v) % n;
}

json_t *
tree_new(const char *text)
{
    AUTO(freep) char *copy = xstrdup(text);
    json_t *j = NULL;

    for (char *at = strchr(copy, '\''); at; at = strchr(at, '\'')) {
        *at = '"';
    }
    struct err *e = json_parse(copy, strlen(copy), SIZE_MAX, &j);
    BUG_ON(e);
    return j;
}

/* Long and short, of one piece. Lengths are around those that somebody checks. */
static json_t *
long_text(struct bytes *b)
{
    static const char *const pieces[] = {"x", "a.", "<", "\xc3\xa9", "\"", "\\", "\x1f", "\xf0\x9f\x98\x80"};
    static const size_t lengths[] = {63, 64, 253, 254, 400, 1023, 1024, 1025, 4096, 4097, 16384, 65536, 700000};
    const char *piece = pieces[bytes_below(b, ARRAY_LEN(pieces))];
    size_t n = lengths[bytes_below(b, ARRAY_LEN(lengths))] / strlen(piece);
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(1 << 20);

    for (size_t i = 0; i < n; i++) {
        (void)strbuf_adds(&sb, piece);
    }
    return json_string(strbuf_str(&sb));
}

static json_t *
any_text(struct bytes *b)
{
    size_t which = bytes_below(b, ARRAY_LEN(texts) + LONG_MAX);

    if (which < ARRAY_LEN(texts)) {
        return json_string(texts[which]);
    }
    if (which == ARRAY_LEN(texts)) {
        return json_stringn("a\0b", 3);
    }
    if (which % 2 == 0) {
        return long_text(b);
    }
    return json_string(which % 3 == 0 ? quantities[bytes_below(b, ARRAY_LEN(quantities))]
                                      : times[bytes_below(b, ARRAY_LEN(times))]);
}

static json_t *
any_number(struct bytes *b)
{
    return json_integer(numbers[bytes_below(b, ARRAY_LEN(numbers))]);
}

static json_t *
any_map(struct bytes *b)
{
    size_t n = bytes_below(b, 8);
    json_t *j = json_object();

    n = n == 7 ? MANY : n;
    for (size_t i = 0; i < n; i++) {
        AUTO(json_freep) json_t *key = any_text(b);
        AUTO(freep) char *numbered = xasprintf("%s%zu", i < ARRAY_LEN(texts) ? texts[i] : "k", i);
        (void)json_object_set_new(j, i < 4 ? json_string_value(key) : numbered,
                                  any_text(b)); /* one with a NUL is left out */
    }
    return j;
}

static json_t *
any_list(struct bytes *b)
{
    size_t n = bytes_below(b, 8);
    json_t *j = json_array();

    n = n == 7 ? MANY : n;
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(j, any_text(b));
    }
    return j;
}

static json_t *
deep(struct bytes *b)
{
    size_t n = 1 + bytes_below(b, 130);
    json_t *j = json_object();

    for (size_t i = 0; i < n; i++) {
        j = i % 2 == 0 ? json_pack("{s:o}", words[i % ARRAY_LEN(words)], j) : json_pack("[o]", j);
    }
    return j;
}

static json_t *
any_value(struct bytes *b)
{
    switch (bytes_below(b, 10)) {
    case 0:
        return json_null();
    case 1:
        return json_boolean(bytes_next(b) & 1);
    case 2:
        return any_number(b);
    case 3:
        return json_real(reals[bytes_below(b, ARRAY_LEN(reals))]);
    case 4:
        return any_map(b);
    case 5:
        return any_list(b);
    case 6:
        return deep(b);
    default:
        return any_text(b);
    }
}

static json_t *
enum_value(const struct enum_value *values, struct bytes *b)
{
    size_t n = 0;

    while (values[n].name) {
        n++;
    }
    return n > 0 ? json_string(values[bytes_below(b, n)].name) : json_null();
}

/* Of the field's type, for the most part. */
static json_t *
field_value(const struct field *f, struct bytes *b)
{
    if (bytes_below(b, 5) == 4) {
        return any_value(b);
    }
    switch (f->kind) {
    case KIND_STRING:
        return f->quantity ? json_string(quantities[bytes_below(b, ARRAY_LEN(quantities))]) : any_text(b);
    case KIND_INT:
    case KIND_OPT_INT:
        return any_number(b);
    case KIND_TRI:
        return json_boolean(bytes_next(b) & 1);
    case KIND_SWITCH:
        return bytes_next(b) & 1 ? json_object() : json_pack("{s:b}", "enabled", 0);
    case KIND_PRESENT:
        return json_object();
    case KIND_ENUM:
        return enum_value(f->values, b);
    case KIND_QUANTITY:
        return bytes_below(b, 4) == 3 ? any_number(b) : json_string(quantities[bytes_below(b, ARRAY_LEN(quantities))]);
    case KIND_TIME:
        return json_string(times[bytes_below(b, ARRAY_LEN(times))]);
    case KIND_STRINGS:
        return any_list(b);
    case KIND_MAP:
        return any_map(b);
    case KIND_STRUCT:
    case KIND_POINTER:
    case KIND_LIST:
    case KIND_JSON:
    case KIND_OTHERS:
    case KIND_PORT:
    case KIND_KEPT:
    case KIND_END:
        break;
    }
    return any_value(b);
}

/* The container of 'key', made when there is something else. */
static json_t *
inner(json_t *object, const char *key, bool is_list)
{
    json_t *j = json_object_get(object, key);

    if (is_list ? !json_is_array(j) : !json_is_object(j)) {
        j = is_list ? json_array() : json_object();
        (void)json_object_set_new(object, key, j);
    }
    return j;
}

/* The object that holds the last key of 'path'; that key is put into 'ret_key'. */
static json_t *
holder(json_t *object, const char *path, char ret_key[64])
{
    const char *dot = strchr(path, '.');

    while (dot) {
        (void)snprintf(ret_key, 64, "%.*s", (int)(dot - path), path);
        object = inner(object, ret_key, false);
        path = dot + 1;
        dot = strchr(path, '.');
    }
    (void)snprintf(ret_key, 64, "%s", path);
    return object;
}

static json_t *
list_item(json_t *list, struct bytes *b)
{
    size_t n = json_array_size(list);
    size_t which = bytes_below(b, 8);
    json_t *item = json_array_get(list, n > 0 ? which % n : 0);

    if (which == 7 && item) { /* the same again and again */
        for (size_t i = bytes_below(b, 4) == 3 ? n : MANY; i < MANY; i++) {
            (void)json_array_append_new(list, json_deep_copy(item));
        }
    }
    if (!json_is_object(item) || which > 4) {
        item = json_object();
        (void)json_array_append_new(list, item);
    }
    return item;
}

static const struct field *
field_of(const struct type *t, struct bytes *b)
{
    size_t n = 0;

    while (t->fields[n].kind != KIND_END) {
        n++;
    }
    return &t->fields[bytes_below(b, n)];
}

void
tree_change(json_t *object, const struct type *t, struct bytes *b)
{
    char key[64];

    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        const struct field *f = field_of(t, b);
        bool is_struct = f->kind == KIND_STRUCT || f->kind == KIND_POINTER || f->kind == KIND_LIST;
        json_t *in = holder(object, f->path, key);
        if (is_struct && str_empty(f->path)) {
            t = f->type;
            continue;
        }
        if (f->kind == KIND_OTHERS || str_empty(f->path)) {
            (void)json_object_set_new(in, words[bytes_below(b, ARRAY_LEN(words))], any_value(b));
            return;
        }
        if (!is_struct || bytes_below(b, 16) == 15) {
            (void)json_object_set_new(in, key, field_value(f, b));
            return;
        }
        object = inner(in, key, f->kind == KIND_LIST);
        object = f->kind == KIND_LIST ? list_item(object, b) : object;
        t = f->type;
    }
}

/* The value of the nth key or item; NULL when there is none. */
static json_t *
child(json_t *j, size_t n, const char **ret_key)
{
    const char *key;
    json_t *value;

    if (json_is_array(j)) {
        return json_array_get(j, n);
    }
    json_object_foreach(j, key, value) {
        if (n-- == 0) {
            *ret_key = key;
            return value;
        }
    }
    return NULL;
}

static size_t
n_children(const json_t *j)
{
    return json_is_array(j) ? json_array_size(j) : json_object_size(j);
}

static void
add_something(json_t *j, struct bytes *b)
{
    if (json_is_array(j)) {
        json_t *first = json_array_get(j, 0);
        json_t *more = first && (bytes_next(b) & 1) ? json_deep_copy(first) : any_value(b);
        (void)json_array_append_new(j, more);
    } else {
        (void)json_object_set_new(j, words[bytes_below(b, ARRAY_LEN(words))], any_value(b));
    }
}

void
tree_twist(json_t *object, struct bytes *b)
{
    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        const char *key = NULL;
        size_t n = n_children(object);
        size_t at = n > 0 ? bytes_below(b, n) : 0;
        json_t *value = child(object, at, &key);
        uint8_t how = bytes_next(b);
        if (!value || how % 16 == 15) {
            add_something(object, b);
            return;
        }
        if (how % 16 == 14) {
            (void)(key ? json_object_del(object, key) : json_array_remove(object, at));
            return;
        }
        if (how % 16 == 13 || n_children(value) == 0) {
            json_t *other = json_is_integer(value) && (how & 16) ? any_number(b) : any_value(b);
            (void)(key ? json_object_set_new(object, key, other) : json_array_set_new(object, at, other));
            return;
        }
        object = value;
    }
}
