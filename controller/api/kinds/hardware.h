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

#endif
