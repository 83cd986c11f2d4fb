// The screen's card: one that the firmware draws on.
#include "domain/parts.h"
#include "domain/parts/graphics.h"

static const char *
video_type_of(const struct domain_view *v)
{
    const struct video *wish = v->instance->spec.domain.video;

    if (!graphics_are_wanted(v->instance)) {
        return "none";
    }
    if (wish && !str_empty(wish->type)) {
        return wish->type;
    }
    return v->is_efi ? "bochs" : "vga";
}

/* Attributes are those that a type has: vga its memory, and all but ramfb, which is memory alone, a number of screens. */
static void
write_video(const struct domain_view *v, struct xml *x)
{
    const char *type = video_type_of(v);
    bool has_heads = !str_eq(type, "none") && !str_eq(type, "ramfb");

    xml_open(x, "video");
    xml_empty(x, "model", "type", type, "vram", str_eq(type, "vga") ? "16384" : NULL, "heads", has_heads ? "1" : NULL,
              NULL);
    xml_close(x);
}

const struct part part_video = {
    .name = "video",
    .elements = "video",
    .is_device = true,
    .about = "The one that is asked for; else VGA under BIOS, bochs under UEFI; none without a screen.",
    .write = write_video,
};
