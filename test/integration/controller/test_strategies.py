"""What each run strategy makes of a machine whose guest ends, whose pod is taken, whose instance is deleted."""
import time

from api import condition
from limits import figure
from world import check, machine

SHUTDOWN = {"state": "shutoff", "reason": "shutdown"}
CRASH = {"state": "crashed", "reason": "crashed", "message": "QEMU ended unexpectedly"}


def uid(o):
    return o["metadata"]["uid"] if o else None


def guest_shuts_down(t, name):
    t.actor.finish(t.pod(name), 0, **SHUTDOWN)


def guest_crashes(t, name):
    t.actor.finish(t.pod(name), 1, **CRASH)


def until_new_run(t, name, old):
    t.until(lambda: t.vmi(name) and uid(t.vmi(name)) != old, f"a new run of {name}")
    return t.until_ready(name)


def test_always_starts_again_after_shutdown_and_crash(t):
    for end, phase in ((guest_shuts_down, "Succeeded"), (guest_crashes, "Failed")):
        name = end.__name__.replace("_", "-")
        t.running(name)
        old = uid(t.vmi(name))
        end(t, name)
        until_new_run(t, name, old)
        phases = {v.object.get("status", {}).get("phase") for v in t.versions("vmi", name) if uid(v.object) == old}
        check(phase in phases, f"the first run never said {phase}:", phases)
    t.never_two_pods()
    failure = t.vm("guest-crashes")["status"]["bridge"]["lastFailure"]
    check(failure["reason"] == "Crashed" and failure["vmiUID"] == old, failure)
    check("startFailure" not in t.vm("guest-crashes")["status"], "a run that came up counts as a failed start")


def test_a_crash_that_only_the_launcher_tells_ends_the_run(t):
    t.running("m")
    old = uid(t.vmi("m"))
    at = time.monotonic()
    t.launcher("m").say(**CRASH)
    first = t.until(lambda: next((v for v in t.versions("vmi", "m") if v.object.get("status", {}).get("phase") == "Failed"), None), "Failed")
    figure("from the crash to its word in the status", first.at - at, 1)
    t.actor.finish(t.pod("m"), 1, **CRASH)
    until_new_run(t, "m", old)
    t.never_two_pods()


def test_always_backs_off_from_starts_that_never_run(t):
    t.manner.boot_s = None
    t.make(machine("m"))
    old = t.until(lambda: uid(t.vmi("m")) and t.pods("m") and t.actor.launchers.get(uid(t.pod("m"))) and uid(t.vmi("m")), "a launcher")
    t.actor.finish(t.pod("m"), 1, state="crashed", reason="start-failed", message="spec.domain.cpu.model is not known here")
    t.until_status("m", "CrashLoopBackOff")
    at = time.monotonic()
    failure = t.vm("m")["status"]["startFailure"]
    check(failure["consecutiveFailCount"] == 1 and failure["lastFailedVMIUID"] == old, failure)
    check("cpu.model" in t.vm("m")["status"]["bridge"]["lastFailure"]["message"], t.vm("m")["status"]["bridge"])
    t.until(lambda: failure["retryAfterTimestamp"] in t.vm("m")["status"]["bridge"].get("next", ""), "the time of the next start is told")
    for v in t.versions("vm", "m"):
        check("shut down" not in v.object.get("status", {}).get("bridge", {}).get("next", ""), "nobody is asked to shut down:", v.object.get("status"))
    t.manner.boot_s = 0.1
    t.until(lambda: t.vmi("m") and uid(t.vmi("m")) != old, "a second start")
    check(7 <= time.monotonic() - at <= 17, f"the second start came after {time.monotonic() - at:.1f} s")
    t.until_ready("m")
    check("startFailure" not in t.vm("m")["status"], "it runs, and its failure is not forgotten")


def test_halted_and_undeclared_machines_stay_off(t):
    t.make(machine("halted", "Halted"), machine("undeclared", None), machine("off", False))
    for name in ("halted", "undeclared", "off"):
        vm = t.until_status(name, "Stopped")
        check(not vm["status"].get("created") and condition(vm, "Ready")["reason"] == "VMINotExists", vm["status"])
        check(not condition(vm, "Reconciling") and not condition(vm, "Stalled"), vm["status"])
    t.remains(lambda: not t.recorder.all("vmi", t.ns), 1, "nothing is started")


def test_halted_and_always_are_off_and_on(t):
    t.make(machine("m", "Halted"))
    t.until_status("m", "Stopped")
    t.set_strategy("m", "Always")
    t.until_ready("m")
    t.set_strategy("m", "Halted")
    t.until_stopped("m")
    t.remains(lambda: not t.vmi("m"), 0.5, "it is off")


def test_running_true_and_false_are_on_and_off(t):
    t.make(machine("m", True))
    t.until_ready("m")
    old = uid(t.vmi("m"))
    guest_shuts_down(t, "m")
    until_new_run(t, "m", old)
    t.api.patch(t.vm_path("m"), {"spec": {"running": False}})
    t.until_stopped("m")
    t.never_two_pods()


def test_once_runs_once(t):
    t.running("m", "Once")
    old = uid(t.vmi("m"))
    guest_shuts_down(t, "m")
    t.until_status("m", "Stopped")
    t.remains(lambda: uid(t.vmi("m")) == old and t.vmi("m")["status"]["phase"] == "Succeeded", 1.5, "the finished instance stays")
    check(not t.vm("m")["status"].get("created"), t.vm("m")["status"])
    t.api.delete(t.vmi_path("m"))
    until_new_run(t, "m", old)  # deleted by hand: made anew


def test_once_does_not_run_again_after_a_crash(t):
    t.running("m", "Once")
    old = uid(t.vmi("m"))
    guest_crashes(t, "m")
    t.until(lambda: t.vmi("m")["status"]["phase"] == "Failed", "Failed")
    t.remains(lambda: uid(t.vmi("m")) == old, 1.5, "the failed instance stays")


def test_rerun_on_failure_tells_an_end_from_a_failure(t):
    t.running("m", "RerunOnFailure")
    old = uid(t.vmi("m"))
    guest_crashes(t, "m")
    until_new_run(t, "m", old)
    guest_shuts_down(t, "m")
    t.until_stopped("m")
    t.remains(lambda: not t.vmi("m"), 1.5, "it stays off after a good end")
    check(not condition(t.vm("m"), "Reconciling"), "there is nothing left to do:", t.picture())
    t.set_strategy("m", "Halted")
    t.until(lambda: t.vm("m")["status"]["observedGeneration"] == 2, "Halted is observed")
    t.set_strategy("m", "RerunOnFailure")
    t.until_ready("m")  # set anew: it starts
    t.never_two_pods()


def test_manual_starts_and_ends_nothing(t):
    t.make(machine("off", "Manual"))
    t.until_status("off", "Stopped")
    t.running("on")
    old = uid(t.vmi("on"))
    t.set_strategy("on", "Manual")
    t.remains(lambda: t.vmi("on") and not t.vmi("on")["metadata"].get("deletionTimestamp"), 1, "the running instance stays")
    guest_shuts_down(t, "on")
    t.until_status("on", "Stopped")
    t.remains(lambda: uid(t.vmi("on")) == old, 1.5, "the finished instance stays, and none is made")
    check(not t.vmi("off"), t.picture())


def test_a_deleted_pod_ends_the_run_and_the_next_one_follows(t):
    t.running("m")
    old, pod = uid(t.vmi("m")), t.pod("m")["metadata"]["name"]
    t.manner.stop_s = None
    t.api.delete(t.core(f"pods/{pod}"))
    t.until(lambda: t.launcher("m").state["state"] == "shutdown", "the guest is asked to shut down")
    t.launcher("m").say("shutoff", reason="shutdown")  # told before the pod has ended
    t.until(lambda: t.vmi("m")["status"]["phase"] in ("Failed", "Succeeded"), "the end is told")
    t.manner.stop_s = 0.1
    t.actor.finish(t.pod("m"), 0)
    until_new_run(t, "m", old)
    last = [v.object for v in t.versions("vmi", "m") if uid(v.object) == old][-1]
    check(last["status"]["phase"] == "Failed" and last["status"]["reason"] == "PodDeleted", last["status"])
    t.never_two_pods()


def test_a_pod_that_vanishes_ends_the_run_and_the_next_one_follows(t):
    t.running("m")
    old, pod = uid(t.vmi("m")), t.pod("m")["metadata"]["name"]
    t.api.delete(t.core(f"pods/{pod}"), gracePeriodSeconds=0)
    until_new_run(t, "m", old)
    check(pod not in [p["metadata"]["name"] for p in t.pods()], "a pod of the same name")
    t.never_two_pods()


def test_a_pod_that_fails_without_a_word_is_a_crash(t):
    t.manner.dials = False
    t.running("m")
    old = uid(t.vmi("m"))
    t.actor.finish(t.pod("m"), 137)
    until_new_run(t, "m", old)
    last = [v.object for v in t.versions("vmi", "m") if uid(v.object) == old][-1]
    check(last["status"]["phase"] == "Failed" and "137" in condition(last, "Ready")["message"], last["status"])


def test_an_instance_deleted_by_hand_is_made_anew(t):
    t.running("m")
    old = uid(t.vmi("m"))
    t.api.delete(t.vmi_path("m"))
    until_new_run(t, "m", old)
    check("Stopping" in {v.object.get("status", {}).get("printableStatus") for v in t.versions("vm", "m")}, "Stopping was never said")
    t.never_two_pods()


def test_a_guest_that_takes_its_time_is_waited_for(t):
    t.manner.stop_s = 3
    t.running("m")
    t.set_strategy("m", "Halted")
    t.until_status("m", "Stopping")
    t.set_strategy("m", "Always")  # changed his mind: not before the first run is over
    t.remains(lambda: len(t.pods("m")) == 1, 2, "one pod")
    t.until(lambda: len([v for v in t.versions("vmi", "m") if v.event == "ADDED"]) == 2, "a second run")
    t.until_ready("m")
    t.never_two_pods()


def test_a_deleted_machine_takes_what_it_owns_and_nothing_else(t):
    t.api.create(t.core("persistentvolumeclaims"), {"metadata": {"name": "data"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "none"}})
    with_disk = {"domain": {"memory": {"guest": "64Mi"}, "devices": {"disks": [{"name": "d", "disk": {"bus": "virtio"}}]}},
                 "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}], "terminationGracePeriodSeconds": 5}
    t.running("m", template=with_disk)
    check(t.pod("m")["spec"]["volumes"], "no volumes in the pod")
    t.api.delete(t.vm_path("m"), propagationPolicy="Background")
    t.until_gone("m")
    check(t.api.get(t.core("persistentvolumeclaims/data")), "the user's claim is gone")
    t.never_two_pods()


def test_a_machine_deleted_in_the_foreground_says_terminating(t):
    t.manner.stop_s = 1
    t.running("m")
    t.api.delete(t.vm_path("m"), propagationPolicy="Foreground")
    t.until_status("m", "Terminating")
    t.until_gone("m")
    check(len(t.pods_made()) == 1, t.pods_made())


def test_an_orphan_runs_on(t):
    name = an_orphan(t)
    vmi, pod = uid(t.vmi(name)), uid(t.pod(name))
    t.remains(lambda: uid(t.vmi(name)) == vmi and uid(t.pod(name)) == pod and not is_going(t.vmi(name)), 1.5, "instance and pod run on")
    check(t.vmi(name)["status"]["phase"] == "Running", t.picture())
    t.api.delete(t.vmi_path(name))
    t.until_gone(name)


def orphaned(t, name):
    """Whether the instance of a machine lives on without it. Kubernetes' garbage collector deletes one that it has not heard of yet
    when the machine goes: that is no fault of ours."""
    t.running(name)
    t.api.delete(t.vm_path(name), propagationPolicy="Orphan")
    t.until(lambda: not t.vm(name) and (not t.vmi(name) or is_going(t.vmi(name)) or not t.vmi(name)["metadata"].get("ownerReferences")),
            "the machine is gone, and the instance without owner or going")
    lives = bool(t.vmi(name)) and not is_going(t.vmi(name))
    if not lives:
        t.until_gone(name)
    return lives


def an_orphan(t):
    """Name of an instance that lives on without its machine."""
    t.until_collected()
    name = next((name for name in ("m0", "m1", "m2") if orphaned(t, name)), None)
    check(name, "the garbage collector took each instance for one whose owner is gone:", t.picture())
    return name


def test_an_orphan_is_adopted_by_its_machine_and_runs_on(t):
    name = an_orphan(t)
    other = {"apiVersion": "v1", "kind": "ConfigMap", "name": "theirs", "uid": t.api.create(
        t.core("configmaps"), {"metadata": {"name": "theirs"}})["metadata"]["uid"]}
    t.api.patch(t.vmi_path(name), {"metadata": {"ownerReferences": [other]}})  # one that controls nothing stays
    vmi, pod = uid(t.vmi(name)), uid(t.pod(name))
    t.make(machine(name))
    vm = t.until_ready(name)
    check(uid(t.vmi(name)) == vmi and uid(t.pod(name)) == pod, "the guest was started anew:", t.picture())
    owners = t.vmi(name)["metadata"]["ownerReferences"]
    check(sorted(o["uid"] for o in owners) == sorted([uid(vm), other["uid"]]), owners)
    check([o["uid"] for o in owners if o.get("controller")] == [uid(vm)], owners)
    check(vm["status"]["printableStatus"] == "Running" and not condition(vm, "Stalled") and not condition(vm, "RestartRequired"), t.picture())
    check(t.launcher(name).connects, "the launcher talks to nobody")
    guest_crashes(t, name)  # it is the machine's in every respect: Always starts it again
    until_new_run(t, name, vmi)
    t.never_two_pods()


def test_an_orphan_of_another_template_is_left_alone_and_the_difference_is_told(t):
    name = an_orphan(t)
    vmi = uid(t.vmi(name))
    other = machine(name)
    other["spec"]["template"]["spec"]["domain"]["memory"]["guest"] = "96Mi"
    t.make(other)
    t.until(lambda: condition(t.vm(name), "Stalled").get("reason") == "ForeignInstance", "the machine says why it does not start")
    said = condition(t.vm(name), "Stalled")["message"]
    check("spec.template.spec.domain.memory.guest" in said and "or delete it" in said, said)
    check(t.vm(name)["status"]["bridge"]["next"].startswith("nothing, until"), t.vm(name)["status"])
    t.remains(lambda: uid(t.vmi(name)) == vmi and not t.vmi(name)["metadata"].get("ownerReferences"), 1, "it is left alone")
    t.api.patch(t.vm_path(name), {"spec": {"template": {"spec": {"domain": {"memory": {"guest": "64Mi"}}}}}})
    t.until_ready(name)
    check(uid(t.vmi(name)) == vmi, "the guest was started anew:", t.picture())


def test_an_orphan_of_a_halted_machine_is_not_switched_off(t):
    name = an_orphan(t)
    vmi = uid(t.vmi(name))
    t.make(machine(name, "Halted"))
    t.until(lambda: condition(t.vm(name), "Stalled").get("reason") == "ForeignInstance", "the machine tells of it")
    check("runStrategy Always" in condition(t.vm(name), "Stalled")["message"], t.picture())
    t.remains(lambda: uid(t.vmi(name)) == vmi and not is_going(t.vmi(name)), 1, "the guest runs on")
    t.set_strategy(name, "Always")
    t.until_ready(name)
    check(uid(t.vmi(name)) == vmi, "the guest was started anew:", t.picture())


def is_going(vmi):
    return bool(vmi["metadata"].get("deletionTimestamp"))


def test_an_instance_of_somebody_else_is_left_alone(t):
    t.api.create(t.vmi_path(), {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "m"},
                                "spec": machine("m")["spec"]["template"]["spec"]})
    t.until(lambda: t.vmi("m") and t.vmi("m").get("status", {}).get("phase") == "Running", "the user's instance runs")
    vmi = uid(t.vmi("m"))
    t.make(machine("m"))
    t.until(lambda: condition(t.vm("m"), "Stalled").get("reason") == "ForeignInstance", "the machine says why it does not start")
    t.set_strategy("m", "Halted")
    t.remains(lambda: uid(t.vmi("m")) == vmi and not t.vmi("m")["metadata"].get("deletionTimestamp"), 1, "the user's instance runs on")
    t.api.delete(t.vmi_path("m"))
    t.until_stopped("m")
