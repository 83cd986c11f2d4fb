#!/usr/bin/env python3
"""The controller's process against a real API server, etcd and kube-controller-manager; nodes and launchers are played (actor.py).

usage: test/integration/controller/run CONTROLLER [--list] [--jobs N] [NAME...]

A NAME is a test, a part of its name, or a file (test_life). What failed is tried once more, alone. Ends with `N passed, N failed`.
A test that passed only then is told as flaky before the counts; one that guards data or "never two" is not tried again. Of a failure
the folder named by VMB_TEST_LOGS (a fresh one below /tmp) keeps every version of the test's objects and the controllers' logs.
"""
import argparse
import concurrent.futures
import importlib
import os
import pathlib
import sys
import tempfile
import time
import traceback

import marks
from world import Case, World

RETRY_MAX = 3  # more than that is no accident
MODULES = sorted(f.stem for f in pathlib.Path(__file__).parent.glob("test_*.py") if f.stem != "test_controller")


def collect(modules, wanted):
    found = []
    for module in modules:
        for name, test in vars(importlib.import_module(module)).items():
            if name.startswith("test_") and callable(test) and (not wanted or any(w in name or w == module for w in wanted)):
                found.append((name, test))
    return found


class Run:
    def __init__(self, world):
        self.world = world
        self.passed, self.failed, self.flaky = 0, [], []
        self.is_again = False

    def one(self, name, test):
        start, case, why = time.monotonic(), None, None
        label = name.replace("test_", "test_again_", 1) if self.is_again else name
        try:
            case = Case(self.world, label)
            test(case)
        except Exception:  # whatever it is, the test has failed
            why = traceback.format_exc()
        try:
            if case:
                case.close()
        except Exception:
            why = (why or "") + traceback.format_exc()
        took = time.monotonic() - start
        if why:
            self.failed.append(name)
            case and case.keep(os.path.join(self.world.folder, label))
            print(f"FAIL {name} ({took:.1f} s)\n{why}", flush=True)
        else:
            self.passed += 1
            print(f"ok   {name} ({took:.1f} s)", flush=True)
        if case:
            self.world.api.delete(f"/api/v1/namespaces/{case.ns}")

    def with_shared(self, tests, jobs):
        """Those that are content with one controller that runs all the time: first the ones that count, then many at once."""
        if not tests:
            return
        self.world.shared = self.world.start(identity="shared").until_leads()
        for name, test in tests:
            if marks.of(test) == "counts":
                self.one(name, test)
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            list(pool.map(lambda t: self.one(*t), [t for t in tests if marks.of(t[1]) != "counts"]))
        self.last(None if self.is_again else "the shared controller ends well", self._end_shared)

    def _end_shared(self):
        try:
            self.world.await_empty()
        finally:
            self.world.stop(self.world.shared)

    def alone(self, tests):
        for name, test in tests:
            self.one(name, test)
            self.last(None, self._empty)

    def again(self, tests):
        """Whether what failed fails always: it is tried once more, with nothing beside it."""
        failed = [(name, test) for name, test in tests if name in self.failed and not marks.is_guard(test)]
        if not failed or len(self.failed) > RETRY_MAX:
            return
        print(f"{len(failed)} failed: each is tried once more, alone", flush=True)
        self.is_again = True
        self.failed = [name for name in self.failed if name not in dict(failed)]
        self.with_shared([t for t in failed if marks.of(t[1]) != "alone"], 1)
        self.alone([t for t in failed if marks.of(t[1]) == "alone"])
        self.flaky = [name for name, _ in failed if name not in self.failed]

    def _empty(self):
        """What a test without a controller left is taken away by one."""
        if any(self.world.recorder.now[k] for k in ("vm", "vmi", "pod")):
            c = self.world.start(identity="cleaner")
            try:
                self.world.await_empty()
            finally:
                self.world.stop(c)

    def last(self, name, step):
        try:
            step()
        except Exception:
            self.failed.append(name or "cleaning up")
            print(f"FAIL {name or 'cleaning up'}\n{traceback.format_exc()}", flush=True)
        else:
            if name:
                self.passed += 1
                print(f"ok   {name}", flush=True)


def main(modules, usage, last_words=lambda: ""):
    """last_words: gives a text that is printed before the counts."""
    parser = argparse.ArgumentParser(usage=usage)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("controller")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    tests = collect(modules, args.names)
    if args.list:
        print("\n".join(name for name, _ in tests))
        return 0
    folder = os.environ.get("VMB_TEST_LOGS") or tempfile.mkdtemp(prefix="vmbridge-controller-")
    os.makedirs(folder, exist_ok=True)
    start = time.monotonic()
    world = World(args.controller, folder)
    run = Run(world)
    run.with_shared([t for t in tests if marks.of(t[1]) != "alone"], args.jobs)
    run.alone([t for t in tests if marks.of(t[1]) == "alone"])
    run.again(tests)
    world.actor.stop()
    if world.actor.faults:
        run.failed.append("the actor")
        print("FAIL the actor\n" + "\n".join(world.actor.faults[:5]))
    for name in run.flaky:
        print(f"flaky: {name}: failed, and passed when it was tried again")
    print(f"evidence in {folder}" if run.failed or run.flaky else f"all within {time.monotonic() - start:.0f} s")
    print("\n".join(text for text in (last_words(), f"{run.passed} passed, {len(run.failed)} failed") if text), flush=True)
    os._exit(1 if run.failed else 0)  # threads that wait for the API server are not waited for


if __name__ == "__main__":
    sys.exit(main(MODULES, __doc__))
