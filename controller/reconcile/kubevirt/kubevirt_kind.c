// The configuration object.
#include "reconcile/kubevirt/kubevirt_kind.h"

#include "reconcile/kept.h"
#include "reconcile/kubevirt/kubevirt_plan.h"
#include "reconcile/kubevirt/kubevirt_view.h"
#include "reconcile/sync.h"

static const char *const paths[] = {KEPT_META, "spec", "status", NULL};
static const char *const header_paths[] = {KEPT_META, NULL};

static struct err *
kubevirt_sync(struct sync *s, const struct object *object, struct plan *ret_plan)
{
    AUTO(freep) char *ours = xasprintf("%s/kubevirt", s->src->namespace);
    struct kubevirt k = {0};

    if (!str_eq(object->key, ours)) {
        return NULL; /* somebody else's: not the one that counts */
    }
    struct err *e = kubevirt_view_make(s->arena, object, &k);
    if (!e) {
        kubevirt_plan(s->arena, &k, s->src->version, s->now_s, ret_plan);
    }
    return e;
}

const struct kind kubevirt_kind = {
    .name = "kubevirt",
    .api_version = "kubevirt.io/v1",
    .kind = "KubeVirt",
    .path = "/apis/kubevirt.io/v1",
    .resource = "kubevirts",
    .is_early = true,
    .is_config = true,
    .kept = {.paths = paths, .header_paths = header_paths},
    .room = ROOM_OTHERS,
    .sync = kubevirt_sync,
};
