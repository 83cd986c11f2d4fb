// Whether a guest has a screen. Pure.
#ifndef VMB_PART_GRAPHICS_H
#define VMB_PART_GRAPHICS_H

#include "api/kinds/instance.h"

bool graphics_are_wanted(const struct instance *i);

#endif
