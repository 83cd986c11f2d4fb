// libvirt opens the tap by its name and leaves it as it is: whatever changes it takes a capability that no launcher has.
#include "domain/parts/nic_tap.h"

#include <ctype.h>

#include "api/rules/identity.h"
#include "domain/parts/cpu_count.h"

enum { QUEUES_MIN = 2, QUEUES_MAX = 256 }; /* of a tap that has several; as KubeVirt bounds them */

static const struct tap_facts *
tap_find(const struct domain_facts *f, const char *name)
{
    for (size_t i = 0; i < f->n_taps; i++) {
        if (str_eq(f->taps[i].name, name)) {
            return &f->taps[i];
        }
    }
    return NULL;
}

static struct err *
check_tap(const struct tap_facts *t, const char *name, const char *attachment)
{
    if (!t) {
        return err_new(ERR_RETRY,
                       "the pod has no interface %s: nobody attached it to %s, as Multus does where it is installed",
                       name, attachment);
    }
    if (!t->is_tap) {
        return err_new(ERR_RETRY, "interface %s of the pod, which %s gave it, is no tap: have its CNI plugins make one",
                       name, attachment);
    }
    if (!t->may_open) {
        return err_new(
            ERR_RETRY,
            "interface %s of the pod, which %s gave it, is another user's tap: write owner and group 107 there", name,
            attachment);
    }
    return NULL;
}

static bool
is_same_mac(const char *a, const char *b)
{
    while (*a && *b && (tolower((unsigned char)*a) == tolower((unsigned char)*b) || (*a == '-' && *b == ':'))) {
        a++;
        b++;
    }
    return *a == *b;
}

/* Frames to such an address are for the bridge itself: the guest would hear broadcasts alone. */
static struct err *
check_bridges(const struct domain_facts *f, const char *mac)
{
    for (size_t i = 0; i < f->bridge_macs.n; i++) {
        if (is_same_mac(mac, f->bridge_macs.items[i])) {
            return err_new(ERR_RETRY,
                           "a bridge in the pod, or a port of it, has the guest's own address %s and would keep its "
                           "frames: have the network attachment's plugins give that another one",
                           mac);
        }
    }
    return NULL;
}

/* A tap with several queues is opened as such or not at all. */
static struct err *
view_queues(const struct domain_view *v, const struct tap_facts *t, struct nic_view *nic)
{
    const struct domain_spec *d = &v->instance->spec.domain;
    const struct cpu_count count = cpu_count_of(&d->cpu);
    int64_t cpus = cpu_count_all(&count);
    bool is_wished = d->network_multi_queue == TRI_TRUE && nic->is_virtio && cpus > 1;

    nic->tap_queues = 1;
    if (t->is_multi_queue && !nic->is_virtio) {
        return err_new(ERR_INVALID, "model: its tap has several queues, which virtio alone has: use that");
    }
    if (is_wished && !t->is_multi_queue) {
        return err_new(ERR_INVALID,
                       "its tap has one queue: write multiQueue: true in the network attachment, or leave out "
                       "spec.domain.devices.networkInterfaceMultiqueue");
    }
    if (t->is_multi_queue) {
        nic->tap_queues = is_wished && cpus > QUEUES_MIN ? cpus : QUEUES_MIN;
        nic->tap_queues = nic->tap_queues > QUEUES_MAX ? QUEUES_MAX : nic->tap_queues;
    }
    return NULL;
}

struct err *
nic_tap_view(const struct domain_view *v, const struct network *net, struct nic_view *nic)
{
    const char *name = identity_pod_interface(v->arena, net->name);
    const struct tap_facts *t = tap_find(&v->facts, name);
    struct err *e = check_tap(t, name, net->multus->network_name);

    if (!e) {
        e = check_bridges(&v->facts, nic->mac);
    }
    if (e) {
        return e;
    }
    nic->tap = name;
    nic->is_vhost = nic->is_virtio && v->instance->vhost_net == TRI_TRUE && !v->is_emulated;
    nic->mtu = nic->is_virtio ? t->mtu : 0;
    return view_queues(v, t, nic);
}

void
nic_tap_write_target(const struct nic_view *n, struct xml *x)
{
    xml_empty(x, "target", "dev", n->tap, "managed", "no", NULL);
}

/* Said in either case: by default libvirt tries, and what it finds would be the node's matter. */
void
nic_tap_write_driver(const struct nic_view *n, struct xml *x)
{
    if (!n->is_virtio) {
        return;
    }
    xml_open(x, "driver");
    xml_attr(x, "name", n->is_vhost ? "vhost" : "qemu");
    if (n->tap_queues > 1) {
        xml_attr_int(x, "queues", n->tap_queues);
    }
    xml_close(x);
}
