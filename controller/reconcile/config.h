// What the cluster's configuration object and the process's own settings say, for every step. Values only.
#ifndef VMB_CONFIG_H
#define VMB_CONFIG_H

#include "api/kinds/kubevirt.h"
#include "api/rules/identity.h"

struct config {
    const char *launcher_image;
    enum pull_policy launcher_pull_policy;
    enum pull_policy disk_pull_policy;
    bool use_emulation;
    bool asks_nodes;          /* what guests a node can run is asked, and pods are placed by it */
    bool vhost_net;           /* the node's kernel moves the packets of secondary networks, but not with emulation */
    const char *gateway;      /* "vmbridge-gateway.vmbridge-system.svc:8443" */
    const char *gateway_name; /* name in the gateway's certificate */
    const char *gateway_pins; /* of the CAs that sign it; NULL: not made yet, no pod can be made */
    const char *ca_bundle;    /* those CAs, PEM, for pods of older versions; NULL with the pins */
    struct port_list default_ports;
    struct opt_int log_launcher;
    struct str_list
        pod_annotations; /* patterns of what passes from an instance to its pod; none: reconcile/pod/pod_meta.c has them */
    struct str_list host_disk_paths; /* folders of nodes whose files may be disks; none: no file may */
    struct quantity image_overlay; /* most that a guest may write to one containerDisk; no text: reconcile/pod/storage.c has it */
    struct quantity log_storage;       /* share of a pod's ephemeral storage for its logs; the same */
    struct str_list permitted_devices; /* resources that guests may have as gpus and hostDevices */
    const char *state_class;           /* storage class of claims of state; NULL: the cluster's default */
    struct pod_key pod_key;            /* all zeros in tests */
};

#endif
