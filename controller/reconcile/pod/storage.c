// Disks that live as long as the pod are files on its node.
#include "reconcile/pod/storage.h"

#define MIB (1024LL * 1024)
#define NEED_MAX (1LL << 60) /* more than any node has */

enum {
    OWN_MIB = 64,           /* seeds, NVRAM, console, logs of libvirt, QEMU and passt */
    OVERLAY_MIB = 64,       /* of an image or an ephemeral claim: what a system writes while it boots */
    OVERLAY_MAX_GIB = 20,   /* unless the configuration says more or less */
    FILES_MIB = 3,          /* a disk made of files: 2 MiB of them at most */
    LOGS_MIB = 256,         /* what the kubelet keeps of the container's output, five files of 10 MiB by default */
    FILE_SYSTEM_SHARE = 32, /* tables of the overlay's format, blocks of the file system */
};

static int64_t
sum(int64_t a, int64_t b)
{
    int64_t s;

    return a < 0 || b < 0 || __builtin_add_overflow(a, b, &s) || s > NEED_MAX ? NEED_MAX : s;
}

static bool
is_cdrom(const struct vmi_spec *spec, const char *volume)
{
    for (size_t i = 0; i < spec->domain.disks.n; i++) {
        if (str_eq(spec->domain.disks.items[i].name, volume)) {
            return spec->domain.disks.items[i].cdrom != NULL;
        }
    }
    return false;
}

struct storage_need
storage_need(const struct vmi_spec *spec, const struct config *c)
{
    int64_t overlay = c->image_overlay.text ? c->image_overlay.value : OVERLAY_MAX_GIB * 1024 * MIB;
    int64_t requested = OWN_MIB * MIB;
    int64_t data = OWN_MIB * MIB;

    for (size_t i = 0; i < spec->volumes.n; i++) {
        const struct volume *v = &spec->volumes.items[i];
        if (v->empty_disk) {
            requested = sum(requested, v->empty_disk->capacity.value);
            data = sum(data, v->empty_disk->capacity.value);
        } else if (v->config_map || v->secret || v->downward_api || v->service_account || v->sysprep) {
            requested = sum(requested, FILES_MIB * MIB);
            data = sum(data, FILES_MIB * MIB);
        } else if ((v->container_disk || v->ephemeral) && !is_cdrom(spec, v->name)) {
            requested = sum(requested, OVERLAY_MIB * MIB);
            data = sum(data, overlay);
        }
    }
    data = sum(data, data / FILE_SYSTEM_SHARE / MIB * MIB);
    int64_t limit = sum(data, c->log_storage.text ? c->log_storage.value : LOGS_MIB * MIB);
    return (struct storage_need){.requested = requested < limit ? requested : limit, .data_limit = data, .limit = limit};
}
