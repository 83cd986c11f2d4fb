"""Three hundred generated hostile objects, two replicas, and a machine in another namespace that starts, stops and goes throughout."""
import contextlib
import json
import os
import statistics
import threading
import time

import figures
from api import CORE, JSON, MERGE, VM, VMI, Api, Failed, condition
from generator import Generator
from limits import HANG_S
from marks import alone
from world import check, machine

N_OBJECTS = int(os.environ.get("VMB_TEST_OBJECTS", "300"))
N_RUNNING = 6          # guests whose machines and instances are changed while they run
PAUSE_S = 0.15         # between two objects: the API server is for others too
QUIET_ROUNDS = 5
GUEST_S = 2            # until the healthy guest has booted, or shut down: a real one takes longer
LIMIT_MIB = 256        # what deploy/ lets a replica have
LATER = 2              # times its undisturbed time: later than that is disturbed
VM_WORDS = {"Stopped", "Provisioning", "Starting", "Running", "Paused", "Stopping", "Terminating", "Migrating", "WaitingForVolumeBinding",
            "ErrorUnschedulable", "ErrImagePull", "ImagePullBackOff", "ErrorPvcNotFound", "DataVolumeError", "CrashLoopBackOff", "Unknown"}
PHASES = {"Pending", "Scheduling", "Scheduled", "Running", "Succeeded", "Failed", "Unknown"}
PATHS = {"vm": VM.format("{}") + "/{}", "vmi": VMI.format("{}") + "/{}", "pod": CORE.format("{}") + "pods/{}",
         "pvc": CORE.format("{}") + "persistentvolumeclaims/{}", "service": CORE.format("{}") + "services/{}"}
OURS = "kubevirt.io/foregroundDeleteVirtualMachine"


class Healthy:
    """A machine of another tenant: each round creates it, stops it and deletes it, and keeps the seconds that each took."""

    def __init__(self, t):
        self.t, self.count, self.fault = t, 0, None

    def round(self):
        t, name, times, start = self.t, f"healthy-{self.count}", {}, time.monotonic()
        self.count += 1

        def took(what):
            nonlocal start
            times[what], start = time.monotonic() - start, time.monotonic()
        t.make(machine(name))
        t.until_ready(name)
        took("start")
        t.set_strategy(name, "Halted")
        t.until_stopped(name)
        took("stop")
        t.set_strategy(name, "Always")
        t.until_ready(name)
        start = time.monotonic()
        t.api.delete(t.vm_path(name), propagationPolicy="Background")
        t.until_gone(name)
        took("delete")
        return times

    def rounds_until(self, over, found):
        try:
            while not over.is_set():
                found.append(self.round())
        except Exception as e:  # told by the thread that waits for this one
            self.fault = e

    @staticmethod
    def medians(rounds):
        return {what: statistics.median(r[what] for r in rounds) for what in rounds[0]}


class Tenant:
    """Who makes the hostile objects."""

    def __init__(self, t):
        self.t, self.api, self.ns = t, Api(t.world.kubeconfig, patience=3, timeout=30), t.ns + "-h"
        self.answers = {}         # status code: number
        self.made = {}            # what: names that were accepted
        self.api.create("/api/v1/namespaces", {"metadata": {"name": self.ns}})
        t.until(lambda: self.api.get(CORE.format(self.ns) + "serviceaccounts/default"), "the tenant's namespace has its account")
        t.recorder.light.add(self.ns)
        self.manner = t.actor.manner(self.ns)

    def run_guests(self, n):
        """Guests that run well until their objects are changed: their names, and the UIDs of their instances."""
        names = [f"g{i}" for i in range(n)]
        for name in names:
            self.api.create(VM.format(self.ns), machine(name))
        self.t.until(lambda: all(condition(self.t.recorder.get("vm", self.ns, name), "Ready").get("status") == "True" for name in names),
                     "the tenant's own guests run")
        return names, [self.t.recorder.get("vmi", self.ns, name)["metadata"]["uid"] for name in names]

    def apply(self, what, action, name, body, words):
        path = PATHS[what].format(self.ns, name)
        if what == "pod":
            self.manner.strangers.add(name)
        try:
            status, _ = self.api.ask("PATCH", path, body, MERGE) if action == "patch" else self.api.ask("POST", path.rpartition("/")[0], body, JSON)
        except TimeoutError:  # a body that is too large: the API server hangs up
            status = 999
        self.answers[status] = self.answers.get(status, 0) + 1
        if status >= 300:
            return
        if action == "create":
            self.made.setdefault(what, []).append(name)
        if words is not None:
            self._end(path, json.loads(body)["spec"]["containers"][0], words)

    def _end(self, path, box, words):
        """The tenant's container has ended, with his words."""
        state = {"terminated": {"exitCode": 1, "reason": "Error", "message": words}}
        with contextlib.suppress(TimeoutError):
            self.api.ask("PATCH", path + "/status", {"status": {"phase": "Failed", "containerStatuses": [
                {"name": box["name"], "image": box["image"], "imageID": "", "ready": False, "restartCount": 0, "state": state}]}}, MERGE)

    def untold(self):
        """Machines and instances whose status says nothing."""
        found = []
        for kind, key, words in (("vm", "printableStatus", VM_WORDS), ("vmi", "phase", PHASES)):
            for o in self.t.recorder.all(kind, self.ns):
                stalled = condition(o, "Stalled")
                if not (stalled.get("status") == "True" and stalled.get("message")) and o.get("status", {}).get(key) not in words:
                    found.append(f"{kind} {o['metadata']['name']}")
        return found

    def until_told(self):
        end = time.monotonic() + HANG_S
        while untold := self.untold():
            check(time.monotonic() < end, f"{len(untold)} have no status that tells: {untold[:8]}")
            time.sleep(0.2)

    def remove_all(self):
        """Deletes them as their author would, who also takes off the finalizers that he put on."""
        for kind in ("vm", "vmi"):
            for o in self.t.recorder.all(kind, self.ns):
                self.t.api.delete(PATHS[kind].format(self.ns, o["metadata"]["name"]), propagationPolicy="Background")
        for name in self.made.get("pod", []):
            self.api.delete(PATHS["pod"].format(self.ns, name), gracePeriodSeconds=0)
        end = time.monotonic() + HANG_S
        while left := self._left():
            check(time.monotonic() < end, f"{len(left)} are not gone: {left[:8]}")
            time.sleep(0.5)
        for what in ("pvc", "service"):
            for name in self.made.get(what, []):
                self.api.delete(PATHS[what].format(self.ns, name))

    def _left(self):
        left = []
        for kind in ("vm", "vmi", "pod"):
            for o in self.t.recorder.all(kind, self.ns):
                meta = o["metadata"]
                left.append(f"{kind} {meta['name']} {meta.get('finalizers', [])[:3]}")
                if any(f != OURS for f in meta.get("finalizers", [])):
                    self._free(kind, meta)
        return left

    def _free(self, kind, meta):
        try:
            self.api.patch(PATHS[kind].format(self.ns, meta["name"]), {"metadata": {
                "resourceVersion": meta["resourceVersion"], "finalizers": [f for f in meta["finalizers"] if f == OURS]}})
        except Failed as e:
            if e.status not in (404, 409):
                raise


def schemas(t):
    """{plural: schema of v1} as the API server has it."""
    found = {}
    for plural in ("virtualmachines", "virtualmachineinstances"):
        crd = t.api.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.kubevirt.io")
        found[plural] = next(v for v in crd["spec"]["versions"] if v["name"] == "v1")["schema"]["openAPIV3Schema"]
    return found


def prepared(generator):
    """(what, action, name, text of the body, words): made before, since that takes this program's time, and so do its measurements."""
    found = []
    for what, action, name, body in generator.objects(N_OBJECTS):
        words = body.pop("words", None)
        found.append((what, action, name, json.dumps(body), words))
    return found


def told(what, value):
    print(f"     {what}: {value}", flush=True)


def attack(tenant, hostile, replicas):
    for one in hostile:
        tenant.apply(*one)
        for c in replicas:
            check(c.process.poll() is None, f"replica {c.identity} ended with {c.process.returncode} after {one[:3]}: {c.tail()}")
        time.sleep(PAUSE_S)
    told("answers of the API server", dict(sorted(tenant.answers.items())))
    check(sum(n for code, n in tenant.answers.items() if code < 300) >= N_OBJECTS / 3, "most were refused:", tenant.answers)


def beside(healthy, attack_them):
    """Rounds of the healthy machine while that runs."""
    over, rounds = threading.Event(), []
    thread = threading.Thread(target=healthy.rounds_until, args=(over, rounds))
    thread.start()
    try:
        attack_them()
    finally:
        over.set()
        thread.join()
    if healthy.fault:
        raise healthy.fault
    return rounds


@alone
def test_hundreds_of_hostile_objects_disturb_nobody(t):
    seed = int(os.environ.get("VMB_TEST_SEED", "1"))
    told("seed", f"{seed} (the same again: --seed {seed})")
    replicas = [t.start(identity="leader").until_leads(), t.start(identity="standby", account="replica-b", plain=True).until_ready()]
    t.manner.boot_s = t.manner.stop_s = GUEST_S
    healthy, tenant = Healthy(t), Tenant(t)
    try:
        quiet = [healthy.round() for _ in range(QUIET_ROUNDS)]
        hostile = prepared(Generator(seed, schemas(t), *tenant.run_guests(N_RUNNING)))
        before = memory_of(replicas[1])
        rounds = beside(healthy, lambda: attack(tenant, hostile, replicas))
        tenant.until_told()
        memory = memory_of(replicas[1])
        for c in replicas:
            c.until_ready()
        judge(healthy.medians(quiet), healthy.medians(rounds), len(rounds), (before, memory))
    finally:
        tenant.remove_all()
        t.api.delete(f"/api/v1/namespaces/{tenant.ns}")


def memory_of(replica):
    return replica.metrics()["process_resident_memory_bytes"] / 2**20


def judge(quiet, disturbed, n, memory):
    figures.note("generated: memory of a replica, before", memory[0], LIMIT_MIB, "MiB")
    figures.note("generated: memory of a replica, after", memory[1], LIMIT_MIB, "MiB")
    for what, seconds in disturbed.items():
        figures.note(f"generated: healthy machine's {what}, median of {n}, beside undisturbed", seconds, LATER * quiet[what], "s")
    late = {what: (round(quiet[what], 2), round(s, 2)) for what, s in disturbed.items() if s > LATER * quiet[what]}
    check(not late, f"later than {LATER} times the undisturbed time (seconds then, now): {late}")
