// VirtualMachineInstanceReplicaSet, kubevirt.io/v1 (contract 2.1).
#ifndef VMB_REPLICASET_H
#define VMB_REPLICASET_H

#include "api/kinds/label_selector.h"
#include "api/kinds/vm.h"

struct replicaset_spec {
    struct opt_int replicas; /* unset: 1 */
    struct label_selector selector;
    struct vm_template template;
    enum tri paused;
};

/* status.bridge of a set. */
struct replicaset_bridge {
    struct repair_list repairs;
};

struct replicaset_status {
    struct opt_int replicas;
    struct opt_int ready_replicas;
    struct opt_int observed_generation;
    const char *label_selector; /* as text: whoever scales the set selects by it what he measures */
    struct condition_list conditions;
    struct replicaset_bridge *bridge;
};

struct replicaset {
    struct meta meta;
    struct replicaset_spec spec;
    struct replicaset_status status;
};

extern const struct type replicaset_type;
extern const struct type replicaset_header_type; /* struct replicaset: its status alone */

#endif
