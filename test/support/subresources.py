"""A client of subresources.kubevirt.io as virtctl is one: it knows what KubeVirt documents of that API, and nothing of who serves it."""
import base64
import http.client
import json
import os
import socket
import ssl
import struct
import subprocess
import tempfile

import ws
from kubectl import find

GROUP = "subresources.kubevirt.io"
MACHINES, INSTANCES = "virtualmachines", "virtualmachineinstances"
PLAIN = "plain.kubevirt.io"
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


class Stream(ws.WebSocket):
    """Bytes of a guest by way of the API server. A ping is answered, as every client does; what a message holds is not cut by its borders."""

    def __init__(self, client, path, protocol, headers=()):
        raw = socket.create_connection((client.host, int(client.port)), timeout=60)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        extra = "".join(f"{k}: {v}\r\n" for k, v in {**client.headers, **dict(headers)}.items() if k != "Accept")
        self.ended, self.pings, self.data = None, 0, bytearray()
        self.upgrade(client.context.wrap_socket(raw, server_hostname=client.host), path, protocol, name=client.host, extra=extra)

    def frame(self, op, payload, fin=True, mask=True):
        """As the frames of the plain client, but for large payloads too."""
        if len(payload) < 4096 or not mask:
            return super().frame(op, payload, fin, mask)
        key, n = os.urandom(4), len(payload)
        size = struct.pack(">H", n) if n < 65536 else struct.pack(">Q", n)
        pad = int.from_bytes((key * (n // 4 + 1))[:n], "big")
        masked = (int.from_bytes(payload, "big") ^ pad).to_bytes(n, "big")
        return bytes([(0x80 if fin else 0) | op, 0x80 | (126 if n < 65536 else 127)]) + size + key + masked

    def write(self, data, piece=10240):
        for i in range(0, len(data), piece):
            self.send(data[i:i + piece], op=ws.BINARY)

    def step(self, timeout=60):
        """Takes the next frame in; False at the end."""
        op, payload = self.receive(timeout)
        if op == ws.PING:
            self.pings += 1
            self.send(payload, op=ws.PONG)
        elif op == ws.CLOSE:
            self.ended = struct.unpack(">H", payload[:2])[0], payload[2:].decode()
            self.send(payload[:2], op=ws.CLOSE)
        elif op == ws.BINARY:
            self.data += payload
        elif op != ws.PONG:
            raise AssertionError(f"a frame that has no place in a stream: {op} {payload!r}")
        return self.ended is None

    def read(self, n, timeout=60):
        """The next n bytes."""
        while len(self.data) < n:
            if not self.step(timeout):
                raise AssertionError(f"ended after {len(self.data)} of {n} bytes: {self.ended}")
        out = bytes(self.data[:n])
        del self.data[:n]
        return out

    def until_ended(self, timeout=60):
        """Code and reason of the close frame."""
        while self.step(timeout):
            pass
        return self.ended


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

    def stream(self, namespace, name, verb, protocol=PLAIN, resource=INSTANCES, headers=()):
        """The WebSocket of that subresource; raises ws.Refused, whose body is the Status."""
        return Stream(self, self.path(namespace, resource, name, verb), protocol, headers)

    # as virtctl words them
    def start(self, namespace, name, paused=False, **options):
        return self.put(namespace, MACHINES, name, "start", {"paused": paused, **options})

    def stop(self, namespace, name, grace=None, **options):
        return self.put(namespace, MACHINES, name, "stop", {**({} if grace is None else {"gracePeriod": grace}), **options})

    def restart(self, namespace, name, grace=None, **options):
        return self.put(namespace, MACHINES, name, "restart", {**({} if grace is None else {"gracePeriodSeconds": grace}), **options})

    def instance(self, namespace, name, verb, body=None):
        return self.put(namespace, INSTANCES, name, verb, {} if body is None else body)
