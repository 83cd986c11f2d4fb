// Service as the controller knows it.
#ifndef VMB_SERVICE_KIND_H
#define VMB_SERVICE_KIND_H

#include "cache/kind.h"

extern const struct kind service_kind;

#endif
