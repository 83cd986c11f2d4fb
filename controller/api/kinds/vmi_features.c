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
/* A switch with fields beside it: so that each has its sentence. */
#define SWITCH_BESIDE(m, p, d) FIELD_SWITCH(hyperv, m, p, d), KEPT_BOOL(p ".enabled", "On or off.")

static const struct field hyperv_fields[] = {
    FIELD_SWITCH(hyperv, relaxed, "relaxed", "Timers may be late."),
    FIELD_SWITCH(hyperv, vapic, "vapic", "A virtual APIC."),
    SWITCH_BESIDE(spinlocks, "spinlocks", "Waiting for a lock is told to the hypervisor."),
    FIELD_OPT_INT(hyperv, spinlock_retries, "spinlocks.spinlocks", "Tries before it is told, 4095 at least.",
                  RANGE(0, UINT32_MAX), OTHERWISE("4096")),
    FIELD_SWITCH(hyperv, vpindex, "vpindex", "Virtual CPUs have numbers."),
    FIELD_SWITCH(hyperv, runtime, "runtime", "How long a virtual CPU ran."),
    FIELD_SWITCH(hyperv, synic, "synic", "An interrupt controller; brings vpindex."),
    SWITCH_BESIDE(synictimer, "synictimer", "Timers of that controller; brings synic."),
    FIELD_SWITCH(hyperv, synictimer_direct, "synictimer.direct", "Its timers interrupt without a message."),
    FIELD_SWITCH(hyperv, reset, "reset", "A reset by register."),
    SWITCH_BESIDE(vendorid, "vendorid", "The hypervisor has a name."),
    FIELD_STRING(hyperv, vendor, "vendorid.vendorid", "Its name as the guest sees it, without a comma.", MAX_LEN(12)),
    FIELD_SWITCH(hyperv, frequencies, "frequencies", "Frequencies by register."),
    FIELD_SWITCH(hyperv, reenlightenment, "reenlightenment", "The guest is told when it was migrated."),
    SWITCH_BESIDE(tlbflush, "tlbflush", "The TLB is flushed by the hypervisor; brings vpindex."),
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
                 "All that the node offers of Hyper-V's interfaces; without hyperv beside it."),
    FIELD_POINTER(features, hyperv, hyperv, hyperv_type, "hyperv", "Hyper-V's interfaces, for Windows."),
    FIELD_END,
};
const struct type features_type = TYPE(features, features_fields);

static const struct enum_value tick_policy_names[] = {
    {"delay", TICK_DELAY}, {"catchup", TICK_CATCHUP}, {"merge", TICK_MERGE}, {"discard", TICK_DISCARD}, {NULL, 0}};
static const struct enum_value track_names[] = {{"guest", TRACK_GUEST}, {"wall", TRACK_WALL}, {NULL, 0}};

#define TIMER_PRESENT FIELD_BOOL(timer, present, "present", "The guest has it.", OTHERWISE("true"))
#define TIMER_TICKS                                                              \
    FIELD_ENUM(timer, tick_policy, tick_policy, tick_policy_names, "tickPolicy", \
               "What becomes of ticks that came too late.")

static const struct field plain_timer_fields[] = {TIMER_PRESENT, FIELD_END};
static const struct type plain_timer_type = TYPE(timer, plain_timer_fields);
static const struct field ticking_timer_fields[] = {TIMER_PRESENT, TIMER_TICKS, FIELD_END};
static const struct type ticking_timer_type = TYPE(timer, ticking_timer_fields);
static const struct field rtc_fields[] = {
    TIMER_PRESENT,
    TIMER_TICKS,
    FIELD_ENUM(timer, track, timer_track, track_names, "track", "Whose time it keeps."),
    FIELD_END,
};
static const struct type rtc_type = TYPE(timer, rtc_fields);

static const struct field utc_fields[] = {
    FIELD_OPT_INT(clock_utc, offset_s, "offsetSeconds", "Seconds from UTC.", RANGE(INT32_MIN, INT32_MAX), OTHERWISE("0")),
    FIELD_END,
};
static const struct type utc_type = TYPE(clock_utc, utc_fields);

static const struct field clock_fields[] = {
    FIELD_POINTER(clock, utc, clock_utc, utc_type, "utc", "The guest's clock is UTC, which it is too without a clock."),
    FIELD_STRING(clock, timezone, "timezone", "The clock is of that zone of the IANA database.", MAX_LEN(64)),
    FIELD_POINTER(clock, hpet, timer, ticking_timer_type, "timer.hpet", "High precision event timer."),
    FIELD_POINTER(clock, kvm, timer, plain_timer_type, "timer.kvm", "KVM's clock."),
    FIELD_POINTER(clock, pit, timer, ticking_timer_type, "timer.pit", "Programmable interval timer."),
    FIELD_POINTER(clock, rtc, timer, rtc_type, "timer.rtc", "Real time clock."),
    FIELD_POINTER(clock, hyperv, timer, plain_timer_type, "timer.hyperv", "Hyper-V's clock."),
    FIELD_END,
};
const struct type clock_type = TYPE(clock, clock_fields);
