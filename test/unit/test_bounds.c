// What enters the caches, and how much of it: names that are none, objects too large for anything, room for each namespace.
#include "api/kinds/vmi.h"
#include "cache/informer.h"
#include "cache/legal.h"
#include "cache/transform.h"
#include "reconcile/pod/pod_kind.h"
#include "reconcile/vm/vm_kind.h"
#include "reconcile/vmi/vmi_kind.h"

#include <check.h>

enum { KIB = 1024 };

static struct room *room;
static struct informer *vms;
static struct informer *vmis;
static unsigned n_changed;

static void
on_changed(void *arg, const struct kind *kind, const struct object *object, bool removed)
{
    (void)arg; /* counted only */
    (void)kind;
    (void)removed;
    ck_assert_ptr_nonnull(object);
    n_changed++;
}

static void
setup(void)
{
    n_changed = 0;
    room = room_new();
    vms = informer_new_in(room, &vm_kind, on_changed, NULL);
    vmis = informer_new_in(room, &vmi_kind, on_changed, NULL);
}

static void
teardown(void)
{
    informer_free(vms);
    informer_free(vmis);
    ck_assert_uint_eq(room_taken(room), 0);
    room_free(room);
}

/* Text that does not pack, the same for the same seed. */
static char *
noise(size_t len, uint32_t seed)
{
    char *text = xcalloc(len + 1, 1);

    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525U + 1013904223U;
        text[i] = (char)('0' + (seed >> 26));
        if (text[i] == '\\') {
            text[i] = '0';
        }
    }
    return text;
}

static json_t *
machine(const char *namespace, const char *name, unsigned version, size_t len)
{
    AUTO(freep) char *text = noise(len, version * 7 + (uint32_t)strlen(name) + (uint32_t)name[0] * 131);
    AUTO(freep) char *number = xasprintf("%u", version);
    json_t *j =
        json_pack("{s:{s:s, s:s, s:s+, s:s, s:i}, s:{s:s, s:{s:{s:s}}}, s:{s:s}}", "metadata", "namespace", namespace,
                  "name", name, "uid", "u-", name, "resourceVersion", number, "generation", 3, "spec", "runStrategy",
                  "Always", "template", "spec", "x", text, "status", "printableStatus", "Running");

    ck_assert_ptr_nonnull(j);
    return j;
}

static const struct object *
put(struct informer *i, json_t *object, const char *why)
{
    const json_t *meta = json_object_get(object, "metadata");
    AUTO(freep) char *key = xasprintf("%s/%s", json_str(meta, "namespace"), json_str(meta, "name"));

    informer_apply(i, object, false, why);
    json_decref(object);
    return store_get(informer_store(i), key);
}

static char *
text_of(const struct object *o)
{
    char *text = NULL;

    ck_assert_ptr_null(packed_text(o->json, &text));
    return text;
}

START_TEST(names_have_an_alphabet_and_a_length)
{
    AUTO(freep) char *longest = noise(LEGAL_NAME_MAX, 1);
    AUTO(freep) char *longer = noise(LEGAL_NAME_MAX + 1, 1);

    memset(longest, 'a', LEGAL_NAME_MAX);
    memset(longer, 'a', LEGAL_NAME_MAX + 1);
    ck_assert(legal_name("a-1.b") && legal_name(longest));
    ck_assert(!legal_name(longer) && !legal_name("") && !legal_name(NULL) && !legal_name("A") && !legal_name("a/b"));
    ck_assert(!legal_name("a b") && !legal_name("\xc3\xa4") && !legal_name("a\n"));
    ck_assert(legal_namespace("ns-1") && !legal_namespace("a.b"));
    ck_assert(legal_uid("00000000-0000-4000-8000-00000000000A") && !legal_uid("a/b") && !legal_uid(" "));
    ck_assert(legal_version("123") && !legal_version("1.2") && legal_kind("kubevirt.io/v1") && !legal_kind("%s"));
}
END_TEST

START_TEST(an_object_without_legal_names_does_not_enter)
{
    static const char *const rows[] = {
        "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"A/b\",\"uid\":\"u\"}}",
        "{\"metadata\":{\"namespace\":\"n/s\",\"name\":\"a\",\"uid\":\"u\"}}",
        "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"a\",\"uid\":\"\"}}",
        "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"a\",\"uid\":\"u\",\"resourceVersion\":\"1/2\"}}",
        "{\"metadata\":{\"namespace\":\"ns\",\"name\":7,\"uid\":\"u\"}}",
        "{\"metadata\":\"ns\"}",
        "{}",
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(json_freep) json_t *j = json_loads(rows[i], 0, NULL);
        informer_apply(vms, j, false, NULL);
        informer_own(vms, j, NULL);
        informer_apply(vms, j, true, NULL);
        ck_assert_msg(store_count(informer_store(vms)) == 0, "%s", rows[i]);
    }
    ck_assert_uint_eq(n_changed, 0);
}
END_TEST

START_TEST(an_owner_without_a_legal_name_is_no_owner)
{
    AUTO(freep) char *longer = noise(400, 1);
    static const char *const uids[] = {"u-1", "u-1", "u/1", ""};
    const char *const names[] = {"owner", longer, "owner", "owner"};
    struct informer *pods = informer_new(&pod_kind, on_changed, NULL);

    memset(longer, 'a', 400);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(freep) char *name = xasprintf("pod-%zu", i);
        json_t *j = machine("ns", name, 1, 10);
        (void)json_object_set_new(
            json_object_get(j, "metadata"), "ownerReferences",
            json_pack("[{s:s, s:s, s:s, s:b}]", "kind", "X", "name", names[i], "uid", uids[i], "controller", 1));
        const struct object *o = put(pods, j, NULL);
        ck_assert_str_eq(o->owner_name, i == 0 ? "owner" : "");
        ck_assert_str_eq(o->owner_uid, i == 0 ? "u-1" : "");
    }
    informer_free(pods);
}
END_TEST

START_TEST(of_finalizers_the_places_of_ours_are_kept)
{
    json_t *j = machine("ns", "a", 1, 10);
    json_t *all = json_array();

    for (size_t i = 0; i < 1100; i++) {
        (void)json_array_append_new(all, json_string(i == 7 || i == 1099 ? VMI_FINALIZER : "tenant.example/f"));
    }
    (void)json_object_set_new(json_object_get(j, "metadata"), "finalizers", all);
    AUTO(json_freep) json_t *cut = transform_object(&vmi_kind, j);
    AUTO(json_freep) json_t *again = transform_object(&vmi_kind, cut);
    AUTO(json_freep) json_t *want = json_pack("[s, s]", "#7", "#1099");
    ck_assert(json_equal(json_at(cut, "metadata", "finalizers", NULL), want));
    ck_assert(json_equal(cut, again));
    AUTO(json_freep) json_t *of_vm = transform_object(&vm_kind, j);
    ck_assert_ptr_null(json_at(of_vm, "metadata", "finalizers", NULL));
    json_decref(j);
}
END_TEST

START_TEST(what_nobody_could_run_is_a_header_with_a_sentence)
{
    const struct object *o = put(vms, machine("ns", "a", 1, TRANSFORM_TEXT_MAX + KIB), NULL);
    AUTO(freep) char *text = text_of(o);

    ck_assert_ptr_nonnull(o->why);
    ck_assert(strstr(o->why, "256 KiB"));
    ck_assert(strstr(text, "\"runStrategy\":\"Always\"") && strstr(text, "\"printableStatus\":\"Running\""));
    ck_assert(strstr(text, "\"generation\":3") && !strstr(text, "template"));
    ck_assert_uint_lt(o->json->len, KIB);
    ck_assert_uint_eq(o->wanted_bytes, 0);
    o = put(vms, machine("ns", "a", 2, KIB), NULL); /* its author has mended it */
    ck_assert_ptr_null(o->why);
    ck_assert_uint_gt(o->json->len, KIB);
}
END_TEST

START_TEST(a_header_that_came_as_one_keeps_the_status_that_is_known)
{
    json_t *header = machine("ns", "a", 2, 1);
    json_t *j = NULL;

    (void)json_object_del(header, "status");
    (void)put(vms, machine("ns", "a", 1, KIB), NULL);
    const struct object *o = put(vms, header, "it is larger than 512 KiB");
    AUTO(freep) char *text = text_of(o);
    ck_assert_str_eq(o->why, "it is larger than 512 KiB");
    ck_assert_str_eq(o->resource_version, "2");
    ck_assert(strstr(text, "\"printableStatus\":\"Running\"") && !strstr(text, "statusLost"));

    header = machine("ns", "b", 2, 1);
    (void)json_object_del(header, "status");
    o = put(vms, header, "it is larger than 512 KiB");
    ck_assert_ptr_null(object_parse(o, KIB, &j));
    ck_assert(object_lost_status(j));
    json_decref(j);
    AUTO(json_freep) json_t *answer = machine("ns", "b", 2, TRANSFORM_TEXT_MAX); /* to the write of its status */
    informer_own(vms, answer, "1");
    AUTO(freep) char *known = text_of(store_get(informer_store(vms), "ns/b"));
    ck_assert(strstr(known, "\"printableStatus\":\"Running\"") && !strstr(known, "statusLost"));
}
END_TEST

/* The answer was too large to be read: what was written is known all the same. */
START_TEST(a_status_that_was_written_is_known)
{
    json_t *header = machine("ns", "a", 1, 1);
    AUTO(json_freep) json_t *status = json_pack("{s:s}", "printableStatus", "Stopped");

    (void)json_object_del(header, "status");
    (void)put(vms, header, "it is larger than 512 KiB");
    informer_note_status(vms, "ns/a", "another", status);
    AUTO(freep) char *before = text_of(store_get(informer_store(vms), "ns/a"));
    ck_assert(strstr(before, "statusLost"));
    informer_note_status(vms, "ns/a", "u-a", status);
    AUTO(freep) char *after = text_of(store_get(informer_store(vms), "ns/a"));
    ck_assert(strstr(after, "Stopped") && !strstr(after, "statusLost"));
    ck_assert_str_eq(store_get(informer_store(vms), "ns/a")->why, "it is larger than 512 KiB");
    informer_note_status(vms, "ns/b", "u-b", status);
}
END_TEST

START_TEST(a_status_that_nobody_of_ours_wrote_does_not_count)
{
    json_t *fat = machine("ns", "a", 1, KIB);
    AUTO(freep) char *text = noise(TRANSFORM_TEXT_MAX, 5);
    json_t *j = NULL;

    (void)json_object_set_new(json_object_get(fat, "status"), "somethingElse", json_string(text));
    const struct object *o = put(vms, fat, NULL);
    ck_assert_uint_lt(o->json->len, 2 * KIB);
    fat = machine("ns", "a", 2, KIB);
    (void)json_object_set_new(json_object_get(fat, "status"), "conditions", json_pack("[{s:s}]", "type", text));
    o = put(vms, fat, NULL);
    ck_assert_ptr_null(o->why);
    ck_assert_ptr_null(object_parse(o, TRANSFORM_TEXT_MAX, &j));
    ck_assert(object_lost_status(j));
    ck_assert_ptr_null(json_object_get(j, "status"));
    json_decref(j);
}
END_TEST

/* Puts machines of 200 KiB until one finds no room; how many did. */
static size_t
fill(struct informer *i, const char *namespace, size_t max)
{
    for (size_t n = 0; n < max; n++) {
        AUTO(freep) char *name = xasprintf("m-%03zu", n);
        if (put(i, machine(namespace, name, (unsigned)n + 1, (size_t)200 * KIB), NULL)->why) {
            return n;
        }
    }
    return max;
}

START_TEST(a_namespace_has_room_for_so_much)
{
    size_t n = fill(vms, "ns", 100);
    AUTO(freep) char *last = xasprintf("ns/m-%03zu", n);
    const struct object *o = store_get(informer_store(vms), last);

    ck_assert_uint_ge(n, ROOM_NAMESPACE_BYTES / 2 / (200 * KIB));
    ck_assert_uint_le(room_taken(room), ROOM_NAMESPACE_BYTES / 2);
    ck_assert(strstr(o->why, "namespace ns") && o->wanted_bytes > 100 * KIB);
    ck_assert(!store_has_room(informer_store(vms), o));
    ck_assert_ptr_null(put(vms, machine("ns", "small", 1, KIB), NULL)->why); /* what is small costs nothing */
    ck_assert_ptr_null(put(vms, machine("other", "large", 1, (size_t)200 * KIB), NULL)->why);
    ck_assert_ptr_null(
        put(vmis, machine("ns", "runs", 1, (size_t)200 * KIB), NULL)->why); /* wishes leave half to what runs */
    AUTO(json_freep) json_t *gone = machine("ns", "m-000", 1, 1);
    informer_apply(vms, gone, true, NULL);
    ck_assert(store_has_room(informer_store(vms), store_get(informer_store(vms), last)));
    AUTO(json_freep) json_t *again = machine("ns", last + 3, (unsigned)n + 1, (size_t)200 * KIB);
    AUTO(freep) char *version = xasprintf("%zu", n + 1);
    informer_own(vms, again, version); /* as effect/refetch.c does */
    ck_assert_ptr_null(store_get(informer_store(vms), last)->why);
}
END_TEST

START_TEST(all_namespaces_together_have_room_for_so_much)
{
    size_t n = 0;

    for (size_t i = 0; i < 40; i++) {
        AUTO(freep) char *namespace = xasprintf("ns-%zu", i);
        n += fill(vms, namespace, 5);
    }
    ck_assert_uint_lt(n, 200);
    ck_assert_uint_le(room_taken(room), ROOM_TOTAL_BYTES / 2);
    ck_assert_ptr_null(put(vmis, machine("ns-39", "runs", 1, (size_t)200 * KIB), NULL)->why);
}
END_TEST

START_TEST(an_object_that_changes_gives_back_what_it_had)
{
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_ptr_null(put(vms, machine("ns", "a", i + 1, (size_t)200 * KIB), NULL)->why);
    }
    ck_assert_uint_lt(room_taken(room), (size_t)200 * KIB);
    (void)put(vms, machine("ns", "a", 200, TRANSFORM_TEXT_MAX + KIB), NULL);
    ck_assert_uint_eq(room_taken(room), 0);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("bounds");
    TCase *tc = tcase_create("bounds");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, names_have_an_alphabet_and_a_length);
    tcase_add_test(tc, an_object_without_legal_names_does_not_enter);
    tcase_add_test(tc, an_owner_without_a_legal_name_is_no_owner);
    tcase_add_test(tc, of_finalizers_the_places_of_ours_are_kept);
    tcase_add_test(tc, what_nobody_could_run_is_a_header_with_a_sentence);
    tcase_add_test(tc, a_header_that_came_as_one_keeps_the_status_that_is_known);
    tcase_add_test(tc, a_status_that_was_written_is_known);
    tcase_add_test(tc, a_status_that_nobody_of_ours_wrote_does_not_count);
    tcase_add_test(tc, a_namespace_has_room_for_so_much);
    tcase_add_test(tc, all_namespaces_together_have_room_for_so_much);
    tcase_add_test(tc, an_object_that_changes_gives_back_what_it_had);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
