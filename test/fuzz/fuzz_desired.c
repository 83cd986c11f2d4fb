// Any message of the gateway to a launcher: refused, or its ports become a set whose text passt's tools take. Any text is an address, too.
#include "fuzz.h"

#include "api/kinds/launcher_msg.h"
#include "domain/host_port.h"
#include "domain/port_set.h"

enum { TEXT_MAX = 65536 };

static void
check_ports(const struct launcher_desired *d, struct arena *a)
{
    struct port_set set, back;
    AUTO(strbuf_fini) struct strbuf tcp = STRBUF_INIT(TEXT_MAX);
    AUTO(strbuf_fini) struct strbuf udp = STRBUF_INIT(TEXT_MAX);

    port_set_from_list(&d->open_ports, &set);
    struct port_list l = port_set_to_list(&set, a);
    port_set_from_list(&l, &back);
    BUG_ON(l.n > PORT_SET_MAX || !port_set_equal(&set, &back));
    BUG_ON(!port_set_text(&set, false, &tcp) || !port_set_text(&set, true, &udp));
    BUG_ON(strspn(strbuf_str(&tcp), "0123456789,-") != tcp.len || strspn(strbuf_str(&udp), "0123456789,-") != udp.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    AUTO(json_freep) json_t *j = NULL;
    struct arena *a = arena_new(1 << 22);
    struct launcher_desired d;
    const char *type = NULL;
    const char *port = NULL;
    AUTO(freep) char *host = host_port_split(text, &port);
    AUTO(err_freep) struct err *e = launcher_msg_parse(text, strlen(text), &j, &type);

    BUG_ON(!host != !port);
    BUG_ON(host && strlen(host) + strlen(port) >= strlen(text));
    if (!e) {
        e = api_decode(&launcher_desired_type, j, a, &d);
    }
    if (!e) {
        check_ports(&d, a);
    }
    arena_free(a);
    return 0;
}
