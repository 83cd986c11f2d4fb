#!/usr/bin/env python3
"""Runs one scenario and reports it. hack/bench builds what this needs; see docs/testing.md."""

import argparse
import os
import pathlib
import signal
import sys

import plane
import report
import session
from scenarios import SCENARIOS


def parse(words):
    lines = "\n".join(
        f"  {name:<13} {one.what}" + (f" [{one.n} VMs]" if one.n else "") for name, one in SCENARIOS.items()
    )
    parser = argparse.ArgumentParser(
        prog="hack/bench",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs a scenario on a control plane of its own, and prints each figure beside its budget.\n"
        "Counts and bytes over budget fail the run; times, memory and processors depend on the machine and are told.",
        epilog=f"scenarios:\n{lines}\n\nThe last line is 'N passed, N failed', of the figures that can fail.",
    )
    parser.add_argument("scenario", choices=SCENARIOS, metavar="NAME", help="what to run")
    parser.add_argument("n", nargs="?", type=int, metavar="N", help="machines")
    parser.add_argument("times", nargs="?", type=int, default=100, metavar="TIMES", help="of apply-storm (100)")
    parser.add_argument("--seconds", type=int, help="of idle, steady and status-storm, instead of their own")
    parser.add_argument(
        "--controller",
        metavar="COMMAND",
        help="run this one instead of vmbridge's; {kubeconfig}, {port}, {gateway_port} and {identity} are filled in",
    )
    parser.add_argument("--name", default=f"b{os.getpid() % 10**6}", help="of the control plane")
    parser.add_argument("--keep", action="store_true", help="leave the control plane running")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="where the figures go (under $VMBRIDGE_LOGS)")
    parser.add_argument("--report", type=pathlib.Path, metavar="DIR", help="write a page of Markdown with charts there")
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    return parser.parse_args(words)


def run(s, logs):
    """Whether the scenario came to its end; what it found by then is told in any case."""
    scenario = SCENARIOS[s.scenario]
    try:
        s.open()
        scenario.run(s)
        return True
    except (plane.Trouble, AssertionError, TimeoutError, OSError) as trouble:
        s.note(f"ended early: {trouble}")
        print(f"error: bench: {trouble}", file=sys.stderr)
        if s.plane:
            print(f"logs in {session.keep_logs(s, logs)}", file=sys.stderr)
        return False
    except (KeyboardInterrupt, SystemExit):
        s.note("stopped by a signal")
        return False
    finally:
        s.close()


def main():
    options = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    one = SCENARIOS[options.scenario]
    n = options.n if options.n is not None else one.n
    logs = pathlib.Path(os.environ.get("VMBRIDGE_LOGS") or plane.CACHE / "logs")
    s = session.Session(options.scenario, n, options)
    ended = run(s, logs / f"bench-{options.scenario}")
    s.figures.show()
    for note in s.notes:
        print(f"note: {note}")
    if s.sampler:
        found = report.document(s)
        file = options.json or logs / f"bench-{options.scenario}-{n}.json"
        report.write_json(found, file)
        print(f"figures in {file}")
        if options.report:
            print(f"report in {report.write_report(found, options.report)}")
    passed, failed = s.figures.verdicts()
    print(f"{passed} passed, {failed + (not ended)} failed")
    return 1 if failed or not ended else 0


if __name__ == "__main__":
    sys.exit(main())
