"""Manifests that tests make up. Those that operators copy are in docs/examples."""

import copy

BIOS = "localhost/vmbridge/guest-bios:1"
EFI = "localhost/vmbridge/guest-efi:1"
CARDS = "localhost/vmbridge/guest-cards:1"  # has drivers of emulated network cards
TOOLS = "localhost/vmbridge/test-tools:1"


def machine(name, *, run="Always", memory="128Mi", binding="masquerade", labels=None):
    """A small machine that boots the test guest, without ports."""
    template = {
        "metadata": {"labels": labels or {"e2e": name}},
        "spec": {
            "domain": {
                "memory": {"guest": memory},
                "devices": {
                    "disks": [{"name": "root", "disk": {"bus": "virtio"}}],
                    "interfaces": [{"name": "default", binding: {}}],
                },
            },
            "networks": [{"name": "default", "pod": {}}],
            "volumes": [{"name": "root", "containerDisk": {"image": BIOS}}],
        },
    }
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name, "labels": {"e2e": name}},
        "spec": {"runStrategy": run, "template": template},
    }


def inner(vm):
    """The instance's spec inside of a VM."""
    return vm["spec"]["template"]["spec"]


def with_disk(vm, name, source, target=None, **more):
    """A copy with one more disk; source is the volume without its name."""
    vm = copy.deepcopy(vm)
    inner(vm)["domain"]["devices"]["disks"].append({"name": name, "disk": target or {"bus": "virtio"}, **more})
    inner(vm)["volumes"].append({"name": name, **source})
    return vm


def with_cloud_init(vm, user_data):
    return with_disk(vm, "cloudinit", {"cloudInitNoCloud": {"userData": user_data}})


def claim(name, size="64Mi", **spec):
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec},
    }


def service(name, selector, *ports, families=None):
    """ports: (name, protocol, number)."""
    spec = {
        "selector": selector,
        "ports": [{"name": word, "protocol": protocol, "port": number} for word, protocol, number in ports],
    }
    if families:
        spec.update(ipFamilyPolicy="SingleStack", ipFamilies=families)
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def tools(name, *command, labels=None):
    """A pod with netprobe and busybox."""
    box = {
        "name": "tools",
        "image": TOOLS,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    if command:
        box["command"] = list(command)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {"e2e": name}},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [box],
        },
    }
