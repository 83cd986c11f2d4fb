// Tables of the machine's features and clock.
#include "api/kinds/tables.h"

/* Whether hyperv has a switch on, or off; in CEL. */
#define IS_ON(f) "has(self." f ") && (!has(self." f ".enabled) || self." f ".enabled)"
#define IS_OFF(f) "has(self." f ") && has(self." f ".enabled) && !self." f ".enabled"
#define NEEDS(what, needed)                                                                       \
    {                                                                                             \
        "!(" IS_ON(what) " && " IS_OFF(needed) ")", what " requires a feature that was disabled", \
            "'\\'" what "\\' requires \\'" needed "\\', which was disabled.'"                     \
    }

static const struct cel_rule hyperv_rules[] = {
    NEEDS("evmcs", "vapic"),      NEEDS("ipi", "vpindex"),        NEEDS("tlbflush", "vpindex"),
    NEEDS("synictimer", "synic"), NEEDS("synictimer", "vpindex"), NEEDS("synic", "vpindex"),
    {NULL, NULL, NULL},
};
static const struct field hyperv_fields[] = {
    FIELD_SWITCH(hyperv, relaxed, "relaxed", "Timers may be late."),
    FIELD_SWITCH(hyperv, vapic, "vapic", "A virtual APIC."),
    FIELD_SWITCH(hyperv, spinlocks, "spinlocks", "Waiting for a lock is told to the hypervisor."),
    FIELD_OPT_INT(hyperv, spinlock_retries, "spinlocks.spinlocks", "Tries before it is told, 4095 at least.",
                  RANGE(0, UINT32_MAX), OTHERWISE("4096")),
    FIELD_SWITCH(hyperv, vpindex, "vpindex", "Virtual CPUs have numbers."),
    FIELD_SWITCH(hyperv, runtime, "runtime", "How long a virtual CPU ran."),
    FIELD_SWITCH(hyperv, synic, "synic", "An interrupt controller; brings vpindex."),
    FIELD_SWITCH(hyperv, synictimer, "synictimer", "Timers of that controller; brings synic."),
    FIELD_SWITCH(hyperv, synictimer_direct, "synictimer.direct", "Its timers interrupt without a message."),
    FIELD_SWITCH(hyperv, reset, "reset", "A reset by register."),
    FIELD_SWITCH(hyperv, vendorid, "vendorid", "The hypervisor has a name."),
    FIELD_STRING(hyperv, vendor, "vendorid.vendorid", "Its name as the guest sees it, without a comma.", MAX_LEN(12)),
    FIELD_SWITCH(hyperv, frequencies, "frequencies", "Frequencies by register."),
    FIELD_SWITCH(hyperv, reenlightenment, "reenlightenment", "The guest is told when it was migrated."),
    FIELD_SWITCH(hyperv, tlbflush, "tlbflush", "The TLB is flushed by the hypervisor; brings vpindex."),
    FIELD_SWITCH(hyperv, tlbflush_direct, "tlbflush.direct", "By it alone."),
    FIELD_SWITCH(hyperv, tlbflush_extended, "tlbflush.extended", "In parts."),
    FIELD_SWITCH(hyperv, ipi, "ipi", "Interrupts between virtual CPUs; brings vpindex."),
    FIELD_SWITCH(hyperv, evmcs, "evmcs", "A nested hypervisor's own format; brings vapic and the CPU feature vmx."),
    FIELD_END,
};
static const struct type hyperv_type = TYPE(hyperv, hyperv_fields, .cel = hyperv_rules);

static const struct field features_fields[] = {
    FIELD_SWITCH(features, acpi, "acpi", "ACPI tables; without them a guest cannot shut down.", OTHERWISE("on")),
    FIELD_SWITCH(features, smm, "smm", "System management mode, for secure boot.", OTHERWISE("off")),
    KEPT_BOOL("apic.enabled", "On or off."),
    FIELD_BOOL(features, apic_eoi, "apic.endOfInterrupt", "The guest may skip the end of an interrupt."),
    FIELD_SWITCH(features, pae, "pae", "Physical addresses of more than 32 bits."),
    FIELD_SWITCH(features, pvspinlock, "pvspinlock", "Spin locks that wait in the hypervisor."),
    FIELD_BOOL(features, kvm_hidden, "kvm.hidden", "The guest does not see that it runs under KVM."),
    FIELD_SWITCH(features, hyperv_passthrough, "hypervPassthrough",
                 "All that the node offers of Hyper-V's interfaces; not beside hyperv."),
    FIELD_POINTER(features, hyperv, hyperv, hyperv_type, "hyperv", "Hyper-V's interfaces, for Windows."),
    FIELD_END,
};
const struct type features_type = TYPE(features, features_fields);

static const struct field clock_fields[] = {
    FIELD_KEPT("utc", "The guest's clock is UTC."),
    KEPT_INT("utc.offsetSeconds", "Seconds from UTC."),
    KEPT_STRING("timezone", "The clock is of that zone."),
    FIELD_KEPT("timer", "Timers of the machine."),
    KEPT_BOOL("timer.hpet.present", "High precision event timer."),
    KEPT_STRING("timer.hpet.tickPolicy", "What becomes of ticks that came too late."),
    KEPT_BOOL("timer.kvm.present", "KVM's clock."),
    KEPT_BOOL("timer.pit.present", "Programmable interval timer."),
    KEPT_STRING("timer.pit.tickPolicy", "What becomes of ticks that came too late."),
    KEPT_BOOL("timer.rtc.present", "Real time clock."),
    KEPT_STRING("timer.rtc.tickPolicy", "What becomes of ticks that came too late."),
    KEPT_STRING("timer.rtc.track", "Whose time it keeps: guest or wall."),
    KEPT_BOOL("timer.hyperv.present", "Hyper-V's clock."),
    FIELD_END,
};
const struct type clock_type = KEPT_TYPE(clock_fields);
