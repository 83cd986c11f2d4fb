"""Each manifest of docs/examples, as an operator would use it: apply, look into the guest, switch off, switch on, and at every
step kubectl diff must be silent (rule A7)."""

import re

import case
import cluster
import machines
from cluster import WAIT, check, kubectl
from guest import Shell

FOLDER = cluster.ROOT / "docs" / "examples"
MASQUERADE = "10.0.2.2/"
GIB = 2**30

RUN_ON = {"first-vm", "bridge-binding", "pvc-file"}
rest = []  # (namespace, name, YAML text) of the examples that were tried: RUN_ON run until the end, the others are off


class Wanted:
    """What a manifest promises. `more` and `after_restart` are asked with the case and the shell of the guest."""

    def __init__(
        self,
        memory,
        *,
        host=None,
        cpus="1",
        firmware="bios",
        address=MASQUERADE,
        mac=None,
        disks=(),
        facts=None,
        before=None,
        more=None,
        after_restart=None,
    ):
        self.memory = memory
        self.host = host
        self.cpus = cpus
        self.firmware = firmware
        self.address = address  # None: that of the pod
        self.mac = mac
        self.disks = dict(disks)  # serial: (prefix of its name in the guest, least and most bytes)
        self.facts = facts or {}
        self.before = before
        self.more = more
        self.after_restart = after_restart


def write_mark(_, shell):
    device = data_device(shell)
    shell.run(f"echo kept-over-the-restart | dd of={device} bs=512 seek=2048 conv=sync 2>/dev/null; sync")


def data_device(shell):
    for entry in shell.facts()["disk"]:
        if re.search(r" serial=(DATA01|SCRATCH) ", entry):
            return "/dev/" + entry.split()[0]
    raise cluster.Failure("the guest sees no disk with the serial of the data disk")


def mark(shell):
    return shell.run(f"dd if={data_device(shell)} bs=512 skip=2048 count=1 2>/dev/null | tr -d '\\0'")


def is_kept(_, shell):
    check("kept-over-the-restart" in mark(shell), "what the guest wrote on its lasting disk was gone after the restart")


def is_forgotten(_, shell):
    check("kept-over-the-restart" not in mark(shell), "an emptyDisk was not empty after the restart")


def commands_have_run(t, _):
    t.until_console("cloud-init-inline", "first commands have run on web-01")


def page_is_served(t, _):
    t.apply(machines.tools("client"))
    t.kubectl("wait", "--for=condition=Ready", "pod/client", WAIT)
    page = t.until(
        "http://web from a pod",
        lambda: t.kubectl("exec", "client", "--", "netprobe", "http", "web", "80", ok=False).stdout,
    )
    check(page.strip() == "service", f"http://web served {page.strip()!r}, not the guest's page")


def make_block_volume(t):
    """A volume as the example's comment says, which only this claim can take."""
    name = f"{t.ns}-block"
    yaml = cluster.script("hack/cluster/block-pv", name, "1Gi")
    claim = f"\n  claimRef:\n    namespace: {t.ns}\n    name: pvc-block-data\n"
    kubectl("apply", "-f", "-", text=yaml.rstrip() + claim)

    def remove():
        kubectl("delete", "persistentvolume", name, "--wait=false", ok=False)
        cluster.script("hack/cluster/block-pv", "--delete", name)

    case.at_end.append(remove)


def is_in_place(_, shell):
    places = [entry.split("pci=")[1] for entry in shell.facts()["disk"] if " serial=6000C29A1B2C3D4E " in entry]
    check(places == ["0000:05:00.0"], f"the disk is at {places} on PCI, the manifest says 0000:05:00.0")
    card = shell.run("readlink -f /sys/class/net/e*")
    check("/0000:06:00.0/" in card, f"the card is at {card} on PCI, the manifest says 0000:06:00.0")


def files_are_there(_, shell):
    for label, name, text in (("app-config", "app.conf", "listen = 8080"), ("app-keys", "password", "change-me")):
        device = shell.run(
            "for d in /sys/block/vd*; do d=/dev/${d##*/}; "
            f"dd if=$d bs=1 skip=32808 count=32 2>/dev/null | grep -q '^{label} ' && echo $d; done; true"
        ).strip()
        check(re.fullmatch("/dev/vd[a-z]", device), f"disks with the label {label}: {device!r}")
        shell.run(f"grep -q -a '{text}' {device} && grep -q -a '{name}' {device}")


EXAMPLES = {
    "first-vm": Wanted(160, host="first-vm"),
    "bios-disk": Wanted(128, disks={"SYSTEM01": ("vd", 2**20, GIB)}),
    "efi-disk": Wanted(256, firmware="efi"),
    "container-disk": Wanted(128, disks={"SCRATCH": ("vd", GIB, GIB)}, more=write_mark, after_restart=is_forgotten),
    "pvc-file": Wanted(128, disks={"DATA01": ("vd", 0.9 * GIB, GIB)}, more=write_mark, after_restart=is_kept),
    "pvc-block": Wanted(
        128, disks={"DATA01": ("vd", GIB, GIB)}, before=make_block_volume, more=write_mark, after_restart=is_kept
    ),
    "boot-order": Wanted(128, disks={"SECOND": ("vda", 64 * 2**20, 64 * 2**20), "FIRST": ("vdb", 2**20, GIB)}),
    "cloud-init-inline": Wanted(128, host="web-01", more=commands_have_run),
    "cloud-init-secret": Wanted(128, host="db-01"),
    "config-disks": Wanted(128, more=files_are_there),
    "sata-disk": Wanted(128, disks={"SATA01": ("sd", 2**20, GIB)}),
    "two-cpus": Wanted(192, cpus="2", facts={"sockets": "1"}),
    "bridge-binding": Wanted(128, address=None, mac="02:00:5e:00:53:01"),
    "service": Wanted(128, more=page_is_served),
    "fixed-hardware": Wanted(
        128,
        mac="00:50:56:97:2a:10",
        disks={"6000C29A1B2C3D4E": ("vd", 2**20, GIB)},
        facts={
            "product_uuid": "4217b1a3-6f0e-4c1d-9a52-0d5c3f1e7a10",
            "product_serial": "VMware-42 17 b1 a3 6f 0e 4c 1d-9a 52 0d 5c 3f 1e 7a 10",
        },
        more=is_in_place,
        after_restart=is_in_place,
    ),
}


def check_disks(wanted, facts):
    found = {}
    for entry in facts.get("disk", []):
        serial = re.search(r" serial=(\S*)", entry).group(1)
        found[serial] = (entry.split()[0], int(re.search(r" bytes=(\d+)", entry).group(1)))
    for serial, (prefix, least, most) in wanted.disks.items():
        check(serial in found, f"no disk with serial {serial} in the guest: {found}")
        name, size = found[serial]
        check(name.startswith(prefix), f"disk {serial} is {name} in the guest, not {prefix}*")
        check(least <= size <= most, f"disk {serial} has {size} bytes, not {least} to {most}")


def check_network(t, name, wanted, facts):
    status = t.get("vmi", name)["status"]["interfaces"][0]
    (nic,) = facts["nic"]
    mac = re.search(r" mac=(\S+)", nic).group(1)
    check(mac == status["mac"], f"the guest's MAC is {mac}, status says {status['mac']}")
    check(wanted.mac in (None, mac), f"the guest's MAC is {mac}, the manifest says {wanted.mac}")
    pod = t.launcher(name)["status"]
    check(status["ipAddress"] == pod["podIP"], f"status shows {status['ipAddress']}, the pod has {pod['podIP']}")
    address = wanted.address or pod["podIP"] + "/"
    check(f" {address}" in nic, f"the guest has no address {address}: {nic}")


def until_address(t, name, shell):
    """The facts once DHCP has answered."""
    found = [{}]

    def probe():
        found[0] = shell.facts()
        return any(re.search(r" \d+\.\d+\.\d+\.\d+/", nic) for nic in found[0].get("nic", []))

    t.until(f"an address in guest {name}", probe, lambda: f"facts: {found[0]}")
    return found[0]


def look_inside(t, name, wanted):
    shell = Shell(t, name)
    facts = until_address(t, name, shell)
    check(facts["cpus"] == [wanted.cpus], f"the guest has {facts['cpus']} CPUs, the manifest says {wanted.cpus}")
    check(
        facts["firmware"] == [wanted.firmware], f"the guest was started by {facts['firmware']}, not {wanted.firmware}"
    )
    memory = shell.memory_mib()
    check(
        0.93 * wanted.memory <= memory <= wanted.memory,
        f"the guest has {memory:.0f} MiB, the manifest says {wanted.memory}",
    )
    check(
        wanted.host in (None, facts["hostname"][0]),
        f"the guest is called {facts['hostname']}, cloud-init says {wanted.host}",
    )
    for fact, value in wanted.facts.items():
        check(facts.get(fact) == [value], f"{fact} in the guest is {facts.get(fact)}, the manifest says {value}")
    check_disks(wanted, facts)
    check_network(t, name, wanted, facts)
    return shell


def no_diff(t, text, when):
    difference = t.diff(text)
    check(not difference, f"kubectl diff {when}:\n{difference}")


def generation(t, name, expected):
    """metadata.generation moves with the user's spec and nothing else; status follows."""
    vm = t.until_object(
        "vm",
        name,
        f"with observedGeneration {expected}",
        lambda item: item["status"].get("observedGeneration") == item["metadata"]["generation"],
    )
    check(
        vm["metadata"]["generation"] == expected,
        f"metadata.generation is {vm['metadata']['generation']}, not {expected}",
    )


def try_example(t, name):
    t.keep = True  # for the look after the controller's restart
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    wanted = EXAMPLES[name]
    if wanted.before:
        wanted.before(t)
    t.apply(text)
    no_diff(t, text, "right after create")
    t.until_running(name)
    no_diff(t, text, "when the guest runs")
    generation(t, name, 1)
    shell = look_inside(t, name, wanted)
    if wanted.more:
        wanted.more(t, shell)
    first_boot = shell.boot()[0]
    off = text.replace("runStrategy: Always", "runStrategy: Halted")
    check(off != text, "the example has no 'runStrategy: Always'")
    t.apply(off)
    t.until_status(name, "Stopped")
    t.until_gone("vmi", name)
    no_diff(t, off, "after the stop")
    generation(t, name, 2)
    t.apply(text)
    t.until_running(name)
    no_diff(t, text, "after the restart")
    generation(t, name, 3)
    check(shell.boot()[0] != first_boot, "the guest was not booted anew")
    if wanted.after_restart:
        wanted.after_restart(t, shell)
    if name not in RUN_ON:
        t.apply(off)
    rest.append((t.ns, name, text if name in RUN_ON else off))


def _make_test(name):
    def test(t):
        try_example(t, name)

    return test


for _name in EXAMPLES:
    globals()["test_example_" + _name.replace("-", "_")] = _make_test(_name)


def test_every_example_is_tried(_):
    files = {file.stem for file in FOLDER.glob("*.yaml")}
    check(files == set(EXAMPLES), f"docs/examples and the table of this test differ: {files ^ set(EXAMPLES)}")
    check(len(files) >= 10, f"there are {len(files)} examples only")


@case.exclusive
@case.order(6)
def test_A7_no_drift_after_a_controller_restart(t):
    if not rest:
        try_example(t, "first-vm")
    before = {ns: t.api.get("vm", ns, name) for ns, name, _ in rest}
    kubectl("-n", cluster.SYSTEM, "rollout", "restart", f"deployment/{cluster.CONTROLLER}")
    kubectl("-n", cluster.SYSTEM, "rollout", "status", f"deployment/{cluster.CONTROLLER}", WAIT)
    for ns, name, text in rest:
        done = kubectl("-n", ns, "diff", "-f", "-", text=text, ok=False)
        check(done.returncode == 0, f"kubectl diff of {name} after the restart:\n{done.stdout}{done.stderr}")
        now = t.api.get("vm", ns, name)
        for part in (("metadata", "generation"), ("spec",), ("status", "printableStatus")):
            old, new = before[ns], now
            for key in part:
                old, new = old[key], new[key]
            check(old == new, f"{name}: {'.'.join(part)} was {old}, is {new}")
    t.note(f"{len(rest)} machines, no difference")
