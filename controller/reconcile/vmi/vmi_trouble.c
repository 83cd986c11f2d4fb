// Claims, the pod that could not be made, and the pod that does not run.
#include "reconcile/vmi/vmi_trouble.h"

#include "reconcile/vmi/pod_warnings.h"

enum { CLAIM_QUIET_S = 5 };

static struct vmi_trouble trouble_of_claims(const struct vmi_view *v);
static struct vmi_trouble trouble_before_pod(const struct vmi_view *v);
static struct vmi_trouble trouble_of_pod(const struct vmi_view *v);

struct vmi_trouble
vmi_trouble_of(const struct vmi_view *v)
{
    if (v->is_header) {
        return (struct vmi_trouble){
            .reason = v->has_pod ? "InvalidSpec" : "FailedCreate", .message = v->invalid, .stalled = true};
    }
    if (!v->has_pod && v->launchers.n > 0) { /* what a start would need matters when none is left */
        return (struct vmi_trouble){0};
    }
    struct vmi_trouble t = v->has_pod ? trouble_of_pod(v) : trouble_before_pod(v);

    return !t.reason && v->has_pod && !v->active->pod.started ? trouble_of_claims(v) : t;
}

/* A claim that is bound as soon as it has its consumer is no trouble: such a start is quick. */
static struct vmi_trouble
trouble_of_claims(const struct vmi_view *v)
{
    for (size_t i = 0; i < v->claims.n && v->now_s - v->vmi.meta.creation_s >= CLAIM_QUIET_S; i++) {
        const struct claim_view *c = &v->claims.items[i];
        if (c->exists && !c->bound) {
            return (struct vmi_trouble){
                .reason = "PVCNotReady",
                .message = arena_printf(v->arena, "PVC %s is not bound yet: kubectl describe pvc %s says why", c->name,
                                        c->name)};
        }
    }
    return (struct vmi_trouble){0};
}

static const struct volume *
volume_named(const struct vmi_spec *s, const char *name)
{
    for (size_t i = 0; i < s->volumes.n; i++) {
        if (str_eq(s->volumes.items[i].name, name)) {
            return &s->volumes.items[i];
        }
    }
    return NULL;
}

/* SCSI commands go through to a device: a file takes none. */
static const char *
lun_on_files(const struct vmi_view *v)
{
    for (size_t i = 0; i < v->vmi.spec.domain.disks.n; i++) {
        const struct disk *d = &v->vmi.spec.domain.disks.items[i];
        const struct volume *vol = d->lun ? volume_named(&v->vmi.spec, d->name) : NULL;
        const struct volume_pvc *own = vol ? volume_own_claim(vol) : NULL;
        const struct claim_view *c = own ? claim_find(&v->claims, own->claim_name) : NULL;
        if (c && c->exists && !c->is_block) {
            return arena_printf(
                v->arena,
                "spec.%sdomain.devices.disks[%zu].lun: claim %s has volumeMode Filesystem, and a lun is "
                "a device: write disk instead of lun, or use a claim with volumeMode Block",
                v->has_template ? "template.spec." : "", i, c->name);
        }
    }
    return NULL;
}

static bool
is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    while (len > 0 && folder[len - 1] == '/') {
        len--;
    }
    return len > 0 && folder[0] == '/' && strncmp(path, folder, len) == 0 && path[len] == '/';
}

/* Files of a node are the administrator's: none is handed out that he has not named. */
static const char *
host_disk_refused(const struct vmi_view *v)
{
    for (size_t i = 0; i < v->vmi.spec.volumes.n; i++) {
        const struct volume_host_disk *d = v->vmi.spec.volumes.items[i].host_disk;
        bool is_allowed = !d;
        for (size_t k = 0; d && k < v->config->host_disk_paths.n; k++) {
            is_allowed = is_allowed || is_below(d->path, v->config->host_disk_paths.items[k]);
        }
        if (!is_allowed) {
            return arena_printf(
                v->arena,
                "spec.%svolumes[%zu].hostDisk.path: HostDisk feature gate is not enabled for %s: use a "
                "persistentVolumeClaim, or have an administrator add its folder to configuration.bridge.hostDiskPaths "
                "of the KubeVirt object",
                v->has_template ? "template.spec." : "", i, d->path);
        }
    }
    return NULL;
}

static struct vmi_trouble
trouble_of_foreign_claim(const struct vmi_view *v, const char *name)
{
    return (struct vmi_trouble){
        .reason = "FailedCreate",
        .message = arena_printf(v->arena,
                                "PVC %s would keep the machine's state (firmware.bootloader.efi.persistent, "
                                "tpm.persistent), but it is there and "
                                "this machine does not own it: delete or rename it, or leave persistent out",
                                name),
        .stalled = true};
}

/* What CDI has to do first; afterwards the claim counts as any other. */
static struct vmi_trouble
trouble_of_data_volume(const struct claim_view *c)
{
    const struct data_volume_view *d = c->data_volume;

    switch (d ? d->step : DATA_VOLUME_READY) {
    case DATA_VOLUME_UNSERVED:
    case DATA_VOLUME_MISSING: /* a claim of that name is all that a guest wants */
        if (!c->exists) {
            return (struct vmi_trouble){.reason = "FailedPvcNotFound", .message = d->message, .stalled = true};
        }
        if (d->step == DATA_VOLUME_MISSING && c->is_of_data_volume) { /* it comes by another watch, and later */
            return (struct vmi_trouble){.reason = REASON_DATA_VOLUMES,
                                        .message = "the claim's DataVolume is not seen yet"};
        }
        break;
    case DATA_VOLUME_FAILED:
        return (struct vmi_trouble){.reason = "FailedDataVolumeImport", .message = d->message, .stalled = true};
    case DATA_VOLUME_UNREADABLE:
    case DATA_VOLUME_FILLING:
        return (struct vmi_trouble){.reason = REASON_DATA_VOLUMES, .message = d->message};
    case DATA_VOLUME_UNCLAIMED:
        return (struct vmi_trouble){.reason = "PVCNotReady", .message = d->message, .stalled = true};
    case DATA_VOLUME_READY:
        break;
    }
    return (struct vmi_trouble){0};
}

const char *
vmi_data_volumes_wait(const struct vmi_view *v)
{
    for (size_t i = 0; i < v->claims.n && !v->has_pod; i++) {
        const struct vmi_trouble t = trouble_of_data_volume(&v->claims.items[i]);
        if (t.reason) {
            return t.message;
        }
    }
    return NULL;
}

static struct vmi_trouble
trouble_of_claim(const struct vmi_view *v, const struct claim_view *c)
{
    struct vmi_trouble t = trouble_of_data_volume(c);

    if (c->is_foreign) {
        return trouble_of_foreign_claim(v, c->name);
    }
    if (t.reason) {
        return t;
    }
    if (!c->exists) {
        return (struct vmi_trouble){
            .reason = "FailedPvcNotFound",
            .message = arena_printf(v->arena,
                                    "PVC %s of a volume in spec.volumes does not exist in "
                                    "namespace %s: create it, or correct %s",
                                    c->name, v->vmi.meta.namespace,
                                    c->data_volume ? "dataVolume.name" : "persistentVolumeClaim.claimName"),
            .stalled = true};
    }
    if (c->why) {
        return (struct vmi_trouble){.reason = "PVCNotReady",
                                    .message = arena_printf(v->arena, "PVC %s cannot be used: %s", c->name, c->why),
                                    .stalled = true};
    }
    return t;
}

static struct vmi_trouble
trouble_before_pod(const struct vmi_view *v)
{
    if (v->invalid) {
        return (struct vmi_trouble){.reason = "FailedCreate", .message = v->invalid, .stalled = true};
    }
    for (size_t i = 0; i < v->claims.n; i++) {
        if (v->claims.items[i].is_state && !v->claims.items[i].exists) {
            continue; /* we make it */
        }
        const struct vmi_trouble t = trouble_of_claim(v, &v->claims.items[i]);
        if (t.reason) {
            return t;
        }
    }
    const char *disk = host_disk_refused(v);
    if (!disk) {
        disk = lun_on_files(v);
    }
    if (disk) {
        return (struct vmi_trouble){.reason = "FailedCreate", .message = disk, .stalled = true};
    }
    if (v->last_error) {
        return (struct vmi_trouble){.reason = "FailedCreate", .message = v->last_error, .stalled = v->error_lasts};
    }
    if (!v->config->gateway_pins) {
        return (struct vmi_trouble){.reason = "FailedCreate", .message = "the gateway's certificate is not made yet"};
    }
    return (struct vmi_trouble){0};
}

static const char *
waiting_message(const struct pod_view *pod)
{
    return str_empty(pod->waiting_message) ? "an image of the launcher pod cannot be had: correct containerDisk.image"
                                           : pod->waiting_message;
}

static struct vmi_trouble
trouble_of_pod(const struct vmi_view *v)
{
    const struct pod_view *pod = &v->active->pod;
    const struct pod_missing missing = pod_warnings_missing(v);
    static const struct {
        const char *waiting;
        const char *reason;
    } rows[] = {
        {"ErrImagePull", "ErrImagePull"},
        {"ImagePullBackOff", "ImagePullBackOff"},
        {"InvalidImageName", "ImagePullBackOff"},
        {"ErrImageNeverPull", "ImagePullBackOff"},
        {"CreateContainerConfigError", "FailedCreate"},
        {"CreateContainerError", "FailedCreate"},
        {"RunContainerError", "FailedCreate"},
    };

    for (size_t i = 0; pod->waiting_reason && i < ARRAY_LEN(rows); i++) {
        if (str_eq(pod->waiting_reason, rows[i].waiting)) {
            return (struct vmi_trouble){.reason = rows[i].reason,
                                        .message = missing.message ? missing.message : waiting_message(pod),
                                        .stalled = true};
        }
    }
    if (missing.message) {
        return (struct vmi_trouble){.reason = missing.reason, .message = missing.message, .stalled = true};
    }
    return (struct vmi_trouble){0};
}
