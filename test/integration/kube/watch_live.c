// Watches against a real kube-apiserver: everything is seen, nothing is lost, all over one connection.
#include "live.h"

#include "base/clock.h"

#include <check.h>
#include <dirent.h>
#include <unistd.h>

Suite *watch_suite(void);

static void make_many(struct live *l, unsigned from, unsigned n);
static unsigned tcp_connections(void);
static double metric(const struct live *l, const char *series);
static double restarts(const struct live *l, const char *why);

START_TEST(sees_what_is_made_changed_and_deleted)
{
    struct live l;
    struct live_store s;

    live_open(&l, NULL);
    live_namespace(&l, "seen");
    live_make(&l, "before", 1);
    live_watch(&l, &s);
    ck_assert(live_until_objects(&l, &s, 1, LIVE_WAIT_MS));
    ck_assert_uint_eq(s.n_begin, 1);
    ck_assert(live_has(&s, "before"));
    live_make(&l, "after", 1);
    ck_assert(live_until_objects(&l, &s, 2, LIVE_WAIT_MS));
    struct live_answer a = live_call(&l, KUBE_MERGE_PATCH, live_path(&l, "after"), "{\"data\":{\"k\":\"v\"}}");
    ck_assert(!a.has_err);
    live_answer_fini(&a);
    ck_assert(live_until_count(&l, &s.n_modified, 1, LIVE_WAIT_MS));
    a = live_call(&l, KUBE_DELETE, live_path(&l, "before"), NULL);
    ck_assert(!a.has_err);
    live_answer_fini(&a);
    ck_assert(live_until_objects(&l, &s, 1, LIVE_WAIT_MS));
    ck_assert(live_has(&s, "after") && s.n_deleted == 1 && s.n_wrong == 0 && s.n_begin == 1 && s.n_synced == 1);
    live_store_fini(&s);
    live_close(&l);
}
END_TEST

START_TEST(twenty_watches_and_requests_share_one_connection)
{
    struct live l;
    struct live_store s[20];

    live_open(&l, NULL);
    live_namespace(&l, "share");
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        live_watch(&l, &s[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        ck_assert(live_until_objects(&l, &s[i], 0, LIVE_WAIT_MS));
    }
    make_many(&l, 0, 50);
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        ck_assert_msg(live_until_objects(&l, &s[i], 50, LIVE_WAIT_MS), "watch %zu holds %zu", i, live_count(&s[i]));
        ck_assert_uint_eq(s[i].n_wrong, 0);
    }
    ck_assert_uint_eq(tcp_connections(), 1);
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        live_store_fini(&s[i]);
    }
    live_close(&l);
}
END_TEST

START_TEST(a_list_of_many_objects_comes_whole)
{
    struct live l;
    struct live_store s;

    live_open(&l, NULL);
    live_namespace(&l, "whole");
    make_many(&l, 0, 1200);
    live_watch(&l, &s);
    ck_assert(live_until_objects(&l, &s, 1200, LIVE_WAIT_MS));
    ck_assert_uint_eq(s.n_begin, 1);
    ck_assert_uint_eq(s.n_added, 1200);
    make_many(&l, 1200, 1);
    ck_assert(live_until_objects(&l, &s, 1201, LIVE_WAIT_MS));
    live_store_fini(&s);
    live_close(&l);
}
END_TEST

static void
on_object_close(void *arg, enum watch_event event, const json_t *object, const char *why)
{
    struct live_store *s = arg;

    live_sink.object(arg, event, object, why);
    if (s->watch && live_count(s) == 3) {
        watch_close(s->watch);
        s->watch = NULL;
    }
}

START_TEST(a_watch_may_be_closed_from_its_sink)
{
    struct watch_sink sink = live_sink;
    struct live l;
    struct live_store s = {0};

    sink.object = on_object_close;
    live_open(&l, NULL);
    live_namespace(&l, "closing");
    make_many(&l, 0, 10);
    const struct watch_spec spec = {.path = live_path(&l, NULL), .resource = "configmaps"};
    s.watch = watch_new(l.kube, &spec, &sink, &s);
    live_run(&l, 1000);
    ck_assert(!s.watch);
    ck_assert_uint_eq(live_count(&s), 3);
    struct live_answer a = live_call(&l, KUBE_GET, "/version", NULL);
    ck_assert_msg(!a.has_err, "%s", a.text);
    live_answer_fini(&a);
    live_store_fini(&s);
    live_close(&l);
}
END_TEST

START_TEST(an_object_over_the_cap_comes_as_its_header)
{
    struct live l;
    struct live_store s = {0};

    live_open(&l, NULL);
    live_namespace(&l, "cap");
    const struct watch_spec spec = {.path = live_path(&l, NULL), .resource = "configmaps", .object_max_bytes = 20000};
    live_make(&l, "before", 40000);
    s.watch = watch_new(l.kube, &spec, &live_sink, &s);
    ck_assert(live_until_count(&l, &s.n_synced, 1, LIVE_WAIT_MS));
    ck_assert(live_has(&s, "before") && s.n_headers == 1);
    live_make(&l, "big", 40000);
    live_make(&l, "small", 100);
    for (int64_t end_ms = clock_mono_ms() + LIVE_WAIT_MS; !live_has(&s, "small") && clock_mono_ms() < end_ms;) {
        live_run(&l, 10);
    }
    ck_assert(live_has(&s, "big") && live_has(&s, "small") && s.n_headers == 2);
    struct live_answer a = live_call(&l, KUBE_DELETE, live_path(&l, "big"), NULL);
    ck_assert(live_until_count(&l, &s.n_deleted, 1, LIVE_WAIT_MS));
    ck_assert(!live_has(&s, "big") && s.n_headers == 3 && s.n_wrong == 0);
    ck_assert(restarts(&l, "error") == 0 && s.n_begin == 1);
    ck_assert(metric(&l, "vmbridge_watch_objects_skipped_total{resource=\"configmaps\",reason=\"large\"} ") == 3);
    live_answer_fini(&a);
    live_store_fini(&s);
    live_close(&l);
}
END_TEST

START_TEST(bookmarks_come_while_nothing_happens)
{
    struct live l;
    struct live_store s = {0};

    live_open(&l, NULL);
    live_namespace(&l, "quiet");
    const struct watch_spec spec = {
        .path = live_path(&l, NULL), .resource = "configmaps", .field_selector = "metadata.name=never"};
    s.watch = watch_new(l.kube, &spec, &live_sink, &s);
    ck_assert(live_until_count(&l, &s.n_synced, 1, LIVE_WAIT_MS));
    ck_assert(metric(&l, "watch_events_total{resource=\"configmaps\"} ") == 1); /* the one that ends the list */
    int64_t end_ms = clock_mono_ms() + 100000;                                  /* about one a minute */
    while (metric(&l, "watch_events_total{resource=\"configmaps\"} ") < 2 && clock_mono_ms() < end_ms) {
        live_make(&l, "other", 1);
        struct live_answer a = live_call(&l, KUBE_DELETE, live_path(&l, "other"), NULL);
        live_answer_fini(&a);
        live_run(&l, 1000);
    }
    ck_assert(metric(&l, "watch_events_total{resource=\"configmaps\"} ") >= 2);
    ck_assert(s.n_added + s.n_modified + s.n_deleted == 0 && s.n_begin == 1);
    live_store_fini(&s);
    live_close(&l);
}
END_TEST

/* The test's own requests come through another client than the watch where the server goes away. */
START_TEST(a_restart_of_the_server_loses_nothing)
{
    struct live l;
    struct live_store s[5];

    if (!live_has_server()) {
        return; /* somebody else's cluster */
    }
    live_open(&l, NULL);
    live_namespace(&l, "restart");
    make_many(&l, 0, 10);
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        live_watch(&l, &s[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        ck_assert(live_until_objects(&l, &s[i], 10, LIVE_WAIT_MS));
    }
    live_server(&l, _i == 0 ? "kill" : "stop");
    struct live_answer a = live_call(&l, KUBE_DELETE, live_path(&l, "m3"), NULL);
    ck_assert(a.has_err && a.status == 0 && a.class == ERR_RETRY);
    live_answer_fini(&a);
    live_run(&l, 1500);
    live_server(&l, "start");
    a = live_call(&l, KUBE_DELETE, live_path(&l, "m3"), NULL);
    ck_assert_msg(!a.has_err, "%s", a.text);
    live_answer_fini(&a);
    make_many(&l, 10, 5);
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        ck_assert_msg(live_until_objects(&l, &s[i], 14, LIVE_WAIT_MS), "watch %zu holds %zu", i, live_count(&s[i]));
        ck_assert(!live_has(&s[i], "m3"));
        ck_assert_uint_eq(s[i].n_wrong, 0);
        live_store_fini(&s[i]);
    }
    ck_assert_uint_le(tcp_connections(), 2);
    live_close(&l);
}
END_TEST

START_TEST(a_compacted_history_is_listed_again)
{
    struct live l;
    struct live_store s;

    if (!live_has_server()) {
        return;
    }
    live_open(&l, NULL);
    live_namespace(&l, "compact");
    make_many(&l, 0, 10);
    live_watch(&l, &s);
    ck_assert(live_until_objects(&l, &s, 10, LIVE_WAIT_MS));
    live_server(&l, "cut"); /* kills the server, changes and deletes config maps behind it, compacts, starts it again */
    ck_assert(live_until_count(&l, &s.n_begin, 2, LIVE_WAIT_MS));
    ck_assert(live_until_objects(&l, &s, 9, LIVE_WAIT_MS));
    ck_assert(!live_has(&s, "m7"));
    ck_assert(restarts(&l, "gone") >= 1);
    live_store_fini(&s);
    live_close(&l);
}
END_TEST

START_TEST(pages_are_read_where_lists_are_not_streamed)
{
    struct live l;
    struct live_store s;

    if (!live_has_server()) {
        return;
    }
    live_open(&l, NULL);
    live_namespace(&l, "pages");
    make_many(&l, 0, 1200);
    live_make(&l, "large", 700000);
    live_server(&l, "stop");
    live_server(&l, "pages");
    live_watch(&l, &s);
    ck_assert_msg(live_until_objects(&l, &s, 1201, LIVE_WAIT_MS), "%zu objects", live_count(&s));
    ck_assert_uint_eq(s.n_begin, 2); /* the refused stream began a list, too */
    ck_assert_uint_eq(s.n_added, 1201);
    ck_assert_uint_eq(s.n_headers, 1);
    ck_assert(restarts(&l, "refused") >= 1);
    make_many(&l, 1200, 3);
    ck_assert(live_until_objects(&l, &s, 1204, LIVE_WAIT_MS));
    ck_assert_uint_eq(s.n_wrong, 0);
    live_store_fini(&s);
    live_server(&l, "stop");
    live_server(&l, "start");
    live_close(&l);
}
END_TEST

START_TEST(a_hung_server_is_noticed)
{
    struct live l;
    struct live_store s;

    if (!live_has_server()) {
        return;
    }
    live_open(&l, NULL);
    live_namespace(&l, "hung");
    live_watch(&l, &s);
    ck_assert(live_until_objects(&l, &s, 0, LIVE_WAIT_MS));
    live_server(&l, "freeze"); /* its kernel still acknowledges */
    struct live_answer a = {0};
    const struct kube_call call = {.verb = KUBE_GET, .path = "/version", .resource = "version", .timeout_ms = 2000};
    (void)kube_send(l.kube, &call, live_done, &a);
    bool is_done = live_until(&l, &a.is_done, 10000);
    live_run(&l, 500);
    bool is_cut = restarts(&l, "error") >= 1;
    live_server(&l, "thaw");
    ck_assert(is_done && a.has_err && a.status == 0);
    ck_assert_msg(is_cut, "the watch hangs on a dead connection");
    live_answer_fini(&a);
    live_make(&l, "after", 1);
    ck_assert(live_until_objects(&l, &s, 1, LIVE_WAIT_MS));
    ck_assert_uint_eq(s.n_begin, 1);
    live_store_fini(&s);
    live_close(&l);
}
END_TEST

Suite *
watch_suite(void)
{
    Suite *s = suite_create("watch_live");
    TCase *t = tcase_create("watch");
    TCase *server = tcase_create("server");

    tcase_add_test(t, sees_what_is_made_changed_and_deleted);
    tcase_add_test(t, twenty_watches_and_requests_share_one_connection);
    tcase_add_test(t, a_list_of_many_objects_comes_whole);
    tcase_add_test(t, a_watch_may_be_closed_from_its_sink);
    tcase_add_test(t, bookmarks_come_while_nothing_happens);
    tcase_add_test(t, an_object_over_the_cap_comes_as_its_header);
    tcase_add_loop_test(server, a_restart_of_the_server_loses_nothing, 0, 2);
    tcase_add_test(server, pages_are_read_where_lists_are_not_streamed);
    tcase_add_test(server, a_compacted_history_is_listed_again);
    tcase_add_test(server, a_hung_server_is_noticed);
    suite_add_tcase(s, t);
    suite_add_tcase(s, server);
    return s;
}

/* Config maps m<from>.., all at once. */
static void
make_many(struct live *l, unsigned from, unsigned n)
{
    struct live_answer *a = xcalloc(n, sizeof(*a));

    for (unsigned i = 0; i < n; i++) {
        AUTO(freep) char *body = xasprintf("{\"metadata\":{\"name\":\"m%u\"},\"data\":{\"k\":\"v\"}}", from + i);
        const struct kube_call call = {
            .verb = KUBE_POST, .path = live_path(l, NULL), .resource = "configmaps", .body = body};
        (void)kube_send(l->kube, &call, live_done, &a[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        ck_assert(live_until(l, &a[i].is_done, LIVE_WAIT_MS));
        ck_assert_msg(!a[i].has_err, "%s", a[i].text);
        live_answer_fini(&a[i]);
    }
    free(a);
}

/* TCP sockets that this process holds. */
static unsigned
tcp_connections(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    char path[300];
    char target[64];
    char line[512];

    ck_assert(d);
    for (const struct dirent *f = readdir(d); f; f = readdir(d)) {
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%s", f->d_name);
        ssize_t len = readlink(path, target, sizeof(target) - 1);
        if (len < 0) {
            continue;
        }
        target[len] = '\0';
        unsigned long inode = 0;
        if (sscanf(target, "socket:[%lu]", &inode) != 1) {
            continue;
        }
        AUTO(freep) char *word = xasprintf(" %lu ", inode);
        FILE *tcp = fopen("/proc/net/tcp", "re");
        ck_assert(tcp);
        while (fgets(line, sizeof(line), tcp)) {
            n += strstr(line, word) ? 1 : 0;
        }
        (void)fclose(tcp);
    }
    (void)closedir(d);
    return n;
}

/* Value of the series whose text, with the space behind it, ends the given way. */
static double
metric(const struct live *l, const char *series)
{
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(1 << 20);

    ck_assert(metrics_render(l->metrics, &text));
    const char *at = strstr(text.buf, series);
    return at ? strtod(at + strlen(series), NULL) : 0;
}

static double
restarts(const struct live *l, const char *why)
{
    AUTO(freep) char *series = xasprintf("watch_restarts_total{resource=\"configmaps\",reason=\"%s\"} ", why);

    return metric(l, series);
}
