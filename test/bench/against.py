"""The same work without a controller: a machine's writes with no logic, and a write against a bare schema."""

import copy
import statistics
import time

import account
from api import MERGE, Recorder
from plane import Trouble, check, until
from session import PARALLEL, SETTLE_S, template

PROBE = "probe"
GROUP = "bench.vmbridge.io"
COPIED = {"virtualmachines": "vm", "virtualmachineinstances": "vmi"}
WORDS = {"vm": "VM", "vmi": "instance"}
LANES = ("ours", "bare", "single")
ROUNDS = 5
CEILING_MAX = 2000  # machines: it is a rate
WRITES = 800  # of a round and a schema: long enough that each collects its own garbage
SERVER_SET = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
VMS = "/apis/kubevirt.io/v1/namespaces/{}/virtualmachines"
WATCHED = {
    "vm": VMS.format(PROBE),
    "vmi": f"/apis/kubevirt.io/v1/namespaces/{PROBE}/virtualmachineinstances",
    "pod": f"/api/v1/namespaces/{PROBE}/pods",
    "event": f"/api/v1/namespaces/{PROBE}/events",
}


def merge_diff(old, new):
    """The merge patch that makes new of old; None when they are equal."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return None if old == new else new
    patch = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key not in old:
            patch[key] = value
        elif old[key] != value:
            patch[key] = merge_diff(old[key], value)
    return patch or None


def as_sent(item):
    """An object as its creator sent it, as near as what is stored tells."""
    sent = {key: copy.deepcopy(value) for key, value in item.items() if key != "status"}
    for key in SERVER_SET:
        sent["metadata"].pop(key, None)
    return sent


def record(s):
    """One machine's life, all versions of it: the bodies of its writes, as they really were."""
    s.plane.add_namespaces([PROBE])
    recorder = Recorder(s.api, WATCHED)
    s.api.create(VMS.format(PROBE), {**template(), "metadata": {"name": "vm-0", "labels": {"app": "bench"}}})
    try:
        recorder.until(lambda: is_ready(recorder.get("vm", PROBE, "vm-0")), "the first machine is Ready")
    except AssertionError as fault:
        raise Trouble(str(fault)) from None
    time.sleep(3)
    versions = {kind: [v.object for v in recorder.versions(kind, PROBE) if v.event != "DELETED"] for kind in WATCHED}
    s.bodies = bodies_of(versions)
    s.stored = {kind: versions[kind][-1] for kind in WORDS}
    s.details["first_machine"] = {kind: len(found) for kind, found in versions.items()}
    s.api.delete(VMS.format(PROBE) + "/vm-0")
    until("the first machine is gone", lambda: not any(recorder.now[kind] for kind in ("vm", "vmi", "pod")), 120)


def is_ready(vm):
    found = [c["status"] for c in (vm or {}).get("status", {}).get("conditions", []) if c["type"] == "Ready"]
    return found == ["True"]


def bodies_of(versions):
    """What was written, by kind of write; patches are the difference between two versions that follow each other."""
    patches = {"vm_status": [], "vmi_status": [], "vmi_labels": []}
    for kind in ("vm", "vmi"):
        for old, new in zip(versions[kind], versions[kind][1:]):
            status = merge_diff(old.get("status", {}), new.get("status", {}))
            labels = merge_diff(old["metadata"].get("labels", {}), new["metadata"].get("labels", {}))
            if status:
                patches[f"{kind}_status"].append({"status": status})
            if labels:
                patches[f"{kind}_labels"].append({"metadata": {"labels": labels}})
    created = {kind: as_sent(versions[kind][0]) for kind in ("vm", "vmi", "pod")}
    created["pod"]["spec"].pop("nodeName", None)
    events = [event for event in versions["event"] if event.get("reportingComponent") != "default-scheduler"]
    bodies = {**created, "events": [as_sent(event) for event in events]}
    for kind, found in patches.items():
        check(found, f"the first machine's life has no write of {kind}")
        bodies[kind] = [found[0], found[-1]] if kind == "vm_status" else found[-1]
    return bodies


def ceiling(s):
    """The same writes as fast as they go, without a controller that would answer."""
    s.mark("controller stopped")
    s.controller.stop()
    before = account.cpu_seconds(s.load.pid)
    answer = s.load.ask("ceiling", s.timeout() + 60, n=min(s.n, CEILING_MAX), parallel=PARALLEL, bodies=s.bodies)
    if not answer.get("ok"):
        s.note(f"the API server's ceiling was not measured: {answer.get('error')}")
        return
    s.mark("ceiling measured")
    rate = answer["n"] / answer["seconds"]
    s.figures.add("ceiling", rate)
    s.figures.add("client_cpu", (account.cpu_seconds(s.load.pid) - before) * 1000 / answer["n"])
    s.figures.add("ceiling_share", s.speed / rate)
    s.details["ceiling"] = answer


def definition(s, kind, group, which):
    """A kind of ours once more, in a group of its own, so that nobody watches it. 'bare': the same versions without their
    schema; 'single': no schema, and one version, of which the server keeps one watch cache."""
    spec = s.api.get(f"{CRDS}/{kind}.kubevirt.io")["spec"]
    spec["group"] = group
    spec["names"].pop("categories", None)
    if which == "single":
        spec["versions"] = [version for version in spec["versions"] if version["storage"]]
    for version in spec["versions"] if which != "ours" else []:
        version["schema"]["openAPIV3Schema"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind}.{group}"},
        "spec": spec,
    }


def write_cost(s):
    """Status writes on an object of each kind of ours and on the same under kinds without a schema, in turns. Before there are many
    objects: what the API server keeps in memory makes its garbage collector's share of a write large, and uneven.

    The price of a VM's status write without a schema, in ms: by it machines of several speeds compare. None: not measured."""
    lanes = [(kind, which) for kind in COPIED for which in LANES]
    paths = {lane: copied(s, *lane) for lane in lanes}
    rounds = {lane: [] for lane in lanes}
    time.sleep(SETTLE_S)
    for number in range(ROUNDS + 1):
        for lane in lanes if number % 2 else reversed(lanes):
            used = one_round(s, paths[lane], s.stored[COPIED[lane[0]]]["status"])
            if used is None:
                return None
            if number > 0:  # the first warms all up
                rounds[lane].append(used)
    for kind, which in lanes:
        s.api.delete(f"{CRDS}/{kind}.{which}.{GROUP}")
    s.mark("writes measured")
    s.details["write_ms"] = {" ".join(lane): values for lane, values in rounds.items()}
    for kind, one in COPIED.items():
        for which in LANES:
            s.figures.add(f"write_{which}", statistics.median(rounds[kind, which]), WORDS[one])
        for key, which in (("write_ratio", "bare"), ("write_single_ratio", "single")):
            # Of sums: a collection of garbage falls into one round or the next, and into all of them alike.
            s.figures.add(key, sum(rounds[kind, "ours"]) / sum(rounds[kind, which]), WORDS[one])
    return statistics.median(rounds["virtualmachines", "single"])


def copied(s, kind, which):
    """The path of an object's status: as it is stored, under a copy of its kind."""
    group = f"{which}.{GROUP}"
    base = f"/apis/{group}/v1/namespaces/{PROBE}/{kind}"
    s.api.ensure(CRDS, definition(s, kind, group, which))
    until(f"the API server serves {kind}.{group}", lambda: s.api.get(base), 60)
    stored = s.stored[COPIED[kind]]
    body = as_sent(stored)
    body["apiVersion"] = f"{group}/v1"
    body["metadata"].pop("ownerReferences", None)
    body["metadata"].pop("finalizers", None)
    s.api.create(base, body)
    s.api.patch(f"{base}/vm-0/status", {"status": stored["status"]}, MERGE)
    return f"{base}/vm-0/status"


def one_round(s, path, status):
    """API server CPU of one write, in ms."""
    pid = s.plane.pids()["kube-apiserver"]
    before = account.cpu_seconds(pid)
    answer = s.load.ask("status_writes", 300, resource=path, n=WRITES, parallel=1, body={"status": changing(status)})
    if not answer.get("ok"):
        s.note(f"the price of a write was not measured: {answer.get('error')}")
        return None
    check(answer["n"] == WRITES, f"only {answer['n']} of {WRITES} status writes went well")
    return (account.cpu_seconds(pid) - before) * 1000 / WRITES


def changing(status):
    """With a number in it, which is another one in each write."""
    return {**status, "observedGeneration": 0}
