// One object counts: "kubevirt" in the controller's namespace.
#include "reconcile/kubevirt/kubevirt_config.h"

#include "base/strbuf.h"
#include "reconcile/kubevirt/kubevirt_kind.h"
#include "reconcile/kubevirt/kubevirt_view.h"

enum { LISTS_MAX = 256 * 1024 };

static struct str_list
permitted_devices(struct arena *a, const struct kubevirt_spec *s)
{
    const struct permitted_device_list *const lists[] = {&s->permitted_pci, &s->permitted_mdev, &s->permitted_usb};
    struct str_list l = {
        .items = ARENA_NEW_N(a, const char *, s->permitted_pci.n + s->permitted_mdev.n + s->permitted_usb.n)};

    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        for (size_t i = 0; i < lists[k]->n; i++) {
            l.items[l.n++] = lists[k]->items[i].resource_name;
        }
    }
    return l;
}

struct err *
kubevirt_config(struct arena *a, const struct caches *caches, const char *namespace, struct config *c,
                int64_t *ret_log_verbosity)
{
    AUTO(freep) char *key = xasprintf("%s/kubevirt", namespace);
    const struct object *o = store_get(caches_store(caches, &kubevirt_kind), key);
    struct kubevirt k = {0};
    struct err *e = o ? kubevirt_view_make(a, o, &k) : NULL;

    if (e) {
        k = (struct kubevirt){0};
    }
    c->launcher_pull_policy = k.spec.image_pull_policy;
    c->disk_pull_policy = k.spec.disk_image_pull_policy;
    c->use_emulation = k.spec.use_emulation == TRI_TRUE;
    c->asks_nodes = k.spec.asks_nodes != TRI_FALSE;
    c->vhost_net = k.spec.vhost_net != TRI_FALSE;
    c->default_ports = k.spec.default_ports;
    c->log_launcher = k.spec.log_launcher;
    c->pod_annotations = k.spec.pod_annotations;
    c->host_disk_paths = k.spec.host_disk_paths;
    c->image_overlay = k.spec.image_overlay;
    c->log_storage = k.spec.log_storage;
    c->permitted_devices = permitted_devices(a, &k.spec);
    c->state_class = str_empty(k.spec.state_class) ? NULL : k.spec.state_class;
    *ret_log_verbosity = k.spec.log_controller.v;
    return e;
}

static void
add_texts(struct strbuf *text, const struct str_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        (void)strbuf_addf(text, " %s", l->items[i]); /* the arena's cap is above all lists */
    }
}

char *
kubevirt_config_text(const struct config *c)
{
    AUTO(strbuf_fini) struct strbuf lists = STRBUF_INIT(LISTS_MAX);

    for (size_t i = 0; i < c->default_ports.n; i++) {
        const struct port *p = &c->default_ports.items[i];
        (void)strbuf_addf(&lists, " %lld/%d", (long long)p->port,
                          (int)p->protocol); /* the arena's cap is above all ports */
    }
    add_texts(&lists, &c->pod_annotations);
    add_texts(&lists, &c->host_disk_paths);
    add_texts(&lists, &c->permitted_devices);
    (void)strbuf_addf(&lists, " %s %s %s", c->image_overlay.text ? c->image_overlay.text : "",
                      c->log_storage.text ? c->log_storage.text : "", c->state_class ? c->state_class : "");
    return xasprintf("%s %d %d %d %d %d %s %s %s %s %d %lld%s", c->launcher_image, (int)c->launcher_pull_policy,
                     (int)c->disk_pull_policy, c->use_emulation, c->asks_nodes, c->vhost_net, c->gateway,
                     c->gateway_name, c->gateway_pins ? c->gateway_pins : "", c->ca_bundle ? c->ca_bundle : "",
                     c->log_launcher.set, (long long)c->log_launcher.v, strbuf_str(&lists));
}
