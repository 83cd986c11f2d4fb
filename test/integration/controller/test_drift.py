"""Promise 1: what was applied stays as it was applied, through the whole life of a machine."""
import json
import os
import subprocess

from api import APPLY
from test_strategies import guest_crashes, until_new_run
from world import check, machine

META = {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "labels", "annotations"}


def manifest(t):
    m = machine("m")
    m["metadata"].update(namespace=t.ns, labels={"app": "old"}, annotations={"note": "from Git", "vm.kubevirt.io/os": ""})
    m["spec"]["template"]["spec"]["domain"]["cpu"] = {"cores": 1}
    return m


def live_through(t, change):
    """Start, crash, stop, start, change: 'change' takes a part of the spec, as the user's own tool does."""
    t.until_ready("m")
    old = t.vmi("m")["metadata"]["uid"]
    guest_crashes(t, "m")
    until_new_run(t, "m", old)
    change({"runStrategy": "Halted"})
    t.until_stopped("m")
    change({"runStrategy": "Always"})
    t.until_ready("m")


def only_ours_changed(t, applied, changes):
    specs = [applied["spec"]]
    for c in changes:
        specs.append({**specs[-1], **c})
    texts = [json.dumps(s, sort_keys=True) for s in specs]
    at = 0
    for v in t.versions("vm", "m"):
        meta = v.object["metadata"]
        if v.event == "DELETED":
            continue
        generation = meta["generation"]
        check(generation - 1 <= len(changes), "a generation that nobody asked for:", generation)
        check(json.dumps(v.object["spec"], sort_keys=True) == texts[generation - 1], "the spec is not what was applied:", v.object["spec"])
        check(set(meta) <= META, "metadata that was not applied:", set(meta) - META)
        check(meta["labels"] == applied["metadata"]["labels"], meta["labels"])
        notes = {k: n for k, n in meta["annotations"].items() if k != "kubectl.kubernetes.io/last-applied-configuration"}
        check(notes == applied["metadata"]["annotations"], notes)
        for m in meta.get("managedFields", []):
            theirs = "vmbridge" in m["manager"]
            check(not theirs or m.get("subresource") == "status", "fields that vmbridge manages outside of status:", m)
        at = generation
    check(at == len(changes) + 1, "the last generation is", at)


def test_zero_drift_under_kubectl_apply(t):
    m, changes = manifest(t), []

    def diff():
        done = subprocess.run([t.world.kubectl.program, "diff", "-f", "-"], input=json.dumps(m), text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, env={**os.environ, "KUBECONFIG": t.world.kubeconfig})
        check(done.returncode == 0, f"kubectl diff ends with {done.returncode}:", done.stdout, done.stderr)

    def change(part):
        m["spec"].update(part)
        changes.append(part)
        t.world.kubectl.apply(m)

    applied = json.loads(json.dumps(m))
    t.world.kubectl.apply(m)
    diff()
    t.until_ready("m")
    diff()
    live_through(t, change)
    diff()
    only_ours_changed(t, applied, changes)


def test_zero_drift_under_server_side_apply_without_conflicts(t):
    m, changes = manifest(t), []

    def apply(manager="gitops"):
        t.api.patch(t.vm_path("m") + f"?fieldManager={manager}", m, APPLY)  # without force: a conflict is refused

    def change(part):
        m["spec"].update(part)
        changes.append(part)
        apply()

    applied = json.loads(json.dumps(m))
    apply()
    live_through(t, change)
    apply()
    apply("another")  # the same values: shared, and no conflict
    only_ours_changed(t, applied, changes)
