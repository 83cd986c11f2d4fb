"""One replica of the controller as a process: started, asked for its metrics, stopped; what it leaves behind is judged."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import controller_page  # world.py has put test/support into the path
from limits import HANG_S

SANITIZER = re.compile(r"ERROR: AddressSanitizer|ERROR: LeakSanitizer|runtime error:|handles are left|BUG")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Controller:
    number = 0

    def __init__(self, binary, folder, kubeconfig, identity=None, env=None, options=()):
        Controller.number += 1
        self.identity = identity or f"c{Controller.number}"
        self.port = free_port()
        self.log_path = os.path.join(folder, f"controller-{Controller.number}-{self.identity}.log")
        command = [binary, "--kubeconfig", kubeconfig, "--namespace", "vmbridge-system", "--identity", self.identity,
                   "--address", "127.0.0.1", "--port", str(self.port), "--launcher-image", "localhost/vmbridge/launcher:test", *options]
        settings = {"UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", "ASAN_OPTIONS": "detect_leaks=1"}
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **settings, **(env or {})})
        self.told = False

    def lines(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            for line in f:
                if line.startswith("{"):
                    try:
                        yield json.loads(line)
                    except ValueError:
                        continue  # the last line, half written

    def said(self, message):
        return [line for line in self.lines() if line["msg"] == message]

    def until_said(self, message):
        end = time.monotonic() + HANG_S
        while not self.said(message):
            if self.process.poll() is not None:
                raise AssertionError(f"the controller ended with {self.process.returncode}: {self.tail()}")
            if time.monotonic() > end:
                raise AssertionError(f"the controller did not say '{message}' within {HANG_S} s: {self.tail()}")
            time.sleep(0.02)
        return self

    def until_ready(self):
        """Serving, with whole caches; whether it leads is another matter."""
        end = time.monotonic() + HANG_S
        self.until_said("serving")
        while self.page("/readyz")[0] != 200:
            if time.monotonic() > end:
                raise AssertionError(f"the controller is not ready after {HANG_S} s: {self.page('/readyz')}")
            time.sleep(0.02)
        return self

    def until_leads(self):
        return self.until_said("lease won").until_ready()

    def page(self, path):
        return controller_page.page(self.port, path)

    def metrics(self):
        """{"name{labels}": value}"""
        status, text = self.page("/metrics")
        assert status == 200, (status, text)
        return controller_page.numbers(text)

    def requests(self):
        """{(method, resource): number} of requests that ended, without those of the Lease, watches and lists."""
        found = {}
        for name, value in self.metrics().items():
            if name.startswith("vmbridge_client_requests_total{"):
                labels = dict(re.findall(r'(\w+)="([^"]*)"', name))
                if labels["resource"] != "leases":
                    key = labels["verb"], labels["resource"]
                    found[key] = found.get(key, 0) + value
        return found

    def tail(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-12:])

    def signal(self, number):
        self.told = self.told or number == signal.SIGTERM
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it politely: it must end well, leave no memory behind and break no rule of the sanitizers."""
        if self.process.poll() is None and not self.told:
            self.signal(signal.SIGTERM)  # once: a second one ends it at once
        try:
            code = self.process.wait(HANG_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the controller did not end within {HANG_S} s of SIGTERM: {self.tail()}") from None
        self.judge(code, 0)

    def judge(self, code, wanted):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            text = f.read()
        found = SANITIZER.search(text)
        assert not found, f"{self.log_path}: {text[found.start():found.start() + 3000]}"
        assert code == wanted, f"the controller ended with {code}, not {wanted}: {self.tail()}"
        assert "eyJ" not in text, f"a token in {self.log_path}"
