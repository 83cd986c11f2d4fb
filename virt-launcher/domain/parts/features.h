// Features that decide more than the description. Pure.
#ifndef VMB_PART_FEATURES_H
#define VMB_PART_FEATURES_H

#include "api/kinds/instance.h"

/* Without ACPI a guest has no power button. */
bool features_have_acpi(const struct instance *i);

#endif
