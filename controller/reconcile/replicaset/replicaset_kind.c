// Of a set its instances are read, and those that nobody controls.
#include "reconcile/replicaset/replicaset_kind.h"

#include "reconcile/fingerprint.h"
#include "reconcile/kept.h"
#include "reconcile/replicaset/replicaset_plan.h"
#include "reconcile/sync.h"
#include "reconcile/vmi/vmi_kind.h"

enum { BATCH_MS = 1000 }; /* so often at most it looks at all its instances while they start, and tells of it */

/* clang-format off */
#define STATUS_PATHS \
    "status.replicas", "status.readyReplicas", "status.observedGeneration", "status.labelSelector", \
    "status.conditions", "status.bridge"
/* clang-format on */

static const char *const paths[] = {
    KEPT_META,
    "spec.replicas",
    "spec.selector",
    "spec.paused",
    "spec.template.metadata.labels",
    "spec.template.metadata.annotations",
    "spec.template.spec",
    STATUS_PATHS,
    NULL,
};
static const char *const header_paths[] = {KEPT_META, STATUS_PATHS, NULL};

static struct err *
replicaset_sync(struct sync *s, const struct object *set, struct plan *ret_plan)
{
    const struct object set_now = sync_object(s, set);
    struct replicaset_view v;

    replicaset_view_make(s->arena, caches_store(s->src->caches, &vmi_kind), &set_now, s->now_s, &v);
    v.kind = s->kind;
    v.last_error = sync_error(s);
    v.error_lasts = s->error_lasts;
    v.hold = s->hold;
    replicaset_plan(&v, ret_plan);
    return NULL;
}

/* Any instance may become one that nobody controls. */
static uint64_t
replicaset_fingerprint(const struct sources *src, const struct object *set)
{
    uint64_t h = fingerprint_object(fingerprint_begin(), set);

    return fingerprint_end(fingerprint_number(h, store_changes(caches_store(src->caches, &vmi_kind))));
}

const struct kind replicaset_kind = {
    .name = "replicaset",
    .api_version = "kubevirt.io/v1",
    .kind = "VirtualMachineInstanceReplicaSet",
    .path = "/apis/kubevirt.io/v1",
    .resource = "virtualmachineinstancereplicasets",
    .is_early = true,
    .kept = {.paths = paths, .header_paths = header_paths, .owns_status = true},
    .room = ROOM_WISHES,
    .sync = replicaset_sync,
    .rules = &replicaset_rules,
    .fingerprint = replicaset_fingerprint,
    .is_begun_late = true,
    .batch_ms = BATCH_MS,
};
