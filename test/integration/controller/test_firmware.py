"""Claims of machines' own state: NVRAM that persists."""
from api import CORE, condition
from marks import guards
from world import check, machine, spec


def persistent(name, **more):
    template = spec()
    template["domain"]["firmware"] = {"bootloader": {"efi": {"secureBoot": False, "persistent": True}}}
    return machine(name, template=template, **more)


def claim_of(t, name):
    return t.api.get(CORE.format(t.ns) + f"persistentvolumeclaims/persistent-state-for-{name}")


def test_nvram_that_persists_has_a_claim_that_goes_with_the_machine(t):
    t.make(persistent("m"))
    t.until_ready("m")
    claim = claim_of(t, "m")
    check(claim["metadata"]["ownerReferences"][0]["uid"] == t.vm("m")["metadata"]["uid"], claim["metadata"])
    mounts = [m["mountPath"] for m in t.pod("m")["spec"]["containers"][0]["volumeMounts"]]
    check("/var/run/vmbridge/state" in mounts, mounts)
    t.set_strategy("m", "Halted")
    t.until_stopped("m")
    t.set_strategy("m", "Always")
    t.until_ready("m")
    check(claim_of(t, "m")["metadata"]["uid"] == claim["metadata"]["uid"], "the claim is another one")
    t.api.delete(t.vm_path("m"), propagationPolicy="Background")
    t.until_gone("m")
    t.until(lambda: "deletionTimestamp" in (claim_of(t, "m") or {"metadata": {"deletionTimestamp": "over"}})["metadata"], "the claim goes with its machine")


@guards
def test_nvram_is_never_kept_in_a_claim_of_somebody_else(t):
    path = CORE.format(t.ns) + "persistentvolumeclaims"
    t.api.create(path, {"metadata": {"name": "persistent-state-for-m"},
                        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}})
    t.make(persistent("m"))
    t.until(lambda: "persistent-state-for-m" in condition(t.vm("m") or {}, "Stalled").get("message", ""), "the claim is named")
    check(not t.pods("m"), "a pod was made")
    t.api.delete(f"{path}/persistent-state-for-m")
    t.until_ready("m")
