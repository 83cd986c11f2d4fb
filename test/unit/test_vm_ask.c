// What is answered to whoever asks a machine to start, stop or restart: verb by strategy by instance.
#include "base/yaml.h"
#include "reconcile/vm/vm_ask.h"

#include <check.h>

#define ALWAYS RUN_ALWAYS
#define RERUN RUN_RERUN_ON_FAILURE
#define MANUAL RUN_MANUAL
#define HALTED RUN_HALTED
#define ONCE RUN_ONCE

enum state { NONE, STARTING, RUNS, GOING, SUCCEEDED, FAILED };
enum status { PLAIN, HELD, WANTED, STOP_WAITS, START_WAITS };

static const struct {
    enum vm_verb verb;
    enum run_strategy strategy;
    enum state state;
    enum status status;
    int grace; /* -1: not said */
    unsigned code;
    const char *want; /* the refusal, or the changes by action; "": nothing is written */
    bool is_hurried;
} rows[] = {
    {VM_START, ALWAYS, NONE, PLAIN, -1, 409, "Always does not support manual start requests", false},
    {VM_START, ALWAYS, STARTING, PLAIN, -1, 409, "VM is already running", false},
    {VM_START, ALWAYS, RUNS, PLAIN, -1, 409, "VM is already running", false},
    {VM_START, ALWAYS, FAILED, PLAIN, -1, 409, "Always does not support manual start requests", false},
    {VM_START, ALWAYS, NONE, HELD, -1, 202, "Start", false},
    {VM_START, ALWAYS, NONE, STOP_WAITS, -1, 409, "unable to complete request: stop/start already underway", false},
    {VM_START, ALWAYS, RUNS, STOP_WAITS, -1, 409, "unable to complete request: stop/start already underway", false},
    {VM_START, RERUN, NONE, PLAIN, -1, 202, "Start", false},
    {VM_START, RERUN, RUNS, PLAIN, -1, 409, "VM is already running", false},
    {VM_START, RERUN, SUCCEEDED, PLAIN, -1, 202, "Stop Start", false},
    {VM_START, RERUN, FAILED, PLAIN, -1, 409, "RerunOnFailure does not support starting VM from failed state", false},
    {VM_START, RERUN, NONE, HELD, -1, 202, "Start", false},
    {VM_START, MANUAL, NONE, PLAIN, -1, 202, "Start", false},
    {VM_START, MANUAL, RUNS, PLAIN, -1, 409, "VM is already running", false},
    {VM_START, MANUAL, GOING, PLAIN, -1, 409, "VM is already running", false},
    {VM_START, MANUAL, SUCCEEDED, PLAIN, -1, 202, "Stop Start", false},
    {VM_START, MANUAL, FAILED, PLAIN, -1, 202, "Stop Start", false},
    {VM_START, MANUAL, NONE, START_WAITS, -1, 409, "unable to complete request: stop/start already underway", false},
    {VM_START, HALTED, NONE, PLAIN, -1, 202, "Start", false},
    {VM_START, HALTED, RUNS, PLAIN, -1, 409, "VM is already running", false},
    {VM_START, HALTED, NONE, HELD, -1, 202, "Start", false},
    {VM_START, HALTED, NONE, WANTED, -1, 409, "Always does not support manual start requests", false},
    {VM_START, ONCE, NONE, PLAIN, -1, 409, "Once does not support manual start requests", false},
    {VM_START, ONCE, SUCCEEDED, PLAIN, -1, 409, "Once does not support manual start requests", false},
    {VM_START, ONCE, NONE, HELD, -1, 202, "Start", false},
    {VM_STOP, ALWAYS, NONE, PLAIN, -1, 202, "Stop", false},
    {VM_STOP, ALWAYS, STARTING, PLAIN, -1, 202, "Stop", false},
    {VM_STOP, ALWAYS, RUNS, PLAIN, -1, 202, "Stop", false},
    {VM_STOP, ALWAYS, RUNS, PLAIN, 0, 202, "Stop", true},
    {VM_STOP, ALWAYS, RUNS, PLAIN, 5, 202, "Stop", true},
    {VM_STOP, ALWAYS, RUNS, PLAIN, -2, 400, "the grace period cannot be negative", false},
    {VM_STOP, ALWAYS, GOING, PLAIN, -1, 409, "VM is not running", false},
    {VM_STOP, ALWAYS, GOING, PLAIN, 0, 202, "", true},
    {VM_STOP, ALWAYS, FAILED, PLAIN, -1, 202, "Stop", false},
    {VM_STOP, ALWAYS, NONE, HELD, -1, 409, "VM is not running", false},
    {VM_STOP, ALWAYS, RUNS, STOP_WAITS, -1, 409, "unable to complete request: stop/start already underway", false},
    {VM_STOP, ALWAYS, RUNS, STOP_WAITS, 0, 202, "", true},
    {VM_STOP, ALWAYS, NONE, STOP_WAITS, 0, 409, "unable to complete request: stop/start already underway", false},
    {VM_STOP, RERUN, NONE, PLAIN, -1, 409, "VM is not running", false},
    {VM_STOP, RERUN, RUNS, PLAIN, -1, 202, "Stop", false},
    {VM_STOP, RERUN, FAILED, PLAIN, -1, 202, "Stop", false},
    {VM_STOP, MANUAL, NONE, PLAIN, -1, 409, "VM is not running", false},
    {VM_STOP, MANUAL, RUNS, PLAIN, -1, 202, "Stop", false},
    {VM_STOP, MANUAL, SUCCEEDED, PLAIN, -1, 409, "VM is not running", false},
    {VM_STOP, MANUAL, NONE, START_WAITS, -1, 409, "unable to complete request: stop/start already underway", false},
    {VM_STOP, HALTED, NONE, PLAIN, -1, 409, "VM is not running", false},
    {VM_STOP, HALTED, RUNS, PLAIN, -1, 409, "VM is not running", false},
    {VM_STOP, HALTED, RUNS, PLAIN, 0, 202, "", true},
    {VM_STOP, HALTED, RUNS, WANTED, -1, 202, "Stop", false},
    {VM_STOP, HALTED, NONE, WANTED, -1, 202, "Stop", false},
    {VM_STOP, ONCE, RUNS, PLAIN, -1, 202, "Stop", false},
    {VM_STOP, ONCE, NONE, HELD, -1, 409, "VM is not running", false},
    {VM_RESTART, ALWAYS, NONE, PLAIN, -1, 409, "VM is not running", false},
    {VM_RESTART, ALWAYS, RUNS, PLAIN, -1, 202, "Stop Start", false},
    {VM_RESTART, ALWAYS, RUNS, PLAIN, 0, 202, "Stop Start", true},
    {VM_RESTART, ALWAYS, RUNS, PLAIN, 5, 400, "For force restart, only gracePeriod=0 is supported for now", false},
    {VM_RESTART, ALWAYS, RUNS, STOP_WAITS, -1, 409, "unable to complete request: stop/start already underway", false},
    {VM_RESTART, ALWAYS, RUNS, STOP_WAITS, 0, 409, "unable to complete request: stop/start already underway", false},
    {VM_RESTART, ALWAYS, NONE, HELD, -1, 409, "Halted does not support manual restart requests", false},
    {VM_RESTART, RERUN, RUNS, PLAIN, -1, 202, "Stop Start", false},
    {VM_RESTART, RERUN, NONE, PLAIN, -1, 409, "VM is not running", false},
    {VM_RESTART, MANUAL, RUNS, PLAIN, -1, 202, "Stop Start", false},
    {VM_RESTART, MANUAL, SUCCEEDED, PLAIN, -1, 409, "VM is not running", false},
    {VM_RESTART, HALTED, NONE, PLAIN, -1, 409, "Halted does not support manual restart requests", false},
    {VM_RESTART, HALTED, RUNS, WANTED, -1, 202, "Stop Start", false},
    {VM_RESTART, ONCE, RUNS, PLAIN, -1, 409, "Once does not support manual restart requests", false},
};

static struct vm_status
status_of(enum status s, enum run_strategy strategy, struct vm_bridge *bridge, struct vm_power *power,
          struct state_change *change)
{
    struct vm_status st = {.bridge = bridge};

    *change = (struct state_change){.action = s == STOP_WAITS ? CHANGE_STOP : CHANGE_START, .uid = "u"};
    *power = (struct vm_power){
        .wanted = s == HELD ? POWER_STOPPED : POWER_RUNNING, .strategy = strategy, .request = "before"};
    bridge->power = s == HELD || s == WANTED ? power : NULL;
    st.state_changes = (struct state_change_list){change, s == STOP_WAITS || s == START_WAITS ? 1 : 0};
    return st;
}

static struct vm_now
now_of(enum state state, enum run_strategy strategy, const struct vm_status *st)
{
    static const char *const phases[] = {
        [STARTING] = "Scheduling", [RUNS] = "Running", [GOING] = "Running", [SUCCEEDED] = "Succeeded", [FAILED] = "Failed"};

    return (struct vm_now){.spec_strategy = strategy,
                           .status = st,
                           .has_vmi = state != NONE,
                           .vmi_uid = state == NONE ? NULL : "u",
                           .vmi_phase = phases[state],
                           .vmi_going = state == GOING};
}

static char *
actions(const json_t *changes)
{
    struct strbuf sb = STRBUF_INIT(256);

    for (size_t i = 0; i < json_array_size(changes); i++) {
        (void)strbuf_addf(&sb, "%s%s", i ? " " : "", json_str(json_array_get(changes, i), "action"));
    }
    return strbuf_steal(&sb);
}

START_TEST(each_is_answered)
{
    AUTO(arena_freep) struct arena *a = arena_new(64 * 1024);
    struct vm_bridge bridge = {0};
    struct vm_power power;
    struct state_change change;
    const struct vm_status st = status_of(rows[_i].status, rows[_i].strategy, &bridge, &power, &change);
    const struct vm_now now = now_of(rows[_i].state, rows[_i].strategy, &st);
    const struct vm_ask ask = {
        .verb = rows[_i].verb, .grace_s = {rows[_i].grace != -1, rows[_i].grace}, .by = "ann", .request = "this"};
    struct vm_reply r;

    vm_ask_reply(a, &now, &ask, &r);
    ck_assert_msg(r.code == rows[_i].code, "row %d: %u, want %u", _i, r.code, rows[_i].code);
    AUTO(freep) char *written = actions(r.changes);
    const char *said = r.refusal ? r.refusal : written;
    ck_assert_msg(str_eq(said, rows[_i].want), "row %d: '%s', want '%s'", _i, said, rows[_i].want);
    ck_assert_msg(r.is_hurried == rows[_i].is_hurried, "row %d: hurried %d", _i, r.is_hurried);
}
END_TEST

/* The answer to a write was lost: the next look finds it, waiting or done, and asks for nothing again. */
START_TEST(what_was_written_is_known_again)
{
    AUTO(arena_freep) struct arena *a = arena_new(64 * 1024);
    struct str_pair pair = {CHANGE_DATA_REQUEST, "this"};
    struct state_change change = {.action = CHANGE_STOP, .uid = "u", .data = {&pair, 1}};
    struct vm_power power = {.wanted = POWER_STOPPED, .strategy = RUN_ALWAYS, .request = "this"};
    struct vm_bridge bridge = {.power = &power};
    const struct vm_status waits = {.state_changes = {&change, 1}}, done = {.bridge = &bridge};
    const struct vm_now now[] = {now_of(RUNS, RUN_ALWAYS, &waits), now_of(NONE, RUN_ALWAYS, &done)};
    const struct vm_ask ask = {.verb = VM_STOP, .request = "this", .by = "ann"};

    for (size_t i = 0; i < ARRAY_LEN(now); i++) {
        struct vm_reply r;
        vm_ask_reply(a, &now[i], &ask, &r);
        ck_assert_msg(r.code == 202 && !r.refusal && !r.changes, "%zu: %u %s", i, r.code, r.refusal ? r.refusal : "");
    }
}
END_TEST

START_TEST(a_start_says_who_and_how)
{
    AUTO(arena_freep) struct arena *a = arena_new(64 * 1024);
    const struct vm_status st = {0};
    const struct vm_now now = now_of(NONE, RUN_MANUAL, &st);
    const struct vm_ask ask = {.verb = VM_START, .is_paused = true, .request = "this", .by = "ann"};
    struct vm_reply r;

    vm_ask_reply(a, &now, &ask, &r);
    AUTO(freep) char *text = json_compact(r.changes);
    ck_assert_str_eq(text,
                     "[{\"action\":\"Start\",\"data\":{\"request\":\"this\",\"by\":\"ann\",\"paused\":\"true\"}}]");
    ck_assert(r.ends_failures);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("vm_ask");
    TCase *t = tcase_create("ask");

    tcase_add_loop_test(t, each_is_answered, 0, ARRAY_LEN(rows));
    tcase_add_test(t, what_was_written_is_known_again);
    tcase_add_test(t, a_start_says_who_and_how);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
