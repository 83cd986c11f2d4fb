// What Multus, or whoever stands in for it, tells of a pod's interfaces: an annotation of the pod. Pure.
#ifndef VMB_NETWORK_STATUS_H
#define VMB_NETWORK_STATUS_H

#include "api/walk/table.h"

#define NETWORK_STATUS_ANNOTATION "k8s.v1.cni.cncf.io/network-status"

enum { NETWORK_STATUS_MAX = 64 * 1024, NETWORK_STATUS_ITEMS_MAX = 64, NETWORK_STATUS_IPS_MAX = 16 };

/* An interface of the pod. */
struct network_status {
    const char *interface;
    struct str_list ips;
};

struct network_status_list {
    struct network_status *items;
    size_t n;
};

/* Of a text that is none of this form nothing, of a part that is not that part. All of the arena; 'text' may be NULL. */
struct network_status_list network_status_read(struct arena *a, const char *text);

/* NULL: nothing is told of it. */
const struct network_status *network_status_find(const struct network_status_list *l, const char *interface);

#endif
