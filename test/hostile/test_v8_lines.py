"""A launcher's line: it ends with its pod and with its token, quietly; and what comes over it is text when it is stored."""
import base64
import json
import os
import random
import subprocess
import time
import unicodedata

from marks import alone
from test_v1_tokens import upgrade
from world import check, machine

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
        t.until(lambda: launcher.sock is not first and len(launcher.connects) > lines, "the line has ended and is back")
        took = time.monotonic() - begin
        print(f"a line ended and was back {took:.1f} s after it was looked at, bound {TOKEN_S + 2 * GRACE_S} s")
        time.sleep(2)
        check((names(t, "vm"), names(t, "vmi"), names(t, "pod")) == before, "something was written:", t.picture())
        check(len(t.events()) == events, "an event tells of it:", [e["reason"] for e in t.events()])
        # what other tests left may be told, too
        check(not [line for line in c.lines() if line["level"] != "info" and line["part"] in ("gateway", "token")], c.tail())


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
    t.until(lambda: launcher.sock is not first, "the line has ended")
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
    t.until_stopped("m")
    t.until(lambda: launcher.sock is not first, "the line has ended")
    t.until(lambda: c.metrics()["vmbridge_launchers_connected"] == 0, "no line is left")
    launcher.over = True


HOSTILE = "disk \u202egnp.exe\u202c \x1b[2J\x07is\r\ngone\x85\u2066\u200f\u061c\ufeff\u200b caf\u00e9 \U0001f600"


def strings(value):
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)


def hidden(o):
    """Characters in it that are not seen: of the classes control and format."""
    return sorted({f"U+{ord(c):04X}" for s in strings(o) for c in s if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")})


def stored(t):
    """What the controller wrote that people are shown."""
    return [t.vm("m").get("status"), (t.vmi("m") or {}).get("status"), [{k: e[k] for k in ("reason", "message")} for e in t.events()]]


def test_v8_what_a_launcher_says_is_cleaned(t):
    t.running("m", "Once")
    agent = {"connected": True, "hostname": "h" + HOSTILE[:40], "version": "9\x1b[0m", "os": {"name": HOSTILE[:30], "prettyName": "p\u202e"},
             "interfaces": [{"name": "eth0\u2066", "mac": "02:00:00:00:00:01", "ipAddresses": ["10.0.0.9\n"]}]}
    launcher = t.launcher("m")
    launcher.say("running", machineType="pc\u202e", agent=agent, nics=[{"network": "default", "mac": "02:00:00:00:00:01", "ip": "10.1.1.1"}])
    t.until(lambda: (t.vmi("m")["status"].get("guestOSInfo") or {}).get("prettyName"), "the agent's words are stored")
    check(not hidden(stored(t)), "of the agent:", hidden(stored(t)))
    t.actor.finish(t.pod("m"), 3, state="crashed", reason="cra\u202eshed", message=HOSTILE)
    t.until(lambda: t.vmi("m")["status"]["phase"] == "Failed", "the instance has failed")
    t.until(lambda: any("gnp.exe" in s for s in strings(t.vmi("m")["status"])), "its reason is told")
    t.until(lambda: t.events(), "an event")
    check(any("caf\u00e9 \U0001f600" in s for s in strings(t.vmi("m")["status"])), "what is no harm stays:", t.vmi("m")["status"])
    time.sleep(1)
    check(not hidden(stored(t)), hidden(stored(t)))


def test_v8_last_words_that_were_cut_are_told(t):
    t.manner.dials = False
    t.running("m", "Once")
    pod = t.pod("m")
    words = json.dumps({"type": "state", "version": 1, "state": "crashed", "message": "no room for caf\u00e9 " * 300}, ensure_ascii=False).encode()
    state = {"terminated": {"exitCode": 3, "reason": "Error", "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:01Z",
                            "message": words[:4096].decode(errors="replace")}}
    t.actor.status(pod, {"phase": "Failed", "conditions": t.actor.conditions("False"), "containerStatuses": t.actor.container(pod, state)})
    t.until(lambda: t.vmi("m")["status"]["phase"] == "Failed", "the instance has failed")
    told = " ".join(c.get("message", "") for c in t.vmi("m")["status"]["conditions"])
    check("exit code 3" in told and "no room for caf" in told, told)
    check(t.vmi("m")["status"].get("reason"), "no reason:", t.vmi("m")["status"])


def test_v8_what_a_pod_says_is_cleaned(t):
    t.manner.waiting = {"reason": "ErrImagePull", "message": HOSTILE + "x" * 5000}
    t.make(machine("m"))
    t.until(lambda: any("gnp.exe" in s for s in strings(t.vmi("m") and t.vmi("m").get("status") or {})), "the pod's trouble is told")
    time.sleep(1)
    check(not hidden(stored(t)), hidden(stored(t)))
    check(max(len(s) for s in strings(stored(t))) <= 2048, "the message is not cut")
