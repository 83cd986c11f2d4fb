#!/usr/bin/python3
"""Writes docs/performance.md and its chart from the JSON of runs: of hack/bench, of test/bench/run and of plan_growth."""

import argparse
import json
import pathlib

import report
from plane import ROOT

HEAD = """<!-- Made by test/bench/performance.py from the JSON of the runs that are named; run them again and it, do not edit. -->
# Performance

For operators and for whoever doubts. What vmbridge costs, measured, beside its budgets and beside KubeVirt 1.9 where the same work was
measured there. Every figure can be had again: the command stands above its table.

- Counts (requests, events, bytes) are the same on every machine, and over budget they fail the test suite. Times, processors and memory depend on
  the machine; they are told, never judged by a test.
- *Fake nodes*: a real kube-apiserver, etcd, scheduler and controller manager; kwok says of each pod that it runs. Everything shares the processors that
  are named, the load generator included.
- How fast the machine was is told by one figure of the burst: what a VM's status write without a schema costs the API server there. Where the budgets were
  made it was 4.1 to 4.5 ms; times and processors scale with it.
- Shares of the machine that other programs took meanwhile are told under a table: what they took is missing there.
"""

CHARTED = "burst"  # the scenario whose charts stand in the page


def row_of_real(row):
    """A figure of test/bench/run, in the form of hack/bench's."""
    return {**row, "text": row["name"], "is_floor": False, "note": ""}


def table(rows):
    lines = ["| figure | measured | budget | | |", "|---|---:|---:|---|---|"]
    for row in rows:
        verdict = row["verdict"].lower().replace("-", "")
        lines.append(
            f"| {row['text']} | {report.number(row['value'], row['unit'])} | {report.allowed(row)} | {verdict} | {row['note']} |"
        )
    return lines


def chapter(path, folder):
    """Lines of one run, and the machine it ran on. Charts go into the folder."""
    found = json.loads(path.read_text(encoding="utf-8"))
    if "scenario" not in found:
        rows = [row_of_real(row) for row in found["figures"]]
        is_many = any(row["text"].startswith("real guests") for row in rows)
        title = "Real guests, many at once" if is_many else "A real guest"
        count = next((int(row["value"]) for row in rows if row["text"].startswith("real guests")), 0)
        return [f"## {title}", "", f"    hack/up --audit && test/bench/run{f' --guests {count}' if is_many else ''}", "", *table(rows)], None
    words = [found["scenario"], *([str(found["machines"])] if found["machines"] else [])]
    title = found["scenario"].capitalize() + (f" of {found['machines']:,}" if found["machines"] else "")
    lines = [f"## {title}", "", f"    hack/bench {' '.join(words)}", "", *table(found["figures"])]
    if found["notes"]:
        lines += ["", *(f"- {note}" for note in found["notes"])]
    if found["scenario"] == CHARTED:
        for what, file in report.draw(found, folder, f"performance-{CHARTED}"):
            lines += ["", f"![{what}]({file})"]
    return lines, found


def growth(path, chart):
    """The growth of a look at a machine and of its memory, drawn and as a table."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "vmbridge"
    layouts = json.loads(path.read_text(encoding="utf-8"))
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.2))
    for layout, rows in layouts.items():
        sizes = [row["vms"] for row in rows]
        axes[0].plot(sizes, [row["vmiPassMicroseconds"] for row in rows], marker="o", label=f"instance, {layout}")
        axes[0].plot(sizes, [row["vmPassMicroseconds"] for row in rows], marker="s", label=f"VM, {layout}")
        axes[1].plot(sizes, [row["privateBytesPerVM"] / 1024 for row in rows], marker="o", label=layout)
    axes[0].set_ylabel("us of CPU for a look")
    axes[1].set_ylabel("KiB for a running machine")
    for one in axes:
        one.set_xscale("log")
        one.set_ylim(bottom=0)
        one.set_xlabel("machines")
        one.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(chart, metadata={"Date": None})
    lines = ["## Growth", "", "    test/bench/plan_growth --template test/bench/plan_growth.yaml", ""]
    lines += [
        "*Spread* is a hundred machines in a namespace, *one* is all in a single one. A look is CPU of one pass that finds nothing to do; a",
        "resync is what the leader does every half hour, when nothing has changed.",
        "",
        "| layout | machines | a look at a VM | at an instance | memory for a machine | all for the first time | resync of all |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for layout, rows in layouts.items():
        for row in rows:
            first, again = (f"{row[key]:,.0f} ms" if key in row else "" for key in ("firstLookMilliseconds", "resyncMilliseconds"))
            lines.append(
                f"| {layout} | {row['vms']:,} | {row['vmPassMicroseconds']:.0f} us | {row['vmiPassMicroseconds']:.0f} us |"
                f" {row['privateBytesPerVM'] / 1024:.1f} KiB | {first} | {again} |"
            )
    return lines + ["", f"![cost of a look and memory, by number of machines]({chart.name})", "", "More in [scaling](scaling.md)."]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=pathlib.Path, help="JSON of hack/bench and test/bench/run, in the page's order")
    parser.add_argument("--growth", type=pathlib.Path, help="JSON of plan_growth")
    parser.add_argument("--page", type=pathlib.Path, default=ROOT / "docs/performance.md", help="what is written")
    options = parser.parse_args()
    lines, where = [HEAD], None
    for path in options.files:
        more, found = chapter(path, options.page.parent)
        where = where or found
        lines += [*more, ""]
    if where:
        at = "{processors} x {processor}, {memory_mib} MiB, Linux {kernel}".format(**where["machine"])
        lines.insert(1, f"{at}; Kubernetes {where['versions']['kubernetes']}, kwok {where['versions']['kwok']}; {where['date'][:10]}.\n")
    if options.growth:
        lines += growth(options.growth, options.page.with_name("performance-growth.svg"))
    options.page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(options.page)


if __name__ == "__main__":
    main()
