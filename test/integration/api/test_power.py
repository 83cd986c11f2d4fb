"""Starts, stops and restarts: what is answered, and what becomes of the machine; the spec is never touched."""
import copy
import time

from api import condition
from world import check, machine

UNDERWAY = "unable to complete request: stop/start already underway"


def uid(o):
    return o["metadata"]["uid"] if o else None


def accepted(answer):
    check(answer.status == 202, answer)


def refused(answer, code, words):
    check(answer.status == code and answer.body.get("kind") == "Status" and answer.body.get("code") == code and words in answer.message, answer)


def power(t, name):
    return t.vm(name)["status"].get("bridge", {}).get("power", {})


def test_always_is_stopped_and_started_and_git_sees_nothing(t):
    t.running("m")
    spec, generation = copy.deepcopy(t.vm("m")["spec"]), t.vm("m")["metadata"]["generation"]
    accepted(t.ask("stop", "m"))
    vm = t.until_stopped("m")
    check(power(t, "m")["wanted"] == "Stopped" and power(t, "m")["by"], power(t, "m"))
    check("stopped the machine" in vm["status"]["bridge"]["next"], vm["status"]["bridge"])
    t.remains(lambda: not t.vmi("m"), 2, "it stays stopped")
    refused(t.ask("stop", "m"), 409, "VM is not running")
    refused(t.ask("restart", "m"), 409, "does not support manual restart requests")
    accepted(t.ask("start", "m"))
    vm = t.until_ready("m")
    check(vm["spec"] == spec and vm["metadata"]["generation"] == generation, "the spec was touched")
    check("stateChangeRequests" not in vm["status"] and not power(t, "m"), vm["status"])
    refused(t.ask("start", "m"), 409, "VM is already running")
    t.never_two_pods()


def test_a_stop_survives_the_controller_and_a_change_of_strategy_ends_it(t):
    t.running("m")
    accepted(t.ask("stop", "m"))
    t.until_stopped("m")
    t.world.stop(t.world.server)
    t.world.server = t.server = t.world.start_server(identity="shared").until_leads()
    t.aggregated.lead_to(t.server.api_port)
    t.remains(lambda: not t.vmi("m"), 2, "it stays stopped")
    t.aggregated.until_available()
    t.set_strategy("m", "RerunOnFailure")
    t.until_ready("m")
    check(not power(t, "m"), power(t, "m"))


def test_halted_is_started_and_stopped(t):
    t.make(machine("m", "Halted"))
    t.until_status("m", "Stopped")
    refused(t.ask("stop", "m"), 409, "VM is not running")
    refused(t.ask("restart", "m"), 409, "Halted does not support manual restart requests")
    accepted(t.ask("start", "m"))
    t.until_ready("m")
    check(power(t, "m")["wanted"] == "Running" and t.vm("m")["spec"]["runStrategy"] == "Halted", t.vm("m"))
    old = uid(t.vmi("m"))
    accepted(t.ask("restart", "m"))
    t.until(lambda: t.vmi("m") and uid(t.vmi("m")) != old, "a new instance")
    t.until_ready("m")
    accepted(t.ask("stop", "m"))
    t.until_stopped("m")
    t.remains(lambda: not t.vmi("m"), 1, "it stays stopped")
    t.never_two_pods()


def test_each_strategy_starts_stops_and_restarts(t):
    for strategy in ("Manual", "RerunOnFailure"):
        name = strategy.lower()
        t.make(machine(name, strategy))
        if strategy == "Manual":
            t.until_status(name, "Stopped")
            accepted(t.ask("start", name))
        t.until_ready(name)
        old = uid(t.vmi(name))
        accepted(t.ask("restart", name))
        t.until(lambda name=name, old=old: t.vmi(name) and uid(t.vmi(name)) != old, "a new instance")
        t.until_ready(name)
        accepted(t.ask("stop", name))
        t.until_stopped(name)
        accepted(t.ask("start", name))
        t.until_ready(name)
    t.make(machine("once", "Once"))
    t.until_ready("once")
    refused(t.ask("restart", "once"), 409, "Once does not support manual restart requests")
    accepted(t.ask("stop", "once"))
    t.until_stopped("once")
    t.never_two_pods()


def test_a_restart_moves_the_time_of_ready(t):
    """Rule B5: the transition is later than the operation."""
    t.running("m")
    old, before = uid(t.vmi("m")), condition(t.vm("m"), "Ready")["lastTransitionTime"]
    time.sleep(1.1)
    accepted(t.ask("restart", "m"))
    t.until(lambda: t.vmi("m") and uid(t.vmi("m")) != old, "a new instance")
    t.until_ready("m")
    check(condition(t.vm("m"), "Ready")["lastTransitionTime"] > before, "the time did not move")


def test_a_start_may_begin_paused(t):
    t.make(machine("m", "Manual"))
    t.until_status("m", "Stopped")
    accepted(t.ask("start", "m", paused=True))
    t.until(lambda: t.vmi("m"), "an instance")
    check(t.vmi("m")["spec"].get("startStrategy") == "Paused", t.vmi("m")["spec"])
    check("startStrategy" not in t.vm("m")["spec"]["template"]["spec"], "the template was touched")


def test_dry_runs_do_nothing(t):
    t.running("m")
    t.make(machine("off", "Manual"))
    t.until_status("off", "Stopped")
    version = t.vm("m")["metadata"]["resourceVersion"]
    for verb, name in (("stop", "m"), ("restart", "m"), ("start", "off")):
        accepted(t.ask(verb, name, dryRun=["All"]))
    refused(t.ask("start", "m", dryRun=["All"]), 409, "VM is already running")
    t.remains(lambda: t.vmi("m") and not t.vmi("off"), 1, "nothing was done")
    check(t.vm("m")["metadata"]["resourceVersion"] == version, "something was written")


def test_machines_that_are_not_there(t):
    for verb in ("start", "stop", "restart"):
        refused(t.ask(verb, "nobody"), 404, 'virtualmachine.kubevirt.io "nobody" not found')


def test_a_second_wish_while_one_is_carried_out(t):
    t.manner.stop_s = 5
    t.running("m")
    accepted(t.ask("stop", "m"))
    for verb in ("stop", "start", "restart"):
        refused(t.ask(verb, "m"), 409, UNDERWAY)
    accepted(t.ask("stop", "m", grace=0))
    t.until_stopped("m")


def test_a_stop_in_a_hurry_leaves_the_pod_a_second(t):
    t.running("m")
    pod = t.pod("m")["metadata"]["name"]
    accepted(t.ask("stop", "m", grace=0))
    t.until_stopped("m")
    graces = [v.object["metadata"].get("deletionGracePeriodSeconds") for v in t.versions("pod") if v.object["metadata"]["name"] == pod]
    told = [g for g in graces if g]  # the kubelet's own last word is 0, when all has ended
    check(told[-1] == 1 and told == sorted(told, reverse=True), graces)
    refused(t.ask("restart", "m", grace=5), 400, "only gracePeriod=0")


def test_a_machine_that_fails_to_start_is_stopped(t):
    t.manner.boot_s = None
    t.make(machine("m"))
    t.until(lambda: t.pods("m") and t.actor.launchers.get(uid(t.pod("m"))), "a launcher")
    t.actor.finish(t.pod("m"), 1, state="crashed", reason="start-failed", message="no such disk")
    t.until_status("m", "CrashLoopBackOff")
    accepted(t.ask("stop", "m"))
    t.until_status("m", "Stopped")
    check("startFailure" not in t.vm("m")["status"] and power(t, "m")["wanted"] == "Stopped", t.vm("m")["status"])


def test_many_who_ask_at_once_are_one(t):
    """Each write bears the version that was read: one is taken, the others hear that it is."""
    import concurrent.futures
    t.running("m")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: t.ask("restart", "m").status, range(16)))
    check(answers.count(202) >= 1 and set(answers) <= {202, 409}, answers)
    t.until(lambda: not t.vm("m")["status"].get("stateChangeRequests"), "all is done")
    t.until_ready("m")
    t.never_two_pods()
