// Rules over the devices beside disks and network cards.
#include "api/rules/validate_parts.h"

static struct err *
check_sound(const json_t *spec)
{
    const json_t *sound = json_at(spec, "domain", "devices", "sound", NULL);
    const char *model = json_str(sound, "model");

    if (sound && str_empty(json_str(sound, "name"))) {
        return INVALID("domain.devices.sound: Sound device requires a name field.");
    }
    return str_empty(model) || str_eq(model, "ich9") || str_eq(model, "ac97")
               ? NULL
               : INVALID("domain.devices.sound.model: Sound device type is not supported. Options: 'ich9' or 'ac97'");
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
    problems_add(p, check_sound(s->json));
    problems_add(p, check_inputs(&s->domain.inputs));
}
