"""Switching on and off, and removing."""

import machines
from cluster import WAIT, check, condition, describe, is_true
from guest import Shell, pid_of


def test_without_run_strategy_it_stays_off(t):
    vm = machines.machine("quiet")
    del vm["spec"]["runStrategy"]
    t.apply(vm)
    now = t.until_status("quiet", "Stopped")
    check(t.get("vmi", "quiet") is None, "an instance was made")
    check(not now["status"].get("created"), f"created is set: {describe(now)}")
    check(
        (condition(now, "Ready").get("status"), condition(now, "Ready").get("reason")) == ("False", "VMINotExists"),
        describe(now),
    )


def test_guest_powers_itself_off_and_always_starts_it_again(t):
    t.apply(machines.machine("self-off"))
    first = t.until_running("self-off")
    uid = t.get("vmi", "self-off")["metadata"]["uid"]
    vmis = t.watch("vmi")
    t.until_console("self-off", "is up after")
    Shell(t, "self-off").run("{ (sleep 1; poweroff -f) >/dev/null 2>&1 & }")
    t.until_running("self-off", not_uid=uid)
    over = [item for _, _, item in vmis.of("self-off") if item["metadata"]["uid"] == uid]
    check(over[-1]["status"]["phase"] == "Succeeded", f"the run that the guest ended is {describe(over[-1])}")
    check(
        t.get("vm", "self-off")["metadata"]["generation"] == first["metadata"]["generation"],
        "metadata.generation moved",
    )


def test_once_stays_off_after_the_guest_ends(t):
    t.apply(machines.machine("once", run="Once"))
    t.until_running("once")
    t.until_console("once", "is up after")
    Shell(t, "once").run("{ (sleep 1; poweroff -f) >/dev/null 2>&1 & }")
    now = t.until_status("once", "Stopped")
    check(not now["status"].get("created"), f"created is set: {describe(now)}")
    check(not is_true(now, "Ready"), f"Ready: {describe(now)}")


def test_deaf_guest_is_switched_off_after_its_grace_period(t):
    vm = machines.machine("deaf")
    machines.inner(vm)["terminationGracePeriodSeconds"] = 5
    t.apply(vm)
    t.until_running("deaf")
    t.until_console("deaf", "is up after")
    Shell(t, "deaf").run("kill $(cat /run/acpid.pid)")
    vmis = t.watch("vmi")
    t.patch("vm", "deaf", {"spec": {"runStrategy": "Halted"}})
    t.until_status("deaf", "Stopped")
    t.until_gone("vmi", "deaf")
    said = [item["status"].get("phase") for _, _, item in vmis.of("deaf")]
    t.note(f"phases after the stop: {said}")


def test_delete_takes_all_that_is_owned_and_leaves_claims(t):
    vm = machines.with_disk(machines.machine("gone"), "data", {"persistentVolumeClaim": {"claimName": "stays"}})
    t.apply(machines.claim("stays"), vm)
    t.until_running("gone")
    pod = t.launcher("gone")
    pid_of(pod, "qemu")
    vms = t.watch("vm")
    t.kubectl("delete", "vm", "gone", WAIT)
    t.until_gone("vmi", "gone")
    t.until_gone("pod", pod["metadata"]["name"])
    claim = t.get("pvc", "stays")
    check(claim and not claim["metadata"].get("deletionTimestamp"), "the user's claim went with the machine")
    check(claim["status"]["phase"] == "Bound", f"the claim is {claim['status']['phase']}")
    check(
        not claim["metadata"].get("ownerReferences"),
        f"somebody owns the user's claim: {claim['metadata'].get('ownerReferences')}",
    )
    shown = [
        item.get("status", {}).get("printableStatus")
        for _, _, item in vms.of("gone")
        if item["metadata"].get("deletionTimestamp")
    ]
    check(set(shown) <= {"Terminating", "Running"}, f"a machine that is deleted showed {shown}")
    t.apply(vm)
    t.until_running("gone")
    facts = Shell(t, "gone").facts()
    check(
        len([disk for disk in facts["disk"] if disk.startswith("vd")]) == 2,
        f"the new machine lacks its disk: {facts['disk']}",
    )


def test_identity_stays_when_a_machine_is_made_again(t):
    seen = []
    for _ in (1, 2):
        t.apply(machines.machine("same"))
        t.until_running("same")
        facts = Shell(t, "same").facts()
        seen.append((facts["product_uuid"], facts["nic"][0].split()[1]))
        t.kubectl("delete", "vm", "same", WAIT)
        t.until_gone("vmi", "same")
    check(seen[0] == seen[1], f"UUID and MAC changed: {seen}")
