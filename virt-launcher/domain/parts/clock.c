// The clock that the guest finds when it starts, and its timers.
#include "domain/parts.h"

static const char *const tick_names[] = {NULL, "delay", "catchup", "merge", "discard"};
static const char *const track_names[] = {NULL, "guest", "wall"};

static bool
is_of_zone(const struct clock *c)
{
    return !c->utc && !str_empty(c->timezone);
}

static struct err *
resolve_clock(struct domain_view *v)
{
    const struct clock *c = &v->instance->spec.domain.clock;

    return is_of_zone(c) && !v->facts.has_timezone
               ? err_new(ERR_INVALID,
                         "spec.domain.clock.timezone: %s is not in the time zone database of this launcher", c->timezone)
               : NULL;
}

static void
write_offset(const struct clock *c, struct xml *x)
{
    if (is_of_zone(c)) {
        xml_attr(x, "offset", "timezone");
        xml_attr(x, "timezone", c->timezone);
        return;
    }
    xml_attr(x, "offset", "utc");
    if (c->utc && c->utc->offset_s.set) {
        xml_attr_int(x, "adjustment", c->utc->offset_s.v);
    } else if (c->utc) {
        xml_attr(x, "adjustment", "reset");
    }
}

static void
write_timer(const struct timer *t, const char *name, struct xml *x)
{
    if (t) {
        xml_empty(x, "timer", "name", name, "track", track_names[t->track], "tickpolicy", tick_names[t->tick_policy],
                  "present", t->present == TRI_FALSE ? "no" : "yes", NULL);
    }
}

static void
write_clock(const struct domain_view *v, struct xml *x)
{
    const struct clock *c = &v->instance->spec.domain.clock;

    xml_open(x, "clock");
    write_offset(c, x);
    write_timer(c->rtc, "rtc", x);
    write_timer(c->pit, "pit", x);
    write_timer(c->kvm, "kvmclock", x);
    write_timer(c->hpet, "hpet", x);
    write_timer(c->hyperv, "hypervclock", x);
    xml_close(x);
}

const struct part part_clock = {
    .name = "clock",
    .elements = "clock",
    .about = "UTC, seconds beside it, or the time of a zone; which timers there are.",
    .resolve = resolve_clock,
    .write = write_clock,
};
