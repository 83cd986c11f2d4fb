"""The users and the launchers, played by the program vmbridge-load: a command a line, an answer a line."""

import json
import queue
import subprocess
import threading

from plane import Trouble, check


class Load:
    def __init__(self, program, kubeconfig, namespaces, log, prefix="bench"):
        self.namespaces = [f"{prefix}-{number}" for number in range(namespaces)]
        words = [str(program), "--kubeconfig", str(kubeconfig), "--namespaces", str(namespaces), "--prefix", prefix]
        self.log = log
        with open(log, "w", encoding="utf-8") as file:
            self.process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, encoding="utf-8", bufsize=1
            )
        self.pid = self.process.pid
        self.lock = threading.Lock()
        self.answers = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put(None)

    def ask(self, do, patience=60, **more):
        """The answer, whether it went well or not."""
        with self.lock:
            check(self.process.poll() is None, self._ended)
            self.process.stdin.write(json.dumps({"do": do, **more}, separators=(",", ":")) + "\n")
            self.process.stdin.flush()
            try:
                line = self.answers.get(timeout=patience)
            except queue.Empty:
                raise Trouble(
                    f"vmbridge-load did not answer '{do}' within {patience:g} s; its log: {self.log}"
                ) from None
        check(line is not None, self._ended)
        return json.loads(line)

    def do(self, do, patience=60, **more):
        answer = self.ask(do, patience, **more)
        check(answer.get("ok"), f"vmbridge-load: {do}: {answer.get('error', answer)}")
        check(not answer.get("failed"), f"vmbridge-load: {do}: {answer.get('failed')} requests failed; see {self.log}")
        return answer

    def wait(self, what, n, timeout_s):
        return self.do("wait", timeout_s + 30, **{"for": what, "n": n, "timeout_s": timeout_s})

    def times(self, file):
        """{"ns/name": {stage: ms}}"""
        self.do("times", 120, file=str(file))
        with open(file, encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        return {row.pop("vm"): row for row in rows}

    def versions(self, file):
        """{(kind, key): (uid, generation, resourceVersion)}"""
        self.do("versions", 120, file=str(file))
        with open(file, encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        return {(r["kind"], r["key"]): (r["uid"], r.get("generation"), r["resourceVersion"]) for r in rows}

    def _ended(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            tail = "".join(file.readlines()[-6:])
        return f"vmbridge-load ended with {self.process.poll()}: {tail}"

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
