// Tables of the machine's features and clock.
#include "api/kinds/tables.h"

static const struct field spinlocks_fields[] = {
    KEPT_BOOL("enabled", "On or off."),
    KEPT_INT("spinlocks", "Tries before the hypervisor is told."),
    FIELD_END,
};
static const struct type spinlocks_type = KEPT_TYPE(spinlocks_fields);

/* ACPI and SMM are read; where features may stand they have rows of their own. */
static const struct field features_fields[] = {
    KEPT_BOOL("apic.enabled", "On or off."),
    KEPT_BOOL("apic.endOfInterrupt", "The guest may skip the end of an interrupt."),
    KEPT_SWITCH("pae", "Physical addresses of more than 32 bits."),
    KEPT_SWITCH("pvspinlock", "Spin locks that wait in the hypervisor."),
    KEPT_BOOL("kvm.hidden", "The guest does not see that it runs under KVM."),
    KEPT_SWITCH("hypervPassthrough", "All that the node offers of Hyper-V's interfaces."),
    FIELD_KEPT("hyperv", "Hyper-V's interfaces, for Windows."),
    KEPT_SWITCH("hyperv.relaxed", "Timers may be late."),
    KEPT_SWITCH("hyperv.vapic", "A virtual APIC."),
    KEPT_STRUCT(spinlocks_type, "hyperv.spinlocks", "Waiting for a lock is told to the hypervisor."),
    KEPT_SWITCH("hyperv.vpindex", "Virtual CPUs have numbers."),
    KEPT_SWITCH("hyperv.runtime", "How long a virtual CPU ran."),
    KEPT_SWITCH("hyperv.synic", "An interrupt controller."),
    KEPT_BOOL("hyperv.synictimer.enabled", "Timers of that controller."),
    KEPT_SWITCH("hyperv.synictimer.direct", "Its timers interrupt without a message."),
    KEPT_SWITCH("hyperv.reset", "A reset by register."),
    KEPT_BOOL("hyperv.vendorid.enabled", "On or off."),
    KEPT_STRING("hyperv.vendorid.vendorid", "The hypervisor's name, as the guest sees it."),
    KEPT_SWITCH("hyperv.frequencies", "Frequencies by register."),
    KEPT_SWITCH("hyperv.reenlightenment", "The guest is told when it was migrated."),
    KEPT_BOOL("hyperv.tlbflush.enabled", "The TLB is flushed by the hypervisor."),
    KEPT_SWITCH("hyperv.tlbflush.direct", "By it alone."),
    KEPT_SWITCH("hyperv.tlbflush.extended", "In parts."),
    KEPT_SWITCH("hyperv.ipi", "Interrupts between virtual CPUs."),
    KEPT_SWITCH("hyperv.evmcs", "A nested hypervisor's own format."),
    FIELD_END,
};
const struct type features_type = KEPT_TYPE(features_fields);

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
