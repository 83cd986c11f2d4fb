// Sets of ports, words of a guest, XML text, names: the small pure parts of the launcher.
#include "domain/clean_text.h"
#include "domain/device_alias.h"
#include "domain/port_set.h"
#include "domain/xml_writer.h"

#include <check.h>

static struct port_set
set_of(const char *spec)
{
    struct port_set s = {0};
    unsigned port;
    int n;
    char protocol;

    for (; sscanf(spec, " %c%u%n", &protocol, &port, &n) == 2; spec += n) {
        port_set_add(&s, protocol == 'u', port);
    }
    return s;
}

static const struct {
    const char *name, *set, *want_tcp, *want_udp;
} texts[] = {
    {"nothing", "", "", ""},
    {"one of each", "t22 u53", "22", "53"},
    {"neighbours are a range", "t80 t81 t82 t90", "80-82,90", ""},
    {"two neighbours too", "t80 t81", "80-81", ""},
    {"both ends", "t1 t65535 u65534 u65535", "1,65535", "65534-65535"},
    {"order does not matter", "u9 t3 u8 t1", "1,3", "8-9"},
};

START_TEST(sets_are_written_for_passt)
{
    struct port_set s = set_of(texts[_i].set);
    AUTO(strbuf_fini) struct strbuf tcp = STRBUF_INIT(1000);
    AUTO(strbuf_fini) struct strbuf udp = STRBUF_INIT(1000);

    ck_assert(port_set_text(&s, false, &tcp));
    ck_assert(port_set_text(&s, true, &udp));
    ck_assert_msg(str_eq(strbuf_str(&tcp), texts[_i].want_tcp), "%s: %s", texts[_i].name, strbuf_str(&tcp));
    ck_assert_msg(str_eq(strbuf_str(&udp), texts[_i].want_udp), "%s: %s", texts[_i].name, strbuf_str(&udp));
}
END_TEST

static const struct {
    const char *name, *have, *wish, *want_gone, *want_new;
} diffs[] = {
    {"the same", "t22 u53", "u53 t22", "", ""}, {"one more", "t22", "t22 t80", "", "t80"},
    {"one less", "t22 t80", "t80", "t22", ""},  {"protocols are apart", "t53", "u53", "t53", "u53"},
    {"all new", "", "t1 u2", "", "t1 u2"},
};

START_TEST(sets_are_compared)
{
    struct port_set have = set_of(diffs[_i].have);
    struct port_set wish = set_of(diffs[_i].wish);
    struct port_set want_gone = set_of(diffs[_i].want_gone);
    struct port_set want_new = set_of(diffs[_i].want_new);
    struct port_set got, kept;

    port_set_minus(&have, &wish, &got);
    ck_assert_msg(port_set_equal(&got, &want_gone), "%s: gone", diffs[_i].name);
    port_set_minus(&wish, &have, &got);
    ck_assert_msg(port_set_equal(&got, &want_new), "%s: new", diffs[_i].name);
    port_set_both(&have, &wish, &kept);
    port_set_merge(&got, &kept);
    ck_assert_msg(port_set_equal(&kept, &wish), "%s: kept and new are not the wish", diffs[_i].name);
}
END_TEST

START_TEST(passts_table_is_read)
{
    static const char text[] = "passt/pasta configuration (/run/c.conf)\n"
                               "  HOST\n"
                               "    TCP [*]:22  =>  22 \n"
                               "    TCP [*]:8000-8002  =>  8000-8002 \n"
                               "    UDP [*]:53  =>  53 \n"
                               "    TCP [192.0.2.1]:25  =>  25 \n"
                               "nonsense [*]:9 => 9\n"
                               "    TCP [*]:99999 => 1\n";
    struct port_set want = set_of("t22 t25 t8000 t8001 t8002 u53");
    struct port_set got;

    port_set_read_pesto(text, &got);
    ck_assert(port_set_equal(&got, &want));
}
END_TEST

START_TEST(the_kernels_tables_are_read)
{
    static const char tcp[] =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000   107        0 1\n"
        "   1: 0500D50A:0050 0100D50A:C350 01 00000000:00000000 00:00000000 00000000   107        0 2\n";
    static const char tcp6[] =
        "   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 107 0 3\n";
    static const char udp[] =
        "  12: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000   107        0 4\n";
    struct port_set want = set_of("t22 t8080 u53");
    struct port_set got = {0};

    port_set_read_proc(tcp, false, &got);
    port_set_read_proc(tcp6, false, &got);
    port_set_read_proc(udp, true, &got);
    ck_assert(port_set_equal(&got, &want));
}
END_TEST

/* What a guest with many connections makes of the table. */
START_TEST(a_long_table_is_read)
{
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(16 * 1024 * 1024);
    struct port_set s = {0};

    for (unsigned i = 0; i < 60000; i++) {
        strbuf_addf(&text,
                    "%5u: 0500D50A:%04X 0100D50A:01BB 01 00000000:00000000 00:00000000 00000000   107        0 1\n", i,
                    i);
    }
    strbuf_adds(&text,
                "60000: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000   107        0 1\n");
    port_set_read_proc(text.buf, false, &s);
    ck_assert(port_set_has(&s, false, 80));
    ck_assert_uint_eq(port_set_count(&s), 1);
}
END_TEST

START_TEST(lists_become_sets_and_lists)
{
    struct port items[] = {{.port = 80},
                           {.port = 22, .protocol = PROTOCOL_TCP},
                           {.port = 53, .protocol = PROTOCOL_UDP},
                           {.port = 0},
                           {.port = 70000},
                           {.port = -1},
                           {.port = 80}};
    struct port_list l = {items, ARRAY_LEN(items)};
    struct arena *a = arena_new(10000);
    struct port_set s;

    port_set_from_list(&l, &s);
    struct port_list back = port_set_to_list(&s, a);
    ck_assert_uint_eq(back.n, 3);
    ck_assert_int_eq(back.items[0].port, 22);
    ck_assert_int_eq(back.items[1].port, 80);
    ck_assert_int_eq(back.items[2].port, 53);
    ck_assert_int_eq(back.items[2].protocol, PROTOCOL_UDP);
    arena_free(a);
}
END_TEST

static const struct {
    const char *name, *in, *want;
    size_t max;
} words[] = {
    {"plain", "vm1", "vm1", 100},
    {"nothing", "", NULL, 100},
    {"letters of the world", "Büro 東京 🙂", "Büro 東京 🙂", 100},
    {"an escape", "a\033[2Jb\r\n", "a?[2Jb??", 100},
    {"a control character in two bytes",
     "a\xc2\x9b"
     "b",
     "a?b", 100},
    {"text that turns around",
     "a\xe2\x80\xae"
     "b",
     "a?b", 100},
    {"broken bytes", "a\xff\xc3-", "a?\?-", 100},
    {"an overlong slash", "\xc0\xaf", "??", 100},
    {"a half of a pair", "\xed\xa0\x80", "???", 100},
    {"cut off at the end", "ab\xe6\x9d", "ab??", 100},
    {"too long", "abcdef", "abc", 3},
    {"no half characters at the cap", "ab東", "ab", 4},
    {"nothing but half a character", "東", NULL, 2},
};

START_TEST(words_are_cleaned)
{
    struct arena *a = arena_new(10000);
    char *got = clean_text(a, words[_i].in, words[_i].max);

    ck_assert_msg(str_eq(got, words[_i].want), "%s: '%s'", words[_i].name, got ? got : "(null)");
    arena_free(a);
}
END_TEST

START_TEST(xml_is_escaped)
{
    AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(1000);
    struct xml x = XML_INIT(&out);

    xml_open(&x, "a");
    xml_attr(&x, "b", "<'\"&>\n");
    xml_attr(&x, "none", NULL);
    xml_leaf(&x, "c", "]]>&\x01\xff\uffff\u00e9");
    xml_empty(&x, "d", "e", "1", NULL);
    xml_close(&x);
    ck_assert_str_eq(strbuf_str(&out),
                     "<a b='&lt;&apos;&quot;&amp;&gt;?'>\n  <c>]]&gt;&amp;???\u00e9</c>\n  <d e='1'/>\n</a>\n");
}
END_TEST

static const struct {
    const char *name, *in, *want;
} aliases[] = {
    {"a plain name", "default", "ua-default"},
    {"the longest that fits", "abcdefghijklmnopqrstuvwx", "ua-abcdefghijklmnopqrstuvwx"},
    {"one letter more", "abcdefghijklmnopqrstuvwxy", "ua-abcdefghijklmnop-7"},
    {"a blank", "net_VM Network", "ua-net_VM-Network-7"},
    {"a dot", "a.b", "ua-a-b-7"},
};

START_TEST(aliases_fit_libvirt)
{
    struct arena *a = arena_new(1000);

    ck_assert_str_eq(device_alias(a, aliases[_i].in, 7), aliases[_i].want);
    arena_free(a);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("domain_parts");
    TCase *t = tcase_create("all");

    tcase_add_loop_test(t, sets_are_written_for_passt, 0, ARRAY_LEN(texts));
    tcase_add_loop_test(t, sets_are_compared, 0, ARRAY_LEN(diffs));
    tcase_add_test(t, passts_table_is_read);
    tcase_add_test(t, the_kernels_tables_are_read);
    tcase_add_test(t, a_long_table_is_read);
    tcase_add_test(t, lists_become_sets_and_lists);
    tcase_add_loop_test(t, words_are_cleaned, 0, ARRAY_LEN(words));
    tcase_add_test(t, xml_is_escaped);
    tcase_add_loop_test(t, aliases_fit_libvirt, 0, ARRAY_LEN(aliases));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
