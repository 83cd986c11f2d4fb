"""What a run found: the table, JSON, and a page of Markdown with charts."""

import datetime
import json
import os
import pathlib
import platform
import re

import budgets
from plane import ROOT, command


class Figures:
    def __init__(self, machines=0):
        self.machines = machines
        self.rows = []

    def add(self, key, value, name=None, note=None):
        """A figure of the table in budgets.py; `name` goes into its text. None was not measured and is not told."""
        if value is None:
            return
        figure = budgets.FIGURES[key]
        budget = figure.limit(self.machines)
        self.rows.append(
            {
                "key": key,
                "text": figure.text.format(name),
                "kind": figure.kind,
                "unit": figure.unit,
                "value": value,
                "budget": budget,
                "is_floor": figure.is_floor,
                "verdict": verdict(figure, value, budget),
                "note": note or figure.note,
            }
        )

    def value(self, key):
        return next((row["value"] for row in self.rows if row["key"] == key), None)

    def show(self):
        form = "{:<62} {:>14} {:>14}  {}"
        print(form.format("figure", "measured", "budget", "verdict"))
        for row in self.rows:
            print(form.format(row["text"], number(row["value"], row["unit"]), allowed(row), row["verdict"]))

    def verdicts(self):
        """(passed, failed) of the figures that can fail."""
        hard = [row for row in self.rows if row["kind"] in budgets.HARD and row["budget"] is not None]
        failed = sum(row["verdict"] == "OVER" for row in hard)
        return len(hard) - failed, failed


def verdict(figure, value, budget):
    if budget is None:
        return "-"
    # Half a per cent is rounding.
    is_kept = value >= budget * 0.995 if figure.is_floor else value <= budget * 1.005
    return "ok" if is_kept else "OVER" if figure.kind in budgets.HARD else "over"


def number(value, unit=""):
    text = f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:.3g}"
    return f"{text} {unit}".strip()


def allowed(row):
    if row["budget"] is None:
        return ""
    return (">= " if row["is_floor"] else "") + number(row["budget"], row["unit"])


def machine():
    """Where it was measured."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    with open("/proc/meminfo", encoding="utf-8") as file:
        total = int(re.search(r"^MemTotal:\s*(\d+)", file.read(), re.M).group(1))
    return {
        "processor": model.group(1) if model else platform.machine(),
        "processors": os.cpu_count(),
        "memory_mib": total // 1024,
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
    }


def versions():
    sums = (ROOT / "hack/cluster/kubernetes/go.mod").read_text(encoding="utf-8")
    kwok = (ROOT / "hack/cluster/kwok/go.mod").read_text(encoding="utf-8")
    found = re.search(r"k8s\.io/kubernetes (v\S+)", sums), re.search(r"sigs\.k8s\.io/kwok (v\S+)", kwok)
    return {
        "vmbridge": (ROOT / "VERSION").read_text(encoding="utf-8").strip(),
        "commit": command("git", "-C", ROOT, "describe", "--always", "--dirty"),
        "kubernetes": found[0].group(1) if found[0] else "",
        "kwok": found[1].group(1) if found[1] else "",
    }


def document(run):
    """Everything, for the JSON."""
    return {
        "scenario": run.scenario,
        "machines": run.n,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "controller": run.options.controller or "vmbridge",
        "machine": run.machine,
        "versions": versions(),
        "figures": run.figures.rows,
        "details": run.details,
        "notes": run.notes,
        "memory": [[round(at, 1), row] for at, row in run.sampler.rows],
        "marks": [[round(at, 1), text] for at, text in run.sampler.marks],
    }


def write_json(found, path):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def write_report(found, folder):
    """A page and its charts."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{found['scenario']}-{found['machines']}" if found["machines"] else found["scenario"]
    charts = draw(found, folder, name)
    machine_line = "{processors} x {processor}, {memory_mib} MiB, Linux {kernel}".format(**found["machine"])
    lines = [
        f"# Bench: {found['scenario']}" + (f", {found['machines']:,} VMs" if found["machines"] else ""),
        "",
        f"{found['date']}, vmbridge {found['versions']['vmbridge']} ({found['versions']['commit']}), "
        f"Kubernetes {found['versions']['kubernetes']}, kwok {found['versions']['kwok']}; {machine_line}.",
        f"Controller: `{found['controller']}`.",
        "",
        "| figure | measured | budget | verdict | |",
        "|---|---:|---:|---|---|",
    ]
    for row in found["figures"]:
        measured = number(row["value"], row["unit"])
        lines.append(f"| {row['text']} | {measured} | {allowed(row)} | {row['verdict']} | {row['note']} |")
    lines += ["", *[f"- {note}" for note in found["notes"]], ""]
    lines += [f"![{title}]({file})\n" for title, file in charts]
    lines += details_tables(found["details"])
    path = folder / f"{name}.md"
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return path


def details_tables(details):
    """Tables of numbers that belong to no budget: requests by author."""
    lines = []
    for title, table in details.get("tables", {}).items():
        lines += [f"## {title}", "", "| | |", "|---|---:|"]
        lines += [f"| {name} | {number(value)} |" for name, value in table.items()]
        lines.append("")
    return lines


def draw(found, folder, name):
    """(title, file) of the charts that there is something for."""
    import matplotlib  # only here: the rest works without it

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "vmbridge"  # the same numbers give the same file
    from matplotlib import pyplot

    made = []
    for title, has, paint in (
        ("Memory of the controller over time", found["memory"], paint_memory),
        ("From create to Ready, by stage", found["details"].get("stages"), paint_stages),
        ("CPU per VM, by process", found["details"].get("cpu_per_vm_ms"), paint_cpu),
    ):
        if not has:
            continue
        figure, axes = pyplot.subplots(figsize=(8, 4))
        paint(axes, found)
        axes.set_title(title, loc="left", fontsize=11)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        figure.tight_layout()
        file = f"{name}-{paint.__name__.removeprefix('paint_')}.svg"
        figure.savefig(folder / file, metadata={"Date": None})
        pyplot.close(figure)
        made.append((title, file))
    return made


def paint_memory(axes, found):
    names = sorted({name for _, row in found["memory"] for name in row if name.startswith("controller")})
    for name in names:
        points = [(at, row[name] / 2**20) for at, row in found["memory"] if name in row]
        axes.plot(*zip(*points), label=name if name.endswith("private") else name + " RSS", linewidth=1.3)
    top = axes.get_ylim()[1]
    for at, text in joined(found["marks"], 0.03 * found["memory"][-1][0]):
        axes.axvline(at, color="#bbbbbb", linewidth=0.8)
        axes.text(at, top, " " + text, rotation=90, fontsize=7, va="top", color="#666666")
    axes.set_xlabel("seconds")
    axes.set_ylabel("MiB")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8, loc="lower right")


def joined(marks, apart):
    """Marks that are too near to each other to be read become one."""
    found = []
    for at, text in marks:
        if found and at - found[-1][0] < apart:
            found[-1] = found[-1][0], f"{found[-1][1]}, {text}"
        else:
            found.append((at, text))
    return found


def paint_stages(axes, found):
    """How many machines have come so far after how many seconds."""
    for name, percentiles in found["details"]["stages"].items():
        points = sorted((value, int(q)) for q, value in percentiles.items())
        axes.plot([p[0] for p in points], [p[1] for p in points], marker=".", label=name, linewidth=1.3)
    axes.set_xlabel("seconds after the create")
    axes.set_ylabel("per cent of the machines")
    axes.set_ylim(0, 101)
    axes.set_xlim(left=0)
    axes.legend(frameon=False, fontsize=8, loc="lower right")


def paint_cpu(axes, found):
    used = sorted(found["details"]["cpu_per_vm_ms"].items(), key=lambda item: item[1])
    bars = axes.barh([name for name, _ in used], [value for _, value in used], color="#4c78a8", height=0.6)
    axes.bar_label(bars, labels=[f" {value:.2f}" for _, value in used], fontsize=8)
    axes.set_xlabel("ms")
