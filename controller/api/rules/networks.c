// Networks are few: lists are walked.
#include "api/rules/networks.h"

#include "api/rules/names.h"

enum { DNS_NAME_MAX = 253 };

const struct network *
network_find(const struct vmi_spec *s, const char *name)
{
    for (size_t i = 0; i < s->networks.n; i++) {
        if (str_eq(s->networks.items[i].name, name)) {
            return &s->networks.items[i];
        }
    }
    return NULL;
}

bool
network_is_pod(const struct network *net)
{
    return net->pod || (!net->multus && !net->resource_claim && !str_empty(net->network_name));
}

bool
network_is_secondary(const struct network *net)
{
    return net->multus && net->multus->is_default != TRI_TRUE;
}

bool
interface_is_secondary(const struct vmi_spec *s, const struct interface *nic)
{
    const struct network *net = network_find(s, nic->name);

    return net && network_is_secondary(net);
}

void
network_attachment(struct arena *a, const struct network_multus *m, const char *namespace, const char **ret_namespace,
                   const char **ret_name)
{
    const char *slash = strchr(m->network_name, '/');

    *ret_namespace = slash ? arena_strndup(a, m->network_name, (size_t)(slash - m->network_name)) : namespace;
    *ret_name = slash ? slash + 1 : m->network_name;
}

/* Labels of DNS with dots between. */
static bool
is_dns_name(const char *text, size_t len)
{
    size_t begin = 0;

    for (size_t i = 0; i <= len; i++) {
        if (i == len || text[i] == '.') {
            if (!is_dns_label(text + begin, i - begin, DNS_NAME_MAX)) {
                return false;
            }
            begin = i + 1;
        }
    }
    return len <= DNS_NAME_MAX;
}

bool
network_is_attachment(const char *text)
{
    const char *slash = strchr(text, '/');
    const char *name = slash ? slash + 1 : text;

    return (!slash || is_dns_name(text, (size_t)(slash - text))) && is_dns_name(name, strlen(name));
}
