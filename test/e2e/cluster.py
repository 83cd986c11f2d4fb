"""The cluster under test: kubectl as users run it, and the API server asked directly where a test looks often."""

import base64
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/support"))
from limits import HANG_S  # noqa: E402

CACHE = pathlib.Path(
    os.environ.get("VMBRIDGE_CACHE")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "vmbridge"
)
LOGS = pathlib.Path(os.environ.get("VMBRIDGE_LOGS") or CACHE / "logs")
SYSTEM = "vmbridge-system"
CONTROLLER = "vmbridge-controller"
WAIT = f"--timeout={HANG_S}s"  # of kubectl wait and delete

RESOURCES = {
    "vm": ("/apis/kubevirt.io/v1", "virtualmachines"),
    "vmi": ("/apis/kubevirt.io/v1", "virtualmachineinstances"),
    "pod": ("/api/v1", "pods"),
    "pvc": ("/api/v1", "persistentvolumeclaims"),
    "service": ("/api/v1", "services"),
    "secret": ("/api/v1", "secrets"),
    "event": ("/api/v1", "events"),
    "deployment": ("/apis/apps/v1", "deployments"),
    "lease": ("/apis/coordination.k8s.io/v1", "leases"),
}


class Failure(Exception):
    """What a test found wrong; its text is for the reader of the report."""


def check(condition, text):
    if not condition:
        raise Failure(text() if callable(text) else text)


def run(command, *, text=None, timeout=HANG_S, env=None):
    """Result of a command; its output is text. Never raises for an exit code."""
    return subprocess.run(
        [str(word) for word in command],
        input=text,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        env=env,
        check=False,
    )


def script(name, *arguments, timeout=HANG_S):
    """Output of one of the repository's own commands."""
    done = run([ROOT / name, *arguments], timeout=timeout)
    check(
        done.returncode == 0, f"{name} {' '.join(map(str, arguments))}: exit {done.returncode}: {done.stderr.strip()}"
    )
    return done.stdout.strip()


def connect():
    """Puts the cluster's programs and its kubeconfig into the environment; gives the Api."""
    os.environ["PATH"] = script("hack/cluster/bin") + ":" + os.environ["PATH"]
    if not os.environ.get("KUBECONFIG"):
        os.environ["KUBECONFIG"] = script("hack/cluster/kubeconfig")
    return Api()


def kubectl(*words, text=None, timeout=2 * HANG_S, ok=True):
    """kubectl's result; with ok, an exit code other than 0 fails the test."""
    done = run(["kubectl", *words], text=text, timeout=timeout)
    if ok:
        check(
            done.returncode == 0, f"kubectl {' '.join(map(str, words))}: exit {done.returncode}: {done.stderr.strip()}"
        )
    return done


def _read_kubeconfig():
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "-o", "json").stdout)
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context(cadata=_text(cluster, "certificate-authority"))
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as pem:
        pem.write(_text(user, "client-certificate") + "\n" + _text(user, "client-key"))
        pem.flush()
        context.load_cert_chain(pem.name)
    return urllib.parse.urlsplit(cluster["server"]), context


def _text(section, key):
    if key + "-data" in section:
        return base64.b64decode(section[key + "-data"]).decode()
    return pathlib.Path(section[key]).read_text(encoding="ascii")


class Api:
    """A client of the API server for reading; one connection per thread."""

    def __init__(self):
        self._server, self._context = _read_kubeconfig()
        self._local = threading.local()

    def _open(self, timeout):
        return http.client.HTTPSConnection(
            self._server.hostname, self._server.port, context=self._context, timeout=timeout
        )

    def request(self, method, path, body=None, kind="application/json"):
        """Status code and bytes. A connection that broke is made anew once, for reads only."""
        headers = {"Content-Type": kind, "User-Agent": "vmbridge-e2e"}
        for attempt in (1, 2):
            connection = getattr(self._local, "connection", None) or self._open(30)
            self._local.connection = connection
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                self._local.connection = None
                if attempt == 2 or method != "GET":
                    raise
        raise AssertionError("not reached")

    def _read(self, path):
        """GET; an API server that asks for patience gets it."""
        for _ in range(10):
            status, body = self.request("GET", path)
            if status != 429:
                break
            time.sleep(1)
        return status, body

    @staticmethod
    def path(kind, namespace=None, name=None):
        group, plural = RESOURCES[kind]
        place = f"/namespaces/{namespace}" if namespace else ""
        return f"{group}{place}/{plural}" + (f"/{name}" if name else "")

    def get(self, kind, namespace, name):
        """The object, or None."""
        status, body = self._read(self.path(kind, namespace, name))
        if status == 404:
            return None
        check(status == 200, lambda: f"get {kind} {namespace}/{name}: HTTP {status}: {body[:300]!r}")
        return json.loads(body)

    def list(self, kind, namespace=None, **selectors):
        query = urllib.parse.urlencode({key + "Selector": value for key, value in selectors.items()})
        status, body = self._read(self.path(kind, namespace) + ("?" + query if query else ""))
        check(status == 200, lambda: f"list {kind} in {namespace}: HTTP {status}: {body[:300]!r}")
        return json.loads(body)

    def raw(self, path):
        status, body = self._read(path)
        check(status == 200, lambda: f"get {path}: HTTP {status}: {body[:300]!r}")
        return body.decode("utf-8", "replace")

    def pod_log(self, namespace, name, **query):
        query = urllib.parse.urlencode({"container": "compute", **query})
        status, body = self.request("GET", f"{self.path('pod', namespace, name)}/log?{query}")
        return body.decode("utf-8", "replace") if status == 200 else ""

    def watch(self, kind, namespace):
        return Recorder(self, kind, namespace)

    def stream(self, path):
        """A connection and its answer for a watch."""
        connection = self._open(300)
        connection.request("GET", path, headers={"User-Agent": "vmbridge-e2e"})
        return connection, connection.getresponse()


class Recorder(threading.Thread):
    """Every version of the objects of a kind in a namespace, with the time each was seen. Started when it is made."""

    def __init__(self, api, kind, namespace):
        super().__init__(daemon=True)
        self.kind = kind
        self.entries = []  # (wall clock, ADDED|MODIFIED|DELETED, object)
        self._api = api
        self._base = api.path(kind, namespace)
        self._changed = threading.Condition()
        self._over = False
        first = api.list(kind, namespace)
        for item in first.get("items", []):
            self._add("ADDED", item)
        self._version = first["metadata"]["resourceVersion"]
        self.start()

    def _add(self, event, item):
        with self._changed:
            self.entries.append((time.time(), event, item))
            self._changed.notify_all()

    def run(self):
        while not self._over:
            query = urllib.parse.urlencode({"watch": 1, "resourceVersion": self._version, "timeoutSeconds": 280})
            try:
                connection, answer = self._api.stream(f"{self._base}?{query}")
                while line := answer.readline():
                    event = json.loads(line)
                    if event["type"] not in ("ADDED", "MODIFIED", "DELETED"):
                        return
                    self._version = event["object"]["metadata"]["resourceVersion"]
                    self._add(event["type"], event["object"])
                connection.close()
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.2)

    def stop(self):
        self._over = True

    def of(self, name):
        """(time, event, object) of one object, oldest first."""
        with self._changed:
            return [entry for entry in self.entries if entry[2]["metadata"]["name"] == name]

    def until(self, what, probe):
        """The first truthy probe(entries), asked at each change."""
        deadline = time.monotonic() + HANG_S
        with self._changed:
            while True:
                if found := probe(self.entries):
                    return found
                left = deadline - time.monotonic()
                check(left > 0, lambda: f"{what}: not within {HANG_S} s")
                self._changed.wait(min(left, 1))


def condition(item, kind):
    """A condition of an object, {} when it has none."""
    for entry in (item or {}).get("status", {}).get("conditions", []):
        if entry["type"] == kind:
            return entry
    return {}


def is_true(item, kind):
    return condition(item, kind).get("status") == "True"


def describe(item):
    """An object's state in one line, for messages."""
    if not item:
        return "it does not exist"
    status = item.get("status", {})
    parts = [
        f"{key}={status[key]}"
        for key in ("printableStatus", "phase", "reason", "created", "observedGeneration")
        if key in status
    ]
    for entry in status.get("conditions", []):
        text = f"{entry['type']}={entry['status']}"
        if entry.get("reason"):
            text += f"/{entry['reason']}"
        if entry.get("message"):
            text += f" ({entry['message']})"
        parts.append(text)
    if item["metadata"].get("deletionTimestamp"):
        parts.insert(0, "being deleted")
    return ", ".join(parts) or "no status"
