// The device plugin service of one device: what the kubelet calls, answered from one fact, whether the device is healthy.
#ifndef VMB_NODE_PLUGIN_H
#define VMB_NODE_PLUGIN_H

#include "device.h"
#include "grpc_server.h"

#define PLUGIN_OPTIONS_METHOD "/v1beta1.DevicePlugin/GetDevicePluginOptions"

struct plugin {
    const struct device *device; /* whose shares are told; borrowed */
    const struct device *gives;  /* whose nodes a container gets, of those that are there; borrowed */
    size_t n_gives;
    const char *root; /* where the node's own root is; borrowed */
    bool is_healthy;
};

/* The service that tells and allocates 'p', which it borrows. */
struct grpc_service plugin_service(struct plugin *p);

#endif
