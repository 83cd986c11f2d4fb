// Every rule has an object that is refused and one that is accepted; what cannot be run is told, all of it at once, and what is left
// out or read otherwise is listed.
#include "../integration/crds/cases.h"
#include "api/rules/pci_address.h"
#include "api/rules/repairs.h"
#include "api/rules/support.h"
#include "api/rules/validate.h"
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
check_rule(void *arg, const char *path, const char *message)
{
    (void)path;
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
    {"{domain: {devices: {downwardMetrics: {}}}}",
     "spec.domain.devices.downwardMetrics is not supported by this version of vmbridge: "},
    {"{domain: {devices: {interfaces: [{name: a, masquerade: {}, acpiIndex: 3}, {name: b, bridge: {}, acpiIndex: "
     "3}]}}, "
     "networks: [{name: a, pod: {}}, {name: b, multus: {networkName: n}}]}",
     "spec.domain.devices.interfaces[1].acpiIndex: domain.devices.interfaces[0] has the same"},
    {"{domain: {devices: {panicDevices: [{}, {model: isa}]}}}",
     "spec.domain.devices.panicDevices[1].model: a guest has one panic device of model isa"},
    {"{domain: {devices: {gpus: [{name: g, claimName: c, requestName: r}]}}}",
     "spec.domain.devices.gpus[0].claimName is not supported"},
    {"{domain: {devices: {hostDevices: [{name: g, claimName: c}]}}}",
     "spec.domain.devices.hostDevices[0].claimName is not supported"},
    {"{domain: {devices: {gpus: [{deviceName: a.b/c}]}}}", "spec.domain.devices.gpus[0].name must be set"},
    {"{domain: {devices: {gpus: [{name: g, deviceName: cpu}]}}}", "deviceName cpu is no name of a resource"},
    {"{domain: {devices: {gpus: [{name: g, deviceName: a./c}]}}}", "deviceName a./c is no name of a resource"},
    {"{domain: {devices: {gpus: [{name: g, deviceName: a.b/c-}]}}}", "deviceName a.b/c- is no name of a resource"},
    {"{domain: {devices: {gpus: [{name: g, deviceName: a.b/c}]}}}", NULL},
    {"{domain: {devices: {gpus: []}}}", NULL},
    {"{domain: {devices: {interfaces: [{name: net, masquerade: {}}]}}, networks: [{name: net, pod: {vmNetworkCIDR: "
     "banana}}]}",
     "spec.networks[0].pod.vmNetworkCIDR 'banana' is no IPv4 network"},
    {"{domain: {devices: {interfaces: [{name: net, masquerade: {}}]}}, networks: [{name: net, pod: {vmNetworkCIDR: "
     "10.0.0.0/31}}]}",
     "is no IPv4 network of 8 to 30 bits"},
    {"{domain: {devices: {interfaces: [{name: net, masquerade: {}}]}}, networks: [{name: net, pod: {vmNetworkCIDR: "
     "10.0.0.0/8, vmIPv6NetworkCIDR: \"fd10:0:2::/120\"}}]}",
     NULL},
    {"{domain: {devices: {interfaces: [{name: net, masquerade: {}}]}}, networks: [{name: net, pod: {vmIPv6NetworkCIDR: "
     "\"fd10:0:2::/129\"}}]}",
     "spec.networks[0].pod.vmIPv6NetworkCIDR"},
    {"{domain: {cpu: {dedicatedCpuPlacement: false}}}", NULL},
    {"{domain: {cpu: {dedicatedCpuPlacement: true, cores: 4}, resources: {requests: {cpu: 2}}}}",
     "spec.domain.resources.requests.cpu or domain.resources.limits.cpu must not be provided at the same time with "
     "domain.cpu.cores when DedicatedCPUPlacement is true"},
    {"{domain: {cpu: {dedicatedCpuPlacement: true, cores: 2}, resources: {requests: {cpu: 2}}}}", NULL},
    {"{domain: {cpu: {dedicatedCpuPlacement: true, cores: 2, numa: {guestMappingPassthrough: {}}, realtime: {mask: "
     "'0;1'}}, memory: {guest: 64Mi, hugepages: {pageSize: 2Mi}}}}",
     "spec.domain.cpu.realtime.mask '0;1' is no set of CPUs"},
    {"{domain: {clock: {utc: {}}}}", NULL},
    {"{domain: {clock: {timezone: Europe/Berlin}}}", NULL},
    {"{domain: {clock: {timezone: ../../etc/passwd}}}",
     "spec.domain.clock.timezone '../../etc/passwd' is no time zone"},
    {"{domain: {clock: {timezone: /etc/passwd}}}", "is no time zone"},
    {"{domain: {clock: {timezone: 'a b'}}}", "is no time zone"},
    {"{domain: {clock: {timer: {rtc: {tickPolicy: catchup, track: wall}, pit: {tickPolicy: discard}}}}}", NULL},
    {"{domain: {clock: {timer: {rtc: {tickPolicy: discard}}}}}",
     "spec.domain.clock.timer.rtc.tickPolicy: QEMU cannot do that: write delay or catchup"},
    {"{domain: {clock: {timer: {pit: {tickPolicy: merge}}}}}",
     "spec.domain.clock.timer.pit.tickPolicy: QEMU cannot do that: write delay, discard or catchup"},
    {"{domain: {resources: {clock: {timer: {pit: {tickPolicy: merge}}}}}}", "spec.domain.clock.timer.pit.tickPolicy"},
    {"{domain: {memory: {guest: 1Gi, hugepages: {pageSize: 2Mi}}}}", NULL},
    {"{domain: {memory: {hugepages: {pageSize: 1Gi}}}}", NULL},
    {"{domain: {memory: {guest: 1Gi, hugepages: {}}}}", "spec.domain.memory.hugepages.pageSize '' must be 2Mi or 1Gi"},
    {"{domain: {memory: {guest: 1Gi, hugepages: {pageSize: 4Mi}}}}",
     "spec.domain.memory.hugepages.pageSize '4Mi' must be 2Mi or 1Gi"},
    {"{domain: {memory: {guest: 1025Mi, hugepages: {pageSize: 1Gi}}}}",
     "spec.domain.memory.guest '1025Mi' is not a multiple of the page size domain.memory.hugepages.pageSize '1Gi'"},
    {"{domain: {devices: {disks: [{name: a}, {name: b, floppy: {readonly: true}}]}}, "
     "volumes: [{name: a, emptyDisk: {capacity: 1}}, {name: b, emptyDisk: {capacity: 1}}]}",
     "spec.domain.devices.disks[1].floppy is not supported"},
    {"{domain: {devices: {disks: [{name: a, cdrom: {pciAddress: '81:01.0'}}]}}, volumes: [{name: a, emptyDisk: "
     "{capacity: 1}}]}",
     "disks[0].cdrom.pciAddress is not supported"},
    {"{domain: {firmware: {acpi: {}}}}",
     "spec.domain.firmware.acpi: ACPI was set but no SLIC nor MSDM volume reference"},
    {"{domain: {firmware: {acpi: {slicNameRef: t}}}}",
     "spec.domain.firmware.acpi.slicNameRef 't' does not have a matching Volume."},
    {"{domain: {firmware: {acpi: {msdmNameRef: t}}}, volumes: [{name: t, emptyDisk: {capacity: 1}}]}",
     "spec.domain.firmware.acpi.msdmNameRef: volume t must be a secret with the table under its key msdm.bin"},
    {"{domain: {firmware: {acpi: {slicNameRef: t, msdmNameRef: t}}}, volumes: [{name: t, secret: {secretName: s}}]}",
     NULL},
    {"{volumes: [{name: a, persistentVolumeClaim: {claimName: b, readOnly: true}}]}",
     "spec.volumes[0].persistentVolumeClaim.readOnly: sata hard-disks do not support read-only. Write bus: virtio or "
     "scsi for disk a, or cdrom instead of disk"},
    {"{domain: {devices: {disks: [{name: a, disk: {}}]}}, "
     "volumes: [{name: a, persistentVolumeClaim: {claimName: b, readOnly: true}}]}",
     "spec.volumes[0].persistentVolumeClaim.readOnly: sata hard-disks"},
    {"{domain: {devices: {disks: [{name: a, disk: {bus: virtio}}]}}, "
     "volumes: [{name: a, persistentVolumeClaim: {claimName: b, readOnly: true}}]}",
     NULL},
    {"{domain: {devices: {disks: [{name: a, cdrom: {}}]}}, "
     "volumes: [{name: a, persistentVolumeClaim: {claimName: b, readOnly: true}}]}",
     NULL},
    {"{volumes: [{name: a, dataVolume: {name: b}}]}", NULL},
    {"{volumes: [{name: a, dataVolume: {name: ''}}]}",
     "spec.volumes[0].dataVolume.name: DataVolume 'name' must be set"},
    {"{volumes: [{name: a, dataVolume: {name: b}, persistentVolumeClaim: {claimName: b}}]}",
     "spec.volumes[0] must have exactly one source type set"},
    {"{domain: {devices: {disks: [{name: a, lun: {bus: scsi}}]}}, volumes: [{name: a, dataVolume: {name: b}}]}", NULL},
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
    {"{domain: {devices: {interfaces: [{name: n, bridge: {}}, {name: n, bridge: {}}]}}, networks: [{name: n, pod: "
     "{}}]}",
     "Only one interface can be connected to one specific network"},
    {"{domain: {devices: {interfaces: [{name: n, bridge: {}, state: absent}]}}, networks: [{name: n, pod: {}}]}",
     "spec.domain.devices.interfaces[0].state is not supported by this version of vmbridge: remove the interface"},
    {"{networks: [{name: n, pod: {}}]}", "spec.networks[0].name 'n' not found."},
    {"{livenessProbe: {exec: {command: []}}}", "spec.livenessProbe.exec.command must name a command inside the guest"},
    {"{accessCredentials: [{sshPublicKey: {}}]}", "spec.accessCredentials[0] must have exactly one source set"},
    {"{domain: {cpu: {cores: 32, sockets: 32}}}", "make 1024 CPUs; a guest can have 512"},
    {"{domain: {cpu: {model: 'a b'}}}", "is no CPU model"},
    {"{domain: {cpu: {features: [{name: vmx}, {name: 'a b'}]}}}",
     "spec.domain.cpu.features[1].name 'a b' is no CPU feature"},
    {"{domain: {cpu: {features: [{name: ''}]}}}", "spec.domain.cpu.features[0].name '' is no CPU feature"},
    {"{domain: {cpu: {features: [{name: vmx}, {name: pcid}, {name: vmx, policy: disable}]}}}",
     "spec.domain.cpu.features[0] and features[2] must not have the same name"},
    {"{domain: {cpu: {features: [{name: vmx}, {name: hle, policy: disable}]}}}", NULL},
    {"{domain: {machine: {type: 'q35 x'}}}", "is no machine type"},
    {"{domain: {firmware: {kernelBoot: {container: {image: k, initrdPath: /i}}}}}",
     "spec.domain.firmware.kernelBoot.container.initrdPath is of no use without a kernelPath"},
    {"{domain: {firmware: {kernelBoot: {container: {image: k, kernelPath: /}}}}}", "kernelPath must not point to root"},
    {"{domain: {firmware: {kernelBoot: {container: {image: k, kernelPath: boot/k}}}}}",
     "kernelPath must be an absolute path to a file without relative components"},
    {"{domain: {firmware: {kernelBoot: {container: {image: k, kernelPath: /k, initrdPath: /a/../i}}}}}",
     "initrdPath must be an absolute path"},
    {"{domain: {firmware: {kernelBoot: {container: {image: k, kernelPath: /a/..}}}}}", "must be an absolute path"},
    {"{domain: {firmware: {kernelBoot: {container: {image: k, kernelPath: /a//b}}}}}", "must be an absolute path"},
    {"{domain: {firmware: {kernelBoot: {container: {image: k, kernelPath: /a..b/.k}}}}}", NULL},
    {"{domain: {features: {hyperv: {spinlocks: {spinlocks: 4094}}}}}",
     "spec.domain.features.hyperv.spinlocks.spinlocks 4094 is too few"},
    {"{domain: {features: {hyperv: {spinlocks: {spinlocks: 4095}, vendorid: {vendorid: abcdefghijkl}}}}}", NULL},
    {"{domain: {features: {hyperv: {vendorid: {}}}}}", "spec.domain.features.hyperv.vendorid.vendorid must be a name"},
    {"{domain: {features: {hyperv: {vendorid: {vendorid: 'a,b'}}}}}", "characters without a comma"},
    {"{domain: {features: {hyperv: {vendorid: {enabled: false}, spinlocks: {enabled: false, spinlocks: 1}}}}}", NULL},
    {"{domain: {features: {hyperv: {synictimer: {}, vpindex: {enabled: false}}}}}",
     "spec.domain.features.hyperv.synic: 'synic' requires 'vpindex', which was disabled."},
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

/* A whole spec of a machine in YAML. */
static struct vm_spec
machine_of(const char *yaml, struct arena *a)
{
    json_t *docs = NULL;
    struct vm vm;
    struct err *e = yaml_parse(yaml, strlen(yaml), 1 << 16, &docs);

    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    json_t *j = json_in_arena(a, json_pack("{s:O}", "spec", json_array_get(docs, 0)));
    json_decref(docs);
    e = api_decode(&vm_type, j, a, &vm);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    return vm.spec;
}

#define SOUND_MACHINE "template: {spec: {domain: {memory: {guest: 64Mi}, devices: {}}}}"

#define ON_CLAIM \
    "template: {spec: {domain: {memory: {guest: 64Mi}, devices: {}}, volumes: [{name: a, dataVolume: {name: d}}]}}"
#define OF_BLANK "spec: {source: {blank: {}}, storage: {}}"

static const struct {
    const char *machine;
    const char *refused; /* NULL: it is fine */
} templates[] = {
    {"{dataVolumeTemplates: [{metadata: {name: d}, " OF_BLANK "}], " ON_CLAIM "}", NULL},
    {"{dataVolumeTemplates: [{metadata: {name: d}, spec: {sourceRef: {kind: DataSource, name: a}, pvc: {}}}], " ON_CLAIM
     "}",
     NULL},
    {"{dataVolumeTemplates: [{metadata: {name: d}, spec: {storage: {dataSourceRef: {kind: A, name: a}}}}], " ON_CLAIM "}",
     NULL},
    {"{dataVolumeTemplates: [{metadata: {name: d}, " OF_BLANK
     "}], template: {spec: {domain: {memory: {guest: 64Mi}, devices: {}}, "
     "volumes: [{name: a, persistentVolumeClaim: {claimName: d}}]}}}",
     NULL},
    {"{dataVolumeTemplates: [{" OF_BLANK "}], " ON_CLAIM "}",
     "spec.dataVolumeTemplates[0].metadata.name: 'name' field must not be empty for DataVolumeTemplate entry "
     "spec.dataVolumeTemplates[0]"},
    {"{dataVolumeTemplates: [{metadata: {name: d}, " OF_BLANK "}, {metadata: {name: d}, " OF_BLANK "}], " ON_CLAIM "}",
     "spec.dataVolumeTemplates[0] and dataVolumeTemplates[1] must not have the same Name."},
    {"{dataVolumeTemplates: [{metadata: {name: e}, " OF_BLANK "}], " ON_CLAIM "}",
     "spec.dataVolumeTemplates[0]: DataVolumeTemplate entry spec.dataVolumeTemplates[0] must be referenced in the VMI "
     "template's 'volumes' list"},
    {"{dataVolumeTemplates: [{metadata: {name: d}, spec: {source: {blank: {}}}}], " ON_CLAIM "}",
     "spec.dataVolumeTemplates[0].spec: Missing Data volume PVC or Storage"},
    {"{dataVolumeTemplates: [{metadata: {name: d}, spec: {source: {blank: {}}, pvc: {}, storage: {}}}], " ON_CLAIM "}",
     "spec.dataVolumeTemplates[0].spec: Duplicate storage definition, both target storage and target pvc defined"},
    {"{dataVolumeTemplates: [{metadata: {name: d}, spec: {storage: {}}}], " ON_CLAIM "}",
     "spec.dataVolumeTemplates[0].spec: Missing dataVolume valid source"},
    {"{dataVolumeTemplates: [{metadata: {name: d}, spec: {source: {blank: {}, upload: {}}, storage: {}}}], " ON_CLAIM "}",
     "spec.dataVolumeTemplates[0].spec: Multiple dataVolume sources"},
};

START_TEST(templates_of_data_volumes_are_judged)
{
    struct arena *a = arena_new(1 << 20);
    struct vm_spec s = machine_of(templates[_i].machine, a);
    AUTO(err_freep) struct err *e = vm_spec_validate(&s, a);
    const char *told = e ? err_text(e) : "nothing";

    ck_assert_msg(templates[_i].refused ? strstr(told, templates[_i].refused) != NULL : !e, "%s: %s",
                  templates[_i].machine, told);
    arena_free(a);
}
END_TEST

START_TEST(five_unsupported_fields_are_told_at_once)
{
    static const char *const want[] = {
        "spec.preference is not supported by this version of vmbridge: write the devices that it prefers",
        "spec.template.metadata.annotations.hooks.kubevirt.io/hookSidecars is not supported",
        "spec.template.spec.domain.devices.downwardMetrics is not supported",
        "spec.template.spec.domain.devices.disks[1].floppy is not supported",
        "spec.template.spec.volumes[0].containerPath is not supported",
        "spec.template.spec.hostname does not conform",
    };
    struct arena *a = arena_new(1 << 20);
    struct vm_spec s =
        machine_of("{preference: {name: d}, template: {metadata: {annotations: "
                   "{hooks.kubevirt.io/hookSidecars: '[]'}}, spec: {hostname: A_b, domain: {memory: {guest: 64Mi}, "
                   "devices: {downwardMetrics: {}, disks: [{name: a}, {name: b, floppy: {readonly: true}}]}}, volumes: "
                   "[{name: a, containerPath: {path: /a}}, {name: b, emptyDisk: {capacity: 1Gi}}]}}}",
                   a);
    AUTO(err_freep) struct err *e = vm_spec_validate(&s, a);

    ck_assert(e);
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        ck_assert_msg(strstr(err_text(e), want[i]), "not told: %s; but: %s", want[i], err_text(e));
    }
    ck_assert(!strstr(err_text(e), " more"));
    arena_free(a);
}
END_TEST

static const struct {
    const char *text, *refused; /* NULL: a device can be there */
} places[] = {
    {"0000:05:00.0", NULL},
    {"05:00.0", NULL},
    {"0000:01:00.0", NULL},
    {"0000:1f:00.0", NULL},
    {"0000:00:02.0", NULL},
    {"0000:00:1E.0", NULL},
    {"0000:05:00.0000", NULL},
    {"0000:00:00.0", "slots 02 to 1e"},
    {"0000:00:01.0", "slots 02 to 1e"},
    {"0000:00:1f.0", "slots 02 to 1e"},
    {"0000:00:ff.0", "slots 02 to 1e"},
    {"0000:20:00.0", "buses 00 to 1f"},
    {"0000:ff:00.0", "buses 00 to 1f"},
    {"0000:05:01.0", "slot 00 alone"},
    {"0000:05:00.1", "function 0"},
    {"0000:00:1f.2", "function 0"},
    {"0001:05:00.0", "domain 0000"},
    {"", "malformed"},
    {"05", "malformed"},
    {"0000:05:00", "malformed"},
    {"0000:05:00.", "malformed"},
    {"0000:05:00.0 ", "malformed"},
    {"0000:05:00.00000", "malformed"},
    {"0000:5:00.0", "malformed"},
    {"000:05:00.0", "malformed"},
    {"00000:05:00.0", "malformed"},
    {"0000:0g:00.0", "malformed"},
    {"0000-05:00.0", "malformed"},
};

START_TEST(places_on_pci_are_read)
{
    struct pci_address a;
    const char *why = "malformed";

    if (pci_address_read(places[_i].text, &a)) {
        why = pci_address_refused(&a);
    }
    if (places[_i].refused) {
        ck_assert_msg(why && strstr(why, places[_i].refused), "%s: %s", places[_i].text, why ? why : "accepted");
    } else {
        ck_assert_msg(!why, "%s: %s", places[_i].text, why);
    }
}
END_TEST

/* As many virtio disks on bus 0, from slot 2 on, the last one at 'last'. */
static char *
disks_on_root(unsigned n, const char *last)
{
    struct strbuf text = STRBUF_INIT(1 << 16);

    strbuf_addf(&text, "{domain: {devices: {disks: [");
    for (unsigned i = 0; i < n; i++) {
        strbuf_addf(&text, "{name: d%u, disk: {bus: virtio, pciAddress: '0000:00:%02x.0'}}, ", i, i + 2);
    }
    strbuf_addf(&text, "{name: last, disk: {bus: virtio, pciAddress: '%s'}}]}}, volumes: [", last);
    for (unsigned i = 0; i < n; i++) {
        strbuf_addf(&text, "{name: d%u, emptyDisk: {capacity: 1}}, ", i);
    }
    strbuf_addf(&text, "{name: last, emptyDisk: {capacity: 1}}]}");
    return strbuf_steal(&text);
}

static const struct {
    unsigned n;
    const char *last, *want; /* NULL: accepted */
} crowds[] = {
    {15, "0000:00:1e.0", NULL},
    {16, "0000:05:00.0", NULL},
    {16, "0000:00:1e.0", "disks[16].disk.pciAddress 0000:00:1e.0 cannot be: at most 16 devices can be on bus 00"},
    {3, "00:04.0", "disks[3].disk.pciAddress 00:04.0 is the place of d2: two devices cannot have the same PCI address"},
};

START_TEST(devices_do_not_crowd_bus_0)
{
    struct arena *a = arena_new(1 << 20);
    AUTO(freep) char *text = disks_on_root(crowds[_i].n, crowds[_i].last);
    struct vmi_spec s = spec_of(text, a);
    struct err *e = vmi_spec_validate(&s, a);

    if (crowds[_i].want) {
        ck_assert_msg(e && strstr(err_text(e), crowds[_i].want), "%s", e ? err_text(e) : "accepted");
    } else {
        ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    }
    err_free(e);
    arena_free(a);
}
END_TEST

START_TEST(an_instance_may_bear_the_label_of_its_node_and_no_hook)
{
    static const struct {
        const char *metadata, *want; /* NULL: accepted */
    } metas[] = {
        {"{labels: {kubevirt.io/nodeName: n, kubevirt.io/domain: d}, annotations: {a: b}}", NULL},
        {"{labels: {kubevirt.io/migrationJobUID: u}}", "metadata.labels: creation of the following reserved"},
        {"{annotations: {hooks.kubevirt.io/hookSidecars: '[]'}}",
         "metadata.annotations.hooks.kubevirt.io/hookSidecars is not supported by this version of vmbridge: leave it "
         "out"},
    };
    struct arena *a = arena_new(1 << 20);

    for (size_t i = 0; i < ARRAY_LEN(metas); i++) {
        AUTO(freep)
        char *yaml =
            xasprintf("{metadata: %s, spec: {domain: {memory: {guest: 64Mi}, devices: {}}}}", metas[i].metadata);
        json_t *docs = NULL;
        struct vmi vmi;
        struct err *e = yaml_parse(yaml, strlen(yaml), 1 << 16, &docs);
        ck_assert(!e);
        e = api_decode(&vmi_type, json_array_get(json_in_arena(a, docs), 0), a, &vmi);
        ck_assert(!e);
        AUTO(err_freep) struct err *bad = vmi_validate(&vmi, a);
        ck_assert_msg(metas[i].want ? bad && str_starts(err_text(bad), metas[i].want) : !bad, "%s: %s",
                      metas[i].metadata, bad ? err_text(bad) : "accepted");
    }
    arena_free(a);
}
END_TEST

START_TEST(what_does_not_fit_is_counted)
{
    struct arena *a = arena_new(1 << 20);
    AUTO(strbuf_fini) struct strbuf yaml = STRBUF_INIT(1 << 16);

    strbuf_adds(&yaml, "{volumes: [");
    for (int i = 0; i < 100; i++) {
        strbuf_addf(&yaml, "{name: v%d},", i);
    }
    strbuf_adds(&yaml, "]}");
    struct vmi_spec s = spec_of(strbuf_str(&yaml), a);
    AUTO(err_freep) struct err *e = vmi_spec_validate(&s, a);
    ck_assert(e);
    const char *text = err_text(e);
    unsigned told = 0, more = 0;
    for (const char *p = text; (p = strstr(p, "must have exactly one source")); p++) {
        told++;
    }
    ck_assert_uint_le(strlen(text), 1900);
    ck_assert_int_eq(sscanf(strrchr(text, ';'), "; and %u more", &more), 1);
    ck_assert_uint_eq(told + more, 100);
    arena_free(a);
}
END_TEST

static const struct {
    const char *spec, *want; /* paths of the repairs, a space behind each */
} repaired[] = {
    {"{runStrategy: Always, " SOUND_MACHINE "}", ""},
    {"{" SOUND_MACHINE "}", "spec.runStrategy "},
    {"{running: false, " SOUND_MACHINE "}", ""},
    {"{running: true, updateVolumesStrategy: Replacement, " SOUND_MACHINE "}", ""},
    {"{running: true, updateVolumesStrategy: Migration, " SOUND_MACHINE "}", "spec.updateVolumesStrategy "},
    {"{running: true, template: {spec: {domain: {ioThreads: {supplementalPoolThreadCount: 2}, cpu: {maxSockets: 4}, "
     "features: {apic: {}}, "
     "memory: {guest: 64Mi}, devices: {blockMultiQueue: false, networkInterfaceMultiqueue: true, disks: [{name: a, "
     "dedicatedIOThread: true}, {name: b, tag: t}]}}, volumes: [{name: a, emptyDisk: {capacity: 1}}]}}}",
     "spec.template.spec.domain.cpu.maxSockets spec.template.spec.domain.ioThreads.supplementalPoolThreadCount "
     "spec.template.spec.domain.devices.networkInterfaceMultiqueue spec.template.spec.domain.devices.disks[1].tag "},
    {"{running: true, template: {spec: {evictionStrategy: LiveMigrate, terminationGracePeriodSeconds: 0, domain: "
     "{memory: "
     "{guest: 1Gi}, resources: {requests: {memory: 512Mi, ephemeral-storage: 1Gi}}, devices: {}}}}}",
     "spec.template.spec.domain.resources.requests.memory spec.template.spec.domain.resources.requests.* "
     "spec.template.spec.evictionStrategy spec.template.spec.terminationGracePeriodSeconds "},
    {"{running: true, template: {spec: {evictionStrategy: LiveMigrateIfPossible, terminationGracePeriodSeconds: 1, "
     "domain: "
     "{memory: {guest: 1Gi}, rebootPolicy: Reboot, resources: {requests: {memory: 1024Mi}}, devices: {}}}}}",
     ""},
    {"{running: true, template: {spec: {domain: {memory: {guest: 1Gi}, firmware: {bootloader: {efi: {persistent: "
     "true}}}, resources: {clock: {timer: {hpet: {}}}, features: {acpi: {}}}, cpu: {thread: 2}, devices: {}}, "
     "networks: "
     "[{name: n, networkName: x}]}}}",
     "spec.template.spec.domain.resources.features spec.template.spec.domain.resources.clock "
     "spec.template.spec.domain.cpu.thread spec.template.spec.domain.firmware.bootloader.efi.secureBoot "
     "spec.template.spec.networks[0].networkName "},
};

START_TEST(what_is_left_out_or_read_otherwise_is_listed)
{
    struct arena *a = arena_new(1 << 20);
    struct vm_spec s = machine_of(repaired[_i].spec, a);
    struct repair_list l = vm_spec_repairs(&s, a);
    AUTO(strbuf_fini) struct strbuf got = STRBUF_INIT(1 << 14);

    for (size_t i = 0; i < l.n; i++) {
        strbuf_addf(&got, "%s ", l.items[i].path);
        ck_assert_uint_gt(strlen(l.items[i].message), 10);
    }
    ck_assert_str_eq(strbuf_str(&got), repaired[_i].want);
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
    tcase_add_loop_test(t, templates_of_data_volumes_are_judged, 0, ARRAY_LEN(templates));
    tcase_add_test(t, five_unsupported_fields_are_told_at_once);
    tcase_add_test(t, an_instance_may_bear_the_label_of_its_node_and_no_hook);
    tcase_add_test(t, what_does_not_fit_is_counted);
    tcase_add_loop_test(t, what_is_left_out_or_read_otherwise_is_listed, 0, (int)ARRAY_LEN(repaired));
    tcase_add_loop_test(t, places_on_pci_are_read, 0, (int)ARRAY_LEN(places));
    tcase_add_loop_test(t, devices_do_not_crowd_bus_0, 0, (int)ARRAY_LEN(crowds));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    json_decref(cases);
    return failed == 0 ? 0 : 1;
}
