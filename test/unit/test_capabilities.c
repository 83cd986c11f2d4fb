// libvirt's XML to names: what a real processor runs is what libvirt calls usable, an emulated one runs each model.
#include "observe/capabilities_read.h"

#include <check.h>

#define DOMAIN(hypervisor)                                                                                    \
    "<domainCapabilities><domain>" hypervisor "</domain><cpu><mode name='host-passthrough' supported='yes'/>" \
    "<mode name='host-model' supported='yes'><model fallback='forbid'>EPYC-Rome</model><vendor>AMD</vendor>"  \
    "<feature policy='require' name='x2apic'/></mode><mode name='custom' supported='yes'>"                    \
    "<model usable='yes' vendor='unknown'>qemu64</model><model usable='no' vendor='Intel'>Denverton</model>"  \
    "<model usable='yes' vendor='AMD' canonical='EPYC-v1'>EPYC</model></mode></cpu></domainCapabilities>"

static struct domain_capabilities c;
static struct arena *a;

static void
begin(void)
{
    a = arena_new(1 << 20);
    c = (struct domain_capabilities){0};
}

static void
end(void)
{
    arena_free(a);
}

static void
ck_names(const struct str_list *l, const char *want)
{
    AUTO(strbuf_fini) struct strbuf have = STRBUF_INIT(4096);

    for (size_t i = 0; i < l->n; i++) {
        (void)strbuf_addf(&have, "%s%s", i > 0 ? " " : "", l->items[i]);
    }
    ck_assert_str_eq(strbuf_str(&have), want);
}

START_TEST(of_kvm_usable_models_count)
{
    ck_assert_ptr_null(capabilities_of_domain(DOMAIN("kvm"), a, &c));
    ck_assert_str_eq(c.hypervisor, "kvm");
    ck_assert_str_eq(c.host_model, "EPYC-Rome");
    ck_names(&c.cpu_models, "qemu64 EPYC");
}
END_TEST

START_TEST(of_emulation_all_models_count)
{
    ck_assert_ptr_null(capabilities_of_domain(DOMAIN("qemu"), a, &c));
    ck_names(&c.cpu_models, "qemu64 Denverton EPYC");
}
END_TEST

START_TEST(of_machines_only_those_that_guests_get_count)
{
    ck_assert_ptr_null(capabilities_of_host(
        "<capabilities><guest><arch name='i686'><machine>pc-q35-2.4</machine></arch></guest><guest><arch name='x86_64'>"
        "<machine>pc-i440fx-10.0</machine><machine canonical='pc-q35-10.0'>q35</machine><machine>pc-q35-10.0</machine>"
        "<machine>pc-q35-10.0</machine><machine>microvm</machine></arch></guest></capabilities>",
        a, &c));
    ck_names(&c.machine_types, "q35 pc-q35-10.0");
}
END_TEST

START_TEST(the_host_model_is_a_cpu_for_libvirt)
{
    AUTO(freep) char *cpu = capabilities_host_cpu(DOMAIN("kvm"));

    ck_assert_str_eq(cpu, "<cpu><model fallback=\"forbid\">EPYC-Rome</model><vendor>AMD</vendor><feature "
                          "policy=\"require\" name=\"x2apic\"/></cpu>");
    ck_assert_ptr_null(capabilities_host_cpu("<domainCapabilities><cpu><mode name='host-model' supported='no'/></cpu>"
                                             "</domainCapabilities>"));
    ck_assert_ptr_null(capabilities_of_cpu("<cpu><model>EPYC</model><feature policy='require' name='acpi'/><feature "
                                           "policy='disable' name='svm'/><feature name='apic'/></cpu>",
                                           a, &c));
    ck_names(&c.cpu_features, "acpi apic");
}
END_TEST

START_TEST(what_is_no_xml_is_an_error)
{
    static const char *const texts[] = {"", "<a", "<a/>", "{}"};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        AUTO(err_freep) struct err *e = capabilities_of_domain(texts[i], a, &c);
        ck_assert_msg(e != NULL, "'%s' is taken", texts[i]);
    }
}
END_TEST

START_TEST(names_are_bounded)
{
    AUTO(strbuf_fini) struct strbuf xml = STRBUF_INIT(1 << 16);

    (void)strbuf_adds(&xml, "<cpu>");
    for (int i = 0; i < NODE_FEATURES_MAX + 10; i++) {
        (void)strbuf_addf(&xml, "<feature name='f%d'/>", i);
    }
    (void)strbuf_adds(&xml, "</cpu>");
    ck_assert_ptr_null(capabilities_of_cpu(strbuf_str(&xml), a, &c));
    ck_assert_uint_eq(c.cpu_features.n, NODE_FEATURES_MAX);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("capabilities");
    TCase *tc = tcase_create("capabilities");
    SRunner *runner = srunner_create(s);

    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, of_kvm_usable_models_count);
    tcase_add_test(tc, of_emulation_all_models_count);
    tcase_add_test(tc, of_machines_only_those_that_guests_get_count);
    tcase_add_test(tc, the_host_model_is_a_cpu_for_libvirt);
    tcase_add_test(tc, what_is_no_xml_is_an_error);
    tcase_add_test(tc, names_are_bounded);
    suite_add_tcase(s, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
