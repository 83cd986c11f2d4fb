// Tables of the devices beside disks and network cards, with the rules that the API server checks at apply.
#include "api/kinds/tables.h"

static const struct enum_value input_bus_names[] = {{"usb", INPUT_BUS_USB}, {"virtio", INPUT_BUS_VIRTIO}, {NULL, 0}};

static const struct cel_rule input_type_rules[] = {
    {"self == 'tablet'", "Input device can have only tablet type.", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule input_bus_rules[] = {
    {"self in ['', 'usb', 'virtio']", "Input device can have only virtio or usb bus.", NULL},
    {NULL, NULL, NULL},
};

static const struct field input_fields[] = {
    FIELD_STRING(input, name, "name", "Name of the device.", NEEDED, MAX_LEN(253)),
    FIELD_STRING(input, type, "type", "tablet: a pointer that says where it is.", NEEDED, .open = true, MAX_LEN(16),
                 RULES(input_type_rules)),
    FIELD_ENUM(input, bus, input_bus, input_bus_names, "bus", "usb or virtio.", .open = true, MAX_LEN(16),
               OTHERWISE("usb"), RULES(input_bus_rules)),
    FIELD_END,
};
const struct type input_type = TYPE(input, input_fields);
