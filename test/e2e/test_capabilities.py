"""What guests a node can run: each node tells it, and machines are placed by it."""

import json

from cluster import check
from guest import Shell
from machines import inner, machine

CAPABILITIES = "/apis/vmbridge.io/v1alpha1/nodecapabilities"
MODEL = "cpu-model.node.kubevirt.io/"


def nodes(t):
    return json.loads(t.api.raw("/api/v1/nodes"))["items"]


def test_each_node_tells_what_guests_it_can_run(t):
    def told():
        answers = {o["metadata"]["name"]: o.get("status", {}) for o in json.loads(t.api.raw(CAPABILITIES))["items"]}
        return all(answers.get(n["metadata"]["name"], {}).get("capabilities") for n in nodes(t)) and answers

    answers = t.until("an answer of each node", told)
    for name, status in answers.items():
        c = status["capabilities"]
        check(c["hypervisor"] == "qemu" and "qemu64" in c["cpuModels"] and "q35" in c["machineTypes"], f"{name} says {c}")
        check(c["cpuFeatures"] and c["libvirtVersion"] and c["qemuVersion"], f"{name} says {c}")
        t.note(f"{name}: {len(c['cpuModels'])} models, {len(c['cpuFeatures'])} features, {len(json.dumps(c))} bytes, QEMU {c['qemuVersion']}")

    def labelled():
        return all(n["metadata"]["labels"].get(MODEL + "qemu64") == "true" for n in nodes(t))

    t.until("labels of each node", labelled)


def test_a_machine_of_a_named_model_is_placed_and_boots(t):
    vm = machine("named")
    inner(vm)["domain"] |= {"cpu": {"model": "Nehalem"}, "machine": {"type": "pc-q35-9.2"}}
    t.apply(vm)
    t.until_running("named")
    check("Core i7 9xx" in Shell(t, "named").run("grep -m1 'model name' /proc/cpuinfo"), "the guest sees another CPU")


def test_a_machine_that_no_node_can_run_says_which_lack_what(t):
    vm = machine("impossible")
    inner(vm)["domain"]["cpu"] = {"model": "Foo-9000"}
    t.apply(vm)
    t.until_status("impossible", "ErrorUnschedulable")

    def says():
        c = [c for c in t.get("vm", "impossible")["status"]["conditions"] if c["type"] == "PodScheduled"]
        return c[0]["message"] if c and "no node can run this guest" in c[0]["message"] else None

    text = t.until("the sentence", says)
    names = [n["metadata"]["name"] for n in nodes(t)]
    check(all(name in text for name in names) and "lack CPU model Foo-9000 (spec.template.spec.domain.cpu.model)" in text, text)
    t.note(text)
