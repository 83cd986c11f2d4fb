#!/usr/bin/env python3
"""What strangers, tenants and authors of VMs try against a controller's process on a real API server, and what must come of it.

usage: test/hostile/run CONTROLLER [--list] [--jobs N] [--seed N] [NAME...]

  --seed N              of the generated objects (1)
  VMB_TEST_PLAIN=FILE   a controller without sanitizers, for the replicas whose memory is measured

Each file test_*.py beside this one is about one way in; its tests have the shape of those in test/integration/controller.
Figures that tests note (figures.py) are printed beside their bounds at the end.
"""
import argparse
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, os.path.join(HERE.parent, "integration/controller"))
import figures  # noqa: E402
import test_controller  # noqa: E402


def take_seed(words):
    """Takes --seed N out of the arguments."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--seed", type=int, default=1)
    known, rest = parser.parse_known_args(words)
    os.environ["VMB_TEST_SEED"] = str(known.seed)
    return rest


def main():
    sys.argv[1:] = take_seed(sys.argv[1:])
    if "--list" not in sys.argv:
        folder = os.environ.get("VMB_TEST_LOGS") or tempfile.mkdtemp(prefix="vmbridge-hostile-")
        os.makedirs(folder, exist_ok=True)
        os.environ["VMB_TEST_LOGS"] = folder
        pathlib.Path(figures.path()).unlink(missing_ok=True)
    modules = sorted(f.stem for f in HERE.glob("test_*.py") if f.stem != "test_hostile")
    return test_controller.main(modules, __doc__, lambda: figures.table(figures.path()))


if __name__ == "__main__":
    sys.exit(main())
