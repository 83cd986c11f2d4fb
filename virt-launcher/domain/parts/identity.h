// The name that libvirt knows a guest by. Pure.
#ifndef VMB_PART_IDENTITY_H
#define VMB_PART_IDENTITY_H

#include "api/kinds/instance.h"

/* <namespace>_<name> */
char *domain_name(struct arena *a, const struct instance *i);

#endif
