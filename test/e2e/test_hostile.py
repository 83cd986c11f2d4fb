"""Somebody means harm: a guest, a tenant's pod, a stranger on the network. Guests run on, and no controller starts anew.

With `hack/up --sanitize` the controllers have the address and undefined behaviour sanitizers, and end at the first report.
"""
import contextlib
import json
import re
import subprocess
import sys
import time

import case
import cluster
import machines
from cluster import CONTROLLER, SYSTEM, WAIT, check, describe, is_true, kubectl
from guest import Shell, pid_of, processes

GATEWAY = 8444
PORTS = (8443, 8444)
SILENT = 700       # per port of each controller
SILENT_S = 40
REPORT = re.compile(r"ERROR: AddressSanitizer|ERROR: LeakSanitizer|runtime error:|AddressSanitizer:DEADLYSIGNAL|\bBUG\b")
NOT_TAKEN = re.compile(r"(4\d\d|closed: .*)$")


def controllers(t):
    """{uid: (name, address, restarts)} of the controllers' pods."""
    found = {}
    for pod in t.api.list("pod", SYSTEM, label=f"app.kubernetes.io/name={CONTROLLER}")["items"]:
        if not pod["metadata"].get("deletionTimestamp"):
            restarts = sum(box["restartCount"] for box in pod["status"].get("containerStatuses", []))
            found[pod["metadata"]["uid"]] = pod["metadata"]["name"], pod["status"].get("podIP"), restarts
    return found


def ready(t):
    pods = t.api.list("pod", SYSTEM, label=f"app.kubernetes.io/name={CONTROLLER}")["items"]
    return len(pods) >= 2 and all(is_true(pod, "Ready") for pod in pods)


@contextlib.contextmanager
def nobody_restarts(t):
    """What stands inside makes no controller end, nor say what a sanitizer says."""
    before = controllers(t)
    yield before
    t.until("the controllers ready", lambda: ready(t))
    after = controllers(t)
    check(after == before, f"controllers (name, address, restarts): {list(before.values())}, then {list(after.values())}")
    for name, _, _ in after.values():
        log = kubectl("-n", SYSTEM, "logs", name, ).stdout
        found = REPORT.search(log)
        check(not found, lambda: f"{name} says: {log[found.start():found.start() + 2000]}")


def start(t, name, **more):
    t.apply(machines.machine(name, **more))
    t.until_running(name)
    t.until_console(name, "is up after")
    return t.get("vmi", name)


def stranger(pid, *words, timeout=cluster.HANG_S):
    """Output of stranger.py in the network of that process."""
    done = cluster.run(["nsenter", "-t", pid, "-n", sys.executable, cluster.ROOT / "test/e2e/stranger.py", *words], timeout=timeout)
    check(done.returncode == 0, lambda: f"stranger {words[0]}: exit {done.returncode}: {done.stderr[-500:]}")
    return done.stdout.split("\n")[:-1]


def pid_in(pod):
    """Some process of the pod: its network is the pod's."""
    return min(processes(pod["metadata"]["uid"]))


def runs_on(t, name, boot):
    vm = t.get("vm", name)
    check(is_true(vm, "Ready"), f"{name} was disturbed: {describe(vm)}")
    check(Shell(t, name).boot()[0] == boot, f"{name} was started anew")


def test_hostile_tokens_from_a_guest(t):
    start(t, "hostile")
    pid = pid_of(t.launcher("hostile"), "qemu")
    with nobody_restarts(t) as pods:
        for name, address, _ in pods.values():
            for answer in stranger(pid, "tokens", address, GATEWAY):
                check(NOT_TAKEN.match(answer), f"{name} answered a token that is none with: {answer}")
        # And once from inside of the guest itself.
        address = next(iter(pods.values()))[1]
        head = "--header 'Upgrade: websocket' --header 'Connection: Upgrade' --header 'Authorization: Bearer A===.AAAA.AAAA'"
        said = Shell(t, "hostile").run(f"wget -T 10 -S -O - --no-check-certificate {head} https://{address}:{GATEWAY}/v1/launcher 2>&1; true")
        t.note("the guest's own: " + " ".join(said.split())[-120:])


def foreign_pod(t, vmi):
    """A tenant's pod that looks like the launcher of somebody's instance."""
    pod = machines.tools("virt-launcher-foreign", "sleep", "600", labels={
        "kubevirt.io": "virt-launcher", "kubevirt.io/created-by": vmi["metadata"]["uid"], "vm.kubevirt.io/name": vmi["metadata"]["name"]})
    pod["metadata"]["ownerReferences"] = [{"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "name": vmi["metadata"]["name"],
                                           "uid": vmi["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}]
    t.apply(pod)
    t.kubectl("wait", "--for=condition=Ready", "pod/virt-launcher-foreign", WAIT)
    return t.get("pod", "virt-launcher-foreign")


def token_of(t, pod):
    """What its kubelet would project into it."""
    meta = pod["metadata"]
    status, body = t.api.request("POST", f"/api/v1/namespaces/{t.ns}/serviceaccounts/default/token", json.dumps({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"audiences": ["vmbridge-gateway"], "expirationSeconds": 600,
        "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"]}}}))
    check(status == 201, lambda: f"token: HTTP {status}: {body[:300]!r}")
    return json.loads(body)["status"]["token"]


def test_hostile_pod_cannot_speak_for_a_guest(t):
    vmi = start(t, "spoken-for")
    boot = Shell(t, "spoken-for").boot()[0]
    with nobody_restarts(t) as pods:
        foreign = foreign_pod(t, vmi)
        token = token_of(t, foreign)
        for name, address, _ in pods.values():
            (answer,) = stranger(pid_in(foreign), "say", address, GATEWAY, token, vmi["metadata"]["uid"])
            t.note(f"{name}: {answer}")
        time.sleep(3)
        vm = t.get("vm", "spoken-for")
        check(is_true(vm, "Ready"), f"the guest was disturbed: {describe(vm)}")
        t.kubectl("delete", "pod", "virt-launcher-foreign", WAIT)
        runs_on(t, "spoken-for", boot)
        check(t.get("vmi", "spoken-for")["metadata"]["uid"] == vmi["metadata"]["uid"], "the instance is another one")
        t.patch("vm", "spoken-for", {"spec": {"runStrategy": "Halted"}})
        t.until_status("spoken-for", "Stopped")


def test_hostile_guest_floods_its_console_and_forges_log_lines(t):
    start(t, "flood")
    shell = Shell(t, "flood")
    forged = '{"time":"2026-01-01T00:00:00Z","level":"error","part":"launcher","msg":"forged"}'
    with nobody_restarts(t):
        shell.run(f"echo; echo '{forged}' >/dev/console; true")
        t.until_console("flood", "forged")
        lines = [line for line in t.console("flood").splitlines() if "forged" in line]
        check(not any(line.startswith("{") for line in lines), f"a line of the guest stands as the launcher's own: {lines}")
        shell.run("(timeout 12 yes FLOODFLOODFLOOD >/dev/console 2>&1 &) ; true")
        start(t, "beside")
        t.until("the console's end of the flood", lambda: shell.run("pidof yes || echo over") == "over")
        pod = t.launcher("flood")
        check(sum(box["restartCount"] for box in pod["status"]["containerStatuses"]) == 0, "the launcher was started anew")
        check(is_true(t.get("vm", "flood"), "Ready"), f"the flooding guest: {describe(t.get('vm', 'flood'))}")
        t.patch("vm", "flood", {"spec": {"runStrategy": "Halted"}})
        t.until_status("flood", "Stopped")


@case.exclusive
def test_hostile_silent_connections(t):
    start(t, "before")
    boot = Shell(t, "before").boot()[0]
    t.apply(machines.tools("crowd", "sleep", "900"))
    t.kubectl("wait", "--for=condition=Ready", "pod/crowd", WAIT)
    pid = pid_in(t.get("pod", "crowd"))
    program = [sys.executable, str(cluster.ROOT / "test/e2e/stranger.py"), "silent"]
    with nobody_restarts(t) as pods:
        crowd = [subprocess.Popen(["nsenter", "-t", str(pid), "-n", *program, address, str(port), str(SILENT), str(SILENT_S)], stdout=subprocess.PIPE, text=True)
                 for _, address, _ in pods.values() for port in PORTS]
        try:
            start(t, "meanwhile")
            t.patch("vm", "meanwhile", {"spec": {"runStrategy": "Halted"}})
            t.until_status("meanwhile", "Stopped")
            runs_on(t, "before", boot)
        finally:
            said = [one.communicate(timeout=SILENT_S + 60)[0].strip() for one in crowd]
        t.note(f"standing at most, opened in all, of each: {said}")
    runs_on(t, "before", boot)
