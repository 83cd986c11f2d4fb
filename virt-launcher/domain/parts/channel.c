// The line to the guest agent.
#include "domain/parts.h"
#include "domain/paths.h"

static void
write_channel(const struct domain_view *v, struct xml *x)
{
    const char *path = arena_printf(v->arena, "%s/" DOMAIN_AGENT_SOCKET, v->facts.run_dir);

    xml_open(x, "channel");
    xml_attr(x, "type", "unix");
    xml_empty(x, "source", "mode", "bind", "path", path, NULL);
    xml_empty(x, "target", "type", "virtio", "name", "org.qemu.guest_agent.0", NULL);
    xml_close(x);
}

const struct part part_channel = {
    .name = "channel",
    .elements = "channel",
    .is_device = true,
    .about = "The line to the guest agent.",
    .write = write_channel,
};
