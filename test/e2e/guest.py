"""Looking into a guest: its serial console's root shell; and the processes around it, found by the pod's control group."""

import os
import re
import signal
import socket
import threading
import time
import uuid

from cluster import HANG_S, Failure, check


def processes(pod_uid):
    """{pid: name} of all processes of a pod, as this host numbers them; nodes of the local cluster are part of it."""
    marks = (pod_uid, pod_uid.replace("-", "_"))
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/cgroup", encoding="ascii") as file:
                groups = file.read()
            if any(mark in groups for mark in marks):
                with open(f"/proc/{entry}/comm", encoding="utf-8", errors="replace") as file:
                    found[int(entry)] = file.read().strip()
        except OSError:
            continue  # it has just ended
    return found


PROGRAMS = {"qemu": "qemu-system-", "libvirtd": "libvirtd", "manager": "virt-launcher", "passt": "passt"}


def pids_of(pod, program):
    """Pids of one of PROGRAMS in a pod. The supervisor's name is cut like the manager's, so it is told by its arguments."""
    found = []
    for pid, name in sorted(processes(pod["metadata"]["uid"]).items()):
        if not name.startswith(PROGRAMS[program]):
            continue
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                first = file.read().split(b"\0")[0].decode()
        except OSError:
            continue
        if program != "manager" or first.rsplit("/", 1)[-1] == "virt-launcher":
            found.append(pid)
    return found


def pid_of(pod, program):
    found = pids_of(pod, program)
    check(found, lambda: f"no {program} in pod {pod['metadata']['name']}: {processes(pod['metadata']['uid'])}")
    return found[0]


def kill(pod, program):
    """SIGKILL; gives the pid."""
    pid = pid_of(pod, program)
    os.kill(pid, signal.SIGKILL)
    return pid


def disks_of(pid):
    """{(device, inode)} of the disk images of claims that a QEMU has open."""
    found = set()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(entry.path).endswith("/disk.img"):
                status = os.stat(entry.path)
                found.add((status.st_dev, status.st_ino))
        except OSError:
            continue  # it has just been closed
    check(found, f"QEMU {pid} has no disk of a claim open")
    return found


class Holders:
    """Looks, while it is entered, which QEMUs on this machine have one of some disks open; nodes of the local cluster are part of it."""

    def __init__(self, disks):
        self._disks = disks
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.most = 0  # at a time
        self.all = []
        self.first_s = 0.0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _look(self):
        since = time.monotonic()
        while not self._over.wait(0.02):
            now = [pid for pid in self._qemus() if self._has(pid)]
            self.most = max(self.most, len(now))
            self.all += [pid for pid in now if pid not in self.all]
            if self.all and self.all[0] in now:
                self.first_s = time.monotonic() - since

    @staticmethod
    def _qemus():
        for entry in os.listdir("/proc"):
            try:
                with open(f"/proc/{entry}/comm", encoding="utf-8", errors="replace") as file:
                    if file.read().startswith(PROGRAMS["qemu"]):
                        yield entry
            except OSError:
                continue  # no process, or one that has just ended

    def _has(self, pid):
        try:
            for entry in os.scandir(f"/proc/{pid}/fd"):
                status = os.stat(entry.path)
                if (status.st_dev, status.st_ino) in self._disks:
                    return True
        except OSError:
            return False
        return False


def start_ticks(pid):
    """When a process started, in hundredths of seconds since boot."""
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return int(file.read().rsplit(")", 1)[1].split()[19])


def _console_sockets(pid):
    """Listening Unix sockets of QEMU's network namespace that are consoles, as seen from this host."""
    found = []
    with open(f"/proc/{pid}/net/unix", encoding="utf-8", errors="replace") as file:
        for line in file.readlines()[1:]:
            words = line.split()
            listening = int(words[3], 16) & 0x10000
            if len(words) == 8 and listening and re.search(r"serial|console", words[7]):
                found.append(f"/proc/{pid}/root{words[7]}")
    return sorted(set(found))


class Shell:
    """Root's shell on the serial console of a guest."""

    def __init__(self, case, name):
        self._case = case
        self._name = name

    def _connect(self):
        pod = self._case.launcher(self._name)
        check(pod, f"{self._name} has no launcher pod")
        sockets = _console_sockets(pid_of(pod, "qemu"))
        check(sockets, f"pod {pod['metadata']['name']} has no console socket")
        end = socket.socket(socket.AF_UNIX)
        end.settimeout(2)
        # Through a file descriptor of the folder: the path may be longer than a socket's address can be.
        folder, file = os.path.split(sockets[0])
        place = os.open(folder, os.O_PATH)
        try:
            end.connect(f"/proc/self/fd/{place}/{file}")
        finally:
            os.close(place)
        return end

    def run(self, command, timeout=HANG_S):
        """What the command prints. Fails when it fails."""
        deadline = time.monotonic() + timeout
        heard = b""
        while time.monotonic() < deadline:
            try:
                with self._connect() as end:
                    status, text, heard = _ask(end, command, min(30, deadline - time.monotonic()))
            except OSError as error:
                status, heard = None, str(error).encode()
            if status is not None:
                check(status == 0, f"in guest {self._name}: '{command}' ended with {status}: {text}")
                return text
            time.sleep(1)
        raise Failure(f"guest {self._name} did not answer '{command}' on its console; heard: {heard[-300:]!r}")

    def facts(self):
        """What vm-facts says, {name: [values]}."""
        found = {}
        for line in self.run("vm-facts").splitlines():
            name, _, value = line.strip().partition(" ")
            found.setdefault(name, []).append(value)
        return found

    def memory_mib(self):
        """Memory that the firmware gave the guest."""
        total = 0
        for line in self.run("grep -i 'System RAM' /proc/iomem").splitlines():
            first, last = re.match(r"\s*([0-9a-f]+)-([0-9a-f]+)", line).groups()
            total += int(last, 16) - int(first, 16) + 1
        return total / 2**20

    def boot(self):
        """(id of this boot, seconds since)."""
        words = self.run("cat /proc/sys/kernel/random/boot_id /proc/uptime").split()
        return words[0], float(words[1])


def _ask(end, command, seconds):
    """(exit status or None, output, all that was heard). The marks are written so that their echo is not one."""
    mark = uuid.uuid4().hex[:8]
    begin, finish = f"begin-{mark}".encode(), f"end-{mark}-".encode()
    line = f"echo be''gin-{mark}; {command}; echo e''nd-{mark}-$?\n"
    end.sendall(b"\x03\n")
    time.sleep(0.2)
    end.sendall(line.encode())
    heard = b""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            part = end.recv(65536)
        except TimeoutError:
            part = b""
            if not heard:
                end.sendall(b"\n")
        heard += part
        found = re.search(re.escape(begin) + rb"\r?\n(.*?)" + re.escape(finish) + rb"(\d+)", heard, re.S)
        if found:
            text = found.group(1).decode("utf-8", "replace").replace("\r", "")
            return int(found.group(2)), text.strip(), heard
    return None, "", heard
