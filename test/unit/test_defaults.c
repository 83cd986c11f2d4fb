// What an absent field means; filling it twice changes nothing more.
#include "api/kinds/defaults.h"
#include "base/yaml.h"

#include <check.h>

static const struct {
    const char *what, *spec, *want; /* JSON at 'what' after defaults; NULL: absent */
} rows[] = {
    {"domain.memory.guest", "{domain: {devices: {}, memory: {guest: 1Gi}, resources: {requests: {memory: 2Gi}}}}",
     "\"1Gi\""},
    {"domain.memory.guest", "{domain: {devices: {}, resources: {requests: {memory: 2Gi}, limits: {memory: 3Gi}}}}",
     "\"2Gi\""},
    {"domain.memory.guest", "{domain: {devices: {}, resources: {limits: {memory: 3Gi}}}}", "\"3Gi\""},
    {"domain.cpu", "{domain: {devices: {}}}", "{\"cores\":1,\"sockets\":1,\"threads\":1}"},
    {"domain.cpu", "{domain: {devices: {}, cpu: {cores: 4}}}", "{\"cores\":4,\"sockets\":1,\"threads\":1}"},
    {"domain.cpu", "{domain: {devices: {}, cpu: {sockets: 0}, resources: {limits: {cpu: 3}}}}",
     "{\"cores\":1,\"sockets\":3,\"threads\":1}"},
    {"domain.cpu", "{domain: {devices: {}, resources: {requests: {cpu: 1500m}}}}",
     "{\"cores\":1,\"sockets\":2,\"threads\":1}"},
    {"domain.cpu", "{domain: {devices: {}, cpu: {cores: 2}, resources: {limits: {cpu: 8}}}}",
     "{\"cores\":2,\"sockets\":1,\"threads\":1}"},
    {"domain.features.acpi", "{domain: {devices: {}}}", "{}"},
    {"domain.features.acpi", "{domain: {devices: {}, features: {acpi: {enabled: false}}}}", "{\"enabled\":false}"},
    {"terminationGracePeriodSeconds", "{domain: {devices: {}}}", "30"},
    {"terminationGracePeriodSeconds", "{domain: {devices: {}}, terminationGracePeriodSeconds: 0}", "0"},
    {"hostname", "{domain: {devices: {}}}", "\"vm1\""},
    {"hostname", "{domain: {devices: {}}, hostname: a}", "\"a\""},
    {"domain.devices.disks", "{domain: {devices: {}}, volumes: [{name: v, emptyDisk: {capacity: 1}}]}",
     "[{\"name\":\"v\",\"disk\":{\"bus\":\"sata\"},\"errorPolicy\":\"stop\"}]"},
    {"domain.devices.disks",
     "{domain: {devices: {disks: [{name: v, disk: {bus: virtio}}]}}, volumes: [{name: v, emptyDisk: {capacity: 1}}]}",
     "[{\"name\":\"v\",\"disk\":{\"bus\":\"virtio\"},\"errorPolicy\":\"stop\"}]"},
    {"domain.devices.disks",
     "{domain: {devices: {disks: [{name: v, cdrom: {}, errorPolicy: report}]}}, volumes: [{name: v, emptyDisk: "
     "{capacity: 1}}]}",
     "[{\"name\":\"v\",\"cdrom\":{\"bus\":\"sata\",\"readonly\":true,\"tray\":\"closed\"},\"errorPolicy\":\"report\"}"
     "]"},
    {"domain.devices.disks",
     "{domain: {devices: {disks: [{name: v, lun: {}}]}}, volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]}",
     "[{\"name\":\"v\",\"lun\":{\"bus\":\"scsi\"},\"errorPolicy\":\"stop\"}]"},
    {"domain.devices.inputs", "{domain: {devices: {}}}", NULL},
    {"domain.devices.inputs", "{domain: {devices: {autoattachInputDevice: false}}}", NULL},
    {"domain.devices.inputs", "{domain: {devices: {autoattachInputDevice: true}}}",
     "[{\"name\":\"default-0\",\"type\":\"tablet\",\"bus\":\"usb\"}]"},
    {"domain.devices.inputs",
     "{domain: {devices: {autoattachInputDevice: true, inputs: [{name: a, type: tablet, bus: virtio}]}}}",
     "[{\"name\":\"a\",\"type\":\"tablet\",\"bus\":\"virtio\"}]"},
    {"domain.devices.interfaces", "{domain: {devices: {}}}",
     "[{\"name\":\"default\",\"model\":\"virtio\",\"bridge\":{}}]"},
    {"networks", "{domain: {devices: {}}}", "[{\"name\":\"default\",\"pod\":{}}]"},
    {"networks", "{domain: {devices: {autoattachPodInterface: false}}}", NULL},
    {"networks", "{domain: {devices: {}}, networks: [{name: a, networkName: host}]}",
     "[{\"name\":\"a\",\"pod\":{},\"networkName\":\"host\"}]"},
    {"domain.firmware.bootloader.efi", "{domain: {devices: {}, firmware: {bootloader: {efi: {persistent: true}}}}}",
     "{\"secureBoot\":false,\"persistent\":true}"},
    {"domain.firmware.bootloader.efi",
     "{domain: {devices: {}, features: {smm: {}}, firmware: {bootloader: {efi: {persistent: true}}}}}",
     "{\"persistent\":true}"},
    {"domain.features", "{domain: {devices: {}, resources: {features: {acpi: {enabled: false}}}}}",
     "{\"acpi\":{\"enabled\":false}}"},
    {"domain.features",
     "{domain: {devices: {}, features: {acpi: {}}, resources: {features: {acpi: {enabled: false}}}}}", "{\"acpi\":{}}"},
    {"domain.cpu", "{domain: {devices: {}, cpu: {cores: 2, thread: 2}}}", "{\"cores\":2,\"sockets\":1,\"threads\":2}"},
    {"domain.cpu", "{domain: {devices: {}, cpu: {thread: 2, threads: 1}}}", "{\"cores\":1,\"sockets\":1,\"threads\":1}"},
    {"domain.devices.interfaces", "{domain: {devices: {autoattachPodInterface: false}}}", NULL},
    {"domain.devices.interfaces",
     "{domain: {devices: {interfaces: [{name: a, model: e1000, masquerade: {}, ports: [{port: 1}]}]}}}",
     "[{\"name\":\"a\",\"model\":\"e1000\",\"masquerade\":{},\"ports\":[{\"protocol\":\"TCP\",\"port\":1}]}]"},
    {"volumes", "{domain: {devices: {}}, volumes: [{name: a, containerDisk: {image: 'r:5000/i'}}]}",
     "[{\"name\":\"a\",\"containerDisk\":{\"image\":\"r:5000/i\",\"imagePullPolicy\":\"Always\"}}]"},
    {"volumes", "{domain: {devices: {}}, volumes: [{name: a, containerDisk: {image: 'i:latest'}}]}",
     "[{\"name\":\"a\",\"containerDisk\":{\"image\":\"i:latest\",\"imagePullPolicy\":\"Always\"}}]"},
    {"volumes", "{domain: {devices: {}}, volumes: [{name: a, containerDisk: {image: 'i:1'}}]}",
     "[{\"name\":\"a\",\"containerDisk\":{\"image\":\"i:1\",\"imagePullPolicy\":\"IfNotPresent\"}}]"},
    {"volumes", "{domain: {devices: {}}, volumes: [{name: a, containerDisk: {image: 'i@sha256:aa'}}]}",
     "[{\"name\":\"a\",\"containerDisk\":{\"image\":\"i@sha256:aa\",\"imagePullPolicy\":\"IfNotPresent\"}}]"},
    {"volumes", "{domain: {devices: {}}, volumes: [{name: a, containerDisk: {image: 'i', imagePullPolicy: Never}}]}",
     "[{\"name\":\"a\",\"containerDisk\":{\"image\":\"i\",\"imagePullPolicy\":\"Never\"}}]"},
};

static struct vmi_spec
spec_of(const char *yaml, struct arena *a)
{
    json_t *docs = NULL;
    struct vmi_spec s;
    struct err *e = yaml_parse(yaml, strlen(yaml), 1 << 16, &docs);

    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    e = api_decode(&vmi_spec_type, json_array_get(json_in_arena(a, docs), 0), a, &s);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    return s;
}

static const char *
text_at(const struct vmi_spec *s, const char *path, struct arena *a)
{
    const json_t *j = json_in_arena(a, api_encode(&vmi_spec_type, s));

    while (j && *path) {
        size_t len = strcspn(path, ".");
        j = json_object_getn(j, path, len);
        path += len + (path[len] == '.');
    }
    return j ? json_text(j, a) : "absent";
}

START_TEST(an_absent_field_has_a_meaning)
{
    struct arena *a = arena_new(1 << 20);
    const struct default_options options = {.name = "vm1"};
    struct vmi_spec s = spec_of(rows[_i].spec, a);

    vmi_spec_default(&s, a, &options);
    ck_assert_str_eq(text_at(&s, rows[_i].what, a), rows[_i].want ? rows[_i].want : "absent");
    const char *once = text_at(&s, "", a);
    vmi_spec_default(&s, a, &options);
    ck_assert_str_eq(text_at(&s, "", a), once);
    arena_free(a);
}
END_TEST

START_TEST(options_come_before_the_built_in)
{
    struct arena *a = arena_new(1 << 20);
    struct vmi_spec s = spec_of("{domain: {devices: {}}, volumes: [{name: a, containerDisk: {image: i}}]}", a);

    vmi_spec_default(&s, a,
                     &(struct default_options){.disk_pull_policy = PULL_NEVER, .network_interface = "masquerade"});
    ck_assert_int_eq(s.volumes.items[0].container_disk->image_pull_policy, PULL_NEVER);
    ck_assert(s.domain.interfaces.items[0].masquerade && !s.domain.interfaces.items[0].bridge);
    ck_assert_ptr_null(s.hostname);
    arena_free(a);
}
END_TEST

START_TEST(cpus_are_counted)
{
    struct arena *a = arena_new(1 << 20);
    struct vmi_spec s = spec_of("{domain: {devices: {}, cpu: {cores: 2, sockets: 3, threads: 0}}}", a);

    ck_assert_int_eq(vmi_vcpus(&s), 6);
    vmi_spec_default(&s, a, &(struct default_options){0});
    ck_assert_int_eq(vmi_vcpus(&s), 6);
    arena_free(a);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("defaults");
    TCase *t = tcase_create("defaults");

    tcase_add_loop_test(t, an_absent_field_has_a_meaning, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(t, options_come_before_the_built_in);
    tcase_add_test(t, cpus_are_counted);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
