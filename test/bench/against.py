"""The same work without a controller: a machine's writes with no logic, and a write against a bare schema."""

import copy
import statistics
import time

import account
from api import MERGE, Recorder
from plane import Trouble, check, until
from session import PARALLEL, template

PROBE = "probe"
GROUP = "bare.bench.vmbridge.io"
ROUNDS = 5
WRITES = 400  # of a round and a schema
SERVER_SET = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")
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
        recorder.until(lambda: is_ready(recorder.get("vm", PROBE, "vm-0")), 120, "the first machine is Ready")
    except AssertionError as fault:
        raise Trouble(str(fault)) from None
    time.sleep(3)
    versions = {kind: [v.object for v in recorder.versions(kind, PROBE) if v.event != "DELETED"] for kind in WATCHED}
    s.bodies = bodies_of(versions)
    s.stored_vm = versions["vm"][-1]
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


def measure(s):
    """Both, without a controller that would answer."""
    s.mark("controller stopped")
    s.controller.stop()
    write_cost(s)
    ceiling(s)


def ceiling(s):
    answer = s.load.ask("ceiling", s.timeout() + 60, n=s.n, parallel=PARALLEL, bodies=s.bodies)
    if not answer.get("ok"):
        s.note(f"the API server's ceiling was not measured: {answer.get('error')}")
        return
    s.mark("ceiling measured")
    rate = answer["n"] / answer["seconds"]
    s.figures.add("ceiling", rate)
    s.figures.add("ceiling_share", s.speed / rate)
    s.details["ceiling"] = answer


def bare_definition():
    """The same kind without a schema."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"virtualmachines.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": "virtualmachines", "singular": "virtualmachine", "kind": "VirtualMachine"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                    "subresources": {"status": {}},
                }
            ],
        },
    }


def write_cost(s):
    """Status writes on one machine of ours and on the same object under a schemaless kind, in turns."""
    bare = f"/apis/{GROUP}/v1/namespaces/{PROBE}/virtualmachines"
    s.api.ensure("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", bare_definition())
    until("the API server serves the bare kind", lambda: s.api.get(bare), 60)
    paths = {"write_ours": VMS.format(PROBE), "write_bare": bare}
    for path in paths.values():
        body = as_sent(s.stored_vm)
        body["apiVersion"] = path.removeprefix("/apis/").partition("/namespaces")[0]
        s.api.create(path, body)
        s.api.patch(path + "/vm-0/status", {"status": s.stored_vm["status"]}, MERGE)
    rounds = {key: [] for key in paths}
    for number in range(ROUNDS + 1):
        for key, path in sorted(paths.items(), reverse=bool(number % 2)):
            used = one_round(s, path + "/vm-0/status")
            if used is None:
                return
            if number > 0:  # the first warms both up
                rounds[key].append(used)
    s.mark("writes measured")
    for key, values in rounds.items():
        s.figures.add(key, statistics.median(values))
    ratios = [ours / bare for ours, bare in zip(rounds["write_ours"], rounds["write_bare"])]
    s.figures.add("write_ratio", statistics.median(ratios))
    s.details["write_ms"] = rounds


def one_round(s, resource):
    """API server CPU of one write, in ms."""
    pid = s.plane.pids()["kube-apiserver"]
    before = account.cpu_seconds(pid)
    answer = s.load.ask(
        "status_writes", 300, resource=resource, n=WRITES, parallel=1, body={"status": s.stored_vm["status"]}
    )
    if not answer.get("ok"):
        s.note(f"the price of a write was not measured: {answer.get('error')}")
        return None
    check(answer["n"] == WRITES, f"only {answer['n']} of {WRITES} status writes went well")
    return (account.cpu_seconds(pid) - before) * 1000 / WRITES
