"""VirtualMachineInstanceReplicaSet: what is missing is made, what is too much is deleted, what ends is replaced; and nobody's guest is lost."""
import subprocess
import time

from api import SET, condition
from kubectl import find
from loser import Loser
from marks import alone, counts, guards
from test_strategies import guest_crashes, uid
from test_trouble import no_quota, quota
from world import check, machine, spec


def path(t, name="s", sub=""):
    return SET.format(t.ns) + (f"/{name}{sub}" if name else "")


def replica_set(name="s", replicas=3, template=None):
    template = template or {"metadata": {"labels": {"app": name}}, "spec": spec()}
    return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstanceReplicaSet", "metadata": {"name": name},
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}}


def the_set(t, name="s"):
    return t.recorder.get("set", t.ns, name)


def status(t, name="s"):
    return (the_set(t, name) or {}).get("status", {})


def its_own(t, name="s"):
    """Instances that the set controls and that are not going."""
    return [v for v in t.recorder.all("vmi", t.ns) if not v["metadata"].get("deletionTimestamp") and
            any(o["uid"] == uid(the_set(t, name)) and o.get("controller") for o in v["metadata"].get("ownerReferences", []))]


def until_all_ready(t, n, name="s"):
    """They are, and the set says so: it tells of a change a second later."""
    return t.until(lambda: len(its_own(t, name)) == n and all(condition(v, "Ready").get("status") == "True" for v in its_own(t, name)) and
                   status(t, name).get("replicas") == n and
                   status(t, name).get("readyReplicas") == n and the_set(t, name), f"{n} instances of {name} are ready")


def made(t, n=3, name="s"):
    t.api.create(path(t, ""), replica_set(name, n))
    return until_all_ready(t, n, name)


def scale(t, n, name="s"):
    subprocess.run([find(), "--kubeconfig", t.world.kubeconfig, "-n", t.ns, "scale", f"vmirs/{name}", f"--replicas={n}"], check=True,
                   stdout=subprocess.DEVNULL)


def test_a_set_is_scaled_with_kubectl_and_as_an_autoscaler_does(t):
    s = made(t, 2)
    check(s["status"]["observedGeneration"] == s["metadata"]["generation"] and s["status"]["labelSelector"] == "app=s", s["status"])
    t.until(lambda: "conditions" not in status(t), "a set that is as wished says nothing more")
    first = {uid(v) for v in its_own(t)}
    scale(t, 5)
    until_all_ready(t, 5)
    check(first < {uid(v) for v in its_own(t)}, "those that were there are gone")
    seen = t.api.get(path(t, sub="/scale"))
    check(seen["spec"]["replicas"] == 5 and seen["status"] == {"replicas": 5, "selector": "app=s"}, seen)
    seen["spec"]["replicas"] = 1
    t.api.do("PUT", path(t, sub="/scale"), seen)
    until_all_ready(t, 1)
    scale(t, 0)
    t.until(lambda: not t.recorder.all("vmi", t.ns) and status(t).get("replicas") == 0, "none is left")
    t.until(lambda: {"SuccessfulCreate", "SuccessfulDelete"} <= {e["reason"] for e in t.events("s")}, "events tell of it")
    t.never_two_pods()


def test_of_an_instance_the_template_is_all_that_is_taken(t):
    template = {"metadata": {"labels": {"app": "s", "tier": "a"}, "annotations": {"note": "x"}}, "spec": spec()}
    t.api.create(path(t, ""), replica_set(replicas=1, template=template))
    until_all_ready(t, 1)
    vmi = its_own(t)[0]
    check(vmi["metadata"]["labels"].items() >= {"app": "s", "tier": "a"}.items() and vmi["metadata"]["annotations"]["note"] == "x", vmi["metadata"])
    check(vmi["metadata"]["name"].startswith("s-") and vmi["spec"]["domain"]["memory"]["guest"] == "64Mi", vmi)


def test_what_ends_and_what_is_deleted_is_replaced(t):
    made(t, 3)
    crashed, deleted = its_own(t)[:2]
    guest_crashes(t, crashed["metadata"]["name"])
    t.until(lambda: uid(crashed) not in {uid(v) for v in t.recorder.all("vmi", t.ns)}, "the crashed one is cleared")
    until_all_ready(t, 3)
    t.api.delete(t.vmi_path(deleted["metadata"]["name"]))
    t.until(lambda: uid(deleted) not in {uid(v) for v in its_own(t)}, "the deleted one is going")
    until_all_ready(t, 3)
    check(not {uid(crashed), uid(deleted)} & {uid(v) for v in its_own(t)}, t.picture())
    t.never_two_pods()


def test_a_paused_set_makes_and_deletes_nothing(t):
    made(t, 2)
    t.api.patch(path(t), {"spec": {"paused": True}})
    paused = t.until(lambda: condition(the_set(t), "ReplicaPaused"), "it says that it is paused")
    check(paused["status"] == "True" and paused["reason"] == "Paused", paused)
    t.api.delete(t.vmi_path(its_own(t)[0]["metadata"]["name"]))
    t.until(lambda: status(t).get("replicas") == 1, "one is left")
    t.api.patch(path(t), {"spec": {"replicas": 5}})
    t.remains(lambda: len(its_own(t)) == 1, 1.5, "none is made")
    t.api.patch(path(t), {"spec": {"replicas": 0}})
    t.remains(lambda: len(its_own(t)) == 1, 1.5, "none is deleted")
    t.api.patch(path(t), {"spec": {"paused": False, "replicas": 2}})
    until_all_ready(t, 2)
    check(not condition(the_set(t), "ReplicaPaused"), status(t))


def test_instances_go_with_their_set(t):
    made(t, 2)
    t.until_collected()
    t.api.delete(path(t), propagationPolicy="Background")
    t.until(lambda: not the_set(t) and not t.recorder.all("vmi", t.ns) and not t.pods(), "all is gone")
    made(t, 2)
    t.api.delete(path(t), propagationPolicy="Foreground")
    t.until(lambda: not the_set(t) and not t.recorder.all("vmi", t.ns) and not t.pods(), "all is gone")


@guards
def test_orphans_run_on_and_the_next_set_takes_them_in(t):
    t.until_collected()
    made(t, 2)
    old = {uid(v) for v in its_own(t)}
    pods = {uid(p) for p in t.pods()}
    t.api.delete(path(t), propagationPolicy="Orphan")
    t.until(lambda: not the_set(t), "the set is gone")
    t.remains(lambda: {uid(v) for v in t.recorder.all("vmi", t.ns)} == old and {uid(p) for p in t.pods()} == pods, 1.5, "they run on")
    made(t, 2)
    check({uid(v) for v in its_own(t)} == old and {uid(p) for p in t.pods()} == pods, "others were made:", t.picture())
    t.until(lambda: "Adopted" in {e["reason"] for e in t.events("s")}, "an event tells of it")


def test_an_instance_whose_labels_are_changed_is_let_go_and_replaced(t):
    made(t, 1)
    mine = its_own(t)[0]
    name = mine["metadata"]["name"]
    t.api.patch(t.vmi_path(name), {"metadata": {"labels": {"app": "looked-at"}}})
    t.until(lambda: not t.vmi(name)["metadata"].get("ownerReferences"), "it is nobody's")
    until_all_ready(t, 1)
    check(uid(t.vmi(name)) == uid(mine) and t.vmi(name)["status"]["phase"] == "Running" and uid(its_own(t)[0]) != uid(mine), t.picture())


def test_a_machines_instance_is_no_sets(t):
    t.running("m", labels={"app": "s"})
    made(t, 1)
    owner = t.vmi("m")["metadata"]["ownerReferences"]
    check(len(owner) == 1 and owner[0]["kind"] == "VirtualMachine", owner)
    check(its_own(t)[0]["metadata"]["name"] != "m", t.picture())


def test_a_set_that_is_refused_says_so(t):
    quota(t, "count/virtualmachineinstances.kubevirt.io")
    t.api.create(path(t, ""), replica_set(replicas=3))
    failed = t.until(lambda: condition(the_set(t), "ReplicaFailure"), "it says why it makes none")
    check(failed["status"] == "True" and failed["reason"] == "FailedCreate" and "quota: none" in failed["message"], failed)
    no_quota(t)
    until_all_ready(t, 3)
    t.until(lambda: not condition(the_set(t), "ReplicaFailure"), "the failure is over")


@counts
def test_requests_of_a_set_for_each_of_its_instances(t):
    n, c = 20, t.world.shared
    before = c.requests()
    made(t, n)
    time.sleep(1.5)  # what comes late
    after = c.requests()
    asked = {k: after[k] - before.get(k, 0) for k in after if after[k] != before.get(k, 0)}
    events = asked.pop(("POST", "events"), 0)
    of_set = sum(v for k, v in asked.items() if k[1].startswith("virtualmachineinstancereplicasets"))
    print(f"     {n} instances: {sum(asked.values()) / n:.2f} requests each {asked}, {events / n:.2f} events each; {of_set:.0f} for the set")
    check(sum(asked.values()) / n <= 5, "more than five requests for each instance:", asked)
    check(of_set <= n / 2, "the set's own status is written for each step of an instance:", asked)
    time.sleep(3)
    last = c.requests()
    check(last == after, "requests while nothing happened:", {k: last[k] - after.get(k, 0) for k in last if last[k] != after.get(k, 0)})


@guards
@alone
def test_lost_answers_make_no_instance_twice(t):
    loser = Loser(t.world.kubeconfig, t.api, 2)
    c = t.start(server=loser.address).until_leads()
    made(t, 6)
    names = [v.object["metadata"]["name"] for v in t.versions("vmi") if v.event == "ADDED"]
    check(len(names) == 6 == len(set(names)), "instances that were made:", names)
    scale(t, 2)
    until_all_ready(t, 2)
    scale(t, 4)
    until_all_ready(t, 4)
    t.never_two_pods()
    check(any("/virtualmachineinstances" in lost and lost.startswith("POST") for lost in loser.lost), "no create lost its answer:", loser.lost)
    t.api.delete(path(t), propagationPolicy="Background")
    t.until(lambda: not t.recorder.all("vmi", t.ns) and not t.pods(), "all is gone")
    t.replicas.remove(c)
    t.world.stop(c)
    loser.close()


@guards
@alone
def test_nobody_adopts_an_orphan_for_an_owner_that_is_gone(t):
    """The watch of the owners is late: the controller still believes in them when their instances are orphans."""
    loser = Loser(t.world.kubeconfig, t.api, 0)
    c = t.start(server=loser.address).until_leads()
    t.until_collected()
    t.make(machine("m"))
    t.until_ready("m")
    made(t, 1)
    lives = {uid(v) for v in t.recorder.all("vmi", t.ns)}
    for held, one in (("/virtualmachines?", t.vm_path("m")), ("/virtualmachineinstancereplicasets?", path(t))):
        loser.held = held
        t.api.delete(one, propagationPolicy="Orphan")
        t.until(lambda one=one: t.api.get(one) is None, "the owner is gone")
        t.remains(lambda: {uid(v) for v in t.recorder.all("vmi", t.ns) if not v["metadata"].get("deletionTimestamp")} == lives, 3, "the guests live")
        loser.held = None
    check(c.said("action"), "nothing was decided")
    orphans = t.recorder.all("vmi", t.ns)
    check(len(orphans) == 2 and not any(v["metadata"].get("ownerReferences") for v in orphans), orphans)
    for v in orphans:
        t.api.delete(t.vmi_path(v["metadata"]["name"]))
    t.until(lambda: not t.recorder.all("vmi", t.ns) and not t.pods(), "all is gone")
    t.replicas.remove(c)
    t.world.stop(c)
    loser.close()
