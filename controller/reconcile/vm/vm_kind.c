// Of a machine its instance is read, and the failures of its own syncs.
#include "reconcile/vm/vm_kind.h"

#include "reconcile/datavolume/data_volume_kind.h"
#include "reconcile/datavolume/data_volume_render.h"
#include "reconcile/fingerprint.h"
#include "reconcile/kept.h"
#include "reconcile/sync.h"
#include "reconcile/vm/vm_data_volumes.h"
#include "reconcile/vm/vm_plan.h"
#include "reconcile/vm/vm_power.h"
#include "reconcile/vmi/vmi_kind.h"

/* clang-format off */
#define STATUS_PATHS \
    "status.created", "status.ready", "status.printableStatus", "status.runStrategy", "status.observedGeneration", \
    "status.desiredGeneration", "status.conditions", "status.startFailure", "status.stateChangeRequests", "status.bridge"
/* clang-format on */

static const char *const paths[] = {
    KEPT_META,
    "spec.running",
    "spec.runStrategy",
    "spec.instancetype",
    "spec.preference",
    "spec.dataVolumeTemplates",
    "spec.updateVolumesStrategy",
    "spec.template.metadata.labels",
    "spec.template.metadata.annotations",
    "spec.template.spec",
    STATUS_PATHS,
    NULL,
};
static const char *const header_paths[] = {KEPT_META, "spec.running", "spec.runStrategy", STATUS_PATHS, NULL};

static struct err *
vm_sync(struct sync *s, const struct object *vm, struct plan *ret_plan)
{
    const struct object *vmi = store_get(caches_store(s->src->caches, &vmi_kind), vm->key);
    const struct object vm_now = sync_object(s, vm);
    const struct object vmi_now = vmi ? sync_object(s, vmi) : (struct object){0};
    struct vm_view v;
    struct err *e = vm_view_make(s->arena, &vm_now, vmi ? &vmi_now : NULL, s->now_s, s->rnd, &v);

    if (!e) {
        v.kind = s->kind;
        vm_power_settle(&v);
        vm_data_volumes_gather(&v, caches_store(s->src->caches, &data_volume_kind));
        v.last_error = sync_error(s);
        v.error_lasts = s->error_lasts;
        v.hold = s->hold;
        vm_plan(&v, ret_plan);
    }
    return e;
}

static uint64_t
vm_fingerprint(const struct sources *src, const struct object *vm)
{
    uint64_t h = fingerprint_object(fingerprint_begin(), vm);

    h = fingerprint_object(h, store_get(caches_store(src->caches, &vmi_kind), vm->key));
    h = fingerprint_number(h, store_changes(caches_store(src->caches, &data_volume_kind)));
    return fingerprint_end(fingerprint_number(h, src->config_version));
}

static bool
vm_has_begun(const struct caches *caches, const struct object *vm)
{
    return store_get(caches_store(caches, &vmi_kind), vm->key);
}

/* DataVolumes that it makes or whose claims its guest has: what changes of them is looked up by that. */
static void
vm_words(const json_t *vm, kind_word_fn *word, void *arg)
{
    size_t i;
    json_t *item;

    json_array_foreach(json_at(vm, "spec", "dataVolumeTemplates", NULL), i, item) {
        if (data_volume_template_name(item)) {
            word(arg, data_volume_template_name(item), "");
        }
    }
    json_array_foreach(json_at(vm, "spec", "template", "spec", "volumes", NULL), i, item) {
        const char *name = json_str(json_object_get(item, "dataVolume"), "name");
        if (name) {
            word(arg, name, "");
        }
    }
}

const struct kind vm_kind = {
    .name = "vm",
    .api_version = "kubevirt.io/v1",
    .kind = "VirtualMachine",
    .path = "/apis/kubevirt.io/v1",
    .resource = "virtualmachines",
    .is_early = true,
    .kept = {.paths = paths, .header_paths = header_paths, .owns_status = true},
    .room = ROOM_WISHES,
    .words = vm_words,
    .sync = vm_sync,
    .rules = &vm_rules,
    .fingerprint = vm_fingerprint,
    .has_begun = vm_has_begun,
    .is_begun_late = true,
};
