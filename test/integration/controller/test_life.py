"""From create to Running and to the end: what is written, how often, and the rules that other tools rely on."""
import re
import time

from api import condition
from limits import figure
from marks import counts
from world import check, machine

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
WRITES = ("POST", "PATCH", "PUT", "DELETE")


def printable(o):
    return o.get("status", {}).get("printableStatus")


def asked(c):
    """Requests, but for those after what this API server does not serve, which is looked for every half minute."""
    return {k: n for k, n in c.requests().items() if k != ("GET", "datavolumes")}


@counts
def test_requests_from_create_to_running_and_none_after(t):
    c = t.world.shared
    before = asked(c)
    start = time.monotonic()
    t.running("m")
    t.until(lambda: t.vmi("m")["metadata"]["labels"].get("kubevirt.io/nodeName"), "the node's label")
    time.sleep(1.5)  # what comes late
    after = asked(c)
    made = {k: after[k] - before.get(k, 0) for k in after if after[k] != before.get(k, 0) and k[0] != "GET"}
    events = made.pop(("POST", "events"), 0)
    print(f"     create to Running: {sum(made.values()):.0f} requests {made}, {events:.0f} events, {time.monotonic() - start - 1.5:.2f} s")
    check(sum(made.values()) <= 6, "more than six requests:", made)
    check(events <= 3, "more than three events:", events, [e["message"] for e in t.events()])
    reads = {k: after[k] - before.get(k, 0) for k in after if after[k] != before.get(k, 0) and k[0] == "GET"}
    check(not reads, "it read what it should know:", reads)
    seen = len(t.recorder.log)
    time.sleep(10)
    last = asked(c)
    check(last == after, "requests while nothing happened:", {k: last[k] - after.get(k, 0) for k in last if last[k] != after.get(k, 0)})
    check(len(t.recorder.log) == seen, "writes while nothing happened:", t.recorder.log[seen:])


@counts
def test_metrics_are_well_formed(t):
    status, text = t.world.shared.page("/metrics")
    check(status == 200, status)
    families = re.findall(r"^# TYPE (\S+) ", text, re.M)
    check(len(families) == len(set(families)), "a family is told twice:", sorted(f for f in families if families.count(f) > 1))
    series = [line.rpartition(" ")[0] for line in text.splitlines() if line and line[0] != "#"]
    check(len(series) == len(set(series)), "a series is told twice:", [s for s in set(series) if series.count(s) > 1])


def test_metrics_tell_the_moment(t):
    t.running("m")
    _, text = t.world.shared.page("/metrics")
    found = re.search(r'^vmbridge_cache_objects{kind="vmi"} (\d+)$', text, re.M)
    check(found and int(found.group(1)) >= 1, "the instance that runs is not in the gauge:", found)


def test_owners_lead_from_pod_to_machine_B1(t):
    t.running("m")
    vm, vmi, pod = t.vm("m"), t.vmi("m"), t.pod("m")
    for child, parent, kind in ((vmi, vm, "VirtualMachine"), (pod, vmi, "VirtualMachineInstance")):
        owner = child["metadata"]["ownerReferences"]
        check(len(owner) == 1 and owner[0]["kind"] == kind and owner[0]["uid"] == parent["metadata"]["uid"] and owner[0]["controller"], owner)


def test_A1_created_goes_in_the_write_that_says_stopped(t):
    t.running("m")
    t.set_strategy("m", "Halted")
    t.until_stopped("m")
    states = []
    for v in t.versions("vm", "m"):
        status = v.object.get("status", {})
        check(not (printable(v.object) == "Stopped" and status.get("created")), "Stopped and created:", status)
        check(printable(v.object) not in ("Running", "Starting", "Stopping") or status.get("created"), "not created, yet", status)
        if not states or states[-1] != printable(v.object):
            states.append(printable(v.object))
    check(states == [None, "Starting", "Running", "Stopping", "Stopped"], states)


def test_A2_not_ready_is_not_said_of_a_machine_that_is_not_created(t):
    t.make(machine("m", template=with_claim("late")))
    t.until_status("m", "ErrorPvcNotFound")
    t.set_strategy("m", "Halted")
    t.until_stopped("m")
    for v in t.versions("vm", "m"):
        status = v.object.get("status", {})
        wants = v.object["spec"]["runStrategy"] == "Always"
        if wants and status and condition(v.object, "Ready").get("status") == "False":
            check(status.get("created"), "Ready=False and not created while it provisions:", status)
        if wants and status:
            check(condition(v.object, "Reconciling").get("status") == "True" or condition(v.object, "Stalled").get("status") == "True", status)


def with_claim(name):
    return {"domain": {"memory": {"guest": "64Mi"}, "devices": {"disks": [{"name": "data", "disk": {"bus": "virtio"}}]}},
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": name}}], "terminationGracePeriodSeconds": 5}


def test_A3_running_and_ready_come_in_one_write(t):
    t.running("m")
    for v in t.versions("vmi", "m"):
        if v.object.get("status", {}).get("phase") == "Running":
            ready = condition(v.object, "Ready")
            check(ready.get("status") == "True" or ready.get("message"), "Running, not ready, and no word why:", ready)
    first = next(v for v in t.versions("vmi", "m") if v.object.get("status", {}).get("phase") == "Running")
    check(condition(first.object, "Ready").get("status") == "True", first.object["status"])


def test_A4_paused_comes_and_goes(t):
    t.running("m")
    t.launcher("m").say("paused", reason="user")
    t.until_status("m", "Paused")
    t.until(lambda: all(condition(o, "Paused").get("status") == "True" for o in (t.vm("m"), t.vmi("m"))), "both say paused")
    check(condition(t.vmi("m"), "Ready")["message"], "not ready, and no word why")
    t.launcher("m").say("running")
    t.until_ready("m")
    check(not condition(t.vm("m"), "Paused") and not condition(t.vmi("m"), "Paused"), t.picture())
    check(printable(t.vm("m")) == "Running", t.picture())


def test_B2_each_phase_is_told_once(t):
    t.running("m")
    quick = [p["phase"] for p in t.vmi("m")["status"]["phaseTransitionTimestamps"]]
    check(quick == ["Pending", "Scheduling", "Scheduled", "Running"], quick)
    t.set_strategy("m", "Halted")
    t.until_stopped("m")
    for v in t.versions("vmi", "m"):
        phases = [p["phase"] for p in v.object.get("status", {}).get("phaseTransitionTimestamps", [])]
        check(len(phases) == len(set(phases)), phases)


def test_B2_a_slow_start_tells_its_steps(t):
    t.manner.start_s, t.manner.boot_s = 6.5, 2
    t.make(machine("m"))
    t.until_ready("m")
    phases = []
    for v in t.versions("vmi", "m"):
        phase = v.object.get("status", {}).get("phase")
        if phase and phase not in phases:
            phases.append(phase)
    check(phases == ["Scheduling", "Scheduled", "Running"], phases)
    times = [(p["phase"], p["phaseTransitionTimestamp"]) for p in t.vmi("m")["status"]["phaseTransitionTimestamps"]]
    check([p for p, _ in times] == ["Pending", "Scheduling", "Scheduled", "Running"], times)
    check([at for _, at in times] == sorted(at for _, at in times), times)


def test_B4_every_time_is_written_the_same_way(t):
    t.running("m")
    t.launcher("m").say("paused", reason="user")
    t.until_status("m", "Paused")
    t.launcher("m").say("crashed", reason="crashed")
    t.actor.finish(t.pod("m"), 1)
    t.until(lambda: t.vmi("m") and t.vmi("m")["metadata"]["uid"] != t.versions("vmi", "m")[0].object["metadata"]["uid"], "a second run")
    t.until_ready("m")
    n = 0
    for kind in ("vm", "vmi"):
        for v in t.versions(kind, "m"):
            n += times_are_right(v.object.get("status", {}))
    check(n > 10, "only", n, "times were found")


def times_are_right(value, name=""):
    if isinstance(value, dict):
        for c in value.get("conditions", []):
            check("lastTransitionTime" in c, "a condition without a time:", c)
        return sum(times_are_right(v, k) for k, v in value.items())
    if isinstance(value, list):
        return sum(times_are_right(v, name) for v in value)
    if name.lower().endswith(("time", "timestamp")):
        check(isinstance(value, str) and TIME.match(value), "a time like no other:", name, value)
        return 1
    return 0


def test_B5_stop_and_start_move_the_time_of_ready(t):
    t.running("m")
    op = time.time()
    t.set_strategy("m", "Halted")
    t.until_stopped("m")
    ready = condition(t.vm("m"), "Ready")
    check((ready["status"], ready["reason"]) == ("False", "VMINotExists"), ready)
    check(epoch(ready["lastTransitionTime"]) >= int(op), ready, "before the stop")
    op = time.time()
    t.set_strategy("m", "Always")
    t.until_ready("m")
    check(epoch(condition(t.vm("m"), "Ready")["lastTransitionTime"]) >= int(op), condition(t.vm("m"), "Ready"))


def epoch(text):
    import calendar
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


@counts
def test_K1_observed_generation_follows_within_a_second(t):
    t.running("m")
    for memory in ("96Mi", "128Mi"):
        at = time.monotonic()
        t.api.patch(t.vm_path("m"), {"spec": {"template": {"spec": {"domain": {"memory": {"guest": memory}}}}}})
        t.until(lambda: t.vm("m")["status"]["observedGeneration"] == t.vm("m")["metadata"]["generation"] > 1 and
                t.vm("m")["spec"]["template"]["spec"]["domain"]["memory"]["guest"] == memory, "the generation is observed")
        figure("a change to the generation that was observed", time.monotonic() - at, 1)
    restart = condition(t.vm("m"), "RestartRequired")
    check(restart.get("status") == "True", "nobody says that a restart is needed:", t.picture())


@counts
def test_K2_the_first_status_comes_within_a_second(t):
    t.manner.bind_s = 1.5
    t.make(machine("m"))
    t.until_ready("m")
    first, second = t.versions("vm", "m")[:2]
    check(not first.object.get("status"), first.object.get("status"))
    figure("create to the first status", second.at - first.at, 1)
    status = second.object["status"]
    check(condition(second.object, "Reconciling").get("status") == "True", status)
    check(status["observedGeneration"] == second.object["metadata"]["generation"], status)


def test_K3_stalled_and_reconciling_are_never_told_together(t):
    t.make(machine("m", template=with_claim("none")))
    t.until_status("m", "ErrorPvcNotFound")
    check(condition(t.vm("m"), "Stalled").get("status") == "True", t.picture())
    for kind in ("vm", "vmi"):
        for v in t.versions(kind, "m"):
            both = [c for c in ("Stalled", "Reconciling") if condition(v.object, c).get("status") == "True"]
            check(len(both) < 2, both)
