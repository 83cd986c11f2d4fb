#!/usr/bin/env python3
"""What crowds of strangers at the server's ports cost, beside bounds: memory, and how long those wait who have business there.

usage: test/bench/hostile_conns.py ECHO-SERVER [--quick]

ECHO-SERVER is BUILD/test/integration/serve/echo_server, built without sanitizers. A third of each crowd stands at each port while a probe,
/metrics, a launcher whose address was proven and a new one are let in; strangers have one address, then fifty. Times are the longest
of several. Ends with 1 when a figure is over its bound. --quick: a tenth of each crowd.
"""
import argparse
import contextlib
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import crowd  # noqa: E402
import ws  # noqa: E402

CROWDS = (("silent", 5000), ("slow", 200), ("drip", 200), ("half", 1000))
# Timeouts of the readiness probe, of Prometheus and of a launcher; an eighth of the controller's memory.
PROBE_S, PAGE_S, PROVEN_S, NEW_S, MEMORY_MIB = 2, 10, 10, 10, 32
TRIES = 5
LAUNCHERS, RETURN_S, LAUNCHER_KIB = 2000, 60, 24
AWAY, PROVEN, NEW = "127.0.0.1", "127.0.1.1", "127.0.1."


def page(port, path, source, context=None):
    with socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(source, 0)) as raw:
        with context.wrap_socket(raw) if context else contextlib.nullcontext(raw) as sock:
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            data = b""
            while more := sock.recv(65536):
                data += more
    if not data.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{path}: {data[:60]}")


class Server:
    def __init__(self, program):
        self.folder = tempfile.TemporaryDirectory()
        self.ca = os.path.join(self.folder.name, "ca")
        self.process = subprocess.Popen([program, self.ca], stdout=subprocess.PIPE, text=True)
        self.port, self.endpoint, self.health = map(int, self.process.stdout.readline().split()[1:])
        self.context = ssl.create_default_context(cafile=self.ca)
        self.context.check_hostname = False
        self.next_new = 2

    def probe(self):
        page(self.health, "/healthz", AWAY)

    def metrics(self):
        page(self.port, "/metrics", AWAY, self.context)

    def launcher(self, source):
        ws.WebSocket(self.endpoint, self.ca, "/echo", "echo-v1", "good", source=source).close()

    def proven(self):
        self.launcher(PROVEN)

    def new(self):
        self.next_new += 1
        self.launcher(NEW + str(self.next_new % 250 + 2))

    def memory_mib(self, field="VmRSS"):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith(field)) / 1024

    def stop(self):
        self.process.terminate()
        return self.process.wait(20)


def longest(act):
    worst = 0.0
    for _ in range(TRIES):
        since = time.monotonic()
        act()
        worst = max(worst, time.monotonic() - since)
    return worst


class Table:
    is_over = False

    def row(self, name, value, bound, unit):
        verdict = "ok" if value <= bound else "OVER"
        self.is_over = self.is_over or value > bound
        print(f"{name:<62} {value:>8.2f} {unit:<4} {bound:>6g} {unit:<4} {verdict}", flush=True)


def measure(program, table, manner, number, n_addresses):
    server = Server(program)
    with contextlib.ExitStack() as stack:
        stack.callback(server.process.kill)
        server.proven()
        before = server.memory_mib()
        for port in (server.port, server.endpoint, server.health):
            stack.enter_context(crowd.Crowd(port, manner, number // 3 + 1, n_addresses))
        what = f"{number} {manner}, {n_addresses} address{'es' if n_addresses > 1 else ''}: "
        table.row(what + "a probe", longest(server.probe), PROBE_S, "s")
        table.row(what + "/metrics", longest(server.metrics), PAGE_S, "s")
        table.row(what + "a proven launcher", longest(server.proven), PROVEN_S, "s")
        table.row(what + "a new launcher", longest(server.new), NEW_S, "s")
        table.row(what + "memory", server.memory_mib("VmHWM") - before, MEMORY_MIB, "MiB")
        if server.stop() != 0:
            raise RuntimeError("the server did not end well")


def measure_return(program, table, number, n_addresses):
    """As many launchers as dial at once: each has been taken once, all of them are in."""
    server = Server(program)
    with contextlib.ExitStack() as stack:
        stack.callback(server.process.kill)
        before, since = server.memory_mib(), time.monotonic()
        with crowd.Crowd(server.endpoint, "good", number, n_addresses):
            what = f"{number} launchers dial, {n_addresses} address{'es' if n_addresses > 1 else ''}: "
            table.row(what + "all are in", time.monotonic() - since, RETURN_S, "s")
            time.sleep(1)
            table.row(what + "memory of one", (server.memory_mib() - before) * 1024 / number, LAUNCHER_KIB, "KiB")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    table = Table()
    print(f"{'figure':<62} {'measured':>13} {'bound':>11}")
    for manner, number in CROWDS:
        for n_addresses in (1, 50):
            measure(args.program, table, manner, number // 10 if args.quick else number, n_addresses)
    for n_addresses in (1, 200):
        measure_return(args.program, table, LAUNCHERS // 10 if args.quick else LAUNCHERS, n_addresses)
    return table.is_over


if __name__ == "__main__":
    sys.exit(main())
