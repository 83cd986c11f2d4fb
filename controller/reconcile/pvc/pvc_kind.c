// Claims are only read, and made for the state of a machine.
#include "reconcile/pvc/pvc_kind.h"

#include "api/rules/identity.h"
#include "cache/store.h"
#include "reconcile/kept.h"

static const char *const paths[] = {
    KEPT_META,        "spec.accessModes", "spec.volumeMode",
    "spec.resources", "spec.volumeName",  "spec.storageClassName",
    "status.phase",   "status.capacity",  NULL,
};
static const char *const header_paths[] = {KEPT_META, NULL};

bool
pvc_tells(const struct object *pvc, char *ret_name)
{
    const char *name = strchr(pvc->key, '/') + 1;

    if (!str_starts(name, STATE_CLAIM_PREFIX) || strlen(name + strlen(STATE_CLAIM_PREFIX)) >= POD_STEM_SIZE) {
        return false;
    }
    (void)snprintf(ret_name, POD_STEM_SIZE, "%s", name + strlen(STATE_CLAIM_PREFIX));
    return true;
}

const struct kind pvc_kind = {
    .name = "pvc",
    .api_version = "v1",
    .kind = "PersistentVolumeClaim",
    .path = "/api/v1",
    .resource = "persistentvolumeclaims",
    .kept = {.paths = paths, .header_paths = header_paths},
    .room = ROOM_OTHERS,
};
