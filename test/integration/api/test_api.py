#!/usr/bin/env python3
"""The aggregated API of a controller behind a real kube-apiserver, asked by a client that knows KubeVirt's documents and nothing else.

usage: test/integration/api/run CONTROLLER [TEST...]
"""
import importlib
import os
import pathlib
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "../controller"), str(HERE / "../../support")]
from aggregated import Aggregated  # noqa: E402
from process import free_port  # noqa: E402
from subresources import Subresources  # noqa: E402
from world import Case, World  # noqa: E402

MODULES = ("test_documents", "test_power", "test_instances", "test_streams", "test_rights", "test_away")


class ApiCase(Case):
    """A namespace, a client, and the controllers that serve."""

    def __init__(self, world, name):
        super().__init__(world, name)
        self.aggregated, self.client, self.server = world.aggregated, world.client, world.server

    def ask(self, verb, name, *args, **options):
        return getattr(self.client, verb)(self.ns, name, *args, **options)


def start_server(world, **more):
    port = free_port()
    c = world.start(options=("--api-port", str(port)), **more)
    c.api_port = port
    return c


def one(world, name, test):
    start, case, why = time.monotonic(), None, None
    try:
        case = ApiCase(world, name)
        test(case)
    except Exception:  # whatever it is, the test has failed
        why = traceback.format_exc()
    try:
        if case:
            case.close()
    except Exception:
        why = (why or "") + traceback.format_exc()
    if why and case:
        case.keep(os.path.join(world.folder, name))
    print(f"{'FAIL' if why else 'ok  '} {name} ({time.monotonic() - start:.1f} s)" + (f"\n{why}" if why else ""), flush=True)
    if case:
        world.api.delete(f"/api/v1/namespaces/{case.ns}")
    return not why


def main():
    binary, wanted = sys.argv[1], sys.argv[2:]
    folder = os.environ.get("VMB_TEST_LOGS") or tempfile.mkdtemp(prefix="vmbridge-api-")
    os.makedirs(folder, exist_ok=True)
    tests = [(name, test) for module in MODULES for name, test in vars(importlib.import_module(module)).items()
             if name.startswith("test_") and callable(test) and (not wanted or any(w in name or w == module for w in wanted))]
    world = World(binary, folder)
    world.aggregated, world.client = Aggregated(world), Subresources(world.kubeconfig)
    world.aggregated.remove()
    world.server = start_server(world, identity="shared").until_leads()
    world.start_server = lambda **more: start_server(world, **more)
    world.aggregated.register()
    world.aggregated.lead_to(world.server.api_port)
    world.aggregated.until_available()
    results = [one(world, name, test) for name, test in tests]
    world.aggregated.remove()
    world.actor.stop()
    try:
        world.stop(world.server)
    except AssertionError as e:
        print(f"FAIL the controller ends well\n{e}", flush=True)
        results.append(False)
    results += [False] * len(world.actor.faults)
    print("\n".join(world.actor.faults[:5]) or f"evidence in {folder}")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed", flush=True)
    os._exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
