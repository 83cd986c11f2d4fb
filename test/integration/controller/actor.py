"""What nodes do, done through the API by a program: pods are bound, run, become ready and end; in each a launcher dials the gateway."""
import base64
import hashlib
import heapq
import json
import os
import random
import ssl
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support"))
import ws  # noqa: E402
from api import CORE, SYSTEM, Failed  # noqa: E402

NODE = "node1"
POD_SA = "default"
ENDS = ("shutoff", "crashed")


def stamp():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def pin(certificate):
    """The digest of a PEM certificate, as pods have it."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).digest()
    return "sha256:" + base64.b64encode(digest).decode()


class Manner:
    """How the pods of one namespace are treated."""

    def __init__(self):
        self.bind_s = 0.02        # until a pod is bound; None: no node has room
        self.start_s = 0.05       # from there until its container runs; None: it never does
        self.boot_s = 0.1         # from there until the guest runs
        self.probe_s = 0.1        # from there until its probe finds that; None: not yet
        self.waiting = None       # {"reason", "message"}: its container waits
        self.stop_s = 0.1         # from the deletion until the guest has shut down; None: never
        self.dials = True         # a launcher dials the gateway
        self.machine = "pc-q35-10.0"
        self.strangers = set()    # names of pods that nothing is done to: a tenant's own
        self.answers = None       # its launchers understand requests: a function of launcher and request gives the answer, or None


class Launcher:
    """The program in the pod: keeps a connection to the leader, says its state again after each connect."""

    def __init__(self, actor, pod):
        self.actor, self.pod = actor, pod
        self.namespace, self.name, self.uid = (pod["metadata"][k] for k in ("namespace", "name", "uid"))
        self.vmi_uid = pod["metadata"]["ownerReferences"][0]["uid"]
        self.lock = threading.Lock()
        self.sock = None
        self.seq = 0
        self.state = {"state": "starting"}
        self.desired = []       # messages, oldest first
        self.redirects = []     # addresses
        self.connects = []      # ports that took the connection, oldest first
        self.over = False
        self.token = None
        self.process = random.randrange(1, 1 << 50)
        self.requests = []      # messages, oldest first
        threading.Thread(target=self._run, daemon=True).start()

    def say(self, state, **more):
        """A new state of the guest, told now and after each reconnect."""
        with self.lock:
            self.state = {"state": state, **more}
            self._send()

    def _send(self):
        if not self.sock:
            return
        self.seq += 1
        text = {"type": "state", "version": 1, "vmiUID": self.vmi_uid, "seq": self.seq, **self.state}
        try:
            self.sock.send(json.dumps(text))
        except OSError:
            self.sock = None  # the reader sees it too, and connects again

    def words(self):
        """The termination message."""
        return json.dumps({"type": "state", "version": 1, "vmiUID": self.vmi_uid, "seq": self.seq + 1, **self.state})

    def end(self):
        with self.lock:
            self.over = True
            if self.sock:
                self.sock.close()

    def _run(self):
        address = None
        while not self.over:
            try:
                address = self._talk(address)
            except (OSError, ws.Refused, ssl.SSLError, Failed, TimeoutError, ValueError):
                address = None
            with self.lock:
                self.sock = None
            if address is None:
                time.sleep(0.05 + random.random() * 0.1)

    def _talk(self, address):
        """One connection; the address to dial next, or None."""
        port = int(address.rpartition(":")[2]) if address else random.choice(self.actor.ports or [1])
        sock = self.dial(port, "/v1/launcher", "vmbridge-launcher-v1")
        with self.lock:
            if self.over:
                sock.close()
                return None
            self.sock = sock
            if self.answers:
                sock.send(json.dumps({"type": "hello", "version": 1, "requests": 1, "process": self.process}))
            self._send()
        try:
            return self._listen(sock, port)
        finally:
            sock.close()

    def dial(self, port, path, protocol):
        """A WebSocket to a gateway, with the pod's token and trust."""
        if not self.token:
            self.token = self.actor.token(self)
        pod = self.actor.recorder.get("pod", self.namespace, self.name) or self.pod
        instance = json.loads(pod["metadata"]["annotations"]["vmbridge.io/instance"])
        name = instance.get("gatewayName") or instance["gateway"].rpartition(":")[0]
        with tempfile.NamedTemporaryFile("w") as ca:
            ca.write(self._trusted(pod))
            ca.flush()
            return ws.WebSocket(port, ca.name, path, protocol, self.token, name=name)

    @property
    def answers(self):
        return self.actor.manner(self.namespace).answers

    def _answer(self, request):
        self.requests.append(request)
        answer = self.answers(self, request)
        if answer is not None:
            with self.lock:
                if self.sock:
                    self.sock.send(json.dumps({"type": "answer", "version": 1, "number": request["number"], **answer}))

    def _trusted(self, pod):
        """The CAs whose digests the pod has, as PEM: Python can trust certificates only."""
        pins = pod["metadata"]["annotations"]["vmbridge.io/gateway-pins"].split()
        secret = self.actor.api.get(CORE.format(SYSTEM) + "secrets/vmbridge-certs") or {"data": {"ca.crt": ""}}
        bundle = base64.b64decode(secret["data"]["ca.crt"]).decode()
        end = "-----END CERTIFICATE-----"
        cas = [(text + end).strip() for text in bundle.split(end)[:-1]]
        known = [ca for ca in cas if pin(ca) in pins]
        if not known:
            raise ConnectionError("no CA of the gateway is known to this pod")
        return "\n".join(known)

    def _listen(self, sock, port):
        taken = False
        while True:
            op, payload = sock.receive(timeout=120)
            if op == ws.PING:
                with self.lock:
                    sock.send(payload, op=ws.PONG)
            elif op == ws.CLOSE:
                return None
            elif op == ws.TEXT:
                message = json.loads(payload)
                if message["type"] == "redirect":
                    self.redirects.append(message["address"])
                    return message["address"] or None
                if message["type"] == "request":
                    self._answer(message)
                    continue
                if not taken:
                    taken = True
                    self.connects.append(port)
                self.desired.append(message)


class Actor:
    def __init__(self, api, recorder):
        self.api, self.recorder = api, recorder
        self.ports = []              # of the gateways behind the Service
        self.manners = {}
        self.launchers = {}          # by the pod's UID
        self.running = True
        self.jobs, self.wake, self.count = [], threading.Condition(), 0
        self.seen = {}               # pod UID -> steps done
        self.faults = []
        self._make_node()
        recorder.listeners.append(self._on_event)
        for target in [self._work] * 6 + [self._beat]:
            threading.Thread(target=target, daemon=True).start()

    def manner(self, namespace):
        return self.manners.setdefault(namespace, Manner())

    def _make_node(self):
        self.api.ensure("/api/v1/nodes", {"kind": "Node", "apiVersion": "v1", "metadata": {"name": NODE, "labels": {
            "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": NODE}}})
        self._node_status()
        self.api.ensure("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", {
            "kind": "Lease", "apiVersion": "coordination.k8s.io/v1", "metadata": {"name": NODE},
            "spec": {"holderIdentity": NODE, "leaseDurationSeconds": 40, "renewTime": stamp().replace("Z", ".000000Z")}})

    def _node_status(self):
        self.api.patch(f"/api/v1/nodes/{NODE}/status", {"status": {
            "capacity": {"cpu": "1000", "memory": "1000Gi", "pods": "1000", "devices.kubevirt.io/kvm": "1000"},
            "allocatable": {"cpu": "1000", "memory": "1000Gi", "pods": "1000", "devices.kubevirt.io/kvm": "1000"},
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "runs",
                            "lastHeartbeatTime": stamp(), "lastTransitionTime": stamp()}]}})

    def _beat(self):
        path = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{NODE}"
        while self.running:
            try:
                self.api.patch(path, {"spec": {"renewTime": stamp().replace("Z", ".000000Z")}})
            except (Failed, TimeoutError):
                pass  # the next beat is soon
            time.sleep(1.5)

    # What happens to a pod is a row of jobs, each at its time.
    def after(self, seconds, job, *args):
        with self.wake:
            self.count += 1
            heapq.heappush(self.jobs, (time.monotonic() + seconds, self.count, job, args))
            self.wake.notify()

    def _work(self):
        while self.running:
            with self.wake:
                wait = self.jobs[0][0] - time.monotonic() if self.jobs else 1
                if wait > 0:
                    self.wake.wait(wait)
                    continue
                _, _, job, args = heapq.heappop(self.jobs)
            try:
                job(*args)
            except Failed as e:
                # gone, or going with its namespace, or another one by now, or over in the meantime
                if e.status not in (404, 409) and not any(w in str(e) for w in (
                        "transitioned to non-terminated", "field is immutable", "because it is being terminated")):
                    self.faults.append(str(e))
            except Exception:  # a fault of this program: the run fails with it
                self.faults.append(traceback.format_exc())

    def _once(self, pod, step):
        with self.wake:
            steps = self.seen.setdefault(pod["metadata"]["uid"], set())
            if step in steps:
                return False
            steps.add(step)
            return True

    def _on_event(self, kind, event, pod):
        if kind != "pod":
            return
        manner = self.manner(pod["metadata"]["namespace"])
        if pod["metadata"]["name"] in manner.strangers:
            return
        if event == "DELETED":
            launcher = self.launchers.get(pod["metadata"]["uid"])
            if launcher:
                launcher.end()
            return
        if pod["metadata"].get("deletionTimestamp"):
            if self._once(pod, "end"):
                self.end_pod(pod)
        elif not pod["spec"].get("nodeName"):
            if manner.bind_s is None:
                if self._once(pod, "no room"):
                    self.after(0.02, self.no_room, pod)
            elif self._once(pod, "bind"):
                self.after(manner.bind_s, self.bind, pod)
        elif manner.waiting:
            if self._once(pod, "wait"):
                self.after(0.02, self.container_waits, pod, manner.waiting)
        elif manner.start_s is not None and self._once(pod, "start"):
            self.after(manner.start_s, self.start, pod)

    def path(self, pod, sub=""):
        return CORE.format(pod["metadata"]["namespace"]) + "pods/" + pod["metadata"]["name"] + sub

    def status(self, pod, status):
        if "conditions" in status:  # the kubelet leaves what others say of the pod
            now = self.recorder.get("pod", pod["metadata"]["namespace"], pod["metadata"]["name"]) or pod
            status["conditions"] = status["conditions"] + [
                c for c in now.get("status", {}).get("conditions", []) if c["type"] == "DisruptionTarget"]
        self.api.patch(self.path(pod, "/status"), {"metadata": {"uid": pod["metadata"]["uid"]}, "status": status})

    def bind(self, pod):
        self.api.create(self.path(pod, "/binding"), {"kind": "Binding", "apiVersion": "v1", "metadata": {
            "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]},
            "target": {"kind": "Node", "apiVersion": "v1", "name": NODE}})

    def no_room(self, pod):
        self.status(pod, {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                                          "lastTransitionTime": stamp(), "message": "0/1 nodes are available: 1 Insufficient memory."}]})

    def conditions(self, ready):
        flags = {"PodScheduled": "True", "Initialized": "True", "ContainersReady": ready, "Ready": ready}
        return [{"type": k, "status": v, "lastTransitionTime": stamp()} for k, v in flags.items()]

    def container(self, pod, state, ready=False):
        c = pod["spec"]["containers"][0]
        return [{"name": c["name"], "image": c["image"], "imageID": c["image"], "ready": ready, "restartCount": 0, "state": state,
                 "started": ready}]

    def container_waits(self, pod, waiting):
        self.status(pod, {"phase": "Pending", "startTime": stamp(), "conditions": self.conditions("False"),
                          "containerStatuses": self.container(pod, {"waiting": waiting})})

    def _warn(self, pod, reason, message):
        """An event, as the kubelet words it; the same one again only counts up."""
        if self._once(pod, message):
            meta = pod["metadata"]
            self.api.create(CORE.format(meta["namespace"]) + "events", {
                "metadata": {"name": f"{meta['name']}.{self.count:x}.{len(self.seen[meta['uid']])}"}, "type": "Warning", "reason": reason,
                "message": message, "source": {"component": "kubelet", "host": NODE}, "firstTimestamp": stamp(), "lastTimestamp": stamp(),
                "count": 1, "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": meta["namespace"], "name": meta["name"],
                                               "uid": meta["uid"]}})

    def _has(self, pod, secret, plural="secrets"):
        return self.api.get(CORE.format(pod["metadata"]["namespace"]) + f"{plural}/{secret}") is not None

    def _waits_for_secrets(self, pod):
        """A volume whose Secret or ConfigMap is not there is mounted as soon as it is; without one to pull with, an image is tried all the same."""
        missing = [(v["name"], source.lower(), v[source][key]) for v in pod["spec"].get("volumes", [])
                   for source, key in (("secret", "secretName"), ("configMap", "name"))
                   if source in v and not v[source].get("optional") and not self._has(pod, v[source][key], source.lower() + "s")]
        for volume, kind, name in missing:
            self._warn(pod, "FailedMount", f'MountVolume.SetUp failed for volume "{volume}" : {kind} "{name}" not found')
        keyless = [s["name"] for s in pod["spec"].get("imagePullSecrets", []) if not self._has(pod, s["name"])]
        if keyless:
            self._warn(pod, "FailedToRetrieveImagePullSecret", f"Unable to retrieve some image pull secrets ({', '.join(keyless)}); "
                       "attempting to pull the image may not succeed.")
            self.container_waits(pod, {"reason": "ErrImagePull", "message": "unauthorized: authentication required"})
        return missing or keyless

    def start(self, pod):
        if self._waits_for_secrets(pod):
            self.after(0.5, self.start, pod)
            return
        number = self.count % 65000
        address = f"10.1.{number // 250}.{number % 250 + 1}"
        manner = self.manner(pod["metadata"]["namespace"])
        is_ours = pod["metadata"].get("ownerReferences") and "vmbridge.io/instance" in pod["metadata"].get("annotations", {})
        launcher = self.launchers[pod["metadata"]["uid"]] = Launcher(self, pod) if manner.dials and is_ours else None
        self.status(pod, {"phase": "Running", "startTime": stamp(), "hostIP": "10.0.0.1", "podIP": address, "podIPs": [{"ip": address}],
                          "conditions": self.conditions("False"),
                          "containerStatuses": self.container(pod, {"running": {"startedAt": stamp()}})})
        if manner.boot_s is not None:
            self.after(manner.boot_s, self.boot, pod, launcher, address)

    def boot(self, pod, launcher, address):
        if launcher and launcher.state["state"] == "starting":
            manner = self.manner(pod["metadata"]["namespace"])
            launcher.say("running", machineType=manner.machine, nics=[{"network": "default", "mac": "02:00:00:00:00:01", "ip": address}])
        probe_s = self.manner(pod["metadata"]["namespace"]).probe_s
        if probe_s is not None:  # by then the launcher has told it, when there is somebody to tell
            self.after(probe_s if not launcher or launcher.sock else 0.6, self.ready, pod)

    def ready(self, pod):
        now = self.recorder.get("pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
        if not now or now["status"].get("phase") in ("Succeeded", "Failed"):
            return
        self.status(pod, {"phase": "Running", "conditions": self.conditions("True"),
                          "containerStatuses": self.container(pod, {"running": {"startedAt": stamp()}}, True)})

    def token(self, launcher):
        """What the kubelet projects into the pod: bound to it, for one audience."""
        answer = self.api.create(f"/api/v1/namespaces/{launcher.namespace}/serviceaccounts/{POD_SA}/token", {
            "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {
                "audiences": ["vmbridge-gateway"], "expirationSeconds": 3600,
                "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": launcher.name, "uid": launcher.uid}}})
        return answer["status"]["token"]

    def end_pod(self, pod):
        manner = self.manner(pod["metadata"]["namespace"])
        launcher = self.launchers.get(pod["metadata"]["uid"])
        if launcher and launcher.state["state"] not in ENDS:
            launcher.say("shutdown")
        if "start" not in self.seen[pod["metadata"]["uid"]]:
            self.after(0.05, self.remove, pod)
        elif manner.stop_s is not None:
            self.after(manner.stop_s, self.finish, pod, 0)

    def finish(self, pod, code, forget=True, **words):
        """The container ends with 'code' and the launcher's last words; a pod that is being deleted goes."""
        launcher = self.launchers.get(pod["metadata"]["uid"])
        message = None
        if launcher:
            if words or launcher.state["state"] not in ENDS:
                launcher.say(**(words or {"state": "shutoff", "reason": "shutdown"}))
            message = launcher.words()
        state = {"terminated": {"exitCode": code, "reason": "Completed" if code == 0 else "Error", "startedAt": stamp(),
                                "finishedAt": stamp(), **({"message": message} if message else {})}}
        self.status(pod, {"phase": "Succeeded" if code == 0 else "Failed", "conditions": self.conditions("False"),
                          "containerStatuses": self.container(pod, state)})
        if launcher:
            launcher.end()
        if forget and (self.recorder.get("pod", pod["metadata"]["namespace"], pod["metadata"]["name"]) or {}).get("metadata", {}).get("deletionTimestamp"):
            self.after(0.05, self.remove, pod)

    def refuse(self, pod):
        """As the kubelet does when its node has started anew, and nobody offers yet what the pod was given: no container of it is left."""
        launcher = self.launchers.get(pod["metadata"]["uid"])
        if launcher:
            launcher.end()
        self.status(pod, {"phase": "Failed", "reason": "UnexpectedAdmissionError", "containerStatuses": None, "conditions":
                          self.conditions("False"), "message":
                          "Pod was rejected: Allocate failed due to no healthy devices present; cannot allocate unhealthy devices "
                          "devices.kubevirt.io/kvm, which is unexpected"})

    def remove(self, pod):
        self.api.delete(self.path(pod), gracePeriodSeconds=0, preconditions={"uid": pod["metadata"]["uid"]})

    def stop(self):
        self.running = False
        for launcher in list(self.launchers.values()):
            if launcher:
                launcher.end()
