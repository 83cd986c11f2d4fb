// Admission policies and their bindings. Part of gen_crds.
#ifndef VMB_POLICIES_H
#define VMB_POLICIES_H

#include "base/json.h"

/* All of them, as a list that the caller owns. */
json_t *policies(void);

#endif
