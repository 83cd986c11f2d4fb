// What the launcher does next with its guest: a table of rules over what is known. Pure; `now` comes in.
#ifndef VMB_DOMAIN_PLAN_H
#define VMB_DOMAIN_PLAN_H

#include "api/kinds/launcher_msg.h"

/* All that the decision rests on. Times are monotonic milliseconds, 0 when it did not happen. */
struct domain_situation {
    int64_t now_ms;
    bool is_known;    /* libvirt was asked and has answered since the last connect */
    bool is_busy;     /* a call to libvirt is on its way */
    bool is_prepared; /* disks and description are ready */
    bool was_started; /* this pod's one start has been tried, by this manager or one before it */
    bool has_failed;  /* preparing or starting failed */
    bool has_acpi;
    enum domain_state state; /* DOMAIN_ABSENT while libvirt has no live guest */
    int64_t stop_ms;         /* when the pod was asked to end */
    int64_t asked_ms;        /* when the guest was last asked to shut down */
    int64_t grace_ms;
    bool is_full;        /* paused, because there was no room for what it wrote */
    bool has_room;       /* and now there is */
    int64_t resumed_ms;  /* when it was last resumed for that */
    bool has_wish;       /* devices may not be as they were asked to be */
    int64_t switched_ms; /* when that was last tried and failed */
};

enum domain_action {
    DOMAIN_ACTION_NONE,
    DOMAIN_ACTION_START,
    DOMAIN_ACTION_RESUME,
    DOMAIN_ACTION_SWITCH,   /* links and trays */
    DOMAIN_ACTION_SHUTDOWN, /* press the power button */
    DOMAIN_ACTION_DESTROY,
    DOMAIN_ACTION_END, /* nothing is left to do: report and exit */
};

struct domain_plan {
    const char *rule; /* for the log; static */
    enum domain_action action;
    int64_t again_ms; /* from now; 0: only when something changes */
};

enum {
    DOMAIN_ASK_EVERY_MS = 5000,
    DOMAIN_ROOM_EVERY_MS = 10000,
    DOMAIN_RESUME_EVERY_MS = 30000,
    DOMAIN_SWITCH_EVERY_MS = 10000
};

/* First rule that fits. */
struct domain_plan domain_plan(const struct domain_situation *s);
/* Rules by number, for tests and --print-rules; NULL past the last. */
const char *domain_rule_name(size_t n);

#endif
