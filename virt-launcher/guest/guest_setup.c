// What an earlier manager left of it is taken as it is.
#include "guest/guest_setup.h"

#include "domain/domain_resolve.h"
#include "domain/domain_xml.h"
#include "domain/grace.h"
#include "domain/instance_read.h"
#include "effect/disk_file.h"
#include "effect/files.h"
#include "effect/host_resources.h"
#include "effect/pod_machine.h"
#include "effect/pod_taps.h"
#include "guest/guest_devices.h"

/* Somebody may edit the pod's annotation: what runs is what the first manager was told. */
static struct err *
read_instance(struct guest *g)
{
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(INSTANCE_MAX);
    bool is_kept = file_exists(g->paths.kept_instance);
    struct err *e = file_read(is_kept ? g->paths.kept_instance : g->paths.instance, &text);

    if (!e) {
        e = instance_read(strbuf_str(&text), text.len, g->arena, &g->instance);
    }
    if (!e && !is_kept) {
        e = file_write(g->paths.kept_instance, strbuf_str(&text), text.len);
    }
    return err_wrap(e, "read the instance");
}

/* Once: a guest that has filled the pod's storage must not be lost to a manager that cannot write. */
static struct err *
write_grace(struct guest *g)
{
    AUTO(freep) char *text = xasprintf("%lld\n", (long long)grace_s(&g->instance));

    if (file_exists(g->paths.grace_mark)) {
        return NULL;
    }
    return file_write(g->paths.grace_mark, text, strlen(text));
}

static void
read_started(struct guest *g)
{
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(64);
    struct err *e = file_read(g->paths.started_mark, &text);

    if (!e) {
        g->was_started = g->is_heir = true;
        g->started_s = strtoll(strbuf_str(&text), NULL, 10);
    }
    err_free(e); /* not started yet */
}

static enum log_level
level_of(const struct instance *i)
{
    /* stderr ends in the same log as the guest's console: quiet unless asked. */
    bool is_asked = i->log_verbosity.set && i->log_verbosity.v >= 3;

    return is_asked ? log_level_of_verbosity(i->log_verbosity.v) : LOG_WARN;
}

struct err *
guest_setup(struct guest *g)
{
    struct err *e = file_make_dirs(g->paths.run);

    if (!e) {
        e = read_instance(g);
    }
    if (e) {
        return e;
    }
    log_set_level(level_of(&g->instance));
    g->log.object = arena_printf(g->arena, "virtualmachineinstance/%s/%s", g->instance.namespace, g->instance.name);
    port_set_from_list(&g->instance.open_ports, &g->wish);
    read_started(g);
    e = write_grace(g);
    if (!e) {
        e = libvirt_daemon_configure(&g->paths);
    }
    if (!e) {
        libvirt_daemon_bake_cache(&g->paths);
        pod_network_read(&g->network);
    }
    return e;
}

/* Ports that cannot be opened must not keep the guest from starting: passt would end over one. */
static struct port_list *
startable_ports(struct guest *g)
{
    struct port_list *l = ARENA_NEW(g->arena, struct port_list);
    struct port_set wish, fresh, refused;

    port_set_from_list(&g->instance.open_ports, &wish);
    pod_network_try_ports(&wish, &fresh, &refused, &g->ports.why);
    *l = port_set_to_list(&fresh, g->arena);
    return l;
}

/* Nobody asks for the node's CPUs but who is to have some of them alone. */
static void
read_cpus(struct guest *g, struct domain_facts *f)
{
    if (g->instance.spec.domain.cpu.dedicated == TRI_TRUE) {
        f->cpus = pod_cpus(g->arena, &f->n_cpus);
        f->may_bind_memory = pod_may_bind_memory();
        f->may_run_realtime = pod_may_run_realtime();
    }
}

/* Nothing of an image is followed out of it. */
static struct err *
find_kernel(struct guest *g, struct domain_facts *f)
{
    const struct kernel_boot *k = g->instance.spec.domain.firmware.kernel_boot;
    const struct kernel_container *c = k ? k->container : NULL;
    char *kernel = NULL, *initrd = NULL;

    if (!c || str_empty(c->kernel_path)) {
        return NULL;
    }
    struct err *e = disk_file_in_image(g->arena, g->paths.kernel, c->kernel_path, &kernel);
    if (!e && !str_empty(c->initrd_path)) {
        e = disk_file_in_image(g->arena, g->paths.kernel, c->initrd_path, &initrd);
    }
    f->kernel = kernel;
    f->initrd = initrd;
    return err_wrap(e, "spec.domain.firmware.kernelBoot.container");
}

/* Links of a mounted Secret lead to the Secret. */
static struct err *
find_table(struct guest *g, const char *volume, const char *key, const char **ret_path)
{
    const char *path = str_empty(volume) ? NULL : arena_printf(g->arena, "%s/%s/%s", g->paths.files, volume, key);

    if (path && !file_exists(path)) {
        return err_new(ERR_INVALID, "spec.domain.firmware.acpi: the Secret of volume %s has no key %s", volume, key);
    }
    *ret_path = path;
    return NULL;
}

static struct err *
find_tables(struct guest *g, struct domain_facts *f)
{
    const struct acpi_tables *t = g->instance.spec.domain.firmware.acpi;
    struct err *e = t ? find_table(g, t->slic, ACPI_SLIC_KEY, &f->slic) : NULL;

    return e || !t ? e : find_table(g, t->msdm, ACPI_MSDM_KEY, &f->msdm);
}

struct err *
guest_describe(struct guest *g, const struct disks_result *disks)
{
    struct domain_facts facts = {
        .run_dir = g->paths.run,
        .state_dir = g->paths.state,
        .disks = disks->facts,
        .n_disks = disks->n_facts,
        .start_ports = startable_ports(g),
        .pod_has_ipv6 = g->network.has_ipv6,
        .has_timezone = pod_has_timezone(g->instance.spec.domain.clock.timezone),
    };
    AUTO(strbuf_fini) struct strbuf xml = STRBUF_INIT(DOMAIN_XML_MAX);

    read_cpus(g, &facts);
    host_resources_read(&g->instance, g->arena, &facts);
    pod_taps_read(&g->instance, g->arena, &facts);
    struct err *e = find_kernel(g, &facts);
    if (!e) {
        e = find_tables(g, &facts);
    }
    if (!e) {
        e = domain_resolve(&g->instance, &facts, g->arena, &g->view);
    }
    if (!e) {
        e = domain_xml(&g->view, &xml);
    }
    if (!e && !g->was_started) {
        e = pod_network_write_passt(&g->view, &g->network, g->instance.hostname, &g->paths);
    }
    if (e) {
        return e;
    }
    g->has_view = true;
    guest_devices_init(g);
    g->xml = arena_strdup(g->arena, strbuf_str(&xml));
    return NULL;
}
