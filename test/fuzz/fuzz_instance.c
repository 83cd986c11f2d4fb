// Any text as instance.json: refused, or it becomes a machine (refused, or described); the description is XML, and libvirt's parser, which
// is libxml2, reads in it what was meant.
#include "fuzz.h"

#include "api/rules/identity.h"
#include "api/rules/networks.h"
#include "domain/domain_resolve.h"
#include "domain/domain_xml.h"
#include "domain/grace.h"
#include "domain/instance_read.h"
#include "domain/parts/cpu_count.h"
#include "domain/parts/disk.h"
#include "domain/parts/identity.h"
#include "domain/parts/nic_view.h"
#include "domain/port_set.h"
#include "domain/xml_writer.h"

#include <libxml/parser.h>

enum { FACTS_MAX = 64 };

static void
check_xml(const char *want, const struct strbuf *xml)
{
    xmlDoc *doc =
        xmlReadMemory(xml->buf, (int)xml->len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);

    BUG_ON(!doc);
    const xmlNode *name = xmlDocGetRootElement(doc)->children;
    while (name && !xmlStrEqual(name->name, (const xmlChar *)"name")) {
        name = name->next;
    }
    xmlChar *text = name ? xmlNodeGetContent(name) : NULL;
    BUG_ON(!text || strlen((const char *)text) > strlen(want));
    xmlFree(text);
    xmlFreeDoc(doc);
}

/* As many CPUs as the guest asks for, if they are not too many: two threads a core, four CPUs a NUMA node. */
static size_t
fill_cpus(const struct instance *i, struct node_cpu *cpus)
{
    const struct domain_spec *d = &i->spec.domain;
    struct cpu_count n = cpu_count_of(&d->cpu);
    int64_t pool = d->io_threads_policy == IO_THREADS_POOL ? d->io_pool_threads.v : 0;
    int64_t wanted = cpu_count_all(&n) + (pool < 1 && d->io_threads_policy == IO_THREADS_POOL ? 1 : pool) +
                     (d->cpu.isolate_emulator == TRI_TRUE);
    size_t made = wanted < FACTS_MAX ? (size_t)wanted : FACTS_MAX;

    for (size_t k = 0; k < made; k++) {
        cpus[k] = (struct node_cpu){.id = (int)k, .core = (int)(k / 2), .node = (int)(k / 4)};
    }
    return made;
}

/* Device plugins that give each resource another kind of device. */
static size_t
give_devices(const struct node_device_list *l, struct host_resource *resources, size_t n)
{
    for (size_t i = 0; i < l->n && n < FACTS_MAX; i++, n++) {
        resources[n] = (struct host_resource){.name = l->items[i].device_name,
                                              .pci = n % 3 == 0 ? "0000:65:00.0,0000:66:00.0" : NULL,
                                              .mdev = n % 3 == 1 ? "aa618089-8b16-4d01-a136-25a0f3c73123" : NULL,
                                              .usb = "1:5,1:6"};
    }
    return n;
}

/* Taps of every kind, by turns. */
static size_t
make_taps(const struct instance *i, struct arena *a, struct tap_facts *taps)
{
    size_t n = 0;

    for (size_t k = 0; k < i->spec.networks.n && n < FACTS_MAX; k++) {
        if (network_is_secondary(&i->spec.networks.items[k])) {
            taps[n] = (struct tap_facts){.name = identity_pod_interface(a, i->spec.networks.items[k].name),
                                         .is_tap = true,
                                         .may_open = true,
                                         .is_multi_queue = n % 2 == 1,
                                         .mtu = (int64_t)n * 1500};
            n++;
        }
    }
    return n;
}

static void
describe(const struct instance *i, struct arena *a)
{
    struct disk_facts disks[FACTS_MAX];
    struct node_cpu cpus[FACTS_MAX];
    const struct port_list *ports = &i->open_ports;
    struct domain_facts f = {.run_dir = LAUNCHER_RUN_DIR,
                             .state_dir = LAUNCHER_STATE_DIR,
                             .disks = disks,
                             .start_ports = ports,
                             .pod_has_ipv6 = true,
                             .kernel = LAUNCHER_KERNEL_DIR "/vmlinuz",
                             .cpus = cpus,
                             .n_cpus = fill_cpus(i, cpus),
                             .may_bind_memory = true,
                             .may_run_realtime = true,
                             .has_timezone = true};
    AUTO(strbuf_fini) struct strbuf xml = STRBUF_INIT(DOMAIN_XML_MAX);
    struct host_resource resources[FACTS_MAX];
    struct tap_facts taps[FACTS_MAX];
    struct domain_view v;

    f.taps = taps;
    f.n_taps = make_taps(i, a, taps);
    f.resources = resources;
    f.n_resources = give_devices(&i->spec.domain.gpus, resources, 0);
    f.n_resources = give_devices(&i->spec.domain.host_devices, resources, f.n_resources);
    for (; f.n_disks < i->volumes.n && f.n_disks < FACTS_MAX; f.n_disks++) {
        const struct instance_volume *vol = &i->volumes.items[f.n_disks];
        disks[f.n_disks] = (struct disk_facts){.volume = vol->name,
                                               .path = arena_printf(a, LAUNCHER_DISK_DIR "/%s/disk.img", vol->name),
                                               .format = vol->kind == VOLUME_IMAGE ? "qcow2" : "raw",
                                               .backing_path = vol->kind == VOLUME_IMAGE ? "/disks/image" : NULL,
                                               .backing_format = "raw",
                                               .has_o_direct = vol->kind == VOLUME_PVC_FILE,
                                               .is_block = vol->kind == VOLUME_PVC_BLOCK};
    }
    struct err *e = domain_resolve(i, &f, a, &v);
    if (!e) {
        BUG_ON(v.n_disks > DOMAIN_DISKS_MAX || v.n_nics > DOMAIN_NICS_MAX || v.memory_bytes <= 0);
        BUG_ON(grace_s(i) < 0 || grace_s(i) > GRACE_MAX_S);
        e = domain_xml(&v, &xml);
    }
    if (!e) {
        check_xml(domain_name(a, i), &xml);
    }
    err_free(e); /* a refusal is an answer, too */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(1 << 24);
    struct instance i = {0};
    AUTO(err_freep) struct err *e = instance_read(data ? (const char *)data : "", size, a, &i);

    if (!e) {
        describe(&i, a);
    }
    arena_free(a);
    return 0;
}
