// KubeVirt as the controller knows it.
#ifndef VMB_KUBEVIRT_KIND_H
#define VMB_KUBEVIRT_KIND_H

#include "cache/kind.h"

extern const struct kind kubevirt_kind;

#endif
