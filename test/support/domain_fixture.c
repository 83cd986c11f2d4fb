// What the launcher finds in a pod is made up here, the same for all cases but where one says otherwise.
#include "domain_fixture.h"

#include "api/rules/identity.h"
#include "api/rules/networks.h"
#include "base/yaml.h"

#include <check.h>

char *
domain_slurp(const char *dir, const char *name)
{
    AUTO(freep) char *path = xasprintf("%s/%s", dir, name);
    AUTO(fclosep) FILE *f = fopen(path, "re");
    char *text = xcalloc(1, DOMAIN_FILE_MAX);

    if (f) {
        BUG_ON(fread(text, 1, DOMAIN_FILE_MAX - 1, f) == DOMAIN_FILE_MAX - 1);
    }
    return text;
}

/* What effect/disks finds for each kind of volume, where the case's second document does not say otherwise. */
static struct disk_facts
facts_of_kind(struct domain_fixture *x, const struct instance_volume *v, bool is_cdrom, const json_t *said)
{
    struct disk_facts f = {.volume = v->name, .format = "raw", .has_o_direct = json_bool(said, "o_direct", true)};

    f.size_bytes = INT64_C(1) << 30;
    f.is_preallocated = json_bool(said, "preallocated", false);
    f.is_readonly = json_bool(said, "readonly", false);
    f.logical_block_bytes = json_int(said, "logical", 4096);
    f.physical_block_bytes = json_int(said, "physical", 4096);
    f.is_block = v->kind == VOLUME_PVC_BLOCK;
    f.path = arena_printf(x->arena, "%s/%s%s", f.is_block ? LAUNCHER_BLOCK_DIR : LAUNCHER_DISK_DIR, v->name,
                          f.is_block ? "" : "/disk.img");
    if (v->kind == VOLUME_EMPTY_DISK) {
        f.path = arena_printf(x->arena, LAUNCHER_DATA_DIR "/%s.img", v->name);
    } else if (v->kind == VOLUME_CLOUD_INIT || v->kind == VOLUME_FILES) {
        f.path = arena_printf(x->arena, LAUNCHER_RUN_DIR "/%s.iso", v->name);
    } else if (v->kind == VOLUME_IMAGE && is_cdrom) {
        f.path = arena_printf(x->arena, LAUNCHER_DISK_DIR "/%s/disk/cd.iso", v->name);
        f.is_readonly = true;
    } else if (v->kind == VOLUME_IMAGE) {
        f.format = "qcow2";
        f.path = arena_printf(x->arena, LAUNCHER_DATA_DIR "/%s.qcow2", v->name);
        f.backing_path = arena_printf(x->arena, LAUNCHER_DISK_DIR "/%s/disk/guest.img", v->name);
        const char *backing = json_str(said, "backing_format");
        f.backing_format = backing ? arena_strdup(x->arena, backing) : "raw";
    } else if (v->kind == VOLUME_EPHEMERAL_FILE || v->kind == VOLUME_EPHEMERAL_BLOCK) {
        f.is_backing_block = v->kind == VOLUME_EPHEMERAL_BLOCK;
        f.format = "qcow2";
        f.path = arena_printf(x->arena, LAUNCHER_DATA_DIR "/%s.qcow2", v->name);
        f.backing_path = f.is_backing_block ? arena_printf(x->arena, LAUNCHER_BLOCK_DIR "/%s", v->name)
                                            : arena_printf(x->arena, LAUNCHER_DISK_DIR "/%s/disk.img", v->name);
        f.backing_format = "raw";
    }
    return f;
}

static bool
is_cdrom(const struct instance *i, const char *volume)
{
    for (size_t k = 0; k < i->spec.domain.disks.n; k++) {
        const struct disk *d = &i->spec.domain.disks.items[k];
        if (str_eq(d->name, volume)) {
            return d->cdrom != NULL;
        }
    }
    return false;
}

/* Number, core and NUMA node of each. */
static size_t
read_cpus(const json_t *said, struct node_cpu *cpus)
{
    size_t n = 0, i;
    json_t *row;

    json_array_foreach(json_object_get(said, "cpus"), i, row) {
        ck_assert_uint_lt(n, FIXTURE_CPUS_MAX);
        cpus[n++] = (struct node_cpu){.id = (int)json_integer_value(json_array_get(row, 0)),
                                      .core = (int)json_integer_value(json_array_get(row, 1)),
                                      .node = (int)json_integer_value(json_array_get(row, 2))};
    }
    return n;
}

/* What the launcher finds of a table of ACPI. */
static char *
of_secret(struct domain_fixture *x, const char *volume, const char *key)
{
    return volume ? arena_printf(x->arena, LAUNCHER_FILES_DIR "/%s/%s", volume, key) : NULL;
}

/* What effect/disk_file finds in the image of a kernel. */
static char *
in_image(struct domain_fixture *x, const char *path)
{
    return str_empty(path) ? NULL : arena_printf(x->arena, "%s%s", LAUNCHER_KERNEL_DIR, path);
}

/* What device plugins say in the environment, where the case's second document has 'resources'. */
static void
load_resources(struct domain_fixture *x, const json_t *said)
{
    const char *name;
    json_t *value;

    json_object_foreach(json_object_get(said, "resources"), name, value) {
        BUG_ON(x->facts.n_resources == FIXTURE_RESOURCES_MAX);
        x->resources[x->facts.n_resources++] = (struct host_resource){
            .name = name, .pci = json_str(value, "pci"), .mdev = json_str(value, "mdev"), .usb = json_str(value, "usb")};
    }
    x->facts.resources = x->resources;
}

/* What effect/pod_taps finds for each secondary network, where the case's second document does not say otherwise in 'taps'. */
static void
load_taps(struct domain_fixture *x, const json_t *said)
{
    const struct network_list *l = &x->instance.spec.networks;

    for (size_t i = 0; i < l->n; i++) {
        const json_t *tap = json_at(said, "taps", l->items[i].name, NULL);
        if (network_is_secondary(&l->items[i])) {
            BUG_ON(x->facts.n_taps == FIXTURE_TAPS_MAX);
            x->taps[x->facts.n_taps++] = (struct tap_facts){.name = identity_pod_interface(x->arena, l->items[i].name),
                                                            .is_tap = json_bool(tap, "tap", true),
                                                            .may_open = json_bool(tap, "mayOpen", true),
                                                            .is_multi_queue = json_bool(tap, "multiQueue", false),
                                                            .mtu = json_int(tap, "mtu", 1500)};
        }
    }
    x->facts.taps = x->taps;
}

void
domain_fixture_init(struct domain_fixture *x, json_t *docs, const char *name)
{
    *x = (struct domain_fixture){.arena = arena_new(DOMAIN_FILE_MAX)};
    struct err *e = api_decode(&instance_type, json_array_get(json_in_arena(x->arena, docs), 0), x->arena, &x->instance);

    if (!e) {
        e = instance_derive(&x->instance, x->arena);
    }
    ck_assert_msg(!e, "%s: %s", name, e ? err_text(e) : "");
    const json_t *said = json_array_get(docs, 1);
    for (size_t k = 0; k < x->instance.volumes.n; k++) {
        const struct instance_volume *v = &x->instance.volumes.items[k];
        x->disks[k] = facts_of_kind(x, v, is_cdrom(&x->instance, v->name), json_object_get(said, v->name));
    }
    const struct kernel_boot *k = x->instance.spec.domain.firmware.kernel_boot;
    const struct acpi_tables *t = x->instance.spec.domain.firmware.acpi;
    x->facts = (struct domain_facts){.run_dir = LAUNCHER_RUN_DIR,
                                     .state_dir = LAUNCHER_STATE_DIR,
                                     .disks = x->disks,
                                     .n_disks = x->instance.volumes.n,
                                     .start_ports = &x->instance.open_ports,
                                     .pod_has_ipv6 = json_bool(said, "pod_ipv6", false),
                                     .slic = of_secret(x, t ? t->slic : NULL, ACPI_SLIC_KEY),
                                     .msdm = of_secret(x, t ? t->msdm : NULL, ACPI_MSDM_KEY),
                                     .kernel = in_image(x, k && k->container ? k->container->kernel_path : NULL),
                                     .initrd = in_image(x, k && k->container ? k->container->initrd_path : NULL),
                                     .cpus = x->cpus,
                                     .n_cpus = read_cpus(said, x->cpus),
                                     .may_bind_memory = true,
                                     .may_run_realtime = true,
                                     .has_timezone = true};
    load_resources(x, said);
    load_taps(x, said);
}

void
domain_load(const char *dir, struct domain_fixture *x)
{
    AUTO(freep) char *text = domain_slurp(dir, "in.yaml");
    json_t *docs = NULL;
    struct err *e = yaml_parse(text, strlen(text), DOMAIN_FILE_MAX, &docs);

    ck_assert_msg(!e, "%s: %s", dir, e ? err_text(e) : "");
    domain_fixture_init(x, docs, dir);
}

struct err *
domain_text(struct domain_fixture *x, struct strbuf *xml)
{
    struct domain_view view;
    struct err *e = domain_resolve(&x->instance, &x->facts, x->arena, &view);

    return e ? e : domain_xml(&view, xml);
}
