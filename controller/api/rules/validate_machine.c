// Rules over what the machine can do beside its devices.
#include "api/rules/validate_parts.h"

#include "api/rules/hyperv.h"
#include "api/rules/names.h"

enum { SPINLOCKS_MIN = 4095 };

static struct err *
check_hyperv(const struct hyperv *h)
{
    struct hyperv_conflict c;

    if (!h) {
        return NULL;
    }
    struct hyperv whole = *h;
    hyperv_complete(&whole, &c);
    if (c.what) {
        return INVALID("domain.features.hyperv.%s: '%s' requires '%s', which was disabled.", c.what, c.what, c.needed);
    }
    if (h->spinlocks == TRI_TRUE && h->spinlock_retries.set && h->spinlock_retries.v < SPINLOCKS_MIN) {
        return INVALID("domain.features.hyperv.spinlocks.spinlocks %lld is too few: write %d or more",
                       (long long)h->spinlock_retries.v, SPINLOCKS_MIN);
    }
    if (h->vendorid == TRI_TRUE && (str_empty(h->vendor) || strchr(h->vendor, ','))) {
        return INVALID("domain.features.hyperv.vendorid.vendorid must be a name of 1 to 12 characters without a comma");
    }
    return NULL;
}

/* A name below a folder, and nothing that leads out of it. */
static bool
is_zone_name(const char *text)
{
    return is_made_of(text, "_.+-/") && text[0] != '/' && !strstr(text, "..");
}

/* What QEMU does for late ticks of the timer; of the others libvirt knows the name alone. */
static struct err *
check_ticks(const struct timer *t, const char *path, bool discards)
{
    bool is_known = !t || (t->tick_policy != TICK_MERGE && (t->tick_policy != TICK_DISCARD || discards));

    return is_known ? NULL
                    : INVALID("domain.clock.timer.%s.tickPolicy: QEMU cannot do that: write delay%s or catchup", path,
                              discards ? ", discard" : "");
}

static struct err *
check_clock(const struct clock *c)
{
    if (!str_empty(c->timezone) && !is_zone_name(c->timezone)) {
        return INVALID("domain.clock.timezone '%.64s' is no time zone: write a name such as Europe/Berlin", c->timezone);
    }
    struct err *e = check_ticks(c->rtc, "rtc", false);
    return e ? e : check_ticks(c->pit, "pit", true);
}

static struct err *
check_io_threads(const struct domain_spec *d)
{
    bool is_pool = d->io_threads_policy == IO_THREADS_POOL;

    return is_pool && d->io_pool_threads.v < 1
               ? INVALID("domain.ioThreads.supplementalPoolThreadCount: the number of iothreads needs to be set and "
                         "positive for the dedicated policy")
               : NULL;
}

#define KERNEL "domain.firmware.kernelBoot"

/* A file in the image, by the way that does not turn back. */
static struct err *
check_path(const char *path, const char *field)
{
    if (str_empty(path)) {
        return NULL;
    }
    if (str_eq(path, "/")) {
        return INVALID(KERNEL ".container.%s must not point to root", field);
    }
    bool is_straight = path[0] == '/' && !strstr(path, "//") && !strstr(path, "/./") && !strstr(path, "/../");
    size_t len = strlen(path);
    is_straight = is_straight && strcmp(path + (len > 3 ? len - 3 : 0), "/..") != 0;
    return is_straight
               ? NULL
               : INVALID(KERNEL ".container.%s must be an absolute path to a file without relative components", field);
}

static struct err *
check_kernel(const struct kernel_boot *k)
{
    const struct kernel_container *c = k ? k->container : NULL;

    if (!c) {
        return k && !str_empty(k->kernel_args)
                   ? INVALID(KERNEL ".kernelArgs: kernel arguments cannot be provided without an external kernel")
                   : NULL;
    }
    if (str_empty(c->image)) {
        return INVALID(KERNEL ".container must be defined with an image");
    }
    if (str_empty(c->kernel_path)) {
        return str_empty(c->initrd_path)
                   ? INVALID(KERNEL ".container must be defined with at least one of the following: kernelPath, "
                                    "initrdPath")
                   : INVALID(KERNEL ".container.initrdPath is of no use without a kernelPath");
    }
    struct err *e = check_path(c->kernel_path, "kernelPath");
    return e ? e : check_path(c->initrd_path, "initrdPath");
}

static struct err *
check_table(const struct vmi_spec *s, const char *volume, const char *field, const char *key)
{
    const struct volume *v = str_empty(volume) ? NULL : volume_find(s, volume);

    if (str_empty(volume)) {
        return NULL;
    }
    if (!v) {
        return INVALID("domain.firmware.acpi.%s '%.63s' does not have a matching Volume.", field, volume);
    }
    return v->secret ? NULL
                     : INVALID("domain.firmware.acpi.%s: volume %.63s must be a secret with the table under its key %s",
                               field, volume, key);
}

static struct err *
check_acpi(const struct vmi_spec *s, const struct acpi_tables *t)
{
    if (t && str_empty(t->slic) && str_empty(t->msdm)) {
        return INVALID("domain.firmware.acpi: ACPI was set but no SLIC nor MSDM volume reference was set");
    }
    struct err *e = t ? check_table(s, t->slic, "slicNameRef", ACPI_SLIC_KEY) : NULL;
    return e || !t ? e : check_table(s, t->msdm, "msdmNameRef", ACPI_MSDM_KEY);
}

void
validate_machine(const struct vmi_spec *s, struct problems *p)
{
    problems_add(p, check_hyperv(s->domain.features.hyperv));
    problems_add(p, check_clock(&s->domain.clock));
    problems_add(p, check_io_threads(&s->domain));
    problems_add(p, check_kernel(s->domain.firmware.kernel_boot));
    problems_add(p, check_acpi(s, s->domain.firmware.acpi));
}
