// Where the guest's screen is looked at; the card that makes it is the family video.
#include "domain/parts/graphics.h"

#include "domain/parts.h"
#include "domain/paths.h"

bool
graphics_are_wanted(const struct instance *i)
{
    return i->spec.domain.autoattach_graphics_device != TRI_FALSE;
}

static void
write_graphics(const struct domain_view *v, struct xml *x)
{
    if (!graphics_are_wanted(v->instance)) {
        return;
    }
    xml_open(x, "graphics");
    xml_attr(x, "type", "vnc");
    xml_empty(x, "listen", "type", "socket", "socket",
              arena_printf(v->arena, "%s/" DOMAIN_VNC_SOCKET, v->facts.run_dir), NULL);
    xml_close(x);
}

const struct part part_graphics = {
    .name = "graphics",
    .elements = "graphics",
    .is_device = true,
    .about = "VNC on a socket in the pod.",
    .write = write_graphics,
};
