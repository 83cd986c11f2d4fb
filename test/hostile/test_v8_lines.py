"""A launcher's line: it ends with its pod and with its token, quietly."""
import base64
import json
import os
import random
import subprocess
import time

from marks import alone
from test_v1_tokens import upgrade
from world import check

GRACE_S = 4
TOKEN_S = 12
LEEWAY_S = 60


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def short_token(t, launcher, seconds):
    """As the API server makes it, but for fewer than its least ten minutes: signed with its own key."""
    own = t.actor.api.create(f"/api/v1/namespaces/{launcher.namespace}/serviceaccounts/default/token", {
        "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {
            "audiences": ["vmbridge-gateway"], "expirationSeconds": 600,
            "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": launcher.name, "uid": launcher.uid}}})["status"]["token"]
    head, claims, _ = own.split(".")
    body = json.loads(base64.urlsafe_b64decode(claims + "=="))
    body["exp"], body["jti"] = int(time.time()) + seconds, f"{random.random()}"
    signed = f"{head}.{b64(json.dumps(body).encode())}"
    key = os.path.join(os.path.dirname(t.world.kubeconfig), "pki/sa.key")
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=signed.encode(), stdout=subprocess.PIPE, check=True).stdout
    return f"{signed}.{b64(signature)}"


class ShortTokens:
    """The launchers of one namespace get such tokens, and read a new one for each connection as the program does."""

    def __init__(self, t):
        self.t, self.was = t, t.actor.token

    def __enter__(self):
        self.t.actor.token = self.token
        return self

    def __exit__(self, *_):
        self.t.actor.token = self.was

    def token(self, launcher):
        return short_token(self.t, launcher, TOKEN_S)


def names(t, kind):
    return [v.object["metadata"]["resourceVersion"] for v in t.versions(kind)]


@alone
def test_v8_a_line_ends_with_its_token_and_comes_back_quietly(t):
    with ShortTokens(t):
        c = t.start(identity="v8-a", options=["--token-grace", str(GRACE_S)]).until_leads()
        t.running("m")
        launcher = t.launcher("m")
        t.until(lambda: launcher.sock and launcher.connects, "the launcher is connected")
        time.sleep(2)  # what the start still brings
        before, events = (names(t, "vm"), names(t, "vmi"), names(t, "pod")), len(t.events())
        first, begin, lines = launcher.sock, time.monotonic(), len(launcher.connects)
        launcher.token = None  # the kubelet has written the next one
        t.until(lambda: launcher.sock is not first and len(launcher.connects) > lines, "the line has ended and is back", TOKEN_S + 3 * GRACE_S + 10)
        took = time.monotonic() - begin
        print(f"a line ended and was back {took:.1f} s after it was looked at, bound {TOKEN_S + 2 * GRACE_S} s")
        time.sleep(2)
        check((names(t, "vm"), names(t, "vmi"), names(t, "pod")) == before, "something was written:", t.picture())
        check(len(t.events()) == events, "an event tells of it:", [e["reason"] for e in t.events()])
        check(not [line for line in c.lines() if line["level"] != "info"], c.tail())


@alone
def test_v8_an_ended_token_lets_nobody_in(t):
    c = t.start(identity="v8-b").until_leads()
    t.running("m")
    ended = short_token(t, t.launcher("m"), 5 - LEEWAY_S).encode()
    check(upgrade(c.port, b"Bearer " + ended) == 101, "a token within the leeway for clocks is not taken")
    time.sleep(6)
    status = upgrade(c.port, b"Bearer " + ended)
    check(status == 401, "an ended token is not refused:", status)


@alone
def test_v8_a_line_ends_with_its_pod(t):
    c = t.start(identity="v8-c").until_leads()
    t.running("m")
    launcher, pod = t.launcher("m"), t.pod("m")
    t.until(lambda: launcher.sock, "the launcher is connected")
    ends = []
    launcher.end = lambda: ends.append(1)  # the process outlives its pod: its node is cut off, or its guest has escaped
    count = "vmbridge_launchers_connected"
    check(c.metrics()[count] == 1, "one line:", c.metrics()[count])
    first = launcher.sock
    t.api.delete(t.core(f"pods/{pod['metadata']['name']}"), gracePeriodSeconds=0)
    t.until(lambda: launcher.sock is not first, "the line has ended", 10)
    t.until(lambda: any(p["metadata"]["uid"] != pod["metadata"]["uid"] for p in t.pods("m")), "another pod runs it")
    refused = 'vmbridge_launcher_refused_total{reason="unknown-pod"}'
    t.until(lambda: c.metrics().get(refused, 0) > 0, "it dials again and is not let in")
    launcher.over = True


@alone
def test_v8_a_line_ends_with_its_instance(t):
    c = t.start(identity="v8-d").until_leads()
    t.running("m")
    launcher = t.launcher("m")
    t.until(lambda: launcher.sock, "the launcher is connected")
    launcher.end = lambda: None
    first = launcher.sock
    t.set_strategy("m", "Halted")
    t.until_stopped("m", 30)
    t.until(lambda: launcher.sock is not first, "the line has ended", 10)
    t.until(lambda: c.metrics()["vmbridge_launchers_connected"] == 0, "no line is left")
    launcher.over = True
