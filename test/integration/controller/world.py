"""What all tests share: the API server with our kinds in it, the recorder, the actor; and what one test gets of it."""
import base64
import copy
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support"))
from actor import Actor  # noqa: E402
from api import CORE, SET, SYSTEM, VM, VMI, Api, Recorder, condition  # noqa: E402
from kubectl import ROOT, Kubectl  # noqa: E402
from limits import HANG_S  # noqa: E402
from process import Controller  # noqa: E402

WATCHED = {
    "vm": "/apis/kubevirt.io/v1/virtualmachines",
    "vmi": "/apis/kubevirt.io/v1/virtualmachineinstances",
    "set": "/apis/kubevirt.io/v1/virtualmachineinstancereplicasets",
    "pod": "/api/v1/pods?labelSelector=kubevirt.io%3Dvirt-launcher",
    "event": "/api/v1/events",
}


class World:
    def __init__(self, binary, folder, kubeconfig=None):
        self.binary, self.folder = binary, folder
        self.made = set()  # kubeconfigs
        self.plain = os.environ.get("VMB_TEST_PLAIN") or binary  # without sanitizers: of it memory can be told
        self.kubeconfig = kubeconfig or os.environ["KUBECONFIG"]
        self.api = Api(self.kubeconfig)
        self.kubectl = Kubectl(self.kubeconfig)
        self._install()
        self.recorder = Recorder(self.api, WATCHED)
        self.actor = Actor(self.api, self.recorder)
        self.shared = None

    def _install(self):
        self.api.ensure("/api/v1/namespaces", {"metadata": {"name": SYSTEM}})
        self.kubectl("apply", "--server-side", "-k", os.path.join(ROOT, "crds"))
        end = time.monotonic() + 30
        for plural in ("virtualmachines", "virtualmachineinstances", "virtualmachineinstancereplicasets", "kubevirts"):
            while not self.api.get("/apis/kubevirt.io/v1/" + plural):
                check(time.monotonic() < end, "the API server does not serve", plural)
                time.sleep(0.05)
        while not self.api.get("/apis/vmbridge.io/v1alpha1/nodecapabilities"):
            check(time.monotonic() < end, "the API server does not serve nodecapabilities")
            time.sleep(0.05)
        for name in ("service-account", "rbac-controller", "flow-schema", "kubevirt"):
            self.kubectl("apply", "-f", os.path.join(ROOT, f"deploy/base/{name}.yaml"))
        # What manifests of tests name; nobody offers it.
        self.api.patch(f"/apis/kubevirt.io/v1/namespaces/{SYSTEM}/kubevirts/kubevirt", {"spec": {"configuration": {
            "permittedHostDevices": {"pciHostDevices": [{"pciVendorSelector": "10DE:1EB8", "resourceName": "a.example/b"}]}}}})
        self._add_account("replica-b")

    def _add_account(self, name):
        """One more account with the controller's rights: the audit log then tells two replicas apart."""
        self.api.ensure(CORE.format(SYSTEM) + "serviceaccounts", {"metadata": {"name": name}})
        rbac, add = "/apis/rbac.authorization.k8s.io/v1", [{"op": "add", "path": "/subjects/-", "value": {
            "kind": "ServiceAccount", "name": name, "namespace": SYSTEM}}]
        for path in ("/clusterrolebindings/", f"/namespaces/{SYSTEM}/rolebindings/"):
            self.api.patch(rbac + path + "vmbridge-controller", add, "application/json-patch+json")

    def config_of(self, account, server=None):
        """A kubeconfig with the rights that the controller has in a cluster; made once, since the API server may be away."""
        path = os.path.join(self.folder, f"{account}{'-by-proxy' if server else ''}.conf")
        if not server and path in self.made:
            return path
        self.made.add(path)
        token = self.api.create(CORE.format(SYSTEM) + f"serviceaccounts/{account}/token", {
            "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {"expirationSeconds": 7200}})["status"]["token"]
        with open(os.path.join(os.path.dirname(self.kubeconfig), "pki/ca.crt"), "rb") as f:
            ca = base64.b64encode(f.read()).decode()
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "c",
                       "clusters": [{"name": "c", "cluster": {"server": server or self.api.server, "certificate-authority-data": ca}}],
                       "users": [{"name": "u", "user": {"token": token}}],
                       "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}]}, f)
        return path

    def audited(self, account):
        """What that account has asked, oldest first: (verb, resource, path, time that it came in, code of the answer)."""
        found = []
        with open(os.path.join(os.path.dirname(self.kubeconfig), "audit.log"), encoding="utf-8") as f:
            for line in f:
                if f":{account}\"" in line and line.endswith("\n"):
                    e = json.loads(line)
                    if e["user"]["username"].endswith(":" + account):
                        found.append((e["verb"], e.get("objectRef", {}).get("resource"), e["requestURI"], e["requestReceivedTimestamp"],
                                      e.get("responseStatus", {}).get("code", 0)))
        return found

    def start(self, account="vmbridge-controller", server=None, plain=False, **more):
        """A replica; the launchers' Service leads to it from now on. plain: one whose memory is measured."""
        c = Controller(self.plain if plain else self.binary, self.folder, self.config_of(account, server), **more)
        self.actor.ports.append(c.port)
        return c

    def gone(self, c):
        """The Service no longer leads to it."""
        if c.port in self.actor.ports:
            self.actor.ports.remove(c.port)

    def stop(self, c):
        self.gone(c)
        c.stop()

    def drop_lease(self):
        self.api.delete(f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/vmbridge-controller")

    def await_empty(self):
        self.recorder.until(lambda: not any(self.recorder.now[k] for k in ("set", "vm", "vmi", "pod")),
                            "the objects of earlier tests are gone")


def spec(memory="64Mi", **more):
    """The template's spec of a small machine without a network."""
    return {"domain": {"memory": {"guest": memory}, "devices": {"disks": [{"name": "root", "disk": {"bus": "virtio"}}]}},
            "volumes": [{"name": "root", "containerDisk": {"image": "localhost/guest:1"}}], "terminationGracePeriodSeconds": 5, **more}


def machine(name, strategy="Always", template=None, labels=None):
    body = {"template": {"metadata": {"labels": labels or {"vm": name}}, "spec": template or spec()}}
    if isinstance(strategy, bool):
        body["running"] = strategy
    elif strategy:
        body["runStrategy"] = strategy
    return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": name}, "spec": body}


def check(value, *why):
    if not value:
        raise AssertionError(" ".join(str(w) for w in why))


class Case:
    """What one test gets: a namespace of its own and short words for what is asked often."""

    def __init__(self, world, name):
        self.world, self.api, self.recorder, self.actor = world, world.api, world.recorder, world.actor
        self.name = name
        self.ns = "t-" + name.removeprefix("test_").replace("_", "-").lower()[:40].strip("-")
        self.manner = self.actor.manner(self.ns)
        self.replicas = []
        self.api.create("/api/v1/namespaces", {"metadata": {"name": self.ns}})
        account = CORE.format(self.ns) + "serviceaccounts/default"
        end = time.monotonic() + HANG_S  # kube-controller-manager makes it: it waits half a minute for an API server that was away
        while not self.api.get(account):
            check(time.monotonic() < end, "the control plane made no service account in", self.ns)
            time.sleep(0.02)

    def close(self):
        faults = []
        for path in (SET.format(self.ns), self.vm_path(), self.vmi_path()):
            self.api.delete(path, propagationPolicy="Background")
        for c in self.replicas:
            try:
                self.world.stop(c)
            except AssertionError as e:
                faults.append(str(e))
        if faults:
            raise AssertionError("; ".join(faults))

    def start(self, **more):
        """A replica of this test's own; stopped and judged at its end."""
        c = self.world.start(**more)
        self.replicas.append(c)
        return c

    def lose(self, c):
        """It was killed: nothing of it is to be judged."""
        self.replicas.remove(c)
        self.world.gone(c)

    # objects
    def vm_path(self, name="", sub=""):
        return VM.format(self.ns) + (f"/{name}{sub}" if name else "")

    def until_collected(self):
        """Until the garbage collector knows each of our kinds: before, it takes no owner reference off what an orphaning leaves, and
        deletes it when it hears of it."""
        nobody = {"apiVersion": "v1", "kind": "ConfigMap", "name": "nobody", "uid": "00000000-0000-4000-8000-000000000000"}
        off = spec(volumes=[{"name": "root", "persistentVolumeClaim": {"claimName": "none"}}])  # it waits for that, without a pod
        of_none = {"replicas": 0, "selector": {"matchLabels": {"app": "stray"}},
                   "template": {"metadata": {"labels": {"app": "stray"}}, "spec": off}}
        strays = ((self.vm_path(), "VirtualMachine", machine("stray", "Halted")["spec"]),
                  (self.vmi_path(), "VirtualMachineInstance", off),
                  (SET.format(self.ns), "VirtualMachineInstanceReplicaSet", of_none))
        for path, kind, body in strays:
            self.api.create(path, {"apiVersion": "kubevirt.io/v1", "kind": kind, "spec": body,
                                   "metadata": {"name": "stray", "ownerReferences": [nobody]}})
        self.until(lambda: not any(self.api.get(f"{path}/stray") for path, _, _ in strays), "the garbage collector has found our kinds")

    def vmi_path(self, name="", sub=""):
        return VMI.format(self.ns) + (f"/{name}{sub}" if name else "")

    def core(self, rest):
        return CORE.format(self.ns) + rest

    def bound_claim(self, name, mode="Filesystem"):
        """A claim of 1 GiB that has a volume, as far as anybody can tell by its status."""
        claims = self.core("persistentvolumeclaims")
        self.api.create(claims, {"metadata": {"name": name}, "spec": {"accessModes": ["ReadWriteOnce"], "volumeMode": mode, "volumeName": "v",
                                                                      "resources": {"requests": {"storage": "1Gi"}}}})
        self.api.patch(f"{claims}/{name}/status", {"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}})

    def make(self, *machines):
        for m in machines:
            self.api.create(self.vm_path(), copy.deepcopy(m))

    def set_strategy(self, name, strategy):
        self.api.patch(self.vm_path(name), {"spec": {"runStrategy": strategy}})

    def vm(self, name):
        return self.recorder.get("vm", self.ns, name)

    def vmi(self, name):
        return self.recorder.get("vmi", self.ns, name)

    def pods(self, name=None):
        """Launcher pods, those of the machine 'name' or all."""
        return [p for p in self.recorder.all("pod", self.ns)
                if name is None or p["metadata"]["ownerReferences"][0]["name"] == name]

    def pod(self, name):
        pods = self.pods(name)
        check(len(pods) == 1, f"{len(pods)} pods of {name}")
        return pods[0]

    def launcher(self, name):
        return self.actor.launchers[self.pod(name)["metadata"]["uid"]]

    def until(self, test, what):
        return self.recorder.until(test, Late(what, self))

    def picture(self):
        """What there is, in a line."""
        parts = []
        for kind in ("vm", "vmi", "pod"):
            for o in self.recorder.all(kind, self.ns):
                status = o.get("status", {})
                parts.append(f"{kind} {o['metadata']['name']}: {status.get('printableStatus') or status.get('phase')}"
                             f"{' going' if o['metadata'].get('deletionTimestamp') else ''} " +
                             " ".join(f"{c['type']}={c['status']}({c.get('reason', '')})" for c in status.get("conditions", [])))
        return "there is " + ("; ".join(parts) or "nothing")

    def until_status(self, name, status):
        return self.until(lambda: (self.vm(name) or {}).get("status", {}).get("printableStatus") == status and self.vm(name),
                          f"{name} says {status}")

    def until_ready(self, name):
        """The machine says so, and its instance, which comes by a watch of its own and perhaps later."""
        return self.until(lambda: all(condition(o, "Ready").get("status") == "True" for o in (self.vm(name), self.vmi(name))) and
                          self.vm(name), f"{name} is ready")

    def until_stopped(self, name):
        return self.until(lambda: self.vmi(name) is None and not self.pods(name) and
                          (self.vm(name) or {}).get("status", {}).get("printableStatus") == "Stopped" and
                          condition(self.vm(name), "Ready").get("reason") == "VMINotExists" and self.vm(name),
                          f"{name} is stopped")

    def until_gone(self, name):
        self.until(lambda: not self.vm(name) and not self.vmi(name) and not self.pods(name), f"{name} is gone")

    def running(self, name="m", strategy="Always", **more):
        """A machine that runs."""
        self.make(machine(name, strategy, **more))
        return self.until_ready(name)

    def remains(self, test, seconds, what):
        """It is true, and stays so for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            check(test(), f"{what} no longer; {self.picture()}")
            time.sleep(0.05)

    def versions(self, kind, name=None):
        return self.recorder.versions(kind, self.ns, name)

    def events(self, name=None):
        return [e for e in self.recorder.all("event", self.ns) if name in (None, e["involvedObject"]["name"])]

    def pods_made(self):
        """Names of the pods that were created, each as often as it was."""
        return [v.object["metadata"]["name"] for v in self.versions("pod") if v.event == "ADDED"]

    def never_two_pods(self):
        """At no time two launcher pods of one machine that could run a guest."""
        alive = {}
        for v in self.versions("pod"):
            meta = v.object["metadata"]
            owner = alive.setdefault(meta["ownerReferences"][0]["name"], set())
            over = v.event == "DELETED" or v.object.get("status", {}).get("phase") in ("Succeeded", "Failed")
            (owner.discard if over else owner.add)(meta["name"])
            check(len(owner) < 2, f"two pods at once: {sorted(owner)}")
        made = self.pods_made()
        check(len(made) == len(set(made)), f"a pod was made twice: {made}")

    def keep(self, folder):
        """Evidence of a failure."""
        os.makedirs(folder, exist_ok=True)
        for kind in WATCHED:
            with open(os.path.join(folder, kind + ".json"), "w", encoding="utf-8") as f:
                for v in self.versions(kind):
                    v.object["metadata"].pop("managedFields", None)
                    f.write(f"{v.at:.3f} {v.event} {json.dumps(v.object)}\n")


class Late:
    """A sentence that is made when it is needed: what was awaited, and what there was instead."""

    def __init__(self, what, case):
        self.what, self.case = what, case

    def __str__(self):
        return f"{self.what}; {self.case.picture()}"
