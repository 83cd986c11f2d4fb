// The aggregated API without its sockets: requests in pieces, paths, callers, documents, what is refused by an instance's state.
#include "base/yaml.h"
#include "serve/api/documents.h"
#include "serve/api/front_proxy_config.h"
#include "serve/api/guest_info.h"
#include "serve/api/instance_rules.h"
#include "serve/api/port_forward.h"
#include "serve/sessions/upgrade.h"

#include <check.h>

#define NS "/apis/subresources.kubevirt.io/v1/namespaces/n/"

static const struct {
    const char *method, *path;
    enum route_kind kind;
    enum verb_id id;
    const char *name, *rest;
} routes[] = {
    {"PUT", NS "virtualmachines/a/start", ROUTE_VERB, VERB_ID_START, "a", ""},
    {"PUT", NS "virtualmachineinstances/a.b/pause", ROUTE_VERB, VERB_ID_PAUSE, "a.b", ""},
    {"PUT", "/apis/subresources.kubevirt.io/v1alpha3/namespaces/n/virtualmachines/a/stop", ROUTE_VERB, VERB_ID_STOP,
     "a", ""},
    {"GET", NS "virtualmachines/a/start", ROUTE_BAD_METHOD, VERB_ID_START, "a", ""},
    {"PUT", NS "virtualmachineinstances/a/evacuate/cancel", ROUTE_VERB, VERB_ID_ABSENT, "a", ""},
    {"PUT", NS "virtualmachineinstances/a/evacuate", ROUTE_UNKNOWN, VERB_ID_NONE, "a", ""},
    {"GET", NS "virtualmachineinstances/a/vnc/screenshot", ROUTE_VERB, VERB_ID_ABSENT, "a", ""},
    {"GET", NS "virtualmachineinstances/a/portforward/22", ROUTE_VERB, VERB_ID_PORTFORWARD, "a", "22/tcp"},
    {"GET", NS "virtualmachineinstances/a/portforward/53/udp", ROUTE_VERB, VERB_ID_PORTFORWARD, "a", "53/udp"},
    {"GET", NS "virtualmachines/a/portforward/22/tcp", ROUTE_VERB, VERB_ID_PORTFORWARD, "a", "22/tcp"},
    {"GET", NS "virtualmachineinstances/a/portforward", ROUTE_UNKNOWN, VERB_ID_NONE, "a", ""},
    {"PUT", NS "expand-vm-spec", ROUTE_VERB, VERB_ID_ABSENT, "", ""},
    {"PUT", NS "virtualmachines/a/dance", ROUTE_UNKNOWN, VERB_ID_NONE, "a", ""},
    {"PUT", NS "virtualmachines/../start", ROUTE_UNKNOWN, VERB_ID_NONE, "", ""},
    {"PUT", NS "virtualmachines/./start", ROUTE_UNKNOWN, VERB_ID_NONE, "", ""},
    {"PUT", NS "virtualmachines/a%2fb/start", ROUTE_UNKNOWN, VERB_ID_NONE, "", ""},
    {"PUT", NS "virtualmachines//start", ROUTE_UNKNOWN, VERB_ID_NONE, "", ""},
    {"PUT", NS "virtualmachines/a/start/", ROUTE_UNKNOWN, VERB_ID_NONE, "", ""},
    {"PUT", NS "virtualmachines/A/start", ROUTE_UNKNOWN, VERB_ID_NONE, "", ""},
    {"PUT", "/apis/subresources.kubevirt.io/v2/namespaces/n/virtualmachines/a/start", ROUTE_UNKNOWN, VERB_ID_NONE, "",
     ""},
    {"PUT", "/apis/subresources.kubevirt.io/v1/namespaces/n.m/virtualmachines/a/start", ROUTE_UNKNOWN, VERB_ID_NONE, "",
     ""},
    {"GET", "/apis", ROUTE_GROUPS, VERB_ID_NONE, "", ""},
    {"POST", "/apis", ROUTE_UNKNOWN, VERB_ID_NONE, "", ""},
    {"HEAD", "/openapi/v2", ROUTE_OPENAPI_V2, VERB_ID_NONE, "", ""},
    {"GET", "/apis/subresources.kubevirt.io/v1/version", ROUTE_VERSION, VERB_ID_NONE, "", ""},
    {"GET", "/apis/subresources.kubevirt.io/v1/guestfs", ROUTE_GUESTFS, VERB_ID_NONE, "", ""},
};

START_TEST(paths_are_routes)
{
    struct route r;

    route_find(routes[_i].method, routes[_i].path, &r);
    ck_assert_msg(r.kind == routes[_i].kind, "%s: kind %d", routes[_i].path, (int)r.kind);
    ck_assert_int_eq(r.row ? r.row->id : VERB_ID_NONE, routes[_i].id);
    if (r.row) {
        ck_assert_str_eq(r.name, routes[_i].name);
        ck_assert_str_eq(r.rest, routes[_i].rest);
        ck_assert_str_eq(r.namespace, "n");
    }
}
END_TEST

static const char request[] =
    "PUT /p?q=1 HTTP/1.1\r\nHost: a\r\nX-Remote-User: ann\r\nX-Remote-Group: one\r\nX-REMOTE-GROUP: two\r\n"
    "X-Remote-Extra-scopes%2fx: y\r\nX-Remote-Extra-Scopes%2Fx: z\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\n{\"a\r\n5\r\n\":1} \r\n0\r\n\r\n";

static const char *const user_names[] = {"x-remote-user"}, *const group_names[] = {"x-remote-group"},
                         *const extra_names[] = {"x-remote-extra-"};
static const struct front_proxy_config config = {.user_headers = {(const char **)(uintptr_t)user_names, 1},
                                                 .group_headers = {(const char **)(uintptr_t)group_names, 1},
                                                 .extra_prefixes = {(const char **)(uintptr_t)extra_names, 1}};

/* At whatever byte it is cut. */
START_TEST(a_request_in_pieces_is_the_same)
{
    for (size_t cut = 1; cut < sizeof(request) - 1; cut++) {
        struct http_reader *r = http_reader_new();
        enum http_read got = http_reader_feed(r, request, cut);
        ck_assert_msg(got == HTTP_MORE, "cut at %zu: %d", cut, (int)got);
        ck_assert_int_eq(http_reader_feed(r, request + cut, sizeof(request) - 1 - cut), HTTP_WHOLE);
        const struct http_request *q = http_reader_request(r);
        ck_assert_str_eq(q->method, "PUT");
        ck_assert_str_eq(q->path, "/p");
        ck_assert_str_eq(q->query, "q=1");
        ck_assert_str_eq(q->body, "{\"a\":1} ");
        AUTO(json_freep) json_t *user = front_proxy_user(&config, q);
        AUTO(freep) char *text = json_compact(user);
        ck_assert_str_eq(text,
                         "{\"user\":\"ann\",\"groups\":[\"one\",\"two\"],\"extra\":{\"scopes/x\":[\"y\",\"z\"]}}");
        http_reader_free(r);
    }
}
END_TEST

static const struct {
    const char *text;
    enum http_read want;
} odd[] = {
    {"\x16\x03\x01", HTTP_BAD},
    {"GET /\r\n\r\n", HTTP_BAD},
    {"GET * HTTP/1.1\r\n\r\n", HTTP_BAD},
    {"GET http://a/ HTTP/1.1\r\n\r\n", HTTP_BAD},
    {"GET / HTTP/1.1\r\nA: b\x01\r\n\r\n", HTTP_BAD},
    {"PUT / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", HTTP_BODY_TOO_LARGE},
    {"PUT / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", HTTP_BAD},
    {"PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_BAD},
    {"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Remote-User: admin\r\n\r\n", HTTP_BAD},
    {"GET / HTTP/1.1\r\n", HTTP_MORE},
};

START_TEST(odd_requests_are_refused)
{
    struct http_reader *r = http_reader_new();
    enum http_read got = http_reader_feed(r, odd[_i].text, strlen(odd[_i].text));

    ck_assert_msg(got == odd[_i].want, "row %d: %d", _i, (int)got);
    http_reader_free(r);
}
END_TEST

START_TEST(headers_have_a_cap)
{
    struct http_reader *r = http_reader_new();
    enum http_read got = http_reader_feed(r, "GET / HTTP/1.1\r\n", 16);

    for (int i = 0; got == HTTP_MORE && i < 100000; i++) {
        got = http_reader_feed(r, "A: b\r\n", 6);
    }
    ck_assert_int_eq(got, HTTP_HEAD_TOO_LARGE);
    http_reader_free(r);
}
END_TEST

#define RUNS "phase: Running"
#define AGENT "{type: AgentConnected, status: 'True'}"
#define STILL "{type: Paused, status: 'True'}"

static const struct {
    enum verb_id id;
    const char *spec, *status;
    unsigned code;
} states[] = {
    {VERB_ID_PAUSE, "{}", "{" RUNS "}", 0},
    {VERB_ID_PAUSE, "{}", "{phase: Scheduled}", 409},
    {VERB_ID_PAUSE, "{}", "{phase: Succeeded}", 409},
    {VERB_ID_PAUSE, "{}", "{" RUNS ", conditions: [" STILL "]}", 409},
    {VERB_ID_PAUSE, "{livenessProbe: {tcpSocket: {port: 1}}}", "{" RUNS "}", 403},
    {VERB_ID_PAUSE, "{livenessProbe: {guestAgentPing: {}}}", "{" RUNS "}", 0},
    {VERB_ID_UNPAUSE, "{}", "{" RUNS "}", 409},
    {VERB_ID_UNPAUSE, "{}", "{" RUNS ", conditions: [{type: Paused, status: 'False'}]}", 409},
    {VERB_ID_UNPAUSE, "{}", "{" RUNS ", conditions: [" STILL "]}", 0},
    {VERB_ID_SOFTREBOOT, "{}", "{" RUNS "}", 0},
    {VERB_ID_SOFTREBOOT, "{}", "{" RUNS ", conditions: [" STILL "]}", 409},
    {VERB_ID_SOFTREBOOT, "{domain: {features: {acpi: {enabled: false}}}}", "{" RUNS "}", 409},
    {VERB_ID_SOFTREBOOT, "{domain: {features: {acpi: {enabled: false}}}}", "{" RUNS ", conditions: [" AGENT "]}", 0},
    {VERB_ID_SOFTREBOOT, "{domain: {features: {acpi: {}}}}", "{" RUNS "}", 0},
    {VERB_ID_RESET, "{}", "{" RUNS ", conditions: [" STILL "]}", 0},
    {VERB_ID_RESET, "{}", "{}", 409},
    {VERB_ID_FREEZE, "{}", "{" RUNS "}", 409},
    {VERB_ID_FREEZE, "{}", "{" RUNS ", conditions: [" AGENT "]}", 0},
    {VERB_ID_UNFREEZE, "{}", "{" RUNS ", conditions: [" AGENT ", " STILL "]}", 409},
    {VERB_ID_GUESTOSINFO, "{}", "{" RUNS "}", 409},
    {VERB_ID_GUESTOSINFO, "{}", "{" RUNS ", conditions: [" AGENT ", " STILL "]}", 0},
    {VERB_ID_CONSOLE, "{}", "{" RUNS "}", 0},
    {VERB_ID_CONSOLE, "{}", "{" RUNS ", conditions: [" STILL "]}", 0},
    {VERB_ID_CONSOLE, "{}", "{phase: Failed}", 409},
    {VERB_ID_CONSOLE, "{}", "{phase: Scheduling}", 409},
    {VERB_ID_CONSOLE, "{domain: {devices: {autoattachSerialConsole: false}}}", "{" RUNS "}", 400},
    {VERB_ID_CONSOLE, "{domain: {devices: {autoattachGraphicsDevice: false}}}", "{" RUNS "}", 0},
    {VERB_ID_VNC, "{domain: {devices: {autoattachGraphicsDevice: false}}}", "{" RUNS "}", 400},
    {VERB_ID_VNC, "{domain: {devices: {autoattachGraphicsDevice: true}}}", "{" RUNS "}", 0},
    {VERB_ID_PORTFORWARD, "{}", "{" RUNS "}", 0},
    {VERB_ID_PORTFORWARD, "{}", "{phase: Failed}", 409},
    {VERB_ID_PORTFORWARD, "{}", "{phase: Scheduling}", 409},
};

START_TEST(a_state_refuses_verbs)
{
    AUTO(freep) char *text = xasprintf("{metadata: {}, spec: %s, status: %s}", states[_i].spec, states[_i].status);
    AUTO(json_freep) json_t *docs = NULL;
    AUTO(err_freep) struct err *e = yaml_parse(text, strlen(text), 65536, &docs);
    const char *why = NULL;

    ck_assert_msg(!e, "%s", text);
    unsigned code = instance_refusal(states[_i].id, json_array_get(docs, 0), &why);
    ck_assert_msg(code == states[_i].code && !!why == !!code, "row %d: %u %s", _i, code, why ? why : "");
}
END_TEST

static const struct {
    const char *rest;
    unsigned want; /* 0: it is refused */
} forwards[] = {{"22/tcp", 22}, {"1/TCP", 1}, {"65535/tcp", 65535}, {"0/tcp", 0},  {"65536/tcp", 0}, {"123456/tcp", 0},
                {"/tcp", 0},    {"22", 0},    {"22/udp", 0},        {"-1/tcp", 0}, {"2x/tcp", 0},    {"ssh/tcp", 0}};

START_TEST(a_port_is_read)
{
    unsigned port = 0;
    const char *why = port_forward_read(forwards[_i].rest, &port);

    ck_assert_msg(port == forwards[_i].want && !why == (port > 0), "%s: %u, %s", forwards[_i].rest, port,
                  why ? why : "");
}
END_TEST

static const struct {
    const char *json;
    int64_t want; /* -1: it is none */
} durations[] = {{"\"5m0s\"", 300}, {"\"1h\"", 3600},      {"\"90s\"", 90}, {"300000000000", 300}, {"1", 1},
                 {"0", 0},          {"\"0s\"", 0},         {"\"\"", -1},    {"\"5\"", -1},         {"\"-5s\"", -1},
                 {"\"5ms\"", -1},   {"\"99999999s\"", -1}, {"-1", -1},      {"true", -1}};

START_TEST(durations_are_go_s)
{
    AUTO(json_freep) json_t *value = NULL;
    AUTO(freep) char *text = xasprintf("[%s]", durations[_i].json);
    AUTO(err_freep) struct err *e = json_parse(text, strlen(text), 100, &value);
    int64_t got = -1;

    ck_assert(!e);
    bool is_one = guest_info_duration_s(json_array_get(value, 0), &got);
    ck_assert_msg(is_one == (durations[_i].want >= 0) && got == durations[_i].want, "%s: %lld", durations[_i].json,
                  (long long)got);
}
END_TEST

START_TEST(the_new_discovery_is_for_who_asks_for_it)
{
    static const char v2[] = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    static const char beta[] = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
    AUTO(freep) char *both = xasprintf("%s,%s,application/json", v2, beta), *old_first = xasprintf("%s,%s", beta, v2);
    const struct {
        const char *accept, *want;
    } rows[] = {{NULL, "APIGroupList"},
                {"application/json", "APIGroupList"},
                {both, "discovery.k8s.io/v2\""},
                {old_first, "v2beta1\""}};
    struct documents d;
    struct route r;

    documents_init(&d, "1");
    route_find("GET", "/apis", &r);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct document *doc = documents_find(&d, &r, rows[i].accept);
        ck_assert_msg(strstr(doc->text, rows[i].want), "row %zu: %.100s", i, doc->text);
    }
    for (size_t i = 0; i < DOCUMENTS; i++) {
        AUTO(json_freep) json_t *j = NULL;
        AUTO(err_freep) struct err *e = json_parse(d.items[i].text, strlen(d.items[i].text), 1 << 20, &j);
        ck_assert_msg(!e && !strstr(d.items[i].text, "usbredir"), "document %zu", i);
    }
    documents_fini(&d);
}
END_TEST

/* The key of RFC 6455, 1.3, and its answer. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="

static const struct {
    struct upgrade_ask ask;
    const char *says;    /* of the refusal; NULL: it is accepted */
    const char *replies; /* in the answer then */
} upgrades[] = {
    {{"websocket", "Upgrade", "13", KEY, NULL}, NULL, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"},
    {{"WebSocket", "keep-alive, upgrade", "13", KEY, "plain.kubevirt.io"}, NULL, "Protocol: plain.kubevirt.io\r\n\r\n"},
    {{"websocket", "Upgrade", "13", KEY, "binary, plain.kubevirt.io"}, NULL, "Protocol: plain.kubevirt.io\r\n\r\n"},
    {{"websocket", "Upgrade", "13", KEY, "binary"}, "plain.kubevirt.io", NULL},
    {{"SPDY/3.1", "Upgrade", "13", KEY, NULL}, "as a WebSocket", NULL},
    {{NULL, NULL, NULL, NULL, NULL}, "as a WebSocket", NULL},
    {{"websocket", "keep-alive", "13", KEY, NULL}, "as a WebSocket", NULL},
    {{"websocket", "Upgrade", "8", KEY, NULL}, "Version", NULL},
    {{"websocket", "Upgrade", NULL, KEY, NULL}, "Version", NULL},
    {{"websocket", "Upgrade", "13", NULL, NULL}, "Key", NULL},
    {{"websocket", "Upgrade", "13", "dGhlIHNhbXBsZSBub25jZQ=", NULL}, "Key", NULL},
    {{"websocket", "Upgrade", "13", "dGhlIHNhbXBsZSBub25j\r\n==", NULL}, "Key", NULL},
};

START_TEST(an_upgrade_is_accepted_or_not)
{
    char reply[UPGRADE_REPLY_SIZE];
    const char *why = upgrade_accept(&upgrades[_i].ask, reply);

    if (upgrades[_i].says) {
        ck_assert_msg(why && strstr(why, upgrades[_i].says), "%s", why ? why : reply);
    } else {
        ck_assert_msg(!why && strstr(reply, upgrades[_i].replies), "%s", why ? why : reply);
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("subresources");
    TCase *t = tcase_create("api");

    tcase_add_loop_test(t, paths_are_routes, 0, ARRAY_LEN(routes));
    tcase_add_test(t, a_request_in_pieces_is_the_same);
    tcase_add_loop_test(t, odd_requests_are_refused, 0, ARRAY_LEN(odd));
    tcase_add_test(t, headers_have_a_cap);
    tcase_add_loop_test(t, a_state_refuses_verbs, 0, ARRAY_LEN(states));
    tcase_add_loop_test(t, durations_are_go_s, 0, ARRAY_LEN(durations));
    tcase_add_loop_test(t, a_port_is_read, 0, (int)ARRAY_LEN(forwards));
    tcase_add_loop_test(t, an_upgrade_is_accepted_or_not, 0, ARRAY_LEN(upgrades));
    tcase_add_test(t, the_new_discovery_is_for_who_asks_for_it);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
