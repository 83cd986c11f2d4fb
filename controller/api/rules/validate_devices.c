// Rules over the devices beside disks and network cards.
#include "api/rules/validate_parts.h"

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
}
