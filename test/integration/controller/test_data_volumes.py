"""DataVolumes: what is told without CDI, and how a machine and CDI, which is played here, work together."""
from api import condition
from marks import alone
from world import check, machine

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
NAME = "datavolumes.cdi.kubevirt.io"
CRD = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": NAME}, "spec": {
    "group": "cdi.kubevirt.io", "scope": "Namespaced",
    "names": {"plural": "datavolumes", "singular": "datavolume", "kind": "DataVolume", "listKind": "DataVolumeList", "shortNames": ["dv"]},
    "versions": [{"name": "v1beta1", "served": True, "storage": True, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": {
        "type": "object", "required": ["spec"], "properties": {
            "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}}]}}
TEMPLATE = {"metadata": {"name": "root", "labels": {"app": "shop"}}, "spec": {
    "source": {"http": {"url": "http://images.example/disk.img"}}, "storage": {"resources": {"requests": {"storage": "1Gi"}}}}}


def on_data_volume(name="root"):
    return {"domain": {"memory": {"guest": "64Mi"}, "devices": {"disks": [{"name": "r", "disk": {"bus": "virtio"}}]}},
            "volumes": [{"name": "r", "dataVolume": {"name": name}}], "terminationGracePeriodSeconds": 5}


def templated(name, strategy="Always"):
    m = machine(name, strategy, template=on_data_volume())
    m["spec"]["dataVolumeTemplates"] = [TEMPLATE]
    return m


def path(t, name="root"):
    return f"/apis/cdi.kubevirt.io/v1beta1/namespaces/{t.ns}/datavolumes" + (f"/{name}" if name else "")


def serve(t):
    t.api.create(DEFINITIONS, CRD)
    t.recorder.until(lambda: t.api.get(path(t, "")), "the API server serves DataVolumes")


def drop(t):
    t.api.delete(DEFINITIONS + "/" + NAME)
    t.recorder.until(lambda: not t.api.get(DEFINITIONS + "/" + NAME), "the definition is gone")


def say(t, phase, **more):
    """What CDI writes of a DataVolume."""
    t.api.patch(path(t) + "/status", {"status": {"phase": phase, **more}})


def told(t, name, sentence):
    return t.until(lambda: sentence in condition(t.vm(name) or {}, "Stalled").get("message", ""), f"{name} is told: {sentence}")


@alone
def test_a_data_volume_is_made_filled_and_run(t):
    drop(t)
    t.start()
    t.make(templated("m"))
    told(t, "m", "install CDI")
    check(t.until_status("m", "ErrorPvcNotFound"), "")
    try:
        serve(t)
        # The instance that could not start is there already: it waits for the DataVolume that the machine makes now.
        t.recorder.until(lambda: t.api.get(path(t)), "the DataVolume is made once CDI is there")
        made = t.api.get(path(t))
        meta, vm = made["metadata"], t.vm("m")["metadata"]
        check(meta["labels"] == {"app": "shop", "kubevirt.io/created-by": vm["uid"]}, meta)
        owner = meta["ownerReferences"]
        check([(o["kind"], o["uid"], o["controller"]) for o in owner] == [("VirtualMachine", vm["uid"], True)], owner)
        check(made["spec"] == TEMPLATE["spec"], made["spec"])
        t.bound_claim("root", "Block")  # CDI makes the claim first, and fills it then
        say(t, "ImportInProgress", progress="10.0%")
        t.until_status("m", "Provisioning")
        t.remains(lambda: not t.pods(), 1, "no pod on a claim that is being filled")
        say(t, "ImportInProgress", progress="10.0%", conditions=[
            {"type": "Running", "status": "False", "reason": "Error", "message": "404 of images.example"}])
        t.until_status("m", "DataVolumeError")
        told(t, "m", "404 of images.example")
        say(t, "Succeeded", conditions=[])
        t.until_ready("m")
        volumes = {v["name"]: v for v in t.pod("m")["spec"]["volumes"]}
        check(volumes["vol-r"]["persistentVolumeClaim"]["claimName"] == "root", volumes)
        check(condition(t.vm("m"), "DataVolumesReady").get("status") == "True", t.vm("m")["status"])
        check(len(t.pods_made()) == 1, t.pods_made())
    finally:
        drop(t)


@alone
def test_a_halted_machine_has_its_data_volume_filled_and_starts_then(t):
    drop(t)
    t.start()
    try:
        serve(t)
        t.make(templated("m", "Halted"))
        t.recorder.until(lambda: t.api.get(path(t)), "the DataVolume is made")
        say(t, "ImportScheduled")
        t.until_status("m", "Provisioning")
        t.set_strategy("m", "Always")
        t.remains(lambda: not t.vmi("m"), 1, "no instance before the DataVolume is filled")
        t.bound_claim("root")
        say(t, "Succeeded")
        t.until_ready("m")
        t.api.delete(path(t))
        t.recorder.until(lambda: (t.api.get(path(t)) or {}).get("metadata", {}).get("ownerReferences"), "one that was deleted is made anew")
        check(condition(t.vm("m"), "Ready").get("status") == "True", "the guest runs on:", t.picture())
    finally:
        drop(t)


BROKEN = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1beta1.cdi.kubevirt.io"},
          "spec": {"group": "cdi.kubevirt.io", "version": "v1beta1", "groupPriorityMinimum": 1000, "versionPriority": 15,
                   "insecureSkipTLSVerify": True, "service": {"name": "nobody", "namespace": "default", "port": 443}}}
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"


@alone
def test_data_volumes_that_cannot_be_listed_keep_only_those_waiting_that_need_them(t):
    drop(t)
    t.api.create(SERVICES, BROKEN)
    try:
        t.start()
        t.make(templated("m"))
        t.running("other")
        sentence = "the API server refuses to list datavolumes.cdi.kubevirt.io"
        t.until(lambda: sentence in condition(t.vm("m"), "Reconciling").get("message", ""), "m is told")
        check(not t.pods("m") and not t.vmi("m"), t.picture())
    finally:
        t.api.delete(SERVICES + "/" + BROKEN["metadata"]["name"])
    serve(t)
    try:
        t.until(lambda: t.api.get(path(t)), "the DataVolume is made as soon as they can be listed")
    finally:
        t.api.delete(t.vm_path("m"))
        drop(t)
