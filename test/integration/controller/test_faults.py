"""The API server dies, answers are lost, the process is ended at bad moments: the world is right afterwards."""
import os
import subprocess
import time

from limits import HANG_S, figure
from loser import Loser
from marks import alone, guards
from test_firmware import persistent
from test_strategies import guest_crashes, uid, until_new_run
from world import check, machine


def apiserver(verb):
    subprocess.run([os.environ["VMB_TEST_APISERVER"], verb], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@guards
@alone
def test_the_api_server_dies_while_machines_start(t):
    c = t.start().until_leads()
    t.running("before")
    old = uid(t.pod("before"))
    names = [f"m{n}" for n in range(12)]
    t.make(*(machine(n) for n in names))
    t.until(lambda: len(t.recorder.all("vmi", t.ns)) >= 3, "it is in the middle of its work")
    apiserver("kill")
    time.sleep(1)
    apiserver("start")
    since = time.monotonic()
    for name in names:
        t.until_ready(name)
    print(f"     API server back to all twelve ready: {time.monotonic() - since:.1f} s")
    check(c.process.poll() is None, "the controller ended with its API server:", c.tail())
    check(uid(t.pod("before")) == old and len(t.pods_made()) == len(names) + 1, t.pods_made())
    t.never_two_pods()
    t.set_strategy("before", "Halted")
    t.until_stopped("before")


@alone
def test_after_a_long_absence_of_the_api_server_the_watches_are_back_at_once(t):
    c = t.start().until_leads()
    t.running("m")
    apiserver("kill")
    time.sleep(35)  # back-offs that double would have come to 16 s and more
    apiserver("start")
    since = time.monotonic()
    t.set_strategy("m", "Halted")
    while (t.api.get(t.vmi_path("m")) or {"metadata": {"deletionTimestamp": "gone"}})["metadata"].get("deletionTimestamp") is None:
        check(time.monotonic() - since < HANG_S, "the instance still runs:", c.tail())
        time.sleep(0.05)
    took = time.monotonic() - since
    figure("API server back to the first decision on a change", took, 2)
    failures = [line for line in c.said("watch failed") if line["object"] == "virtualmachines"]
    check(all(line["retry_ms"] <= 1500 for line in failures if "connect" in line["error"]), "nobody answers, and it waits long:", failures)
    check(len(failures) <= 4, "an absence is told once, not at each try:", failures)
    t.until_stopped("m")


@guards
@alone
def test_lost_answers_change_nothing(t):
    by_verb = {}
    for every in (2, 3):
        loser = Loser(t.world.kubeconfig, t.api, every)
        c = t.start(server=loser.address).until_leads()
        names = [f"n{every}-{n}" for n in range(4)]
        t.make(*(machine(n) for n in names[:3]), persistent(names[3]))
        for name in names:
            t.until_ready(name)
        check(len(t.pods()) == len(names), t.picture())
        old = uid(t.vmi(names[0]))
        guest_crashes(t, names[0])
        until_new_run(t, names[0], old)
        t.set_strategy(names[1], "Halted")
        t.until_stopped(names[1])
        t.api.delete(t.vm_path(names[2]))
        t.until_gone(names[2])
        made = [p for p in t.pods_made() if p.startswith(f"virt-launcher-n{every}")]
        check(len(made) == len(names) + 1 and len(set(made)) == len(made), "pods that were made:", made)
        t.never_two_pods()
        for name in (names[0], names[3]):
            t.api.delete(t.vm_path(name))
            t.until_gone(name)
        t.api.delete(t.vm_path(names[1]))
        t.until_gone(names[1])
        for lost in loser.lost:
            by_verb[lost.split()[0]] = by_verb.get(lost.split()[0], 0) + 1
        t.replicas.remove(c)
        t.world.stop(c)
        loser.close()
    print(f"     answers lost: {by_verb}")
    check({"POST", "PATCH", "DELETE"} <= set(by_verb), "not every kind of write lost its answer:", by_verb)


@alone
def test_a_slow_api_server_does_not_cost_the_lease(t):
    loser = Loser(t.world.kubeconfig, t.api, 0)
    c = t.start(server=loser.address).until_leads()
    loser.lease_s = 1.2
    time.sleep(12)
    check(not c.said("lease lost"), c.tail())
    loser.lease_s = 0
    t.replicas.remove(c)
    t.world.stop(c)
    loser.close()


@alone
def test_it_ends_well_while_the_api_server_is_away(t):
    c = t.start().until_leads()
    t.running("m")
    apiserver("kill")
    early = t.start()  # has not even found out whether KubeVirt is there
    time.sleep(0.5)
    try:
        for x in (c, early):
            t.replicas.remove(x)
            since = time.monotonic()
            t.world.stop(x)
            figure("to end while the API server is away", time.monotonic() - since, 4)
    finally:
        apiserver("start")
