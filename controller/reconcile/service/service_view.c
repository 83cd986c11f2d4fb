// Each Service is found by one pair of its selector, so by one of the launcher's labels.
#include "reconcile/service/service_view.h"

#include "api/rules/identity.h"
#include "reconcile/pod/pod_meta.h"

enum { OBJECT_MAX = 4 * 1024 * 1024, SERVICE_PORTS_MAX = 256 };

struct gather {
    struct arena *arena;
    const struct vmi *vmi;
    struct port_list ports;
};

static bool gather_service(void *arg, const struct object *service);
static bool selects(const json_t *selector, const struct gather *g);
static const char *launcher_label(const struct gather *g, const char *key);
static void add_port(struct gather *g, const json_t *port);

struct port_list
service_ports(struct arena *a, const struct vmi *vmi, const struct store *services)
{
    static const char *const keys[] = {"kubevirt.io", "kubevirt.io/created-by", "vm.kubevirt.io/name",
                                       "vmi.kubevirt.io/id"};
    const struct str_map *labels = &vmi->meta.labels;
    struct gather g = {.arena = a, .vmi = vmi};

    if (store_count(services) == 0) {
        return g.ports;
    }
    g.ports.items = ARENA_NEW_N(a, struct port, SERVICE_PORTS_MAX);
    for (size_t i = 0; i < labels->n + ARRAY_LEN(keys); i++) {
        const char *key = i < labels->n ? labels->items[i].key : keys[i - labels->n];
        const char *value = launcher_label(&g, key);
        if (value) {
            store_each_about(services, vmi->meta.namespace, arena_printf(a, "%s=%s", key, value), gather_service, &g);
        }
    }
    return g.ports;
}

static bool
gather_service(void *arg, const struct object *service)
{
    struct gather *g = arg;
    AUTO(json_freep) json_t *j = NULL;
    AUTO(err_freep) struct err *e = object_parse(service, OBJECT_MAX, &j);
    size_t i;
    json_t *port;

    if (e || !selects(json_at(j, "spec", "selector", NULL), g)) {
        return true;
    }
    json_array_foreach(json_at(j, "spec", "ports", NULL), i, port) {
        add_port(g, port);
    }
    return g->ports.n < SERVICE_PORTS_MAX;
}

static bool
selects(const json_t *selector, const struct gather *g)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)selector, key, value) {
        if (!str_eq(launcher_label(g, key), json_string_value(value))) {
            return false;
        }
    }
    return true;
}

/* What the launcher pod bears (reconcile/pod/pod_render). */
static const char *
launcher_label(const struct gather *g, const char *key)
{
    const struct meta *m = &g->vmi->meta;

    if (str_eq(key, "kubevirt.io")) {
        return "virt-launcher";
    }
    if (str_eq(key, "kubevirt.io/created-by")) {
        return m->uid;
    }
    if (str_eq(key, "vm.kubevirt.io/name")) {
        return g->vmi->spec.hostname ? identity_label_value(g->arena, g->vmi->spec.hostname) : NULL; /* none: invalid */
    }
    if (str_eq(key, "vmi.kubevirt.io/id")) {
        return identity_label_value(g->arena, m->name);
    }
    return pod_label_passes(key) ? str_map_get(&m->labels, key) : NULL;
}

/* targetPort is a number, a name of a declared port, or absent: then it is the Service's own port. */
static void
add_port(struct gather *g, const json_t *port)
{
    const json_t *target = json_object_get(port, "targetPort");
    struct port p = {.protocol = str_eq(json_str(port, "protocol"), "UDP") ? PROTOCOL_UDP : PROTOCOL_TCP,
                     .port = json_int(port, "port", 0)};

    if (json_is_integer(target)) {
        p.port = (int64_t)json_integer_value(target);
    } else if (json_is_string(target)) {
        return; /* a name: such a port is declared, hence open anyway */
    }
    if (p.port > 0 && p.port < 65536 && g->ports.n < SERVICE_PORTS_MAX) {
        g->ports.items[g->ports.n++] = p;
    }
}
