"""What keeps a machine from running is told, and ends when its cause does."""
import json

from actor import stamp
from api import condition
from marks import alone, guards
from world import SYSTEM, CORE, check, machine, spec

CLAIM = {"metadata": {"name": "late"}, "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "none",
                                                "resources": {"requests": {"storage": "1Gi"}}}}


def on_claim(name):
    return {"domain": {"memory": {"guest": "64Mi"}, "devices": {"disks": [{"name": "data", "disk": {"bus": "virtio"}}]}},
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": name}}], "terminationGracePeriodSeconds": 5}


def quota(t, resource):
    t.api.create(t.core("resourcequotas"), {"metadata": {"name": "none"}, "spec": {"hard": {resource: "0"}}})
    t.until(lambda: t.api.get(t.core("resourcequotas/none")).get("status", {}).get("hard"), "the quota is in force")


def no_quota(t):
    t.api.delete(t.core("resourcequotas/none"))


def test_a_missing_claim_is_told_and_awaited(t):
    t.make(machine("m", template=on_claim("late")))
    vm = t.until_status("m", "ErrorPvcNotFound")
    sync = condition(vm, "Synchronized")
    check(sync["status"] == "False" and sync["reason"] == "FailedPvcNotFound" and "late" in sync["message"], sync)
    check(condition(vm, "Stalled").get("status") == "True", vm["status"])
    t.remains(lambda: not t.pods(), 1, "no pod without the claim")
    t.api.create(t.core("persistentvolumeclaims"), CLAIM)
    t.until_ready("m")
    check(not condition(t.vm("m"), "Synchronized") and not condition(t.vm("m"), "Stalled"), t.picture())


def test_a_refused_pod_is_told_and_tried_again(t):
    quota(t, "pods")
    t.make(machine("m"))
    for read in (t.vm, t.vmi):  # each comes by a watch of its own
        sync = t.until(lambda: condition(read("m") or {}, "Synchronized"), f"{read.__name__} m says Synchronized")
        check(sync["reason"] == "FailedCreate", sync)
        check(sync["status"] == "False" and "exceeded quota" in sync["message"], sync)
    no_quota(t)
    t.until_ready("m")
    check(not condition(t.vm("m"), "Synchronized"), t.picture())
    check(len(t.pods_made()) == 1, t.pods_made())


def test_a_refused_instance_is_told_and_tried_again(t):
    quota(t, "count/virtualmachineinstances.kubevirt.io")
    t.make(machine("m"))
    failure = t.until(lambda: condition(t.vm("m"), "Failure"), "the machine says Failure")
    check(failure["status"] == "True" and failure["reason"] == "FailedCreate" and "forbidden" in failure["message"], failure)
    # Which sentence it is depends on whether kube-controller-manager has begun to count our kind: within half a minute of the CRD.
    check("quota: none" in failure["message"], failure)
    check(not t.vm("m")["status"].get("created"), "created, though nothing was:", t.vm("m")["status"])
    no_quota(t)
    t.until_ready("m")
    check(not condition(t.vm("m"), "Failure"), t.picture())


def test_a_machine_without_room_is_unschedulable_until_there_is(t):
    t.manner.bind_s = None
    t.make(machine("m"))
    vm = t.until_status("m", "ErrorUnschedulable")
    scheduled = condition(vm, "PodScheduled")
    check(scheduled["status"] == "False" and scheduled["reason"] == "Unschedulable" and "memory" in scheduled["message"], scheduled)
    check(condition(vm, "Reconciling").get("status") == "True", "it is tried still:", t.picture())
    t.manner.bind_s = 0
    t.actor.bind(t.pod("m"))
    t.until_ready("m")
    check(not condition(t.vm("m"), "PodScheduled"), t.picture())


def test_an_image_that_cannot_be_pulled_is_told(t):
    t.manner.waiting = {"reason": "ErrImagePull", "message": "localhost/guest:1: not found"}
    t.make(machine("m"))
    vm = t.until_status("m", "ErrImagePull")
    check("not found" in condition(vm, "Synchronized")["message"] and condition(vm, "Stalled"), vm["status"])
    t.actor.container_waits(t.pod("m"), {"reason": "ImagePullBackOff", "message": "Back-off pulling image"})
    t.until_status("m", "ImagePullBackOff")
    t.manner.waiting = None
    t.actor.start(t.pod("m"))
    t.until_ready("m")
    check(not condition(t.vm("m"), "Synchronized") and not condition(t.vm("m"), "Stalled"), t.picture())


@guards
def test_nothing_starts_beside_a_pod_of_an_earlier_instance(t):
    t.manner.stop_s = 3
    t.running("m")
    old, pod = t.vmi("m")["metadata"]["uid"], t.pod("m")["metadata"]["name"]
    t.api.delete(t.vmi_path("m"))
    t.api.patch(t.vmi_path("m"), {"metadata": {"finalizers": None}})  # by force: the pod is still there
    t.until(lambda: t.vmi("m") and t.vmi("m")["metadata"]["uid"] != old, "a new instance")
    t.until(lambda: condition(t.vmi("m"), "Reconciling").get("reason") == "WaitingForOldPod", "it waits for the old pod")
    check(pod in condition(t.vmi("m"), "Reconciling")["message"], t.picture())
    t.until(lambda: len(t.pods_made()) == 2, "the new instance's pod")
    t.until_ready("m")
    t.never_two_pods()
    check(len(t.pods_made()) == 2, t.pods_made())


def test_a_service_opens_and_closes_a_port(t):
    net = spec()
    net["domain"]["devices"]["interfaces"] = [{"name": "default", "masquerade": {}, "ports": [{"port": 9022}]}]
    net["networks"] = [{"name": "default", "pod": {}}]
    t.running("m", template=net, labels={"app": "web"})
    pod = t.pod("m")["metadata"]["uid"]

    def ports():
        told = t.launcher("m").desired
        return {p["port"] for p in told[-1].get("openPorts", [])} if told else set()

    t.until(lambda: 9022 in ports(), "the declared port")
    before = ports()
    t.api.create(t.core("services"), {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}})
    t.until(lambda: ports() == before | {8080}, "the Service's port")
    # what only the launcher pod bears selects too, and a selector that changes leaves those it had
    t.api.create(t.core("services"), {"metadata": {"name": "one"}, "spec": {"selector": {"vm.kubevirt.io/name": "m"}, "ports": [{"port": 9443}]}})
    t.until(lambda: ports() == before | {8080, 9443}, "the port of the Service by name")
    t.api.patch(t.core("services/web"), {"spec": {"selector": {"app": "elsewhere"}}})
    t.until(lambda: ports() == before | {9443}, "the port of a Service that selects others now is closed")
    t.api.delete(t.core("services/one"))
    t.until(lambda: ports() == before, "the Service's port is closed")
    check(t.pod("m")["metadata"]["uid"] == pod, "another pod")


def test_an_impossible_spec_is_told_with_field_and_way_out(t):
    bad = spec()
    bad["domain"]["cpu"] = {"cores": 500, "sockets": 500}
    t.make(machine("m", template=bad))
    t.until(lambda: condition(t.vm("m"), "Stalled").get("reason") == "InvalidSpec", "InvalidSpec")
    check("spec.template.spec.domain.cpu" in condition(t.vm("m"), "Stalled")["message"], t.picture())
    t.remains(lambda: not t.vmi("m"), 1, "no instance of it")
    t.api.patch(t.vm_path("m"), {"spec": {"template": {"spec": {"domain": {"cpu": {"cores": 1, "sockets": 1}}}}}})
    t.until_ready("m")


@alone
def test_pods_get_the_new_ca_and_launchers_come_back(t):
    first = t.start().until_leads()
    t.running("m")
    pod, launcher = t.pod("m"), t.launcher("m")
    old = pod["metadata"]["annotations"]["vmbridge.io/gateway-pins"]
    t.replicas.remove(first)
    t.world.stop(first)
    t.api.delete(CORE.format(SYSTEM) + "secrets/vmbridge-certs")
    second = t.start().until_leads()
    t.until(lambda: t.pod("m")["metadata"]["annotations"]["vmbridge.io/gateway-pins"] != old, "the pod has the new CA")
    t.until(lambda: launcher.connects and launcher.connects[-1] == second.port, "the launcher is back")
    check(t.pod("m")["metadata"]["uid"] == pod["metadata"]["uid"], "another pod")
    t.remains(lambda: condition(t.vm("m"), "Ready").get("status") == "True", 0.5, "it is ready")
    check(json.loads(t.pod("m")["metadata"]["annotations"]["vmbridge.io/instance"])["uid"] == t.vmi("m")["metadata"]["uid"], stamp())


def test_an_odd_object_keeps_no_other_from_running(t):
    odd = machine("odd")
    odd["metadata"]["annotations"] = {"note": "a\0b"}
    odd["spec"]["template"]["metadata"]["annotations"] = {"note": "\0"}
    t.make(odd)
    t.make(machine("plain"))
    t.until_ready("plain")
    t.until_ready("odd")
    check(t.vmi("odd")["metadata"]["annotations"]["note"] == "\N{REPLACEMENT CHARACTER}", t.picture())
    check(t.vm("odd")["metadata"]["annotations"]["note"] == "a\0b", t.picture())
