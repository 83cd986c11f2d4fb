// Where its devices are, and whether there is a guest behind them.
#include "guest/guest_streams.h"

#include "domain/host_port.h"

static const char *
refuse_port(void *arg, unsigned port)
{
    const struct guest *g = arg;

    return port_set_has(&g->ports.open, false, port)
               ? NULL
               : "the port is not let in: name it in spec.domain.devices.interfaces[].ports of the machine's template, "
                 "which takes "
                 "effect at once, or by a Service";
}

void
guest_streams_init(struct guest *g)
{
    const char *service = g->instance.gateway;
    const char *name = g->instance.gateway_name;
    const struct streams_options o = {
        .loop = g->loop,
        .name = str_empty(name) ? host_port_split(service, NULL) : name, /* as long as the process */
        .pins_path = g->paths.gateway_pins,
        .token_path = g->paths.token,
        .console = arena_printf(g->arena, "%s/" DOMAIN_SERIAL_SOCKET, g->paths.run),
        .vnc = arena_printf(g->arena, "%s/" DOMAIN_VNC_SOCKET, g->paths.run),
        .refuse_port = refuse_port,
        .arg = g,
        .log = &g->log,
    };

    g->streams = streams_new(&o);
}

enum answer_code
guest_streams_open(void *arg, const struct launcher_request *r, const char **ret_why)
{
    struct guest *g = arg;

    if (g->end_reason || (g->seen.state != DOMAIN_RUNNING && g->seen.state != DOMAIN_PAUSED)) {
        *ret_why = "the guest does not run";
        return ANSWER_FAILED;
    }
    return streams_open(g->streams, r, ret_why);
}
