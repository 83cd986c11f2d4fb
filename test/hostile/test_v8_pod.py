"""What an author of machines may bring into the launcher pod: annotations by an allow list, room on the node by a limit."""
import figures
from world import check, machine, spec

SECURITY = {
    "container.apparmor.security.beta.kubernetes.io/compute": "unconfined",
    "k8s.v1.cni.cncf.io/networks": "kube-system/everything",
    "v1.multus-cni.io/default-network": "kube-system/everything",
    "seccomp.security.alpha.kubernetes.io/pod": "unconfined",
    "sidecar.istio.io/inject": "true",
    "io.kubernetes.cri-o.userns-mode": "auto",
    "vmbridge.io/instance": "{}",
    "vmbridge.io/gateway-pins": "sha256:mine",
}
HARMLESS = {"vm.kubevirt.io/os": "", "vm.kubevirt.io/flavor": "small"}


def with_annotations(more):
    m = machine("m")
    m["spec"]["template"]["metadata"]["annotations"] = more
    return m


def test_v8_annotations_that_give_rights_stay_outside_the_pod(t):
    t.make(with_annotations({**SECURITY, **HARMLESS}))
    t.until_ready("m")
    have = t.pod("m")["metadata"]["annotations"]
    for key, value in SECURITY.items():
        check(have.get(key) != value, "the author of a machine set", key, "on the pod")
    for key, value in HARMLESS.items():
        check(have.get(key) == value, key, "did not come along")


def test_v8_labels_of_ours_are_not_the_authors(t):
    m = machine("m", labels={"vm": "m", "kubevirt.io/outdatedLauncherImage": "x", "vmbridge.io/x": "y", "app": "web"})
    t.make(m)
    t.until_ready("m")
    labels = t.pod("m")["metadata"]["labels"]
    check(labels["kubevirt.io/created-by"] == t.vmi("m")["metadata"]["uid"] and labels["app"] == "web", labels)
    check("kubevirt.io/outdatedLauncherImage" not in labels and "vmbridge.io/x" not in labels, labels)


def test_v8_a_guest_has_its_share_of_the_node_and_no_more(t):
    template = spec()
    template["domain"]["devices"]["disks"].append({"name": "scratch", "disk": {"bus": "virtio"}})
    template["volumes"].append({"name": "scratch", "emptyDisk": {"capacity": "2Gi"}})
    t.make(machine("m", template=template))
    t.until_ready("m")
    figures.note("V8: a launcher pod as it is stored, of a guest with two disks", stored_bytes(t), 6000, "bytes")
    pod = t.pod("m")["spec"]
    dirs = {v["name"]: v["emptyDir"] for v in pod["volumes"] if "emptyDir" in v}
    check(dirs and all("sizeLimit" in d for d in dirs.values()), "a folder without a limit:", dirs)
    resources = pod["containers"][0]["resources"]
    check("ephemeral-storage" in resources["requests"] and "ephemeral-storage" in resources.get("limits", {}), resources)


def stored_bytes(t):
    """The API server gives it out as it keeps it."""
    c = t.api.connection()
    try:
        c.request("GET", t.core("pods/" + t.pod("m")["metadata"]["name"]), headers={"Accept": "application/vnd.kubernetes.protobuf"})
        return len(c.getresponse().read())
    finally:
        c.close()
