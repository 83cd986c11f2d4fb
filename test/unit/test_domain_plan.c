// The rules of the launcher, one row a situation; each rule has one.
#include "domain/domain_plan.h"

#include <check.h>

enum { NOW = 100000, GRACE = 30000 };

/* A guest that runs and that nobody wants to end. */
#define BEGAN .is_prepared = true, .was_started = true
#define RUNS BEGAN, .is_known = true, .has_acpi = true, .state = DOMAIN_RUNNING, .grace_ms = GRACE
#define FULL BEGAN, .is_known = true, .has_acpi = true, .state = DOMAIN_PAUSED, .grace_ms = GRACE, .is_full = true

static const struct {
    const char *name;
    struct domain_situation s;
    const char *want_rule;
    enum domain_action want_action;
    int64_t want_again_ms;
} rows[] = {
    {"nothing is known yet", {.state = DOMAIN_ABSENT, .is_prepared = true}, "unknown", DOMAIN_ACTION_NONE, 0},
    {"a call is on its way", {.is_known = true, .is_busy = true, .is_prepared = true}, "unknown", DOMAIN_ACTION_NONE, 0},
    {"disks are not ready", {.is_known = true}, "wait-for-disks", DOMAIN_ACTION_NONE, 0},
    {"all is ready", {.is_known = true, .is_prepared = true}, "start", DOMAIN_ACTION_START, 0},
    {"the spec is at fault", {.has_failed = true, .is_known = true, .is_prepared = true}, "failed", DOMAIN_ACTION_END, 0},
    {"a second manager finds no guest",
     {.is_known = true, .is_prepared = true, .was_started = true},
     "over",
     DOMAIN_ACTION_END,
     0},
    {"a second manager finds a guest that is off",
     {.is_known = true, .was_started = true, .state = DOMAIN_SHUTOFF},
     "over",
     DOMAIN_ACTION_END,
     0},
    {"a second manager finds a guest that is starting",
     {.is_known = true, .is_prepared = true, .was_started = true, .state = DOMAIN_STARTING},
     "steady",
     DOMAIN_ACTION_NONE,
     0},
    {"QEMU died", {BEGAN, .is_known = true, .state = DOMAIN_CRASHED}, "over", DOMAIN_ACTION_END, 0},
    {"the pod ends before the guest began",
     {.is_known = true, .is_prepared = true, .now_ms = NOW, .stop_ms = NOW},
     "stopped-before-start",
     DOMAIN_ACTION_END,
     0},
    {"the pod ends while libvirtd does not even start",
     {.now_ms = NOW, .stop_ms = NOW},
     "stopped-before-start",
     DOMAIN_ACTION_END,
     0},
    {"the guest runs", {RUNS}, "steady", DOMAIN_ACTION_NONE, 0},
    {"the guest is paused", {BEGAN, .is_known = true, .state = DOMAIN_PAUSED}, "steady", DOMAIN_ACTION_NONE, 0},
    {"the guest has no room to write", {FULL}, "steady", DOMAIN_ACTION_NONE, DOMAIN_ROOM_EVERY_MS},
    {"there is room again", {FULL, .has_room = true}, "room-again", DOMAIN_ACTION_RESUME, DOMAIN_ROOM_EVERY_MS},
    {"what looked like room was none",
     {FULL, .has_room = true, .now_ms = NOW, .resumed_ms = NOW - 1000},
     "steady",
     DOMAIN_ACTION_NONE,
     DOMAIN_ROOM_EVERY_MS},
    {"a link is to go down", {RUNS, .has_wish = true}, "switch-devices", DOMAIN_ACTION_SWITCH, DOMAIN_ROOM_EVERY_MS},
    {"a paused guest's too",
     {BEGAN, .is_known = true, .state = DOMAIN_PAUSED, .has_wish = true},
     "switch-devices",
     DOMAIN_ACTION_SWITCH,
     DOMAIN_ROOM_EVERY_MS},
    {"libvirt could not switch it",
     {RUNS, .has_wish = true, .now_ms = NOW, .switched_ms = NOW - 1000},
     "steady",
     DOMAIN_ACTION_NONE,
     DOMAIN_ROOM_EVERY_MS},
    {"it is tried again",
     {RUNS, .has_wish = true, .now_ms = NOW, .switched_ms = NOW - DOMAIN_SWITCH_EVERY_MS},
     "switch-devices",
     DOMAIN_ACTION_SWITCH,
     DOMAIN_ROOM_EVERY_MS},
    {"a guest that starts is not switched yet",
     {BEGAN, .is_known = true, .state = DOMAIN_STARTING, .has_wish = true},
     "steady",
     DOMAIN_ACTION_NONE,
     DOMAIN_ROOM_EVERY_MS},
    {"a guest that ends is not switched any more",
     {RUNS, .has_wish = true, .now_ms = NOW, .stop_ms = NOW - 1000, .asked_ms = NOW - 1000},
     "shutting-down",
     DOMAIN_ACTION_NONE,
     DOMAIN_ASK_EVERY_MS - 1000},
    {"the pod ends, and there is room to shut down in",
     {FULL, .has_room = true, .now_ms = NOW, .stop_ms = NOW},
     "room-again",
     DOMAIN_ACTION_RESUME,
     DOMAIN_ASK_EVERY_MS},
    {"the guest is asked at once",
     {RUNS, .now_ms = NOW, .stop_ms = NOW},
     "ask-to-shut-down",
     DOMAIN_ACTION_SHUTDOWN,
     DOMAIN_ASK_EVERY_MS},
    {"it was asked a second ago",
     {RUNS, .now_ms = NOW, .stop_ms = NOW - 1000, .asked_ms = NOW - 1000},
     "shutting-down",
     DOMAIN_ACTION_NONE,
     DOMAIN_ASK_EVERY_MS - 1000},
    {"it is asked again after five seconds",
     {RUNS, .now_ms = NOW, .stop_ms = NOW - 5000, .asked_ms = NOW - 5000},
     "ask-to-shut-down",
     DOMAIN_ACTION_SHUTDOWN,
     DOMAIN_ASK_EVERY_MS},
    {"its grace ends before the next question",
     {RUNS, .now_ms = NOW, .stop_ms = NOW - GRACE + 2000, .asked_ms = NOW - 100},
     "shutting-down",
     DOMAIN_ACTION_NONE,
     2000},
    {"its grace is over",
     {RUNS, .now_ms = NOW, .stop_ms = NOW - GRACE, .asked_ms = NOW - 5000},
     "grace-over",
     DOMAIN_ACTION_DESTROY,
     5000},
    {"no grace at all",
     {BEGAN, .is_known = true, .has_acpi = true, .state = DOMAIN_RUNNING, .now_ms = NOW, .stop_ms = NOW},
     "grace-over",
     DOMAIN_ACTION_DESTROY,
     5000},
    {"without ACPI nobody can be asked",
     {BEGAN, .is_known = true, .state = DOMAIN_RUNNING, .grace_ms = GRACE, .now_ms = NOW, .stop_ms = NOW},
     "grace-over",
     DOMAIN_ACTION_DESTROY,
     5000},
    {"the connection is lost while it shuts down",
     {BEGAN, .has_acpi = true, .state = DOMAIN_RUNNING, .grace_ms = GRACE, .now_ms = NOW, .stop_ms = NOW - 1000,
      .asked_ms = NOW - 1000},
     "unknown",
     DOMAIN_ACTION_NONE,
     4000},
    {"it shut down",
     {BEGAN, .is_known = true, .has_acpi = true, .now_ms = NOW, .stop_ms = NOW - 1000, .state = DOMAIN_SHUTOFF},
     "over",
     DOMAIN_ACTION_END,
     0},
};

START_TEST(follows_the_rules)
{
    struct domain_plan p = domain_plan(&rows[_i].s);

    ck_assert_msg(str_eq(p.rule, rows[_i].want_rule), "%s: rule %s, wanted %s", rows[_i].name, p.rule,
                  rows[_i].want_rule);
    ck_assert_msg(p.action == rows[_i].want_action, "%s: action %d", rows[_i].name, (int)p.action);
    ck_assert_msg(p.again_ms == rows[_i].want_again_ms, "%s: again in %lld ms", rows[_i].name, (long long)p.again_ms);
}
END_TEST

START_TEST(each_rule_has_a_row)
{
    size_t n = 0;

    for (const char *name = domain_rule_name(n); name; name = domain_rule_name(++n)) {
        bool is_used = false;
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            is_used = is_used || str_eq(rows[i].want_rule, name);
        }
        ck_assert_msg(is_used, "rule %s has no row", name);
    }
    ck_assert_uint_ge(n, 10);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("domain_plan");
    TCase *t = tcase_create("all");

    tcase_add_loop_test(t, follows_the_rules, 0, ARRAY_LEN(rows));
    tcase_add_test(t, each_rule_has_a_row);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
