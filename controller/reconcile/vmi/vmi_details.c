// The descriptive part of an instance's status. Without a report from the launcher what is there stays: it dials in again soon.
#include "reconcile/vmi/vmi_details.h"

#include "api/rules/identity.h"
#include "api/walk/quantity.h"
#include "reconcile/pod/overhead.h"
#include "reconcile/vmi/open_ports.h"
#include "reconcile/vmi/vmi_interfaces.h"

static void set_pods(const struct vmi_view *v, struct vmi_status *st);
static void set_place(const struct vmi_view *v, struct vmi_status *st);
static void set_volumes(const struct vmi_view *v, struct vmi_status *st);
static void set_guest(const struct vmi_view *v, struct vmi_status *st);
static void set_size(const struct vmi_view *v, struct vmi_status *st);
static void set_bridge(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st);

void
vmi_details(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st)
{
    if (v->has_pod) {
        set_place(v, st);
    }
    if (v->launchers.n > 0) {
        set_pods(v, st);
    }
    if (o->phase == PHASE_RUNNING && !v->invalid) { /* else what was told of a spec that could run stays */
        set_size(v, st);
        set_volumes(v, st);
        st->interfaces = vmi_interfaces(v);
    }
    if (o->phase == PHASE_RUNNING) {
        set_guest(v, st);
    }
    if (vmi_phase_is_final(o->phase)) {
        st->active_pods = (struct str_map){0};
        st->guest_os = NULL;
    }
    set_bridge(v, o, st);
}

static void
set_place(const struct vmi_view *v, struct vmi_status *st)
{
    st->node_name = v->active->pod.node_name;
    st->qos_class = v->active->pod.qos_class;
    st->launcher_image = v->active->pod.image ? v->active->pod.image : st->launcher_image;
}

static void
set_pods(const struct vmi_view *v, struct vmi_status *st)
{
    const struct launcher_view_list *l = &v->launchers;

    st->active_pods = (struct str_map){.items = ARENA_NEW_N(v->arena, struct str_pair, l->n), .n = l->n};
    for (size_t i = 0; i < l->n; i++) {
        const struct pod_view *pod = &l->items[i].pod;
        st->active_pods.items[i] =
            (struct str_pair){.key = pod->meta.uid, .value = pod->node_name ? pod->node_name : ""};
    }
}

/* Their names: who was made for the instance is asked for by name when it is not seen any more. */
static struct str_map
others(const struct vmi_view *v)
{
    const struct launcher_view_list *l = &v->launchers;
    struct str_map m = {.items = ARENA_NEW_N(v->arena, struct str_pair, l->n)};

    for (size_t i = 0; i < l->n; i++) {
        if (&l->items[i] != v->active) {
            m.items[m.n++] = (struct str_pair){.key = l->items[i].pod.meta.uid, .value = l->items[i].pod.meta.name};
        }
    }
    return m;
}

static const struct disk_state *
disk_of(const struct launcher_state *s, const char *volume)
{
    for (size_t i = 0; s && i < s->disks.n; i++) {
        if (str_eq(s->disks.items[i].volume, volume)) {
            return &s->disks.items[i];
        }
    }
    return NULL;
}

const char *
vmi_disk_trouble(const struct disk_state *d)
{
    return str_eq(d->error, DISK_NO_SPACE) ? "has no room for what the guest writes: make some and it goes on"
                                           : "cannot be read or written";
}

/* Of a claim that is not there only its name is told. */
static struct pvc_info *
claim_info(const struct vmi_view *v, const char *name)
{
    const struct claim_view *c = claim_find(&v->claims, name);
    struct pvc_info *info = ARENA_NEW(v->arena, struct pvc_info);

    *info = c && c->exists ? c->info : (struct pvc_info){.claim_name = name};
    return info;
}

/* A disk.img that was brought along, or made when nothing said how large the claim is: it is used as it is. */
static bool
is_beyond_claim(const struct vmi_view *v, const struct volume *vol, const struct disk_state *d)
{
    const struct volume_pvc *own = volume_own_claim(vol);
    const struct claim_view *c = own ? claim_find(&v->claims, own->claim_name) : NULL;
    struct quantity capacity = c && !c->is_block ? claim_storage(&c->info.capacity) : (struct quantity){0};

    return capacity.text && d->size.set && d->size.v > capacity.value;
}

static void
set_volume(const struct vmi_view *v, const struct volume *vol, struct volume_status *s)
{
    const struct disk_state *d = disk_of(v->active->report, vol->name);

    s->name = vol->name;
    s->target = d ? d->target : NULL;
    s->size = d ? d->size : (struct opt_int){0};
    if (d && !str_empty(d->error)) {
        s->reason = str_eq(d->error, DISK_NO_SPACE) ? "NoSpace" : "IOError";
        s->message = vmi_disk_trouble(d);
    } else if (d && is_beyond_claim(v, vol, d)) {
        s->reason = "LargerThanClaim";
        s->message = "the disk is larger than its claim: the storage may end before the disk does";
    }
    s->pvc_info = volume_claim(vol) ? claim_info(v, volume_claim(vol)->claim_name) : NULL;
}

static void
set_volumes(const struct vmi_view *v, struct vmi_status *st)
{
    const struct volume_list *volumes = &v->vmi.spec.volumes;
    const struct claim_view *state = vmi_state_claim(v);
    struct volume_status_list l = {.items = ARENA_NEW_N(v->arena, struct volume_status, volumes->n + 1)};

    if (!v->active->report) {
        return;
    }
    for (size_t i = 0; i < volumes->n; i++) {
        set_volume(v, &volumes->items[i], &l.items[l.n++]);
    }
    if (state) { /* under its own name, as KubeVirt tells it */
        l.items[l.n++] = (struct volume_status){.name = state->name, .pvc_info = claim_info(v, state->name)};
    }
    st->volumes = l;
}

static void
set_guest(const struct vmi_view *v, struct vmi_status *st)
{
    if (!v->active->report || v->active->report->agent.connected != TRI_TRUE) {
        return; /* what the guest said when it last spoke stays true enough; its end clears it */
    }
    struct guest_os_info *os = ARENA_NEW(v->arena, struct guest_os_info);
    *os = v->active->report->agent.os;
    bool known = os->name || os->id || os->kernel_release || os->pretty_name;
    st->guest_os = known ? os : NULL;
}

static void
set_size(const struct vmi_view *v, struct vmi_status *st)
{
    const struct domain_spec *d = &v->vmi.spec.domain;
    struct cpu_topology *t = ARENA_NEW(v->arena, struct cpu_topology);
    struct memory_status *m = ARENA_NEW(v->arena, struct memory_status);
    const char *guest = d->memory.guest.text;

    *t = (struct cpu_topology){.cores = d->cpu.cores.v, .sockets = d->cpu.sockets.v, .threads = d->cpu.threads.v};
    st->topology = t;
    *m = (struct memory_status){
        .guest_at_boot = guest,
        .guest_current = guest,
        .guest_requested = guest,
        .memory_overhead = quantity_format_bytes(v->arena, overhead_bytes(&v->vmi.spec, v->config->use_emulation))};
    st->memory = m;
    st->vsock_cid = (struct opt_int){.set = d->autoattach_vsock == TRI_TRUE, .v = identity_vsock_cid(v->vmi.meta.uid)};
    if (v->active->report && v->active->report->machine_type) {
        st->machine_type = v->active->report->machine_type;
    }
}

static void
set_bridge(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st)
{
    struct vmi_bridge *b = ARENA_NEW(v->arena, struct vmi_bridge);

    if (st->bridge) {
        *b = *st->bridge;
    }
    b->exit = o->ended;
    b->pod = v->has_pod ? v->active->pod.meta.name : b->pod;
    if (vmi_phase_is_final(o->phase)) {
        b->other_pods = (struct str_map){0};
    } else if (v->launchers.n > 0) {
        b->other_pods = others(v);
    }
    if (v->active->report && !vmi_phase_is_final(o->phase)) {
        b->open_ports = open_ports_text(v->arena, &v->active->report->open_ports);
        bool has_agent = v->active->report->agent.connected == TRI_TRUE;
        b->guest_users = has_agent ? v->active->report->agent.users : (struct opt_int){0};
        b->guest_hostname = has_agent ? v->active->report->agent.hostname : NULL;
    }
    st->bridge = b->exit || b->pod || b->other_pods.n > 0 ? b : NULL;
}
