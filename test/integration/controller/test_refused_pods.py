"""A pod that the API server does not take: said with the field of the machine that it comes from, and over when that is mended."""
import time

from api import condition
from marks import counts
from test_trouble import no_quota, quota
from world import check, machine, spec

NODES = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
    {"matchExpressions": [{"key": "zone", "operator": "In", "values": []}]}]}}}
SPREAD = [{"maxSkew": 0, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]

# what the template has, the field below spec.template.spec that is named, a word of what is wrong with it
REFUSED = [
    ({"affinity": NODES}, "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values",
     "must be specified"),
    ({"tolerations": [{"key": "a key", "operator": "Exists"}]}, "tolerations[0].key", "Invalid value"),
    ({"tolerations": [{"key": "k", "operator": "Bogus"}]}, "tolerations[0].operator", "Bogus"),
    ({"topologySpreadConstraints": SPREAD}, "topologySpreadConstraints[0].maxSkew", "must be greater than zero"),
    ({"nodeSelector": {"a key": "v"}}, "nodeSelector", "Invalid value"),
    ({"readinessProbe": {"tcpSocket": {"port": 70000}}}, "readinessProbe.tcpSocket.port", "between 1 and 65535"),
    ({"livenessProbe": {"tcpSocket": {"port": 22}, "successThreshold": 2}}, "livenessProbe.successThreshold", "must be 1"),
    ({"dnsPolicy": "None", "dnsConfig": {"nameservers": ["banana"]}}, "dnsConfig.nameservers[0]", "banana"),
    ({"dnsPolicy": "None"}, "dnsConfig", "must provide `dnsConfig`"),
    ({"priorityClassName": "no-such-class"}, "priorityClassName", "no PriorityClass with name no-such-class was found"),
]


def refused(t, name):
    """It is told, by machine and instance, and nothing else is promised."""
    t.until(lambda: condition(t.vm(name), "Synchronized").get("status") == "False", f"{name} says that its pod is refused")
    return condition(t.vm(name), "Synchronized")["message"]


def test_a_pod_that_is_refused_is_stalled_with_the_machines_own_field(t):
    for i, (more, _, _) in enumerate(REFUSED):
        t.make(machine(f"m{i}", template=spec(**more)))
    wrong = []
    for i, (more, field, word) in enumerate(REFUSED):
        said = refused(t, f"m{i}")
        if f"spec.template.spec.{field}: " not in said:
            wrong.append(f"{more}: {field} is not named: {said}")
        if word not in said or "virt-launcher-" in said or "containers[0]" in said:
            wrong.append(f"{more}: {said}")
        t.until(lambda name=f"m{i}": condition(t.vm(name), "Stalled").get("message") == condition(t.vm(name), "Synchronized").get("message"),
                f"m{i} is stalled by {more}")
        after = t.vm(f"m{i}")["status"]["bridge"]["next"]
        if not after.startswith("nothing, until"):
            wrong.append(f"{more}: next: {after}")
    check(not wrong, "\n  ".join([""] + wrong))
    check(not t.pods_made(), t.pods_made())


def test_of_an_instance_without_a_machine_its_own_field_is_named(t):
    body = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "i"},
            "spec": spec(tolerations=[{"key": "k", "operator": "Bogus"}])}
    t.api.create(t.vmi_path(), body)
    t.until(lambda: condition(t.vmi("i"), "Stalled").get("status") == "True", "it is stalled")
    said = condition(t.vmi("i"), "Stalled")["message"]
    check(" spec.tolerations[0].operator: " in said, said)


def test_a_machine_whose_refused_template_is_mended_starts(t):
    for strategy in ("Always", "RerunOnFailure", "Once"):
        name = strategy.lower()
        t.make(machine(name, strategy, template=spec(tolerations=[{"key": "k", "operator": "Bogus"}])))
        refused(t, name)
        t.until(lambda n=name: condition(t.vm(n), "Stalled"), f"{name} is stalled")
        t.api.patch(t.vm_path(name), {"spec": {"template": {"spec": {"tolerations": [{"key": "k", "operator": "Exists"}]}}}})
        t.until_ready(name)
        check(not condition(t.vm(name), "Stalled") and not condition(t.vm(name), "Synchronized"), t.picture())
    t.never_two_pods()


def test_a_running_guest_is_left_alone_when_its_template_changes(t):
    t.running("m")
    uid = t.vmi("m")["metadata"]["uid"]
    t.api.patch(t.vm_path("m"), {"spec": {"template": {"spec": {"tolerations": [{"key": "k", "operator": "Exists"}]}}}})
    t.until(lambda: condition(t.vm("m"), "RestartRequired"), "it wants a restart")
    t.remains(lambda: t.vmi("m")["metadata"]["uid"] == uid and not t.vmi("m")["metadata"].get("deletionTimestamp"), 1, "the same instance")


def test_a_quota_is_a_failure_that_passes(t):
    quota(t, "pods")
    t.make(machine("m"))
    said = refused(t, "m")
    check("exceeded quota" in said and "spec.template.spec.domain:" in said and "virt-launcher-" not in said, said)
    vm = t.until(lambda: condition(t.vm("m"), "Failure").get("status") == "True" and t.vm("m"), "the machine says Failure")
    check(not condition(vm, "Stalled") and condition(vm, "Reconciling"), t.picture())
    check("the launcher pod is scheduled" not in vm["status"]["bridge"]["next"], vm["status"]["bridge"])
    no_quota(t)
    t.until_ready("m")
    check(not condition(t.vm("m"), "Failure"), t.picture())


def test_a_limit_range_is_named_and_the_pod_comes_when_it_is_changed(t):
    t.api.create(t.core("limitranges"), {"metadata": {"name": "low"}, "spec": {"limits": [{"type": "Pod", "max": {"memory": "32Mi"}}]}})
    limited = spec()
    limited["domain"]["resources"] = {"limits": {"memory": "64Mi"}}
    t.make(machine("m", template=limited))
    said = refused(t, "m")
    check("maximum memory usage per Pod is 32Mi" in said and "LimitRange" in said and "spec.template.spec.domain:" in said, said)
    t.until(lambda: condition(t.vm("m"), "Stalled"), "it is stalled")
    t.api.delete(t.core("limitranges/low"))
    t.until_ready("m")


@counts
def test_what_is_refused_is_not_tried_again_and_again(t):
    c = t.world.shared
    t.make(machine("m", template=spec(tolerations=[{"key": "k", "operator": "Bogus"}])))
    t.until(lambda: condition(t.vm("m"), "Stalled"), "it is stalled")
    time.sleep(2)
    before, seen = c.requests(), t.versions("vm") + t.versions("vmi")
    time.sleep(10)
    after = c.requests()
    tries = after.get(("POST", "pods"), 0) - before.get(("POST", "pods"), 0)
    check(tries <= 1, f"{tries:.0f} tries within ten seconds")
    check(t.versions("vm") + t.versions("vmi") == seen, "writes while nothing changed:", t.picture())
