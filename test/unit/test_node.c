// vmbridge-node without a kubelet: options, the check's verdicts, messages, and both sides of gRPC with each other.
#include "node/check.h"
#include "node/grpc_client.h"
#include "node/grpc_server.h"
#include "node/listener.h"
#include "node/messages.h"
#include "node/options.h"
#include "node/plugin.h"
#include "node/try.h"

#include "deviceplugin.pb-c.h"

#include <check.h>
#include <getopt.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS_MAX = 8, ROUNDS_MAX = 100 };

/* Options. */

static const struct {
    const char *name;
    const char *words[WORDS_MAX]; /* after the program's name */
    const char *want_error;       /* a part of it; NULL: none */
    size_t want_devices;
    const char *want_path; /* of the last device */
    unsigned want_shares;
    bool want_forced; /* the last device */
} option_rows[] = {
    {"nothing is all that launchers ask for", {NULL}, NULL, 4, "/dev/vhost-vsock", 1000, false},
    {"a device by its name", {"--device", "tun"}, NULL, 1, "/dev/net/tun", 1000, false},
    {"a stand-in", {"--device", "kvm=/dev/null"}, NULL, 1, "/dev/null", 1000, false},
    {"shares", {"--device=kvm=/dev/kvm:110"}, NULL, 1, "/dev/kvm", 110, false},
    {"shares of the usual place", {"--device=kvm=:110"}, NULL, 1, "/dev/kvm", 110, false},
    {"a list, and one more", {"--device", "kvm,tun", "--device", "a=/dev/a"}, NULL, 3, "/dev/a", 1000, false},
    {"force before the device", {"--force", "kvm", "--device", "kvm"}, NULL, 1, "/dev/kvm", 1000, true},
    {"force of one that is not there", {"--device", "kvm", "--force", "tun"}, "not configured", 0, NULL, 0, false},
    {"an unknown name without a path", {"--device", "gpu"}, "absolute path", 0, NULL, 0, false},
    {"a relative path", {"--device", "a=dev/null"}, "absolute path", 0, NULL, 0, false},
    {"a folder", {"--device", "a=/dev/"}, "absolute path", 0, NULL, 0, false},
    {"a name with capitals", {"--device", "KVM"}, "small letters", 0, NULL, 0, false},
    {"a name that ends in '-'", {"--device", "kvm-=/dev/kvm"}, "small letters", 0, NULL, 0, false},
    {"no share", {"--device", "kvm=/dev/kvm:0"}, "1 to 10000", 0, NULL, 0, false},
    {"too many shares", {"--device", "kvm=/dev/kvm:10001"}, "1 to 10000", 0, NULL, 0, false},
    {"words for shares", {"--device", "kvm=/dev/kvm:many"}, "1 to 10000", 0, NULL, 0, false},
    {"the same device twice", {"--device", "kvm,kvm"}, "twice", 0, NULL, 0, false},
    {"nine devices",
     {"--device", "a=/d1,b=/d1,c=/d1,d=/d1,e=/d1,f=/d1,g=/d1,h=/d1,i=/d1"},
     "at most 8 devices",
     0,
     NULL,
     0,
     false},
    {"--try of several", {"--try"}, "exactly one", 0, NULL, 0, false},
    {"an unknown option", {"--privileged"}, "--privileged", 0, NULL, 0, false},
    {"a word too many", {"kvm"}, "unexpected", 0, NULL, 0, false},
};

START_TEST(options_are_read)
{
    const char *const *words = option_rows[_i].words;
    char *argv[WORDS_MAX + 2] = {(char *)(uintptr_t) "vmbridge-node"};
    struct node_options o;
    int argc = 1;

    for (size_t i = 0; i < WORDS_MAX && words[i]; i++) {
        argv[argc++] = (char *)(uintptr_t)words[i];
    }
    optind = 0; /* glibc: from the start */
    AUTO(err_freep) struct err *e = node_options_parse(argc, argv, &o);
    if (option_rows[_i].want_error) {
        ck_assert_msg(e && strstr(err_text(e), option_rows[_i].want_error), "%s: %s", option_rows[_i].name,
                      e ? err_text(e) : "no error");
        return;
    }
    ck_assert_msg(!e, "%s: %s", option_rows[_i].name, e ? err_text(e) : "");
    const struct device *last = &o.devices[o.n_devices - 1];
    ck_assert_msg(o.n_devices == option_rows[_i].want_devices, "%s: %zu devices", option_rows[_i].name, o.n_devices);
    ck_assert_str_eq(last->path, option_rows[_i].want_path);
    ck_assert_uint_eq(last->shares, option_rows[_i].want_shares);
    ck_assert(last->is_forced == option_rows[_i].want_forced);
}
END_TEST

START_TEST(environment_is_read_where_no_option_is)
{
    char name[] = "vmbridge-node", word[] = "--device=tun";
    char *argv[] = {name, word, NULL};
    struct node_options o;

    ck_assert_int_eq(setenv("VMBRIDGE_DEVICES", "a=/dev/a,b=/dev/b", 1), 0);
    ck_assert_int_eq(setenv("VMBRIDGE_ROOT", "/host", 1), 0);
    optind = 0;
    AUTO(err_freep) struct err *e = node_options_parse(1, argv, &o);
    ck_assert(!e && o.n_devices == 2 && str_eq(o.root, "/host"));
    optind = 0;
    AUTO(err_freep) struct err *again = node_options_parse(2, argv, &o);
    ck_assert(!again && o.n_devices == 1 && str_eq(o.devices[0].name, "tun"));
}
END_TEST

START_TEST(access_is_one_resource)
{
    struct node_options o = {.n_devices = 2};
    size_t n;

    ck_assert_ptr_eq(node_options_offers(&o, &n), o.devices);
    ck_assert_uint_eq(n, 2);
    o.is_access = true;
    ck_assert_str_eq(node_options_offers(&o, &n)->name, "vmbridge-node");
    ck_assert_uint_eq(n, 1);
}
END_TEST

/* Devices, tried and checked. */

static const struct {
    const char *name, *path;
    const char *want; /* a part of the reason; NULL: it works */
} try_rows[] = {
    {"a device that opens", "/dev/null", NULL},
    {"no file", "/dev/none-such", "there is no"},
    {"a file that is no device", "/proc/self/cmdline", "does not open|no character device"},
    {"a folder", "/dev", "does not open"},
};

START_TEST(devices_are_tried)
{
    struct device d = {.name = "x"};

    (void)snprintf(d.path, sizeof(d.path), "%s", try_rows[_i].path);
    AUTO(err_freep) struct err *e = device_try(&d, "");
    if (!try_rows[_i].want) {
        ck_assert_msg(!e, "%s: %s", try_rows[_i].name, e ? err_text(e) : "");
        return;
    }
    AUTO(freep) char *want = xstrdup(try_rows[_i].want);
    char *other = strchr(want, '|');
    if (other) {
        *other++ = '\0';
    }
    ck_assert_msg(e && (strstr(err_text(e), want) || (other && strstr(err_text(e), other))), "%s: %s",
                  try_rows[_i].name, e ? err_text(e) : "it works");
}
END_TEST

/* The check runs this program with --try: what it does then stands in stand_in(). */
static const struct {
    const char *name, *path;
    const char *want; /* a part of the verdict; NULL: it works */
} check_rows[] = {
    {"a device that works", "/works", NULL},
    {"one that does not", "/broken", "it is broken"},
    {"one that says more than a line", "/talks", "ttttttttttt"},
    {"one that kills its process", "/kills", "ended with 1"},
    {"one that hangs", "/hangs", "hangs"},
    {"one that closes its output and hangs", "/closes", "hangs"},
};

static void
stand_in(const char *device)
{
    if (strstr(device, "/broken")) {
        (void)printf("it is broken");
        exit(1);
    }
    if (strstr(device, "/talks")) {
        for (int i = 0; i < 100000; i++) {
            (void)putchar('t');
        }
        exit(1);
    }
    if (strstr(device, "/kills")) {
        abort();
    }
    if (strstr(device, "/closes")) {
        (void)fclose(stdout);
    }
    if (!strstr(device, "/works")) {
        (void)pause();
    }
    exit(0);
}

struct verdict {
    unsigned n;
    struct err *e;
};

static void
judged(void *arg, const struct err *e)
{
    struct verdict *v = arg;

    v->n++;
    v->e = err_copy(e);
}

START_TEST(devices_are_checked)
{
    struct device d = {.name = "x"};
    struct verdict v = {0};
    uv_loop_t loop;

    (void)snprintf(d.path, sizeof(d.path), "%s", check_rows[_i].path);
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    (void)check_new(&loop, &d, "", judged, &v);
    ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    AUTO(err_freep) struct err *e = v.e;
    ck_assert_uint_eq(v.n, 1);
    if (check_rows[_i].want) {
        ck_assert_msg(e && strstr(err_text(e), check_rows[_i].want), "%s: %s", check_rows[_i].name,
                      e ? err_text(e) : "works");
    } else {
        ck_assert_msg(!e, "%s: %s", check_rows[_i].name, e ? err_text(e) : "");
    }
}
END_TEST

START_TEST(a_check_is_cancelled)
{
    const struct device d = {.name = "x", .path = "/works"};
    struct verdict v = {0};
    uv_loop_t loop;

    ck_assert_int_eq(uv_loop_init(&loop), 0);
    check_cancel(check_new(&loop, &d, "", judged, &v));
    check_cancel(NULL);
    ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
    ck_assert_uint_eq(v.n, 0);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

/* Messages. */

static const struct device kvm = {.name = "kvm", .path = "/dev/kvm", .shares = 1000};

START_TEST(a_registration_names_version_socket_and_resource)
{
    AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(4096);

    message_register("vmbridge-kvm.sock", "devices.kubevirt.io/kvm", &out);
    V1beta1__RegisterRequest *m = v1beta1__register_request__unpack(NULL, out.len, (const uint8_t *)out.buf);
    ck_assert_ptr_nonnull(m);
    ck_assert_str_eq(m->version, "v1beta1");
    ck_assert_str_eq(m->endpoint, "vmbridge-kvm.sock");
    ck_assert_str_eq(m->resource_name, "devices.kubevirt.io/kvm");
    ck_assert(m->options && !m->options->pre_start_required && !m->options->get_preferred_allocation_available);
    v1beta1__register_request__free_unpacked(m, NULL);
}
END_TEST

START_TEST(every_share_is_told_with_its_health)
{
    AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(ANSWER_MAX_BYTES);

    message_devices(&kvm, _i != 0, &out);
    V1beta1__ListAndWatchResponse *m = v1beta1__list_and_watch_response__unpack(NULL, out.len, (const uint8_t *)out.buf);
    ck_assert_ptr_nonnull(m);
    ck_assert_uint_eq(m->n_devices, kvm.shares);
    for (unsigned i = 0; i < kvm.shares; i++) {
        AUTO(freep) char *id = xasprintf("%u", i);
        ck_assert_str_eq(m->devices[i]->id, id);
        ck_assert_str_eq(m->devices[i]->health, _i ? "Healthy" : "Unhealthy");
    }
    v1beta1__list_and_watch_response__free_unpacked(m, NULL);
}
END_TEST

START_TEST(the_most_shares_fit)
{
    struct device d = kvm;
    AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(ANSWER_MAX_BYTES);

    d.shares = SHARES_MAX;
    message_devices(&d, false, &out);
    ck_assert(!out.over && out.len > SHARES_MAX);
}
END_TEST

static const struct {
    const char *name;
    const char *shares[4]; /* of the one container */
    size_t n_containers;
    const char *want_error; /* NULL: none */
} allocate_rows[] = {
    {"a share", {"0"}, 1, NULL},
    {"several shares give the device once", {"0", "7", "999"}, 1, NULL},
    {"two containers", {"12"}, 2, NULL},
    {"nobody", {NULL}, 0, NULL},
    {"a container without a share", {NULL}, 1, "without a share"},
    {"a share too high", {"1000"}, 1, "no share '1000'"},
    {"a number written otherwise", {"007"}, 1, "no share"},
    {"no number", {"kvm"}, 1, "no share"},
    {"an empty share", {""}, 1, "no share"},
};

START_TEST(shares_are_allocated)
{
    V1beta1__AllocateRequest m;
    V1beta1__ContainerAllocateRequest container;
    V1beta1__ContainerAllocateRequest *containers[] = {&container, &container};
    const char *const paths[] = {"/dev/kvm", "/dev/net/tun"};
    AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(ANSWER_MAX_BYTES);
    uint8_t bytes[256];

    v1beta1__allocate_request__init(&m);
    v1beta1__container_allocate_request__init(&container);
    while (container.n_devices_ids < 4 && allocate_rows[_i].shares[container.n_devices_ids]) {
        container.n_devices_ids++;
    }
    container.devices_ids = (char **)(uintptr_t)allocate_rows[_i].shares;
    m.n_container_requests = allocate_rows[_i].n_containers;
    m.container_requests = containers;
    size_t len = v1beta1__allocate_request__pack(&m, bytes);
    AUTO(err_freep) struct err *e = message_allocate(&kvm, paths, 2, bytes, len, &out);
    if (allocate_rows[_i].want_error) {
        ck_assert_msg(e && strstr(err_text(e), allocate_rows[_i].want_error), "%s", allocate_rows[_i].name);
        ck_assert_int_eq(err_class(e), ERR_INVALID);
        return;
    }
    ck_assert_msg(!e, "%s: %s", allocate_rows[_i].name, e ? err_text(e) : "");
    V1beta1__AllocateResponse *a = v1beta1__allocate_response__unpack(NULL, out.len, (const uint8_t *)strbuf_str(&out));
    ck_assert_ptr_nonnull(a);
    ck_assert_uint_eq(a->n_container_responses, allocate_rows[_i].n_containers);
    for (size_t i = 0; i < a->n_container_responses; i++) {
        const V1beta1__ContainerAllocateResponse *r = a->container_responses[i];
        ck_assert_uint_eq(r->n_devices, 2);
        ck_assert_str_eq(r->devices[1]->host_path, "/dev/net/tun");
        ck_assert_str_eq(r->devices[1]->container_path, "/dev/net/tun");
        ck_assert_str_eq(r->devices[1]->permissions, "rw");
    }
    v1beta1__allocate_response__free_unpacked(a, NULL);
}
END_TEST

/* Two bytes of a message that cost a hundred in memory. */
START_TEST(a_message_that_swells_is_refused)
{
    enum { PAIRS = 50000 };
    AUTO(freep) uint8_t *bytes = xcalloc(PAIRS, 2);
    AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(ANSWER_MAX_BYTES);

    for (size_t i = 0; i < PAIRS; i++) {
        bytes[2 * i] = 0x0a; /* a container, of no bytes */
    }
    AUTO(err_freep) struct err *e = message_allocate(&kvm, NULL, 0, bytes, (size_t)2 * PAIRS, &out);
    ck_assert(e && strstr(err_text(e), "too large"));
}
END_TEST

/* gRPC: the client's bytes go to the server, and back. */

/* Whether anything went over. */
static bool
pass(struct grpc_client *c, struct grpc_server *s)
{
    const uint8_t *data;
    bool went = false;
    ssize_t n;

    for (n = grpc_client_pull(c, &data); n > 0; n = grpc_client_pull(c, &data)) {
        for (ssize_t i = 0; i < n; i++) { /* in the smallest pieces */
            ck_assert(grpc_server_feed(s, data + i, 1));
        }
        went = true;
    }
    for (n = grpc_server_pull(s, &data); n > 0; n = grpc_server_pull(s, &data)) {
        ck_assert(grpc_client_feed(c, data, (size_t)n));
        went = true;
    }
    return went;
}

static void
pass_all(struct grpc_client *c, struct grpc_server *s)
{
    unsigned rounds = 0;

    while (pass(c, s)) {
        rounds++;
        ck_assert_uint_lt(rounds, ROUNDS_MAX);
    }
}

static const struct {
    const char *name, *path;
    const char *message; /* as text: there is no NUL in it */
    const char *want;    /* a part of the error; NULL: it succeeds */
    bool is_open;        /* it does not end */
} call_rows[] = {
    {"options", PLUGIN_OPTIONS_METHOD, "", NULL, false},
    {"an allocation", "/v1beta1.DevicePlugin/Allocate", "\x0a\x03\x0a\x01\x35", NULL, false},
    {"an allocation of nonsense", "/v1beta1.DevicePlugin/Allocate", "\x0a\xff", "status 3", false},
    {"an allocation of a share that is none", "/v1beta1.DevicePlugin/Allocate", "\x0a\x03\x0a\x01\x78",
     "status 3: kvm has no share 'x'", false},
    {"a method that we do not offer", "/v1beta1.DevicePlugin/PreStartContainer", "", "status 12", false},
    {"a watch", "/v1beta1.DevicePlugin/ListAndWatch", "", "without an answer", true},
};

START_TEST(calls_are_answered)
{
    struct plugin p = {.device = &kvm, .gives = &kvm, .n_gives = 1, .root = ""};
    const struct grpc_service service = plugin_service(&p);
    struct grpc_server *s = grpc_server_new(&service);
    struct grpc_client *c = grpc_client_new(call_rows[_i].path, call_rows[_i].message, strlen(call_rows[_i].message));

    pass_all(c, s);
    ck_assert_msg(grpc_client_is_done(c) == !call_rows[_i].is_open, "%s", call_rows[_i].name);
    ck_assert_uint_eq(grpc_server_watches(s), call_rows[_i].is_open ? 1 : 0);
    AUTO(err_freep) struct err *e = grpc_client_result(c);
    if (call_rows[_i].want) {
        ck_assert_msg(e && strstr(err_text(e), call_rows[_i].want), "%s: %s", call_rows[_i].name,
                      e ? err_text(e) : "it succeeds");
    } else {
        ck_assert_msg(!e, "%s: %s", call_rows[_i].name, e ? err_text(e) : "");
    }
    grpc_client_free(c);
    grpc_server_free(s);
}
END_TEST

START_TEST(a_watch_tells_each_change)
{
    struct plugin p = {.device = &kvm, .gives = &kvm, .n_gives = 1, .root = ""};
    const struct grpc_service service = plugin_service(&p);
    struct grpc_server *s = grpc_server_new(&service);
    struct grpc_client *c = grpc_client_new("/v1beta1.DevicePlugin/ListAndWatch", "", 0);

    pass_all(c, s);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert(!pass(c, s));
        p.is_healthy = !p.is_healthy;
        grpc_server_changed(s);
        ck_assert(pass(c, s));
        pass_all(c, s);
    }
    ck_assert_uint_eq(grpc_server_watches(s), 1);
    grpc_client_free(c);
    grpc_server_free(s);
}
END_TEST

START_TEST(what_is_no_http2_is_refused)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    struct plugin p = {.device = &kvm, .gives = &kvm, .n_gives = 1, .root = ""};
    const struct grpc_service service = plugin_service(&p);
    struct grpc_server *s = grpc_server_new(&service);

    ck_assert(!grpc_server_feed(s, (const uint8_t *)text, sizeof(text) - 1));
    grpc_server_free(s);
}
END_TEST

static Suite *
suite(void)
{
    Suite *s = suite_create("node");
    TCase *tc = tcase_create("node");

    tcase_add_loop_test(tc, options_are_read, 0, (int)ARRAY_LEN(option_rows));
    tcase_add_test(tc, environment_is_read_where_no_option_is);
    tcase_add_test(tc, access_is_one_resource);
    tcase_add_loop_test(tc, devices_are_tried, 0, (int)ARRAY_LEN(try_rows));
    tcase_add_loop_test(tc, devices_are_checked, 0, (int)ARRAY_LEN(check_rows));
    tcase_add_test(tc, a_check_is_cancelled);
    tcase_add_test(tc, a_registration_names_version_socket_and_resource);
    tcase_add_loop_test(tc, every_share_is_told_with_its_health, 0, 2);
    tcase_add_test(tc, the_most_shares_fit);
    tcase_add_loop_test(tc, shares_are_allocated, 0, (int)ARRAY_LEN(allocate_rows));
    tcase_add_test(tc, a_message_that_swells_is_refused);
    tcase_add_loop_test(tc, calls_are_answered, 0, (int)ARRAY_LEN(call_rows));
    tcase_add_test(tc, a_watch_tells_each_change);
    tcase_add_test(tc, what_is_no_http2_is_refused);
    suite_add_tcase(s, tc);
    return s;
}

int
main(int argc, char **argv)
{
    if (argc > 2 && str_eq(argv[1], "--try")) {
        stand_in(argv[2]);
    }
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
