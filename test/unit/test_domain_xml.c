// Golden cases: an instance and the facts of its pod, and the XML they become. VMB_REGENERATE=1 writes want.xml anew.
#include "base/yaml.h"
#include "domain/domain_resolve.h"
#include "domain/domain_xml.h"
#include "domain/parts.h"
#include "domain_fixture.h"

#include <check.h>
#include <glob.h>

static glob_t cases;

static void
regenerate(const char *dir, const char *xml)
{
    AUTO(freep) char *path = xasprintf("%s/want.xml", dir);
    AUTO(fclosep) FILE *f = fopen(path, "we");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(xml, f), 0);
}

START_TEST(becomes_the_golden_text)
{
    const char *dir = cases.gl_pathv[_i];
    AUTO(strbuf_fini) struct strbuf xml = STRBUF_INIT(DOMAIN_XML_MAX);
    struct domain_view view;
    struct domain_fixture x;

    domain_load(dir, &x);
    struct err *e = domain_resolve(&x.instance, &x.facts, x.arena, &view);
    if (!e) {
        e = domain_xml(&view, &xml);
    }
    ck_assert_msg(!e, "%s: %s", dir, e ? err_text(e) : "");
    if (getenv("VMB_REGENERATE")) {
        regenerate(dir, strbuf_str(&xml));
    }
    AUTO(freep) char *want = domain_slurp(dir, "want.xml");
    ck_assert_msg(str_eq(want, strbuf_str(&xml)), "%s differs; see it with VMB_REGENERATE=1 and git diff. It is:\n%s",
                  dir, strbuf_str(&xml));
    arena_free(x.arena);
}
END_TEST

/* Names of the outermost elements in 'xml', with a blank before and behind each. */
static char *
outer_elements(const char *xml)
{
    AUTO(strbuf_fini) struct strbuf names = STRBUF_INIT(4096);

    strbuf_addc(&names, ' ');
    for (const char *line = xml; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (line[0] == '<' && line[1] != '/') {
            strbuf_add(&names, line + 1, strcspn(line + 1, " />"));
            strbuf_addc(&names, ' ');
        }
    }
    return xstrdup(strbuf_str(&names));
}

/* The row's words in 'names', in order; what was written is added to 'seen'. */
static void
check_elements(const char *dir, const struct part *p, const char *names, struct strbuf *seen)
{
    AUTO(freep) char *words = xasprintf(" %s ", p->elements);
    const char *at = words;

    for (const char *n = names; n[1]; n = strchr(n + 1, ' ')) {
        AUTO(freep) char *word = xasprintf("%.*s ", (int)(strchr(n + 1, ' ') - n), n);
        const char *found = strstr(at, word);
        ck_assert_msg(found != NULL, "%s: %s writes%sbut the table says%s", dir, p->name, word, words);
        at = found;
        strbuf_addf(seen, "%s%s", p->name, word);
    }
}

START_TEST(families_write_what_the_table_says)
{
    AUTO(strbuf_fini) struct strbuf seen = STRBUF_INIT(DOMAIN_FILE_MAX);

    for (size_t c = 0; c < cases.gl_pathc; c++) {
        struct domain_view view;
        struct domain_fixture x;

        domain_load(cases.gl_pathv[c], &x);
        ck_assert_ptr_null(domain_resolve(&x.instance, &x.facts, x.arena, &view));
        for (size_t k = 0; k < domain_parts_len; k++) {
            AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(DOMAIN_XML_MAX);
            struct xml xml = XML_INIT(&text);
            domain_parts[k]->write(&view, &xml);
            AUTO(freep) char *names = outer_elements(strbuf_str(&text));
            check_elements(cases.gl_pathv[c], domain_parts[k], names, &seen);
        }
        arena_free(x.arena);
    }
    for (size_t k = 0; k < domain_parts_len; k++) {
        const struct part *p = domain_parts[k];
        for (const char *w = p->elements; *w; w += strcspn(w, " "), w += *w == ' ') {
            AUTO(freep) char *word = xasprintf("%s %.*s ", p->name, (int)strcspn(w, " "), w);
            ck_assert_msg(strstr(strbuf_str(&seen), word) != NULL, "no case has %s", word);
        }
        ck_assert_msg(p->is_device || k == 0 || !domain_parts[k - 1]->is_device, "%s stands behind a device", p->name);
    }
}
END_TEST

/* One change to the smallest case, and what is said about it. */
static const struct {
    const char *name;
    const char *patch; /* merged into the instance */
    const char *want;  /* part of the error */
} refused[] = {
    {"a disk without a volume", "{\"spec\":{\"domain\":{\"devices\":{\"disks\":[{\"name\":\"lost\",\"disk\":{}}]}}}}",
     "spec.domain.devices.disks[lost]: no volume of that name"},
    {"a port of another protocol", "{\"openPorts\":[\"22\",\"22/sctp\"]}", "\"22/sctp\" is no port"},
    {"a port that is too large", "{\"openPorts\":[\"65536\"]}", "\"65536\" is no port"},
    {"a port that is a word", "{\"openPorts\":[\"ssh\"]}", "\"ssh\" is no port"},
    {"a port that is nothing", "{\"openPorts\":[\"\"]}", "\"\" is no port"},
    {"too many processors", "{\"spec\":{\"domain\":{\"cpu\":{\"sockets\":512,\"cores\":2}}}}", "at most 512"},
    {"a part of Hyper-V's interfaces without what it needs",
     "{\"spec\":{\"domain\":{\"features\":{\"hyperv\":{\"synictimer\":{},\"vpindex\":{\"enabled\":false}}}}}}",
     "spec.domain.features.hyperv.synic: needs vpindex"},
    {"a time zone that the image does not have", "{\"spec\":{\"domain\":{\"clock\":{\"timezone\":\"Mars/Olympus\"}}}}",
     "spec.domain.clock.timezone: Mars/Olympus is not in"},
    {"no memory", "{\"spec\":{\"domain\":{\"memory\":null}}}", "spec.domain.memory.guest"},
    {"a cdrom on virtio",
     "{\"volumes\":[{\"name\":\"a\",\"kind\":\"empty-disk\"}],"
     "\"spec\":{\"domain\":{\"devices\":{\"disks\":[{\"name\":\"a\",\"cdrom\":{\"bus\":\"virtio\"}}]}}}}",
     "use sata or scsi"},
    {"a serial number that QEMU would take apart",
     "{\"volumes\":[{\"name\":\"a\",\"kind\":\"empty-disk\"}],"
     "\"spec\":{\"domain\":{\"devices\":{\"disks\":[{\"name\":\"a\",\"disk\":{},\"serial\":\"a,b=c\"}]}}}}",
     "serial may hold"},
    {"a place on PCI that no disk can have",
     "{\"spec\":{\"volumes\":[{\"name\":\"a\",\"emptyDisk\":{\"capacity\":\"1Gi\"}}],\"domain\":{\"devices\":{"
     "\"disks\":[{\"name\":\"a\",\"disk\":{\"bus\":\"virtio\",\"pciAddress\":\"0000:ff:00.0\"}}]}}}}",
     "spec.domain.devices.disks[a]: pciAddress: the guest has buses 00 to 1f"},
    {"a place on PCI that is none",
     "{\"spec\":{\"networks\":[{\"name\":\"x\",\"pod\":{}}],\"domain\":{\"devices\":{\"interfaces\":"
     "[{\"name\":\"x\",\"masquerade\":{},\"pciAddress\":\"5\"}]}}}}",
     "spec.domain.devices.interfaces[x]: pciAddress: malformed"},
    {"an interface without a network",
     "{\"spec\":{\"domain\":{\"devices\":{\"interfaces\":[{\"name\":\"x\",\"masquerade\":{}}]}}}}",
     "spec.domain.devices.interfaces[x]: no network of that name"},
    {"two interfaces on the pod network",
     "{\"spec\":{\"networks\":[{\"name\":\"x\",\"pod\":{}}],\"domain\":{\"devices\":{\"interfaces\":"
     "[{\"name\":\"x\",\"masquerade\":{}},{\"name\":\"x\",\"masquerade\":{}}]}}}}",
     "only one interface"},
    {"a binding of another kind",
     "{\"spec\":{\"networks\":[{\"name\":\"x\",\"multus\":{\"networkName\":\"n\"}}],\"domain\":{\"devices\":{"
     "\"interfaces\":"
     "[{\"name\":\"x\",\"sriov\":{}}]}}}}",
     "masquerade and bridge only"},
    {"a network that takes the place of the pod's beside that",
     "{\"spec\":{\"networks\":[{\"name\":\"x\",\"multus\":{\"networkName\":\"n\",\"default\":true}},{\"name\":\"y\","
     "\"pod\":{}}],\"domain\":{\"devices\":{\"interfaces\":"
     "[{\"name\":\"x\",\"bridge\":{}},{\"name\":\"y\",\"bridge\":{}}]}}}}",
     "only one interface"},
    {"a network that is none",
     "{\"spec\":{\"networks\":[{\"name\":\"x\",\"pod\":{\"vmNetworkCIDR\":\"10.0.2.0/"
     "31\"}}],\"domain\":{\"devices\":{\"interfaces\":"
     "[{\"name\":\"x\",\"masquerade\":{}}]}}}}",
     "vmNetworkCIDR '10.0.2.0/31'"},
};

START_TEST(is_refused_with_the_field)
{
    AUTO(freep) char *dir = xasprintf("%s/../golden/domain/smallest", getenv("VMB_TEST_DIR"));
    AUTO(freep) char *text = domain_slurp(dir, "in.yaml");
    AUTO(json_freep) json_t *docs = NULL;
    AUTO(json_freep) json_t *patch = json_loads(refused[_i].patch, 0, NULL);
    struct arena *a = arena_new(DOMAIN_FILE_MAX);
    struct instance i = {0};
    struct disk_facts disk = {.volume = "a", .path = "/a", .format = "raw", .has_o_direct = true};
    const struct domain_facts facts = {.run_dir = "/run", .state_dir = "/state", .disks = &disk, .n_disks = 1};
    struct domain_view view;

    struct err *e = yaml_parse(text, strlen(text), DOMAIN_FILE_MAX, &docs);
    ck_assert_ptr_null(e);
    ck_assert_int_eq(json_object_update_recursive(json_array_get(docs, 0), patch), 0);
    e = api_decode(&instance_type, json_array_get(docs, 0), a, &i);
    ck_assert_msg(!e, "%s: %s", refused[_i].name, e ? err_text(e) : "");
    e = instance_derive(&i, a);
    if (!e) {
        e = domain_resolve(&i, &facts, a, &view);
    }
    ck_assert_msg(e && err_class(e) == ERR_INVALID, "%s: not refused", refused[_i].name);
    ck_assert_msg(strstr(err_text(e), refused[_i].want) != NULL, "%s: %s", refused[_i].name, err_text(e));
    err_free(e);
    arena_free(a);
}
END_TEST

/* The case realtime in another pod: each has too little of one thing. */
static const struct {
    size_t n_cpus;
    bool may_bind_memory, may_run_realtime, is_emulated;
    const char *want;
} pods[] = {
    {2, true, true, false, "dedicatedCpuPlacement: the node gives this pod 2 CPUs, which was to get 3 of its own"},
    {4, true, true, false, "dedicatedCpuPlacement: the node gives this pod 4 CPUs, which was to get 3 of its own"},
    {3, false, true, false, "spec.domain.cpu.numa: this pod may not bind memory"},
    {3, true, false, false, "spec.domain.cpu.realtime: this pod may not run threads"},
    {3, true, true, true, "spec.domain.cpu.realtime: guests are emulated here"},
};

START_TEST(cpus_must_be_the_guests_own)
{
    AUTO(freep) char *dir = xasprintf("%s/../golden/domain/realtime", getenv("VMB_TEST_DIR"));
    struct domain_fixture x;
    struct domain_view view;

    domain_load(dir, &x);
    x.cpus[3] = (struct node_cpu){.id = 7, .core = 7};
    x.facts.n_cpus = pods[_i].n_cpus;
    x.facts.may_bind_memory = pods[_i].may_bind_memory;
    x.facts.may_run_realtime = pods[_i].may_run_realtime;
    x.instance.use_emulation = pods[_i].is_emulated ? TRI_TRUE : TRI_UNSET;
    struct err *e = domain_resolve(&x.instance, &x.facts, x.arena, &view);
    ck_assert_msg(e && strstr(err_text(e), pods[_i].want), "%s", e ? err_text(e) : "not refused");
    ck_assert(pods[_i].is_emulated == (err_class(e) == ERR_INVALID)); /* else another node may do */
    err_free(e);
    arena_free(x.arena);
}
END_TEST

START_TEST(threads_of_a_core_stay_on_a_numa_node)
{
    AUTO(freep) char *dir = xasprintf("%s/../golden/domain/dedicated-crossing", getenv("VMB_TEST_DIR"));
    struct domain_fixture x;
    struct domain_view view;

    domain_load(dir, &x);
    x.instance.spec.domain.cpu.passes_numa = true;
    struct err *e = domain_resolve(&x.instance, &x.facts, x.arena, &view);
    ck_assert_msg(e && strstr(err_text(e), "would be on two NUMA nodes"), "%s", e ? err_text(e) : "not refused");
    err_free(e);
    arena_free(x.arena);
}
END_TEST

START_TEST(cache_none_needs_o_direct)
{
    AUTO(freep) char *dir = xasprintf("%s/../golden/domain/explicit-cache", getenv("VMB_TEST_DIR"));
    struct domain_fixture x;
    struct domain_view view;

    domain_load(dir, &x);
    x.instance.spec.domain.disks.items[0].cache = DISK_CACHE_NONE;
    x.disks[0].has_o_direct = false;
    struct err *e = domain_resolve(&x.instance, &x.facts, x.arena, &view);
    ck_assert_msg(e && strstr(err_text(e), "O_DIRECT"), "%s", e ? err_text(e) : "not refused");
    err_free(e);
    arena_free(x.arena);
}
END_TEST

/* The tap of the case's network, and what is said about it. */
static const struct {
    const char *name;
    struct tap_facts tap;
    bool is_wished; /* networkInterfaceMultiqueue */
    const char *model;
    enum err_class class;
    const char *want;
    const char *port; /* MAC of a port of a bridge in the pod */
} odd_taps[] = {
    {"none",
     {.name = "net1"},
     false,
     NULL,
     ERR_RETRY,
     "the pod has no interface pod16477688c0e: nobody attached it to lab/blue"},
    {"a veth", {.name = "pod16477688c0e", .mtu = 1500}, false, NULL, ERR_RETRY, "is no tap"},
    {"another user's", {.name = "pod16477688c0e", .is_tap = true}, false, NULL, ERR_RETRY, "another user's tap"},
    {"one queue",
     {.name = "pod16477688c0e", .is_tap = true, .may_open = true},
     true,
     NULL,
     ERR_INVALID,
     "write multiQueue: true in the network attachment"},
    {"several queues for a card that has one",
     {.name = "pod16477688c0e", .is_tap = true, .may_open = true, .is_multi_queue = true},
     false,
     "e1000",
     ERR_INVALID,
     "model: its tap has several queues"},
    {"the guest's address beside it",
     {.name = "pod16477688c0e", .is_tap = true, .may_open = true},
     false,
     NULL,
     ERR_RETRY,
     "has the guest's own address 02:00:5e:10:00:02",
     "02:00:5E:10:00:02"},
};

START_TEST(an_address_of_another_in_the_pod_is_no_trouble)
{
    AUTO(freep) char *dir = xasprintf("%s/../golden/domain/tap-alone", getenv("VMB_TEST_DIR"));
    const char *const macs[] = {"02:00:5e:10:00:03", "02:00:5e:10:00:0", "", "02:00:5e:10:00:022"};
    struct domain_view view;
    struct domain_fixture x;

    domain_load(dir, &x);
    x.facts.bridge_macs = (struct str_list){.items = (const char **)(uintptr_t)macs, .n = ARRAY_LEN(macs)};
    AUTO(err_freep) struct err *e = domain_resolve(&x.instance, &x.facts, x.arena, &view);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    x.instance.spec.domain.interfaces.items[0].mac_address = "02-00-5e-10-00-03";
    AUTO(err_freep) struct err *dashed = domain_resolve(&x.instance, &x.facts, x.arena, &view);
    ck_assert_msg(dashed && err_class(dashed) == ERR_RETRY, "not refused with dashes");
    arena_free(x.arena);
}
END_TEST

START_TEST(a_tap_that_cannot_be_used_is_told)
{
    AUTO(freep) char *dir = xasprintf("%s/../golden/domain/tap-alone", getenv("VMB_TEST_DIR"));
    struct domain_view view;
    struct domain_fixture x;

    domain_load(dir, &x);
    x.taps[0] = odd_taps[_i].tap;
    x.facts.bridge_macs =
        (struct str_list){.items = (const char *[]){odd_taps[_i].port}, .n = odd_taps[_i].port != NULL};
    x.instance.spec.domain.network_multi_queue = odd_taps[_i].is_wished ? TRI_TRUE : TRI_UNSET;
    x.instance.spec.domain.cpu.cores = (struct opt_int){.set = true, .v = 2};
    x.instance.spec.domain.interfaces.items[0].model = odd_taps[_i].model;
    AUTO(err_freep) struct err *e = domain_resolve(&x.instance, &x.facts, x.arena, &view);
    ck_assert_msg(e && err_class(e) == odd_taps[_i].class, "%s: not refused so", odd_taps[_i].name);
    ck_assert_msg(strstr(err_text(e), odd_taps[_i].want) && strstr(err_text(e), "spec.domain.devices.interfaces[blue]"),
                  "%s: %s", odd_taps[_i].name, err_text(e));
    arena_free(x.arena);
}
END_TEST

/* What a device plugin says of the one resource, and what is said about that. */
static const struct {
    const char *name;
    struct host_resource resource;
    const char *want;
} odd_devices[] = {
    {"nothing", {.name = "vendor.example/GRID"}, "has given the pod no device for it"},
    {"an empty list", {.name = "vendor.example/GRID", .pci = ",,"}, "has given the pod no device for it"},
    {"another resource", {.name = "vendor.example/other", .pci = "0000:65:00.0"}, "has given the pod no device for it"},
    {"a word for an address", {.name = "vendor.example/GRID", .pci = "gpu0"}, "gives the address gpu0, which is none"},
    {"a function too many", {.name = "vendor.example/GRID", .pci = "0000:65:00.8"}, "which is none"},
    {"half a UUID", {.name = "vendor.example/GRID", .mdev = "aa618089-8b16"}, "which is none"},
    {"a port of USB", {.name = "vendor.example/GRID", .usb = "1:5.2"}, "which is none"},
};

START_TEST(a_device_plugin_is_not_believed)
{
    AUTO(freep) char *dir = xasprintf("%s/../golden/domain/gpu-headless", getenv("VMB_TEST_DIR"));
    struct domain_view view;
    struct domain_fixture x;

    domain_load(dir, &x);
    x.resources[0] = odd_devices[_i].resource;
    AUTO(err_freep) struct err *e = domain_resolve(&x.instance, &x.facts, x.arena, &view);
    ck_assert_msg(e && err_class(e) == ERR_RETRY, "%s: not refused", odd_devices[_i].name);
    ck_assert_msg(strstr(err_text(e), odd_devices[_i].want) && strstr(err_text(e), "spec.domain.devices.gpus[0]"),
                  "%s: %s", odd_devices[_i].name, err_text(e));
    arena_free(x.arena);
}
END_TEST

START_TEST(a_device_plugin_s_variable_is_named_after_its_resource)
{
    struct arena *a = arena_new(4096);

    ck_assert_str_eq(host_resource_variable(a, HOST_RESOURCE_PCI, "nvidia.com/GA102GL_A10"),
                     "PCI_RESOURCE_NVIDIA_COM_GA102GL_A10");
    ck_assert_str_eq(host_resource_variable(a, HOST_RESOURCE_MDEV, "nvidia.com/GRID_T4-1Q"),
                     "MDEV_PCI_RESOURCE_NVIDIA_COM_GRID_T4_1Q");
    arena_free(a);
}
END_TEST

int
main(void)
{
    const char *dir = getenv("VMB_TEST_DIR");
    AUTO(freep) char *pattern = xasprintf("%s/../golden/domain/*", dir ? dir : "test/unit");
    Suite *s = suite_create("domain_xml");
    TCase *t = tcase_create("all");
    int n_cases = glob(pattern, GLOB_ONLYDIR, NULL, &cases) == 0 ? (int)cases.gl_pathc : 0;

    BUG_ON(n_cases < 20);
    tcase_add_loop_test(t, becomes_the_golden_text, 0, n_cases);
    tcase_add_test(t, families_write_what_the_table_says);
    tcase_add_loop_test(t, is_refused_with_the_field, 0, ARRAY_LEN(refused));
    tcase_add_loop_test(t, cpus_must_be_the_guests_own, 0, ARRAY_LEN(pods));
    tcase_add_test(t, threads_of_a_core_stay_on_a_numa_node);
    tcase_add_test(t, cache_none_needs_o_direct);
    tcase_add_loop_test(t, a_device_plugin_is_not_believed, 0, ARRAY_LEN(odd_devices));
    tcase_add_test(t, an_address_of_another_in_the_pod_is_no_trouble);
    tcase_add_loop_test(t, a_tap_that_cannot_be_used_is_told, 0, ARRAY_LEN(odd_taps));
    tcase_add_test(t, a_device_plugin_s_variable_is_named_after_its_resource);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    globfree(&cases);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
