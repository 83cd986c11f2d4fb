"""Some four hundred machines, each with one field changed, moved, misspelt or not supported: none of them ends in silence."""
import copy
import json
import os
import random
import re
import subprocess

from api import condition
from kubectl import ROOT
from world import check

SPEC = "spec.template.spec."


def disk(target=None, **more):
    return {"domain": {"devices": {"disks": [{"name": "root", **(target or {"disk": {"bus": "virtio"}}), **more}]}}}


def nic(binding="masquerade", **more):
    return {"domain": {"devices": {"interfaces": [{"name": "net", binding: {}, **more}]}}}


def image(**more):
    return {"volumes": [{"name": "root", "containerDisk": {"image": "registry.example/disk:1", **more}}]}


def second(source, target=None):
    return {"domain": {"devices": {"disks": [{"name": "root", "disk": {"bus": "virtio"}}, {"name": "more", **(target or {"disk": {}})}]}},
            "volumes": [*image()["volumes"], {"name": "more", **source}]}


def seed(**more):
    return second({"cloudInitNoCloud": more})


def drive(**more):
    return second({"cloudInitConfigDrive": more})


def keys(method):
    return {"accessCredentials": [{"sshPublicKey": {"source": {"secret": {"secretName": "key"}}, "propagationMethod": method}}]}


def probe(kind, **more):
    return {kind: {"tcpSocket": {"port": 22}, **more}}


def table(kind):
    return {"domain": {"firmware": {"acpi": {kind: "more"}}}, "volumes": [*image()["volumes"], {"name": "more", "secret": {"secretName": "key"}}]}


# What is read by code, with a value that a plain machine has not; merged into the template's spec.
CHANGED = {
    "domain.resources.requests.cpu": {"domain": {"resources": {"requests": {"cpu": "100m"}}}},
    "domain.resources.requests.memory": {"domain": {"resources": {"requests": {"memory": "80Mi"}}}},
    "domain.resources.limits.memory": {"domain": {"resources": {"limits": {"memory": "512Mi"}}}},
    "domain.resources.limits.cpu": {"domain": {"resources": {"limits": {"cpu": "2"}}}},
    "domain.cpu.cores": {"domain": {"cpu": {"cores": 2}}},
    "domain.cpu.sockets": {"domain": {"cpu": {"sockets": 2}}},
    "domain.cpu.threads": {"domain": {"cpu": {"threads": 2}}},
    "domain.cpu.model": {"domain": {"cpu": {"model": "Westmere"}}},
    "domain.cpu.features[].name": {"domain": {"cpu": {"features": [{"name": "vmx"}]}}},
    "domain.cpu.features[].policy": {"domain": {"cpu": {"features": [{"name": "vmx", "policy": "disable"}]}}},
    "domain.cpu.dedicatedCpuPlacement": {"domain": {"cpu": {"cores": 1, "dedicatedCpuPlacement": True}}},
    "domain.cpu.isolateEmulatorThread": {"domain": {"cpu": {"cores": 1, "dedicatedCpuPlacement": True, "isolateEmulatorThread": True}}},
    "domain.memory.hugepages.pageSize": {"domain": {"memory": {"hugepages": {"pageSize": "2Mi"}}}},
    "domain.memory.guest": {"domain": {"memory": {"guest": "96Mi"}}},
    "domain.machine.type": {"domain": {"machine": {"type": "pc-q35-7.2"}}},
    "domain.firmware.uuid": {"domain": {"firmware": {"uuid": "5d307ca9-b3ef-428c-8861-06e72d69f223"}}},
    "domain.firmware.serial": {"domain": {"firmware": {"serial": "e4686d2c-6e8d-4335-b8fd-81bee22f4815"}}},
    "domain.firmware.bootloader.bios.useSerial": {"domain": {"firmware": {"bootloader": {"bios": {"useSerial": True}}}}},
    "domain.firmware.bootloader.efi.secureBoot": {"domain": {"firmware": {"bootloader": {"efi": {"secureBoot": False}}}}},
    "domain.features.acpi.enabled": {"domain": {"features": {"acpi": {"enabled": False}}}},
    "domain.features.smm.enabled": {"domain": {"features": {"smm": {}}}},
    "domain.features.pae": {"domain": {"features": {"pae": {}}}},
    "domain.features.pvspinlock.enabled": {"domain": {"features": {"pvspinlock": {}}}},
    "domain.features.apic.endOfInterrupt": {"domain": {"features": {"apic": {"endOfInterrupt": True}}}},
    "domain.features.kvm.hidden": {"domain": {"features": {"kvm": {"hidden": True}}}},
    "domain.features.hypervPassthrough.enabled": {"domain": {"features": {"hypervPassthrough": {}}}},
    "domain.features.hyperv.spinlocks.spinlocks": {"domain": {"features": {"hyperv": {"spinlocks": {"spinlocks": 8191}}}}},
    "domain.features.hyperv.vendorid.vendorid": {"domain": {"features": {"hyperv": {"vendorid": {"vendorid": "bridge"}}}}},
    "domain.features.hyperv.synictimer.direct.enabled": {"domain": {"features": {"hyperv": {"synictimer": {"direct": {}}}}}},
    **{f"domain.features.hyperv.{name}.enabled": {"domain": {"features": {"hyperv": {name: {}}}}} for name in (
        "relaxed", "vapic", "spinlocks", "vpindex", "runtime", "synic", "synictimer", "reset", "frequencies", "reenlightenment", "tlbflush",
        "ipi", "evmcs")},
    "domain.clock.utc.offsetSeconds": {"domain": {"clock": {"utc": {"offsetSeconds": 60}}}},
    "domain.clock.timezone": {"domain": {"clock": {"timezone": "Europe/Berlin"}}},
    "domain.clock.timer.rtc.track": {"domain": {"clock": {"timer": {"rtc": {"track": "guest"}}}}},
    **{f"domain.clock.timer.{name}.present": {"domain": {"clock": {"timer": {name: {"present": False}}}}} for name in (
        "hpet", "pit", "rtc", "kvm", "hyperv")},
    **{f"domain.clock.timer.{name}.tickPolicy": {"domain": {"clock": {"timer": {name: {"tickPolicy": "delay"}}}}} for name in ("hpet", "pit", "rtc")},
    **{f"domain.chassis.{name}": {"domain": {"chassis": {name: "x-1"}}} for name in ("manufacturer", "version", "serial", "asset", "sku")},
    "domain.ioThreadsPolicy": {"domain": {"ioThreadsPolicy": "auto"}},
    "domain.devices.blockMultiQueue": {"domain": {"devices": {"blockMultiQueue": True}}},
    "domain.firmware.acpi.slicNameRef": table("slicNameRef"),
    "domain.firmware.acpi.msdmNameRef": table("msdmNameRef"),
    **{f"domain.firmware.kernelBoot.{path}": {"domain": {"firmware": {"kernelBoot": {"kernelArgs": args, "container": {
        "image": "registry.example/kernel:1", "kernelPath": "/boot/vmlinuz", **more}}}}} for path, args, more in (
            ("kernelArgs", "quiet", {}), ("container.kernelPath", "", {}), ("container.initrdPath", "", {"initrdPath": "/boot/initrd"}),
            ("container.imagePullPolicy", "", {"imagePullPolicy": "Never"}), ("container.imagePullSecret", "", {"imagePullSecret": "key"}),
            ("container.image", "", {"image": "registry.example/kernel:2"}))},
    "domain.devices.autoattachGraphicsDevice": {"domain": {"devices": {"autoattachGraphicsDevice": False}}},
    "domain.devices.autoattachSerialConsole": {"domain": {"devices": {"autoattachSerialConsole": False}}},
    "domain.devices.logSerialConsole": {"domain": {"devices": {"logSerialConsole": True}}},
    "domain.devices.autoattachMemBalloon": {"domain": {"devices": {"autoattachMemBalloon": False}}},
    "domain.devices.rng": {"domain": {"devices": {"rng": {}}}},
    "domain.devices.disks[].disk.bus": disk({"disk": {"bus": "sata"}}),
    "domain.devices.disks[].disk.readonly": disk({"disk": {"bus": "virtio", "readonly": True}}),
    "domain.devices.disks[].disk.pciAddress": disk({"disk": {"bus": "virtio", "pciAddress": "0000:05:00.0"}}),
    "domain.devices.disks[].cdrom.bus": disk({"cdrom": {"bus": "scsi"}}),
    "domain.devices.disks[].cdrom.tray": disk({"cdrom": {"bus": "sata", "tray": "open"}}),
    "domain.devices.disks[].bootOrder": disk(bootOrder=1),
    "domain.devices.disks[].serial": disk(serial="SN-1"),
    "domain.devices.disks[].cache": disk(cache="writeback"),
    "domain.devices.disks[].io": disk(io="threads"),
    "domain.devices.disks[].errorPolicy": disk(errorPolicy="report"),
    "domain.devices.disks[].dedicatedIOThread": disk(dedicatedIOThread=True),
    "domain.devices.interfaces[].model": nic(model="e1000"),
    "domain.devices.interfaces[].pciAddress": nic(pciAddress="0000:06:00.0"),
    "domain.devices.interfaces[].bridge": nic("bridge"),
    "domain.devices.interfaces[].ports[].port": nic(ports=[{"port": 80}]),
    "domain.devices.interfaces[].ports[].protocol": nic(ports=[{"port": 53, "protocol": "UDP"}]),
    "domain.devices.interfaces[].macAddress": nic(macAddress="02:00:00:00:00:77"),
    "domain.devices.interfaces[].bootOrder": nic(bootOrder=1),
    "networks[].multus.networkName": {**nic("bridge"), "networks": [{"name": "net", "multus": {"networkName": "lab/blue"}}]},
    "networks[].multus.default": {**nic("bridge"), "networks": [{"name": "net", "multus": {"networkName": "lab/blue", "default": True}}]},
    "networks[].pod.vmNetworkCIDR": {"networks": [{"name": "net", "pod": {"vmNetworkCIDR": "10.9.0.0/24"}}]},
    "networks[].pod.vmIPv6NetworkCIDR": {"networks": [{"name": "net", "pod": {"vmIPv6NetworkCIDR": "fd10:9::/120"}}]},
    "volumes[].containerDisk.image": image(image="registry.example/disk:2"),
    "volumes[].containerDisk.path": image(path="/disk/other.img"),
    "volumes[].containerDisk.imagePullPolicy": image(imagePullPolicy="Always"),
    "volumes[].containerDisk.imagePullSecret": image(imagePullSecret="key"),
    "volumes[].dataVolume.name": second({"dataVolume": {"name": "c"}}),
    "volumes[].persistentVolumeClaim.claimName": second({"persistentVolumeClaim": {"claimName": "block"}}),
    "volumes[].persistentVolumeClaim.readOnly": second({"persistentVolumeClaim": {"claimName": "block", "readOnly": True}}, {"disk": {"bus": "virtio"}}),
    "domain.devices.disks[].lun.bus": second({"persistentVolumeClaim": {"claimName": "block"}}, {"lun": {"bus": "scsi"}}),
    "volumes[].emptyDisk.capacity": second({"emptyDisk": {"capacity": "1Mi"}}),
    "volumes[].cloudInitNoCloud.userData": seed(userData="#cloud-config\n"),
    "volumes[].cloudInitNoCloud.userDataBase64": seed(userDataBase64="I2Nsb3VkLWNvbmZpZwo="),
    "volumes[].cloudInitNoCloud.networkData": seed(userData="#cloud-config\n", networkData="version: 2\n"),
    "volumes[].cloudInitNoCloud.networkDataBase64": seed(userData="#cloud-config\n", networkDataBase64="dmVyc2lvbjogMgo="),
    "volumes[].cloudInitNoCloud.secretRef.name": seed(secretRef={"name": "key"}),
    "volumes[].cloudInitNoCloud.networkDataSecretRef.name": seed(userData="#cloud-config\n", networkDataSecretRef={"name": "key"}),
    "volumes[].cloudInitConfigDrive.userData": drive(userData="#cloud-config\n"),
    "volumes[].cloudInitConfigDrive.userDataBase64": drive(userDataBase64="I2Nsb3VkLWNvbmZpZwo="),
    "volumes[].cloudInitConfigDrive.networkData": drive(userData="#cloud-config\n", networkData="{}\n"),
    "volumes[].cloudInitConfigDrive.networkDataBase64": drive(userData="#cloud-config\n", networkDataBase64="e30K"),
    "volumes[].cloudInitConfigDrive.secretRef.name": drive(secretRef={"name": "key"}),
    "volumes[].cloudInitConfigDrive.networkDataSecretRef.name": drive(userData="#cloud-config\n", networkDataSecretRef={"name": "key"}),
    "volumes[].configMap.name": second({"configMap": {"name": "c"}}),
    "volumes[].configMap.optional": second({"configMap": {"name": "c", "optional": True}}),
    "volumes[].configMap.volumeLabel": second({"configMap": {"name": "c", "volumeLabel": "l"}}),
    "volumes[].secret.secretName": second({"secret": {"secretName": "key"}}),
    "volumes[].secret.optional": second({"secret": {"secretName": "key", "optional": True}}),
    "volumes[].secret.volumeLabel": second({"secret": {"secretName": "key", "volumeLabel": "l"}}),
    "volumes[].downwardAPI.fields[].path": second({"downwardAPI": {"fields": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}}),
    "volumes[].downwardAPI.volumeLabel": second({"downwardAPI": {"volumeLabel": "l"}}),
    "volumes[].ephemeral.persistentVolumeClaim.claimName": second({"ephemeral": {"persistentVolumeClaim": {"claimName": "block"}}}),
    "volumes[].hostDisk.path": second({"hostDisk": {"path": "/a/b", "type": "Disk"}}),
    "volumes[].hostDisk.type": second({"hostDisk": {"path": "/a/b", "type": "DiskOrCreate"}}),
    "volumes[].hostDisk.capacity": second({"hostDisk": {"path": "/a/b", "type": "DiskOrCreate", "capacity": "1Mi"}}),
    "volumes[].sysprep.configMap.name": second({"sysprep": {"configMap": {"name": "c"}}}, {"cdrom": {"bus": "sata"}}),
    "volumes[].sysprep.secret.name": second({"sysprep": {"secret": {"name": "key"}}}, {"cdrom": {"bus": "sata"}}),
    "accessCredentials[].sshPublicKey.source.secret.secretName": keys({"qemuGuestAgent": {"users": ["root"]}}),
    "accessCredentials[].sshPublicKey.propagationMethod.noCloud": {**keys({"noCloud": {}}), **seed(userData="#cloud-config\n")},
    "accessCredentials[].sshPublicKey.propagationMethod.configDrive": {**keys({"configDrive": {}}), **drive(userData="#cloud-config\n")},
    "accessCredentials[].sshPublicKey.propagationMethod.qemuGuestAgent.users": keys({"qemuGuestAgent": {"users": ["db"]}}),
    "accessCredentials[].userPassword.source.secret.secretName": {"accessCredentials": [
        {"userPassword": {"source": {"secret": {"secretName": "key"}}, "propagationMethod": {"qemuGuestAgent": {}}}}]},
    "nodeSelector": {"nodeSelector": {"disk": "fast"}},
    "affinity": {"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
        {"weight": 1, "podAffinityTerm": {"topologyKey": "zone"}}]}}},
    "tolerations": {"tolerations": [{"key": "k", "operator": "Exists"}]},
    "topologySpreadConstraints": {"topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}]},
    "schedulerName": {"schedulerName": "other"},
    "priorityClassName": {"priorityClassName": "system-node-critical"},
    "hostname": {"hostname": "other"},
    "subdomain": {"subdomain": "below"},
    "dnsPolicy": {"dnsPolicy": "Default"},
    "dnsConfig": {"dnsConfig": {"searches": ["x.example"]}},
    "evictionStrategy": {"evictionStrategy": "None"},
    "terminationGracePeriodSeconds": {"terminationGracePeriodSeconds": 77},
    "architecture": {"architecture": "amd64"},
    **{f"{kind}.{name}": probe(kind, **{name: value}) for kind in ("livenessProbe", "readinessProbe")
       for name, value in (("initialDelaySeconds", 3), ("timeoutSeconds", 4), ("periodSeconds", 9), ("failureThreshold", 8))},
    **{f"{kind}.httpGet": {kind: {"httpGet": {"port": 80}}} for kind in ("livenessProbe", "readinessProbe")},
    **{f"{kind}.exec.command": {kind: {"exec": {"command": ["true"]}}} for kind in ("livenessProbe", "readinessProbe")},
    **{f"{kind}.guestAgentPing": {kind: {"guestAgentPing": {}}} for kind in ("livenessProbe", "readinessProbe")},
    "readinessProbe.successThreshold": probe("readinessProbe", successThreshold=2),
}


def merge(into, patch):
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)


def without_names(o, names):
    """The same of every machine: what is derived from its name is left out."""
    text = json.dumps(o, sort_keys=True)
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "_")
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uid", text)


def is_named(path, text):
    """The field, or an object that holds it, is in the text with its path."""
    path = path.replace("[]", "[0]")
    while path.count(".") > 1 or path.startswith("spec.") and path.count(".") == 1:
        if any(re.search(re.escape(p) + r"(?!\w)", text) for p in (path, path.removesuffix("[0]"))):
            return True
        if path.count(".") == 1:
            return f"spec: {path.split('.')[1]} is not supported" in text
        path = path.rpartition(".")[0]
    return False


def at(o, path):
    """Object and key that a path leads to; None where the object at hand has it not."""
    *above, key = path.split(".")
    for step in above:
        o = o.get(step.removesuffix("[]")) if isinstance(o, dict) else None
        o = o[0] if step.endswith("[]") and isinstance(o, list) and o else o
    return (o, key) if isinstance(o, dict) and key in o else (None, None)


class Fields:
    def __init__(self, t):
        self.t = t
        program = os.path.join(os.path.dirname(t.world.binary), "../test/integration/crds/print_cases")
        all_rows = json.loads(subprocess.run([program, os.path.join(ROOT, "test/golden/api")], stdout=subprocess.PIPE, check=True).stdout)
        self.fields = all_rows["fields"]
        self.plain = next(f["vm"] for f in self.fields if f["path"] == "running")
        self.rows = []  # (how, path, name, object)

    def add(self, how, path, vm):
        vm = copy.deepcopy(vm)
        name = f"f{len(self.rows)}-{how.split()[0]}"
        vm["metadata"] = {"name": name}
        if "running" not in vm["spec"] and path != "spec.runStrategy":
            vm["spec"].setdefault("runStrategy", "Always")
        self.rows.append((how, path, name, vm))

    def changed(self):
        for path, patch in CHANGED.items():
            vm = copy.deepcopy(self.plain)
            merge(vm["spec"]["template"]["spec"], patch)
            self.add("changed", SPEC + path, vm)

    def of_support(self):
        hows = {"refused": "unsupported", "told": "without effect", "harmless": "harmless"}
        for f in self.fields:
            if f["asks"] in hows:
                self.add(hows[f["asks"]], "spec." + f["path"], f["vm"])

    def wrong(self):
        """Misspelt, and moved a level up: of machines that use the field."""
        chosen = random.Random(20)
        for path, patch in CHANGED.items():
            for how in ("misspelt", "moved"):
                vm = copy.deepcopy(self.plain)
                merge(vm["spec"]["template"]["spec"], patch)
                holder, key = at(vm["spec"]["template"]["spec"], path)
                above = path.rpartition(".")[0]
                if holder is None or how == "moved" and "." not in above:
                    continue
                value, i = holder.pop(key), chosen.randrange(len(key))
                wrong = key[:i] + key[i] + key[i:] if how == "misspelt" else key
                to = at(vm["spec"]["template"]["spec"], above) if how == "moved" else (None, None)
                if how == "moved" and (to[0] is None or key in to[0]):
                    continue
                (holder if how == "misspelt" else to[0])[wrong] = value
                where = above if how == "misspelt" else above.rpartition(".")[0]
                self.add(how, SPEC + (f"{where}." if where else "") + wrong, vm)

    def make(self):
        """What the API server refuses, by name; the others are there now."""
        refused = {}
        for _, _, name, vm in self.rows:
            status, answer = self.t.api.ask("POST", self.t.vm_path() + "?fieldValidation=Strict", vm)
            if status >= 300:
                check(status in (400, 403, 422), name, status, answer)
                refused[name] = answer["message"]
        return refused

    def shape(self, name):
        pod = self.t.pod(name)
        meta = {k: v for k, v in pod["metadata"].items() if k in ("labels", "annotations")}
        spec = {k: v for k, v in pod["spec"].items() if k != "nodeName"}
        return without_names([meta, spec], (pod["metadata"]["name"], name))

    def end(self, how, name, path, plain):
        vm = self.t.vm(name)
        stalled = condition(vm, "Stalled").get("message", "")
        told = [r["path"] for r in vm["status"].get("bridge", {}).get("repairs", [])]
        if stalled:
            return "Stalled with path" if is_named(path, stalled) else f"in silence: Stalled with {stalled}"
        if any(is_named(path, p) or path.replace("[]", "[0]").startswith(p) for p in told):
            return "applied, and told with path"
        if how == "harmless":
            return "as it would be anyway"
        return "applied and done" if self.shape(name) != plain else "in silence"

    def is_over(self, name):
        vm = self.t.vm(name)
        return vm and vm.get("status") and (condition(vm, "Stalled") or condition(vm, "Ready").get("status") == "True" or
                                            vm["spec"].get("runStrategy", "Halted") == "Halted" and vm["status"].get("printableStatus") == "Stopped")


# a machine that differs in this way may end so
ENDS = {
    "changed": ("applied and done",),
    "misspelt": ("refused with path", "applied, and told with path"),  # a resource may have any name
    "moved": ("refused with path",),
    "unsupported": ("refused with path", "Stalled with path"),
    "without effect": ("applied, and told with path",),
    "harmless": ("as it would be anyway",),  # the reference page says why
}


def test_no_field_ends_in_silence(t):
    t.api.create(t.core("secrets"), {"metadata": {"name": "key"}, "stringData": {"userdata": "#cloud-config\n", "networkdata": "version: 2\n"}})
    t.api.create(t.core("configmaps"), {"metadata": {"name": "c"}, "data": {"a": "b"}})
    t.bound_claim("block", "Block")
    t.bound_claim("c")
    t.api.patch("/apis/kubevirt.io/v1/namespaces/vmbridge-system/kubevirts/kubevirt",
                {"spec": {"configuration": {"bridge": {"hostDiskPaths": ["/a"]}}}})
    f = Fields(t)
    f.add("plain", "", f.plain)
    f.changed()
    f.of_support()
    f.wrong()
    refused = f.make()
    table, bad = {}, []
    t.until(lambda: f.is_over(f.rows[0][2]), "the plain machine runs")
    plain = f.shape(f.rows[0][2])
    for how, path, name, _ in f.rows[1:]:
        if name in refused:
            end = "refused with path" if is_named(path, refused[name]) else f"in silence: refused with {refused[name]}"
        else:
            t.until(lambda name=name: f.is_over(name), f"{name} ({path}) has come to an end")
            end = f.end(how, name, path, plain)
        table[how, end.partition(":")[0]] = table.get((how, end.partition(":")[0]), 0) + 1
        if end not in ENDS[how]:
            bad.append(f"{how} {path}: {end}")
    for (how, end), n in sorted(table.items()):
        print(f"     {how:15} {end:28} {n:4}", flush=True)
    check(not bad, "\n  ".join([""] + bad))
    check(sum(table.values()) >= 300, "only", sum(table.values()))
