#!/usr/bin/env python3
"""The gateway against a real API server: tokens of pods, verdicts with and without published keys, the certificates' Secret.
usage: test/integration/run test_gateway.py GATEWAY-DRIVER"""
import base64
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support"))
import ws  # noqa: E402
from kubectl import Kubectl  # noqa: E402

PROGRAM = ""
PATH, PROTOCOL = "/v1/launcher", "vmbridge-launcher-v1"
KUBECTL = None


class Driver:
    """One replica: gateway, tokens, certificates."""

    def __init__(self, namespace, *options, kubeconfig=None):
        self.dir = tempfile.TemporaryDirectory()
        self.ca = os.path.join(self.dir.name, "ca.crt")
        env = dict(os.environ, KUBECONFIG=kubeconfig or os.environ["KUBECONFIG"])
        self.log = open(os.path.join(self.dir.name, "log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([PROGRAM, "--namespace", namespace, "--ca-file", self.ca, *options], env=env, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def line(self, timeout=15):
        return self.lines.get(timeout=timeout)

    def expect(self, begin, timeout=15):
        """The rest of the next line; it must begin like that."""
        line = self.line(timeout)
        assert line.startswith(begin), f"wanted {begin}, got {line}"
        return line[len(begin):].strip()

    def start(self):
        self.port = int(self.expect("port"))
        self.expect("certs")
        while not any(self.metric(f'vmbridge_token_key_fetches_total{{result="{r}"}}') for r in ("ok", "error")):
            time.sleep(0.05)
        return self

    def connect(self, token, name="localhost", source="127.0.0.1"):
        return ws.WebSocket(self.port, self.ca, PATH, PROTOCOL, token, name=name, source=source)

    def metric(self, text):
        with ws.tls(self.port, self.ca) as sock:
            sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            data = b""
            while more := sock.recv(65536):
                data += more
        for line in data.decode().splitlines():
            if line.startswith(text + " "):
                return float(line.split()[-1])
        return 0

    def log_text(self):
        with open(self.log.name, encoding="utf-8") as f:
            return f.read()

    def stop(self):
        if self.process.poll() is None:
            self.say("quit")
        code = self.process.wait(10)
        text = self.log_text()
        self.process.stdin.close()
        self.process.stdout.close()
        self.log.close()
        self.dir.cleanup()
        return code, text


def state(vmi_uid, **more):
    return json.dumps({"type": "state", "version": 1, "vmiUID": vmi_uid, "seq": 1, "state": "running", **more})


class Case(unittest.TestCase):
    number = 0

    def setUp(self):
        Case.number += 1
        self.namespace = f"gw{os.getpid()}-{Case.number}"
        KUBECTL("create", "namespace", self.namespace)
        KUBECTL("create", "serviceaccount", "launcher", "-n", self.namespace)
        self.drivers = []

    def tearDown(self):
        for d in self.drivers:
            code, text = d.stop()
            self.assertEqual(code, 0, text)
            self.assertNotIn("eyJ", text, "a token in the log")
        KUBECTL("delete", "namespace", self.namespace, "--wait=false")

    def driver(self, *options, **more):
        self.drivers.append(Driver(self.namespace, *options, **more))
        return self.drivers[-1]

    def pod(self, name):
        KUBECTL.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": self.namespace},
                       "spec": {"serviceAccountName": "launcher", "automountServiceAccountToken": False,
                                "containers": [{"name": "c", "image": "none"}]}})
        return KUBECTL.json("get", "pod", name, "-n", self.namespace)["metadata"]["uid"]

    def token(self, pod=None, uid=None, audience="vmbridge-gateway"):
        bound = ["--bound-object-kind", "Pod", "--bound-object-name", pod, "--bound-object-uid", uid] if pod else []
        return KUBECTL("create", "token", "launcher", "-n", self.namespace, "--audience", audience, "--duration", "10m", *bound).strip()

    def ready(self, name="p1", vmi="vmi-1", **more):
        """A driver that knows one pod: (driver, pod's UID, token)."""
        d = self.driver(**more).start()
        uid = self.pod(name)
        d.say(f"pod {self.namespace} {name} {uid} {vmi}")
        return d, uid, self.token(name, uid)

    def refused(self, d, token, status):
        with self.assertRaises(ws.Refused) as caught:
            d.connect(token).close()
        self.assertEqual(caught.exception.status, status, caught.exception.body)
        return json.loads(caught.exception.body)["message"]


class Tokens(Case):
    def test_a_launcher_is_proven_and_heard(self):
        d, uid, token = self.ready()
        c = d.connect(token)
        self.assertEqual(d.expect("connected"), f"vmi-1 {uid}")
        c.send(state("vmi-1"))
        self.assertEqual(json.loads(d.expect(f"state vmi-1 {uid}"))["state"], "running")
        d.say(f'send {uid} {{"type":"desired"}}')
        d.expect("sent 1")
        self.assertEqual(c.text(), '{"type":"desired"}')
        d.say("count")
        d.expect("count 1")
        c.close()
        self.assertEqual(d.expect("disconnected"), f"vmi-1 {uid}")
        d.say(f"send {uid} x")
        d.expect("sent 0")
        self.assertEqual(d.metric('vmbridge_token_checks_total{by="keys",result="good"}'), 1)
        self.assertEqual(d.metric('vmbridge_token_checks_total{by="review",result="good"}'), 0)

    def test_what_is_refused(self):
        d, uid, token = self.ready()
        self.assertIn("audience", self.refused(d, self.token("p1", uid, audience="https://kubernetes.default.svc"), 401))
        self.assertIn("pod", self.refused(d, self.token(), 401))
        self.refused(d, "x", 401)
        self.refused(d, None, 401)
        head, claims, signature = token.split(".")
        self.assertIn("signature", self.refused(d, f"{head}.{claims}.{signature[:-8]}AAAAAAAA", 401))
        other = json.loads(base64.urlsafe_b64decode(claims + "=="))
        other["kubernetes.io"]["pod"]["uid"] = "00000000-0000-0000-0000-000000000000"
        forged = base64.urlsafe_b64encode(json.dumps(other).encode()).decode().rstrip("=")
        self.refused(d, f"{head}.{forged}.{signature}", 401)
        none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
        self.refused(d, f"{none}.{claims}.", 401)
        d.connect(token).close()
        d.expect("connected")

    def test_a_pod_that_nobody_knows_is_told_to_come_again(self):
        d = self.driver().start()
        uid = self.pod("p2")
        token = self.token("p2", uid)
        self.assertIn("yet", self.refused(d, token, 503))
        d.say(f"pod {self.namespace} p2 {uid} vmi-2")
        d.connect(token).close()
        d.expect("connected vmi-2")

    def test_the_uid_must_be_the_same(self):
        d = self.driver().start()
        uid = self.pod("p3")
        d.say(f"pod {self.namespace} p3 11111111-0000-0000-0000-000000000000 vmi-3")
        self.refused(d, self.token("p3", uid), 503)

    def test_it_speaks_for_its_own_vmi_only(self):
        d, uid, token = self.ready()
        c = d.connect(token)
        d.expect("connected")
        c.send(state("vmi-9"))
        d.expect("disconnected")
        self.assertEqual(c.closed()[0], 1008)

    def test_nonsense_ends_the_connection(self):
        d, uid, token = self.ready()
        for text in ("", "{", "[]", "null", '{"type":1}', '{"version":1}', "[" * 60000, '{"type":"state","version":1,"vmiUID":[]}',
                     '{"type":"state","version":1,"vmiUID":"vmi-1","seq":"x"}', "\0"):
            c = d.connect(token)
            d.expect("connected")
            c.send(text)
            d.expect("disconnected")
            self.assertEqual(c.closed()[0], 1008, text[:20])

    def test_what_a_newer_launcher_says_is_let_pass(self):
        d, uid, token = self.ready()
        c = d.connect(token)
        d.expect("connected")
        c.send('{"type":"news","version":1}')
        c.send(state("vmi-1", unknown={"a": [1]}))
        self.assertIn("unknown", d.expect("state"))
        c.close()
        d.expect("disconnected")

    def test_the_same_pod_again_takes_over(self):
        d, uid, token = self.ready()
        first = d.connect(token)
        d.expect("connected")
        second = d.connect(token)
        d.expect("connected")
        self.assertEqual(first.closed()[0], 1000)
        second.send(state("vmi-1"))
        d.expect("state")
        d.say("count")
        d.expect("count 1")
        second.close()
        d.expect("disconnected")

    def test_a_pod_that_is_gone_is_dropped(self):
        d, uid, token = self.ready()
        c = d.connect(token)
        d.expect("connected")
        KUBECTL("delete", "pod", "p1", "-n", self.namespace, "--now")
        d.say(f"gone {uid}")
        d.expect("disconnected")
        self.assertEqual(c.closed(), (1000, "the pod is gone"))
        self.refused(d, token, 503)


def hello(process=1):
    return json.dumps({"type": "hello", "version": 1, "requests": 1, "process": process})


def answer(request, code="ok", **more):
    return json.dumps({"type": "answer", "version": 1, "number": request["number"], "code": code, **more})


class Requests(Case):
    """What the launcher is asked for and answers, or does not."""

    def speaking(self):
        d, uid, token = self.ready()
        c = d.connect(token)
        d.expect("connected")
        c.send(hello())
        return d, uid, token, c

    def test_an_answer_comes_back(self):
        d, uid, token, c = self.speaking()
        d.say(f"ask a {uid} guestosinfo 60000")
        request = json.loads(c.text())
        self.assertEqual((request["type"], request["version"], request["verb"]), ("request", 1, "guestosinfo"))
        self.assertTrue(0 < request["withinMilliseconds"] <= 60000)
        c.send(answer(request, agent={"hostname": "h\u202ex"}))
        d.expect("ended a ok h?x")
        c.send(answer(request))  # again: nobody waits
        d.say(f"ask b {uid} fly 60000")
        second = json.loads(c.text())
        self.assertNotEqual(second["number"], request["number"])
        c.send(answer(second, "unknownVerb", message="not known here"))
        d.expect("ended b unknown-verb not known here")
        c.send(state("vmi-1"))
        d.expect("state")
        self.assertEqual(d.metric('vmbridge_launcher_requests_total{verb="guestosinfo",result="ok"}'), 1)
        self.assertEqual(d.metric('vmbridge_launcher_messages_total{direction="up",type="answer-unasked"}'), 1)

    def test_a_silent_launcher_times_out(self):
        d, uid, token, c = self.speaking()
        d.say(f"ask a {uid} guestosinfo 300")
        request = json.loads(c.text())
        d.expect("ended a timed-out")
        c.send(answer(request))
        d.say("count")
        d.expect("count 1")

    def test_an_older_launcher_is_known_by_its_first_message(self):
        d, uid, token = self.ready()
        c = d.connect(token)
        d.expect("connected")
        d.say(f"ask a {uid} guestosinfo 60000")
        c.send(state("vmi-1"))
        self.assertEqual(sorted(d.line().split()[0] for _ in range(2)), ["ended", "state"])
        d.say(f"ask b {uid} guestosinfo 60000")
        d.expect("ended b unknown-verb")

    def test_the_next_connection_is_asked_again(self):
        d, uid, token, c = self.speaking()
        d.say(f"ask a {uid} guestosinfo 60000")
        first = json.loads(c.text())
        c.close()
        d.expect("disconnected")
        c = d.connect(token)
        d.expect("connected")
        c.send(hello())
        again = json.loads(c.text())
        self.assertEqual(again["number"], first["number"])
        self.assertLess(again["withinMilliseconds"], first["withinMilliseconds"])
        c.send(answer(again, "failed", message="no"))
        d.expect("ended a failed no")

    def test_another_process_is_not_asked_again(self):
        d, uid, token, c = self.speaking()
        d.say(f"ask a {uid} guestosinfo 60000")
        c.text()
        second = d.connect(token)  # the old connection is still there
        d.expect("connected")
        second.send(hello(2))
        d.expect("ended a lost")

    def test_nobody_is_asked_who_is_not_there(self):
        d, uid, token, c = self.speaking()
        d.say(f"ask a {uid}x guestosinfo 60000")
        d.expect("ended a away")
        d.say(f"ask b {uid} guestosinfo 60000")
        c.text()
        d.say("follow 10.0.0.7:8443")
        lines = [d.line() for _ in range(2)]
        self.assertIn("ended b away", lines)
        d.say("lead")

    def test_so_many_wait_and_no_more(self):
        d, uid, token, c = self.speaking()
        for i in range(9):
            d.say(f"ask w{i} {uid} guestosinfo 60000")
        d.expect("ended w8 busy")
        for i in range(8):
            c.send(answer(json.loads(c.text())))
            d.expect(f"ended w{i} ok")

    def test_nonsense_ends_the_connection(self):
        d, uid, token = self.ready()
        for text in ('{"type":"hello","version":1}', '{"type":"hello","version":1,"requests":0,"process":1}', '{"type":"answer","version":1}',
                     '{"type":"answer","version":1,"number":0,"code":"ok"}', '{"type":"answer","version":1,"number":1,"code":"ok","agent":[]}',
                     json.dumps({"type": "answer", "version": 1, "number": 1, "code": "x" * 65})):
            c = d.connect(token)
            d.expect("connected")
            c.send(text)
            d.expect("disconnected")
            self.assertEqual(c.closed()[0], 1008, text)


class Leader(Case):
    def test_a_standby_sends_on(self):
        d, uid, token = self.ready()
        d.say("follow 10.0.0.7:8443")
        c = d.connect(token)
        self.assertEqual(json.loads(c.text())["address"], "10.0.0.7:8443")
        self.assertEqual(c.closed()[0], 1001)
        self.refused(d, "x", 401)

    def test_lost_leadership_sends_all_on(self):
        d, uid, token = self.ready()
        c = d.connect(token)
        d.expect("connected")
        d.say("follow ")
        d.expect("disconnected")
        message = json.loads(c.text())
        self.assertEqual((message["type"], message["address"]), ("redirect", ""))
        self.assertEqual(c.closed()[0], 1001)
        d.say("lead")
        c = d.connect(token)
        d.expect("connected")
        c.close()
        d.expect("disconnected")


class Review(Case):
    """An identity that may not read the published keys: everything goes through TokenReview."""

    def setUp(self):
        super().setUp()
        KUBECTL("create", "serviceaccount", "controller", "-n", self.namespace)
        KUBECTL("delete", "clusterrolebinding", "system:service-account-issuer-discovery", "--ignore-not-found")
        rules = [{"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]}]
        subject = {"kind": "ServiceAccount", "name": "controller", "namespace": self.namespace}
        group = "rbac.authorization.k8s.io"
        KUBECTL.apply({"apiVersion": group + "/v1", "kind": "ClusterRole", "metadata": {"name": self.namespace}, "rules": rules},
                      {"apiVersion": group + "/v1", "kind": "ClusterRoleBinding", "metadata": {"name": self.namespace},
                       "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": self.namespace}, "subjects": [subject]},
                      {"apiVersion": group + "/v1", "kind": "Role", "metadata": {"name": "certs", "namespace": self.namespace},
                       "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["create"]},
                                 {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["vmbridge-certs"],
                                  "verbs": ["get", "update"]}]},
                      {"apiVersion": group + "/v1", "kind": "RoleBinding", "metadata": {"name": "certs", "namespace": self.namespace},
                       "roleRef": {"apiGroup": group, "kind": "Role", "name": "certs"}, "subjects": [subject]})
        token = KUBECTL("create", "token", "controller", "-n", self.namespace).strip()
        config = json.loads(KUBECTL("config", "view", "--raw", "-o", "json"))
        config["users"] = [{"name": u["name"], "user": {"token": token}} for u in config["users"]]
        self.file = tempfile.NamedTemporaryFile("w", suffix=".conf")
        json.dump(config, self.file)
        self.file.flush()

    def tearDown(self):
        super().tearDown()
        self.file.close()
        KUBECTL("delete", "clusterrole,clusterrolebinding", self.namespace)

    def test_the_api_server_decides(self):
        d, uid, token = self.ready(kubeconfig=self.file.name)
        for _ in range(3):
            c = d.connect(token)
            d.expect("connected")
            c.send(state("vmi-1"))
            d.expect("state")
            c.close()
            d.expect("disconnected")
        self.assertEqual(d.metric('vmbridge_token_checks_total{by="review",result="good"}'), 1)
        self.assertEqual(d.metric('vmbridge_token_checks_total{by="cache",result="good"}'), 2)
        self.assertGreaterEqual(d.metric('vmbridge_token_key_fetches_total{result="error"}'), 1)

    def test_a_token_of_a_deleted_pod_is_refused(self):
        d, uid, token = self.ready(kubeconfig=self.file.name)
        KUBECTL("delete", "pod", "p1", "-n", self.namespace, "--now")
        c = d.connect(token)
        self.assertEqual(c.closed()[0], 1008)
        self.assertEqual(d.metric('vmbridge_token_checks_total{by="review",result="refused"}'), 1)
        self.refused(d, token, 401)

    def test_nothing_is_heard_before_the_verdict(self):
        d, uid, token = self.ready(kubeconfig=self.file.name)
        head, claims, signature = token.split(".")
        c = d.connect(f"{head}.{claims}.{signature[:-8]}AAAAAAAA")
        try:
            c.send(state("vmi-1"))
        except OSError:
            pass
        self.assertEqual(c.closed()[0], 1008)
        d.say("count")
        d.expect("count 0")


    def forged(self, token, number):
        """The token with another signature, a new one for each number."""
        head, claims, signature = token.split(".")
        return f"{head}.{claims}.{signature[:-8]}{number:07d}A"

    def fate(self, d, token, source):
        """How it ends: 1008 refused, 1013 try later, "in"."""
        try:
            c = d.connect(token, source=source)
        except ws.Refused as e:
            return {401: 1008, 503: 1013}[e.status]
        try:
            d.expect("connected", timeout=0.5)
            c.close()
            d.expect("disconnected")
            return "in"
        except queue.Empty:
            return c.closed()[0]
        finally:
            c.close()

    def reviews(self, d):
        return sum(d.metric(f'vmbridge_token_checks_total{{by="review",result="{r}"}}') for r in ("good", "refused", "error"))

    def test_a_pod_that_nobody_knows_costs_no_review(self):
        d, uid, token = self.ready(kubeconfig=self.file.name)
        other = self.token("p9", self.pod("p9"))
        for n in range(20):
            self.assertEqual(self.fate(d, self.forged(other, n), "127.0.0.9"), 1013)
        self.assertEqual(self.reviews(d), 0)
        self.assertEqual(self.fate(d, token, "127.0.0.9"), "in")

    def test_an_address_costs_few_reviews(self):
        d, uid, token = self.ready(kubeconfig=self.file.name)
        self.assertEqual(self.fate(d, token, "127.0.0.3"), "in")
        begin, n, fates = time.monotonic(), 0, []
        while n < 40:
            fates.append(self.fate(d, self.forged(token, n), "127.0.0.9"))
            n += 1
        bound = 10 + (time.monotonic() - begin) / 5 + 1
        asked = self.reviews(d) - 1
        print(f"{n} forged tokens of one address cost {asked:.0f} reviews, bound {bound:.0f}")
        self.assertGreaterEqual(asked, 10)
        self.assertLessEqual(asked, bound)
        self.assertEqual(set(fates), {1008, 1013})
        self.assertEqual(d.metric('vmbridge_token_checks_total{by="limit",result="error"}'), n - asked)
        uid2 = self.pod("p2")
        d.say(f"pod {self.namespace} p2 {uid2} vmi-2")
        self.assertEqual(self.fate(d, self.token("p2", uid2), "127.0.0.4"), "in", "another address")
        self.assertEqual(self.fate(d, token, "127.0.0.9"), "in", "what was said of a token before")

    def test_a_refused_token_costs_one_review(self):
        d, uid, token = self.ready(kubeconfig=self.file.name)
        for _ in range(8):
            self.assertEqual(self.fate(d, self.forged(token, 1), "127.0.0.9"), 1008)
        self.assertEqual(self.reviews(d), 1)


class Certificates(Case):
    def secret(self):
        return KUBECTL.json("get", "secret", "vmbridge-certs", "-n", self.namespace)

    def serial(self, d):
        with ws.tls(d.port, d.ca) as sock:
            return sock.getpeercert()["serialNumber"]

    def test_many_replicas_make_one_secret(self):
        drivers = [self.driver() for _ in range(4)]
        for d in drivers:
            d.start()
        self.assertEqual(len({self.serial(d) for d in drivers}), 1)
        self.assertEqual(sum(d.metric('vmbridge_certificate_writes_total{result="ok"}') for d in drivers), 1)

    def test_names(self):
        d = self.driver().start()
        for name in ("localhost", "vmbridge-gateway", f"vmbridge-gateway.{self.namespace}", f"vmbridge-gateway.{self.namespace}.svc",
                     f"vmbridge-gateway.{self.namespace}.svc.cluster.local"):
            ws.tls(d.port, d.ca, name).close()

    def test_the_leader_renews_and_others_follow(self):
        life = 30  # renewed after two thirds; the last third is for a machine that is busy
        leader = self.driver("--leaf-seconds", str(life), "--reread-ms", "300").start()
        made = time.time()
        other = self.driver("--leaf-seconds", str(life), "--reread-ms", "300").start()
        self.assertEqual(self.serial(leader), self.serial(other))
        first = self.serial(leader)
        uid = self.pod("p1")
        leader.say(f"pod {self.namespace} p1 {uid} vmi-1")
        c = leader.connect(self.token("p1", uid))
        leader.expect("connected")
        time.sleep(max(0, made + life * 2 / 3 + 0.5 - time.time()))
        self.assertEqual(self.serial(leader), first, "renewed by a replica that does not lead")
        leader.say("lead")
        leader.expect("certs")
        other.expect("certs")
        self.assertNotEqual(self.serial(leader), first)
        self.assertEqual(self.serial(leader), self.serial(other))
        c.send(state("vmi-1"))
        leader.expect("state")
        c.close()
        leader.expect("disconnected")

    def test_the_next_ca_is_known_before_it_signs(self):
        d = self.driver("--leaf-seconds", "1000", "--ca-seconds", "20", "--reread-ms", "300").start()
        d.say("lead")
        bundles = [open(d.ca, encoding="utf-8").read()]
        begin = time.monotonic()
        while time.monotonic() - begin < 24:
            try:
                d.expect("certs", timeout=0.5)
            except queue.Empty:
                continue
            bundles.append(open(d.ca, encoding="utf-8").read())
            ws.tls(d.port, d.ca).close()
        counts = [b.count("BEGIN") for b in bundles]
        self.assertEqual(counts[0], 1)
        self.assertIn(2, counts)
        first = bundles[0].strip()
        both = bundles[counts.index(2)]
        self.assertTrue(both.startswith(first), "the old CA still signs when the new one appears")
        self.assertNotIn(first, bundles[-1], "the expired CA is gone")

    def test_a_deleted_secret_comes_back_with_the_same_ca(self):
        d = self.driver("--reread-ms", "300").start()
        before = self.secret()["data"]["ca.crt"]
        KUBECTL("delete", "secret", "vmbridge-certs", "-n", self.namespace)
        time.sleep(1.5)
        self.assertEqual(self.secret()["data"]["ca.crt"], before)
        self.serial(d)

    def test_a_damaged_secret_is_named_and_left_alone(self):
        d = self.driver("--reread-ms", "300").start()
        serial = self.serial(d)
        KUBECTL("patch", "secret", "vmbridge-certs", "-n", self.namespace, "-p", '{"stringData":{"ca.key":"broken"}}')
        d.say("lead")
        time.sleep(1.5)
        self.assertEqual(self.serial(d), serial)
        self.assertIn("ca.key", d.log_text())
        self.assertEqual(base64.b64decode(self.secret()["data"]["ca.key"]), b"broken")


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    KUBECTL = Kubectl()
    unittest.main()
