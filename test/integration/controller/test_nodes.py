"""What guests a node can run: asked there once, noted, told by labels, and no label more."""
import itertools
import json
import subprocess

from api import CORE, SYSTEM
from kubectl import find
from loser import Loser
from marks import alone
from world import check, machine, spec

KVM = "devices.kubevirt.io/kvm"
MODEL, MACHINE = "cpu-model.node.kubevirt.io/", "machine-type.node.kubevirt.io/"
ANSWER = {"hypervisor": "kvm", "qemuVersion": "10.0.7", "libvirtVersion": "11.3.0", "hostModel": "EPYC-Rome",
          "machineTypes": ["q35", "pc-q35-10.0"], "cpuModels": ["EPYC", "qemu64"], "cpuFeatures": ["svm"]}


def node_path(name):
    return f"/api/v1/nodes/{name}"


def make_node(t, name, shares="100"):
    t.api.ensure("/api/v1/nodes", {"metadata": {"name": name, "labels": {"rack": "r1"}}})
    offer(t, name, shares)


def offer(t, name, shares, boot="b1"):
    info = {"operatingSystem": "linux", "architecture": "amd64", "bootID": boot, "machineID": "m", "systemUUID": "s", "kernelVersion": "6",
            "osImage": "o", "containerRuntimeVersion": "c", "kubeletVersion": "v1.36.3", "kubeProxyVersion": "v1.36.3"}
    t.api.patch(node_path(name) + "/status", {"status": {"allocatable": {KVM: shares}, "capacity": {KVM: shares}, "nodeInfo": info}})


def node(t, name):
    return t.api.get(node_path(name)) or {"metadata": {}}


def labels(t, name):
    return node(t, name)["metadata"].get("labels", {})


def noted(t, name):
    return (t.api.get(f"/apis/vmbridge.io/v1alpha1/nodecapabilities/{name}") or {}).get("status", {})


def jobs_of(t, name):
    jobs = t.api.get(f"/apis/batch/v1/namespaces/{SYSTEM}/jobs?labelSelector=vmbridge.io%2Fasks%3Dnode-capabilities")["items"]
    return [j for j in jobs if j["metadata"]["annotations"]["vmbridge.io/node"] == name]


def pods_of(t, job):
    return t.api.get(CORE.format(SYSTEM) + f"pods?labelSelector=batch.kubernetes.io%2Fjob-name%3D{job['metadata']['name']}")["items"]


def until_asked(t, name, besides=()):
    """The Job, and the pod that Kubernetes makes of it."""
    job = t.until(lambda: next((j for j in jobs_of(t, name) if j["metadata"]["name"] not in besides), None), f"{name} is asked")
    return job, t.until(lambda: next(iter(pods_of(t, job)), None), "the Job has a pod")


def end(t, pod, phase, message):
    """As the kubelet tells the end of a pod."""
    code = 0 if phase == "Succeeded" else 1
    status = {"name": "capabilities", "image": "i", "imageID": "", "ready": False, "restartCount": 0,
              "state": {"terminated": {"exitCode": code, "reason": "Completed", "message": message}}}
    t.api.patch(CORE.format(SYSTEM) + f"pods/{pod['metadata']['name']}/status", {"status": {"phase": phase, "containerStatuses": [status]}})


def answered(t, name, answer=None, besides=()):
    job, pod = until_asked(t, name, besides)
    end(t, pod, "Succeeded", json.dumps(answer or ANSWER))
    t.until(lambda: noted(t, name).get("job") == job["metadata"]["name"], f"{name}'s answer is noted")
    return job


def drop(t, *names):
    for name in names:
        t.api.delete(node_path(name))
        t.until(lambda name=name: not noted(t, name) and not jobs_of(t, name), f"what was known of {name} goes with it")


def test_a_node_is_asked_once_and_its_labels_say_what_it_can_run(t):
    make_node(t, "n-told")
    job, pod = until_asked(t, "n-told")
    s = pod["spec"]
    check(s["securityContext"]["runAsUser"] == 107 and s["automountServiceAccountToken"] is False, s)
    check(s["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]} and s["containers"][0]["resources"]["limits"][KVM] == "1", s)
    answered(t, "n-told")
    t.until(lambda: labels(t, "n-told").get(MODEL + "EPYC") == "true" and labels(t, "n-told").get(MACHINE + "pc-q35-10.0") == "true" and
            labels(t, "n-told").get("kubevirt.io/schedulable") == "true", "the labels are there")
    check(labels(t, "n-told")["rack"] == "r1" and noted(t, "n-told")["capabilities"] == ANSWER, labels(t, "n-told"))
    t.api.patch(node_path("n-told"), {"metadata": {"labels": {MODEL + "EPYC": None, MODEL + "Penryn": "true"}}})
    t.until(lambda: labels(t, "n-told").get(MODEL + "EPYC") and not labels(t, "n-told").get(MODEL + "Penryn"), "labels are put right")
    check(len(jobs_of(t, "n-told")) == 1, "it was asked again")
    # Another boot may run other guests; the last answer holds until there is a new one.
    offer(t, "n-told", "100", boot="b2")
    answered(t, "n-told", {**ANSWER, "cpuModels": ["qemu64"]}, besides=(job["metadata"]["name"],))
    t.until(lambda: not labels(t, "n-told").get(MODEL + "EPYC") and labels(t, "n-told").get(MODEL + "qemu64"), "the new answer counts")
    offer(t, "n-told", "0", boot="b2")
    t.until(lambda: not any("kubevirt.io/" in key for key in labels(t, "n-told")), "a node without devices has no such labels")
    drop(t, "n-told")


def test_why_a_node_could_not_be_asked_is_told(t):
    make_node(t, "n-mute")
    _, pod = until_asked(t, "n-mute")
    end(t, pod, "Failed", "connect to libvirt: no such file")
    t.until(lambda: noted(t, "n-mute").get("error") == "connect to libvirt: no such file", "the reason is noted")
    t.until(lambda: any(e["reason"] == "CapabilitiesUnknown" and e["involvedObject"]["name"] == "n-mute"
                        for e in t.recorder.all("event", "default")), "an event tells it")
    check("kubevirt.io/schedulable" not in labels(t, "n-mute"), labels(t, "n-mute"))
    drop(t, "n-mute")


def test_pods_ask_for_what_the_manifest_names_and_no_more(t):
    named = spec()
    named["domain"] |= {"cpu": {"model": "Foo-9000"}, "machine": {"type": "pc-q35-9.0"}}
    t.make(machine("named", template=named), machine("plain"))
    t.until(lambda: t.pods("named") and t.pods("plain"), "both have pods")
    check(t.pod("named")["spec"]["nodeSelector"] == {"kubernetes.io/arch": "amd64", MODEL + "Foo-9000": "true", MACHINE + "pc-q35-9.0": "true"},
          t.pod("named")["spec"]["nodeSelector"])
    check(t.pod("plain")["spec"]["nodeSelector"] == {"kubernetes.io/arch": "amd64"}, t.pod("plain")["spec"]["nodeSelector"])


@alone
def test_no_answer_is_needed_for_a_node_to_be_asked_once(t):
    """Each second write of the controller is carried out and nobody hears of it."""
    loser = Loser(t.world.kubeconfig, t.api, 2)
    c = t.start(server=loser.address).until_leads()
    names = [f"n-lost-{i}" for i in range(4)]
    for name in names:
        make_node(t, name)
    for name in names:
        answered(t, name)
        t.until(lambda name=name: labels(t, name).get(MODEL + "EPYC") == "true", f"{name} has its labels")
        check(len(jobs_of(t, name)) == 1, "asked more than once:", name)
    check(any("/jobs" in lost or "/nodecapabilities" in lost or "/nodes/" in lost for lost in loser.lost), loser.lost)
    drop(t, *names)
    t.replicas.remove(c)
    t.world.stop(c)
    loser.close()


def test_of_a_node_the_controller_changes_these_labels_and_nothing_else(t):
    t.api.ensure("/api/v1/nodes", {"metadata": {"name": "n-held", "labels": {"rack": "r1"}}})
    config = t.world.config_of("vmbridge-controller")

    def may(*args):
        return subprocess.run([find(), "--kubeconfig", config, *args], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    racks = (f"r{n}" for n in itertools.count(2))  # kubectl asks for no change that changes nothing
    t.until(lambda: may("label", "node", "n-held", f"rack={next(racks)}", "--overwrite").returncode != 0, "the policy holds")
    for args in (("label", "node", "n-held", "rack-"), ("label", "node", "n-held", "new=x"), ("annotate", "node", "n-held", "a=b"),
                 ("taint", "node", "n-held", "k=v:NoExecute"), ("patch", "node", "n-held", "-p", '{"spec": {"unschedulable": true}}')):
        said = may(*args)
        check(said.returncode != 0 and "only the labels that tell what guests it can run" in said.stdout, args, said.stdout)
    check(may("label", "node", "n-held", MODEL + "EPYC=true").returncode == 0, "the controller may not set its own labels")
    t.api.delete(node_path("n-held"))
