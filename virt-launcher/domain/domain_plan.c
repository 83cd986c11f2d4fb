// The rules; their order is their meaning.
#include "domain/domain_plan.h"

static bool
is_live(const struct domain_situation *s)
{
    return s->state == DOMAIN_STARTING || s->state == DOMAIN_RUNNING || s->state == DOMAIN_PAUSED ||
           s->state == DOMAIN_SHUTDOWN;
}

static bool
has_failed(const struct domain_situation *s)
{
    return s->has_failed;
}

static bool
is_unknown(const struct domain_situation *s)
{
    return !s->is_known || s->is_busy;
}

/* A guest runs once in a pod: whoever finds it gone, after whatever pause, ends the pod. */
static bool
is_over(const struct domain_situation *s)
{
    return !is_live(s) && s->was_started;
}

/* Whatever libvirt would say: there cannot be a guest. */
static bool
is_stopped_before_start(const struct domain_situation *s)
{
    return !s->was_started && s->stop_ms > 0;
}

static bool
is_startable(const struct domain_situation *s)
{
    return !is_live(s) && s->is_prepared;
}

static bool
is_waiting_for_disks(const struct domain_situation *s)
{
    return !is_live(s);
}

static bool
is_grace_over(const struct domain_situation *s)
{
    return s->stop_ms > 0 && (!s->has_acpi || s->now_ms - s->stop_ms >= s->grace_ms);
}

/* QEMU tries the writes again that failed. Not at once: what looks like room may not be. */
static bool
has_room_again(const struct domain_situation *s)
{
    return s->is_full && s->has_room && (s->resumed_ms == 0 || s->now_ms - s->resumed_ms >= DOMAIN_RESUME_EVERY_MS);
}

static bool
is_ask_due(const struct domain_situation *s)
{
    return s->stop_ms > 0 && (s->asked_ms == 0 || s->now_ms - s->asked_ms >= DOMAIN_ASK_EVERY_MS);
}

static bool
is_stopping(const struct domain_situation *s)
{
    return s->stop_ms > 0;
}

/* A guest that is about to end, or to start, keeps its devices as they are. */
static bool
is_switch_due(const struct domain_situation *s)
{
    bool is_up = s->state == DOMAIN_RUNNING || s->state == DOMAIN_PAUSED;

    return s->has_wish && is_up && (s->switched_ms == 0 || s->now_ms - s->switched_ms >= DOMAIN_SWITCH_EVERY_MS);
}

static bool
always(const struct domain_situation *s)
{
    (void)s; /* that is the point */
    return true;
}

static const struct rule {
    const char *name;
    bool (*when)(const struct domain_situation *s);
    enum domain_action action;
} rules[] = {
    {"failed", has_failed, DOMAIN_ACTION_END},
    {"stopped-before-start", is_stopped_before_start, DOMAIN_ACTION_END},
    {"unknown", is_unknown, DOMAIN_ACTION_NONE},
    {"over", is_over, DOMAIN_ACTION_END},
    {"start", is_startable, DOMAIN_ACTION_START},
    {"wait-for-disks", is_waiting_for_disks, DOMAIN_ACTION_NONE},
    {"grace-over", is_grace_over, DOMAIN_ACTION_DESTROY},
    {"room-again", has_room_again, DOMAIN_ACTION_RESUME},
    {"ask-to-shut-down", is_ask_due, DOMAIN_ACTION_SHUTDOWN},
    {"shutting-down", is_stopping, DOMAIN_ACTION_NONE},
    {"switch-devices", is_switch_due, DOMAIN_ACTION_SWITCH},
    {"steady", always, DOMAIN_ACTION_NONE},
};

/* A guest that is asked to end is looked at again when the next question or the end of its grace is due, one without room when there may
 * be some, one whose devices could not be switched when they may. */
static int64_t
again_ms(const struct domain_situation *s, enum domain_action action)
{
    if (!is_live(s) || action == DOMAIN_ACTION_END) {
        return 0;
    }
    if (s->stop_ms == 0) {
        return s->is_full || s->has_wish ? DOMAIN_ROOM_EVERY_MS : 0;
    }
    int64_t asked_ms = action == DOMAIN_ACTION_SHUTDOWN || s->asked_ms == 0 ? s->now_ms : s->asked_ms;
    int64_t ask_ms = asked_ms + DOMAIN_ASK_EVERY_MS;
    int64_t end_ms = s->stop_ms + s->grace_ms;
    int64_t due_ms = end_ms > s->now_ms && end_ms < ask_ms ? end_ms : ask_ms;

    return due_ms > s->now_ms ? due_ms - s->now_ms : DOMAIN_ASK_EVERY_MS;
}

struct domain_plan
domain_plan(const struct domain_situation *s)
{
    const struct rule *r = rules;

    while (!r->when(s)) {
        r++;
    }
    return (struct domain_plan){.rule = r->name, .action = r->action, .again_ms = again_ms(s, r->action)};
}

const char *
domain_rule_name(size_t n)
{
    return n < ARRAY_LEN(rules) ? rules[n].name : NULL;
}
