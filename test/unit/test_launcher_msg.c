// Messages: what is written is read; what is not a message of this version is refused.
#include "api/kinds/launcher_msg.h"

#include <check.h>

START_TEST(a_message_is_read_as_it_was_written)
{
    struct arena *a = arena_new(1 << 20);
    struct port ports[] = {{.port = 22, .protocol = PROTOCOL_TCP},
                           {.name = "dns", .port = 53, .protocol = PROTOCOL_UDP}};
    const struct launcher_desired wish = {.vmi_uid = "u", .open_ports = {.items = ports, .n = 2}};
    AUTO(freep) char *text = launcher_msg_write(LAUNCHER_MSG_DESIRED, &launcher_desired_type, &wish);
    json_t *j = NULL;
    const char *type = NULL;
    struct launcher_desired got;

    ck_assert_str_eq(
        text, "{\"type\":\"desired\",\"version\":1,\"vmiUID\":\"u\",\"openPorts\":[{\"protocol\":\"TCP\",\"port\":22},"
              "{\"name\":\"dns\",\"protocol\":\"UDP\",\"port\":53}]}");
    AUTO(err_freep) struct err *e = launcher_msg_parse(text, strlen(text), &j, &type);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    ck_assert_str_eq(type, LAUNCHER_MSG_DESIRED);
    json_in_arena(a, j);
    AUTO(err_freep) struct err *e2 = api_decode(&launcher_desired_type, j, a, &got);
    ck_assert_msg(!e2, "%s", e2 ? err_text(e2) : "");
    ck_assert_uint_eq(got.open_ports.n, 2);
    ck_assert_int_eq(got.open_ports.items[1].port, 53);
    ck_assert(!got.log_verbosity.set);
    arena_free(a);
}
END_TEST

START_TEST(a_small_state_stays_small)
{
    const struct launcher_state st = {.vmi_uid = "u", .seq = 1, .state = DOMAIN_STARTING};
    AUTO(freep) char *text = launcher_msg_write(LAUNCHER_MSG_STATE, &launcher_state_type, &st);

    ck_assert_str_eq(text, "{\"type\":\"state\",\"version\":1,\"vmiUID\":\"u\",\"seq\":1,\"state\":\"starting\"}");
}
END_TEST

START_TEST(text_that_is_no_utf8_is_left_out)
{
    const struct launcher_state st = {
        .vmi_uid = "u", .state = DOMAIN_CRASHED, .message = "\xff\xfe", .reason = "crashed"};
    AUTO(freep) char *text = launcher_msg_write(LAUNCHER_MSG_STATE, &launcher_state_type, &st);

    ck_assert(strstr(text, "crashed") && !strstr(text, "message"));
}
END_TEST

START_TEST(what_is_read_is_fit_to_be_shown)
{
    static const char text[] =
        "{\"type\":\"state\",\"version\":1,\"vmiUID\":\"u\",\"seq\":1,\"state\":\"crashed\",\"reason\":\"x\\u0007y\","
        "\"message\":\"caf\\u00e9 "
        "\\u202eevil\\u2069\\u061c\\n\\u001b[31m\\u0085\",\"agent\":{\"hostname\":\"a\\u200fb\","
        "\"interfaces\":[{\"name\":\"\\u2066\",\"ipAddresses\":[\"1.2.3.4\\t\"]}]}}";
    struct arena *a = arena_new(1 << 20);
    json_t *j = NULL;
    const char *type = NULL;
    struct launcher_state st;
    AUTO(err_freep) struct err *e = launcher_msg_parse(text, strlen(text), &j, &type);

    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    AUTO(err_freep) struct err *e2 = api_decode(&launcher_state_type, json_in_arena(a, j), a, &st);
    ck_assert_msg(!e2, "%s", e2 ? err_text(e2) : "");
    ck_assert_str_eq(st.reason, "x y");
    ck_assert_str_eq(st.message, "caf\u00e9 ?evil??  [31m?");
    ck_assert_str_eq(st.agent.hostname, "a?b");
    ck_assert_str_eq(st.agent.interfaces.items[0].name, "?");
    ck_assert_str_eq(st.agent.interfaces.items[0].ip_addresses.items[0], "1.2.3.4 ");
    arena_free(a);
}
END_TEST

static const struct {
    const char *text, *want;
} refused[] = {
    {"", "launcher message"},
    {"{", "launcher message"},
    {"[]", "has no type"},
    {"{}", "has no type"},
    {"{\"type\":5,\"version\":1}", "has no type"},
    {"{\"type\":\"state\"}", "version 0 is not spoken here"},
    {"{\"type\":\"state\",\"version\":2}", "version 2 is not spoken here"},
    {"{\"type\":\"state\",\"version\":\"1\"}", "version 0 is not spoken here"},
};

START_TEST(what_is_no_message_is_refused)
{
    json_t *j = NULL;
    const char *type = NULL;
    AUTO(err_freep) struct err *e = launcher_msg_parse(refused[_i].text, strlen(refused[_i].text), &j, &type);

    ck_assert_msg(e && strstr(err_text(e), refused[_i].want), "%s: %s", refused[_i].text, e ? err_text(e) : "accepted");
    ck_assert_int_eq(err_class(e), ERR_INVALID);
    ck_assert_ptr_null(j);
}
END_TEST

START_TEST(a_message_has_a_cap)
{
    AUTO(freep) char *text = xasprintf("{\"type\":\"state\",\"version\":1,\"pad\":\"%0*d\"}", LAUNCHER_MSG_MAX, 0);
    json_t *j = NULL;
    const char *type = NULL;
    AUTO(err_freep) struct err *e = launcher_msg_parse(text, strlen(text), &j, &type);

    ck_assert(e && err_class(e) == ERR_INVALID);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("launcher_msg");
    TCase *t = tcase_create("launcher_msg");

    tcase_add_test(t, a_message_is_read_as_it_was_written);
    tcase_add_test(t, a_small_state_stays_small);
    tcase_add_test(t, text_that_is_no_utf8_is_left_out);
    tcase_add_test(t, what_is_read_is_fit_to_be_shown);
    tcase_add_loop_test(t, what_is_no_message_is_refused, 0, (int)ARRAY_LEN(refused));
    tcase_add_test(t, a_message_has_a_cap);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
