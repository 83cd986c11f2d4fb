// The description of a kind: constant field tables (api/walk/table.h), and the walkers that read them: decode, encode, differ, schema,
// reference. Walkers know tables and no kind; adding a field is adding a row.
#ifndef VMB_FIELD_H
#define VMB_FIELD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

struct type; /* a JSON object and the C struct it becomes */

/* The names of an enum on the wire; the unset value has none. A NULL name ends the list. */
struct enum_value {
    const char *name;
    int value;
};

/* Name of a value, or NULL when it has none. */
const char *enum_name(const struct enum_value *values, int value);
/* False, and 'ret_value' untouched, when no value has that name. */
bool enum_find(const struct enum_value *values, const char *name, int *ret_value);

enum { API_LIST_MAX = 1024, API_DEPTH_MAX = 24, API_MAP_MAX = 4096 };

/* Decodes 'j' into 'ret_struct' (zeroed, of the type's size). Strings are copied into the arena; FIELD_JSON values are borrowed from 'j',
 * which must live as long as the struct. Unknown fields are skipped, and wrong ones of a struct that the schema only outlines.
 * Errors: ERR_INVALID naming the path ("spec.domain.cpu.cores: ..."). */
MUST_CHECK struct err *api_decode(const struct type *t, const json_t *j, struct arena *a, void *ret_struct);

/* JSON of a struct: absent fields stay absent. The caller owns the tree. */
MUST_CHECK json_t *api_encode(const struct type *t, const void *s);

/* When a changed field takes effect. */
enum change_class {
    CHANGE_RESTART,  /* with the next start of the guest */
    CHANGE_LIVE,     /* at once */
    CHANGE_RECREATE, /* only when the object is made anew */
    CHANGE_NEVER,    /* it may not change */
};

const char *change_class_name(enum change_class c);

struct change {
    const char *path;    /* "domain.devices.disks[root].cache": list items by their key */
    const char *current; /* compact JSON; NULL when absent */
    const char *desired;
    enum change_class takes_effect;
};

struct change_list {
    struct change *items;
    size_t n;
    bool cut; /* there are more than API_CHANGES_MAX */
};

enum { API_CHANGES_MAX = 64 };

/* What differs between two JSON objects of a type, field by field. Quantities are compared by value, list items with a key in any
 * order; of disks and interfaces another order is a difference of its own. Fields that no row names count too: they differ whole, and take effect with a restart. Either may be NULL. */
void api_diff(const struct type *t, const json_t *current, const json_t *desired, struct arena *a,
              struct change_list *ret_changes);

/* 'current' with those fields of 'desired' that take effect at once (CHANGE_LIVE), also where they went; list items with a key are the same item by
 * it. What differs of the two afterwards waits. Of the arena; values may be shared with 'desired'. */
json_t *api_take_live(const struct type *t, const json_t *current, const json_t *desired, struct arena *a);

/* OpenAPI v3 structural schema of a type, as a CRD carries it: no defaults, no rules. The caller owns the tree. with_sentences: each
 * field is described by its row's sentence. */
MUST_CHECK json_t *api_schema(const struct type *t, bool with_sentences);

/* The rules of a type and of all types below it as one CEL expression over 'self', for an admission policy: "" when all hold, else
 * "path: sentence; " for each that does not, of a list of rules the first. False when 'sb' is too small. */
MUST_CHECK bool api_policy(const struct type *t, struct strbuf *sb);

/* Rows of a type and of all types below it that a struct has a member for: for tests that demand a case per row. */
void api_each_field(const struct type *t, void (*fn)(void *arg, const char *path, const char *kind), void *arg);

/* The message of each CEL rule of a type and of all types below it, as often as it stands in the schema, with the path of what it is
 * about; "" is the object. */
void api_each_rule(const struct type *t, void (*fn)(void *arg, const char *path, const char *message), void *arg);

/* Markdown table of the fields of a type, paths from 'prefix' on. False when 'sb' is too small. */
bool api_reference(const struct type *t, const char *prefix, struct strbuf *sb);

#endif
