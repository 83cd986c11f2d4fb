// A walk over the text that skips whole values by counting brackets outside strings.
#include "scan.h"

enum { NUMBER_SIZE = 24 };

static const char *
skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) {
        p++;
    }
    return p;
}

/* Behind the closing quote; 'p' is at the opening one. */
static const char *
skip_string(const char *p, const char *end)
{
    for (p++; p < end; p++) {
        if (*p == '\\') {
            p++;
        } else if (*p == '"') {
            return p + 1;
        }
    }
    return end;
}

static const char *
skip_nested(const char *p, const char *end)
{
    size_t depth = 0;

    while (p < end) {
        if (*p == '"') {
            p = skip_string(p, end);
            continue;
        }
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        p++;
        if (depth == 0) {
            return p;
        }
    }
    return end;
}

static const char *
skip_value(const char *p, const char *end)
{
    if (p < end && *p == '"') {
        return skip_string(p, end);
    }
    if (p < end && (*p == '{' || *p == '[')) {
        return skip_nested(p, end);
    }
    while (p < end && *p != ',' && *p != '}' && *p != ']' && *p != ' ' && *p != '\n') {
        p++;
    }
    return p;
}

/* Between two members: behind the comma, or at the end. */
static const char *
next_member(const char *p, const char *end)
{
    p = skip_space(p, end);
    return p < end && *p == ',' ? skip_space(p + 1, end) : end;
}

static void
keep(struct slice name, struct slice value, const char *const *keys, size_t n_keys, struct slice *ret_values)
{
    for (size_t i = 0; i < n_keys; i++) {
        if (scan_is(name, keys[i])) {
            ret_values[i] = value;
            return;
        }
    }
}

bool
scan_object(struct slice object, const char *const *keys, size_t n_keys, struct slice *ret_values)
{
    const char *end = object.at ? object.at + object.len : NULL;

    memset(ret_values, 0, n_keys * sizeof(*ret_values));
    if (!object.at || object.len < 2 || object.at[0] != '{') {
        return false;
    }
    const char *p = skip_space(object.at + 1, end);
    while (p < end && *p == '"') {
        struct slice name = {p, (size_t)(skip_string(p, end) - p)};
        p = skip_space(p + name.len, end);
        if (p >= end || *p != ':') {
            return false;
        }
        p = skip_space(p + 1, end);
        struct slice value = {p, (size_t)(skip_value(p, end) - p)};
        keep(name, value, keys, n_keys, ret_values);
        p = next_member(p + value.len, end);
    }
    return true;
}

struct slice
scan_key(struct slice object, const char *key)
{
    struct slice value = {0};

    (void)scan_object(object, &key, 1, &value); /* no object: there is no value */
    return value;
}

bool
scan_item(struct slice array, const char **at, struct slice *ret_item)
{
    const char *end = array.at ? array.at + array.len : NULL;

    if (!array.at || array.len < 2 || array.at[0] != '[') {
        return false;
    }
    const char *p = *at ? next_member(*at, end) : skip_space(array.at + 1, end);
    const char *behind = skip_value(p, end);
    if (p >= end || behind == p) {
        return false;
    }
    *ret_item = (struct slice){p, (size_t)(behind - p)};
    *at = behind;
    return true;
}

bool
scan_is(struct slice value, const char *text)
{
    size_t len = strlen(text);

    return value.at && value.len == len + 2 && value.at[0] == '"' && memcmp(value.at + 1, text, len) == 0;
}

int64_t
scan_int(struct slice value, int64_t otherwise)
{
    char digits[NUMBER_SIZE];
    char *end = NULL;

    if (!value.at || value.len >= sizeof(digits)) {
        return otherwise;
    }
    memcpy(digits, value.at, value.len);
    digits[value.len] = '\0';
    int64_t number = strtoll(digits, &end, 10);
    return end != digits && *end == '\0' ? number : otherwise;
}

void
scan_copy(struct slice value, char *buf, size_t buf_size)
{
    size_t len = value.at && value.len >= 2 && value.at[0] == '"' ? value.len - 2 : 0;

    len = len < buf_size ? len : buf_size - 1;
    if (len > 0) {
        memcpy(buf, value.at + 1, len);
    }
    buf[len] = '\0';
}
