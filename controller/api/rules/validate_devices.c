// Rules over the devices beside disks and network cards.
#include "api/rules/validate_parts.h"

#include <ctype.h>

#include "api/rules/names.h"

enum { RESOURCE_HOST_MAX = 253, RESOURCE_NAME_MAX = 63 };

static bool
is_one_of(const char *text, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(text, names[i])) {
            return true;
        }
    }
    return false;
}

static struct err *
check_sound(const struct sound *s)
{
    static const char *const models[] = {"ich9", "ac97"};

    if (s && str_empty(s->name)) {
        return INVALID("domain.devices.sound: Sound device requires a name field.");
    }
    return !s || str_empty(s->model) || is_one_of(s->model, models, ARRAY_LEN(models))
               ? NULL
               : INVALID("domain.devices.sound.model: Sound device type is not supported. Options: 'ich9' or 'ac97'");
}

static struct err *
check_video(const struct domain_spec *d)
{
    static const char *const types[] = {"vga", "cirrus", "virtio", "ramfb", "bochs"};

    if (!d->video) {
        return NULL;
    }
    if (d->autoattach_graphics_device == TRI_FALSE) {
        return INVALID("domain.devices.video: Video configuration is not allowed when autoattachGraphicsDevice is set "
                       "to false. Leave one of them out");
    }
    return str_empty(d->video->type) || is_one_of(d->video->type, types, ARRAY_LEN(types))
               ? NULL
               : INVALID("domain.devices.video.type: video model '%.32s' is not supported on amd64 architecture: write "
                         "vga, cirrus, virtio, ramfb or bochs",
                         d->video->type);
}

static const char *
panic_model(const struct panic_device *p)
{
    return str_empty(p->model) ? "isa" : p->model;
}

static struct err *
check_panic_device(const struct panic_device_list *l, size_t i)
{
    static const char *const models[] = {"isa", "hyperv", "pvpanic"};
    const char *model = panic_model(&l->items[i]);

    if (!is_one_of(model, models, ARRAY_LEN(models))) {
        return INVALID("domain.devices.panicDevices[%zu].model: invalid PanicDeviceModel(%.32s): write isa, hyperv or "
                       "pvpanic",
                       i, model);
    }
    for (size_t k = 0; k < i; k++) {
        if (str_eq(panic_model(&l->items[k]), model)) {
            return INVALID("domain.devices.panicDevices[%zu].model: a guest has one panic device of model %s: leave "
                           "the second one out",
                           i, model);
        }
    }
    return NULL;
}

static bool
is_host(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool is_letter = islower((unsigned char)text[i]) || isdigit((unsigned char)text[i]);
        bool is_sign = (text[i] == '.' || text[i] == '-') && i > 0 && i + 1 < len;
        if (!is_letter && !is_sign) {
            return false;
        }
    }
    return len > 0 && len <= RESOURCE_HOST_MAX;
}

/* "vendor.example/model", as a node counts it. */
static bool
is_resource_name(const char *text)
{
    const char *slash = strchr(text, '/');
    size_t len = slash ? strlen(slash + 1) : 0;

    return len > 0 && len <= RESOURCE_NAME_MAX && is_host(text, (size_t)(slash - text)) &&
           is_made_of(slash + 1, "_.-") && isalnum((unsigned char)slash[1]) && isalnum((unsigned char)slash[len]);
}

static void
check_node_devices(const struct node_device_list *l, const char *list, struct problems *p)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct node_device *d = &l->items[i];
        if (str_empty(d->name)) {
            problems_add(p, INVALID("domain.devices.%s[%zu].name must be set", list, i));
        }
        if (str_empty(d->device_name)) { /* a claim is told by itself */
            continue;
        }
        if (!is_resource_name(d->device_name)) {
            problems_add(p, INVALID("domain.devices.%s[%zu].deviceName %.64s is no name of a resource: write it as "
                                    "vendor.example/model",
                                    list, i, d->device_name));
        }
    }
}

static struct err *
check_inputs(const struct input_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!str_eq(l->items[i].type, "tablet")) {
            return INVALID("domain.devices.inputs[%zu].type: Input device can have only tablet type.", i);
        }
    }
    return NULL;
}

void
validate_devices(const struct vmi_spec *s, struct problems *p)
{
    problems_add(p, check_sound(s->domain.sound));
    problems_add(p, check_video(&s->domain));
    for (size_t i = 0; i < s->domain.panic_devices.n; i++) {
        problems_add(p, check_panic_device(&s->domain.panic_devices, i));
    }
    problems_add(p, check_inputs(&s->domain.inputs));
    check_node_devices(&s->domain.gpus, "gpus", p);
    check_node_devices(&s->domain.host_devices, "hostDevices", p);
}
