// How a field table is written: one row a field, checked against the C struct at compile time as far as C can.
// Only the modules that define or walk tables include this.
#ifndef VMB_TABLE_H
#define VMB_TABLE_H

#include "api/walk/field.h"
#include "api/walk/meta.h"

enum field_kind {
    KIND_END,
    KIND_STRING,   /* const char * */
    KIND_INT,      /* int64_t; 0 stays out of the JSON unless the row is REQUIRED */
    KIND_OPT_INT,  /* struct opt_int */
    KIND_TRI,      /* enum tri: a JSON boolean */
    KIND_SWITCH,   /* enum tri: {} is true, {"enabled": x} is x */
    KIND_PRESENT,  /* bool: an object is there */
    KIND_ENUM,     /* an enum of values[] */
    KIND_QUANTITY, /* struct quantity: string or number */
    KIND_TIME,     /* int64_t seconds since 1970: RFC 3339 */
    KIND_STRINGS,  /* struct str_list */
    KIND_MAP,      /* struct str_map */
    KIND_STRUCT,   /* a struct in place */
    KIND_POINTER,  /* a struct in the arena; NULL when absent */
    KIND_LIST,     /* { T *items; size_t n; } */
    KIND_JSON,     /* const json_t *, as it is */
    KIND_OTHERS,   /* const json_t *: object of what the type's OTHER rows name and is there */
    KIND_PORT,     /* kept only: a number or a name */
    KIND_KEPT,     /* kept only: an object whose fields other rows name */
};

/* A CEL rule of an admission policy, over 'self'. 'message' is literal; where it is an 'expression' in CEL, 'message' tells what it
 * is about. */
struct cel_rule {
    const char *rule; /* NULL ends the list */
    const char *message;
    const char *expression;
};

struct field {
    const char *path; /* keys joined by dots; "" is the object itself */
    enum field_kind kind;
    size_t offset;
    const char *doc;
    const struct type *type;         /* STRUCT, POINTER, LIST; JSON: what the schema says of it */
    const struct enum_value *values; /* ENUM */
    size_t first_key;                /* OTHERS: offset of a const char * that gets the first key, or 0 */
    const char *pattern;
    const struct cel_rule *cel; /* of the field's value */
    const char *otherwise;      /* what an absent field means, for the reference */
    int64_t min;
    int64_t max; /* RANGE: when max > min */
    uint32_t max_len;
    uint32_t max_items;
    enum change_class change;
    const char *not_live; /* STRING of CHANGE_LIVE: a change from or to this value waits for a restart */
    bool required;
    bool open;     /* ENUM, pattern: the schema says nothing, a rule of the policy has the better sentence */
    bool shadow;   /* JSON: a second view of what other rows describe: neither encoded nor in the schema */
    bool list;     /* JSON: an array of objects; otherwise an object */
    bool kept;     /* no member: schema and reference know it, no struct does */
    bool other;    /* one of those that the OTHERS row of the type collects, by the first key of the path */
    bool nullable; /* null is as good as absent */
    bool quantity; /* STRING, MAP: text of quantities, which the schema takes as numbers too */
    bool needed;   /* the object that holds it must have it */
    bool outline;  /* STRUCT: the schema names its fields, and says nothing of what is in them */
    bool whole; /* STRUCT: one writer owns all of it (x-kubernetes-map-type: atomic), and managedFields name it once */
};

struct type {
    const char *name;
    size_t size;
    const struct field *fields;
    const char *list_key; /* items are known by this field (x-kubernetes-list-map-keys) */
    const char *list_key2;
    bool ordered; /* of a list by key: the order of its items means something to the guest */
    const struct cel_rule *cel;
    bool keeps_unknown; /* what no row names is kept (x-kubernetes-preserve-unknown-fields) */
    bool opaque;        /* the schema says no more than "object" */
    bool quantities;    /* a map: each key, named by a row or not, has a quantity */
};

#define FIELD_AT(s, m, T)                                                                                        \
    (offsetof(struct s, m) + 0 * sizeof(struct {                                                                 \
                                 _Static_assert(__builtin_types_compatible_p(__typeof__(((struct s *)0)->m), T), \
                                                "field " #s "." #m " is no " #T);                                \
                                 char c;                                                                         \
                             }))
#define FIELD_ROW(k, s, m, T, p, d, ...)                                               \
    {                                                                                  \
        .path = (p), .kind = (k), .offset = FIELD_AT(s, m, T), .doc = (d), __VA_ARGS__ \
    }
#define FIELD_STRING(s, m, p, d, ...) FIELD_ROW(KIND_STRING, s, m, const char *, p, d, __VA_ARGS__)
#define FIELD_INT(s, m, p, d, ...) FIELD_ROW(KIND_INT, s, m, int64_t, p, d, __VA_ARGS__)
#define FIELD_OPT_INT(s, m, p, d, ...) FIELD_ROW(KIND_OPT_INT, s, m, struct opt_int, p, d, __VA_ARGS__)
#define FIELD_BOOL(s, m, p, d, ...) FIELD_ROW(KIND_TRI, s, m, enum tri, p, d, __VA_ARGS__)
#define FIELD_SWITCH(s, m, p, d, ...) FIELD_ROW(KIND_SWITCH, s, m, enum tri, p, d, __VA_ARGS__)
#define FIELD_PRESENT(s, m, p, d, ...) FIELD_ROW(KIND_PRESENT, s, m, bool, p, d, __VA_ARGS__)
#define FIELD_ENUM(s, m, T, v, p, d, ...) FIELD_ROW(KIND_ENUM, s, m, enum T, p, d, .values = (v), __VA_ARGS__)
#define FIELD_QUANTITY(s, m, p, d, ...) FIELD_ROW(KIND_QUANTITY, s, m, struct quantity, p, d, __VA_ARGS__)
#define FIELD_TIME(s, m, p, d, ...) FIELD_ROW(KIND_TIME, s, m, int64_t, p, d, __VA_ARGS__)
#define FIELD_STRINGS(s, m, p, d, ...) FIELD_ROW(KIND_STRINGS, s, m, struct str_list, p, d, __VA_ARGS__)
#define FIELD_MAP(s, m, p, d, ...) FIELD_ROW(KIND_MAP, s, m, struct str_map, p, d, __VA_ARGS__)
#define FIELD_STRUCT(s, m, T, t, p, d, ...) FIELD_ROW(KIND_STRUCT, s, m, struct T, p, d, .type = &(t), __VA_ARGS__)
#define FIELD_POINTER(s, m, T, t, p, d, ...) FIELD_ROW(KIND_POINTER, s, m, struct T *, p, d, .type = &(t), __VA_ARGS__)
#define FIELD_LIST(s, m, T, t, p, d, ...) FIELD_ROW(KIND_LIST, s, m, struct T, p, d, .type = &(t), __VA_ARGS__)
#define FIELD_JSON(s, m, p, d, ...) FIELD_ROW(KIND_JSON, s, m, const json_t *, p, d, __VA_ARGS__)
#define FIELD_OTHERS(s, m, d, ...) FIELD_ROW(KIND_OTHERS, s, m, const json_t *, "", d, __VA_ARGS__)
#define FIELD_PART(t, p, d, ...)                                                \
    {                                                                           \
        .path = (p), .kind = KIND_STRUCT, .doc = (d), .type = &(t), __VA_ARGS__ \
    } /* same struct, one key deeper */
/* Fields that the API server takes and checks, and that no struct has. */
#define KEPT_ROW(k, p, d, ...)                                          \
    {                                                                   \
        .path = (p), .kind = (k), .doc = (d), .kept = true, __VA_ARGS__ \
    }
#define FIELD_KEPT(p, d, ...) KEPT_ROW(KIND_KEPT, p, d, __VA_ARGS__)
#define KEPT_STRING(p, d, ...) KEPT_ROW(KIND_STRING, p, d, __VA_ARGS__)
#define KEPT_INT(p, d, ...) KEPT_ROW(KIND_INT, p, d, __VA_ARGS__)
#define KEPT_BOOL(p, d, ...) KEPT_ROW(KIND_TRI, p, d, __VA_ARGS__)
#define KEPT_SWITCH(p, d, ...) KEPT_ROW(KIND_SWITCH, p, d, __VA_ARGS__)
#define KEPT_PRESENT(p, d, ...) KEPT_ROW(KIND_PRESENT, p, d, __VA_ARGS__)
#define KEPT_QUANTITY(p, d, ...) KEPT_ROW(KIND_QUANTITY, p, d, __VA_ARGS__)
#define KEPT_QUANTITIES(p, d, ...) KEPT_ROW(KIND_MAP, p, d, .quantity = true, __VA_ARGS__)
#define KEPT_TIME(p, d, ...) KEPT_ROW(KIND_TIME, p, d, __VA_ARGS__)
#define KEPT_STRINGS(p, d, ...) KEPT_ROW(KIND_STRINGS, p, d, __VA_ARGS__)
#define KEPT_MAP(p, d, ...) KEPT_ROW(KIND_MAP, p, d, __VA_ARGS__)
#define KEPT_PORT(p, d, ...) KEPT_ROW(KIND_PORT, p, d, __VA_ARGS__)
#define KEPT_JSON(p, d, ...) KEPT_ROW(KIND_JSON, p, d, __VA_ARGS__)
#define KEPT_STRUCT(t, p, d, ...) KEPT_ROW(KIND_STRUCT, p, d, .type = &(t), __VA_ARGS__)
#define KEPT_LIST(t, p, d, ...) KEPT_ROW(KIND_LIST, p, d, .type = &(t), __VA_ARGS__)
#define FIELD_END        \
    {                    \
        .kind = KIND_END \
    }

#define REQUIRED .required = true
#define MAX_LEN(n) .max_len = (n)
#define MAX_ITEMS(n) .max_items = (n)
#define RANGE(lo, hi) .min = (lo), .max = (hi)
#define PATTERN(re) .pattern = (re)
#define RULES(rules) .cel = (rules)
#define OTHERWISE(text) .otherwise = (text)
#define CHANGES(when) .change = CHANGE_##when
#define WHOLE .whole = true
#define OUTLINE .outline = true
#define NULLABLE .nullable = true
#define NEEDED .needed = true
#define OTHER .other = true
#define OF(t) .type = (&(t))

#define TYPE(s, rows, ...)                                                  \
    {                                                                       \
        .name = #s, .size = sizeof(struct s), .fields = (rows), __VA_ARGS__ \
    }

/* A type that no struct has: all its rows are kept. */
#define KEPT_TYPE(rows)                  \
    {                                    \
        .name = "kept", .fields = (rows) \
    }

/* When the change of a field from one value to another takes effect; either may be NULL. */
enum change_class field_change(const struct field *f, const json_t *from, const json_t *to);

extern const struct type meta_type;      /* an object's own metadata */
extern const struct type condition_type; /* items of a condition_list */

#endif
