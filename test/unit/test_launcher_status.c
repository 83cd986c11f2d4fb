// What the launcher says of its guest: the message, the last words, libvirt's states in our words, the agent's cleaned.
#include "observe/agent_read.h"
#include "observe/domain_read.h"
#include "report/launcher_status.h"

#include <check.h>

static struct arena *arena;

static void
setup(void)
{
    arena = arena_new(1024 * 1024);
}

static void
teardown(void)
{
    arena_free(arena);
}

/* Decodes a message as the gateway would. */
static struct launcher_state
read_back(const char *text)
{
    struct launcher_state s = {0};
    json_t *j = NULL;
    const char *type = NULL;

    struct err *e = launcher_msg_parse(text, strlen(text), &j, &type);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    ck_assert_str_eq(type, LAUNCHER_MSG_STATE);
    e = api_decode(&launcher_state_type, json_in_arena(arena, j), arena, &s);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    return s;
}

START_TEST(says_all_it_knows)
{
    const struct disk_facts facts = {.volume = "root", .size_bytes = 4096};
    const struct disk_view disk = {.facts = &facts, .target = "vda"};
    const struct nic_view nics[] = {
        {.network = "a", .mac = "02:00:00:00:00:01", .is_masquerade = true, .ip4 = "10.0.2.2"},
        {.network = "b", .mac = "02:00:00:00:00:02"}};
    const struct domain_view view = {.disks = &disk, .n_disks = 1, .nics = nics, .n_nics = 2};
    const bool nic_is_down[] = {false, true};
    struct port ports[] = {{.port = 22, .protocol = PROTOCOL_TCP}};
    const struct agent_state agent = {.connected = TRI_TRUE, .hostname = "inside"};
    const struct disk_trouble troubles[] = {{"vdb", DISK_IO_ERROR}, {"vda", DISK_NO_SPACE}};
    const struct status_facts f = {.vmi_uid = "u",
                                   .seq = 7,
                                   .troubles = troubles,
                                   .n_troubles = 2,
                                   .state = DOMAIN_RUNNING,
                                   .since_s = 100,
                                   .started_s = 90,
                                   .memory_bytes = 1 << 28,
                                   .machine = "pc-q35-10.0",
                                   .agent = &agent,
                                   .view = &view,
                                   .nic_is_down = nic_is_down,
                                   .pod_ip = "10.1.2.3",
                                   .open_ports = {ports, 1}};
    AUTO(freep) char *text = launcher_status_text(&f, arena);
    struct launcher_state s = read_back(text);

    ck_assert_int_eq(s.state, DOMAIN_RUNNING);
    ck_assert_str_eq(s.nics.items[0].link, LINK_UP);
    ck_assert_str_eq(s.nics.items[1].link, LINK_DOWN);
    ck_assert_int_eq(s.seq, 7);
    ck_assert_int_eq(s.since_s.v, 100);
    ck_assert_str_eq(s.machine_type, "pc-q35-10.0");
    ck_assert_str_eq(s.agent.hostname, "inside");
    ck_assert_str_eq(s.disks.items[0].target, "vda");
    ck_assert_int_eq(s.disks.items[0].size.v, 4096);
    ck_assert_str_eq(s.disks.items[0].error, DISK_NO_SPACE);
    ck_assert_str_eq(s.nics.items[0].ip, "10.0.2.2");
    ck_assert_str_eq(s.nics.items[1].ip, "10.1.2.3");
    ck_assert_int_eq(s.open_ports.items[0].port, 22);
    ck_assert_int_eq(s.invalid, TRI_UNSET);
}
END_TEST

START_TEST(last_words_fit)
{
    struct disk_facts facts[DOMAIN_DISKS_MAX];
    struct disk_view disks[DOMAIN_DISKS_MAX];
    char message[8000];

    memset(message, 'x', sizeof(message));
    message[sizeof(message) - 1] = '\0';
    for (size_t i = 0; i < DOMAIN_DISKS_MAX; i++) {
        facts[i] = (struct disk_facts){.volume = "a-volume-with-a-name-that-is-as-long-as-it-may-be-in-kubernetes"};
        disks[i] = (struct disk_view){.facts = &facts[i], .target = "vda"};
    }
    const struct domain_view view = {.disks = disks, .n_disks = DOMAIN_DISKS_MAX};
    const struct status_facts f = {.vmi_uid = "u",
                                   .state = DOMAIN_SHUTOFF,
                                   .reason = "start-failed",
                                   .message = message,
                                   .is_invalid = true,
                                   .view = &view};
    AUTO(freep) char *text = launcher_status_last_words(&f, arena);
    struct launcher_state s = read_back(text);

    ck_assert_uint_lt(strlen(text), TERMINATION_MAX);
    ck_assert_str_eq(s.reason, "start-failed");
    ck_assert_int_eq(s.invalid, TRI_TRUE);
    ck_assert_uint_ge(strlen(s.message), 1000);
}
END_TEST

/* A message of many bytes per character, or of characters that JSON escapes, is cut between characters and never lost. */
static const struct {
    const char *name, *head, *unit;
} long_messages[] = {
    {"two bytes a character", "", "\u00e9"},
    {"two bytes a character, cut at an odd place", "x", "\u00e9"},
    {"three bytes a character", "xx", "\u20ac"},
    {"four bytes a character", "xyz", "\U0001f600"},
    {"escaped by JSON", "", "\""},
    {"backslashes", "", "\\"},
    {"escaped to six bytes", "", "\x01"},
    {"no UTF-8", "", "\xff"},
};

START_TEST(long_messages_are_told)
{
    AUTO(strbuf_fini) struct strbuf message = STRBUF_INIT(65536);
    struct disk_facts facts = {.volume = "root"};
    const struct disk_view disk = {.facts = &facts, .target = "vda"};
    const struct domain_view view = {.disks = &disk, .n_disks = 1};
    const struct status_facts f = {.vmi_uid = "u", .state = DOMAIN_SHUTOFF, .reason = "start-failed", .view = &view};

    strbuf_adds(&message, long_messages[_i].head);
    for (unsigned i = 0; i < 5000; i++) {
        strbuf_adds(&message, long_messages[_i].unit);
    }
    struct status_facts told = f;
    told.message = strbuf_str(&message);
    AUTO(freep) char *text = launcher_status_text(&told, arena);
    AUTO(freep) char *last = launcher_status_last_words(&told, arena);
    ck_assert_uint_lt(strlen(last), TERMINATION_MAX);
    ck_assert_msg(!str_empty(read_back(text).message), "%s: the message is lost", long_messages[_i].name);
    ck_assert_msg(!str_empty(read_back(last).message), "%s: the last message is lost", long_messages[_i].name);
    ck_assert_str_eq(read_back(last).disks.items[0].target, "vda");
}
END_TEST

static const struct {
    const char *name;
    int state, reason;
    enum domain_state want;
    const char *want_reason;
} states[] = {
    {"runs", VIR_DOMAIN_RUNNING, 0, DOMAIN_RUNNING, NULL},
    {"sleeps", VIR_DOMAIN_PMSUSPENDED, 0, DOMAIN_RUNNING, NULL},
    {"paused by somebody", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, DOMAIN_PAUSED, "user"},
    {"paused by a full disk", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, DOMAIN_PAUSED, "io-error"},
    {"is being started", VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP, DOMAIN_STARTING, NULL},
    {"goes down", VIR_DOMAIN_SHUTDOWN, 0, DOMAIN_SHUTDOWN, NULL},
    {"shut down", VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SHUTDOWN, DOMAIN_SHUTOFF, "shutdown"},
    {"switched off", VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED, DOMAIN_SHUTOFF, "destroyed"},
    {"QEMU killed", VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_CRASHED, DOMAIN_CRASHED, "crashed"},
    {"QEMU failed", VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_FAILED, DOMAIN_CRASHED, "crashed"},
    {"it runs on in another pod", VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_MIGRATED, DOMAIN_SHUTOFF, "migrated"},
    {"nobody knows", VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_UNKNOWN, DOMAIN_SHUTOFF, "unknown"},
    {"panicked", VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED, DOMAIN_CRASHED, "panicked"},
};

START_TEST(states_have_our_words)
{
    const char *reason = "unset";
    enum domain_state got = domain_state_of(states[_i].state, states[_i].reason, &reason);

    ck_assert_msg(got == states[_i].want, "%s: %d", states[_i].name, (int)got);
    ck_assert_msg(!states[_i].want_reason || str_eq(reason, states[_i].want_reason), "%s: %s", states[_i].name, reason);
}
END_TEST

static const struct {
    const char *name, *log, *want;
} logs[] = {
    {"nothing", "", NULL},
    {"still there", "2026-11-21 14:00:00.0+0000: starting up libvirt version: 11.3.0\n", NULL},
    {"crashed", "x: starting up\n2026-11-21 14:00:01.0+0000: shutting down, reason=crashed\n", "crashed"},
    {"failed", "2026-11-21 14:00:01.0+0000: shutting down, reason=failed\n", "crashed"},
    {"the last one counts",
     "2026-11-21 14:00:01.0+0000: shutting down, reason=crashed\n2026-11-21 14:00:02.0+0000: shutting down, "
     "reason=shutdown\n",
     "shutdown"},
    {"switched off", "2026-11-21 14:00:01.0+0000: shutting down, reason=destroyed", "destroyed"},
    {"a new word", "2026-11-21 14:00:01.0+0000: shutting down, reason=abducted\n", NULL},
    {"QEMU's own words", "qemu-system-x86_64: shutting down, reason=shutdown\nx 1: shutting down, reason=shutdown\n",
     NULL},
    {"behind the end",
     "2026-11-21 14:00:01.0+0000: shutting down, reason=crashed\nqemu: : shutting down, reason=shutdown\n", "crashed"},
    {"a word that only begins like one", "2026-11-21 14:00:01.0+0000: shutting down, reason=shutdownish\n", NULL},
};

START_TEST(log_tells_the_end)
{
    const char *got = domain_end_in_log(logs[_i].log, strlen(logs[_i].log));

    ck_assert_msg(str_eq(got, logs[_i].want), "%s: %s", logs[_i].name, got ? got : "(null)");
}
END_TEST

static const struct {
    const char *name, *log, *want;
} words[] = {
    {"nothing", "", NULL},
    {"no word of its own", "LC_ALL=C \\\n/usr/bin/qemu-system-x86_64 \\\n-name a\n1: shutting down, reason=crashed\n",
     NULL},
    {"an assertion", "qemu-system-x86_64: a\n**\nERROR:../a.c:1:f: assertion failed: (b)\n",
     "ERROR:../a.c:1:f: assertion failed: (b)"},
    {"the last one", "qemu-system-x86_64: a\nqemu-system-x86_64: b", "qemu-system-x86_64: b"},
    {"no warning", "qemu-system-x86_64: a\nqemu-system-x86_64: warning: b\n", "qemu-system-x86_64: a"},
};

START_TEST(log_tells_what_qemu_said)
{
    size_t len = 0;
    const char *got = domain_words_in_log(words[_i].log, strlen(words[_i].log), &len);
    AUTO(freep) char *text = got ? xstrndup(got, len) : NULL;

    ck_assert_msg(str_eq(text, words[_i].want), "%s: %s", words[_i].name, text ? text : "(null)");
}
END_TEST

START_TEST(agent_is_cleaned)
{
    virTypedParameterPtr p = NULL;
    int n = 0, max = 0;
    struct agent_state s;

    ck_assert_int_eq(virTypedParamsAddString(&p, &n, &max, "hostname", "evil\033[2J\nname"), 0);
    ck_assert_int_eq(virTypedParamsAddString(&p, &n, &max, "os.id", "debian"), 0);
    ck_assert_int_eq(virTypedParamsAddUInt(&p, &n, &max, "user.count", 3), 0);
    ck_assert_int_eq(virTypedParamsAddUInt(&p, &n, &max, "if.count", 4000000000U), 0);
    ck_assert_int_eq(virTypedParamsAddString(&p, &n, &max, "if.0.name", "eth0"), 0);
    ck_assert_int_eq(virTypedParamsAddUInt(&p, &n, &max, "if.0.addr.count", 4000000000U), 0);
    ck_assert_int_eq(virTypedParamsAddString(&p, &n, &max, "if.0.addr.0.addr", "10.0.2.2"), 0);
    agent_from_params(p, n, arena, &s);
    virTypedParamsFree(p, n);
    ck_assert_int_eq(s.connected, TRI_TRUE);
    ck_assert_str_eq(s.hostname, "evil?[2J?name");
    ck_assert_str_eq(s.os.id, "debian");
    ck_assert_int_eq(s.users.v, 3);
    ck_assert_uint_eq(s.interfaces.n, AGENT_NICS_MAX);
    ck_assert_str_eq(s.interfaces.items[0].name, "eth0");
    ck_assert_uint_eq(s.interfaces.items[0].ip_addresses.n, 1);
    ck_assert_str_eq(s.interfaces.items[0].ip_addresses.items[0], "10.0.2.2");
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("launcher_status");
    TCase *t = tcase_create("all");

    BUG_ON(virInitialize() != 0);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, says_all_it_knows);
    tcase_add_test(t, last_words_fit);
    tcase_add_loop_test(t, long_messages_are_told, 0, ARRAY_LEN(long_messages));
    tcase_add_loop_test(t, states_have_our_words, 0, ARRAY_LEN(states));
    tcase_add_loop_test(t, log_tells_the_end, 0, ARRAY_LEN(logs));
    tcase_add_loop_test(t, log_tells_what_qemu_said, 0, ARRAY_LEN(words));
    tcase_add_test(t, agent_is_cleaned);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
