"""A tenant writes what is no legal name where a name belongs: it is dropped where objects enter, and stops nobody."""
import copy

from api import CORE, MERGE, Failed
from marks import alone
from world import check, machine

LONG = "a" * 400
UID = "00000000-0000-4000-8000-000000000000"
OWNERS = {
    "long": [{"name": LONG, "uid": UID}],
    "very-long": [{"name": "a" * 60000, "uid": UID}],
    "uid": [{"name": "m", "uid": "u" * 4000}],
    "slashes": [{"name": "../../default/x/y", "uid": "a/b/c"}],
    "letters": [{"name": "Ünïcode\n\t%s%n", "uid": "\u202e\ufeff"}],
    "blank": [{"name": " ", "uid": " "}],
    "version": [{"name": LONG, "uid": LONG, "apiVersion": "v" * 200 + "/v1", "kind": "K" * 60000}],
}
CONTAINERS = {"automountServiceAccountToken": False, "containers": [{"name": "c", "image": "localhost/nothing"}]}


def pod(name, owners):
    references = [{"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "controller": True, **o} for o in owners]
    return {"metadata": {"name": name, "labels": {"kubevirt.io": "virt-launcher"}, "ownerReferences": references}, "spec": CONTAINERS}


def lives(t, c):
    """An abort is this test's to judge."""
    if c.process.poll() is not None:
        t.lose(c)
        raise AssertionError(f"the controller ended with {c.process.returncode}: {c.tail()}")


@alone
def test_v2_an_owner_without_a_legal_name_is_no_owner(t):
    odd = t.ns + "-odd"  # no node takes up what is there
    t.actor.manner(odd).bind_s = None
    t.api.create("/api/v1/namespaces", {"metadata": {"name": odd}})
    pods = CORE.format(odd) + "pods"
    t.until(lambda: t.api.get(CORE.format(odd) + "serviceaccounts/default"), "the namespace is there")
    c = t.start().until_leads()
    n_made = 0
    for name, owners in OWNERS.items():
        try:
            t.api.create(pods, pod("odd-" + name, owners))
            n_made += 1
        except Failed as e:  # what the API server itself refuses is no way in
            check(e.status in (400, 422), e)
    check(n_made >= 4, "the API server takes few of them:", n_made)
    try:
        t.running("m")
        for name in OWNERS:  # the garbage collector may be quicker
            t.api.do("PATCH", f"{pods}/odd-{name}", {"metadata": {"labels": {"again": "1"}}}, MERGE, ok=(404,))
        t.set_strategy("m", "Halted")
        t.until_stopped("m")
    except (AssertionError, OSError):
        lives(t, c)
        raise
    lives(t, c)
    t.api.delete(f"/api/v1/namespaces/{odd}")


@alone
def test_v2_statuses_of_thousands_of_entries_stop_nobody(t):
    """Who may write the status of pods, or of an instance, writes more than anybody reads."""
    c = t.start().until_leads()
    t.running("m")
    many = [{"type": f"tenant.example/{i}", "status": "True", "reason": "R" * 200} for i in range(1000)]
    for path in (t.core(f"pods/{t.pod('m')['metadata']['name']}/status"), t.vmi_path("m", "/status"), t.vm_path("m", "/status")):
        o = t.api.get(path)
        kept = [k for k in o["status"].get("conditions", []) if not k["type"].startswith("tenant.example/")]
        t.api.patch(path, {"status": {"conditions": kept + copy.deepcopy(many)}})
    t.make(machine("other"))
    t.until_ready("other")
    t.set_strategy("m", "Halted")
    t.until_stopped("m")
    lives(t, c)
