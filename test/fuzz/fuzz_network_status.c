// Any text as what Multus tells of a pod: each interface that is read has a name, and its addresses are addresses.
#include "fuzz.h"

#include "base/utf8.h"
#include "reconcile/vmi/network_status.h"

#include <net/if.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(1 << 24);
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    const struct network_status_list l = network_status_read(a, text);

    BUG_ON(l.n > NETWORK_STATUS_ITEMS_MAX);
    for (size_t i = 0; i < l.n; i++) {
        const struct network_status *s = &l.items[i];
        BUG_ON(strlen(s->interface) >= IF_NAMESIZE || !utf8_is_clean(s->interface));
        BUG_ON(s->ips.n > NETWORK_STATUS_IPS_MAX);
        for (size_t k = 0; k < s->ips.n; k++) {
            BUG_ON(strspn(s->ips.items[k], "0123456789abcdefABCDEF:.") != strlen(s->ips.items[k]));
        }
        BUG_ON(!network_status_find(&l, s->interface));
    }
    arena_free(a);
    return 0;
}
