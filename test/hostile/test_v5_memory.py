"""Machines that are larger than any machine can be cost the caches a header each; others go on, and what is mended is whole again."""
import os
import time

import figures
from api import condition
from marks import alone
from unseen import unseen_spec
from world import check, machine, spec

LIMIT_MIB = 256  # of the controller's container, deploy/base
FAT_BYTES = 1300000
CACHED_MAX = 48 << 20
N_FAT = int(os.environ.get("VMB_TEST_FAT", "60"))  # 210 made the API server's and the recorder's part of this test take minutes


def fat(name, n=FAT_BYTES):
    return machine(name, "Halted", template=unseen_spec("x" * n))


def rss_mib(c):
    with open(f"/proc/{c.process.pid}/status", encoding="ascii") as f:
        words = dict(line.split(":", 1) for line in f)
    return int(words["VmHWM"].split()[0]) / 1024, int(words["VmRSS"].split()[0]) / 1024


def has_asan(path):
    with open(path, "rb") as f:
        return b"__asan_init" in f.read()


def cached_bytes(c):
    return sum(v for k, v in c.metrics().items() if k.startswith("vmbridge_cache_bytes"))


@alone
def test_v5_machines_of_more_than_a_megabyte_cost_a_header(t):
    for i in range(N_FAT):
        t.api.create(t.vm_path(), fat(f"fat-{i}"))
    c = t.start().until_leads()
    try:
        t.until(lambda: sum("KiB" in condition(vm, "Stalled").get("message", "")
                            for vm in t.recorder.all("vm", t.ns) if vm.get("status")) == N_FAT, "each says that it is too large")
        peak, now = rss_mib(c)
        figures.note(f"V5: caches' bytes with {N_FAT} VMs of 1.3 MB", cached_bytes(c) / 1048576, CACHED_MAX / 1048576, "MiB")
        check(cached_bytes(c) < CACHED_MAX, "the caches hold", cached_bytes(c))
        if not has_asan(t.world.binary):
            figures.note(f"V5: controller's memory with {N_FAT} VMs of 1.3 MB, peak", peak, LIMIT_MIB, "MiB")
            figures.note(f"V5: controller's memory with {N_FAT} VMs of 1.3 MB, after", now, LIMIT_MIB, "MiB")
            check(peak < LIMIT_MIB, f"the controller took {peak:.0f} MiB")
        before = time.monotonic()
        t.running("m")
        figures.note("V5: a machine beside them is ready after", time.monotonic() - before, 10, "s")
        t.api.patch(t.vm_path("fat-0"), [{"op": "replace", "path": "/spec/template/spec", "value": spec()},
                                         {"op": "replace", "path": "/spec/runStrategy", "value": "Always"}], "application/json-patch+json")
        t.until_ready("fat-0")
    finally:
        for i in range(N_FAT):
            t.api.delete(t.vm_path(f"fat-{i}"), propagationPolicy="Background")


@alone
def test_v5_what_one_namespace_may_hold_is_bounded(t):
    """Each of them can be read; together they are more than one namespace may have in the caches. Room that becomes free is used."""
    c = t.start().until_leads()
    t.running("healthy")
    names = [f"m-{i:02}" for i in range(40)]
    for name in names:  # 200 KB each, and nothing that could be packed
        text = "".join(f"{(i * 2654435761 + hash(name)) & 0xffffffffffff:012x}" for i in range(200000 // 12))
        t.api.create(t.vm_path(), machine(name, "Halted", template=unseen_spec({"text": text})))

    def without_room():
        return [vm["metadata"]["name"] for vm in t.recorder.all("vm", t.ns)
                if vm.get("status") and "namespace" in condition(vm, "Stalled").get("message", "")]
    t.until(lambda: len(without_room()) >= 10, "those that find no room say so")
    figures.note("V5: caches' bytes with 40 VMs of 200 KB in a namespace", cached_bytes(c) / 1048576, CACHED_MAX / 1048576, "MiB")
    left_out = without_room()
    check(condition(t.vm("healthy"), "Ready").get("status") == "True", t.picture())
    t.set_strategy("healthy", "Halted")
    t.until_stopped("healthy")
    for name in names:
        if name not in left_out:
            t.api.delete(t.vm_path(name), propagationPolicy="Background")
    t.until(lambda: len(without_room()) <= len(left_out) - 5, "there is room again and some of those that waited find it")
    found = next(name for name in left_out if name not in without_room())
    check("portRanges" in condition(t.vm(found), "Stalled").get("message", ""), "it was not read:", t.vm(found)["status"])
