"""What a guest sees of its disks, beside the examples: their sizes."""

import re

import machines
from cluster import check
from guest import Shell

MIB = 2**20


def disk_of(shell, serial):
    """Facts of a disk, {name: value}, with its name in the guest as "disk"."""
    for entry in shell.facts()["disk"]:
        found = dict(re.findall(r" (\S+)=(\S*)", entry), disk=entry.split()[0])
        if found["serial"] == serial:
            return found
    check(False, f"the guest sees no disk with serial {serial}")


def test_a_new_disk_is_no_larger_than_its_claim(t):
    """The local storage's volumes are folders of the node's file system, which has many times as much free."""
    vm = machines.with_disk(
        machines.machine("small"), "data", {"persistentVolumeClaim": {"claimName": "small"}}, serial="SMALL"
    )
    t.apply(machines.claim("small", "64Mi"), vm)
    t.until_running("small")
    size = int(disk_of(Shell(t, "small"), "SMALL")["bytes"])
    t.note(f"a claim of 64 MiB gave a disk of {size / MIB:g} MiB")
    check(32 * MIB <= size <= 64 * MIB, f"a new disk on a claim of 64 MiB has {size} bytes")
    told = {entry["name"]: entry for entry in t.get("vmi", "small")["status"]["volumeStatus"]}["data"]
    check(told["size"] == size, f"the guest's disk has {size} bytes, status tells {told}")
    check("reason" not in told, f"a disk that fits its claim has a reason: {told}")
