// From CDI's phases to what a start has to know.
#include "reconcile/datavolume/data_volume_view.h"

enum { OBJECT_MAX = 1024 * 1024 };

static const struct {
    const char *phase;
    enum data_volume_step step;
} phases[] = {
    {"Succeeded", DATA_VOLUME_READY},
    {"PendingPopulation", DATA_VOLUME_READY}, /* its claim is not bound before it is filled */
    {"WaitForFirstConsumer", DATA_VOLUME_UNCLAIMED},
    {"Failed", DATA_VOLUME_FAILED},
};

/* What its pod said last when it could not go on; NULL: it can. */
static const char *
trouble_of(const json_t *conditions)
{
    size_t i;
    json_t *c;

    json_array_foreach((json_t *)(uintptr_t)conditions, i, c) {
        const char *reason = json_str(c, "reason");
        bool is_stopped = str_eq(json_str(c, "type"), "Running") && str_eq(json_str(c, "status"), "False");
        if (is_stopped && (str_eq(reason, "Error") || str_eq(reason, "ImagePullFailed"))) {
            return str_empty(json_str(c, "message")) ? reason : json_str(c, "message");
        }
    }
    return NULL;
}

static const char *
message_of(struct arena *a, const struct data_volume_view *v, const char *phase, const char *trouble)
{
    switch (v->step) {
    case DATA_VOLUME_UNSERVED:
        return arena_printf(a,
                            "DataVolume %s is made and filled by nobody: the cluster does not serve "
                            "cdi.kubevirt.io/v1beta1; install CDI, or make a PVC with the disk in it and name it by "
                            "persistentVolumeClaim.claimName",
                            v->name);
    case DATA_VOLUME_UNREADABLE:
        return arena_printf(a,
                            "whether DataVolume %s is filled cannot be known: the API server refuses to list "
                            "datavolumes.cdi.kubevirt.io; is CDI well?",
                            v->name);
    case DATA_VOLUME_MISSING:
        return arena_printf(a,
                            "neither DataVolume %s nor a PVC of that name exists: create one of them, or correct "
                            "dataVolume.name",
                            v->name);
    case DATA_VOLUME_FAILED:
        return arena_printf(a, "DataVolume %s failed%s%s; kubectl describe datavolume %s says more", v->name,
                            trouble ? ": " : "", trouble ? trouble : "", v->name);
    case DATA_VOLUME_FILLING:
        return arena_printf(a, "DataVolume %s is not filled yet (%s)", v->name, str_empty(phase) ? "Pending" : phase);
    case DATA_VOLUME_UNCLAIMED:
        return arena_printf(a,
                            "DataVolume %s waits for its first consumer, which cannot be the guest: annotate it "
                            "cdi.kubevirt.io/storage.bind.immediate.requested: \"true\"",
                            v->name);
    case DATA_VOLUME_READY:
        break;
    }
    return NULL;
}

static enum data_volume_step
step_of(const json_t *data_volume, const char *phase, const char *trouble)
{
    if (json_object_get(json_object_get(data_volume, "metadata"), "deletionTimestamp")) {
        return DATA_VOLUME_FILLING;
    }
    for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
        if (str_eq(phase, phases[i].phase)) {
            return phases[i].step;
        }
    }
    return trouble ? DATA_VOLUME_FAILED : DATA_VOLUME_FILLING;
}

/* What is known of one that is in no cache. */
static const enum data_volume_step unseen[] = {
    [STORE_SERVED] = DATA_VOLUME_MISSING,
    [STORE_UNSERVED] = DATA_VOLUME_UNSERVED,
    [STORE_REFUSED] = DATA_VOLUME_UNREADABLE,
};

void
data_volume_read(struct arena *a, const struct store *data_volumes, const char *namespace, const char *name,
                 struct data_volume_view *ret_view)
{
    const struct object *o = store_get(data_volumes, arena_printf(a, "%s/%s", namespace, name));
    AUTO(json_freep) json_t *j = NULL;
    AUTO(err_freep) struct err *e = o ? object_parse(o, OBJECT_MAX, &j) : NULL;
    const json_t *status = json_object_get(j, "status");
    const char *phase = e ? "Unknown" : json_str(status, "phase");
    const char *trouble = trouble_of(json_object_get(status, "conditions"));

    *ret_view = (struct data_volume_view){.name = name, .step = unseen[store_serving(data_volumes)]};
    if (o) {
        ret_view->step = step_of(j, phase, trouble);
    }
    ret_view->message = message_of(a, ret_view, phase, trouble);
}

bool
data_volume_owns(const json_t *meta)
{
    size_t i;
    json_t *owner;

    json_array_foreach(json_object_get(meta, "ownerReferences"), i, owner) {
        if (json_bool(owner, "controller", false) && str_eq(json_str(owner, "kind"), "DataVolume")) {
            return true;
        }
    }
    return false;
}
