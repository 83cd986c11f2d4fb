// What was asked for, against what is there.
#include "reconcile/vm/vm_power.h"

#include "base/clock.h"

enum run_strategy
vm_power_strategy(enum run_strategy spec, const struct vm_power *power)
{
    if (power && power->strategy == spec && str_eq(power->wanted, POWER_STOPPED)) {
        return RUN_HALTED;
    }
    if (power && power->strategy == spec && str_eq(power->wanted, POWER_RUNNING) && spec == RUN_HALTED) {
        return RUN_ALWAYS;
    }
    return spec;
}

/* The word of whoever asked, kept while the spec states the same strategy. */
static void
note(struct vm_view *v, const char *wanted, const struct state_change *c)
{
    char now[CLOCK_TIME_SIZE];
    struct vm_power *p = ARENA_NEW(v->arena, struct vm_power);

    clock_format(v->now_s, now);
    *p = (struct vm_power){.wanted = wanted,
                           .strategy = v->spec_strategy,
                           .by = str_map_get(&c->data, CHANGE_DATA_BY),
                           .time = arena_strdup(v->arena, now),
                           .request = str_map_get(&c->data, CHANGE_DATA_REQUEST)};
    v->power = p;
}

/* From now on it counts: where the strategy alone would not run the machine, it runs as under Always. */
static void
note_start(struct vm_view *v, const struct state_change *c)
{
    if (v->spec_strategy != RUN_HALTED) {
        v->power = NULL;
    } else if (!v->power || !str_eq(v->power->wanted, POWER_RUNNING)) {
        note(v, POWER_RUNNING, c);
    }
}

static bool
is_up(const struct vm_view *v)
{
    return v->has_vmi && !v->vmi_going && !vmi_is_final(&v->vmi);
}

/* True: it acts, and what follows it waits. 'next' is what follows, or NULL. */
static bool
settle_stop(struct vm_view *v, const struct state_change *c, const struct state_change *next)
{
    bool is_any = str_eq(str_map_get(&c->data, CHANGE_DATA_ANY), "true");
    bool is_meant = v->has_vmi && v->vmi_is_ours && (is_any || str_eq(c->uid, v->vmi.meta.uid));

    if (is_meant) {
        return true;
    }
    /* It is done. A restart leaves the rest to its start; without one the machine stays stopped. */
    if (!v->has_vmi && (is_any || !str_empty(c->uid)) && !(next && str_eq(next->action, CHANGE_START))) {
        note(v, POWER_STOPPED, c);
    }
    return false;
}

static bool
settle_start(struct vm_view *v, const struct state_change *c)
{
    note_start(v, c);
    return !is_up(v);
}

void
vm_power_settle(struct vm_view *v)
{
    struct state_change_list *asked = &v->vm.status.state_changes;
    const struct vm_power *power = v->vm.status.bridge ? v->vm.status.bridge->power : NULL;
    bool is_known = power && (str_eq(power->wanted, POWER_RUNNING) || str_eq(power->wanted, POWER_STOPPED));
    bool acts = false;
    size_t i = 0;

    v->power = is_known && power->strategy == v->spec_strategy ? power : NULL;
    v->was_asked = asked->n > 0;
    while (i < asked->n) {
        const struct state_change *c = &asked->items[i];
        if (str_eq(c->action, CHANGE_STOP)) {
            acts = settle_stop(v, c, i + 1 < asked->n ? c + 1 : NULL);
        } else if (str_eq(c->action, CHANGE_START)) {
            acts = settle_start(v, c);
        }
        if (acts) {
            break;
        }
        i++;
    }
    v->changes =
        i < asked->n ? (struct state_change_list){&asked->items[i], asked->n - i} : (struct state_change_list){.n = 0};
    v->strategy = vm_power_strategy(v->spec_strategy, v->power);
}

bool
vm_is_asked(const struct vm_view *v, const char *action)
{
    return v->changes.n > 0 && str_eq(v->changes.items[0].action, action);
}

bool
vm_starts_paused(const struct vm_view *v)
{
    return vm_is_asked(v, CHANGE_START) && str_eq(str_map_get(&v->changes.items[0].data, CHANGE_DATA_PAUSED), "true");
}
