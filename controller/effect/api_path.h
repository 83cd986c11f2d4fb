// Paths of the API objects that the controller reads and writes.
#ifndef VMB_API_PATH_H
#define VMB_API_PATH_H

#include "cache/store.h"

/* "/apis/kubevirt.io/v1/virtualmachines": all namespaces, for list and watch. */
const char *api_path_all(enum kind kind);
/* Name for metrics and logs: "virtualmachines". */
const char *api_resource(enum kind kind);

/* ".../namespaces/NS/pods[/NAME[/SUB]]"; 'name' and 'sub' may be NULL. The caller frees. Names come from the API server: they need no escaping. */
MUST_CHECK char *api_path(enum kind kind, const char *namespace, const char *name, const char *sub);

#endif
