// The configuration that is in force: the process's own settings and what the KubeVirt object says. Pure.
#ifndef VMB_KUBEVIRT_CONFIG_H
#define VMB_KUBEVIRT_CONFIG_H

#include "reconcile/sources.h"

/* Fills in what the object says; the process's own settings in 'c' stay. 'ret_log_verbosity' is what it says of the controller's log.
 * Memory of 'a'. Errors: ERR_INVALID, it is not understood, and all that it could say is as if it said nothing. */
MUST_CHECK struct err *kubevirt_config(struct arena *a, const struct caches *caches, const char *namespace,
                                       struct config *c, int64_t *ret_log_verbosity);

/* All that views read of it, as text: equal texts, equal views. The caller frees. */
MUST_CHECK char *kubevirt_config_text(const struct config *c);

#endif
