// Devices of a guest beside its disks and network cards, as a spec has them. Their tables are in vmi_hardware.c.
#ifndef VMB_HARDWARE_H
#define VMB_HARDWARE_H

#include "api/walk/field.h"
#include "api/walk/meta.h"

enum input_bus { INPUT_BUS_UNSET, INPUT_BUS_USB, INPUT_BUS_VIRTIO };

struct input {
    const char *name;
    const char *type; /* tablet */
    enum input_bus bus;
};

struct input_list {
    struct input *items;
    size_t n;
};

struct sound {
    const char *name;
    const char *model; /* ich9, ac97; NULL: ich9 */
};

struct video {
    const char *type; /* vga, cirrus, virtio, ramfb, bochs; NULL: what the firmware draws on */
};

struct panic_device {
    const char *model; /* isa, hyperv, pvpanic; NULL: isa */
};

struct panic_device_list {
    struct panic_device *items;
    size_t n;
};

/* A GPU, or another device of the node: one of those that a device plugin offers as 'device_name'. */
struct node_device {
    const char *name;
    const char *device_name;
    enum tri has_display; /* of a virtual GPU; unset: the first one of the guest has it */
    enum tri has_ramfb;   /* the display works before the guest's driver does */
};

struct node_device_list {
    struct node_device *items;
    size_t n;
};

struct tpm {
    enum tri enabled; /* unset: it is */
    enum tri persistent;
};

/* Whether a guest has a TPM. 't' may be NULL. */
bool tpm_is_there(const struct tpm *t);
/* Whether what it holds outlives the guest's runs. */
bool tpm_is_kept(const struct tpm *t);

#endif
