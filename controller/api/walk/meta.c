// Object metadata and conditions: their tables, and the few questions that everybody asks.
#include "api/walk/meta.h"

#include "api/walk/table.h"
#include "base/clock.h"
#include "base/utf8.h"

static const struct field owner_fields[] = {
    FIELD_STRING(owner, api_version, "apiVersion", "API group and version of the owner."),
    FIELD_STRING(owner, kind, "kind", "Kind of the owner."),
    FIELD_STRING(owner, name, "name", "Name of the owner."),
    FIELD_STRING(owner, uid, "uid", "UID of the owner."),
    FIELD_BOOL(owner, controller, "controller", "The owner is the managing controller."),
    FIELD_END,
};
static const struct type owner_type = TYPE(owner, owner_fields, .keeps_unknown = true);

static const struct field meta_fields[] = {
    FIELD_STRING(meta, name, "name", "Name, unique in its namespace."),
    FIELD_STRING(meta, namespace, "namespace", "Namespace of the object."),
    FIELD_STRING(meta, uid, "uid", "Unique over all time."),
    FIELD_STRING(meta, resource_version, "resourceVersion", "Opaque version of the stored object."),
    FIELD_INT(meta, generation, "generation", "Grows with each change of the spec."),
    FIELD_TIME(meta, creation_s, "creationTimestamp", "When the object was made."),
    FIELD_TIME(meta, deletion_s, "deletionTimestamp", "Set while the object is being deleted."),
    FIELD_OPT_INT(meta, deletion_grace_s, "deletionGracePeriodSeconds", "Seconds that its deletion may take."),
    FIELD_MAP(meta, labels, "labels", "Labels of the object."),
    FIELD_MAP(meta, annotations, "annotations", "Annotations of the object."),
    FIELD_STRINGS(meta, finalizers, "finalizers", "Who must act before the object goes."),
    FIELD_LIST(meta, owners, owner_list, owner_type, "ownerReferences", "What the object belongs to."),
    FIELD_END,
};
const struct type meta_type = TYPE(meta, meta_fields, .opaque = true);

static const struct field condition_fields[] = {
    FIELD_STRING(condition, type, "type", "Name of the condition.", REQUIRED),
    FIELD_STRING(condition, status, "status", "True, False or Unknown.", REQUIRED),
    FIELD_STRING(condition, reason, "reason", "One word for programs."),
    FIELD_STRING(condition, message, "message", "A sentence for people."),
    FIELD_STRING(condition, last_transition_time, "lastTransitionTime", "When the status last changed."),
    FIELD_STRING(condition, last_probe_time, "lastProbeTime", "When the condition was last looked at."),
    FIELD_END,
};
const struct type condition_type = TYPE(condition, condition_fields, .list_key = "type", .keeps_unknown = true);

const char *
str_map_get(const struct str_map *m, const char *key)
{
    for (size_t i = 0; i < m->n; i++) {
        if (str_eq(m->items[i].key, key)) {
            return m->items[i].value;
        }
    }
    return NULL;
}

const struct owner *
meta_controller(const struct meta *m)
{
    for (size_t i = 0; i < m->owners.n; i++) {
        if (m->owners.items[i].controller == TRI_TRUE) {
            return &m->owners.items[i];
        }
    }
    return NULL;
}

const struct condition *
condition_find(const struct condition_list *l, const char *type)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->items[i].type, type)) {
            return &l->items[i];
        }
    }
    return NULL;
}

bool
condition_is(const struct condition_list *l, const char *type, const char *status)
{
    const struct condition *c = condition_find(l, type);

    return c && str_eq(c->status, status);
}

/* The entry of a type in 'l', made when it is not there yet. */
static struct condition *
condition_slot(struct arena *a, struct condition_list *l, const char *type)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->items[i].type, type)) {
            return &l->items[i];
        }
    }
    struct condition *grown = ARENA_NEW_N(a, struct condition, l->n + 1);
    for (size_t i = 0; i < l->n; i++) {
        grown[i] = l->items[i];
    }
    l->items = grown;
    return &grown[l->n++];
}

void
condition_set(struct arena *a, struct condition_list *l, const struct condition_list *old, const struct condition *wish,
              int64_t now_s)
{
    const struct condition *before = old ? condition_find(old, wish->type) : NULL;
    struct condition c = *wish;

    if (before && str_eq(before->status, wish->status) && !str_empty(before->last_transition_time)) {
        c.last_transition_time = before->last_transition_time;
    } else {
        char text[CLOCK_TIME_SIZE];
        clock_format(now_s, text);
        c.last_transition_time = arena_strdup(a, text);
    }
    if (!c.message) {
        c.message = "";
    } else if (strlen(c.message) > CONDITION_MESSAGE_MAX) {
        c.message = arena_strndup(a, c.message, utf8_cut(c.message, CONDITION_MESSAGE_MAX));
    }
    *condition_slot(a, l, wish->type) = c;
}
