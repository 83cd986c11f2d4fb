"""Two replicas: one acts, the other takes over, and what one planned before it lost its turn is never done."""
import datetime
import random
import signal
import threading
import time

from limits import HANG_S, figure
from marks import alone, guards
from test_strategies import uid
from world import SYSTEM, check, machine

LEASE = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/vmbridge-controller"


def two(t):
    first = t.start().until_leads()
    second = t.start(account="replica-b").until_ready()
    check(not second.said("lease won"), "two leaders")
    return first, second


def until_back(t, launchers, port):
    t.until(lambda: all(x.connects and x.connects[-1] == port for x in launchers), "the launchers are at the new leader")


def takes_over(second, since):
    while not second.said("lease won"):
        check(time.monotonic() - since < HANG_S, f"nobody leads after {HANG_S} s: {second.tail()}")
        time.sleep(0.01)
    return time.monotonic() - since


def same_pods(t, before):
    check({uid(p) for p in t.pods()} == before, "the pods are not the same:", t.picture())
    t.never_two_pods()


@alone
def test_a_standby_sends_launchers_to_the_leader(t):
    first, second = two(t)
    t.actor.ports[:] = [second.port]  # the Service leads to the standby first
    t.running("m")
    launcher = t.launcher("m")
    t.until(lambda: launcher.connects, "the launcher is taken")
    check(launcher.connects == [first.port], launcher.connects, first.port)
    check(launcher.redirects and launcher.redirects[-1] == f"127.0.0.1:{first.port}", launcher.redirects)
    t.actor.ports[:] = [first.port, second.port]


@alone
def test_a_leader_that_is_ended_hands_over_at_once(t):
    first, second = two(t)
    for name in ("a", "b", "c"):
        t.running(name)
    pods, launchers = {uid(p) for p in t.pods()}, [t.launcher(n) for n in ("a", "b", "c")]
    t.replicas.remove(first)
    t.world.gone(first)
    since = time.monotonic()
    first.signal(signal.SIGTERM)
    took = takes_over(second, since)
    figure("handed over", took, 1)
    t.world.stop(first)
    until_back(t, launchers, second.port)
    time.sleep(1)
    same_pods(t, pods)
    late = [v for kind in ("vm", "vmi") for v in t.versions(kind) if v.at > since]
    check(not late, "something was written, though nothing was to be written:", [(v.kind, v.object.get("status")) for v in late])
    t.running("d")


@guards
@alone
def test_a_new_leader_believes_what_was_last_said(t):
    first, second = two(t)
    t.manner.probe_s = None  # the pods' probes have not found out yet, and the launchers are slow to come back
    t.running("up")
    t.running("paused")
    t.launcher("paused").say("paused", reason="user")
    t.until_status("paused", "Paused")
    t.actor.ports[:] = []
    time.sleep(0.5)
    t.replicas.remove(first)
    since = time.monotonic()
    t.world.stop(first)
    takes_over(second, since)
    time.sleep(1)
    for kind in ("vm", "vmi"):
        late = [v.object["status"] for v in t.versions(kind) if v.at > since]
        check(not late, "the new leader knows nothing, and yet says:", late)
    t.actor.ports[:] = [second.port]
    t.launcher("paused").say("running")
    t.until_ready("paused")


@guards
@alone
def test_a_leader_that_is_killed_is_replaced(t):
    first, second = two(t)
    t.running("a")
    pods, launchers = {uid(p) for p in t.pods()}, [t.launcher("a")]
    t.lose(first)
    since = time.monotonic()
    first.kill()
    t.make(machine("b"))
    t.until(lambda: t.pods("b"), "the other replica makes the pod")
    print(f"     leader killed to the next pod made: {time.monotonic() - since:.2f} s")
    t.until_ready("b")
    until_back(t, launchers, second.port)
    check(pods <= {uid(p) for p in t.pods()}, "the pods are not the same:", t.picture())
    t.never_two_pods()


@alone
def test_a_lease_long_dead_is_taken_at_first_sight(t):
    first = t.start().until_leads()
    t.lose(first)
    first.kill()
    time.sleep(14)  # LEASE_DEAD_S, and the whole seconds of the API server's times
    since = time.monotonic()
    second = t.start(account="replica-b").until_said("serving")
    second.until_said("lease won")
    figure("a process begins and leads; 4 is what it waits for one that may live", time.monotonic() - since, 3)
    check(not second.said("lease lost"), second.tail())


@guards
@alone
def test_a_frozen_leader_does_not_do_what_it_planned(t):
    first, second = two(t)
    names = [f"m{n}" for n in range(12)]
    random.shuffle(names)
    t.make(*(machine(n) for n in names))
    t.until(lambda: len(t.recorder.all("vmi", t.ns)) >= 3, "it is in the middle of its work")
    first.signal(signal.SIGSTOP)
    since = time.monotonic()
    takes_over(second, since)
    t.world.gone(first)
    t.set_strategy(names[0], "Halted")  # what the frozen one knows is not true any more
    time.sleep(max(0.0, 8 - (time.monotonic() - since)))
    before = len(t.world.audited("vmbridge-controller"))
    woke = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    first.signal(signal.SIGCONT)
    for name in names[1:]:
        t.until_ready(name)
    t.until_stopped(names[0])
    time.sleep(1)
    asked = t.world.audited("vmbridge-controller")[before:]
    writes = [a for a in asked if a[0] not in ("get", "list", "watch") and a[1] not in ("leases", "events")]
    # Of one that was frozen between head and body, the API server hears the end, and refuses it: it came in before.
    late = [a for a in writes if a[3] >= woke or a[4] < 300]
    check(not late, "the old leader wrote after it woke up:", late)
    check(first.said("lease lost"), "it does not know that it lost the lease:", first.tail())
    t.never_two_pods()
    check(len(t.pods_made()) == len(set(t.pods_made())) <= len(names), t.pods_made())


@alone
def test_a_long_queue_leaves_the_loop_its_turns(t):
    """Whoever starts to lead looks at everything: meanwhile watches, the lease and the pages get their share."""
    count = 1000
    first, second = two(t)
    t.make(*(machine(f"m{n}", "Halted") for n in range(count)))
    t.until(lambda: sum(bool(t.vm(f"m{n}") and t.vm(f"m{n}").get("status")) for n in range(count)) == count, "all have a status")
    t.replicas.remove(first)
    stopped = threading.Thread(target=t.world.stop, args=(first,))
    stopped.start()
    seen = []
    end = time.monotonic() + 30
    while time.monotonic() < end and (not seen or seen[-1] < count):
        seen.append(sum(value for name, value in second.metrics().items() if name.startswith("vmbridge_reconcile_total")))
    stopped.join()
    check(seen[-1] >= count, "it has not looked at all:", seen[-5:])
    check(any(0 < n < count for n in seen), "nothing was answered between the first look and the last:", seen[-5:])


@guards
@alone
def test_machines_are_looked_at_before_pods_are_known(t):
    """Pods are the largest part of what a new leader reads, and no decision about a machine needs them; one about an instance does."""
    role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/vmbridge-controller"
    rules = t.api.get(role)["rules"]
    without = [r for r in rules if r.get("resources") != ["pods"]]
    check(len(without) == len(rules) - 1, "one rule is about pods alone:", rules)
    t.api.patch(role, {"rules": without})
    try:
        c = t.start().until_said("lease won")
        t.make(machine("m"))
        t.until(lambda: t.vmi("m"), "the machine has an instance")
        time.sleep(1)
        check(c.page("/readyz") == (503, "pods\n"), c.page("/readyz"))
        check(not t.pods(), "a pod was made by somebody who does not know which there are")
    finally:
        t.api.patch(role, {"rules": rules})
    t.until_ready("m")
    t.never_two_pods()


@guards
@alone
def test_leadership_changes_hands_without_harm(t):
    replicas = list(two(t))
    names = [f"m{n}" for n in range(6)]
    for n, name in enumerate(names):
        t.make(machine(name))
        if n % 2:
            holder = t.api.get(LEASE)["spec"]["holderIdentity"]
            leader = next((c for c in replicas if c.identity == holder), replicas[0])
            replicas.remove(leader)
            t.replicas.remove(leader)
            t.world.stop(leader)
            replicas.append(t.start().until_ready())
    for name in names:
        t.until_ready(name)
    t.never_two_pods()
    check(len(t.pods_made()) == len(names), t.pods_made())
