"""What no guest can be made of: told before there is a pod where the spec and the claims show it, else at the first failure, and not tried again and again."""
from api import condition
from world import check, machine, spec

REFUSED = {"state": "shutoff", "reason": "start-failed", "invalid": True, "message": "start the guest: internal error: Unknown CPU model no-such-cpu"}
UNLUCKY = {"state": "shutoff", "reason": "start-failed", "message": "start the guest: Cannot allocate memory"}


def fails_to_start(t, name, words, code):
    """Its container starts, and the launcher finds that no guest comes of it."""
    t.until(lambda: t.pods(name) and t.pods(name)[0]["status"].get("phase") == "Running", f"the container of {name} runs")
    t.actor.finish(t.pod(name), code, **words)


def test_what_libvirt_calls_impossible_is_stalled_at_the_first_failure(t):
    t.manner.boot_s = None
    for strategy in ("Always", "RerunOnFailure"):
        name = strategy.lower()
        t.make(machine(name, strategy))
        fails_to_start(t, name, REFUSED, 13)
        t.until(lambda n=name: condition(t.vm(n), "Stalled").get("reason") == "InvalidSpec", f"{name} is stalled")
        vm = t.vm(name)
        check("Unknown CPU model no-such-cpu" in condition(vm, "Stalled")["message"], vm["status"])
        first = vm["status"]["conditions"][0]
        check("Unknown CPU model no-such-cpu" in first["message"], "the first condition does not say why:", first)
        check(vm["status"]["printableStatus"] == "Stopped" and "startFailure" not in vm["status"], vm["status"])
        check(vm["status"]["bridge"]["next"] == "nothing, until the spec is changed", vm["status"]["bridge"])
        check(vm["status"]["bridge"]["lastFailure"]["reason"] == "InvalidSpec", vm["status"]["bridge"])
    vmis = {n: t.vmi(n)["metadata"]["uid"] for n in ("always", "rerunonfailure")}
    t.remains(lambda: all(t.vmi(n) and t.vmi(n)["metadata"]["uid"] == u for n, u in vmis.items()), 13, "no other start")
    t.manner.boot_s = 0.1
    for name in vmis:
        t.api.patch(t.vm_path(name), {"spec": {"template": {"spec": {"domain": {"memory": {"guest": "96Mi"}}}}}})
        t.until_ready(name)
        check(not condition(t.vm(name), "Stalled"), t.picture())


def test_in_a_crash_loop_the_first_condition_says_why(t):
    t.manner.boot_s = None
    t.make(machine("m"))
    fails_to_start(t, "m", UNLUCKY, 12)
    vm = t.until_status("m", "CrashLoopBackOff")
    first = t.until(lambda: condition(t.vm("m"), "Ready").get("reason") == "VMINotExists" and t.vm("m")["status"]["conditions"][0],
                    "the failed instance is gone")
    check(first["type"] == "Ready" and "VMI does not exist" in first["message"] and "Cannot allocate memory" in first["message"], first)
    t.until(lambda: t.vmi("m") and t.vm("m")["status"]["printableStatus"] == "Starting", "the second try")
    first = t.vm("m")["status"]["conditions"][0]
    check("Cannot allocate memory" in first["message"], "while it is tried again:", first)
    t.manner.boot_s = 0.1
    fails_to_start(t, "m", UNLUCKY, 12)
    t.until_ready("m")
    check("Cannot allocate memory" not in condition(t.vm("m"), "Ready").get("message", ""), t.vm("m")["status"])
    check(vm["status"]["startFailure"]["consecutiveFailCount"] == 1, vm["status"])


def test_a_lun_on_a_claim_of_files_is_told_before_a_pod_is_made(t):
    for name, mode in (("files", "Filesystem"), ("device", "Block")):
        t.api.create(t.core("persistentvolumeclaims"), {"metadata": {"name": name}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "none", "volumeMode": mode}})
    lun = spec()
    lun["domain"]["devices"]["disks"].append({"name": "data", "lun": {}})
    lun["volumes"].append({"name": "data", "persistentVolumeClaim": {"claimName": "files"}})
    t.make(machine("m", template=lun))
    said = t.until(lambda: condition(t.vm("m"), "Stalled"), "it is stalled")["message"]
    check("spec.template.spec.domain.devices.disks[1].lun" in said and "volumeMode Block" in said, said)
    t.remains(lambda: not t.pods_made(), 1, "no pod of it")
    lun["volumes"][1]["persistentVolumeClaim"]["claimName"] = "device"
    t.api.patch(t.vm_path("m"), {"spec": {"template": {"spec": lun}}})
    t.until_ready("m")


def test_a_network_that_is_none_is_told_before_a_pod_is_made(t):
    for i, (key, value) in enumerate((("vmNetworkCIDR", "banana"), ("vmNetworkCIDR", "10.0.2.0"), ("vmNetworkCIDR", "10.0.2.0/31"),
                                      ("vmNetworkCIDR", "10.0.2.300/24"), ("vmIPv6NetworkCIDR", "10.0.2.0/24"))):
        net = spec(networks=[{"name": "default", "pod": {key: value}}])
        net["domain"]["devices"]["interfaces"] = [{"name": "default", "masquerade": {}}]
        t.make(machine(f"m{i}", template=net))
        said = t.until(lambda n=f"m{i}": condition(t.vm(n), "Stalled"), f"{value} is stalled")["message"]
        check(f"spec.template.spec.networks[0].pod.{key} '{value}'" in said, said)
        good = {"vmNetworkCIDR": "10.9.0.0/16"} if key == "vmNetworkCIDR" else {"vmIPv6NetworkCIDR": "fd10:9::/64"}
        net["networks"][0]["pod"] = good
        t.api.patch(t.vm_path(f"m{i}"), {"spec": {"template": {"spec": net}}})
        t.until_ready(f"m{i}")
