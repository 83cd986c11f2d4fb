// The pod object, part by part.
#include "reconcile/pod/pod_render.h"

#include "api/rules/identity.h"
#include "api/rules/networks.h"
#include "api/walk/quantity.h"
#include "reconcile/node/asking_kind.h"
#include "reconcile/pod/node_devices.h"
#include "reconcile/pod/node_needs.h"
#include "reconcile/pod/overhead.h"
#include "reconcile/pod/pod_instance.h"
#include "reconcile/pod/pod_machine.h"
#include "reconcile/pod/pod_meta.h"
#include "reconcile/pod/pod_networks.h"
#include "reconcile/pod/pod_volumes.h"
#include "reconcile/pod/storage.h"
#include "reconcile/vm/vm_view.h"

#include <inttypes.h>

enum {
    LAUNCHER_ID = 107,
    GRACE_EXTRA_S = 30,
    GRACE_DEFAULT_S = 30,
    CPU_MILLI_PER_VCPU = 100,
    PROBE_EXTRA_DELAY_S = 10,
    PROBE_EXTRA_TIMEOUT_S = 1
};

static json_t *pod_metadata(const struct vmi_view *v);
static json_t *pod_labels(const struct vmi_view *v);
static json_t *pod_annotations(const struct vmi_view *v);
static bool has_files(const struct vmi_view *v);
static json_t *pod_spec(const struct vmi_view *v);
static void pod_placement(const struct vmi_view *v, json_t *spec);
static void pod_account(const struct vmi_spec *s, json_t *spec);
static json_t *node_selector(const struct vmi_view *v);
static json_t *pod_container(const struct vmi_view *v, struct pod_volumes *pv);
static json_t *pod_resources(const struct vmi_view *v);
static json_t *pod_ports(const struct vmi_spec *s);
static void pod_probes(const struct vmi_spec *s, json_t *container);
static void set(json_t *object, const char *key, json_t *value);
static void set_text(json_t *object, const char *key, const char *value);
static void set_raw(json_t *object, const char *key, const json_t *value);

const json_t *
pod_render(const struct vmi_view *v)
{
    json_t *pod = json_pack("{s:s, s:s, s:o, s:o}", "apiVersion", "v1", "kind", "Pod", "metadata", pod_metadata(v),
                            "spec", pod_spec(v));

    BUG_ON(!pod);
    return json_in_arena(v->arena, pod);
}

static json_t *
pod_metadata(const struct vmi_view *v)
{
    const struct meta *m = &v->vmi.meta;
    json_t *owner =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "apiVersion", "kubevirt.io/v1", "kind", "VirtualMachineInstance",
                  "name", m->name, "uid", m->uid, "controller", 1, "blockOwnerDeletion", 1);

    return json_pack("{s:s, s:s, s:o, s:o, s:[o]}", "name", vmi_pod_name(v), "namespace", m->namespace, "labels",
                     pod_labels(v), "annotations", pod_annotations(v), "ownerReferences", owner);
}

static json_t *
pod_labels(const struct vmi_view *v)
{
    const struct meta *m = &v->vmi.meta;
    json_t *labels = json_object();

    for (size_t i = 0; i < m->labels.n; i++) {
        if (pod_label_passes(m->labels.items[i].key)) {
            set_text(labels, m->labels.items[i].key, m->labels.items[i].value);
        }
    }
    set_text(labels, "kubevirt.io", "virt-launcher");
    set_text(labels, "kubevirt.io/created-by", m->uid);
    set_text(labels, "vm.kubevirt.io/name", identity_label_value(v->arena, v->vmi.spec.hostname));
    set_text(labels, "vmi.kubevirt.io/id", identity_label_value(v->arena, m->name));
    return labels;
}

static json_t *
pod_annotations(const struct vmi_view *v)
{
    const struct meta *m = &v->vmi.meta;
    json_t *annotations = json_object();

    for (size_t i = 0; i < m->annotations.n; i++) {
        const char *key = m->annotations.items[i].key;
        if (pod_annotation_passes(v->config, key)) {
            set_text(annotations, key, m->annotations.items[i].value);
        }
    }
    set_text(annotations, "kubevirt.io/domain", m->name);
    set_text(annotations, "kubectl.kubernetes.io/default-container", "compute");
    set_text(annotations, "descheduler.alpha.kubernetes.io/request-evict-only", "");
    set_text(annotations, "argocd.argoproj.io/ignore-restart-policy", "true"); /* rule A6: its readiness is real */
    pod_networks_annotate(v, annotations);
    set_text(annotations, INSTANCE_ANNOTATION, pod_instance(v));
    set_text(annotations, GATEWAY_PINS_ANNOTATION, v->config->gateway_pins);
    return annotations;
}

/* Whether there is a claim with a file system: the files of no other volume are the policy's matter. */
static bool
has_files(const struct vmi_view *v)
{
    for (size_t i = 0; i < v->claims.n; i++) {
        if (!v->claims.items[i].is_block) {
            return true;
        }
    }
    return false;
}

static json_t *
pod_spec(const struct vmi_view *v)
{
    const struct vmi_spec *s = &v->vmi.spec;
    struct pod_volumes pv = pod_volumes_make(v);
    int64_t grace_s =
        (s->termination_grace_period_s.set ? s->termination_grace_period_s.v : GRACE_DEFAULT_S) + GRACE_EXTRA_S;
    json_t *spec =
        json_pack("{s:b, s:b, s:s, s:I, s:{s:b, s:i, s:i, s:i, s:s*, s:{s:s}}}", "automountServiceAccountToken", 0,
                  "enableServiceLinks", 0, "restartPolicy", "Never", "terminationGracePeriodSeconds",
                  (json_int_t)grace_s, "securityContext", "runAsNonRoot", 1, "runAsUser", LAUNCHER_ID, "runAsGroup",
                  LAUNCHER_ID, "fsGroup", LAUNCHER_ID, "fsGroupChangePolicy", has_files(v) ? "OnRootMismatch" : NULL,
                  "seccompProfile", "type", "RuntimeDefault");

    BUG_ON(!spec);
    set(spec, "containers", json_pack("[o]", pod_container(v, &pv)));
    set(spec, "volumes", pv.volumes);
    if (json_array_size(pv.pull_secrets) > 0) {
        set(spec, "imagePullSecrets", json_incref(pv.pull_secrets));
    }
    json_decref(pv.pull_secrets);
    pod_placement(v, spec);
    pod_account(s, spec);
    return spec;
}

static void
pod_placement(const struct vmi_view *v, json_t *spec)
{
    const struct vmi_spec *s = &v->vmi.spec;

    set(spec, "nodeSelector", node_selector(v));
    set_raw(spec, "affinity", s->affinity);
    set_raw(spec, "tolerations", s->tolerations);
    set_raw(spec, "topologySpreadConstraints", s->topology_spread_constraints);
    set_raw(spec, "dnsConfig", s->dns_config);
    const char *const texts[][2] = {{"dnsPolicy", s->dns_policy},
                                    {"schedulerName", s->scheduler_name},
                                    {"priorityClassName", s->priority_class_name},
                                    {"subdomain", s->subdomain},
                                    {"hostname", s->subdomain ? s->hostname : NULL}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (!str_empty(texts[i][1])) {
            set_text(spec, texts[i][0], texts[i][1]);
        }
    }
}

/* Nodes that do not tell what they can run are not asked for it. */
static json_t *
node_selector(const struct vmi_view *v)
{
    const struct vmi_spec *s = &v->vmi.spec;
    const struct node_need_list needs = node_needs(v->arena, s);
    json_t *selector = json_object();

    set_text(selector, "kubernetes.io/arch", str_empty(s->architecture) ? "amd64" : s->architecture);
    for (size_t i = 0; i < needs.n && v->config->asks_nodes; i++) {
        set_text(selector, needs.items[i].label, "true");
    }
    for (size_t i = 0; i < s->node_selector.n; i++) {
        set_text(selector, s->node_selector.items[i].key, s->node_selector.items[i].value);
    }
    pod_machine_selector(s, selector);
    return selector;
}

/* A token is of the pod's own account: whoever wants one on a disk gets the pod to run under it. Nothing else in the pod has the token. */
static void
pod_account(const struct vmi_spec *s, json_t *spec)
{
    for (size_t i = 0; i < s->volumes.n; i++) {
        if (s->volumes.items[i].service_account) {
            set_text(spec, "serviceAccountName", s->volumes.items[i].service_account->name);
        }
    }
}

static json_t *
pod_container(const struct vmi_view *v, struct pod_volumes *pv)
{
    static const char *const policies[] = {"IfNotPresent", "Always", "IfNotPresent", "Never"};
    const struct config *c = v->config;
    json_t *container =
        json_pack("{s:s, s:s, s:s, s:{s:b, s:b, s:{s:[s]}}, s:o, s:o}", "name", "compute", "image", c->launcher_image,
                  "imagePullPolicy", policies[c->launcher_pull_policy], "securityContext", "allowPrivilegeEscalation",
                  0, "readOnlyRootFilesystem", 1, "capabilities", "drop", "ALL", "resources", pod_resources(v),
                  "volumeMounts", pv->mounts);

    BUG_ON(!container);
    if (json_array_size(pv->devices) > 0) {
        set(container, "volumeDevices", json_incref(pv->devices));
    }
    json_decref(pv->devices);
    json_t *ports = pod_ports(&v->vmi.spec);
    if (json_array_size(ports) > 0) {
        set(container, "ports", json_incref(ports));
    }
    json_decref(ports);
    pod_probes(&v->vmi.spec, container);
    return container;
}

/* Guest memory and what runs beside it; CPU as KubeVirt does, a tenth per virtual CPU unless the spec says more. */
static json_t *
pod_resources(const struct vmi_view *v)
{
    const struct domain_spec *d = &v->vmi.spec.domain;
    int64_t overhead = overhead_bytes(&v->vmi.spec, v->config->use_emulation);
    int64_t cpus = pod_machine_cpus(&v->vmi.spec);
    const struct storage_need disk = storage_need(&v->vmi.spec, v->config);
    json_t *requests = json_object();
    json_t *limits = json_object();

    set_text(requests, "memory", quantity_format_bytes(v->arena, d->memory.guest.value + overhead));
    set_text(requests, "cpu",
             d->resources.requests_cpu.text ? d->resources.requests_cpu.text
                                            : arena_printf(v->arena, "%" PRId64 "m", cpus * CPU_MILLI_PER_VCPU));
    set_text(requests, "ephemeral-storage", quantity_format_bytes(v->arena, disk.requested));
    set_text(limits, "ephemeral-storage", quantity_format_bytes(v->arena, disk.limit));
    if (d->resources.limits_memory.text) {
        set_text(limits, "memory", quantity_format_bytes(v->arena, d->resources.limits_memory.value + overhead));
    }
    if (d->resources.limits_cpu.text) {
        set_text(limits, "cpu", d->resources.limits_cpu.text);
    }
    if (!v->config->use_emulation) {
        set_text(limits, KVM_RESOURCE, "1");
    }
    if (d->autoattach_vsock == TRI_TRUE) {
        set_text(limits, "devices.kubevirt.io/vhost-vsock", "1");
    }
    pod_machine_resources(v, overhead, requests, limits);
    node_devices_limit(d, limits);
    pod_networks_limit(&v->vmi.spec, v->config, limits);
    return json_pack("{s:o, s:o}", "requests", requests, "limits", limits);
}

/* Nobody reaches a guest on a secondary network through its pod. */
static json_t *
pod_ports(const struct vmi_spec *s)
{
    json_t *ports = json_array();

    for (size_t i = 0; i < s->domain.interfaces.n; i++) {
        const struct port_list *l = &s->domain.interfaces.items[i].ports;
        bool is_secondary = interface_is_secondary(s, &s->domain.interfaces.items[i]);
        for (size_t k = 0; k < l->n && !is_secondary; k++) {
            json_t *port = json_pack("{s:I, s:s}", "containerPort", (json_int_t)l->items[k].port, "protocol",
                                     l->items[k].protocol == PROTOCOL_UDP ? "UDP" : "TCP");
            if (!str_empty(l->items[k].name)) {
                set_text(port, "name", l->items[k].name);
            }
            BUG_ON(json_array_append_new(ports, port) != 0);
        }
    }
    return ports;
}

/* The command is for the guest: the launcher hands it to the agent. It knows when it is late before the kubelet does, which would leave it
 * running. */
static void
ask_agent(const json_t *raw, json_t *probe)
{
    json_int_t timeout_s = json_int(raw, "timeoutSeconds", 0) > 0 ? json_int(raw, "timeoutSeconds", 0) : 1;
    AUTO(freep) char *seconds = xasprintf("%lld", (long long)timeout_s);
    json_t *command = json_pack("[s, s, s]", "/usr/bin/virt-launcher", "--probe-agent", seconds);
    const json_t *guest = json_at(raw, "exec", "command", NULL);

    if (guest) {
        (void)json_array_append_new(command, json_string("--")); /* neither fails but without memory */
        (void)json_array_extend(command, (json_t *)(uintptr_t)guest);
    }
    (void)json_object_del(probe, "guestAgentPing"); /* it may be the other one */
    set(probe, "exec", json_pack("{s:o}", "command", command));
    set(probe, "timeoutSeconds", json_integer(timeout_s + PROBE_EXTRA_TIMEOUT_S));
}

static json_t *
guest_probe(const struct probe *p)
{
    json_t *probe = json_copy((json_t *)(uintptr_t)p->raw);
    json_int_t delay_s = json_int(p->raw, "initialDelaySeconds", 0) + PROBE_EXTRA_DELAY_S; /* validated: no overflow */

    set(probe, "initialDelaySeconds", json_integer(delay_s));
    if (json_object_get(p->raw, "exec") || json_object_get(p->raw, "guestAgentPing")) {
        ask_agent(p->raw, probe);
    }
    return probe;
}

/* Start-up asks every second, and only until QEMU is there; afterwards readiness means "the guest runs and is not paused". */
static void
pod_probes(const struct vmi_spec *s, json_t *container)
{
    set(container, "startupProbe",
        json_pack("{s:{s:[s, s]}, s:i, s:i, s:i}", "exec", "command", "/usr/bin/virt-launcher-monitor", "--started",
                  "initialDelaySeconds", 1, "periodSeconds", 1, "failureThreshold", 600));
    set(container, "readinessProbe",
        s->readiness_probe ? guest_probe(s->readiness_probe)
                           : json_pack("{s:{s:[s, s]}, s:i, s:i}", "exec", "command", "/usr/bin/virt-launcher-monitor",
                                       "--ready", "periodSeconds", 5, "failureThreshold", 1));
    if (s->liveness_probe) {
        set(container, "livenessProbe", guest_probe(s->liveness_probe));
    }
}

static void
set(json_t *object, const char *key, json_t *value)
{
    BUG_ON(json_object_set_new(object, key, value) != 0);
}

static void
set_text(json_t *object, const char *key, const char *value)
{
    set(object, key, json_string(value));
}

static void
set_raw(json_t *object, const char *key, const json_t *value)
{
    if (value) {
        BUG_ON(json_object_set(object, key, (json_t *)(uintptr_t)value) != 0);
    }
}
