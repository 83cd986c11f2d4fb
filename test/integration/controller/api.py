"""A small client of the API server: requests, and a recorder that keeps every version of every object it is told of."""
import base64
import collections
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support"))
from kubectl import find  # noqa: E402
from limits import HANG_S  # noqa: E402

VM = "/apis/kubevirt.io/v1/namespaces/{}/virtualmachines"
VMI = "/apis/kubevirt.io/v1/namespaces/{}/virtualmachineinstances"
SET = "/apis/kubevirt.io/v1/namespaces/{}/virtualmachineinstancereplicasets"
CORE = "/api/v1/namespaces/{}/"
SYSTEM = "vmbridge-system"
MERGE, APPLY, JSON = "application/merge-patch+json", "application/apply-patch+yaml", "application/json"


class Failed(Exception):
    """The API server said no."""

    def __init__(self, what, status, body):
        super().__init__(f"{what}: {status} {body.get('message', body)}")
        self.status, self.body = status, body


class Api:
    """Connections are kept per thread. A server that is away is tried again until 'patience' seconds are over."""

    def __init__(self, kubeconfig, patience=HANG_S, timeout=30):
        text = subprocess.run([find(), "--kubeconfig", kubeconfig, "config", "view", "--raw", "-o", "json"], check=True,
                              stdout=subprocess.PIPE).stdout
        config = json.loads(text)
        self.server = config["clusters"][0]["cluster"]["server"]
        self.host, _, self.port = self.server.removeprefix("https://").partition(":")
        user, cluster = config["users"][0]["user"], config["clusters"][0]["cluster"]
        self.context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile("wb") as pem:
            pem.write(base64.b64decode(user["client-certificate-data"]) + b"\n" + base64.b64decode(user["client-key-data"]))
            pem.flush()
            self.context.load_cert_chain(pem.name)
        self.local = threading.local()
        self.patience, self.timeout = patience, timeout

    def connection(self, timeout=None):
        c = http.client.HTTPSConnection(self.host, int(self.port), context=self.context, timeout=timeout or self.timeout)
        c.connect()
        c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return c

    def ask(self, method, path, body=None, kind=JSON):
        """(status, object) of one request; it is sent again when the connection breaks. A body that is text is sent as it is."""
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        end = time.monotonic() + self.patience
        while True:
            try:
                if getattr(self.local, "c", None) is None:
                    self.local.c = self.connection()
                self.local.c.request(method, path, text, {"Content-Type": kind, "Accept": JSON})
                answer = self.local.c.getresponse()
                data = answer.read()
                # One that has just started has not compiled its policies yet, and says so with 403.
                if answer.status not in (429, 503) and b"not yet ready to handle request" not in data:
                    return answer.status, json.loads(data) if data[:1] in b"{[" else {"message": data.decode()}
            except (OSError, http.client.HTTPException):
                if getattr(self.local, "c", None) is not None:
                    self.local.c.close()
                self.local.c = None
            if time.monotonic() > end:
                raise TimeoutError(f"{method} {path}: the API server does not answer")
            time.sleep(0.05)

    def do(self, method, path, body=None, kind=JSON, ok=()):
        status, answer = self.ask(method, path, body, kind)
        if status >= 300 and status not in ok:
            raise Failed(f"{method} {path}", status, answer)
        return answer if status < 300 else None

    def get(self, path):
        """The object, or None."""
        return self.do("GET", path, ok=(404,))

    def create(self, path, body):
        return self.do("POST", path, body)

    def ensure(self, path, body):
        """Creates it unless it is there."""
        return self.do("POST", path, body, ok=(409,))

    def patch(self, path, body, kind=MERGE):
        return self.do("PATCH", path, body, kind)

    def delete(self, path, **options):
        return self.do("DELETE", path, {"kind": "DeleteOptions", "apiVersion": "v1", **options}, ok=(404,))


Version = collections.namedtuple("Version", "at kind event object")


class Recorder:
    """Watches some kinds in all namespaces. Every version that the watch brings is kept, in order, with the time it came.
    Of what is in namespaces of the set 'light' only the last version is kept, of our kinds without their spec: it may be large."""

    def __init__(self, api, paths):
        self.api = api
        self.changed = threading.Condition()
        self.light = set()
        self.now = {kind: {} for kind in paths}
        self.log = []
        self.listeners = []
        self.paths = paths
        for kind in paths:
            threading.Thread(target=self._follow, args=(kind,), daemon=True).start()

    def _follow(self, kind):
        version = None
        while True:
            try:
                if version is None:
                    version = self._list(kind)
                version = self._watch(kind, version)
            except (OSError, http.client.HTTPException, ValueError, TimeoutError):
                time.sleep(0.05)

    def _list(self, kind):
        answer = self.api.do("GET", self.paths[kind])
        seen = set()
        for item in answer["items"]:
            seen.add(key_of(item))
            old = self.now[kind].get(key_of(item))
            if not old or old["metadata"]["resourceVersion"] != item["metadata"]["resourceVersion"]:
                self._tell(kind, "MODIFIED" if old else "ADDED", item)
        for key in set(self.now[kind]) - seen:
            self._tell(kind, "DELETED", self.now[kind][key])
        return answer["metadata"]["resourceVersion"]

    def _watch(self, kind, version):
        sep = "&" if "?" in self.paths[kind] else "?"
        c = self.api.connection(timeout=330)
        try:
            c.request("GET", f"{self.paths[kind]}{sep}watch=1&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds=300")
            answer = c.getresponse()
            if answer.status != 200:
                return None if answer.status == 410 else version
            for line in lines(answer):
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return None
                version = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != "BOOKMARK":
                    self._tell(kind, event["type"], event["object"])
            return version
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
            return version
        finally:
            c.close()

    def _tell(self, kind, event, item):
        is_light = item["metadata"].get("namespace") in self.light
        if is_light and kind in ("vm", "vmi"):
            item = slim(item)
        with self.changed:
            if event == "DELETED":
                self.now[kind].pop(key_of(item), None)
            else:
                self.now[kind][key_of(item)] = item
            if not is_light:
                self.log.append(Version(time.monotonic(), kind, event, item))
            self.changed.notify_all()
        for listener in self.listeners:
            listener(kind, event, item)

    def get(self, kind, namespace, name):
        with self.changed:
            return self.now[kind].get(f"{namespace}/{name}")

    def all(self, kind, namespace):
        with self.changed:
            return [o for k, o in self.now[kind].items() if k.startswith(namespace + "/")]

    def versions(self, kind, namespace, name=None):
        """Every version of the objects of that kind, oldest first."""
        with self.changed:
            return [v for v in self.log if v.kind == kind and v.object["metadata"].get("namespace") == namespace and
                    name in (None, v.object["metadata"]["name"])]

    def until(self, test, what):
        """Waits until test() is true and returns its value; says what was awaited when it does not come."""
        end = time.monotonic() + HANG_S
        with self.changed:
            while True:
                value = test()
                if value:
                    return value
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"not within {HANG_S} s: {what}")
                self.changed.wait(min(left, 0.5))


def slim(item):
    keys = ("namespace", "name", "uid", "resourceVersion", "generation", "deletionTimestamp", "finalizers")
    return {"metadata": {k: v for k, v in item["metadata"].items() if k in keys}, "status": item.get("status", {})}


def lines(answer):
    """Lines as they come. http.client itself copies a long one anew with each of its pieces."""
    pieces = []
    while data := answer.read1(1 << 16):
        *ends, rest = data.split(b"\n")
        for end in ends:
            yield b"".join([*pieces, end])
            pieces = []
        pieces.append(rest)


def key_of(item):
    return f"{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"


def condition(item, kind):
    for c in (item or {}).get("status", {}).get("conditions", []):
        if c["type"] == kind:
            return c
    return {}
