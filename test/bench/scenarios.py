"""The scenarios. Each takes an open session and fills its figures."""

import dataclasses
import statistics
import threading
import time
import typing

import account
import against
import plane
from account import MIB
from plane import check, until
from session import GIVE_BACK_S, NAMESPACES, PARALLEL, SETTLE_S, template

OTHER = "tenant-b"


def idle(s):
    """A controller with nothing to do."""
    s.watch()
    memory = s.idle_memory()
    with s.window("") as window:
        time.sleep(s.options.seconds or 30)
    minutes = window.seconds / 60
    s.figures.add("idle_rss", memory["rss"] / MIB)
    s.figures.add("idle_private", memory["private"] / MIB)
    asked = {f"{verb} {what}": n for (who, verb, what), n in window.all.items() if who == "controller"}
    s.figures.add("idle_requests", sum(asked.values()) / minutes)
    others = sum(n for (who, _, what), n in window.writes.items() if who == "controller" and what != "leases")
    s.figures.add("idle_writes", others)
    s.figures.add("idle_cpu", window.cpu["controller"] * 1000 / minutes)
    s.details["tables"]["Requests of an idle controller, a minute"] = {k: n / minutes for k, n in sorted(asked.items())}


def burst(s):
    """N machines at once."""
    begin(s)
    price = against.write_cost(s)
    whole_burst(s)
    if price:
        s.figures.add("api_cpu_in_writes", s.details["cpu_per_vm_ms"]["kube-apiserver"] / price)
    s.delete_all()
    time.sleep(15)
    s.mark("15 s later")
    s.figures.add("rss_after", account.memory(s.controller.pid)["rss"] / MIB)
    against.ceiling(s)


def begin(s):
    s.idle_memory()
    against.record(s)


def whole_burst(s):
    s.watch()
    window = s.bring_up()
    s.settle()
    s.tell_requests(window)
    s.tell_stored()
    s.tell_cpu(window)
    s.tell_memory()
    wall, quantiles = s.tell_times()
    s.figures.add("wall", wall)
    s.figures.add("ready_share", quantiles["ready"][50] / wall)
    s.speed = s.n / wall
    s.figures.add("speed", s.speed)


def short(s):
    """What is the same on every machine: a small burst, an idle controller, stored sizes."""
    idle(s)
    begin(s)
    whole_burst(s)


SETS = "/apis/kubevirt.io/v1/namespaces/{}/virtualmachineinstancereplicasets"


def replica_set(s):
    """One set of N instances, and then of none."""
    sets = SETS.format(s.load.namespaces[0])
    body = template()
    spec = {"replicas": s.n, "selector": {"matchLabels": {"app": "bench"}}, "template": body["spec"]["template"]}
    s.idle_memory()
    s.mark(f"create a set of {s.n}")
    with s.window() as window:
        started = time.monotonic()
        s.api.create(sets, {"kind": "VirtualMachineInstanceReplicaSet", "apiVersion": body["apiVersion"],
                            "metadata": {"name": "set"}, "spec": spec})
        until("all are ready", lambda: set_status(s, sets).get("readyReplicas") == s.n, s.timeout(), 0.2)
        s.figures.add("set_wall", time.monotonic() - started)
        s.mark("all ready")
        time.sleep(SETTLE_S)
    s.settle()
    s.tell_requests(window)
    s.tell_cpu(window)
    s.tell_memory()
    of_set = sum(n for (_, _, what), n in window.writes.items() if what.startswith("virtualmachineinstancereplicasets"))
    s.figures.add("set_writes", of_set / s.n)
    s.mark("scale to none")
    started = time.monotonic()
    s.api.patch(f"{sets}/set", {"spec": {"replicas": 0}})
    until("none is left", lambda: set_status(s, sets).get("replicas") == 0, s.timeout(), 0.2)
    s.figures.add("set_down", time.monotonic() - started)


def set_status(s, sets):
    return s.api.get(f"{sets}/set").get("status", {})


def density(s):
    """One machine every 100 ms."""
    s.watch()
    s.idle_memory()
    window = s.bring_up(gap_ms=100)
    s.settle()
    s.tell_requests(window)
    s.tell_cpu(window)
    s.tell_times(keys=("density_p50", "density_p95"))
    s.note(
        "KubeVirt's 16.1 and 27.2 s are of real guests on real nodes; here a pod that is scheduled runs at once:"
        " this is the control plane's part alone"
    )


def fair(s):
    """One tenant's burst, and a machine of another tenant now and then in the midst of it."""
    s.watch()
    s.idle_memory()
    s.plane.add_namespaces([OTHER])
    s.mark(f"create {s.n}")
    with s.window():
        s.create()
        waits, left = [], s.n
        while left > s.n / 10:
            s.mark(f"another tenant's machine, {left} before it")
            waits.append(one_other(s, len(waits)))
            left = sum("ready" not in stages for stages in s.load.times(s.work / "midst").values())
        s.load.wait("ready", s.n, s.timeout())
    check(len(waits) > 1, "the burst was over too soon; take more machines")
    wall, _ = s.tell_times()
    s.figures.add("wall", wall)
    s.figures.add("other_ready", statistics.median(waits))
    s.figures.add("other_most", max(waits))
    s.figures.add("other_share", statistics.median(waits) / s.figures.value("ready_p50"))
    s.note(f"{len(waits)} machines of the other tenant, one after the other, until a tenth of the burst was left")


def one_other(s, number):
    """Seconds from create to Ready."""
    path = against.VMS.format(OTHER)
    name, started = f"other-{number}", time.monotonic()
    s.api.create(path, {**template(), "metadata": {"name": name}})
    until(f"{name} is Ready", lambda: against.is_ready(s.api.get(f"{path}/{name}")), s.timeout(), 0.1)
    return time.monotonic() - started


def running(s):
    """N machines, and nothing left to do."""
    s.watch()
    s.idle_memory()
    window = s.bring_up()
    s.settle(patience=60 + s.n // 20)
    return window


def steady(s):
    """Ten per cent of the machines are replaced within an hour."""
    seconds = s.options.seconds or 600
    running(s)
    before = account.memory(s.controller.pid)
    pause = 3600 / (s.n * 0.1)
    s.mark("churn")
    replaced, end = 0, time.monotonic() + seconds
    with s.window() as window:
        due = time.monotonic()
        while due < end:
            time.sleep(max(0, due - time.monotonic()))
            number = (replaced * 7) % s.n
            s.load.do("delete", first=number, n=1, parallel=1)
            until("the machine is gone", lambda number=number: is_gone(s, number), 60, 0.2)
            s.create(first=number, n=1, parallel=1)
            replaced += 1
            due += pause
        time.sleep(max(0, end - time.monotonic()))
        s.load.wait("ready", s.n, s.timeout())
    s.mark("churn ends")
    s.figures.add("churn", replaced)
    s.figures.add("churn_requests", window.requests() / replaced)
    s.figures.add("steady_cpu", window.cpu["controller"] * 60000 / window.seconds)
    s.figures.add("steady_growth", (account.memory(s.controller.pid)["rss"] - before["rss"]) / MIB)
    s.tell_memory()


def is_gone(s, number):
    namespace = s.load.namespaces[number % NAMESPACES]
    paths = [
        f"/apis/kubevirt.io/v1/namespaces/{namespace}/virtualmachine{kind}/vm-{number}" for kind in ("s", "instances")
    ]
    return not any(s.api.get(path) for path in paths)


def resync(s):
    """Everything is looked at again, and nothing is to be done."""
    running(s)
    resync_running(s)


def resync_running(s):
    s.mark("configuration edited")
    before = s.passes()
    with s.window() as window:
        s.api.patch(
            f"/apis/kubevirt.io/v1/namespaces/{plane.SYSTEM}/kubevirts/kubevirt",
            {"spec": {"configuration": {"developerConfiguration": {"logVerbosity": {"virtController": 2}}}}},
        )
        s.settle()
    s.figures.add("resync_vmi_writes", window.requests() + window.events())
    s.figures.add("resync_vmi_cpu", window.cpu["controller"] * 1000)
    s.note(f"after an edit of the configuration {s.passes() - before:.0f} objects were looked at")
    s.mark("lease lost and won")
    before = s.passes()
    won = s.controller.said("lease won")
    check(
        s.controller.is_ours,
        "resync: only vmbridge's controller can be made to lead anew; --controller is for other scenarios",
    )
    with s.window() as window:
        hold(s, 4)
        until("the controller leads again", lambda: s.controller.said("lease won") > won, 30)
        s.settle()
    s.figures.add("resync_writes", window.requests() + window.events())
    s.figures.add("resync_cpu", window.cpu["controller"] * 1000)
    s.note(f"a leader that lost its lease and won it again looked at {s.passes() - before:.0f} objects")
    s.note("the CPU of both includes that of /metrics, which is asked five times a second until it is quiet")
    s.tell_memory()


def hold(s, seconds):
    """The process gets no processor for so long, and loses its lease by that."""
    s.controller.process.send_signal(plane.signal.SIGSTOP)
    time.sleep(seconds)
    s.controller.process.send_signal(plane.signal.SIGCONT)


def restart(s):
    """The controller ends while N machines run, one more machine is wished for, and it starts again."""
    running(s)
    restart_running(s)


def restart_running(s):
    s.mark("controller stopped")
    s.controller.stop()
    s.create(first=s.n, n=1, parallel=1)
    with s.window() as window:
        replica = s.start_controller(wait=False)
        window.processes["controller"], window.before["controller"] = replica.pid, 0.0
        s.mark("controller started")
        cached = until_said(replica, "caches are whole")
        replica.until_leads()
        s.load.wait("vmi", s.n + 1, 120)
        s.load.wait("ready", s.n + 1, s.timeout())
        s.settle()
    first = window.first.get(("controller", "create", "virtualmachineinstances"))
    check(first, "the audit log has no instance made by the controller after its start")
    s.figures.add("restart_decision", first - replica.started)
    s.figures.add("restart_cached", cached)
    one = 6 + 3
    s.figures.add("restart_writes", max(0, window.requests() + window.events() - one))
    s.note(f"of the writes after the start {one} were allowed for the machine that was waiting")
    time.sleep(10)
    later = account.memory(replica.pid)["rss"]
    s.figures.add("restart_peak", account.peak_rss(replica.pid) / later)
    s.figures.add("controller_cpu", window.cpu["controller"] * 1000 / s.n)
    s.tell_memory()


def until_said(replica, message):
    """Seconds from the start of the process; a log line's own time is whole seconds."""
    until(
        f"the controller says '{message}'",
        lambda: replica.check_alive() or not replica.is_ours or replica.said(message),
        120,
        0.01,
    )
    return time.time() - replica.started if replica.is_ours else None


def failover(s):
    """The leader is killed in the midst of a burst, and a second replica takes over."""
    s.watch()
    s.idle_memory()
    leader = s.controller
    s.start_controller(plane.ACCOUNTS[1], wait=False)
    second = s.controller
    until("the second replica's caches", lambda: second.said("caches are whole"), 60)
    gap_ms = max(5, 12000 // s.n)
    s.mark(f"create {s.n}")
    faults = []
    with s.window() as window:
        users = threading.Thread(target=collect, args=(faults, lambda: s.create(gap_ms=gap_ms, parallel=8)))
        users.start()
        time.sleep(s.n * gap_ms / 2000)
        killed = time.time()
        leader.kill()
        s.mark("leader killed")
        users.join()
        check(not faults, lambda: str(faults[0]))
        s.load.wait("ready", s.n, s.timeout())
        s.settle()
    taken = min(
        (at for (who, _, what), at in window.first.items() if who == "controller-b" and what != "leases"), default=None
    )
    check(taken, "the second replica wrote nothing about machines")
    s.figures.add("failover", taken - killed)
    made = {}
    for (who, verb, what), count in window.writes.items():
        if verb == "create" and what in ("pods", "virtualmachineinstances"):
            made[f"{who}: {what}"] = count
    check(all(name for _, name in window.made["pods"]), "the audit log does not name the pods that were made")
    # By name: an answer that was lost with its reader is asked for again under the same name, and refused.
    s.figures.add("failover_doubled", len(window.made["pods"]) - s.n)
    s.details["tables"]["Objects asked for"] = made
    s.tell_memory()


def collect(faults, job):
    try:
        job()
    except Exception as fault:  # told by the thread that waits
        faults.append(fault)


def apply_storm(s):
    """The same manifests are applied again and again."""
    running(s)
    storm = {"first": 0, "n": s.n, "parallel": PARALLEL, "template": template()}
    patience = 300 + s.n * s.options.times / 50
    s.load.do("apply", patience, times=1, **storm)
    time.sleep(SETTLE_S)
    s.settle()
    before = s.load.versions(s.work / "before")
    s.mark(f"apply {s.options.times} times")
    with s.window() as window:
        answer = s.load.do("apply", patience, times=s.options.times, **storm)
        s.settle()
    s.mark("storm ends")
    after = s.load.versions(s.work / "after")
    others = [key for key in before.keys() | after.keys() if key[0] != "vm"]
    check(len(others) >= 2 * s.n, f"only {len(others)} instances and pods are known to vmbridge-load")
    vms = [key for key in before if key[0] == "vm"]
    s.figures.add("storm_writes", window.requests() + window.events())
    s.figures.add("storm_changed", sum(before.get(key) != after.get(key) for key in others))
    s.figures.add("storm_generation", sum(before[key][1] != after.get(key, (0, 0))[1] for key in vms))
    s.figures.add("storm_cpu", window.cpu["controller"] * 1000 / (s.n * s.options.times))
    s.figures.add("storm_seconds", answer["seconds"])
    s.tell_memory()


def connect(s):
    gateway, authority = s.gateway()
    s.mark(f"connect {s.n}")
    return s.load.do(
        "connect", s.timeout() + 60, n=s.n, parallel=32, gateway=gateway, ca=authority, timeout_s=s.timeout()
    )


def connected(s):
    return s.load.do("connected")["connected"]


def streams(s):
    """N launchers are connected; then the controller is started anew."""
    check(not s.options.controller, "streams: another controller has no gateway of ours to dial")
    running(s)
    streams_running(s)


def streams_running(s):
    before = account.memory(s.controller.pid)
    answer = connect(s)
    s.settle()
    time.sleep(GIVE_BACK_S)
    after = account.memory(s.controller.pid)
    s.figures.add("launcher_bytes", (after["rss"] - before["rss"]) / 1024 / s.n)
    if s.n < 1000:
        s.note(
            "with few launchers the memory of each includes a share of what the first of all costs; take 1,000 or more"
        )
    s.figures.add("connect_seconds", answer["seconds"])
    s.tell_memory("rss_connected")
    s.mark("controller restarts")
    ports = s.controller.ports
    s.controller.stop()
    until("the launchers have noticed", lambda: connected(s) == 0, 60)
    started = time.time()
    s.start_controller(ports=ports)
    try:
        until("all launchers are back", lambda: connected(s) >= s.n, s.timeout(), 0.2)
        s.figures.add("return_seconds", time.time() - started)
    except plane.Trouble as trouble:
        s.note(str(trouble))
    s.figures.add("lost", s.n - connected(s))
    s.mark("all back")
    s.details["tables"]["Dials"] = {k: v for k, v in s.load.do("connected").items() if k != "ok"}


def whole(s):
    """What else can be measured on N machines that run, once they do: bringing them up is what takes long."""
    check(not s.options.controller, "whole: another controller cannot be made to lead anew, and has no gateway of ours")
    window = running(s)
    s.tell_requests(window)
    s.tell_stored()
    s.tell_cpu(window)
    wall, _ = s.tell_times()
    s.figures.add("wall", wall)
    resync_running(s)
    restart_running(s)
    streams_running(s)


def status_storm(s):
    """N launchers send a thousand messages a second."""
    check(not s.options.controller, "status-storm: another controller has no gateway of ours to dial")
    running(s)
    connect(s)
    s.settle()
    # Most of what a launcher says is shown nowhere; what the guest's agent says is.
    for what, more in (("memory", {}), ("agent", {"agent": True})):
        one_storm(s, what, more)
    s.tell_memory("rss_connected")


def one_storm(s, what, more):
    seconds = s.options.seconds or 10
    s.mark(f"storm: {what}")
    with s.window() as window:
        answer = s.load.do("report", seconds + 60, rate=1000, seconds=seconds, **more)
        s.settle()
    s.mark("storm ends")
    s.figures.add("storm_rate", answer["sent"] / answer["seconds"], what)
    s.figures.add("message_cpu", window.cpu["controller"] * 1000 / answer["sent"], what)
    s.figures.add("message_writes", (window.requests() + window.events()) / answer["sent"], what)
    s.details["tables"][f"Requests of the controller, {what} storm"] = window.by_kind()


@dataclasses.dataclass(frozen=True)
class Scenario:
    run: typing.Callable
    n: int  # machines, unless the user says otherwise; 0: it has none
    what: str


SCENARIOS = {
    "idle": Scenario(idle, 0, "nothing to do, for 30 s"),
    "density": Scenario(density, 100, "a machine every 100 ms"),
    "burst": Scenario(
        burst, 100, "all at once; then the API server's ceiling and the price of a write against our CRDs"
    ),
    "set": Scenario(replica_set, 500, "one VirtualMachineInstanceReplicaSet of so many instances, and then of none"),
    "fair": Scenario(fair, 1000, "one tenant's burst, and another tenant's machines in the midst of it"),
    "steady": Scenario(steady, 1000, "ten per cent replaced within an hour, for 10 min"),
    "resync": Scenario(resync, 1000, "all is looked at again, nothing is to be done"),
    "restart": Scenario(restart, 1000, "the controller starts while machines run and one waits"),
    "failover": Scenario(failover, 200, "the leader is killed in the midst of a burst"),
    "apply-storm": Scenario(apply_storm, 1000, "the same manifests applied --times times (100)"),
    "streams": Scenario(streams, 1000, "launchers connect, and again after a restart of the controller"),
    "status-storm": Scenario(status_storm, 1000, "a thousand messages a second from launchers, for 10 s"),
    "whole": Scenario(whole, 1000, "burst, resync, restart and streams, one after the other on the same machines"),
    "short": Scenario(short, 100, "idle, burst and stored sizes, in under three minutes; for hack/test"),
}
