// What the kernel says of a tap stands in files of sysfs, which are there for taps alone.
#include "effect/pod_taps.h"

#include <linux/if_tun.h>
#include <net/if.h>
#include <unistd.h>

#include "api/rules/identity.h"
#include "api/rules/networks.h"
#include "effect/files.h"

enum { ATTRIBUTE_MAX = 64, BRIDGE_MACS_MAX = 256 };

/* False: there is no such file. */
static bool
attribute_text(const char *interface, const char *name, struct strbuf *text)
{
    AUTO(freep) char *path = xasprintf("/sys/class/net/%s/%s", interface, name);
    AUTO(err_freep) struct err *e = file_read(path, text);

    return !e && text->len > 0;
}

/* -1: there is no such file, or the number in it means nobody. */
static int64_t
attribute(const char *interface, const char *name)
{
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(ATTRIBUTE_MAX);

    return attribute_text(interface, name, &text) ? strtoll(strbuf_str(&text), NULL, 0) : -1;
}

static struct tap_facts
read_tap(const char *name)
{
    int64_t flags = attribute(name, "tun_flags");
    int64_t owner = attribute(name, "owner");
    int64_t group = attribute(name, "group");
    int64_t mtu = attribute(name, "mtu");

    return (struct tap_facts){.name = name,
                              .is_tap = flags >= 0 && (flags & IFF_TAP),
                              .may_open = (owner < 0 || owner == geteuid()) && (group < 0 || group == getegid()),
                              .is_multi_queue = flags >= 0 && (flags & IFF_MULTI_QUEUE),
                              .mtu = mtu > 0 ? mtu : 0};
}

static bool
is_of_bridge(const char *interface)
{
    AUTO(freep) char *port = xasprintf("/sys/class/net/%s/brport", interface);
    AUTO(freep) char *bridge = xasprintf("/sys/class/net/%s/bridge", interface);

    return file_exists(port) || file_exists(bridge);
}

static void
freenamesp(struct if_nameindex **names)
{
    if (*names) {
        if_freenameindex(*names);
    }
}

static struct str_list
bridge_macs(struct arena *a)
{
    AUTO(freenamesp) struct if_nameindex *names = if_nameindex();
    struct str_list l = {.items = ARENA_NEW_N(a, const char *, BRIDGE_MACS_MAX)};

    for (size_t i = 0; names && names[i].if_name && l.n < BRIDGE_MACS_MAX; i++) {
        AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(ATTRIBUTE_MAX);
        if (is_of_bridge(names[i].if_name) && attribute_text(names[i].if_name, "address", &text)) {
            l.items[l.n++] = arena_strndup(a, strbuf_str(&text), strcspn(strbuf_str(&text), "\n"));
        }
    }
    return l;
}

void
pod_taps_read(const struct instance *i, struct arena *a, struct domain_facts *facts)
{
    const struct network_list *l = &i->spec.networks;
    struct tap_facts *taps = ARENA_NEW_N(a, struct tap_facts, l->n);

    for (size_t k = 0; k < l->n; k++) {
        if (network_is_secondary(&l->items[k])) {
            const char *name = identity_pod_interface(a, l->items[k].name);
            if (attribute(name, "ifindex") > 0) {
                taps[facts->n_taps++] = read_tap(name);
            }
        }
    }
    facts->taps = taps;
    if (facts->n_taps > 0) {
        facts->bridge_macs = bridge_macs(a);
    }
}
