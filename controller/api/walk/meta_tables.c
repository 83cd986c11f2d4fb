// Tables of object metadata and conditions.
#include "api/walk/table.h"

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
