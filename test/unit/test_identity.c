// Identity is a function of names: the same for ever, different for different names, legal where it is used.
#include "api/rules/identity.h"

#include <check.h>
#include <ctype.h>

static struct arena *arena;

static void
make_arena(void)
{
    arena = arena_new(1 << 20);
}

static void
free_arena(void)
{
    arena_free(arena);
}

/* uuid.uuid5(uuid.UUID("6a1a24a1-4061-4607-8bf4-a3963d0c5895"), "default/vm1") of Python's library. */
START_TEST(a_uuid_is_version_five)
{
    ck_assert_str_eq(identity_uuid(arena, "default", "vm1"), "419eb8a5-008c-5c68-bf53-4cb8545ce939");
    ck_assert_str_ne(identity_uuid(arena, "default", "vm2"), "419eb8a5-008c-5c68-bf53-4cb8545ce939");
    ck_assert_str_ne(identity_uuid(arena, "other", "vm1"), "419eb8a5-008c-5c68-bf53-4cb8545ce939");
}
END_TEST

START_TEST(a_mac_is_local_and_stays)
{
    const char *mac = identity_mac(arena, "default", "vm1", "net");

    ck_assert_str_eq(mac, "02:7b:43:4d:e9:cf");
    ck_assert_uint_eq(strlen(mac), 17);
    ck_assert(str_starts(mac, "02:"));
    ck_assert_str_ne(mac, identity_mac(arena, "default", "vm1", "net2"));
    ck_assert_str_ne(mac, identity_mac(arena, "default", "vm1n", "et"));
    ck_assert_str_ne(mac, identity_mac(arena, "default", "vm2", "net"));
}
END_TEST

static void
check_dns_label(const char *name)
{
    ck_assert_uint_le(strlen(name), 63);
    for (const char *p = name; *p; p++) {
        ck_assert(islower((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '-' || *p == '.');
    }
    ck_assert(!strstr(name, ".-") && !strstr(name, "-."));
}

START_TEST(a_replica_has_a_name_of_its_own)
{
    const char *first = identity_replica_name(arena, "set", "uid-1", 0);
    char lengthy[254] = {0};

    memset(lengthy, 'a', sizeof(lengthy) - 1);
    lengthy[56] = '.'; /* where it is cut */
    ck_assert_str_eq(first, identity_replica_name(arena, "set", "uid-1", 0));
    ck_assert_str_ne(first, identity_replica_name(arena, "set", "uid-1", 1));
    ck_assert_str_ne(first, identity_replica_name(arena, "set", "uid-2", 0));
    ck_assert_str_ne(identity_replica_name(arena, "set", "uid-1", 11), identity_replica_name(arena, "set", "uid-11", 1));
    check_dns_label(first);
    check_dns_label(identity_replica_name(arena, lengthy, "uid-1", 7));
    ck_assert(str_starts(first, "set-") && strlen(first) == strlen("set-") + 5);
}
END_TEST

/* As KubeVirt names them: its own examples. */
START_TEST(an_interface_of_the_pod_is_named_after_its_network)
{
    ck_assert_str_eq(identity_pod_interface(arena, "iface1"), "pod7e0055a6880");
    ck_assert_str_eq(identity_pod_interface(arena, "blue"), "pod16477688c0e");
    ck_assert_str_eq(identity_pod_interface(arena, "red"), "podb1f51a511f1");
}
END_TEST

START_TEST(a_vsock_has_an_address_that_stays)
{
    int64_t cid = identity_vsock_cid("uid-1");

    ck_assert_int_eq(cid, identity_vsock_cid("uid-1"));
    ck_assert_int_ne(cid, identity_vsock_cid("uid-2"));
    for (int i = 0; i < 1000; i++) {
        int64_t other = identity_vsock_cid(arena_printf(arena, "%d", i));
        ck_assert(other >= 3 && other < INT64_C(0xffffffff));
    }
}
END_TEST

START_TEST(a_pod_has_a_name_of_its_own)
{
    const struct pod_key key = {.bytes = "a key of thirty-two bytes, maybe"};
    const struct pod_key other = {.bytes = "another one of thirty-two bytes."};
    const char *pod = identity_pod_name(arena, &key, "ns", "vm1", "uid-1");
    const char *unkeyed = identity_pod_name_unkeyed(arena, "vm1", "uid-1");
    char lengthy[254] = {0};
    char stem[POD_STEM_SIZE];

    ck_assert_str_eq(pod, "virt-launcher-vm1-mmzfqzphrpcv");
    ck_assert_str_eq(unkeyed, "virt-launcher-vm1-gdblt"); /* of pods that run since before there was a key */
    ck_assert_str_ne(pod, identity_pod_name(arena, &key, "ns", "vm1", "uid-2"));
    ck_assert_str_ne(pod, identity_pod_name(arena, &key, "other", "vm1", "uid-1"));
    ck_assert_str_ne(pod, identity_pod_name(arena, &other, "ns", "vm1", "uid-1"));
    ck_assert(identity_is_pod_name(&key, "ns", pod));
    ck_assert(!identity_is_pod_name(&other, "ns", pod));
    ck_assert(!identity_is_pod_name(&key, "other", pod));
    ck_assert(!identity_is_pod_name(&key, "ns", unkeyed));
    ck_assert(!identity_is_pod_name(&key, "ns", "virt-launcher-vm2-bbbbbbbbbbbb"));
    const char *target = identity_target_name(arena, &key, "ns", "vm1", "uid-1", "m1");
    ck_assert_str_eq(target, "virt-launcher-vm1-vtflxjwtzqjg");
    ck_assert_str_ne(target, identity_target_name(arena, &key, "ns", "vm1", "uid-1", "m2"));
    ck_assert_str_ne(target, identity_target_name(arena, &key, "ns", "vm1", "uid-2", "m1"));
    ck_assert_str_ne(target, identity_target_name(arena, &other, "ns", "vm1", "uid-1", "m1"));
    ck_assert(identity_is_pod_name(&key, "ns", target));
    ck_assert(identity_stem_of_pod(target, stem));
    ck_assert_str_eq(stem, "vm1");
    ck_assert(identity_stem_of_pod(pod, stem));
    ck_assert_str_eq(stem, "vm1");
    static const char *const others[] = {"",
                                         "virt-launcher-",
                                         "virt-launcher--bbbbbbbbbbbb",
                                         "virt-launcher-a-bbbbbbbbbbb",
                                         "virt-launcher-a-bbbbbbbbbbbbb",
                                         "virt-launcher-a-bbbbbbbbbbba",
                                         "x-bbbbbbbbbbbb"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        ck_assert_msg(!identity_stem_of_pod(others[i], stem), "%s", others[i]);
        ck_assert(!identity_is_pod_name(&key, "ns", others[i]));
    }
    for (size_t len = 1; len < sizeof(lengthy) - 1;
         len++) { /* a cut right after a sign that may not stand before a dash */
        memset(lengthy, 'a', len);
        memset(lengthy + len, 0, sizeof(lengthy) - len);
        for (size_t i = 1; i + 1 < len; i += 3) {
            lengthy[i] = i % 2 ? '.' : '-';
        }
        const char *name = identity_pod_name(arena, &key, "ns", lengthy, "uid");
        char again[POD_STEM_SIZE];
        check_dns_label(name);
        check_dns_label(identity_pod_name_unkeyed(arena, lengthy, "uid"));
        ck_assert(identity_is_pod_name(&key, "ns", name));
        identity_pod_stem(lengthy, stem);
        ck_assert(identity_stem_of_pod(name, again));
        ck_assert_str_eq(stem, again);
    }
}
END_TEST

START_TEST(a_label_value_fits)
{
    char name[254] = {0}, other[254] = {0};

    memset(name, 'a', 63);
    ck_assert_str_eq(identity_label_value(arena, name), name);
    memset(name, 'a', sizeof(name) - 1);
    memcpy(other, name, sizeof(other));
    other[200] = 'b';
    ck_assert_uint_eq(strlen(identity_label_value(arena, name)), 63);
    ck_assert_str_ne(identity_label_value(arena, name), identity_label_value(arena, other));
    memset(name, '.', 60);
    name[0] = 'x';
    check_dns_label(identity_label_value(arena, name));
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("identity");
    TCase *t = tcase_create("identity");

    tcase_add_checked_fixture(t, make_arena, free_arena);
    tcase_add_test(t, a_uuid_is_version_five);
    tcase_add_test(t, a_mac_is_local_and_stays);
    tcase_add_test(t, a_replica_has_a_name_of_its_own);
    tcase_add_test(t, an_interface_of_the_pod_is_named_after_its_network);
    tcase_add_test(t, a_vsock_has_an_address_that_stays);
    tcase_add_test(t, a_pod_has_a_name_of_its_own);
    tcase_add_test(t, a_label_value_fits);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
