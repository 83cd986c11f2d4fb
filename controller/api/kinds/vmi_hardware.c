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

static const struct cel_rule sound_rules[] = {
    {"has(self.name) && self.name != ''", "Sound device requires a name field.", NULL},
    {"!has(self.model) || self.model in ['', 'ich9', 'ac97']",
     "Sound device type is not supported. Options: 'ich9' or 'ac97'", NULL},
    {NULL, NULL, NULL},
};

static const struct field sound_fields[] = {
    FIELD_STRING(sound, name, "name", "Its name.", MAX_LEN(253)),
    FIELD_STRING(sound, model, "model", "ich9 or ac97.", .open = true, MAX_LEN(16), OTHERWISE("ich9")),
    FIELD_END,
};
const struct type sound_type = TYPE(sound, sound_fields, .cel = sound_rules);

static const struct cel_rule video_rules[] = {
    {"self in ['', 'vga', 'cirrus', 'virtio', 'ramfb', 'bochs']", "video model is not supported on amd64 architecture",
     "'video model \\'' + self + '\\' is not supported on amd64 architecture: write vga, cirrus, virtio, ramfb or "
     "bochs'"},
    {NULL, NULL, NULL},
};

static const struct field video_fields[] = {
    FIELD_STRING(video, type, "type", "vga, cirrus, virtio, ramfb or bochs.", .open = true, MAX_LEN(16),
                 OTHERWISE("vga; with UEFI bochs"), RULES(video_rules)),
    FIELD_END,
};
const struct type video_type = TYPE(video, video_fields);

static const struct cel_rule panic_rules[] = {
    {"self in ['', 'isa', 'hyperv', 'pvpanic']", "invalid PanicDeviceModel",
     "'invalid PanicDeviceModel(' + self + '): write isa, hyperv or pvpanic'"},
    {NULL, NULL, NULL},
};

static const struct field panic_device_fields[] = {
    FIELD_STRING(panic_device, model, "model", "isa, hyperv or pvpanic.", .open = true, MAX_LEN(16), OTHERWISE("isa"),
                 RULES(panic_rules)),
    FIELD_END,
};
const struct type panic_device_type = TYPE(panic_device, panic_device_fields);

bool
tpm_is_there(const struct tpm *t)
{
    return t && t->enabled != TRI_FALSE;
}

bool
tpm_is_kept(const struct tpm *t)
{
    return tpm_is_there(t) && t->persistent == TRI_TRUE;
}

static const struct field tpm_fields[] = {
    FIELD_BOOL(tpm, enabled, "enabled", "On or off.", OTHERWISE("true")),
    FIELD_BOOL(tpm, persistent, "persistent", "What it holds outlives the guest's runs, in a claim of the machine's.",
               OTHERWISE("false: each run has an empty one")),
    FIELD_END,
};
const struct type tpm_type = TYPE(tpm, tpm_fields);

static const struct cel_rule device_name_rules[] = {
    {"self.matches('^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$')",
     "deviceName is no name of a resource",
     "'deviceName ' + self + ' is no name of a resource: write it as vendor.example/model'"},
    {NULL, NULL, NULL},
};

/* Of gpus and hostDevices. A claim in place of a name is kept, and refused. */
#define NODE_DEVICE_FIELDS                                                                                    \
    FIELD_STRING(node_device, name, "name", "Name of the device.", NEEDED, MAX_LEN(253)),                     \
        FIELD_STRING(node_device, device_name, "deviceName",                                                  \
                     "Resource that a device plugin offers; the configuration must permit it.", .open = true, \
                     MAX_LEN(317), RULES(device_name_rules)),                                                 \
        KEPT_STRING("claimName", "Resource claim of the guest."),                                             \
        KEPT_STRING("requestName", "Request of that claim."), KEPT_STRING("tag", "Name by which the guest knows it.")

static const struct field gpu_fields[] = {
    NODE_DEVICE_FIELDS,
    FIELD_BOOL(node_device, has_display, "virtualGPUOptions.display.enabled",
               "A virtual GPU has a screen, which is looked at by VNC.", OTHERWISE("the first one has")),
    FIELD_SWITCH(node_device, has_ramfb, "virtualGPUOptions.display.ramFB",
                 "Its screen works before the guest's driver does.", OTHERWISE("as the display, where that is not said")),
    FIELD_END,
};
const struct type gpu_type = TYPE(node_device, gpu_fields);

static const struct field host_device_fields[] = {NODE_DEVICE_FIELDS, FIELD_END};
const struct type host_device_type = TYPE(node_device, host_device_fields);
