"""One machine's life, recorded: created, running, switched off, switched on. Many rules are about what was seen meanwhile."""

import threading
import time

import machines
from case import Case, Shared
from guest import Shell

NAME = "life"


class Life:
    """Recorders of all versions of VM, VMI and pods, the objects at rest, and what the first guest printed."""

    def __init__(self, t):
        self.t = t
        self.vms, self.vmis, self.pods = (t.watch(kind) for kind in ("vm", "vmi", "pod"))
        self.created = time.time()
        t.apply(machines.machine(NAME, labels={"e2e": NAME, "user": "kept"}))
        t.until_running(NAME)
        self._settle()
        self.running = self._snapshot()
        self.first_boot = Shell(t, NAME).boot()[0]
        self.first_log = self._follow_log()
        self.halted = time.time()
        t.patch("vm", NAME, {"spec": {"runStrategy": "Halted"}})
        t.until_status(NAME, "Stopped")
        t.until_gone("vmi", NAME)
        self._settle()
        self.stopped = self._snapshot()
        self.restarted = time.time()
        t.patch("vm", NAME, {"spec": {"runStrategy": "Always"}})
        t.until_running(NAME)
        self._settle()
        self.again = self._snapshot()
        self.second_boot = Shell(t, NAME).boot()[0]

    def _settle(self):
        """Until the VM was not written for two seconds."""
        last, since = None, time.monotonic()
        while time.monotonic() - since < 2:
            time.sleep(0.2)
            vm = self.t.get("vm", NAME)
            if vm["metadata"]["resourceVersion"] != last:
                last, since = vm["metadata"]["resourceVersion"], time.monotonic()

    def _snapshot(self):
        return {"vm": self.t.get("vm", NAME), "vmi": self.t.get("vmi", NAME), "pod": self.t.launcher(NAME)}

    def _follow_log(self):
        """The console's text, gathered until the container ends."""
        lines = []
        pod = self.t.launcher(NAME)["metadata"]["name"]
        _, answer = self.t.api.stream(f"{self.t.api.path('pod', self.t.ns, pod)}/log?container=compute&follow=true")

        def gather():
            while part := answer.readline():
                lines.append(part.decode("utf-8", "replace"))

        threading.Thread(target=gather, daemon=True).start()
        return lines

    def seen(self, recorder):
        """Versions of the machine's objects, oldest first, with the time each was seen."""
        return [(seen, item) for seen, event, item in recorder.entries if event != "DELETED"]


def _make(api):
    t = Case(api, "test_life")
    t.keep = True
    try:
        return Life(t)
    except Exception:
        t.close(failed=True, keep_all=False)
        raise


life = Shared(_make)
