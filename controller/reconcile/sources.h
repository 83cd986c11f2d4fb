// What a sync may read: caches, what launchers and foreign pods said, the configuration. Borrowed.
#ifndef VMB_SOURCES_H
#define VMB_SOURCES_H

#include "cache/caches.h"
#include "cache/foreign.h"
#include "cache/launchers.h"
#include "reconcile/config.h"

struct sources {
    const struct caches *caches;
    struct launchers *launchers;
    struct foreign *foreign; /* NULL: none */
    const struct config *config;
    bool has_pod_key;        /* config->pod_key is known */
    uint64_t config_version; /* another one after each change of the configuration */
    const char *namespace;   /* the controller's own */
    const char *version;     /* of the controller */
    size_t n_waiting;        /* objects that wait for their sync: how much there is to do */
};

#endif
