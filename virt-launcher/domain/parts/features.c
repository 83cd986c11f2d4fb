// What the machine can do beside its devices.
#include "domain/parts/features.h"

#include "api/rules/hyperv.h"
#include "domain/parts.h"

enum { SPINLOCK_RETRIES = 4096 };

/* The buffer for translated code: QEMU would take a gigabyte by default and most of it is never touched twice. */
#define TB_CACHE_MIB "32"

bool
features_have_acpi(const struct instance *i)
{
    return i->spec.domain.features.acpi != TRI_FALSE;
}

static const char *
state_of(enum tri t)
{
    return t == TRI_TRUE ? "on" : t == TRI_FALSE ? "off" : NULL;
}

/* Opens an element with a state when somebody spoke of it; whether it did. */
static bool
open_state(const char *name, enum tri t, struct xml *x)
{
    if (t == TRI_UNSET) {
        return false;
    }
    xml_open(x, name);
    xml_attr(x, "state", state_of(t));
    return true;
}

static void
write_state(const char *name, enum tri t, struct xml *x)
{
    if (open_state(name, t, x)) {
        xml_close(x);
    }
}

static void
write_spinlocks(const struct hyperv *h, struct xml *x)
{
    if (open_state("spinlocks", h->spinlocks, x)) {
        if (h->spinlocks == TRI_TRUE) {
            xml_attr_int(x, "retries", h->spinlock_retries.v > 0 ? h->spinlock_retries.v : SPINLOCK_RETRIES);
        }
        xml_close(x);
    }
}

static void
write_vendor(const struct hyperv *h, struct xml *x)
{
    if (open_state("vendor_id", h->vendorid, x)) {
        xml_attr(x, "value", h->vendorid == TRI_TRUE ? h->vendor : NULL);
        xml_close(x);
    }
}

static void
write_timers_and_tlb(const struct hyperv *h, struct xml *x)
{
    if (open_state("stimer", h->synictimer, x)) {
        write_state("direct", h->synictimer_direct, x);
        xml_close(x);
    }
    if (open_state("tlbflush", h->tlbflush, x)) {
        write_state("direct", h->tlbflush_direct, x);
        write_state("extended", h->tlbflush_extended, x);
        xml_close(x);
    }
}

static void
write_hyperv(const struct features *f, struct xml *x)
{
    struct hyperv_conflict unused; /* refused before */

    if (!f->hyperv) {
        if (f->hyperv_passthrough == TRI_TRUE) {
            xml_empty(x, "hyperv", "mode", "passthrough", NULL);
        }
        return;
    }
    struct hyperv h = *f->hyperv;
    hyperv_complete(&h, &unused);
    const struct {
        const char *name;
        enum tri state;
    } states[] = {
        {"relaxed", h.relaxed},
        {"vapic", h.vapic},
        {"vpindex", h.vpindex},
        {"runtime", h.runtime},
        {"synic", h.synic},
        {"reset", h.reset},
        {"frequencies", h.frequencies},
        {"reenlightenment", h.reenlightenment},
        {"ipi", h.ipi},
        {"evmcs", h.evmcs},
    };
    xml_open(x, "hyperv");
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        write_state(states[i].name, states[i].state, x);
    }
    write_spinlocks(&h, x);
    write_vendor(&h, x);
    write_timers_and_tlb(&h, x);
    xml_close(x);
}

static struct err *
resolve_features(struct domain_view *v)
{
    const struct hyperv *said = v->instance->spec.domain.features.hyperv;
    struct hyperv_conflict c;

    if (!said) {
        return NULL;
    }
    struct hyperv h = *said;
    hyperv_complete(&h, &c);
    v->needs_vmx = h.evmcs == TRI_TRUE;
    return c.what ? err_new(ERR_INVALID, "spec.domain.features.hyperv.%s: needs %s, which is switched off", c.what,
                            c.needed)
                  : NULL;
}

/* A guest with CPUs of its own need not sleep to let others run; one with threads of realtime polls before it does. */
static void
write_kvm(const struct domain_view *v, struct xml *x)
{
    enum tri hidden = v->instance->spec.domain.features.kvm_hidden;
    bool is_dedicated = v->pins && !v->is_emulated;

    if (hidden == TRI_UNSET && !is_dedicated) {
        return;
    }
    xml_open(x, "kvm");
    write_state("hidden", hidden, x);
    write_state("hint-dedicated", is_dedicated ? TRI_TRUE : TRI_UNSET, x);
    write_state("poll-control", v->is_realtime ? TRI_TRUE : TRI_UNSET, x);
    xml_close(x);
}

static void
write_features(const struct domain_view *v, struct xml *x)
{
    const struct features *f = &v->instance->spec.domain.features;

    xml_open(x, "features");
    if (features_have_acpi(v->instance)) {
        xml_empty(x, "acpi", NULL);
    }
    xml_empty(x, "apic", "eoi", state_of(f->apic_eoi), NULL);
    if (f->pae == TRI_TRUE) {
        xml_empty(x, "pae", NULL);
    }
    write_hyperv(f, x);
    write_kvm(v, x);
    write_state("pvspinlock", v->is_emulated ? TRI_UNSET : f->pvspinlock, x); /* KVM's own: libvirt wants it there */
    xml_empty(x, "vmport", "state", "off", NULL);
    write_state("pmu", v->is_realtime ? TRI_FALSE : TRI_UNSET, x);
    write_state("smm", v->is_secure_boot ? TRI_TRUE : f->smm, x);
    if (v->is_emulated) {
        xml_open(x, "tcg");
        xml_open(x, "tb-cache");
        xml_attr(x, "unit", "MiB");
        xml_text(x, TB_CACHE_MIB);
        xml_close(x);
        xml_close(x);
    }
    xml_close(x);
}

const struct part part_features = {
    .name = "features",
    .elements = "features",
    .about = "ACPI, SMM for Secure Boot, what KVM and Hyper-V's interfaces offer, the buffer of an emulated guest.",
    .resolve = resolve_features,
    .write = write_features,
};
