// The kinds that the API server serves for us: what stands in their definitions beside the fields. Part of gen_crds.
#ifndef VMB_SERVED_H
#define VMB_SERVED_H

#include "api/rules/support.h"
#include "api/walk/field.h"

struct served_column {
    const char *name;
    const char *path;
    const char *type; /* NULL: string */
    int priority;
};

/* A spec, or the part of one, that is held against rows of api/rules/support.h. */
struct supported {
    const struct support *rows; /* NULL ends a list of these */
    const char *root;           /* path of the spec, with its last dot */
    const char *value;          /* the same in CEL */
};

struct served_kind {
    const char *group;
    const char *versions[3]; /* the first is stored, later ones are deprecated; NULL ends them */
    bool is_cluster_scoped;
    bool is_written_by_us; /* by nobody else: no policy looks at it, and it needs no subresource for its status */
    const char *kind;
    const char *plural;
    const char *singular;
    const char *short_names[3];
    const struct type *type;
    struct served_column columns[8]; /* a NULL name ends them */
    const char *selector; /* path of the text that selects what .spec.replicas counts: there is a scale subresource; or NULL */
    struct supported parts[3];
    const char *unless; /* CEL: objects that the policy passes by, or NULL */
    const char *doc;
};

enum { SERVED_KINDS = 5 };
extern const struct served_kind served_kinds[SERVED_KINDS];

#endif
