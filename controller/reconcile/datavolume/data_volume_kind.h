// DataVolume of CDI as the controller knows it; a cluster without CDI does not serve it.
#ifndef VMB_DATA_VOLUME_KIND_H
#define VMB_DATA_VOLUME_KIND_H

#include "cache/kind.h"

extern const struct kind data_volume_kind;

#endif
