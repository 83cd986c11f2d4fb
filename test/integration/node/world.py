"""A node of the local cluster: its kubelet, a vmbridge-node in it, and pods that ask for what that offers."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "test/support"))
from kubectl import Kubectl  # noqa: E402
from limits import HANG_S  # noqa: E402

NAME = os.environ["VMBRIDGE_NAME"]
RUN = pathlib.Path(os.environ["KUBECONFIG"]).parent
PLUGINS = "/var/lib/kubelet/device-plugins"
DOMAIN = "devices.kubevirt.io/"
RSS_KIB, PRIVATE_KIB, BACK_S = 4096, 1024, 5  # budgets of one vmbridge-node
kubectl = Kubectl()


def exec_in_node(*words, check=True):
    done = subprocess.run([ROOT / "hack/cluster/node-exec", "--name", NAME, "node1", *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=HANG_S, check=False)
    if check and done.returncode:
        raise AssertionError(f"{words}: exit {done.returncode}: {done.stderr}")
    return done.stdout


def await_true(what, condition, seconds=HANG_S):
    """Seconds until the condition gave something."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > seconds:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.05)
    return time.monotonic() - begin


def allocatable(device):
    """What the node offers of it, or None."""
    return kubectl.json("get", "node", "node1")["status"]["allocatable"].get(DOMAIN + device)


class Agent:
    """A vmbridge-node that runs in the node, with its log. `pid` is the host's number of it."""

    def __init__(self, program, log, *words):
        self.log = pathlib.Path(log)
        self.start = self.log.stat().st_size if self.log.exists() else 0
        before = set(_processes(program))
        with self.log.open("ab") as out:
            self.shell = subprocess.Popen(  # pylint: disable=consider-using-with
                [ROOT / "hack/cluster/node-exec", "--name", NAME, "node1", program, *words],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        await_true("vmbridge-node to start", lambda: set(_processes(program)) - before or self.shell.poll() is not None)
        self.pid = min(set(_processes(program)) - before, default=None)

    def lines(self, text="", device=None):
        """Its log lines so far that say so, of one device."""
        with self.log.open("rb") as file:
            file.seek(self.start)
            whole = file.read().decode().splitlines()
        found = [json.loads(line) for line in whole if line.startswith("{")]
        return [line for line in found if text in line["msg"] and (not device or line.get("object") == DOMAIN + device)]

    def await_line(self, text, device=None, after=0):
        """Seconds until there are more than `after` of them."""
        return await_true(f"'{text}' of {device}", lambda: len(self.lines(text, device)) > after)

    def watched(self, device):
        return len(self.lines("the kubelet watches the device", device)) - len(self.lines("watches the device no more", device))

    def await_watched(self, device):
        return self.await_line("the kubelet watches the device", device)

    def kill(self, number=signal.SIGKILL):
        if self.shell.poll() is None:
            os.kill(self.pid, number)
        return self.shell.wait(HANG_S)

    def memory(self):
        """KiB: resident, and what it alone has written."""
        found = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text(encoding="ascii")
                     .splitlines()[1:])
        return int(found["Rss"].split()[0]), int(found["Private_Dirty"].split()[0])

    def wakes(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)

    def cpu_ms(self):
        return int(pathlib.Path(f"/proc/{self.pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e6

    def cost(self, seconds):
        """What it takes: KiB of memory now; how often it wakes and how long it runs in the next seconds."""
        wakes, cpu_ms = self.wakes(), self.cpu_ms()
        time.sleep(seconds)
        rss, private = self.memory()
        return {"rss": rss, "private": private, "wakes": self.wakes() - wakes, "cpu_ms": self.cpu_ms() - cpu_ms}

    def files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


def _processes(program):
    """Host's numbers of the processes whose first word is the program."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cmdline").read_bytes().split(b"\0")[0] == os.fsencode(program):
                found.append(int(entry.name))
        except OSError:
            pass
    return found


def restart_kubelet():
    """Ends it, and starts it again as it was started."""
    exec_in_node("bash", "-c", f"""
        set -e
        pid=$(cat {RUN}/node1/kubelet.pid)
        mapfile -d '' words </proc/$pid/cmdline
        kill -KILL $pid
        while [ -d /proc/$pid ] && ! grep -q '^State:.Z' /proc/$pid/status; do sleep 0.02; done
        setsid "${{words[@]}}" >>{RUN}/logs/node1-kubelet.log 2>&1 </dev/null &
        echo $! >{RUN}/node1/kubelet.pid""")


def restart_node():
    """Its power is cut, and it is switched on: nothing of it ran on, and no plugin is there."""
    for name in ("node-down", "node-up"):
        done = subprocess.run([ROOT / "hack/cluster" / name, "--name", NAME, "node1"], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=HANG_S, check=False)
        if done.returncode:
            raise AssertionError(f"{name}: exit {done.returncode}: {done.stderr}")


def pod(name, script, user=107, **limits):
    """A pod as launchers are: no root, no capability, seccomp; with shares of devices."""
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {
            "automountServiceAccountToken": False, "restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
            "securityContext": {"runAsUser": user, "runAsGroup": user, "runAsNonRoot": True,
                                "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "test", "image": "localhost/busybox:1", "imagePullPolicy": "Never", "command": ["sh", "-c", script],
                "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                    "capabilities": {"drop": ["ALL"]}},
                "resources": {"limits": {DOMAIN + device.replace("_", "-"): n for device, n in limits.items()}}}]}}


def phase(name):
    return kubectl("get", "pod", name, "--ignore-not-found", "-o", "jsonpath={.status.phase}")


def is_refused(name):
    """Whether the kubelet refused it: it had restarted, and the plugin was not there yet."""
    return kubectl("get", "pod", name, "-o", "jsonpath={.status.reason}") == "UnexpectedAdmissionError"


def run_pod(name, script, **limits):
    """What a pod says that ends well. One that the kubelet refuses is made anew, as by its owner."""
    def has_ended():
        kubectl.apply(pod(name, script, **limits))
        await_true(f"pod {name} to end", lambda: phase(name) in ("Succeeded", "Failed"))
        if not is_refused(name):
            return True
        kubectl("delete", "pod", name, "--wait=true")
        return False

    await_true(f"pod {name} to be taken", has_ended)
    said = kubectl("logs", name)
    if phase(name) != "Succeeded":
        raise AssertionError(f"pod {name} failed: {said}")
    kubectl("delete", "pod", name, "--wait=false")
    return said


def delete_pods():
    kubectl("delete", "pods", "--all", "--force", "--grace-period=0", "--wait=true")
