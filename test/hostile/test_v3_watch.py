"""What a tenant or an author makes of one object, so that reading it costs all others: too large, too deep, too many values, odd numbers."""
import json
import os
import re
import time

import figures
from api import CORE, VM, VMI
from marks import alone
from unseen import unseen_spec
from world import check, machine

RSS_MAX_MIB = 8  # of the controller while it reads what follows, above what it needs at rest
CPU_MAX_S = 1.5
POD_LABELS = {"kubevirt.io": "virt-launcher"}


class Tenant:
    """Somebody with a namespace of his own, and rights in no other."""

    def __init__(self, t):
        self.t, self.ns = t, t.ns + "-x"
        t.actor.manner(self.ns).bind_s = 3600  # no node is played for them
        t.api.create("/api/v1/namespaces", {"metadata": {"name": self.ns}})
        t.recorder.until(lambda: t.api.get(CORE.format(self.ns) + "serviceaccounts/default"), "the tenant's account")

    def make(self, resource, body):
        return self.t.api.ensure(CORE.format(self.ns) + resource, body)  # when its answer was lost it is there

    def pod(self, name, annotations=None, env=()):
        self.make("pods", {"metadata": {"name": name, "labels": POD_LABELS, "annotations": annotations or {}}, "spec": {
            "containers": [{"name": "c", "image": "localhost/none", "env": [{"name": f"E{i}", "value": v} for i, v in enumerate(env)]}]}})

    def vm(self, name, unseen):
        self.t.api.ensure(VM.format(self.ns), machine(name, "Halted", template=unseen_spec(unseen)))

    def leave(self):
        for path in (VM, VMI):
            self.t.api.delete(path.format(self.ns), propagationPolicy="Background")
        self.t.api.delete(CORE.format(self.ns) + "pods", gracePeriodSeconds=0)
        self.t.api.delete(f"/api/v1/namespaces/{self.ns}")


def memory_mib(c):
    with open(f"/proc/{c.process.pid}/status", encoding="ascii") as f:
        words = dict(line.split(":", 1) for line in f)
    return int(words["VmHWM"].split()[0]) / 1024, int(words["VmRSS"].split()[0]) / 1024


def cpu_s(c):
    """Seconds of processor that it took so far."""
    with open(f"/proc/{c.process.pid}/stat", encoding="ascii") as f:
        words = f.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def has_asan(path):
    with open(path, "rb") as f:
        return b"__asan_init" in f.read()


def life(t, name):
    """Seconds that a machine of somebody else takes to start, to stop and to go."""
    begin = time.monotonic()
    t.running(name)
    t.set_strategy(name, "Halted")
    t.until_stopped(name)
    t.api.delete(t.vm_path(name))
    t.until_gone(name)
    return time.monotonic() - begin


def failures(c):
    return {k: v for k, v in c.metrics().items() if k.startswith("vmbridge_client_watch_restarts_total") and 'reason="error"' in k}


def skipped(c):
    """{resource: number} of objects that were not read whole, and the reasons."""
    found, reasons = {}, set()
    for name, value in c.metrics().items():
        if name.startswith("vmbridge_watch_objects_skipped_total{"):
            labels = dict(re.findall(r'(\w+)="([^"]*)"', name))
            found[labels["resource"]] = found.get(labels["resource"], 0) + value
            reasons.add(labels["reason"])
    return found, reasons


def beside(t, what, make, expect=None):
    """A machine lives its life while 'make' has put its objects there; replicas that start meanwhile become ready."""
    tenant = Tenant(t)
    c = t.start().until_leads()
    try:
        undisturbed = life(t, "before")
        peak, rest = memory_mib(c)
        make(tenant)
        begin = cpu_s(c)
        disturbed = life(t, "beside")
        figures.note(f"V3: processor of the controller in it, {what}", cpu_s(c) - begin, CPU_MAX_S, "s")
        check(not failures(c), "watches failed:", failures(c), c.tail())
        figures.note(f"V3: a machine's life beside {what}", disturbed, 2 * undisturbed + 1, "s")
        check(disturbed < 2 * undisturbed + 1, f"{disturbed:.1f} s beside {what}, {undisturbed:.1f} s without")
        late = t.start().until_ready()
        if not has_asan(t.world.binary):
            for name, more in (("one that was there", memory_mib(c)[0] - max(peak, rest)), ("one that starts", memory_mib(late)[0] - rest)):
                figures.note(f"V3: memory above rest, {what}, {name}", more, RSS_MAX_MIB, "MiB")
                check(more < RSS_MAX_MIB, f"{more:.1f} MiB more beside {what}: {name}")
        check(not failures(late), "watches failed:", failures(late), late.tail())
        if expect:
            for replica in (c, late):
                expect(replica)
    finally:
        tenant.leave()
    t.recorder.until(lambda: not any(t.recorder.all(k, tenant.ns) for k in ("vm", "vmi", "pod")), "the tenant's objects are gone")


@alone
def test_v3_a_pod_of_5_mb_on_the_watch_costs_no_other(t):
    beside(t, "a pod of 5.4 MB", lambda tenant: tenant.pod("p", env=["<" * 900000]))


@alone
def test_v3_pods_of_a_megabyte_cost_no_other(t):
    def make(tenant):
        tenant.pod("many", env=["x" * 100] * 8000)
        tenant.pod("texts", env=["<\\\"\u2028" * 1000] * 60)
        tenant.pod("notes", {f"n{i}": "<" * 1000 for i in range(250)})
        tenant.pod("note", {"n": "&" * 260000})
        for i in range(2):
            tenant.pod(f"p{i}", env=["&>" * 450000])
    beside(t, "pods of a megabyte", make)


@alone
def test_v3_machines_that_cannot_be_held_are_told_and_cost_no_other(t):
    deep = json.loads("[" * 400 + "1" + "]" * 400)

    def make(tenant):
        tenant.vm("large", "x" * 1400000)
        tenant.vm("escaped", "<" * 240000)
        tenant.vm("deep", deep)
        tenant.vm("reals", [0.5] * 250000)
        tenant.vm("numbers", [1e308, -1e308, 5e-324, 2**63 - 1, -2**63, 1e22])
        tenant.vm("keys", {"\0": 1, "": {"": {}}, "a.b": 2, "metadata": {"name": "x", "uid": "y"}, "\u202e": 3})
        tenant.make("services", {"metadata": {"name": "s", "annotations": {"n": "<" * 260000}}, "spec": {"ports": [{"port": 1}], "selector": {"a": "b"}}})
        tenant.make("persistentvolumeclaims", {"metadata": {"name": "c", "annotations": {"n": "<" * 260000}}, "spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1Gi"}}}})

    def expect(c):
        found, reasons = skipped(c)
        check(found.get("virtualmachines", 0) >= 3 and {"large", "deep"} <= reasons, "not counted:", found, reasons)
        said = [line for line in c.lines() if line["msg"] == "only the header of an object is read"]
        names = [line.get("name") for line in said]
        check({"large", "deep", "reals"} <= set(names), "not told:", said)
        check(all("larger than 512 KiB" in line["why"] or "nests deeper" in line["why"] for line in said), said)
        check(all(names.count(n) <= 4 for n in names), "told again and again:", names)
    beside(t, "machines that cannot be held", make, expect)
