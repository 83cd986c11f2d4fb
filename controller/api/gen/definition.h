// The CustomResourceDefinition of a kind. Part of gen_crds.
#ifndef VMB_DEFINITION_H
#define VMB_DEFINITION_H

#include "api/gen/served.h"

/* The caller owns the tree. */
json_t *definition(const struct served_kind *k);

#endif
