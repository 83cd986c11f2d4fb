"""What converters write and KubeVirt refuses is taken as it is, told, and runs once its disks are claims (rules V1 to V6)."""
import json
import os
import re
import subprocess

from api import condition
from kubectl import ROOT
from world import check, machine

SAMPLES = os.path.join(ROOT, "test/integration/crds/samples")
SPEC = "spec.template.spec."
ALWAYS = {"spec.runStrategy", SPEC + "networks[0].networkName", SPEC + "terminationGracePeriodSeconds",
          SPEC + "domain.resources.features"}


BIOS = ALWAYS | {SPEC + "domain.resources.clock", SPEC + "domain.cpu.thread"}
UEFI = ALWAYS | {SPEC + "domain.firmware.bootloader.efi.secureBoot"}


def kubectl(t, verb, manifest, *options):
    done = subprocess.run([t.world.kubectl.program, verb, "-n", t.ns, "-f", "-", *options], input=json.dumps(manifest), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, env={**os.environ, "KUBECONFIG": t.world.kubeconfig})
    check(done.returncode == 0, done.stdout, done.stderr)
    return done.stderr


def apply(t, manifest):
    """Paths of the fields that the API server warned about. A policy is in force a moment after it was made."""
    odd = machine("odd", strategy=None)
    t.until(lambda: "spec.runStrategy: " in kubectl(t, "create", odd, "--dry-run=server"), "the policies are in force")
    return set(re.findall(r"': (spec\.\S+): ", kubectl(t, "apply", manifest)))


def warnings_of(repairs):
    """A warning is the same for all items of a list."""
    return {path.replace("[0]", "[]") for path in repairs}


def load(t, sample):
    path = os.path.join(SAMPLES, sample)
    manifest = json.loads(t.world.kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", path))
    manifest["metadata"]["namespace"] = t.ns
    return manifest


def on_claims(t, manifest):
    """The disks as claims that are bound, and the machine switched on."""
    for volume in manifest["spec"]["template"]["spec"]["volumes"]:
        del volume["hostDisk"]
        volume["persistentVolumeClaim"] = {"claimName": volume["name"]}
        t.bound_claim(volume["name"])
    manifest["spec"]["runStrategy"] = "Always"


def live(t, sample, repairs):
    manifest = load(t, sample)
    name = manifest["metadata"]["name"]
    warned = apply(t, manifest)
    check(warned == warnings_of(repairs), "warnings:", warned ^ warnings_of(repairs))
    vm = t.until_status(name, "Stopped")
    told = {r["path"] for r in vm["status"]["bridge"]["repairs"]}
    check(told == repairs, "repairs:", told ^ repairs)
    check(not condition(vm, "Stalled"), condition(vm, "Stalled"))
    kubectl(t, "diff", manifest)
    t.remains(lambda: not t.vmi(name), 0.5, "no instance of it")

    on_claims(t, manifest)
    apply(t, manifest)
    vm = t.until_ready(name)
    kubectl(t, "diff", manifest)
    told = {r["path"] for r in vm["status"]["bridge"]["repairs"]}
    check(told == repairs - {"spec.runStrategy"}, told ^ repairs)
    check("repairs" not in t.vmi(name)["status"].get("bridge", {}), "the instance tells it again")
    n = len(t.versions("vm", name))
    t.remains(lambda: len(t.versions("vm", name)) == n, 1, "the machine is not written")
    return json.loads(t.pod(name)["metadata"]["annotations"]["vmbridge.io/instance"])["spec"]


def test_v1_a_converted_machine_with_bios_starts_on_claims(t):
    run = live(t, "converted.yaml", BIOS)
    check(run["domain"]["cpu"] == {"cores": 2, "sockets": 1, "threads": 1}, run["domain"]["cpu"])
    check(run["domain"]["features"] == {"acpi": {}, "pae": {}}, run["domain"])
    check(run["domain"]["clock"] == {"utc": {}, "timer": {"hpet": {"present": False}, "hyperv": {}, "pit": {"tickPolicy": "delay"},
                                                          "rtc": {"tickPolicy": "catchup"}}}, run["domain"])


def test_v1_a_converted_machine_with_uefi_starts_on_claims(t):
    run = live(t, "converted-uefi.yaml", UEFI)
    check(run["domain"]["firmware"]["bootloader"]["efi"] == {"persistent": True}, run["domain"]["firmware"])


def test_five_unsupported_fields_are_told_at_once(t):
    manifest = load(t, "converted-uefi.yaml")
    manifest["spec"]["runStrategy"] = "Always"
    manifest["spec"]["template"]["spec"]["domain"]["launchSecurity"] = {"snp": {}}
    devices = manifest["spec"]["template"]["spec"]["domain"]["devices"]
    devices.update(downwardMetrics={}, watchdog={"name": "w", "diag288": {}}, clientPassthrough={}, filesystems=[{"name": "f", "virtiofs": {}}])
    apply(t, manifest)
    t.until(lambda: condition(t.vm("converted-uefi"), "Stalled"), "it is Stalled")
    said = condition(t.vm("converted-uefi"), "Stalled")["message"]
    for what in ("domain.launchSecurity", "domain.devices.downwardMetrics", "domain.devices.watchdog.diag288",
                 "domain.devices.clientPassthrough", "domain.devices.filesystems"):
        check(f"{SPEC}{what} is not supported by this version of vmbridge: " in said, what, "is not in", said)


def test_a_machine_of_an_instance_type_names_it(t):
    manifest = load(t, "converted-uefi.yaml")
    manifest["spec"]["instancetype"] = {"name": "u1.medium"}
    apply(t, manifest)
    t.until(lambda: condition(t.vm("converted-uefi"), "Stalled"), "it is Stalled")
    said = condition(t.vm("converted-uefi"), "Stalled")["message"]
    check(said.startswith("spec.instancetype is not supported by this version of vmbridge: write cpu and memory"), said)


def test_an_instance_without_a_machine_tells_its_repairs(t):
    vm = load(t, "converted-uefi.yaml")
    spec = vm["spec"]["template"]["spec"]
    spec["volumes"] = [{"name": "disk-0", "containerDisk": {"image": "localhost/guest:1"}}]
    warned = apply(t, {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "m", "namespace": t.ns}, "spec": spec})
    want = {"spec." + path.removeprefix(SPEC) for path in UEFI - {"spec.runStrategy"}}
    check(warned == warnings_of(want), warned ^ want)
    t.until(lambda: (t.vmi("m") or {}).get("status", {}).get("phase") == "Running", "it runs")
    told = {r["path"] for r in t.vmi("m")["status"]["bridge"]["repairs"]}
    check(told == want, told ^ want)
