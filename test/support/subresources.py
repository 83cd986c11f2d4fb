"""A client of subresources.kubevirt.io as virtctl is one: it knows what KubeVirt documents of that API, and nothing of who serves it."""
import base64
import http.client
import json
import ssl
import subprocess
import tempfile

from kubectl import find

GROUP = "subresources.kubevirt.io"
MACHINES, INSTANCES = "virtualmachines", "virtualmachineinstances"
RUN_VERBS = ("start", "stop", "restart", "migrate", "addvolume", "removevolume", "memorydump")


class Answer:
    def __init__(self, status, headers, data):
        self.status, self.headers, self.data = status, headers, data

    @property
    def body(self):
        return json.loads(self.data) if self.data[:1] in (b"{", b"[") else {}

    @property
    def message(self):
        return self.body.get("message", self.data.decode(errors="replace"))

    def __repr__(self):
        return f"{self.status} {self.message}"


class Subresources:
    """Requests to the API server, by a kubeconfig's own credentials or by a token in their place. Each on a connection of its own."""

    def __init__(self, kubeconfig, token=None, version="v1"):
        text = subprocess.run([find(), "--kubeconfig", kubeconfig, "config", "view", "--raw", "-o", "json"], check=True,
                              stdout=subprocess.PIPE).stdout
        config = json.loads(text)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.host, _, self.port = cluster["server"].removeprefix("https://").partition(":")
        self.context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        self.headers = {"Accept": "application/json, */*", "User-Agent": "virtctl"}
        self.version = version
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        else:
            with tempfile.NamedTemporaryFile("wb") as pem:
                pem.write(base64.b64decode(user["client-certificate-data"]) + b"\n" + base64.b64decode(user["client-key-data"]))
                pem.flush()
                self.context.load_cert_chain(pem.name)

    def ask(self, method, path, body=None, headers=None):
        c = http.client.HTTPSConnection(self.host, int(self.port), context=self.context, timeout=60)
        try:
            text = None if body is None else body if isinstance(body, (str, bytes)) else json.dumps(body)
            more = {} if text is None else {"Content-Type": "application/json"}
            c.request(method, path, text, {**self.headers, **more, **(headers or {})})
            answer = c.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            c.close()

    def path(self, namespace, resource, name, verb):
        return f"/apis/{GROUP}/{self.version}/namespaces/{namespace}/{resource}/{name}/{verb}"

    def put(self, namespace, resource, name, verb, body=None, **more):
        return self.ask("PUT", self.path(namespace, resource, name, verb), body, **more)

    def get(self, namespace, resource, name, verb, **more):
        return self.ask("GET", self.path(namespace, resource, name, verb), **more)

    # as virtctl words them
    def start(self, namespace, name, paused=False, **options):
        return self.put(namespace, MACHINES, name, "start", {"paused": paused, **options})

    def stop(self, namespace, name, grace=None, **options):
        return self.put(namespace, MACHINES, name, "stop", {**({} if grace is None else {"gracePeriod": grace}), **options})

    def restart(self, namespace, name, grace=None, **options):
        return self.put(namespace, MACHINES, name, "restart", {**({} if grace is None else {"gracePeriodSeconds": grace}), **options})

    def instance(self, namespace, name, verb, body=None):
        return self.put(namespace, INSTANCES, name, verb, {} if body is None else body)
