"""What the firmware keeps: NVRAM of a machine that says efi.persistent."""

import machines
from cluster import WAIT, check
from guest import Shell

VARIABLE = "/sys/firmware/efi/efivars/Vmbridge-5d1c0c5e-0000-4000-8000-0000000000e2"
ATTRIBUTES = r"\007\000\000\000"  # it is kept, and readable at boot and at run time


def variables(t, name):
    shell = Shell(t, name)
    shell.run("mountpoint -q /sys/firmware/efi/efivars || mount -t efivarfs efivarfs /sys/firmware/efi/efivars")
    return shell


def efi_machine(name, **efi):
    vm = machines.machine(name, memory="256Mi")
    machines.inner(vm)["domain"]["firmware"] = {"bootloader": {"efi": {"secureBoot": False, **efi}}}
    machines.inner(vm)["volumes"] = [{"name": "root", "containerDisk": {"image": machines.EFI}}]
    return vm


def restart(t, name):
    t.patch("vm", name, {"spec": {"runStrategy": "Halted"}})
    t.until_status(name, "Stopped")
    t.until_gone("vmi", name)
    t.patch("vm", name, {"spec": {"runStrategy": "Always"}})
    t.until_running(name)
    t.until_console(name, "is up after")


def test_efi_variables_outlive_the_run_when_they_are_to_persist(t):
    t.apply(efi_machine("keeps", persistent=True), efi_machine("forgets"))
    for name in ("keeps", "forgets"):
        t.until_running(name)
        t.until_console(name, "is up after")
        variables(t, name).run(f"printf '{ATTRIBUTES}said-before' >{VARIABLE}")
    claims = [item["metadata"]["name"] for item in t.api.list("pvc", t.ns)["items"]]
    check(claims == ["persistent-state-for-keeps"], f"claims: {claims}")
    told = [volume["persistentVolumeClaimInfo"]["claimName"] for volume in t.get("vmi", "keeps")["status"]["volumeStatus"]
            if volume["name"] == claims[0]]
    check(told == claims, f"status.volumeStatus does not name the claim: {t.get('vmi', 'keeps')['status'].get('volumeStatus')}")
    for name in ("keeps", "forgets"):
        restart(t, name)
    said = variables(t, "keeps").run(f"tail -c +5 {VARIABLE}")
    check(said == "said-before", f"the variable is {said!r} after the restart")
    left = variables(t, "forgets").run(f"ls {VARIABLE} 2>/dev/null || echo none")
    check(left == "none", f"a machine that does not say persistent kept {left}")
    t.kubectl("delete", "vm", "keeps", WAIT)
    t.until_gone("pvc", claims[0])
