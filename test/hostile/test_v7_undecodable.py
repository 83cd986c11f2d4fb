"""What the API server takes and the controller cannot read is told, with its path; stop and deletion need only metadata."""
from api import condition
from unseen import unseen_spec
from world import check, machine, spec

OURS = "kubevirt.io/foregroundDeleteVirtualMachine"
JSON_PATCH = "application/json-patch+json"


def reals(n):
    return unseen_spec([0.1] * n)


def until_told(t, name, *words):
    """Stalled, with a sentence that has the words; the status is of the generation at hand."""
    def told():
        vm = t.vm(name) or {}
        c = condition(vm, "Stalled") if vm.get("status") else {}
        return c.get("status") == "True" and all(w in c.get("message", "") for w in words) and \
            vm["status"].get("observedGeneration") == vm["metadata"]["generation"] and vm
    return t.until(told, f"{name} is Stalled and says {words}")


def still_runs(t, name, uid):
    vmi = t.vmi(name)
    return vmi and vmi["metadata"]["uid"] == uid and not vmi["metadata"].get("deletionTimestamp") and len(t.pods(name)) == 1


def spoil_vm(t, name, template):
    t.api.patch(t.vm_path(name), [{"op": "replace", "path": "/spec/template/spec", "value": template}], JSON_PATCH)


def spoil_vmi(t, name, spoilt):
    t.api.patch(t.vmi_path(name), [{"op": "replace", "path": "/spec", "value": spoilt}], JSON_PATCH)


def test_v7_memory_beyond_all_numbers_is_told(t):
    t.make(machine("m", template=spec(memory="8Ei")))
    vm = until_told(t, "m", "spec.template.spec.domain.memory.guest")
    check(vm["status"]["printableStatus"] == "Stopped" and not vm["status"].get("created"), vm["status"])
    check(not t.vmi("m"), "an instance was made")
    spoil_vm(t, "m", spec())
    t.until_ready("m")
    check(not condition(t.vm("m"), "Stalled"), t.picture())


def test_v7_a_list_of_250000_reals_is_told(t):
    t.make(machine("m", template=reals(250000)))
    until_told(t, "m", "KiB")
    spoil_vm(t, "m", spec())
    t.until_ready("m")


def test_v7_labels_and_finalizers_by_the_thousand_hinder_nothing(t):
    m = machine("m", labels={f"label-{i}": "x" for i in range(1100)})
    m["metadata"]["labels"] = {f"label-{i}": "x" for i in range(1100)}
    m["metadata"]["annotations"] = {f"note-{i}": "x" * 200 for i in range(1100)}
    m["metadata"]["finalizers"] = [f"tenant.example/f{i}" for i in range(1100)]
    t.make(m)
    try:
        t.until_ready("m")
        t.set_strategy("m", "Halted")
        t.until_stopped("m")
    finally:
        t.api.patch(t.vm_path("m"), {"metadata": {"finalizers": None}})


def test_v7_labels_that_are_too_many_are_told(t):
    t.make(machine("m", labels={f"label-{i}": "x" for i in range(6000)}))
    until_told(t, "m", "spec.template.metadata.labels")


def test_v7_a_running_machine_that_cannot_be_read_runs_on_and_can_be_stopped(t):
    for name, template in (("memory", spec(memory="8Ei")), ("reals", reals(100000))):
        t.make(machine(name))
        t.until_ready(name)
        uid = t.vmi(name)["metadata"]["uid"]
        spoil_vm(t, name, template)
        vm = until_told(t, name)
        check(vm["status"]["printableStatus"] == "Running", vm["status"])
        t.remains(lambda name=name, uid=uid: still_runs(t, name, uid), 0.5, "the guest runs")
        t.set_strategy(name, "Halted")
        t.until_stopped(name)


def test_v7_a_running_instance_that_cannot_be_read_runs_on_and_can_be_stopped(t):
    for name, spoilt in (("memory", spec(memory="8Ei")), ("reals", reals(100000)), ("fat", unseen_spec("x" * 600000))):
        t.make(machine(name))
        t.until_ready(name)
        vmi = t.vmi(name)
        spoil_vmi(t, name, spoilt)
        t.until(lambda name=name: all(condition(t.vmi(name), c).get("status") == "True" for c in ("Stalled", "Ready")),
                f"{name}: the instance says Stalled, and is ready still")
        vmi = t.vmi(name)
        check(vmi["status"]["phase"] == "Running", vmi["status"])
        check(condition(vmi, "Synchronized").get("status") == "False" and condition(vmi, "Synchronized").get("message"), vmi["status"])
        t.remains(lambda name=name, uid=vmi["metadata"]["uid"]: still_runs(t, name, uid), 0.5, "the guest runs")
        n = len(t.versions("vmi", name))
        t.remains(lambda: True, 1, "")
        check(len(t.versions("vmi", name)) - n <= 2, f"{name}: it is written again and again")
    t.set_strategy("memory", "Halted")
    t.until_stopped("memory")
    for name in ("reals", "fat"):
        t.api.delete(t.vm_path(name), propagationPolicy="Background")
        t.until_gone(name)


def test_v7_our_finalizer_goes_whatever_stands_beside_it(t):
    """1,100 others, ours behind them, and ours twice: the others stay as they are."""
    others = [f"tenant.example/f{i}" for i in range(1100)]
    for name, finalizers in (("many", others + [OURS]), ("twice", [OURS, "tenant.example/f", OURS])):
        t.make(machine(name))
        t.until_ready(name)
        t.api.patch(t.vmi_path(name), {"metadata": {"finalizers": finalizers}})
        t.set_strategy(name, "Halted")
        left = [f for f in finalizers if f != OURS]
        try:
            t.until(lambda name=name, left=left: not t.pods(name) and t.vmi(name)["metadata"].get("finalizers") == left,
                    f"{name}: the pod is gone and so is our finalizer, no other")
        finally:
            if t.vmi(name):
                t.api.patch(t.vmi_path(name), {"metadata": {"finalizers": None}})
        t.until_stopped(name)


def test_v7_a_status_that_cannot_be_read_is_written_anew(t):
    """Of who may write status: odd types, and more than anybody reads."""
    odd = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}] * 2}
    unseen = {"unseen": "x" * 600000}
    t.make(machine("m"))
    t.until_ready("m")
    for path, part in ((t.vm_path("m", "/status"), "volumeUpdateState"), (t.vmi_path("m", "/status"), "topologyHints")):
        t.api.patch(path, {"status": {**odd, part: unseen}})
    t.until(lambda: all(o["status"].get(part) == unseen and len(condition(o, "Ready")) > 2
                        for o, part in ((t.vm("m"), "volumeUpdateState"), (t.vmi("m"), "topologyHints"))),
            "both were spoilt, and are right again")
    n = len(t.versions("vm", "m")) + len(t.versions("vmi", "m"))
    t.remains(lambda: True, 2, "")
    check(len(t.versions("vm", "m")) + len(t.versions("vmi", "m")) - n <= 2, "it is written again and again")
    t.set_strategy("m", "Halted")
    t.until_stopped("m")


def test_v7_a_machine_with_extreme_numbers_is_told_and_can_be_deleted(t):
    """UBSan looks on."""
    big = 2 ** 63 - 1
    probe = {"tcpSocket": {"port": 22}, "initialDelaySeconds": big, "periodSeconds": big, "timeoutSeconds": big}
    cpu = spec()
    cpu["domain"]["cpu"] = {"cores": 4294967295, "sockets": 4294967295, "threads": 4294967295}
    rows = {"probe": spec(readinessProbe=probe, livenessProbe=probe), "memory": spec(memory=str(big)), "exa": spec(memory="7Ei"),
            "cpu": cpu, "grace": spec(terminationGracePeriodSeconds=1000000000)}
    for name, template in rows.items():
        m = machine("x-" + name)
        m["spec"]["template"]["spec"] = {**template, "terminationGracePeriodSeconds": template.get("terminationGracePeriodSeconds", 5)}
        status, answer = t.api.ask("POST", t.vm_path(), m)
        check(status in (201, 400, 422), status, answer)
        if status == 201:
            t.until(lambda name=name: (t.vm("x-" + name) or {}).get("status", {}).get("conditions"), f"{name} has a status")
            if name != "grace":
                until_told(t, "x-" + name)
        t.api.delete(t.vm_path("x-" + name), propagationPolicy="Background")
        t.until_gone("x-" + name)
