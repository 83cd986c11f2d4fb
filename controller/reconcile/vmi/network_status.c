// The hardware address that stands there is the tap's, on the node's side of the cable; the guest's card has another one.
#include "reconcile/vmi/network_status.h"

#include <arpa/inet.h>
#include <net/if.h>

#include "base/json.h"
#include "base/utf8.h"

static bool
is_address(const char *text)
{
    unsigned char net[sizeof(struct in6_addr)];

    return text && (inet_pton(AF_INET, text, net) == 1 || inet_pton(AF_INET6, text, net) == 1);
}

static struct str_list
read_ips(struct arena *a, const json_t *list)
{
    struct str_list l = {.items = ARENA_NEW_N(a, const char *, NETWORK_STATUS_IPS_MAX)};
    size_t i;
    json_t *ip;

    json_array_foreach((json_t *)(uintptr_t)list, i, ip) {
        if (l.n < NETWORK_STATUS_IPS_MAX && is_address(json_string_value(ip))) {
            l.items[l.n++] = json_string_value(ip);
        }
    }
    return l;
}

struct network_status_list
network_status_read(struct arena *a, const char *text)
{
    struct network_status_list l = {0};
    json_t *j = NULL;
    size_t i;
    json_t *item;

    if (!text) {
        return l;
    }
    struct err *e = json_parse(text, strlen(text), NETWORK_STATUS_MAX, &j);
    if (e) {
        err_free(e); /* whoever writes it may write anything */
        return l;
    }
    json_in_arena(a, j);
    l.items = ARENA_NEW_N(a, struct network_status, NETWORK_STATUS_ITEMS_MAX);
    json_array_foreach(j, i, item) {
        const char *interface = json_str(item, "interface");
        if (l.n < NETWORK_STATUS_ITEMS_MAX && interface && strlen(interface) < IF_NAMESIZE && utf8_is_clean(interface)) {
            l.items[l.n++] =
                (struct network_status){.interface = interface, .ips = read_ips(a, json_object_get(item, "ips"))};
        }
    }
    return l;
}

const struct network_status *
network_status_find(const struct network_status_list *l, const char *interface)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->items[i].interface, interface)) {
            return &l->items[i];
        }
    }
    return NULL;
}
