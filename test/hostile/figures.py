#!/usr/bin/env python3
"""Measured figures beside their bounds: tests note them, the run prints them at its end.

usage: test/hostile/figures.py FILE    prints the table of a run again

    figures.note("V3: controller's memory with the pod of 5.4 MB, above before", 1.2, 8, "MiB")

A figure alone fails nothing, since times and memory depend on the machine: a test that wants that checks it itself.
"""
import json
import os
import sys
import threading

_lock = threading.Lock()


def path():
    """Where the figures of this run are kept: one JSON object a line."""
    return os.path.join(os.environ["VMB_TEST_LOGS"], "figures.json")


def note(name, value, bound, unit="", at_least=False):
    """One figure; of the same name the last one counts. bound: at most this, or with at_least no less."""
    line = json.dumps({"name": name, "value": value, "bound": bound, "unit": unit, "at_least": at_least})
    with _lock, open(path(), "a", encoding="utf-8") as f:
        f.write(line + "\n")


def read(file):
    found = {}
    if os.path.exists(file):
        with open(file, encoding="utf-8") as f:
            for line in f:
                figure = json.loads(line)
                found[figure["name"]] = figure
    return list(found.values())


def number(value, unit):
    text = f"{value:,.0f}" if isinstance(value, int) or abs(value) >= 1000 else f"{value:.3g}"
    return f"{text} {unit}".strip()


def row(figure):
    value, bound = figure["value"], figure["bound"]
    is_within = value >= bound if figure["at_least"] else value <= bound
    word = "at least" if figure["at_least"] else "at most"
    return figure["name"], number(value, figure["unit"]), f"{word} {number(bound, figure['unit'])}", "within" if is_within else "over"


def table(file):
    """The text of the table; '' when there are no figures."""
    rows = [row(f) for f in sorted(read(file), key=lambda f: f["name"])]
    if not rows:
        return ""
    rows.insert(0, ("figure", "measured", "bound", "verdict"))
    widths = [max(len(r[i]) for r in rows) for i in range(4)]
    return "\n".join(f"{r[0]:<{widths[0]}}  {r[1]:>{widths[1]}}  {r[2]:>{widths[2]}}  {r[3]}" for r in rows)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        sys.exit(0 if sys.argv[1:] in (["-h"], ["--help"]) else 1)
    print(table(sys.argv[1]) or "no figures")
