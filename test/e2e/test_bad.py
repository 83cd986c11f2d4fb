"""Ten manifests that cannot work: refused when they are applied, or told in status, with the field and the way out. A machine
beside them runs on."""

import json

import case
import machines
from case import Case, Shared
from cluster import WAIT, check, condition, describe, is_true
from guest import Shell
from machines import inner, machine, with_disk


class Bystander:
    """A machine that nothing below may disturb."""

    def __init__(self, t):
        self.t = t
        t.apply(machine("bystander"))
        t.until_running("bystander")
        t.until_console("bystander", "is up after")
        self.boot = Shell(t, "bystander").boot()[0]

    def check_undisturbed(self):
        vm = self.t.get("vm", "bystander")
        check(is_true(vm, "Ready"), f"the machine beside it was disturbed: {describe(vm)}")
        check(Shell(self.t, "bystander").boot()[0] == self.boot, "the machine beside it was started anew")


def _make(api):
    t = Case(api, "test_bad")
    t.keep = True
    try:
        return Bystander(t)
    except Exception:
        t.close(failed=True, keep_all=False)
        raise


bystander = Shared(_make)


def told(vm):
    """All that status says of trouble."""
    texts = [condition(vm, kind).get("message", "") for kind in ("Stalled", "Synchronized", "PodScheduled", "Failure")]
    return " ".join(texts + [vm.get("status", {}).get("bridge", {}).get("next", "")])


def refused_or_told(t, vm, words, printable=None, stalled=True):
    """Applies a bad machine; each of the words must be in the refusal, or in what status says."""
    beside = bystander.get(t.api)
    name = vm["metadata"]["name"]
    done = t.kubectl("apply", "-f", "-", text=json.dumps(vm), ok=False)
    if done.returncode != 0:
        missing = [word for word in words if word not in done.stderr]
        check(not missing, f"the refusal does not say {missing}: {done.stderr.strip()}")
        check(t.get("vm", name) is None, "the machine was refused and exists")
        t.note("refused: " + done.stderr.strip().splitlines()[-1][:160])
    else:
        now = t.until_object(
            "vm",
            name,
            f"with a status that says {words}",
            lambda item: item and all(word in told(item) for word in words),
        )
        t.note("told: " + told(now)[:160])
        if printable:
            t.until_status(name, printable)
        if stalled:
            t.until_object("vm", name, "Stalled", lambda item: is_true(item, "Stalled"))
        check(not is_true(now, "Ready"), f"Ready all the same: {describe(now)}")
        t.kubectl("delete", "vm", name, WAIT)
        t.until_gone("vmi", name)
    beside.check_undisturbed()


def test_bad_unknown_bus(t):
    vm = machine("bad-bus")
    inner(vm)["domain"]["devices"]["disks"][0]["disk"]["bus"] = "ide9"
    refused_or_told(t, vm, ["bus", "ide9"])


def test_bad_missing_volume(t):
    vm = machine("bad-volume")
    inner(vm)["domain"]["devices"]["disks"].append({"name": "data", "disk": {"bus": "virtio"}})
    refused_or_told(t, vm, ["disks", "data"])


def test_bad_two_sources_in_one_volume(t):
    vm = machine("bad-sources")
    inner(vm)["volumes"][0]["emptyDisk"] = {"capacity": "1Gi"}
    refused_or_told(t, vm, ["volumes"])


def test_bad_no_memory(t):
    vm = machine("bad-memory")
    del inner(vm)["domain"]["memory"]
    refused_or_told(t, vm, ["memory"])


def test_bad_quantity(t):
    vm = machine("bad-quantity", memory="128 megabytes")
    refused_or_told(t, vm, ["memory"])


def test_bad_base64(t):
    vm = with_disk(machine("bad-base64"), "cloudinit", {"cloudInitNoCloud": {"userDataBase64": "this is not base64!"}})
    refused_or_told(t, vm, ["userDataBase64"])


def test_bad_user_data_over_the_limit(t):
    vm = machines.with_cloud_init(machine("bad-user-data"), "#!/bin/sh\n" + "# filler\n" * 300)
    refused_or_told(t, vm, ["userdata exceeds 2048 byte limit"])


def test_bad_missing_claim(t):
    vm = with_disk(machine("bad-claim"), "data", {"persistentVolumeClaim": {"claimName": "nobody-made-it"}})
    refused_or_told(t, vm, ["nobody-made-it", "create it"], printable="ErrorPvcNotFound")


def test_bad_missing_claim_heals_when_it_is_made(t):
    vm = with_disk(machine("late-claim"), "data", {"persistentVolumeClaim": {"claimName": "late"}})
    t.apply(vm)
    t.until_status("late-claim", "ErrorPvcNotFound")
    t.apply(machines.claim("late"))
    now = t.until_running("late-claim")
    check(
        not condition(now, "Stalled") and not condition(now, "Synchronized"),
        f"trouble stayed in status: {describe(now)}",
    )


def test_bad_missing_secret_heals_when_it_is_made(t):
    """It is named by what a real kubelet says of the pod."""
    vm = with_disk(machine("late-secret"), "seed", {"cloudInitNoCloud": {"secretRef": {"name": "late"}}})
    t.apply(vm)
    now = t.until_object("vm", "late-secret", "is stalled", lambda vm: is_true(vm, "Stalled"))
    said = condition(now, "Stalled").get("message", "")
    t.note("told: " + said[:160])
    for word in ("Secret late does not exist", "spec.template.spec.volumes[1].cloudInitNoCloud.secretRef.name"):
        check(word in said, f"{word} is not in: {said}")
    t.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "late"}, "stringData": {"userdata": "#cloud-config\n"}})
    now = t.until_running("late-secret")
    check(not condition(now, "Stalled"), f"trouble stayed in status: {describe(now)}")


def test_bad_image_that_does_not_exist(t):
    vm = machine("bad-image")
    inner(vm)["volumes"][0]["containerDisk"]["image"] = "localhost/vmbridge/no-such-image:1"
    refused_or_told(t, vm, ["no-such-image"], printable=("ErrImagePull", "ImagePullBackOff"))


def test_bad_memory_the_nodes_do_not_have(t):
    vm = machine("bad-size", memory="900Gi")
    refused_or_told(t, vm, ["Insufficient memory"], printable="ErrorUnschedulable", stalled=False)


@case.order(8)
def test_bad_spec_heals_when_it_is_corrected(t):
    """The ways out that the messages name are ways out."""
    vm = machine("healed", memory="900Gi")
    t.apply(vm)
    t.until_status("healed", "ErrorUnschedulable")
    t.apply(machine("healed"))
    t.kubectl("delete", "vmi", "healed", WAIT)
    t.until_running("healed")
