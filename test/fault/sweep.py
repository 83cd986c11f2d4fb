#!/usr/bin/env python3
"""Fails each fault point of the controller in turn, before the call and after its answer, in a new process each time.

usage: test/integration/controller/run --program test/fault/sweep.py CONTROLLER [--points N] [--list]

CONTROLLER is built with -Dfault=true. One clean life of a machine (create, run, stop, start, delete) counts the points; then
that life is lived once per point, and must come to the same world each time: no pod or instance too many, none left, and a process that ends
well. Of a kind of point that is met more often than N times (5), N are taken, evenly. Ends with `N passed, N failed`.
"""
import argparse
import collections
import os
import re
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../integration/controller"))
from world import Case, World, check, machine  # noqa: E402

POINT = re.compile(r"^fault point (\d+) (\S+)", re.M)


def life(t):
    """A machine is created, runs, is stopped and started, and deleted; how many pods and instances that took."""
    t.make(machine("m"))
    t.until_ready("m")
    t.set_strategy("m", "Halted")
    t.until_stopped("m")
    t.set_strategy("m", "Always")
    t.until_ready("m")
    check(len(t.pods()) == 1 and len(t.recorder.all("vmi", t.ns)) == 1, t.picture())
    t.api.delete(t.vm_path("m"))
    t.until_gone("m")
    t.never_two_pods()
    made = [v.kind for kind in ("pod", "vmi") for v in t.versions(kind) if v.event == "ADDED"]
    return {kind: made.count(kind) for kind in ("pod", "vmi")}


def live_once(world, number):
    t = Case(world, f"point_{number}")
    c = t.start(identity=f"p{number}", env={"VMB_FAULT_TRACE": "1", **({"VMB_FAULT_FAIL": str(number)} if number else {})})
    try:
        made = life(t)
    except Exception:
        t.keep(os.path.join(world.folder, t.name))
        c.kill()
        t.lose(c)
        raise
    t.close()
    world.api.delete(f"/api/v1/namespaces/{t.ns}")
    with open(c.log_path, encoding="utf-8") as f:
        return made, POINT.findall(f.read())


def choose(points, most):
    """At most so many of each name, evenly."""
    by_name = collections.defaultdict(list)
    for number, name in points:
        by_name[name].append(int(number))
    chosen = []
    for name, numbers in by_name.items():
        n = min(most, len(numbers))
        chosen += [(numbers[i * (len(numbers) - 1) // max(1, n - 1)], name) for i in range(n)]
    return sorted(chosen)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("controller")
    parser.add_argument("--points", type=int, default=5)
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    folder = os.environ.get("VMB_TEST_LOGS") or tempfile.mkdtemp(prefix="vmbridge-sweep-")
    os.makedirs(folder, exist_ok=True)
    world = World(args.controller, folder)
    wanted, points = live_once(world, 0)
    check(points, "there are no fault points in this program: build it with -Dfault=true")
    chosen = choose(points, args.points)
    print(f"{len(points)} points, {len(chosen)} of them are failed; a clean life makes {wanted}", flush=True)
    if args.list:
        print("\n".join(f"{number} {name}" for number, name in chosen), flush=True)
        os._exit(0)
    passed, failed, since = 0, 0, time.monotonic()
    for number, name in chosen:
        try:
            made, _ = live_once(world, number)
            check(made == wanted, f"made {made}, a clean life makes {wanted}")
            passed += 1
        except Exception:  # whatever it is, this point has failed
            failed += 1
            print(f"FAIL point {number} {name}\n{traceback.format_exc()}", flush=True)
            world.drop_lease()
    world.actor.stop()
    if world.actor.faults:
        failed += 1
        print("FAIL the actor\n" + "\n".join(world.actor.faults[:5]))
    print(f"evidence in {folder}" if failed else f"all within {time.monotonic() - since:.0f} s")
    print(f"{passed} passed, {failed} failed", flush=True)
    os._exit(1 if failed else 0)  # threads that wait for the API server are not waited for


if __name__ == "__main__":
    main()
