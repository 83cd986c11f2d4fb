// What is given to libvirt to switch a device: the element as it says it, with one thing changed.
#include "observe/device_xml.h"

#include <check.h>

#define GUEST(devices) "<domain type='kvm'><name>a</name><devices>" devices "</devices></domain>"
#define NIC(link)                                                                             \
    "<interface type='vhostuser'><mac address='02:00:00:00:00:01'/><target dev='tap0'/>" link \
    "<alias name='ua-net'/></interface>"
#define CDROM(source)                                               \
    "<disk type='file' device='cdrom'><driver name='qemu'/>" source \
    "<target dev='sda' bus='sata'/><alias name='ua-cd'/></disk>"
#define SOURCE "<source file='/a.iso' index='1'/>"

static const struct {
    const char *name, *live, *kept;
    struct device_switch s;
    const char *want; /* NULL: nothing is to be done */
} rows[] = {
    {"a link goes down",
     GUEST(NIC("")),
     GUEST(NIC("")),
     {.alias = "ua-net", .is_off = true},
     "<interface type=\"vhostuser\"><mac address=\"02:00:00:00:00:01\"/><target dev=\"tap0\"/><alias "
     "name=\"ua-net\"/><link state=\"down\"/></interface>"},
    {"a link that is down", GUEST(NIC("<link state='down'/>")), GUEST(NIC("")), {.alias = "ua-net", .is_off = true}, NULL},
    {"a link comes up",
     GUEST(NIC("<link state='down'/>")),
     GUEST(NIC("")),
     {.alias = "ua-net"},
     "<interface type=\"vhostuser\"><mac address=\"02:00:00:00:00:01\"/><target dev=\"tap0\"/><alias "
     "name=\"ua-net\"/><link state=\"up\"/></interface>"},
    {"a link that is up", GUEST(NIC("<link state='up'/>")), GUEST(NIC("")), {.alias = "ua-net"}, NULL},
    {"a link of which nothing is said is up", GUEST(NIC("")), GUEST(NIC("")), {.alias = "ua-net"}, NULL},
    {"another card is left alone",
     GUEST("<interface type='user'><alias name='net9'/></interface>" NIC("")),
     GUEST(NIC("")),
     {.alias = "ua-net", .is_off = true},
     "<interface type=\"vhostuser\"><mac address=\"02:00:00:00:00:01\"/><target dev=\"tap0\"/><alias "
     "name=\"ua-net\"/><link state=\"down\"/></interface>"},
    {"a medium goes out",
     GUEST(CDROM(SOURCE "<backingStore/>")),
     GUEST(CDROM(SOURCE)),
     {.alias = "ua-cd", .is_cdrom = true, .is_off = true},
     "<disk type=\"file\" device=\"cdrom\"><driver name=\"qemu\"/><target dev=\"sda\" bus=\"sata\"/><alias "
     "name=\"ua-cd\"/></disk>"},
    {"a medium that is out",
     GUEST(CDROM("")),
     GUEST(CDROM(SOURCE)),
     {.alias = "ua-cd", .is_cdrom = true, .is_off = true},
     NULL},
    {"a medium comes back",
     GUEST(CDROM("")),
     GUEST(CDROM("<source file='/a.iso'/>")),
     {.alias = "ua-cd", .is_cdrom = true},
     "<disk type=\"file\" device=\"cdrom\"><driver name=\"qemu\"/><target dev=\"sda\" bus=\"sata\"/><alias "
     "name=\"ua-cd\"/><source file=\"/a.iso\"/></disk>"},
    {"a medium that is in", GUEST(CDROM(SOURCE)), GUEST(CDROM(SOURCE)), {.alias = "ua-cd", .is_cdrom = true}, NULL},
    {"a tray that was empty from the start", GUEST(CDROM("")), GUEST(CDROM("")), {.alias = "ua-cd", .is_cdrom = true}, NULL},
};

START_TEST(a_device_is_switched)
{
    AUTO(freep) char *text = NULL;
    struct err *e = device_xml_switch(rows[_i].live, rows[_i].kept, &rows[_i].s, &text);

    ck_assert_msg(!e, "%s: %s", rows[_i].name, e ? err_text(e) : "");
    ck_assert_msg(str_eq(text, rows[_i].want), "%s: %s", rows[_i].name, text ? text : "(nothing)");
}
END_TEST

static const struct {
    const char *live;
    struct device_switch s;
    const char *want;
} errors[] = {
    {"<domain", {.alias = "ua-net"}, "libvirt's description of the guest cannot be read"},
    {GUEST(""), {.alias = "ua-net"}, "the guest has no device ua-net"},
    {"<domain/>", {.alias = "ua-net"}, "the guest has no device ua-net"},
    {GUEST(CDROM("")), {.alias = "ua-cd"}, "the guest has no device ua-cd"}, /* a card of that name */
};

START_TEST(what_is_not_there_is_told)
{
    AUTO(freep) char *text = NULL;
    AUTO(err_freep) struct err *e = device_xml_switch(errors[_i].live, "<domain/>", &errors[_i].s, &text);

    ck_assert_str_eq(e ? err_text(e) : "", errors[_i].want);
    ck_assert_ptr_null(text);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("device_xml");
    TCase *t = tcase_create("device_xml");

    tcase_add_loop_test(t, a_device_is_switched, 0, (int)ARRAY_LEN(rows));
    tcase_add_loop_test(t, what_is_not_there_is_told, 0, (int)ARRAY_LEN(errors));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int n = srunner_ntests_failed(r);
    srunner_free(r);
    return n == 0 ? 0 : 1;
}
