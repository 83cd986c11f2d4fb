// One run of an instance in the fewest words: the spec as the user wrote it, and what cannot be derived inside the pod.
#include "reconcile/pod/pod_instance.h"

#include "api/kinds/instance.h"
#include "api/rules/identity.h"
#include "reconcile/pod/overhead.h"
#include "reconcile/pod/pod_networks.h"
#include "reconcile/vmi/open_ports.h"

/* Where the guest may run, and how it is probed, stands in the pod itself, in Kubernetes' own fields. */
static struct vmi_spec
machine_of(const struct vmi_view *v)
{
    struct vmi_spec s;
    struct err *e = api_decode(&vmi_spec_type, v->spec_json, v->arena, &s);

    BUG_ON(e); /* the view was made of it */
    s.node_selector = (struct str_map){0};
    s.affinity = s.tolerations = s.topology_spread_constraints = s.dns_config = NULL;
    s.dns_policy = s.scheduler_name = s.priority_class_name = NULL;
    s.liveness_probe = s.readiness_probe = NULL;
    if (s.domain.firmware.kernel_boot && s.domain.firmware.kernel_boot->container) {
        s.domain.firmware.kernel_boot->container->image_pull_policy = PULL_UNSET;
        s.domain.firmware.kernel_boot->container->image_pull_secret = NULL;
    }
    for (size_t i = 0; i < s.volumes.n; i++) {
        if (s.volumes.items[i].container_disk) {
            s.volumes.items[i].container_disk->image_pull_policy = PULL_UNSET;
            s.volumes.items[i].container_disk->image_pull_secret = NULL;
        }
    }
    return s;
}

static struct str_list
block_volumes(const struct vmi_view *v)
{
    const struct volume_list *volumes = &v->vmi.spec.volumes;
    struct str_list l = {.items = ARENA_NEW_N(v->arena, const char *, volumes->n)};

    for (size_t i = 0; i < volumes->n; i++) {
        const struct volume *vol = &volumes->items[i];
        const struct claim_view *c = volume_claim(vol) ? claim_find(&v->claims, volume_claim(vol)->claim_name) : NULL;
        if (c && c->is_block) {
            l.items[l.n++] = vol->name;
        }
    }
    return l;
}

/* A claim that waits for its consumer has no capacity before this very pod is scheduled: it gets at least what it asks for. */
static struct quantity
capacity_of(const struct claim_view *c)
{
    struct quantity q = claim_storage(&c->info.capacity);

    return q.text ? q : claim_storage(&c->info.requests);
}

static struct claim_capacity_list
claim_capacities(const struct vmi_view *v)
{
    const struct volume_list *volumes = &v->vmi.spec.volumes;
    struct claim_capacity_list l = {.items = ARENA_NEW_N(v->arena, struct claim_capacity, volumes->n)};

    for (size_t i = 0; i < volumes->n; i++) {
        const struct volume *vol = &volumes->items[i];
        const struct volume_pvc *own = volume_own_claim(vol);
        const struct claim_view *c = own ? claim_find(&v->claims, own->claim_name) : NULL;
        struct quantity q = c && !c->is_block ? capacity_of(c) : (struct quantity){0};
        if (q.text) {
            l.items[l.n++] = (struct claim_capacity){.name = vol->name, .capacity = q};
        }
    }
    return l;
}

static bool
is_host_of(const char *address, const char *host)
{
    size_t len = strlen(host);

    return strncmp(address, host, len) == 0 && address[len] == ':';
}

const char *
pod_instance(const struct vmi_view *v)
{
    const struct vmi *vmi = &v->vmi;
    const struct config *c = v->config;
    const struct port_list ports = open_ports(v);
    bool is_derived = str_empty(vmi->spec.domain.firmware.uuid);
    const struct instance i = {
        .version = INSTANCE_VERSION,
        .namespace = vmi->meta.namespace,
        .name = vmi->meta.name,
        .uid = vmi->meta.uid,
        .gateway = c->gateway,
        .gateway_name = is_host_of(c->gateway, c->gateway_name) ? NULL : c->gateway_name,
        .system_uuid = is_derived ? identity_uuid(v->arena, vmi->meta.namespace, vmi->meta.name) : NULL,
        .use_emulation = c->use_emulation ? TRI_TRUE : TRI_UNSET,
        .vhost_net = pod_networks_use_vhost(&vmi->spec, c) ? TRI_TRUE : TRI_UNSET,
        .log_verbosity = c->log_launcher,
        .overhead_bytes = {.set = true, .v = overhead_bytes(&vmi->spec, c->use_emulation)},
        .block_volumes = block_volumes(v),
        .claim_capacities = claim_capacities(v),
        .ports = instance_ports(&ports, v->arena),
        .spec = machine_of(v),
    };
    AUTO(json_freep) json_t *j = api_encode(&instance_type, &i);

    return json_text(j, v->arena);
}
