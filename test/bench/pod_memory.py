"""Memory of what runs in a launcher pod, from /proc/PID/smaps, and what it is made of.

As a program: pod_memory.py NAME=PID..., with monitor and qemu among them, prints a line of JSON for test/bench/pod_switches."""

import collections
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))

import guest  # noqa: E402

# What a page is for, and where that shows.
PARTS = {
    "own": "heap and stacks",  # mappings without a file
    "data": "data of programs and libraries",  # pages of a file that were written: relocations, variables
    "code": "code, its share of it",  # pages of a file as they are on disk, divided among those that have them mapped
}
KEYS = ("Rss", "Pss", "Private_Dirty", "Anonymous")


def mappings(pid):
    """(path, {key: bytes}) of each mapping."""
    path, sums = "", None
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as file:
        for line in file:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                if sums:
                    yield path, sums
                path, sums = " ".join(line.split()[5:]), collections.Counter()
                continue
            key, value = line.split(":", 1)
            if key in KEYS:
                sums[key] += int(value.split()[0]) * 1024
    if sums:
        yield path, sums


def of_process(pid):
    """Bytes of a process: rss, pss, private (written by it alone), guest (shared memory that is a guest's), and pss by PARTS."""
    found = collections.Counter()
    for path, sums in mappings(pid):
        found["rss"] += sums["Rss"]
        found["pss"] += sums["Pss"]
        # A page of a file that the disk has not got yet is dirty too, and nobody's own: an image's, for half a minute.
        found["private"] += min(sums["Private_Dirty"], sums["Anonymous"])
        if "memfd:" in path:
            found["guest"] += sums["Rss"]
        elif path.startswith("/"):
            written = min(sums["Pss"], sums["Anonymous"])
            found["data"] += written
            found["code"] += sums["Pss"] - written
        else:
            found["own"] += sums["Pss"]
    return found


def of_pod(pod):
    """{pid: memory} of the processes of a pod that stay; a probe's comes and goes."""
    used = {}
    for pid in guest.processes(pod["metadata"]["uid"]):
        try:
            used[pid] = of_process(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return used


def of_program(pod, used, program):
    """The sum over a program's processes, of guest.PROGRAMS."""
    total = collections.Counter()
    for pid in guest.pids_of(pod, program):
        total.update(used.get(pid, {}))
    return total


def line_of(pids):
    used = {name: of_process(pid) for name, pid in pids.items()}
    ticks = guest.start_ticks(pids["qemu"]) - guest.start_ticks(pids["monitor"])
    own = used["qemu"]["own"] + used["qemu"]["data"]
    return {**{name: memory["pss"] for name, memory in used.items()}, "qemu_own": own, "seconds": ticks / 100}


if __name__ == "__main__":
    print(json.dumps(line_of(dict(word.split("=") for word in sys.argv[1:]))))
