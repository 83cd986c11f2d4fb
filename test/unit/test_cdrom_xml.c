// What is given to libvirt to change a medium: the element as it says it, with one thing changed.
#include "observe/cdrom_xml.h"

#include <check.h>

#define GUEST(devices) "<domain type='kvm'><name>a</name><devices>" devices "</devices></domain>"
#define CDROM(source)                                               \
    "<disk type='file' device='cdrom'><driver name='qemu'/>" source \
    "<target dev='sda' bus='sata'/><alias name='ua-cd'/></disk>"
#define SOURCE "<source file='/a.iso' index='1'/>"

static const struct {
    const char *name, *live, *kept;
    bool is_out;
    const char *want; /* NULL: nothing is to be done */
} rows[] = {
    {"a medium goes out", GUEST(CDROM(SOURCE "<backingStore/>")), GUEST(CDROM(SOURCE)), true,
     "<disk type=\"file\" device=\"cdrom\"><driver name=\"qemu\"/><target dev=\"sda\" bus=\"sata\"/><alias "
     "name=\"ua-cd\"/></disk>"},
    {"a medium that is out", GUEST(CDROM("")), GUEST(CDROM(SOURCE)), true, NULL},
    {"a medium comes back", GUEST(CDROM("")), GUEST(CDROM("<source file='/a.iso'/>")), false,
     "<disk type=\"file\" device=\"cdrom\"><driver name=\"qemu\"/><target dev=\"sda\" bus=\"sata\"/><alias "
     "name=\"ua-cd\"/><source file=\"/a.iso\"/></disk>"},
    {"a medium comes back in place of what libvirt says of an empty tray", GUEST(CDROM("<source index='6'/>")),
     GUEST(CDROM("<source file='/a.iso'/>")), false,
     "<disk type=\"file\" device=\"cdrom\"><driver name=\"qemu\"/><target dev=\"sda\" bus=\"sata\"/><alias "
     "name=\"ua-cd\"/><source file=\"/a.iso\"/></disk>"},
    {"an empty tray that has such a source", GUEST(CDROM("<source index='6'/>")), GUEST(CDROM(SOURCE)), true, NULL},
    {"a medium that is in", GUEST(CDROM(SOURCE)), GUEST(CDROM(SOURCE)), false, NULL},
    {"a tray that was empty from the start", GUEST(CDROM("")), GUEST(CDROM("")), false, NULL},
};

START_TEST(a_medium_is_changed)
{
    AUTO(freep) char *text = NULL;
    struct err *e = cdrom_xml_switch(rows[_i].live, rows[_i].kept, "ua-cd", rows[_i].is_out, &text);

    ck_assert_msg(!e, "%s: %s", rows[_i].name, e ? err_text(e) : "");
    ck_assert_msg(str_eq(text, rows[_i].want), "%s: %s", rows[_i].name, text ? text : "(nothing)");
}
END_TEST

static const struct {
    const char *live;
    const char *want;
} errors[] = {
    {"<domain", "libvirt's description of the guest cannot be read"},
    {GUEST(""), "the guest has no device ua-cd"},
    {"<domain/>", "the guest has no device ua-cd"},
    {GUEST("<interface><alias name='ua-cd'/></interface>"), "the guest has no device ua-cd"},
    {GUEST("<disk><alias name='ua-other'/></disk>"), "the guest has no device ua-cd"},
};

START_TEST(what_is_not_there_is_told)
{
    AUTO(freep) char *text = NULL;
    AUTO(err_freep) struct err *e = cdrom_xml_switch(errors[_i].live, "<domain/>", "ua-cd", false, &text);

    ck_assert_str_eq(e ? err_text(e) : "", errors[_i].want);
    ck_assert_ptr_null(text);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("cdrom_xml");
    TCase *t = tcase_create("cdrom_xml");

    tcase_add_loop_test(t, a_medium_is_changed, 0, (int)ARRAY_LEN(rows));
    tcase_add_loop_test(t, what_is_not_there_is_told, 0, (int)ARRAY_LEN(errors));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int n = srunner_ntests_failed(r);
    srunner_free(r);
    return n == 0 ? 0 : 1;
}
