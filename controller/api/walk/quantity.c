// Reading and writing Kubernetes quantities.
#include "api/walk/quantity.h"

#include "base/err.h"

#include <ctype.h>

enum { DIGITS_MAX = 36, EXPONENT_MAX = 40 };

__extension__ typedef unsigned __int128 wide;

struct suffix {
    const char *text;
    bool binary;
    int power; /* of ten, or of two */
};

static const struct suffix suffixes[] = {
    {"", false, 0},   {"n", false, -9}, {"u", false, -6}, {"m", false, -3}, {"k", false, 3},  {"M", false, 6},
    {"G", false, 9},  {"T", false, 12}, {"P", false, 15}, {"E", false, 18}, {"Ki", true, 10}, {"Mi", true, 20},
    {"Gi", true, 30}, {"Ti", true, 40}, {"Pi", true, 50}, {"Ei", true, 60},
};

/* A number as it is read: digits * 10^-fraction. */
struct digits {
    wide value;
    int fraction;
    bool negative;
};

static const char *
read_digits(const char *p, struct digits *d)
{
    size_t n = 0;
    bool seen = false, point = false;

    d->negative = *p == '-';
    p += *p == '-' || *p == '+';
    for (;; p++) {
        if (*p == '.' && !point) {
            point = true;
            continue;
        }
        if (!isdigit((unsigned char)*p)) {
            return seen ? p : NULL;
        }
        seen = true;
        n += d->value > 0 || *p != '0';
        if (n > DIGITS_MAX || d->fraction > DIGITS_MAX) {
            return NULL;
        }
        d->value = d->value * 10 + (wide)(*p - '0');
        d->fraction += point;
    }
}

/* Exponent "e3", "E-2": false when the text is none. */
static bool
read_exponent(const char *p, int *ret_power)
{
    int sign = 1, power = 0;

    if (*p != 'e' && *p != 'E') {
        return false;
    }
    p++;
    if (*p == '-' || *p == '+') {
        sign = *p == '-' ? -1 : 1;
        p++;
    }
    if (!*p) {
        return false;
    }
    for (; isdigit((unsigned char)*p); p++) {
        power = power * 10 + (*p - '0');
        if (power > EXPONENT_MAX) {
            return false;
        }
    }
    *ret_power = sign * power;
    return *p == '\0';
}

static bool
read_suffix(const char *p, struct suffix *ret_suffix)
{
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        if (strcmp(suffixes[i].text, p) == 0) {
            *ret_suffix = suffixes[i];
            return true;
        }
    }
    int power = 0;
    if (!read_exponent(p, &power)) {
        return false;
    }
    *ret_suffix = (struct suffix){.power = power};
    return true;
}

/* digits * suffix * 10^extra, rounded away from zero. False when the magnitude passes 63 bits. */
static bool
scale(const struct digits *d, const struct suffix *s, int extra, int64_t *ret_value)
{
    int ten = extra - d->fraction + (s->binary ? 0 : s->power);
    wide v = d->value;
    bool rest = false;

    if (s->binary && __builtin_mul_overflow(v, (wide)1 << s->power, &v)) {
        return false;
    }
    for (; ten > 0 && v > 0; ten--) {
        if (__builtin_mul_overflow(v, (wide)10, &v)) {
            return false;
        }
    }
    for (; ten < 0 && v > 0; ten++) {
        rest = rest || v % 10 != 0;
        v /= 10;
    }
    v += rest;
    if (v > INT64_MAX) {
        return false;
    }
    *ret_value = d->negative ? -(int64_t)v : (int64_t)v;
    return true;
}

struct err *
quantity_parse(const char *text, struct quantity *ret_quantity)
{
    struct digits d = {0};
    struct suffix s = {0};
    struct quantity q = {.text = text};
    const char *rest = read_digits(text, &d);

    if (!rest || !read_suffix(rest, &s)) {
        return err_new(ERR_INVALID, "\"%.64s\" is no quantity: write a number and a suffix, such as 512Mi, 2Gi, 500m",
                       text);
    }
    if (!scale(&d, &s, 0, &q.value)) {
        return err_new(ERR_INVALID, "\"%.64s\" is larger than any quantity can be", text);
    }
    if (!scale(&d, &s, 3, &q.milli)) {
        q.milli = d.negative ? -INT64_MAX : INT64_MAX;
    }
    *ret_quantity = q;
    return NULL;
}

char *
quantity_format_bytes(struct arena *a, int64_t bytes)
{
    static const char *const units[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    size_t unit = 0;

    while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < ARRAY_LEN(units)) {
        bytes /= 1024;
        unit++;
    }
    return arena_printf(a, "%lld%s", (long long)bytes, units[unit]);
}
