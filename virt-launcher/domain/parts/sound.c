// A sound card. Where its sound would go is the family audio.
#include "domain/parts.h"

static struct err *
resolve_sound(struct domain_view *v)
{
    if (v->instance->spec.domain.sound) {
        pci_slots_ask_root(&v->pci, PCI_ROOT_SOUND);
    }
    return NULL;
}

static void
write_sound(const struct domain_view *v, struct xml *x)
{
    const struct sound *s = v->instance->spec.domain.sound;

    if (!s) {
        return;
    }
    const struct pci_address place = pci_slots_root(&v->pci, PCI_ROOT_SOUND);
    xml_open(x, "sound");
    xml_attr(x, "model", str_empty(s->model) ? "ich9" : s->model);
    pci_slot_write(&place, x);
    xml_close(x);
}

const struct part part_sound = {
    .name = "sound",
    .elements = "sound",
    .is_device = true,
    .about = "A sound card, Intel's of ICH9 or AC97.",
    .resolve = resolve_sound,
    .write = write_sound,
};
