// Any text as pesto's table and as those of /proc/net: sets of ports, written for passt and read as the same.
#include "fuzz.h"

#include "domain/port_set.h"

enum { TEXT_MAX = 1 << 20 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    struct arena *a = arena_new(1 << 24);
    struct port_set pesto, proc = {0}, both, rest;

    port_set_read_pesto(text, &pesto);
    port_set_read_proc(text, false, &proc);
    port_set_read_proc(text, true, &proc);
    port_set_both(&pesto, &proc, &both);
    port_set_minus(&pesto, &both, &rest);
    BUG_ON(port_set_count(&rest) + port_set_count(&both) != port_set_count(&pesto));
    BUG_ON(port_set_has(&pesto, false, 0) || port_set_has(&proc, true, 0));
    BUG_ON(port_set_to_list(&pesto, a).n != port_set_count(&pesto));
    for (int udp = 0; udp < 2; udp++) {
        AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(TEXT_MAX);
        BUG_ON(!port_set_text(&pesto, udp, &out));
    }
    arena_free(a);
    return 0;
}
