"""The control plane, started fresh, with nodes that only pretend; and the controller as a process of its own."""

import base64
import collections
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "test/support"), str(ROOT / "test/integration/controller")]

import controller_page  # noqa: E402
from api import Api  # noqa: E402
from kubectl import Kubectl  # noqa: E402
from process import free_port  # noqa: E402

CACHE = pathlib.Path(
    os.environ.get("VMBRIDGE_CACHE")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "vmbridge"
)
SYSTEM = "vmbridge-system"
ACCOUNTS = ("vmbridge-controller", "replica-b")  # the audit log tells two replicas apart by their accounts
SERVERS = ("kube-apiserver", "etcd", "kube-controller-manager", "kube-scheduler", "kwok")
PODS_PER_NODE = 400


class Trouble(Exception):
    """Why a bench cannot go on; its text is for the reader."""


def check(condition, text):
    if not condition:
        raise Trouble(text() if callable(text) else text)


def until(what, probe, seconds, pause=0.05):
    """The first truthy probe()."""
    end = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        check(time.monotonic() < end, f"not within {seconds:g} s: {what}")
        time.sleep(pause)


def command(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    check(done.returncode == 0, lambda: f"{' '.join(map(str, words))}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout.strip()


class Plane:
    """etcd, kube-apiserver, controller manager, scheduler and kwok, with vmbridge's kinds and its accounts."""

    def __init__(self, name, machines):
        self.name = name
        self.kubeconfig = command(
            ROOT / "hack/cluster/up", "--control-plane-only", "--with-scheduler", "--audit", "--name", name
        )
        self.folder = pathlib.Path(self.kubeconfig).parent
        self.audit_log = self.folder / "audit.log"
        self.n_nodes = 3 + machines // PODS_PER_NODE
        command(ROOT / "hack/cluster/fake-nodes", "--name", name, "--untainted", self.n_nodes)
        self.api = Api(self.kubeconfig)
        self.kubectl = Kubectl(self.kubeconfig)
        self._install()

    def _install(self):
        self.api.ensure("/api/v1/namespaces", {"metadata": {"name": SYSTEM}})
        self.kubectl("apply", "--server-side", "-k", str(ROOT / "crds"))
        for plural in ("virtualmachines", "virtualmachineinstances", "virtualmachineinstancereplicasets", "kubevirts"):
            path = "/apis/kubevirt.io/v1/" + plural
            until(f"the API server serves {plural}", lambda path=path: self.api.get(path), 60)
        for name in ("service-account", "rbac-controller", "flow-schema", "kubevirt"):
            self.kubectl("apply", "-f", str(ROOT / f"deploy/base/{name}.yaml"))
        # Nodes that only pretend could not say what they can run.
        self.api.patch(
            f"/apis/kubevirt.io/v1/namespaces/{SYSTEM}/kubevirts/kubevirt",
            {"spec": {"configuration": {"bridge": {"nodeCapabilities": False}}}},
        )
        self._add_account(ACCOUNTS[1])

    def _add_account(self, name):
        """One more account with the controller's rights."""
        accounts = f"/api/v1/namespaces/{SYSTEM}/serviceaccounts"
        self.api.ensure(accounts, {"metadata": {"name": name}})
        subject = {"kind": "ServiceAccount", "name": name, "namespace": SYSTEM}
        rbac, add = "/apis/rbac.authorization.k8s.io/v1", [{"op": "add", "path": "/subjects/-", "value": subject}]
        for path in ("/clusterrolebindings/", f"/namespaces/{SYSTEM}/rolebindings/"):
            self.api.patch(rbac + path + "vmbridge-controller", add, "application/json-patch+json")

    def config_of(self, account):
        """A kubeconfig with the rights that the controller has in a cluster, and no more."""
        answer = self.api.create(
            f"/api/v1/namespaces/{SYSTEM}/serviceaccounts/{account}/token",
            {
                "kind": "TokenRequest",
                "apiVersion": "authentication.k8s.io/v1",
                "spec": {"expirationSeconds": 4 * 3600},
            },
        )
        authority = base64.b64encode((self.folder / "pki/ca.crt").read_bytes()).decode()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [
                {"name": "c", "cluster": {"server": self.api.server, "certificate-authority-data": authority}}
            ],
            "users": [{"name": "u", "user": {"token": answer["status"]["token"]}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        }
        path = self.folder / f"{account}.conf"
        path.write_text(json.dumps(config), encoding="utf-8")
        return path

    def add_namespaces(self, names):
        """With their default accounts, without which no pod is let in."""
        for name in names:
            self.api.ensure("/api/v1/namespaces", {"metadata": {"name": name}})
        for name in names:
            path = f"/api/v1/namespaces/{name}/serviceaccounts/default"
            until(f"the account of namespace {name}", lambda path=path: self.api.get(path), 60)

    def pids(self):
        """{name: pid} of the servers."""
        return {name: int((self.folder / "pids" / name).read_text(encoding="ascii").split()[0]) for name in SERVERS}

    def port(self, name):
        found = re.search(rf"^{name}_PORT=(\d+)$", (self.folder / "env").read_text(encoding="utf-8"), re.M)
        check(found, f"{self.folder}/env names no {name}_PORT")
        return int(found.group(1))

    def down(self):
        command(ROOT / "hack/cluster/down", "--name", self.name)


class Replica:
    """One process of a controller. What `template` names in braces is filled in: {kubeconfig} {port} {gateway_port} {identity}."""

    OURS = (
        "{program} --kubeconfig {kubeconfig} --namespace " + SYSTEM + " --identity {identity} --address 127.0.0.1"
        " --port {port} --gateway-port {gateway_port} --launcher-image localhost/vmbridge/launcher:bench"
    )

    def __init__(self, template, program, kubeconfig, folder, identity, ports=None):
        self.is_ours = template is None
        self.identity = identity
        self.port, self.gateway_port = self.ports = ports or (free_port(), free_port())
        self.log = pathlib.Path(folder) / f"controller-{identity}.log"
        words = {
            "program": str(program),
            "kubeconfig": str(kubeconfig),
            "port": self.port,
            "gateway_port": self.gateway_port,
            "identity": identity,
        }
        line = [word.format(**words) for word in shlex.split(template or self.OURS)]
        self.log_offset, self.messages = 0, collections.Counter()
        self.started = time.time()
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(line, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.pid = self.process.pid

    def said(self, message):
        """How often our controller has logged that message; the log is large and read on from where it ended."""
        with open(self.log, "rb") as file:
            file.seek(self.log_offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self.log_offset += len(line)
                found = re.search(rb'"msg":"([^"]*)"', line)
                if found:
                    self.messages[found.group(1).decode()] += 1
        return self.messages[message]

    def until_leads(self, seconds=60):
        """Another controller is given five seconds to settle, since nobody knows what it would say."""
        self.check_alive()
        if self.is_ours:
            until("the controller leads", lambda: self.check_alive() or self.said("lease won"), seconds)
            until("the controller is ready", lambda: self.page("/readyz")[0] == 200, seconds)
        else:
            time.sleep(5)
            self.check_alive()
        return self

    def check_alive(self):
        check(
            self.process.poll() is None, lambda: f"the controller ended with {self.process.returncode}: {self.tail()}"
        )

    def tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-10:])

    def page(self, path, seconds=60):
        """The port is open from the moment the controller has certificates."""
        end = time.monotonic() + seconds
        while True:
            try:
                return controller_page.page(self.port, path, timeout=30)
            except ConnectionError:
                self.check_alive()
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def metrics(self):
        """{"name{labels}": value}"""
        status, text = self.page("/metrics")
        check(status == 200, f"/metrics of the controller: {status}")
        return controller_page.numbers(text)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop(self, seconds=30):
        """Politely; a controller that does not end is killed, which is told."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            print(f"the controller {self.identity} did not end within {seconds} s and was killed", file=sys.stderr)
            return None
