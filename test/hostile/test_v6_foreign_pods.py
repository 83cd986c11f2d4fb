"""Pods that the controller did not make, and pods of the controller's that somebody else changes: who counts as a launcher.

Where nothing else is said the namespace is without the admission policy: the controller holds by itself.
"""
import copy
import time

from api import CORE, SYSTEM, condition
from marks import alone, guards
from tenant import Tenant, copy_of, refused, settle, without_policy
from world import check, machine

LABEL = {"metadata": {"labels": {"kubevirt.io": None}}}


def uid(o):
    return o["metadata"]["uid"]


def compute_pods(tenant, name="m"):
    """Every pod that could run a guest of ours, whatever it bears."""
    return [p for p in tenant.pods() if p["metadata"]["name"].startswith(f"virt-launcher-{name}-")]


def one_pod_all_along(t, tenant, pod, seconds):
    """The guest runs on in its pod, and no second one is made."""
    vmi = uid(t.vmi("m"))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pods = compute_pods(tenant)
        check([uid(p) for p in pods] == [uid(pod)], "the pods are", [(p["metadata"]["name"], p["status"].get("phase")) for p in pods])
        check(not pods[0]["metadata"].get("deletionTimestamp"), "the healthy guest is being ended")
        check(t.vmi("m") and uid(t.vmi("m")) == vmi and t.vmi("m")["status"].get("phase") == "Running", t.picture())
        time.sleep(0.1)


def foreign(t):
    return condition(t.vmi("m"), "ForeignPods")


@guards
def test_v6_a_foreign_pod_never_speaks(t):
    without_policy(t)
    t.running("m")
    tenant, ours, vmi = Tenant(t), t.pod("m"), uid(t.vmi("m"))
    theirs = tenant.make_pod(copy_of(ours, "virt-launcher-m-aaaaa"))
    t.until(lambda: t.actor.launchers.get(uid(theirs)), "a launcher in the foreign pod")
    launcher = t.actor.launchers[uid(theirs)]
    t.until(lambda: launcher.token, "it dials the gateway")
    launcher.say("crashed", reason="crashed")
    t.until(lambda: foreign(t).get("status") == "True", "the foreign pod is told")
    check("virt-launcher-m-aaaaa" in foreign(t)["message"], foreign(t))
    t.remains(lambda: uid(t.vmi("m")) == vmi and t.vmi("m")["status"]["phase"] == "Running" and
              condition(t.vmi("m"), "Ready").get("status") == "True", 4, "the guest runs and is ready")
    check(not launcher.desired, "the gateway spoke with it:", launcher.desired)
    check(not (t.api.get(t.core("pods/virt-launcher-m-aaaaa")) or {})["metadata"].get("deletionTimestamp"), "somebody else's pod was deleted")
    check(t.vmi("m")["status"]["activePods"] == {uid(ours): "node1"}, t.vmi("m")["status"]["activePods"])
    check([e for e in t.events("m") if e["reason"] == "ForeignPod"], "no event says so")
    tenant.remove_pod("virt-launcher-m-aaaaa")
    t.until(lambda: not foreign(t), "the condition ends with the pod")


def test_v6_a_foreign_pod_does_not_hold_up_a_start(t):
    without_policy(t)
    t.running("m")
    tenant, ours = Tenant(t), t.pod("m")
    t.set_strategy("m", "Halted")
    t.until_stopped("m")
    other = t.api.create(t.core("configmaps"), {"metadata": {"name": "m"}})  # an owner that exists: nobody collects the pod
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "m", "uid": uid(other), "controller": True}
    tenant.make_pod(copy_of(ours, "virt-launcher-m-zzzzz", owners=[owner], annotations=False))
    t.set_strategy("m", "Always")
    t.until(lambda: (t.vm("m") or {}).get("status", {}).get("printableStatus") == "Running", "the machine runs")


@guards
def test_v6_a_label_that_is_taken_off_makes_no_second_pod(t):
    without_policy(t)
    t.running("m")
    tenant, pod = Tenant(t), t.pod("m")
    for _ in range(3):
        tenant.patch_pod(pod["metadata"]["name"], LABEL)
        one_pod_all_along(t, tenant, pod, 1.5)
    t.until(lambda: t.pods("m") and t.pod("m")["metadata"]["labels"].get("kubevirt.io") == "virt-launcher", "the label is back")
    t.set_strategy("m", "Halted")
    t.until_stopped("m")


@guards
def test_v6_a_label_that_is_taken_off_during_the_start_makes_no_second_pod(t):
    without_policy(t)
    t.manner.start_s = 2
    t.make(machine("m"))
    t.until(lambda: t.pods("m"), "a pod")
    tenant, pod = Tenant(t), t.pod("m")
    tenant.patch_pod(pod["metadata"]["name"], LABEL)
    t.until_ready("m")
    check([uid(p) for p in compute_pods(tenant)] == [uid(pod)], "other pods")


@guards
def test_v6_a_label_that_is_taken_off_while_the_guest_stops_lets_nothing_start(t):
    without_policy(t)
    t.running("m")
    tenant, pod, vmi = Tenant(t), t.pod("m"), uid(t.vmi("m"))
    t.manner.stop_s = 4
    t.set_strategy("m", "Halted")
    t.until(lambda: t.pods("m") and t.pod("m")["metadata"].get("deletionTimestamp"), "the pod is being ended")
    tenant.patch_pod(pod["metadata"]["name"], {"metadata": {"labels": {"kubevirt.io": None}, "ownerReferences": None}})
    t.set_strategy("m", "Always")
    end = time.monotonic() + 3
    while time.monotonic() < end and t.api.get(t.core("pods/" + pod["metadata"]["name"])):
        check(len(compute_pods(tenant)) == 1, "a second pod while the first still runs")
        check(t.vmi("m") and uid(t.vmi("m")) == vmi, "the instance was let go while its pod runs;", t.picture())
        time.sleep(0.1)
    t.until(lambda: t.vmi("m") and uid(t.vmi("m")) != vmi, "a new run")
    t.until_ready("m")


@guards
@alone
def test_v6_a_label_that_is_taken_off_while_nobody_leads(t):
    first = t.start().until_leads()
    without_policy(t)
    t.running("m")
    tenant, pod = Tenant(t), t.pod("m")
    t.lose(first)
    first.kill()
    tenant.patch_pod(pod["metadata"]["name"], LABEL)
    t.world.drop_lease()
    t.start().until_leads()
    one_pod_all_along(t, tenant, pod, 4)


@guards
@alone
def test_v6_a_lost_key_makes_no_second_pod(t):
    """Who runs is known by its UID; beside a pod whose start was under way nothing is started."""
    first = t.start().until_leads()
    without_policy(t)
    t.running("m")
    t.manner.bind_s = None
    t.make(machine("n"))
    t.until(lambda: t.pods("n"), "a pod of the second machine")
    t.lose(first)
    first.kill()
    tenant, pod, other = Tenant(t), t.pod("m"), t.pod("n")
    t.api.delete(CORE.format(SYSTEM) + "secrets/vmbridge-pod-names")
    t.world.drop_lease()
    t.start().until_leads()
    one_pod_all_along(t, tenant, pod, 4)
    t.until(lambda: condition(t.vmi("n"), "Reconciling").get("reason") == "WaitingForOldPod" and
            other["metadata"]["name"] in condition(t.vmi("n"), "Reconciling")["message"], "the pod of the other key is named")
    check([uid(p) for p in compute_pods(tenant, "n")] == [uid(other)], "a pod beside the one that may run the guest")
    t.manner.bind_s = 0.02
    tenant.remove_pod(other["metadata"]["name"])
    t.until_ready("n")


@guards
def test_v6_an_owner_that_is_taken_off_changes_nothing(t):
    without_policy(t)
    t.running("m")
    tenant, pod = Tenant(t), t.pod("m")
    tenant.patch_pod(pod["metadata"]["name"], {"metadata": {"ownerReferences": None}})
    one_pod_all_along(t, tenant, pod, 2)
    other = t.api.create(t.core("configmaps"), {"metadata": {"name": "x" * 253}})  # an owner that exists: nobody collects the pod
    tenant.patch_pod(pod["metadata"]["name"], {"metadata": {"ownerReferences": [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "x" * 253, "uid": uid(other), "controller": True}]}})
    one_pod_all_along(t, tenant, pod, 2)
    t.set_strategy("m", "Halted")
    t.until(lambda: t.vmi("m") is None and not compute_pods(tenant), "the machine is stopped and its pod gone")


@guards
def test_v6_a_pod_put_in_the_place_of_ours_never_speaks(t):
    """The name is known once the pod is there: one of that name that somebody else makes is none of ours."""
    without_policy(t)
    t.manner.start_s = 3
    t.make(machine("m"))
    t.until(lambda: t.pods("m") and t.pod("m")["spec"].get("nodeName"), "a pod that is bound")
    tenant, pod, vmi = Tenant(t), t.pod("m"), uid(t.vmi("m"))
    name = pod["metadata"]["name"]
    tenant.remove_pod(name)
    t.manner.start_s = 0.05
    theirs = tenant.make_pod(copy_of(pod, name))
    t.until(lambda: t.vmi("m") and uid(t.vmi("m")) != vmi, "a new instance")
    t.until_ready("m")
    launcher = t.actor.launchers.get(uid(theirs))
    check(not launcher or not launcher.desired, "the gateway spoke with it")
    check([p for p in t.pods("m") if uid(p) != uid(theirs)], "no pod of its own")


def test_v6_pods_without_a_controller_or_an_owner_are_nobodys(t):
    without_policy(t)
    t.running("m")
    tenant, ours = Tenant(t), t.pod("m")
    owners = copy.deepcopy(ours["metadata"]["ownerReferences"])
    owners[0]["controller"] = False
    tenant.make_pod(copy_of(ours, "half", owners=owners))
    tenant.make_pod(copy_of(ours, "bare", owners=[]))
    t.until(lambda: "half" in foreign(t).get("message", ""), "the one that names the instance is told")
    check(t.vmi("m")["status"]["phase"] == "Running", t.picture())


def test_v6_many_foreign_pods_cost_little(t):
    without_policy(t)
    t.running("m")
    t.manner.bind_s = None
    tenant, ours = Tenant(t), t.pod("m")
    before = len(t.versions("vmi", "m"))
    for i in range(120):
        tenant.make_pod(copy_of(ours, f"f{i:03}", annotations=False))
    t.until(lambda: "100 or more" in foreign(t).get("message", ""), "many are told as many")
    check(len(t.versions("vmi", "m")) - before <= 6, "one status after the other:", len(t.versions("vmi", "m")) - before)
    for i in range(120):
        tenant.remove_pod(f"f{i:03}")
    t.until(lambda: not foreign(t), "the condition ends")


def test_v6_the_policy_keeps_tenants_pods_apart(t):
    settle(t, lambda: False)
    t.running("m")
    tenant, ours = Tenant(t), t.pod("m")
    name = ours["metadata"]["name"]
    word = "launcher-pods.vmbridge.io"
    refused(lambda: tenant.make_pod(copy_of(ours, "a")), word)
    only_label = {"metadata": {"name": "b", "labels": {"kubevirt.io": "virt-launcher"}}, "spec": copy_of(ours, "b")["spec"]}
    refused(lambda: tenant.make_pod(only_label), word)
    only_annotation = {"metadata": {"name": "c", "annotations": {"vmbridge.io/instance": "{}"}}, "spec": copy_of(ours, "c")["spec"]}
    refused(lambda: tenant.make_pod(only_annotation), word)
    plain = {"metadata": {"name": "plain", "labels": {"app": "x"}}, "spec": copy_of(ours, "d")["spec"]}
    tenant.make_pod(plain)
    refused(lambda: tenant.patch_pod("plain", {"metadata": {"labels": {"kubevirt.io": "virt-launcher"}}}), word)
    refused(lambda: tenant.patch_pod("plain", {"metadata": {"ownerReferences": ours["metadata"]["ownerReferences"]}}), word)
    refused(lambda: tenant.patch_pod(name, LABEL), word)
    refused(lambda: tenant.patch_pod(name, {"metadata": {"ownerReferences": None}}), word)
    refused(lambda: tenant.patch_pod(name, {"metadata": {"annotations": {"vmbridge.io/instance": "{}"}}}), word)
    image = [{"op": "replace", "path": "/spec/containers/0/image", "value": "localhost/mine:1"}]
    refused(lambda: tenant.patch(t.core("pods/" + name), image, "application/json-patch+json"), word)
    tenant.patch_pod(name, {"metadata": {"labels": {"team": "x"}, "annotations": {"example.com/note": "y"}}})  # of no concern to us
    tenant.patch_pod("plain", {"metadata": {"labels": {"app": "y"}}})
    tenant.remove_pod("plain")
    check(t.vmi("m")["status"]["phase"] == "Running", t.picture())


def test_v6_the_policy_does_not_bind_those_who_keep_house(t):
    """The garbage collector takes an owner off when somebody orphans; a ReplicaSet is no way round the policy."""
    settle(t, lambda: False)
    t.running("m")
    t.until_collected()
    pod = t.pod("m")
    as_collector = ("--as=system:serviceaccount:kube-system:generic-garbage-collector", "-n", t.ns)
    t.world.kubectl("patch", "pod", pod["metadata"]["name"], "--type=merge", "-p", '{"metadata":{"ownerReferences":null}}', *as_collector)
    t.api.create(f"/apis/apps/v1/namespaces/{t.ns}/replicasets", {"metadata": {"name": "rs"}, "spec": {
        "replicas": 1, "selector": {"matchLabels": {"app": "rs"}}, "template": {
            "metadata": {"labels": {"app": "rs", "kubevirt.io": "virt-launcher"}},
            "spec": {"containers": [{"name": "c", "image": "localhost/none:1"}]}}}})
    t.until(lambda: [e for e in t.events("rs") if "launcher-pods.vmbridge.io" in e["message"]], "the ReplicaSet is refused its pod")
