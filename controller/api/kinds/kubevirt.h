// KubeVirt, kubevirt.io/v1: the configuration object. Only what is read now is typed; the rest is kept.
#ifndef VMB_KUBEVIRT_H
#define VMB_KUBEVIRT_H

#include "api/kinds/vmi.h"

/* A resource of nodes that guests may have. */
struct permitted_device {
    const char *resource_name;
};

struct permitted_device_list {
    struct permitted_device *items;
    size_t n;
};

struct kubevirt_spec {
    enum pull_policy image_pull_policy; /* spec.imagePullPolicy: launcher image */
    enum pull_policy disk_image_pull_policy; /* spec.configuration.imagePullPolicy: containerDisks without one of their own */
    enum tri use_emulation;                  /* spec.configuration.developerConfiguration.useEmulation */
    enum tri asks_nodes;                     /* spec.configuration.bridge.nodeCapabilities (ours); unset: true */
    enum tri vhost_net;                      /* spec.configuration.bridge.vhostNet (ours); unset: true */
    struct opt_int log_controller;           /* ...logVerbosity.virtController */
    struct opt_int log_launcher;             /* ...logVerbosity.virtLauncher */
    struct str_list pod_annotations;         /* spec.configuration.bridge.podAnnotations (ours) */
    struct str_list host_disk_paths;         /* spec.configuration.bridge.hostDiskPaths (ours) */
    struct quantity image_overlay;           /* spec.configuration.bridge.ephemeralStorage.containerDisk (ours) */
    struct quantity log_storage;             /* spec.configuration.bridge.ephemeralStorage.logs (ours) */
    struct permitted_device_list permitted_pci;  /* spec.configuration.permittedHostDevices.pciHostDevices */
    struct permitted_device_list permitted_mdev; /* ...mediatedDevices */
    struct permitted_device_list permitted_usb;  /* ...usb */
    const char *state_class;                     /* spec.configuration.vmStateStorageClass */
    struct port_list default_ports; /* spec.configuration.bridge.defaultOpenPorts: let in for every guest (ours) */
};

struct kubevirt_status {
    const char *phase; /* Deployed */
    struct opt_int observed_generation;
    struct condition_list conditions; /* Available, Progressing, Degraded */
    const char *observed_version;
};

struct kubevirt {
    struct meta meta;
    struct kubevirt_spec spec;
    struct kubevirt_status status;
};

extern const struct type kubevirt_type;

#endif
