"""Strangers that stand at the controller's ports and say nothing, or too little."""
import time

from crowd import Crowd
from marks import alone
from world import check

ANSWER_S = 5  # the timeout of the liveness probe; the readiness probe's is 2, and machines of CI are slow
TAKEN_S = 10  # a launcher waits 10 s for its connection, and 30 s for what comes after it
SILENT = 2000


def answers(c, path):
    """Seconds until the page was there."""
    since = time.monotonic()
    check(c.page(path)[0] == 200, path, "is not well")
    return time.monotonic() - since


@alone
def test_v4_probes_are_answered_while_silent_strangers_stand_at_the_port(t):
    c = t.start().until_leads()
    for addresses in (0, 50):
        with Crowd(c.port, "silent", SILENT, addresses):
            for path in ("/healthz", "/readyz", "/metrics"):
                took = answers(c, path)
                print(f"     {SILENT} silent of {addresses or 1} addresses: {path} after {took:.2f} s, bound {ANSWER_S}")
                check(took < ANSWER_S, path, "came after", took)


@alone
def test_v4_a_launcher_gets_in_and_status_is_right_while_strangers_stand_at_the_port(t):
    c = t.start().until_leads()
    since = time.monotonic()
    t.running("before")
    undisturbed = time.monotonic() - since
    for addresses in (0, 50):
        name = f"m{addresses}"
        with Crowd(c.port, "silent", SILENT, addresses), Crowd(c.port, "half", 500, addresses):
            since = time.monotonic()
            t.running(name)
            ready = time.monotonic() - since
            launcher = t.launcher(name)
            t.until(lambda: launcher.connects, "the launcher is taken")
            taken = time.monotonic() - since
            t.set_strategy(name, "Halted")
            t.until_stopped(name)
        bound = 2 * undisturbed + 2
        print(f"     strangers of {addresses or 1} addresses: a machine was ready after {ready:.2f} s, bound {bound:.2f}; "
              f"its launcher was taken after {taken:.2f} s, bound {TAKEN_S}")
        check(ready < bound, "ready after", ready, "undisturbed", undisturbed)
        check(taken < TAKEN_S, "the launcher was taken after", taken)
    check(c.process.poll() is None, "the controller has ended")
