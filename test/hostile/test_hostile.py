#!/usr/bin/env python3
"""What strangers, tenants and authors of VMs try against a controller's process on a real API server, and what must come of it.

usage: test/hostile/run CONTROLLER [--list] [--jobs N] [NAME...]

Each file test_*.py beside this one is about one way in; its tests have the shape of those in test/integration/controller.
"""
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, os.path.join(HERE.parent, "integration/controller"))
import test_controller  # noqa: E402

if __name__ == "__main__":
    sys.exit(test_controller.main(sorted(f.stem for f in HERE.glob("test_*.py") if f.stem != "test_hostile"), __doc__))
