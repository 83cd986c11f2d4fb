"""What a test gets: a namespace of its own, ways to apply and to wait, and a folder for what is left of a failure."""

import json
import re
import threading
import time
import uuid

import cluster
from cluster import HANG_S, Failure, check, describe, is_true, kubectl

LABEL = "vmbridge-e2e"
at_end = []  # functions that remove what is in no namespace; called after the last test
RUN_ID = uuid.uuid4().hex[:4]


def order(number):
    """Decorator: small numbers first; 5 is what the others have."""

    def mark(function):
        function.order = number
        return function

    return mark


def exclusive(function):
    """Decorator: disturbs others, so that it runs alone, after them."""
    function.exclusive = True
    return function


def guards(function):
    """Decorator: guards data, or that there are never two; a failure counts, whatever comes after, and is not tried again."""
    function.guards = True
    return function


class Shared:
    """Something several tests look at, made by the first that asks. When that fails, the next one tries once more."""

    def __init__(self, make):
        self._make = make
        self._lock = threading.Lock()
        self._errors = []
        self._made = None

    def get(self, api):
        with self._lock:
            if self._made is None and len(self._errors) < 2:
                try:
                    self._made = self._make(api)
                except Exception as error:  # the report is each test's own
                    self._errors.append(error)
            if self._made is None:
                error = self._errors[-1]
                raise Failure(f"what this test looks at could not be made: {error}") from error
            return self._made


class Case:
    """One test's world. `keep` leaves the namespace of a test that passed until the end of the run."""

    count = 0  # of namespaces in this run: a test that is tried again gets another one
    lock = threading.Lock()

    def __init__(self, api, name):
        self.api = api
        self.name = name
        self.keep = False
        self.notes = []
        self.watches = []
        self.started = time.time()
        self._ns = None
        self._lock = threading.Lock()

    @property
    def ns(self):
        """The namespace, made at the first use; it lets in only pods that ask for no privilege."""
        with self._lock:
            if self._ns is None:
                short = re.sub(r"[^a-z0-9]+", "-", self.name.lower().removeprefix("test_"))[:40].strip("-")
                with Case.lock:
                    Case.count += 1
                    self._ns = f"e2e-{short}-{RUN_ID}{Case.count}"
                labels = {LABEL: RUN_ID, "pod-security.kubernetes.io/enforce": "restricted"}
                self._create(
                    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self._ns, "labels": labels}}
                )
        return self._ns

    def _create(self, item):
        status, body = self.api.request("POST", "/api/v1/namespaces", json.dumps(item))
        check(status == 201, lambda: f"create namespace: HTTP {status}: {body[:300]!r}")

    def note(self, text):
        """A line for the report of a test that passed."""
        self.notes.append(text)

    def kubectl(self, *words, **options):
        return kubectl("-n", self.ns, *words, **options)

    def apply(self, *items):
        """As a user does it. Items are objects, or YAML text."""
        text = "\n---\n".join(item if isinstance(item, str) else json.dumps(item) for item in items)
        return self.kubectl("apply", "-f", "-", text=text)

    def get(self, kind, name):
        return self.api.get(kind, self.ns, name)

    def watch(self, kind):
        recorder = self.api.watch(kind, self.ns)
        self.watches.append(recorder)
        return recorder

    def patch(self, kind, name, change):
        return self.kubectl("patch", kind, name, "--type=merge", "-p", json.dumps(change))

    def until(self, what, probe, last=lambda: ""):
        """The first truthy result of probe(); when that hangs, the text of last() tells what was there instead."""
        deadline = time.monotonic() + HANG_S
        while True:
            if found := probe():
                return found
            if time.monotonic() > deadline:
                raise Failure(f"{what}: not within {HANG_S} s; {last()}")
            time.sleep(0.2)

    def until_object(self, kind, name, what, wanted):
        """The object once wanted(object) holds. The object is None while it does not exist."""
        seen = [None]

        def probe():
            seen[0] = self.get(kind, name)
            return wanted(seen[0]) and (seen[0] or True)

        return self.until(f"{kind} {name} {what}", probe, lambda: "last seen: " + describe(seen[0]))

    def until_gone(self, kind, name):
        self.until_object(kind, name, "gone", lambda item: item is None)

    def until_running(self, name, not_uid=None):
        """The VM once it is Ready, with an instance other than the one given."""

        def wanted(vm):
            if not vm or not is_true(vm, "Ready") or vm["status"].get("printableStatus") != "Running":
                return False
            vmi = self.get("vmi", name)
            return bool(vmi) and vmi["metadata"]["uid"] != not_uid and is_true(vmi, "Ready")

        return self.until_object("vm", name, "Running and Ready", wanted)

    def until_status(self, name, printable):
        """The VM once its printableStatus is one of those given."""
        wishes = (printable,) if isinstance(printable, str) else printable
        return self.until_object(
            "vm",
            name,
            f"showing {' or '.join(wishes)}",
            lambda vm: bool(vm) and vm.get("status", {}).get("printableStatus") in wishes,
        )

    def launcher(self, name):
        """The launcher pod of the instance's present run, or None."""
        vmi = self.get("vmi", name)
        for pod in self.api.list("pod", self.ns, label="kubevirt.io=virt-launcher")["items"]:
            owners = pod["metadata"].get("ownerReferences", [])
            if vmi and any(owner["uid"] == vmi["metadata"]["uid"] for owner in owners):
                return pod
        return None

    def console(self, name):
        """What the guest has printed on its serial console in this run."""
        pod = self.launcher(name)
        return self.api.pod_log(self.ns, pod["metadata"]["name"]) if pod else ""

    def until_console(self, name, text):
        self.until(
            f"'{text}' on the console of {name}",
            lambda: text in self.console(name),
            lambda: f"the console's end: {self.console(name)[-400:]!r}",
        )

    def events(self, **wanted):
        """Events of the namespace whose reason, type or involved name are those given."""
        found = []
        for event in self.api.list("event", self.ns)["items"]:
            have = {
                "reason": event.get("reason"),
                "type": event.get("type"),
                "name": event["involvedObject"].get("name"),
                "kind": event["involvedObject"].get("kind"),
            }
            if all(have[key] == value for key, value in wanted.items()):
                found.append(event)
        return found

    def diff(self, text):
        """kubectl diff of what a user has against what the cluster has: '' when there is none."""
        done = self.kubectl("diff", "-f", "-", text=text, ok=False)
        check(done.returncode in (0, 1), f"kubectl diff: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout if done.returncode == 1 else ""

    def close(self, failed, keep_all):
        for recorder in self.watches:
            recorder.stop()
        if failed:
            self._collect()
        if self._ns and not keep_all and (failed or not self.keep):
            kubectl("delete", "namespace", self._ns, "--wait=false", ok=False)

    def _collect(self):
        """Objects, logs and events into a folder named after the test."""
        folder = cluster.LOGS / "e2e" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        since = f"--since={int(time.time() - self.started) + 5}s"
        commands = {"nodes.txt": ["describe", "nodes"]}
        for pod in self.api.list("pod", cluster.SYSTEM)["items"]:
            name = pod["metadata"]["name"]
            commands[f"{name}.log"] = ["-n", cluster.SYSTEM, "logs", name, "--all-containers", since]
            commands[f"{name}.previous.log"] = ["-n", cluster.SYSTEM, "logs", name, "--previous", "--tail=300"]
        if self._ns:
            commands["objects.yaml"] = ["-n", self._ns, "get", "vm,vmi,pods,pvc,services", "-o", "yaml"]
            commands["pods.txt"] = ["-n", self._ns, "describe", "pods"]
            commands["events.txt"] = ["-n", self._ns, "get", "events", "--sort-by=.metadata.creationTimestamp"]
            for pod in self.api.list("pod", self._ns)["items"]:
                name = pod["metadata"]["name"]
                commands[f"{name}.log"] = ["-n", self._ns, "logs", name, "--all-containers"]
        for file, words in commands.items():
            done = kubectl(*words, ok=False)
            if done.returncode == 0:
                (folder / file).write_text(done.stdout, encoding="utf-8")
        for recorder in self.watches:
            lines = [
                json.dumps({"seen": seen, "event": event, "object": item}) for seen, event, item in recorder.entries
            ]
            (folder / f"watch-{recorder.kind}.jsonl").write_text("\n".join(lines), encoding="utf-8")


def sweep(*, of_run=None):
    """Deletes namespaces of earlier runs, or of the one given, without waiting."""
    done = kubectl("get", "namespaces", "-l", LABEL if of_run is None else f"{LABEL}={of_run}", "-o", "name", ok=False)
    for name in done.stdout.split():
        kubectl("delete", name, "--wait=false", ok=False)
