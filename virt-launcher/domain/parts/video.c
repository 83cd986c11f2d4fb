// The screen's card: one that the firmware draws on.
#include "domain/parts.h"
#include "domain/parts/graphics.h"

static void
write_video(const struct domain_view *v, struct xml *x)
{
    xml_open(x, "video");
    xml_open(x, "model");
    if (!graphics_are_wanted(v->instance)) {
        xml_attr(x, "type", "none");
    } else if (v->is_efi) {
        xml_attr(x, "type", "bochs");
        xml_attr(x, "heads", "1");
    } else {
        xml_attr(x, "type", "vga");
        xml_attr(x, "vram", "16384");
        xml_attr(x, "heads", "1");
    }
    xml_close(x);
    xml_close(x);
}

const struct part part_video = {
    .name = "video",
    .elements = "video",
    .is_device = true,
    .about = "VGA under BIOS, bochs under UEFI, none without a screen.",
    .write = write_video,
};
