"""One run of a bench: what is started for it, and the steps that scenarios share."""

import base64
import contextlib
import json
import pathlib
import tempfile
import time

import account
import plane
import report
from account import MIB
from load import Load
from plane import check

NAMESPACES = 10
PARALLEL = 64
SETTLE_S = 3  # labels and events come right behind the last Ready
GIVE_BACK_S = 7  # the controller gives memory back some seconds after a burst
SAMPLE = 20  # objects whose stored size is looked at
STAGES = ("acked", "vmi", "pod", "pod_running", "vmi_running", "ready")


def template(strategy="Always"):
    """A small machine with a disk, cloud-init and a card, like docs/examples/first-vm.yaml."""
    disks = [{"name": name, "disk": {"bus": "virtio"}} for name in ("root", "cloudinit")]
    spec = {
        "domain": {
            "memory": {"guest": "160Mi"},
            "devices": {"disks": disks, "interfaces": [{"name": "default", "masquerade": {}}]},
        },
        "networks": [{"name": "default", "pod": {}}],
        "volumes": [
            {"name": "root", "containerDisk": {"image": "localhost/vmbridge/guest-bios:1"}},
            {"name": "cloudinit", "cloudInitNoCloud": {"userData": "#cloud-config\nhostname: first-vm\n"}},
        ],
    }
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"labels": {"app": "bench"}},
        "spec": {"runStrategy": strategy, "template": {"metadata": {"labels": {"app": "bench"}}, "spec": spec}},
    }


class Session:
    def __init__(self, scenario, n, options):
        self.scenario, self.n, self.options = scenario, n, options
        self.machine = report.machine()
        self.figures = report.Figures(n)
        self.details, self.notes = {"tables": {}}, []
        self.replicas = []
        self.extra = {}  # more processes to account for
        self.load = self.sampler = self.plane = None
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="vmbridge-bench-"))

    def open(self, controllers=1):
        self.plane = plane.Plane(self.options.name, self.n)
        self.api = self.plane.api
        self.audit = account.Audit(self.plane.audit_log)
        self.load = Load(
            self.options.build / "test/bench/load/vmbridge-load",
            self.plane.kubeconfig,
            NAMESPACES,
            self.plane.folder / "logs/load.log",
        )
        self.plane.add_namespaces(self.load.namespaces)
        self.processes = {**self.plane.pids(), "load": self.load.pid}
        self.sampler = account.Sampler(self.processes)
        for _ in range(controllers):
            self.start_controller()
        self.mark("start")

    def start_controller(self, account_name=None, ports=None, wait=True):
        number = len(self.replicas)
        replica = plane.Replica(
            self.options.controller,
            self.options.build / "controller/vmbridge-controller",
            self.plane.config_of(account_name or plane.ACCOUNTS[0]),
            self.plane.folder / "logs",
            f"c{number}",
            ports,
        )
        self.replicas.append(replica)
        # One name for one role, so that a chart goes on after a restart.
        self.processes["controller-b" if account_name else "controller"] = replica.pid
        return replica.until_leads() if wait else replica

    @property
    def controller(self):
        return self.replicas[-1]

    def mark(self, text):
        self.sampler.mark(text)
        print(f"  {text}", flush=True)

    def note(self, text):
        self.notes.append(text)

    @contextlib.contextmanager
    def window(self, prefix="bench-"):
        window = account.Window(self.processes, self.audit, prefix)
        yield window
        window.close()
        self.tell_disturbance(window)

    def idle_memory(self):
        """RSS of a controller that has nothing to do, after a breath."""
        time.sleep(3)
        self.idle = account.memory(self.controller.pid)
        return self.idle

    def watch(self):
        self.load.do("watch", 60)

    def timeout(self):
        """Generous: a slow machine shall still give a figure."""
        return 120 + self.n // 4

    def create(self, first=0, n=None, parallel=PARALLEL, gap_ms=0):
        n = self.n if n is None else n
        return self.load.do(
            "create",
            self.timeout() + n * gap_ms / 1000,
            first=first,
            n=n,
            parallel=parallel,
            gap_ms=gap_ms,
            template=template(),
        )

    def bring_up(self, gap_ms=0):
        """All machines, from create to Ready and until it is quiet; gives the window."""
        self.mark(f"create {self.n}")
        with self.window() as window:
            self.create(gap_ms=gap_ms)
            self.load.wait("ready", self.n, self.timeout())
            self.mark("all Ready")
            time.sleep(SETTLE_S)
        return window

    def settle(self, seconds=2, patience=60):
        """Until our controller has had nothing to do for a while; another one just gets the time."""
        if not self.controller.is_ours:
            time.sleep(seconds)
            return
        last, since, end = None, time.monotonic(), time.monotonic() + patience
        while time.monotonic() - since < seconds:
            check(time.monotonic() < end, f"the controller is still busy after {patience} s")
            now = {key: value for key, value in self.controller.metrics().items() if is_work(key)}
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.2)

    def passes(self):
        """How often our controller has looked at something, and found a rule for it."""
        return sum(v for k, v in self.controller.metrics().items() if k.startswith("vmbridge_reconcile_total"))

    # figures that several scenarios tell

    def tell_disturbance(self, window):
        """Times say little when others were at work, or when the controller lost its lease for want of a processor."""
        if window.others > 0.05:
            self.note(f"other programs had {window.others:.0%} of the machine for {window.seconds:.0f} s of measuring")
        for replica in self.replicas:
            if (won := replica.said("lease won")) > 1:
                self.note(f"the controller {replica.identity} has won its lease {won} times so far")

    def tell_requests(self, window, n=None):
        n = n or self.n
        refused = sum(count for key, count in window.refused.items() if key[0] == "controller" and key[2] != "events")
        self.figures.add("requests", (window.requests() - refused) / n)
        self.figures.add("events", window.events() / n)
        self.figures.add("reads", window.reads() / n)
        self.figures.add("refused", refused / n)
        self.figures.add("requests_all", sum(window.writes.values()) / n)
        tables = self.details["tables"]
        tables["Requests of the controller per VM"] = {what: count / n for what, count in window.by_kind().items()}
        if refused:
            codes = {
                f"{verb} {what}: {code}": count / n for (who, verb, what, code), count in sorted(window.refused.items())
            }
            tables["Refused requests per VM, all clients"] = codes
        authors = {}
        for (author, verb, resource), count in sorted(window.writes.items()):
            authors[f"{author}: {verb} {resource}"] = count / n
        tables["Writes about machines per VM, by author"] = authors

    def tell_cpu(self, window, n=None):
        n = n or self.n
        used = {name: seconds * 1000 / n for name, seconds in window.cpu.items()}
        self.figures.add("controller_cpu", used.get("controller"))
        self.figures.add("apiserver_cpu", used.get("kube-apiserver"))
        for name in sorted(used):
            if name not in ("controller", "kube-apiserver"):
                self.figures.add("cpu_of", used[name], name)
        self.details["cpu_per_vm_ms"] = used

    def tell_memory(self, rss="rss"):
        """The budget of 'rss' is for the caches alone; launchers have one of their own."""
        now = account.memory(self.controller.pid)
        self.figures.add(rss, now["rss"] / MIB)
        self.figures.add("private", now["private"] / MIB)
        self.figures.add("rss_peak", account.peak_rss(self.controller.pid) / MIB)
        self.figures.add("rss_per_vm", (now["rss"] - self.idle["rss"]) / 1024 / self.n)

    def tell_times(self, keys=("ready_p50",)):
        times = self.load.times(self.work / "times")
        seen = {stage: stage_seconds(times, stage) for stage in STAGES}
        self.details["stages"] = {
            stage: {str(q): v for q, v in account.quantiles(values, (1, 5, *range(10, 100, 10), 95, 99, 100)).items()}
            for stage, values in seen.items()
            if values
        }
        missing = {stage: self.n - len(values) for stage, values in seen.items() if len(values) < self.n}
        if missing:
            self.note(f"not seen for every machine: {missing}")
        wall = (max(t["ready"] for t in times.values()) - min(t["created"] for t in times.values())) / 1000
        quantiles = {stage: account.quantiles(values) for stage, values in seen.items()}
        for key in keys:
            self.figures.add(key, quantiles["ready"][int(key[-2:])])
        for stage, values in quantiles.items():
            for q, value in values.items():
                if stage != "ready" or f"p{q}" not in [key[-3:] for key in keys]:
                    self.figures.add("stage", value, f"create to {stage}, P{q}")
        return wall, quantiles

    def tell_stored(self):
        """Bytes in etcd of some machines' objects."""
        port = self.plane.port("ETCD")
        keys = {"vm": [], "vmi": [], "pod": []}
        for number in range(0, self.n, max(1, self.n // SAMPLE)):
            namespace, name = self.load.namespaces[number % NAMESPACES], f"vm-{number}"
            keys["vm"].append(f"/registry/kubevirt.io/virtualmachines/{namespace}/{name}")
            keys["vmi"].append(f"/registry/kubevirt.io/virtualmachineinstances/{namespace}/{name}")
        for namespace in self.load.namespaces[:2]:
            pods = self.api.get(
                f"/api/v1/namespaces/{namespace}/pods?labelSelector=kubevirt.io%3Dvirt-launcher&limit=10"
            )
            keys["pod"] += [f"/registry/pods/{namespace}/{pod['metadata']['name']}" for pod in pods["items"]]
        for kind in ("pod", "vmi", "vm"):
            sizes = account.stored(port, keys[kind])
            check(sizes, f"etcd has none of {keys[kind][:1]}...")
            self.figures.add(f"{kind}_bytes", max(sizes.values()))

    def delete_all(self):
        self.mark("delete all")
        self.load.do("delete", self.timeout(), first=0, n=self.n, parallel=PARALLEL)
        self.load.wait("gone", self.n, self.timeout())
        self.mark("all gone")

    def gateway(self):
        """(address, file of its authority) for launchers."""
        secret = self.api.get(f"/api/v1/namespaces/{plane.SYSTEM}/secrets/vmbridge-certs")
        check(secret, "the controller has made no Secret vmbridge-certs")
        file = self.work / "gateway-ca.pem"
        file.write_bytes(base64.b64decode(secret["data"]["ca.crt"]))
        return f"127.0.0.1:{self.controller.gateway_port}", str(file)

    def close(self):
        if self.sampler:
            self.sampler.close()
        if self.load:
            self.load.close()
        for replica in self.replicas:
            replica.stop()
        if self.plane and not self.options.keep:
            self.plane.down()
        for file in self.work.iterdir():
            file.unlink()
        self.work.rmdir()


def is_work(key):
    return key.startswith(("vmbridge_reconcile_total", "vmbridge_queue_length", "vmbridge_reconcile_running"))


def stage_seconds(times, stage):
    """Seconds from our create to the stage, of the machines that came so far."""
    return [(t[stage] - t["created"]) / 1000 for t in times.values() if stage in t and "created" in t]


def keep_logs(session, folder):
    """The logs of what ran, beside the report; gives the folder."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for file in (session.plane.folder / "logs").glob("*.log"):
        (folder / file.name).write_bytes(file.read_bytes()[-4 * MIB :])
    (folder / "notes.json").write_text(json.dumps(session.notes), encoding="utf-8")
    return folder
