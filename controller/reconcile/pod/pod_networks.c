// The pod's interfaces have names that follow from those of the networks, as KubeVirt's have: what Multus tells of them is found by that.
#include "reconcile/pod/pod_networks.h"

#include "api/rules/identity.h"
#include "api/rules/networks.h"

#define NETWORKS_ANNOTATION "k8s.v1.cni.cncf.io/networks"
#define DEFAULT_NETWORK_ANNOTATION "v1.multus-cni.io/default-network"
#define TUN_RESOURCE "devices.kubevirt.io/tun"
#define VHOST_NET_RESOURCE "devices.kubevirt.io/vhost-net"

static void
set_text(json_t *object, const char *key, const char *value)
{
    BUG_ON(json_object_set_new(object, key, json_string(value)) != 0);
}

static json_t *
attachment_of(const struct vmi_view *v, const struct network *net, const struct interface *nic)
{
    const char *namespace, *name;
    json_t *attachment = json_object();

    network_attachment(v->arena, net->multus, v->vmi.meta.namespace, &namespace, &name);
    set_text(attachment, "name", name);
    set_text(attachment, "namespace", namespace);
    if (!str_empty(nic->mac_address)) {
        set_text(attachment, "mac", nic->mac_address);
    }
    set_text(attachment, "interface", identity_pod_interface(v->arena, net->name));
    return attachment;
}

void
pod_networks_annotate(const struct vmi_view *v, json_t *annotations)
{
    const struct vmi_spec *s = &v->vmi.spec;
    AUTO(json_freep) json_t *attachments = json_array();

    for (size_t i = 0; i < s->domain.interfaces.n; i++) {
        const struct interface *nic = &s->domain.interfaces.items[i];
        const struct network *net = network_find(s, nic->name);
        if (net && network_is_secondary(net)) {
            BUG_ON(json_array_append_new(attachments, attachment_of(v, net, nic)) != 0);
        } else if (net && net->multus) {
            set_text(annotations, DEFAULT_NETWORK_ANNOTATION, net->multus->network_name);
        }
    }
    if (json_array_size(attachments) > 0) {
        set_text(annotations, NETWORKS_ANNOTATION, json_text(attachments, v->arena));
    }
}

static bool
has_tap(const struct vmi_spec *s, bool is_virtio)
{
    for (size_t i = 0; i < s->domain.interfaces.n; i++) {
        const struct interface *nic = &s->domain.interfaces.items[i];
        bool fits = !is_virtio || str_empty(nic->model) || str_eq(nic->model, "virtio");
        if (fits && interface_is_secondary(s, nic)) {
            return true;
        }
    }
    return false;
}

/* The kernel knows virtio alone, and libvirt has it serve guests on KVM alone. */
bool
pod_networks_use_vhost(const struct vmi_spec *s, const struct config *c)
{
    return has_tap(s, true) && c->vhost_net && !c->use_emulation;
}

void
pod_networks_limit(const struct vmi_spec *s, const struct config *c, json_t *limits)
{
    if (has_tap(s, false)) {
        set_text(limits, TUN_RESOURCE, "1");
    }
    if (pod_networks_use_vhost(s, c)) {
        set_text(limits, VHOST_NET_RESOURCE, "1");
    }
}
