// Every rule has an object that is refused and one that is accepted; what cannot be run is told, and what is ignored is listed.
#include "../integration/crds/cases.h"
#include "api/validate.h"
#include "base/yaml.h"

#include <check.h>

static json_t *cases;

static struct err *
verdict(const json_t *object, struct arena *a)
{
    struct vm vm;
    struct err *e = api_decode(&vm_type, object, a, &vm);

    return e ? e : vm_spec_validate(&vm.spec, a);
}

START_TEST(a_rule_has_its_verdict)
{
    const json_t *c = json_array_get(cases, (size_t)_i);
    struct arena *a = arena_new(1 << 20);
    struct err *e = verdict(json_object_get(c, "vm"), a);
    const char *ours = json_str(c, "ours");

    if (json_bool(c, "ok", false) && !json_bool(c, "later", false)) {
        ck_assert_msg(!e, "%s (%s): refused: %s", json_str(c, "name"), json_str(c, "rule"), e ? err_text(e) : "");
    } else if (json_bool(c, "ok", false)) {
        ck_assert_msg(e && strstr(err_text(e), "not supported by this version"), "%s (%s): %s", json_str(c, "name"),
                      json_str(c, "rule"), e ? err_text(e) : "accepted");
    } else {
        ck_assert_msg(e && strstr(err_text(e), ours), "%s: wanted \"%s\", got: %s", json_str(c, "name"), ours,
                      e ? err_text(e) : "accepted");
        ck_assert_int_eq(err_class(e), ERR_INVALID);
        ck_assert_msg(strstr(err_text(e), "spec."), "no field in: %s", err_text(e));
    }
    err_free(e);
    arena_free(a);
}
END_TEST

struct cover {
    bool used[512];
    size_t missing;
};

static void
check_rule(void *arg, const char *message)
{
    struct cover *c = arg;

    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *row = json_array_get(cases, i);
        if (!c->used[i] && !json_bool(row, "ok", false) && !json_bool(row, "again", false) &&
            str_starts(message, json_str(row, "rule"))) {
            c->used[i] = true;
            return;
        }
    }
    fprintf(stderr, "rules.yaml has no row for: %s\n", message);
    c->missing++;
}

START_TEST(every_rule_of_the_crd_has_a_row)
{
    struct cover c = {0};
    size_t idle = 0;

    ck_assert_uint_le(json_array_size(cases), ARRAY_LEN(c.used));
    api_each_rule(&vm_type, check_rule, &c);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *row = json_array_get(cases, i);
        idle += !json_bool(row, "ok", false) && !json_bool(row, "again", false) && !c.used[i];
    }
    ck_assert_uint_eq(c.missing, 0);
    ck_assert_uint_eq(idle, 0);
}
END_TEST

/* A spec in YAML, on a guest that is sound without it. */
static struct vmi_spec
spec_of(const char *yaml, struct arena *a)
{
    json_t *docs = NULL;
    struct vmi_spec s;
    struct err *e = yaml_parse(yaml, strlen(yaml), 1 << 16, &docs);

    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    json_t *j = json_in_arena(a, json_incref(json_array_get(docs, 0)));
    json_decref(docs);
    json_t *domain = json_object_get(j, "domain");
    if (!domain) {
        domain = json_object();
        json_object_set_new(j, "domain", domain);
    }
    if (!json_object_get(domain, "devices")) {
        json_object_set_new(domain, "devices", json_object());
    }
    if (!json_object_get(domain, "memory")) {
        json_object_set_new(domain, "memory", json_pack("{s:s}", "guest", "64Mi"));
    }
    e = api_decode(&vmi_spec_type, j, a, &s);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    return s;
}

static const struct {
    const char *spec, *want; /* NULL: accepted */
} support[] = {
    {"{}", NULL},
    {"{domain: {devices: {tpm: {}}}}", "spec.domain.devices.tpm is not supported by this version of vmbridge: "},
    {"{domain: {devices: {tpm: {enabled: false}}}}", NULL},
    {"{domain: {devices: {gpus: [{name: g, deviceName: x}]}}}", "spec.domain.devices.gpus is not supported"},
    {"{domain: {devices: {gpus: []}}}", NULL},
    {"{domain: {cpu: {dedicatedCpuPlacement: true}}}", "spec.domain.cpu.dedicatedCpuPlacement is not supported"},
    {"{domain: {cpu: {dedicatedCpuPlacement: false}}}", NULL},
    {"{domain: {cpu: {numa: {guestMappingPassthrough: {}}}}}", "spec.domain.cpu.numa is not supported"},
    {"{domain: {clock: {utc: {}}}}", NULL},
    {"{domain: {clock: {timezone: Europe/Berlin}}}", "spec.domain.clock.timezone is not supported"},
    {"{domain: {memory: {guest: 1Gi, hugepages: {pageSize: 2Mi}}}}", "spec.domain.memory.hugepages is not supported"},
    {"{domain: {devices: {disks: [{name: a}, {name: b, blockSize: {matchVolume: {}}}]}}, "
     "volumes: [{name: a, emptyDisk: {capacity: 1}}, {name: b, emptyDisk: {capacity: 1}}]}",
     "spec.domain.devices.disks[1].blockSize is not supported"},
    {"{domain: {devices: {disks: [{name: a, cdrom: {pciAddress: '81:01.0'}}]}}, volumes: [{name: a, emptyDisk: "
     "{capacity: 1}}]}",
     "disks[0].cdrom.pciAddress is not supported"},
    {"{volumes: [{name: a, dataVolume: {name: b}}]}", "spec.volumes[0].dataVolume is not supported by this version"},
    {"{volumes: [{name: a, emptyDisk: {capacity: 0}}]}", "spec.volumes[0].emptyDisk.capacity must be greater than 0"},
    {"{volumes: [{name: A_b, emptyDisk: {capacity: 1}}]}", "spec.volumes[0].name 'A_b' must be small letters"},
    {"{volumes: [{name: a, emptyDisk: {capacity: 1}}, {name: a, emptyDisk: {capacity: 1}}]}",
     "spec.volumes[0] and volumes[1] must not have the same Name."},
    {"{domain: {devices: {disks: [{name: a}, {name: a}]}}, volumes: [{name: a, emptyDisk: {capacity: 1}}]}",
     "must not have the same Name."},
    {"{domain: {devices: {disks: [{name: a, lun: {}}]}}, volumes: [{name: a, emptyDisk: {capacity: 1}}]}",
     "lun can only be mapped to a DataVolume or PersistentVolumeClaim volume."},
    {"{domain: {devices: {interfaces: [{name: n, sriov: {}}]}}, networks: [{name: n, pod: {}}]}",
     "interfaces[0].sriov is not supported"},
    {"{domain: {devices: {interfaces: [{name: n}, {name: n}]}}, networks: [{name: n, pod: {}}]}",
     "Only one interface can be connected to one specific network"},
    {"{domain: {devices: {interfaces: [{name: n, state: absent}]}}, networks: [{name: n, pod: {}}]}",
     "state absent is not supported"},
    {"{networks: [{name: n, pod: {}}]}", "spec.networks[0].name 'n' not found."},
    {"{livenessProbe: {exec: {command: [a]}}}",
     "spec.livenessProbe.exec is not supported by this version of vmbridge: use httpGet"},
    {"{accessCredentials: [{sshPublicKey: {}}]}", "spec.accessCredentials is not supported"},
    {"{domain: {cpu: {cores: 32, sockets: 32}}}", "make 1024 CPUs; a guest can have 512"},
    {"{domain: {cpu: {model: 'a b'}}}", "is no CPU model"},
    {"{domain: {machine: {type: 'q35 x'}}}", "is no machine type"},
    {"{domain: {firmware: {uuid: 5d307ca9-b3ef-428c-8861-06e72d69f223}}}", NULL},
    {"{domain: {firmware: {uuid: 5d307ca9b3ef428c886106e72d69f223}}}", "is no UUID"},
    {"{terminationGracePeriodSeconds: 0}", NULL},
};

START_TEST(what_cannot_run_is_told)
{
    struct arena *a = arena_new(1 << 20);
    struct vmi_spec s = spec_of(support[_i].spec, a);
    struct err *e = vmi_spec_validate(&s, a);

    if (!support[_i].want) {
        ck_assert_msg(!e, "%s: refused: %s", support[_i].spec, e ? err_text(e) : "");
    } else {
        ck_assert_msg(e && strstr(err_text(e), support[_i].want), "%s: wanted \"%s\", got: %s", support[_i].spec,
                      support[_i].want, e ? err_text(e) : "accepted");
    }
    err_free(e);
    arena_free(a);
}
END_TEST

START_TEST(ignored_fields_are_listed)
{
    struct arena *a = arena_new(1 << 20);
    struct vmi_spec s =
        spec_of("{domain: {ioThreadsPolicy: auto, cpu: {maxSockets: 4}, features: {apic: {}}, devices: "
                "{blockMultiQueue: false, networkInterfaceMultiqueue: true, disks: [{name: a}, {name: b, tag: t}]}}, "
                "volumes: [{name: a, emptyDisk: {capacity: 1}}, {name: b, emptyDisk: {capacity: 1}}]}",
                a);
    struct str_list l = vmi_spec_ignored(&s, a);
    static const char *const want[] = {"domain.cpu.maxSockets", "domain.features.apic", "domain.ioThreadsPolicy",
                                       "domain.devices.networkInterfaceMultiqueue", "domain.devices.disks[1].tag"};

    ck_assert_uint_eq(l.n, ARRAY_LEN(want));
    for (size_t i = 0; i < l.n; i++) {
        ck_assert_str_eq(l.items[i], want[i]);
    }
    AUTO(err_freep) struct err *e = vmi_spec_validate(&s, a);
    ck_assert(!e);
    arena_free(a);
}
END_TEST

int
main(void)
{
    const char *here = getenv("VMB_TEST_DIR");
    AUTO(freep) char *folder = xasprintf("%s/../golden/api", here ? here : ".");
    Suite *s = suite_create("validate");
    TCase *t = tcase_create("rules");

    cases = cases_load(folder);
    tcase_add_loop_test(t, a_rule_has_its_verdict, 0, (int)json_array_size(cases));
    tcase_add_test(t, every_rule_of_the_crd_has_a_row);
    tcase_add_loop_test(t, what_cannot_run_is_told, 0, (int)ARRAY_LEN(support));
    tcase_add_test(t, ignored_fields_are_listed);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    json_decref(cases);
    return failed == 0 ? 0 : 1;
}
