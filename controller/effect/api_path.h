// Paths of the API objects that the controller reads and writes.
#ifndef VMB_API_PATH_H
#define VMB_API_PATH_H

#include "cache/kind.h"

/* "/apis/kubevirt.io/v1/virtualmachines": all namespaces, for list and watch. The caller frees. */
MUST_CHECK char *api_path_all(const struct kind *kind);

/* ".../namespaces/NS/pods[/NAME[/SUB]]", without the namespace for a kind that has none; 'name' and 'sub' may be NULL. The caller frees.
 * Names come from the API server: they need no escaping. */
MUST_CHECK char *api_path(const struct kind *kind, const char *namespace, const char *name, const char *sub);

#endif
