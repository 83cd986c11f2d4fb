"""A node that has started anew refuses the launcher pods of its guests, as its kubelet says it: those guests run again, never two at a time."""
from test_strategies import uid, until_new_run
from world import check, machine


def refused_once(t, name, old):
    """The instance whose pod was refused has failed, in the words of the node."""
    t.until(lambda: any(v.object.get("status", {}).get("phase") == "Failed" for v in t.versions("vmi", name) if uid(v.object) == old),
            f"the first run of {name} has failed")
    failure = t.until(lambda: t.vm(name)["status"].get("bridge", {}).get("lastFailure"), f"{name} says why")
    check(failure["reason"] == "UnexpectedAdmissionError" and failure["vmiUID"] == old, failure)
    check(failure["message"].startswith("node node1 refused the launcher pod") and "devices.kubevirt.io/kvm" in failure["message"], failure)


def test_a_guest_whose_pod_is_refused_after_a_restart_of_its_node_runs_again(t):
    t.running("m")
    old = uid(t.vmi("m"))
    t.actor.refuse(t.pod("m"))
    refused_once(t, "m", old)
    until_new_run(t, "m", old)
    check("startFailure" not in t.vm("m")["status"], "a run that came up counts as a failed start")
    t.never_two_pods()


def test_a_start_that_a_node_refuses_is_tried_again(t):
    t.manner.start_s = None
    t.make(machine("m"))
    pod = t.until(lambda: next((p for p in t.pods("m") if p["spec"].get("nodeName")), None), "a pod on a node")
    old = uid(t.vmi("m"))
    t.actor.refuse(pod)
    t.manner.start_s = 0.05
    refused_once(t, "m", old)
    t.until(lambda: t.vm("m")["status"].get("startFailure", {}).get("consecutiveFailCount") == 1, "it counts as a failed start")
    until_new_run(t, "m", old)
    t.never_two_pods()


def test_a_guest_that_is_to_run_once_stays_lost(t):
    t.running("m", "Once")
    old = uid(t.vmi("m"))
    t.actor.refuse(t.pod("m"))
    t.until(lambda: t.vmi("m")["status"]["phase"] == "Failed", "its run has failed")
    t.remains(lambda: uid(t.vmi("m")) == old and len(t.pods_made()) == 1, 1, "one run, and one pod")
