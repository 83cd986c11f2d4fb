"""A node is drained: until guests can move, an eviction shuts them down in their own time, and status and event say why."""
from api import condition
from test_strategies import uid, until_new_run
from world import check, spec


def evict(t, name, **options):
    pod = t.pod(name)["metadata"]["name"]
    t.api.create(t.core(f"pods/{pod}/eviction"), {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": t.ns},
                                                  **({"deleteOptions": options} if options else {})})


def test_an_evicted_guest_has_its_grace_period_and_is_told_why(t):
    t.manner.stop_s = 3
    t.running("m", template=spec(evictionStrategy="LiveMigrate", terminationGracePeriodSeconds=20))
    unmovable = condition(t.vm("m"), "LiveMigratable")
    check(unmovable["status"] == "False" and "evictionStrategy LiveMigrate" in unmovable["message"], unmovable)
    vmi = uid(t.vmi("m"))
    evict(t, "m")
    t.until(lambda: condition(t.vm("m"), "Ready").get("reason") == "PodTerminating", "the machine says that its pod goes")
    check(t.pod("m")["metadata"]["deletionGracePeriodSeconds"] == 50, t.pod("m")["metadata"])
    said = condition(t.vm("m"), "Ready")["message"]
    for word in ("virt-launcher pod is terminating", "EvictionByEvictionAPI", "evictionStrategy LiveMigrate", "live migration is not part", "20 s"):
        check(word in said, f"{word} is not told: {said}")
    check(not t.vmi("m")["metadata"].get("deletionTimestamp") and t.vmi("m")["status"]["phase"] == "Running", t.picture())
    event = t.until(lambda: next((e for e in t.events("m") if e["reason"] == "Evicted"), None), "an event")
    check(event["type"] == "Warning" and "EvictionByEvictionAPI" in event["message"], event)
    until_new_run(t, "m", vmi)
    check(len([e for e in t.events("m") if e["reason"] == "Evicted"]) == 1, [e["message"] for e in t.events("m")])
    failure = t.vm("m")["status"]["bridge"]["lastFailure"]
    check(failure["reason"] == "Evicted" and "EvictionByEvictionAPI" in failure["message"], failure)
    check("startFailure" not in t.vm("m")["status"], "it counts as a failed start")
    t.never_two_pods()


def test_a_pod_that_is_deleted_by_hand_is_no_eviction(t):
    t.running("m", template=spec(evictionStrategy="LiveMigrate"))
    vmi = uid(t.vmi("m"))
    t.api.delete(t.core("pods/" + t.pod("m")["metadata"]["name"]))
    until_new_run(t, "m", vmi)
    check(not [e for e in t.events("m") if e["reason"] == "Evicted"], [e["message"] for e in t.events("m")])
    check(t.vm("m")["status"]["bridge"]["lastFailure"]["reason"] == "PodDeleted", t.vm("m")["status"]["bridge"])
