// The serial console. Its socket is free for one interactive client; what the guest prints goes to the log in any case.
#include "domain/parts/console.h"

#include "domain/parts.h"
#include "domain/paths.h"

static bool
has_console(const struct instance *i)
{
    return i->spec.domain.autoattach_serial_console != TRI_FALSE;
}

bool
console_is_logged(const struct instance *i)
{
    return has_console(i) && i->spec.domain.log_serial_console != TRI_FALSE;
}

static void
write_console(const struct domain_view *v, struct xml *x)
{
    const char *run_dir = v->facts.run_dir;

    if (!has_console(v->instance)) {
        return;
    }
    xml_open(x, "serial");
    xml_attr(x, "type", "unix");
    xml_empty(x, "source", "mode", "bind", "path", arena_printf(v->arena, "%s/" DOMAIN_SERIAL_SOCKET, run_dir), NULL);
    if (console_is_logged(v->instance)) {
        xml_empty(x, "log", "file", arena_printf(v->arena, "%s/" DOMAIN_CONSOLE_LOG, run_dir), "append", "on", NULL);
    }
    xml_empty(x, "target", "port", "0", NULL);
    xml_close(x);
}

const struct part part_console = {
    .name = "console",
    .elements = "serial",
    .is_device = true,
    .about = "The first serial port: a socket, and a log that becomes the pod's.",
    .write = write_console,
};
