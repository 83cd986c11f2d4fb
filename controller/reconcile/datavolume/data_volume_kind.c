// DataVolumes are read, and made of a machine's templates. Early: whether a machine may start is decided with them.
#include "reconcile/datavolume/data_volume_kind.h"

#include "reconcile/kept.h"

static const char *const paths[] = {KEPT_META, "status.phase", "status.conditions", NULL};
static const char *const header_paths[] = {KEPT_META, NULL};

const struct kind data_volume_kind = {
    .name = "datavolume",
    .api_version = "cdi.kubevirt.io/v1beta1",
    .kind = "DataVolume",
    .path = "/apis/cdi.kubevirt.io/v1beta1",
    .resource = "datavolumes",
    .is_early = true,
    .is_optional = true,
    .kept = {.paths = paths, .header_paths = header_paths},
    .room = ROOM_OTHERS,
};
