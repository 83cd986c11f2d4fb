"""What was used: processors by /proc/PID/stat, memory by smaps_rollup, requests by the API server's audit log."""

import base64
import collections
import datetime
import json
import os
import threading
import time
import urllib.request

from plane import ACCOUNTS, SYSTEM

MIB = 2**20
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
READS = ("get", "list", "watch")


def cpu_seconds(pid):
    """User and system time of a process so far; None when it has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return (int(fields[11]) + int(fields[12])) / TICK


def machine_seconds():
    """Processor time that all programs together have had so far, without what was idle or stolen."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq = [int(word) for word in file.readline().split()[1:8]]
    return (user + nice + system + irq + softirq) / TICK


def memory(pid):
    """Bytes: rss, pss, and private, which it alone has written."""
    names = {"Rss": "rss", "Pss": "pss", "Private_Dirty": "private"}
    found = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8", errors="replace") as file:
        for line in file:
            key, _, value = line.partition(":")
            if key in names:
                found[names[key]] = int(value.split()[0]) * 1024
    return found


def peak_rss(pid):
    """The most that a process ever had, in bytes."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * PAGE


class Sampler:
    """Memory each second: of the controller in detail, of the others their RSS, which costs them nothing."""

    def __init__(self, processes):
        self.processes = processes  # {name: pid}, changed by its owner as they come and go
        self.start = time.time()
        self.rows = []  # (seconds, {name: bytes})
        self.marks = []  # (seconds, text)
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def mark(self, text):
        self.marks.append((time.time() - self.start, text))

    def _run(self):
        while not self.over.wait(1):
            row = {}
            for name, pid in list(self.processes.items()):
                try:
                    if name.startswith("controller"):
                        detail = memory(pid)
                        row[name], row[name + " private"] = detail["rss"], detail["private"]
                    else:
                        row[name] = resident(pid)
                except (OSError, ValueError, IndexError, KeyError):
                    continue  # it has ended
            self.rows.append((time.time() - self.start, row))

    def close(self):
        self.over.set()
        self.thread.join(5)


def author(entry):
    """Who asked, in a word."""
    user, agent = entry["user"]["username"], entry.get("userAgent", "")
    if user in [f"system:serviceaccount:{SYSTEM}:{name}" for name in ACCOUNTS]:
        return "controller" if user.endswith(ACCOUNTS[0]) else "controller-b"
    part = agent.rpartition("/")[2] if agent.startswith("kube-controller-manager/") else agent.partition("/")[0]
    return part.rpartition(":")[2] or "driver"


Request = collections.namedtuple("Request", "author verb resource namespace name at code")


class Audit:
    """The API server's own record, read on from where the last reading ended."""

    def __init__(self, path):
        self.path = path
        self.offset = 0

    def skip(self):
        self.offset = os.path.getsize(self.path)

    def read(self):
        """The requests that were answered since, one by one; the file is large."""
        with open(self.path, "rb") as file:
            file.seek(self.offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self.offset += len(line)
                entry = json.loads(line)
                place = entry.get("objectRef", {})
                resource = place.get("resource", entry["requestURI"].partition("?")[0])
                if "subresource" in place:
                    resource += "/" + place["subresource"]
                yield Request(
                    author(entry),
                    entry["verb"],
                    resource,
                    place.get("namespace", ""),
                    place.get("name", ""),
                    entry["requestReceivedTimestamp"],
                    entry.get("responseStatus", {}).get("code", 0),
                )


def seconds_of(stamp):
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


class Window:
    """What is used between its start and its end, by process and by author."""

    def __init__(self, processes, audit, prefix):
        self.processes, self.audit, self.prefix = dict(processes), audit, prefix
        audit.skip()
        self.before = {name: cpu_seconds(pid) for name, pid in self.processes.items()}
        self.busy = machine_seconds()
        self.start = time.time()
        self.cpu, self.first = {}, {}
        self.made = collections.defaultdict(set)  # resource: (namespace, name) of what somebody asked to make
        self.writes, self.gets, self.all, self.refused = (collections.Counter() for _ in range(4))

    def close(self):
        self.end = time.time()
        self.seconds = self.end - self.start
        for name, pid in self.processes.items():
            after = cpu_seconds(pid)
            if after is not None and self.before[name] is not None:
                self.cpu[name] = after - self.before[name]
        # What others took from the machine, this program not among them: it sleeps while it measures.
        others = machine_seconds() - self.busy - sum(self.cpu.values())
        self.others = max(0, others) / (self.seconds * os.cpu_count())
        for request in self.audit.read():
            self._count(request)
        return self

    def _count(self, request):
        key = request.author, request.verb, request.resource
        self.all[key] += 1
        if not request.namespace.startswith(self.prefix):
            return
        if request.verb in READS:
            self.gets[key] += request.verb == "get"
            return
        self.writes[key] += 1
        self.first.setdefault(key, seconds_of(request.at))
        if request.verb == "create":
            self.made[request.resource].add((request.namespace, request.name))
        if request.code >= 400:
            self.refused[key + (request.code,)] += 1

    def events(self, who="controller"):
        return sum(n for (a, _, resource), n in self.writes.items() if a == who and resource == "events")

    def requests(self, who="controller"):
        """Writes about machines, without events."""
        return sum(n for (a, _, resource), n in self.writes.items() if a == who and resource != "events")

    def reads(self, who="controller"):
        """What it asked for one by one, which a cache should have told it."""
        return sum(n for (a, _, _), n in self.gets.items() if a == who)

    def by_kind(self, who="controller"):
        return {f"{verb} {resource}": n for (a, verb, resource), n in sorted(self.writes.items()) if a == who}


def quantiles(values, of=(50, 95, 99)):
    """{50: ..}: the smallest value that so many percent do not exceed; {} of nothing."""
    ordered = sorted(values)
    return {q: ordered[max(0, -(-len(ordered) * q // 100) - 1)] for q in of} if ordered else {}


def stored(etcd_port, keys):
    """{key: bytes} of objects in etcd; a key that is not there is left out."""
    sizes = {}
    for key in keys:
        question = json.dumps({"key": base64.b64encode(key.encode()).decode()}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{etcd_port}/v3/kv/range", question, timeout=10) as answer:
            for found in json.load(answer).get("kvs", []):
                sizes[key] = len(base64.b64decode(found["value"]))
    return sizes
