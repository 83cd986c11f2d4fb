// Shapes that every kind shares: object metadata, conditions, optional values, lists. All memory is the arena's.
#ifndef VMB_META_H
#define VMB_META_H

#include "base/json.h"

/* Value that may be absent: absent and false are different wishes in Kubernetes. */
enum tri { TRI_UNSET, TRI_FALSE, TRI_TRUE };

struct opt_int {
    bool set;
    int64_t v;
};

struct str_list {
    const char **items;
    size_t n;
};

struct str_pair {
    const char *key;
    const char *value;
};

struct str_map {
    struct str_pair *items; /* in the order of the object */
    size_t n;
};

/* Kubernetes quantity ("1Gi", "500m", 3). 'text' NULL means absent. */
struct quantity {
    const char *text;
    int64_t value; /* base units, rounded up: bytes, whole CPUs */
    int64_t milli; /* thousandths, saturated at INT64_MAX */
};

struct owner {
    const char *api_version;
    const char *kind;
    const char *name;
    const char *uid;
    enum tri controller;
};

struct owner_list {
    struct owner *items;
    size_t n;
};

/* metadata of an object; strings "" or NULL when absent. Times are seconds since 1970, 0 when absent. */
struct meta {
    const char *name;
    const char *namespace;
    const char *uid;
    const char *resource_version; /* opaque */
    int64_t generation;
    int64_t creation_s;
    int64_t deletion_s; /* not 0: the object is being deleted */
    struct opt_int deletion_grace_s;
    struct str_map labels;
    struct str_map annotations;
    struct str_list finalizers;
    struct owner_list owners;
};

/* metav1.Condition with KubeVirt's lastProbeTime. Times as text, exactly as they go on the wire. */
struct condition {
    const char *type;
    const char *status; /* "True" "False" "Unknown" */
    const char *reason;
    const char *message;
    const char *last_transition_time;
    const char *last_probe_time;
};

struct condition_list {
    struct condition *items;
    size_t n;
};

/* Value of a key, or NULL. */
const char *str_map_get(const struct str_map *m, const char *key);
bool str_list_has(const struct str_list *l, const char *text);
/* The owner reference with controller: true, or NULL. */
const struct owner *meta_controller(const struct meta *m);
/* Condition of a type, or NULL. */
const struct condition *condition_find(const struct condition_list *l, const char *type);
bool condition_is(const struct condition_list *l, const char *type, const char *status);

enum { CONDITION_MESSAGE_MAX = 2048 }; /* bytes */

/* Sets a condition in 'l' (grows it in the arena). The transition time moves to 'now' only when the status changes, or when the
 * condition is new; the old entry is taken from 'old' by type. A NULL 'message' is "", a longer one is cut. */
void condition_set(struct arena *a, struct condition_list *l, const struct condition_list *old,
                   const struct condition *wish, int64_t now_s);

#endif
