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


def place_of_card(shell):
    """Where the guest's network card is, the last bus of its path."""
    return re.findall(r"([0-9a-f:]{10}\.[0-7])/", shell.run("readlink -f /sys/class/net/e*"))[-1]


def test_devices_are_where_their_pci_address_says(t):
    """On bus 0; on a bus that is there in any case; on one that is beyond the ports that a machine has without being asked."""
    vm = machines.machine("placed")
    scratch = {"emptyDisk": {"capacity": "64Mi"}}
    near, far = {"bus": "virtio", "pciAddress": "0000:00:1A.0"}, {"bus": "virtio", "pciAddress": "1f:00.0"}
    vm = machines.with_disk(vm, "near", scratch, near, serial="NEAR")
    vm = machines.with_disk(vm, "far", scratch, far, serial="FAR")
    machines.inner(vm)["domain"]["devices"]["interfaces"][0]["pciAddress"] = "0000:05:00.0"
    t.apply(vm)
    t.until_running("placed")
    shell = Shell(t, "placed")
    found = {"near": disk_of(shell, "NEAR")["pci"], "far": disk_of(shell, "FAR")["pci"], "card": place_of_card(shell)}
    t.note(f"{found}")
    check(found == {"near": "0000:00:1a.0", "far": "0000:1f:00.0", "card": "0000:05:00.0"}, f"places: {found}")
    shell.run("test -e /sys/bus/pci/devices/0000:05:00.0 && test -e /sys/bus/pci/devices/0000:1f:00.0")


def places_of(shell, vendor, device):
    """Where the guest has devices of that kind, whether it has a driver for them or not."""
    command = 'for d in /sys/bus/pci/devices/*; do echo "${d##*/} $(cat $d/vendor) $(cat $d/device)"; done'
    lines = [line.split() for line in shell.run(command).splitlines()]
    return [place for place, *kind in lines if kind == [vendor, device]]


def test_cards_of_conventional_pci_are_placed_and_shift_nothing(t):
    """On a port; on bus 0; and without a wish, behind a bridge that comes after the ports, beside a disk on a late bus."""
    rows = {"port": ("e1000", "0000:04:00.0"), "root": ("rtl8139", "0000:00:07.0"), "free": ("e1000", None)}
    for name, (model, address) in rows.items():
        vm = machines.machine(name)
        machines.inner(vm)["domain"]["devices"]["disks"][0] |= {"serial": "ROOT"}
        machines.inner(vm)["domain"]["devices"]["disks"][0]["disk"]["pciAddress"] = "0000:0c:00.0"
        card = machines.inner(vm)["domain"]["devices"]["interfaces"][0]
        card |= {"model": model, **({"pciAddress": address} if address else {})}
        t.apply(vm)
    for name, (model, address) in rows.items():
        t.until_running(name)
        shell = Shell(t, name)
        places = places_of(shell, *{"e1000": ("0x8086", "0x100e"), "rtl8139": ("0x10ec", "0x8139")}[model])
        disk = disk_of(shell, "ROOT")["pci"]
        t.note(f"{name}: {model} at {places}, the disk at {disk}")
        check(disk == "0000:0c:00.0", f"{name}: the disk is at {disk}, not 0000:0c:00.0")
        check(len(places) == 1 and places[0] == (address or places[0]), f"{name}: {model} is at {places}, not {address}")
        check(address or places[0] > "0000:0c:00.0", f"{name}: the bridge of {places} shifts the ports after it")
