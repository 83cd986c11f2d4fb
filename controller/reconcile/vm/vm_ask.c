// Verb against strategy and instance (contract 2.5, 2.10).
#include "reconcile/vm/vm_ask.h"

#include "base/utf8.h"
#include "reconcile/vm/vm_power.h"

enum { BY_MAX = 256 };

static bool
is_final(const struct vm_now *now)
{
    return str_eq(now->vmi_phase, "Succeeded") || str_eq(now->vmi_phase, "Failed");
}

static bool
is_up(const struct vm_now *now)
{
    return now->has_vmi && !is_final(now);
}

static enum run_strategy
strategy_of(const struct vm_now *now)
{
    return vm_power_strategy(now->spec_strategy, now->status->bridge ? now->status->bridge->power : NULL);
}

static void
refuse(struct vm_reply *r, unsigned code, const char *why)
{
    r->code = code;
    r->refusal = why;
}

/* It was written, and we did not hear so. */
static bool
is_known(const struct vm_now *now, const char *request)
{
    const struct vm_power *power = now->status->bridge ? now->status->bridge->power : NULL;
    bool is_found = power && str_eq(power->request, request);

    for (size_t i = 0; i < now->status->state_changes.n; i++) {
        const struct str_map *data = &now->status->state_changes.items[i].data;
        is_found = is_found || str_eq(str_map_get(data, CHANGE_DATA_REQUEST), request);
    }
    return is_found;
}

static json_t *
change(const char *action, const struct vm_ask *ask, const char *uid)
{
    const char *name = ask->by ? ask->by : "";
    AUTO(freep) char *by = xstrndup(name, utf8_cut(name, BY_MAX));
    json_t *data = json_pack("{s:s, s:s}", CHANGE_DATA_REQUEST, ask->request, CHANGE_DATA_BY, by);
    json_t *c = json_pack("{s:s}", "action", action);

    if (ask->is_paused) {
        (void)json_object_set_new(data, CHANGE_DATA_PAUSED, json_string("true"));
    }
    (void)json_object_set_new(c, "data", data);
    if (uid) {
        (void)json_object_set_new(c, "uid", json_string(uid));
    }
    return c;
}

static void
write_changes(struct arena *a, struct vm_reply *r, json_t *first, json_t *second)
{
    json_t *list = json_array();

    (void)json_array_append_new(list, first);
    if (second) {
        (void)json_array_append_new(list, second);
    }
    r->changes = json_in_arena(a, list);
    r->ends_failures = true;
}

/* A finished instance makes room first. */
static void
start(struct arena *a, const struct vm_now *now, const struct vm_ask *ask, struct vm_reply *r)
{
    enum run_strategy s = strategy_of(now);

    if (is_up(now)) {
        refuse(r, 409, "VM is already running");
    } else if (s == RUN_ALWAYS || s == RUN_ONCE || s == RUN_WAIT_AS_RECEIVER) {
        refuse(r, 409, arena_printf(a, "%s does not support manual start requests", enum_name(run_strategy_names, s)));
    } else if (s == RUN_RERUN_ON_FAILURE && now->has_vmi && str_eq(now->vmi_phase, "Failed")) {
        refuse(r, 409,
               arena_printf(a, "%s does not support starting VM from failed state", enum_name(run_strategy_names, s)));
    } else if (now->has_vmi) {
        write_changes(a, r, change(CHANGE_STOP, ask, now->vmi_uid), change(CHANGE_START, ask, NULL));
    } else {
        write_changes(a, r, change(CHANGE_START, ask, NULL), NULL);
    }
}

/* Nothing is there to be stopped but what is going already, which may be hurried. */
static void
stop(struct arena *a, const struct vm_now *now, const struct vm_ask *ask, struct vm_reply *r)
{
    bool runs = now->has_vmi && (!is_final(now) || strategy_of(now) != RUN_MANUAL);
    bool starts = strategy_of(now) == RUN_ALWAYS || strategy_of(now) == RUN_ONCE;

    if (!now->has_vmi && starts) {
        /* Between two runs; the next one may have begun before this is read. */
        json_t *any = change(CHANGE_STOP, ask, NULL);
        (void)json_object_set_new(json_object_get(any, "data"), CHANGE_DATA_ANY, json_string("true"));
        write_changes(a, r, any, NULL);
    } else if (!runs || now->vmi_going || strategy_of(now) == RUN_HALTED) {
        r->is_hurried = now->has_vmi && ask->grace_s.set;
        if (!r->is_hurried) {
            refuse(r, 409, "VM is not running");
        }
    } else {
        write_changes(a, r, change(CHANGE_STOP, ask, now->vmi_uid), NULL);
        r->is_hurried = ask->grace_s.set;
    }
}

static void
restart(struct arena *a, const struct vm_now *now, const struct vm_ask *ask, struct vm_reply *r)
{
    enum run_strategy s = strategy_of(now);

    if (ask->grace_s.set && ask->grace_s.v > 0) {
        refuse(r, 400, "For force restart, only gracePeriod=0 is supported for now");
    } else if (s == RUN_HALTED || s == RUN_ONCE || s == RUN_WAIT_AS_RECEIVER) {
        refuse(r, 409, arena_printf(a, "%s does not support manual restart requests", enum_name(run_strategy_names, s)));
    } else if (!is_up(now)) {
        refuse(r, 409, "VM is not running");
    } else {
        write_changes(a, r, change(CHANGE_STOP, ask, now->vmi_uid), change(CHANGE_START, ask, NULL));
        r->is_hurried = ask->grace_s.set;
    }
}

/* Whoever is in a hurry may say so while the stop goes on. */
static bool
may_hurry(const struct vm_now *now, const struct vm_ask *ask)
{
    return ask->verb == VM_STOP && ask->grace_s.set && now->has_vmi &&
           str_eq(now->status->state_changes.items[0].action, CHANGE_STOP);
}

void
vm_ask_reply(struct arena *a, const struct vm_now *now, const struct vm_ask *ask, struct vm_reply *ret_reply)
{
    struct vm_reply r = {.code = 202};

    if (is_known(now, ask->request)) {
        r.is_hurried = now->has_vmi && ask->grace_s.set;
    } else if (ask->grace_s.set && ask->grace_s.v < 0) {
        refuse(&r, 400, "the grace period cannot be negative");
    } else if (now->status->state_changes.n > 0 && may_hurry(now, ask)) {
        r.is_hurried = true;
    } else if (now->status->state_changes.n > 0) {
        refuse(&r, 409, "unable to complete request: stop/start already underway");
    } else if (ask->verb == VM_START) {
        start(a, now, ask, &r);
    } else if (ask->verb == VM_STOP) {
        stop(a, now, ask, &r);
    } else {
        restart(a, now, ask, &r);
    }
    *ret_reply = r;
}
