// Store, informer and the keys that depend on an object: what a stream of watch events leaves behind.
#include "api/rules/identity.h"
#include "cache/foreign.h"
#include "cache/informer.h"
#include "cache/launchers.h"
#include "cache/transform.h"
#include "reconcile/kinds.h"
#include "reconcile/kubevirt/kubevirt_kind.h"
#include "reconcile/pod/pod_kind.h"
#include "reconcile/pvc/pvc_kind.h"
#include "reconcile/service/service_kind.h"
#include "reconcile/vm/vm_kind.h"
#include "reconcile/vmi/vmi_kind.h"

#include <check.h>

static struct caches *caches;
static struct informer *inf; /* of instances */
static unsigned n_changed;
static unsigned n_removed;

/* Whether the object's JSON has the text. */
static bool
has(const struct object *o, const char *needle)
{
    AUTO(freep) char *text = NULL;

    ck_assert_ptr_null(packed_text(o->json, &text));
    return strstr(text, needle);
}

static void
on_changed(void *arg, const struct kind *kind, const struct object *object, bool removed)
{
    (void)arg;
    ck_assert_ptr_eq(kind, &vmi_kind);
    ck_assert_ptr_nonnull(object);
    n_changed += removed ? 0 : 1;
    n_removed += removed ? 1 : 0;
}

static void
setup(void)
{
    n_changed = n_removed = 0;
    caches = caches_new(kinds, n_kinds, on_changed, NULL);
    inf = caches_informer(caches, &vmi_kind);
}

static void
teardown(void)
{
    caches_free(caches);
}

static json_t *
object(const char *name, const char *uid, const char *version, const char *phase)
{
    return json_pack("{s:{s:s, s:s, s:s, s:s, s:[{s:s}]}, s:{s:s}}", "metadata", "namespace", "ns", "name", name, "uid",
                     uid, "resourceVersion", version, "managedFields", "manager", "x", "status", "phase", phase);
}

static void
apply(const char *name, const char *uid, const char *version, const char *phase, bool removed)
{
    AUTO(json_freep) json_t *o = object(name, uid, version, phase);

    informer_apply(inf, o, removed, NULL);
}

START_TEST(an_object_is_cut_and_found)
{
    apply("a", "u1", "1", "Pending", false);
    const struct object *o = store_get(informer_store(inf), "ns/a");
    ck_assert_ptr_nonnull(o);
    ck_assert_str_eq(o->uid, "u1");
    ck_assert(!has(o, "managedFields"));
    ck_assert_uint_eq(store_text_bytes(informer_store(inf)), o->json->len);
    ck_assert_uint_eq(store_bytes(informer_store(inf)), packed_bytes(o->json));
}
END_TEST

START_TEST(the_same_object_again_changes_nothing)
{
    apply("a", "u1", "1", "Pending", false);
    apply("a", "u1", "1", "Pending", false);
    ck_assert_uint_eq(n_changed, 1);
}
END_TEST

START_TEST(a_new_uid_is_a_removal_and_a_new_object)
{
    apply("a", "u1", "1", "Pending", false);
    apply("a", "u2", "5", "Pending", false);
    ck_assert_uint_eq(n_removed, 1);
    ck_assert_uint_eq(n_changed, 2);
    apply("a", "u1", "6", "Pending", true); /* the late end of the first one */
    ck_assert_ptr_nonnull(store_get(informer_store(inf), "ns/a"));
}
END_TEST

START_TEST(a_list_sweeps_what_is_gone)
{
    apply("a", "u1", "1", "Pending", false);
    apply("b", "u2", "2", "Pending", false);
    informer_begin(inf);
    apply("b", "u2", "2", "Pending", false);
    informer_synced(inf);
    ck_assert_ptr_null(store_get(informer_store(inf), "ns/a"));
    ck_assert_ptr_nonnull(store_get(informer_store(inf), "ns/b"));
    ck_assert_uint_eq(n_removed, 1);
}
END_TEST

START_TEST(of_a_kind_that_is_not_served_there_are_none)
{
    uint64_t changes;

    apply("a", "u1", "1", "Pending", false);
    ck_assert_int_eq(store_serving(informer_store(inf)), STORE_SERVED);
    informer_absent(inf, false);
    ck_assert_uint_eq(n_removed, 1);
    ck_assert_uint_eq(store_count(informer_store(inf)), 0);
    ck_assert(informer_is_synced(inf) && store_serving(informer_store(inf)) == STORE_UNSERVED);
    changes = store_changes(informer_store(inf));
    informer_absent(inf, true);
    ck_assert_int_eq(store_serving(informer_store(inf)), STORE_REFUSED);
    ck_assert_uint_ne(store_changes(informer_store(inf)), changes);
    changes = store_changes(informer_store(inf));
    informer_begin(inf);
    informer_synced(inf);
    ck_assert_int_eq(store_serving(informer_store(inf)), STORE_SERVED);
    ck_assert_uint_ne(store_changes(informer_store(inf)), changes);
}
END_TEST

START_TEST(an_own_write_is_read_at_once)
{
    AUTO(json_freep) json_t *mine = object("a", "u1", "7", "Running");

    apply("a", "u1", "5", "Pending", false);
    informer_own(inf, mine, "5");
    ck_assert(has(store_get(informer_store(inf), "ns/a"), "Running"));
    apply("a", "u1", "7", "Running", false);
    ck_assert_uint_eq(n_changed, 2);
}
END_TEST

/* The watch was quicker than the answer to our write, and has brought even what came after it. */
START_TEST(an_answer_does_not_undo_what_the_watch_brought)
{
    AUTO(json_freep) json_t *mine = object("a", "u1", "7", "Running");

    apply("a", "u1", "5", "Pending", false);
    apply("a", "u1", "7", "Running", false);
    apply("a", "u1", "8", "Failed", false);
    informer_own(inf, mine, "5");
    ck_assert(has(store_get(informer_store(inf), "ns/a"), "Failed"));
    apply("a", "u1", "9", "Succeeded", false); /* and nothing later is lost */
    ck_assert(has(store_get(informer_store(inf), "ns/a"), "Succeeded"));
}
END_TEST

START_TEST(an_answer_to_a_create_makes_no_ghost)
{
    AUTO(json_freep) json_t *mine = object("a", "u1", "5", "Pending");

    apply("a", "u1", "5", "Pending", false);
    apply("a", "u1", "6", "Pending", true);
    informer_own(inf, mine, NULL); /* the answer to the create comes last */
    ck_assert_ptr_null(store_get(informer_store(inf), "ns/a"));
}
END_TEST

START_TEST(a_create_takes_the_place_of_an_earlier_life)
{
    AUTO(json_freep) json_t *mine = object("a", "u2", "9", "Pending");

    apply("a", "u1", "5", "Failed", false);
    informer_own(inf, mine, NULL);
    ck_assert_str_eq(store_get(informer_store(inf), "ns/a")->uid, "u2");
    apply("a", "u1", "8", "Failed", true);
    ck_assert_str_eq(store_get(informer_store(inf), "ns/a")->uid, "u2");
}
END_TEST

START_TEST(a_deletion_that_was_answered_stays_expected)
{
    apply("a", "u1", "1", "Running", false);
    informer_expect_deletion(inf, "ns/a", "u1");
    ck_assert(store_get(informer_store(inf), "ns/a")->expects_deletion);
    apply("a", "u1", "2", "Failed", false);
    ck_assert(store_get(informer_store(inf), "ns/a")->expects_deletion);
    informer_expect_deletion(inf, "ns/a", "another");
    apply("a", "u2", "3", "Pending", false);
    ck_assert(!store_get(informer_store(inf), "ns/a")->expects_deletion);
}
END_TEST

static void
count_key(void *arg, const struct kind *kind, const char *key)
{
    struct strbuf *sb = arg;

    (void)strbuf_addf(sb, "%s/%s ", kind->name, key);
}

START_TEST(an_object_concerns_those_its_arrows_lead_to)
{
    AUTO(json_freep)
    json_t *user = json_pack("{s:{s:s, s:s, s:s}, s:{s:[{s:{s:s}}]}}", "metadata", "namespace", "ns", "name", "user",
                             "uid", "u9", "spec", "volumes", "persistentVolumeClaim", "claimName", "data");
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(4096);

    informer_apply(inf, user, false, NULL);
    apply("other", "u8", "1", "Running", false);
    const struct object pod = {.key = "ns/virt-launcher-user-abcde", .owner_name = "user", .owner_uid = "u9"};
    const struct object claim = {.key = "ns/data"};
    const struct object vmi = {.key = "ns/user"};
    arrows_follow(&arrows, caches, &pod_kind, &pod, count_key, &sb);
    arrows_follow(&arrows, caches, &pvc_kind, &claim, count_key, &sb);
    arrows_follow(&arrows, caches, &vmi_kind, &vmi, count_key, &sb);
    ck_assert_str_eq(strbuf_str(&sb), "vmi/ns/user vmi/ns/user vmi/ns/user vm/ns/user ");
}
END_TEST

static void
note_owner(void *arg, const struct kind *kind, const struct object *object, bool removed)
{
    (void)kind; /* there is one */
    (void)removed;
    (void)strbuf_addf(arg, "%s ", object->owner_uid);
}

static void
put_owned(struct caches *all, const char *owner)
{
    AUTO(json_freep)
    json_t *j = json_pack("{s:{s:s, s:s, s:s, s:[{s:s, s:s, s:s, s:b}]}}", "metadata", "namespace", "ns", "name", "a",
                          "uid", "u1", "ownerReferences", "kind", "Set", "name", "set", "uid", owner, "controller", 1);

    informer_apply(caches_informer(all, &vmi_kind), j, false, NULL);
}

START_TEST(whoever_owned_an_object_hears_that_he_does_no_more)
{
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(4096);
    struct caches *all = caches_new(kinds, n_kinds, note_owner, &sb);

    put_owned(all, "first");
    put_owned(all, "second");
    ck_assert_str_eq(strbuf_str(&sb), "first first second ");
    caches_free(all);
}
END_TEST

/* What nobody controls may be adopted by each of its namespace. */
START_TEST(an_orphan_concerns_who_may_adopt_it)
{
    static const struct arrow row = {&pvc_kind, &vmi_kind, ARROW_ADOPTER, .says = "of this test"};
    const struct arrows adopted = {&row, 1};
    const struct object orphan = {.key = "ns/data", .owner_uid = ""};
    const struct object elsewhere = {.key = "other/data", .owner_uid = ""};
    const struct object owned = {.key = "ns/data", .owner_name = "user", .owner_uid = "u9"};
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(4096);

    apply("user", "u9", "1", "Running", false);
    apply("other", "u8", "1", "Running", false);
    arrows_follow(&adopted, caches, &pvc_kind, &elsewhere, count_key, &sb);
    arrows_follow(&adopted, caches, &pvc_kind, &owned, count_key, &sb);
    ck_assert_str_eq(strbuf_str(&sb), "");
    arrows_follow(&adopted, caches, &pvc_kind, &orphan, count_key, &sb);
    ck_assert_msg(strstr(strbuf_str(&sb), "vmi/ns/user ") && strstr(strbuf_str(&sb), "vmi/ns/other "), "%s",
                  strbuf_str(&sb));
}
END_TEST

START_TEST(a_pod_concerns_whom_its_name_tells)
{
    static const char lengthy[] = "a-machine-with-a-name-that-is-longer-than-there-is-room-for";
    char stem[POD_STEM_SIZE];
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(4096);

    apply("user", "u9", "1", "Running", false);
    apply(lengthy, "u8", "1", "Running", false);
    const struct object stripped = {.key = "ns/virt-launcher-user-bcdfgbcdfgbc", .owner_name = "", .owner_uid = ""};
    arrows_follow(&arrows, caches, &pod_kind, &stripped, count_key, &sb);
    identity_pod_stem(lengthy, stem);
    AUTO(freep) char *key = xasprintf("ns/virt-launcher-%s-bcdfgbcdfgbc", stem);
    const struct object cut = {.key = key, .owner_name = "user", .owner_uid = "u9"};
    arrows_follow(&arrows, caches, &pod_kind, &cut, count_key, &sb);
    const struct object nobodys = {.key = "ns/virt-launcher-x-bcdfgbcdfgbc", .owner_name = "user", .owner_uid = "u9"};
    arrows_follow(&arrows, caches, &pod_kind, &nobodys, count_key, &sb);
    AUTO(freep) char *want = xasprintf("vmi/ns/user vmi/ns/%s ", lengthy);
    ck_assert_str_eq(strbuf_str(&sb), want);
}
END_TEST

static void
on_pod(void *arg, const struct kind *kind, const struct object *object, bool removed)
{
    (void)kind;
    ck_assert_ptr_nonnull(object);
    (void)strbuf_addf(arg, "%s ", removed ? "gone" : "changed");
}

static json_t *
pod(const char *label, const char *version, const char *more)
{
    AUTO(freep)
    char *text =
        xasprintf("{\"metadata\":{\"namespace\":\"ns\",\"name\":\"p\",\"uid\":\"u\",\"resourceVersion\":\"%s\","
                  "\"labels\":{\"kubevirt.io\":\"%s\"}%s}}",
                  version, label, more);
    return json_loads(text, 0, NULL);
}

/* What the watch says is gone may only have lost its label: the memory of ends tells the two apart. */
START_TEST(a_pod_out_of_sight_is_not_one_that_has_ended)
{
    static const struct {
        const char *more;
        bool is_end;
    } rows[] = {
        {"", false},
        {",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"deletionGracePeriodSeconds\":30", false},
        {",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"deletionGracePeriodSeconds\":0", true},
        {",\"deletionTimestamp\":\"2026-01-01T00:00:00Z\",\"deletionGracePeriodSeconds\":0,\"finalizers\":[\"x\"]",
         false},
        {"},\"status\":{\"phase\":\"Succeeded\"", true},
        {"},\"status\":{\"phase\":\"Running\"", false},
    };
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(4096);
    struct informer *pods = informer_new(&pod_kind, on_pod, &sb);
    AUTO(json_freep) json_t *seen = pod("virt-launcher", "1", "");
    AUTO(json_freep) json_t *last = pod("virt-launcher", "2", rows[_i].more);

    informer_apply(pods, seen, false, NULL);
    ck_assert(!informer_found(pods, seen)); /* the watch sees it */
    informer_apply(pods, last, true, NULL);
    ck_assert_ptr_null(store_get(informer_store(pods), "ns/p"));
    ck_assert(store_is_ended(informer_store(pods), "u") == rows[_i].is_end);

    AUTO(json_freep) json_t *stripped = pod("other", "3", "");
    ck_assert(informer_found(pods, stripped));
    ck_assert(store_get(informer_store(pods), "ns/p")->hidden);
    AUTO(json_freep) json_t *healed = pod("virt-launcher", "4", "");
    informer_own(pods, healed, "3");
    ck_assert(!store_get(informer_store(pods), "ns/p")->hidden);
    informer_lost(pods, "ns/p", "another");
    ck_assert_ptr_nonnull(store_get(informer_store(pods), "ns/p"));
    informer_lost(pods, "ns/p", "u");
    ck_assert_ptr_null(store_get(informer_store(pods), "ns/p"));
    ck_assert(store_is_ended(informer_store(pods), "u"));
    ck_assert_str_eq(strbuf_str(&sb), "changed gone changed changed gone ");
    informer_free(pods);
}
END_TEST

static void
note_gone(void *arg, const char *pod_key, const char *subject)
{
    (void)strbuf_addf(arg, "%s:%s ", pod_key, subject);
}

START_TEST(foreign_pods_are_counted_and_bounded)
{
    struct foreign *f = foreign_new();
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(4096);

    ck_assert(foreign_put(f, "ns/a", "u1"));
    ck_assert(!foreign_put(f, "ns/a", "u1"));
    uint64_t version = foreign_about(f, "u1").version;
    ck_assert(foreign_put(f, "ns/b", "u1"));
    ck_assert(foreign_about(f, "u1").version != version);
    ck_assert_uint_eq(foreign_about(f, "u1").n, 2);
    ck_assert_str_eq(foreign_about(f, "u1").name, "a");
    ck_assert(foreign_put(f, "ns/a", "u2")); /* its owner was changed */
    ck_assert_uint_eq(foreign_about(f, "u1").n, 1);
    ck_assert_uint_eq(foreign_about(f, "u2").n, 1);
    foreign_mark(f);
    ck_assert(!foreign_put(f, "ns/b", "u1"));
    foreign_sweep(f, note_gone, &sb);
    ck_assert_str_eq(strbuf_str(&sb), "ns/a:u2 ");
    AUTO(freep) char *left = foreign_remove(f, "ns/b");
    ck_assert_str_eq(left, "u1");
    ck_assert_ptr_null(foreign_remove(f, "ns/b"));
    ck_assert_uint_eq(foreign_count(f), 0);
    for (int i = 0; i < 2 * FOREIGN_MAX; i++) {
        AUTO(freep) char *key = xasprintf("ns/p%d", i);
        AUTO(freep) char *subject = xasprintf("u%d", i % 1000);
        (void)foreign_put(f, key, subject);
        (void)foreign_put(f, key, "one");
    }
    ck_assert_uint_le(foreign_count(f), FOREIGN_MAX);
    ck_assert_uint_eq(foreign_about(f, "one").n, FOREIGN_EACH_MAX);
    foreign_free(f);
}
END_TEST

START_TEST(a_service_concerns_those_it_selects)
{
    static const struct {
        const char *service, *want;
    } rows[] = {
        {"{\"spec\":{\"selector\":{\"app\":\"web\"}}}", "vmi/ns/web "},
        {"{\"spec\":{\"selector\":{\"kubevirt.io\":\"virt-launcher\",\"app\":\"web\"}}}", "vmi/ns/web "},
        {"{\"spec\":{\"selector\":{\"app\":\"none\"}}}", ""},
        {"{\"spec\":{\"selector\":{\"vm.kubevirt.io/name\":\"web\"}}}", "vmi/ns/web vmi/ns/db "},
        {"{\"spec\":{\"selector\":{\"kubevirt.io\":\"virt-launcher\"}}}", "vmi/ns/web vmi/ns/db "},
        {"{\"spec\":{\"selector\":{}}}", ""},
        {"{\"spec\":{}}", ""},
    };
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(4096);
    const char *const names[] = {"web", "db"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(json_freep)
        json_t *vmi = json_pack("{s:{s:s, s:s, s:s, s:{s:s}}}", "metadata", "namespace", "ns", "name", names[i], "uid",
                                names[i], "labels", "app", names[i]);
        informer_apply(inf, vmi, false, NULL);
    }
    AUTO(packed_freep) struct packed *json = packed_new(NULL, rows[_i].service, strlen(rows[_i].service));
    const struct object service = {.key = "ns/svc", .json = json};
    arrows_follow(&arrows, caches, &service_kind, &service, count_key, &sb);
    ck_assert_str_eq(strbuf_str(&sb), rows[_i].want);
}
END_TEST

static bool
note_key(void *arg, const struct object *o)
{
    (void)strbuf_addf(arg, "%s ", o->key);
    return true;
}

static void
note_service(void *arg, const struct kind *kind, const struct object *o, bool removed)
{
    (void)kind;
    (void)removed;
    (void)strbuf_addf(arg, "%s%s ", has(o, "\"web\"") ? "web" : "", has(o, "\"db\"") ? "db" : "");
}

START_TEST(a_service_is_found_by_its_selector_and_a_change_reaches_both_sides)
{
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(4096);
    struct informer *services = informer_new(&service_kind, note_service, &sb);
    const char *const selected[] = {"web", "web", "db"};

    for (size_t i = 0; i < ARRAY_LEN(selected); i++) {
        AUTO(json_freep)
        json_t *j = json_pack("{s:{s:s, s:s, s:s}, s:{s:{s:s}}}", "metadata", "namespace", "ns", "name", "s", "uid",
                              "u", "spec", "selector", "app", selected[i]);
        informer_apply(services, j, false, NULL);
    }
    ck_assert_str_eq(strbuf_str(&sb), "web web db ");
    strbuf_reset(&sb);
    store_each_about(informer_store(services), "ns", "app=web", note_key, &sb);
    ck_assert_str_eq(strbuf_str(&sb), "");
    store_each_about(informer_store(services), "ns", "app=db", note_key, &sb);
    store_each_about(informer_store(services), "other", "app=db", note_key, &sb);
    ck_assert_str_eq(strbuf_str(&sb), "ns/s ");
    informer_free(services);
}
END_TEST

static const char *
said(const struct launchers *l, const char *pod_uid)
{
    const struct launcher *one = launchers_find(launchers_get(l, "u1"), pod_uid);
    static char *text;

    free(text);
    text = NULL;
    if (one && one->state) {
        AUTO(err_freep) struct err *e = packed_text(one->state, &text);
        ck_assert(!e);
    }
    return text ? text : "";
}

START_TEST(launchers_of_two_pods_speak_for_themselves)
{
    struct launchers *l = launchers_new();

    launchers_connected(l, "u1", "p1"); /* nobody knows u1 yet */
    ck_assert_ptr_null(launchers_get(l, "u1"));
    launchers_name(l, "u1", "ns/a");
    launchers_connected(l, "u1", "p1");
    ck_assert(launchers_state(l, "u1", "p1", "{}", 2));
    ck_assert(!launchers_state(l, "u1", "p1", "{}", 2));
    launchers_sent(l, "u1", "p1", "ports");
    launchers_connected(l, "u1", "p2");
    ck_assert_str_eq(said(l, "p1"), "{}"); /* the newer one has not taken its place */
    ck_assert_str_eq(said(l, "p2"), "");
    ck_assert_str_eq(launchers_find(launchers_get(l, "u1"), "p1")->desired, "ports");
    ck_assert_ptr_null(launchers_find(launchers_get(l, "u1"), "p2")->desired);
    ck_assert(launchers_state(l, "u1", "p2", "{\"b\":1}", 7));
    uint64_t version = launchers_get(l, "u1")->version;
    ck_assert(launchers_state(l, "u1", "p1", "{\"a\":1}", 7)); /* the older one speaks late */
    ck_assert(launchers_get(l, "u1")->version != version);
    ck_assert_str_eq(said(l, "p1"), "{\"a\":1}");
    ck_assert_str_eq(said(l, "p2"), "{\"b\":1}");
    ck_assert(!launchers_state(l, "u1", "p3", "{}", 2)); /* it has not dialed in */
    ck_assert_uint_eq(launchers_count(l), 2);
    launchers_disconnected(l, "u1", "p1");
    ck_assert_uint_eq(launchers_count(l), 1);
    ck_assert(launchers_find(launchers_get(l, "u1"), "p2")->connected);
    launchers_connected(l, "u1", "p3");
    ck_assert_str_eq(said(l, "p1"), "{\"a\":1}"); /* what it said last holds */
    launchers_remove_pod(l, "u1", "p3");
    launchers_connected(l, "u1", "p1");
    ck_assert_ptr_null(launchers_find(launchers_get(l, "u1"), "p1")->desired); /* over this connection nothing yet */
    launchers_remove_pod(l, "u1", "p1");
    ck_assert_uint_eq(launchers_count(l), 1);
    ck_assert_uint_eq(launchers_get(l, "u1")->n, 1);
    ck_assert_str_eq(said(l, "p2"), "{\"b\":1}");
    launchers_remove(l, "u1");
    ck_assert_uint_eq(launchers_count(l), 0);
    ck_assert_str_eq(said(l, "p2"), "");
    launchers_free(l);
}
END_TEST

START_TEST(pods_one_after_the_other_leave_one_launcher)
{
    struct launchers *l = launchers_new();
    char pod[16];

    launchers_name(l, "u1", "ns/a");
    for (unsigned i = 0; i < 1000; i++) {
        (void)snprintf(pod, sizeof(pod), "p%u", i);
        launchers_connected(l, "u1", pod);
        ck_assert(launchers_state(l, "u1", pod, "{}", 2));
        if (i > 0) {
            (void)snprintf(pod, sizeof(pod), "p%u", i - 1);
            launchers_remove_pod(l, "u1", pod);
        }
    }
    ck_assert_uint_eq(launchers_get(l, "u1")->n, 1);
    ck_assert_uint_eq(launchers_count(l), 1);
    for (unsigned i = 0; i < 1000; i++) { /* nor when nobody says that they are gone */
        (void)snprintf(pod, sizeof(pod), "q%u", i);
        launchers_connected(l, "u1", pod);
        launchers_disconnected(l, "u1", pod);
    }
    ck_assert_uint_le(launchers_get(l, "u1")->n, LAUNCHERS_EACH_MAX);
    ck_assert(launchers_find(launchers_get(l, "u1"), "p999")->connected); /* one on the line keeps its place */
    for (unsigned i = 0; i < 10; i++) {
        (void)snprintf(pod, sizeof(pod), "r%u", i);
        launchers_connected(l, "u1", pod);
    }
    ck_assert_uint_eq(launchers_count(l), LAUNCHERS_EACH_MAX);
    ck_assert_ptr_null(launchers_find(launchers_get(l, "u1"), "r9"));
    launchers_free(l);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("cache");
    TCase *tc = tcase_create("cache");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_object_is_cut_and_found);
    tcase_add_test(tc, the_same_object_again_changes_nothing);
    tcase_add_test(tc, a_new_uid_is_a_removal_and_a_new_object);
    tcase_add_test(tc, a_list_sweeps_what_is_gone);
    tcase_add_test(tc, of_a_kind_that_is_not_served_there_are_none);
    tcase_add_test(tc, an_own_write_is_read_at_once);
    tcase_add_test(tc, an_answer_does_not_undo_what_the_watch_brought);
    tcase_add_test(tc, an_answer_to_a_create_makes_no_ghost);
    tcase_add_test(tc, a_create_takes_the_place_of_an_earlier_life);
    tcase_add_test(tc, a_deletion_that_was_answered_stays_expected);
    tcase_add_test(tc, an_object_concerns_those_its_arrows_lead_to);
    tcase_add_test(tc, an_orphan_concerns_who_may_adopt_it);
    tcase_add_test(tc, whoever_owned_an_object_hears_that_he_does_no_more);
    tcase_add_test(tc, a_pod_concerns_whom_its_name_tells);
    tcase_add_loop_test(tc, a_pod_out_of_sight_is_not_one_that_has_ended, 0, 6);
    tcase_add_test(tc, foreign_pods_are_counted_and_bounded);
    tcase_add_loop_test(tc, a_service_concerns_those_it_selects, 0, 7);
    tcase_add_test(tc, a_service_is_found_by_its_selector_and_a_change_reaches_both_sides);
    tcase_add_test(tc, launchers_of_two_pods_speak_for_themselves);
    tcase_add_test(tc, pods_one_after_the_other_leave_one_launcher);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
