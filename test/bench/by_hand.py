"""The QEMU and the passt of a launcher pod, started once more by hand: the same files, the same command lines with paths of this machine,
no pod around them. Needs root, on the machine that carries the node."""

import copy
import ipaddress
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

import guest  # noqa: E402
from cluster import HANG_S, Failure, check, run  # noqa: E402

LIBRARIES = "usr/lib/x86_64-linux-gnu"
USER = 107  # of a launcher


def words_of(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return [word.decode() for word in file.read().split(b"\0")[:-1]]


def sh(*words, **options):
    done = run(words, **options)
    check(done.returncode == 0, f"{' '.join(map(str, words))}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


class Line:
    """A command line as pairs: an option and its value, which is a dict when it was JSON, else text."""

    def __init__(self, words):
        self.program, self.options = words[0], []
        for word in words[1:]:
            if word.startswith("-"):
                self.options.append([word, None])
            else:
                self.options[-1][1] = json.loads(word) if word.startswith("{") else word

    def words(self):
        found = []
        for option, value in self.options:
            found.append(option)
            if value is not None:
                found.append(json.dumps(value) if isinstance(value, dict) else value)
        return found

    def values(self, option):
        return [value for name, value in self.options if name == option]


def split_keys(text):
    """'socket,id=x,path=/y' -> [('', 'socket'), ('id', 'x'), ('path', '/y')]."""
    return [tuple(part.split("=", 1)) if "=" in part else ("", part) for part in text.split(",")]


def join_keys(pairs):
    return ",".join(f"{key}={value}" if key else value for key, value in pairs)


def is_same(a, b):
    """Two paths of one file, or of one device."""
    a, b = os.stat(a), os.stat(b)
    if stat.S_ISBLK(a.st_mode) and stat.S_ISBLK(b.st_mode):
        return a.st_rdev == b.st_rdev
    return (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)


class Original:
    """What runs in a pod: its programs and command lines, and copies of all files that are the pod's own and go with it."""

    def __init__(self, pod, folder, claims):
        self.folder, self.claims = pathlib.Path(folder), claims
        self.qemu_pid, self.passt_pid = guest.pid_of(pod, "qemu"), guest.pid_of(pod, "passt")
        self.run, self.files = self.folder / "run", self.folder / "files"  # of each run by hand there is a copy
        self.inside = pathlib.Path(f"/proc/{self.qemu_pid}/root")
        self.tree = self.folder / "tree"
        os.chmod(self.folder, 0o755)  # passt is another user
        self._copy_tree()
        self.qemu = self._map_qemu(Line(words_of(self.qemu_pid)))
        self.passt, self.passt_file = self._map_passt(Line(words_of(self.passt_pid)))
        serial = next(device for device in self.qemu.values("-device") if isinstance(device, dict) and device["driver"] == "isa-serial")
        self.console = f"{serial['chardev']}.sock"
        self.groups = self._groups()
        self.nice = os.getpriority(os.PRIO_PROCESS, self.qemu_pid)

    def _copy_tree(self):
        self.tree.mkdir(parents=True, exist_ok=True)
        for name in ("usr", "lib", "lib64", "bin"):
            if not os.path.lexists(self.tree / name):
                sh("cp", "-a", "--no-target-directory", self.inside / name, self.tree / name)

    def _copied(self, path):
        """A file of the pod, at the same place below the folder."""
        place = self.files / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.inside / path.lstrip("/"), place)
        return str(place)

    def _mapped(self, path):
        """A path in the pod as one of this machine: a claim's is the claim's own, any other a copy."""
        for outside in self.claims:
            if is_same(self.inside / path.lstrip("/"), outside):
                return str(outside)
        if path.startswith("/usr/"):
            return str(self.tree / path.lstrip("/"))
        return self._copied(path)

    def _map_qemu(self, line):
        kept = []
        for option, value in line.options:
            if option in ("-S", "-no-shutdown", "-add-fd", "-mon") or (option == "-chardev" and "id=charmonitor" in value):
                continue  # it begins at once, and nobody steers it
            if isinstance(value, dict):
                value = copy.deepcopy(value)
                for key in ("filename", "file"):
                    if isinstance(value.get(key), str) and value[key].startswith("/"):
                        value[key] = self._mapped(value[key])
            elif option == "-chardev":
                value = self._map_chardev(value)
            elif option == "-vnc":
                value = re.sub("unix:[^,]+", f"unix:{self.run}/vnc.sock", value)
            kept.append([option, value])
        line.options = kept
        return line

    def _map_chardev(self, text):
        pairs, found = split_keys(text), []
        name = dict(pairs).get("id")
        is_server = dict(pairs).get("server") == "on"
        for key, value in pairs:
            if key in ("fd", "path"):
                key, value = "path", str(self.run / (f"{name}.sock" if is_server else "passt.sock"))
            elif key == "logfile":
                value = str(self.run / f"{name}.log")
            found.append((key, value))
        return join_keys(found)

    def _map_passt(self, line):
        places = {"--socket": "passt.sock", "-s": "passt.sock", "--pid": "passt.pid", "-P": "passt.pid",
                  "--conf-path": "passt.conf", "--log-file": "passt.log", "-l": "passt.log"}
        for pair in line.options:
            if pair[0] in places:
                pair[1] = str(self.run / places[pair[0]])
        if not {"-f", "--foreground"} & {option for option, _ in line.options}:
            line.options.append(["--foreground", None])
        exe = os.readlink(f"/proc/{self.passt_pid}/exe")
        return line, self.tree / exe.lstrip("/")

    def _groups(self):
        """{folder beside whose groups the pod's is, one in each hierarchy: {file: value} of the pod's}."""
        found = {}
        with open(f"/proc/{self.qemu_pid}/cgroup", encoding="ascii") as file:
            for line in file.read().splitlines():
                _, controllers, path = line.split(":", 2)
                root = f"/sys/fs/cgroup/{controllers.removeprefix('name=')}" if controllers else "/sys/fs/cgroup"
                pod = pathlib.Path(root + path).parent
                if pod.parent.is_dir():
                    found[pod.parent] = {name: (pod / name).read_text(encoding="ascii").strip() for name in GROUP_FILES if (pod / name).exists()}
        check(found, f"the control groups of QEMU {self.qemu_pid} are not to be seen here")
        return found

    def loaded(self, file):
        """The command that runs a program of the pod's tree with the tree's own libraries."""
        return [self.tree / "lib64/ld-linux-x86-64.so.2", "--library-path", self.tree / LIBRARIES, file]

    def qemu_words(self, line):
        return [*self.loaded(self.tree / self.qemu.program.lstrip("/")), "-L", self.tree / "usr/share/qemu",
                "-L", self.tree / "usr/share/seabios", *line.words()]


# What a pod's limits and requests are made of, on both versions of control groups.
GROUP_FILES = ("cpu.shares", "cpu.cfs_period_us", "cpu.cfs_quota_us", "memory.limit_in_bytes", "cpu.weight", "cpu.max", "memory.max",
               "cpuset.cpus", "cpuset.mems")


class Wire:
    """A network of its own on the bridge of a node's pods, as a pod has it: passt is there, and its address is the guest's."""

    def __init__(self, name, number, node_pid, pod_pid):
        self.name, self.node_pid, self.link = name, node_pid, name[:12]
        link = json.loads(sh("nsenter", "-t", pod_pid, "-n", "ip", "-j", "addr", "show", "eth0"))[0]
        family = next(entry for entry in link["addr_info"] if entry["family"] == "inet")
        network = ipaddress.ip_interface(f"{family['local']}/{family['prefixlen']}").network
        route = json.loads(sh("nsenter", "-t", pod_pid, "-n", "ip", "-j", "-4", "route", "show", "default"))[0]
        with open(f"/proc/{pod_pid}/root/sys/class/net/eth0/iflink", encoding="ascii") as file:
            peer = int(file.read())
        bridge = next((entry.get("master") for entry in json.loads(self._node("ip", "-j", "link")) if entry["ifindex"] == peer), None)
        check(bridge, "the pod's network is no bridge of its node")
        self.ip = str(network[-6 - number])
        sh("ip", "netns", "add", name)
        self._node("ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", name)
        self._node("ip", "link", "set", self.link, "mtu", link["mtu"], "master", bridge, "up")
        for words in (["link", "set", "lo", "up"], ["link", "set", "eth0", "mtu", link["mtu"], "up"],
                      ["addr", "add", f"{self.ip}/{network.prefixlen}", "dev", "eth0"], ["route", "add", "default", "via", route["gateway"]]):
            sh("ip", "-n", name, *words)
        sh("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv4.ip_unprivileged_port_start=0")

    def _node(self, *words):
        return sh("nsenter", "-t", self.node_pid, "-n", *words)

    def close(self):
        run(["ip", "netns", "del", self.name])


class Hand:
    """One run of the original by hand. `change` edits the Line of QEMU; `group` and `sandbox` put it back into what a pod has around it."""

    def __init__(self, original, wire, port, *, change=None, group=False, sandbox=None, preload=""):
        self.original, self.wire = original, wire
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hand-", dir=original.folder))
        self.group, self.sandbox, self.preload = group, sandbox, preload
        self.line = copy.deepcopy(original.qemu)
        if change:
            change(self.line)
        self.port, self.processes, self.groups = port, [], []

    def __enter__(self):
        try:
            os.chmod(self.folder, 0o777)
            sh("cp", "-r", "--sparse=always", self.original.files, self.folder / "files")
            if self.wire:
                self._start_passt()
            modules = self.original.tree / LIBRARIES / "qemu"
            self._start("qemu", self.original.qemu_words(self.line), ["env", f"QEMU_MODULE_DIR={modules}"])
            self._await("QEMU's console", (self.folder / self.original.console).exists)
            return self
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        self.processes = []
        for folder in self.groups:
            self._await(f"{folder} to be empty", lambda folder=folder: not (folder / "cgroup.procs").read_text(encoding="ascii"))
            folder.rmdir()
        self.groups = []
        shutil.rmtree(self.folder)

    def _start_passt(self):
        words = self.original.passt.words()
        if str(self.port) not in " ".join(words):
            words += ["--tcp-ports", str(self.port)]
        around = ["ip", "netns", "exec", self.wire.name, "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        preload = [str(self.original.passt_file.parent / "heap.so")]  # else its own filter of system calls ends it, see there
        if self.preload:
            preload.append(self.preload)
        around += ["env", f"LD_PRELOAD={':'.join(preload)}"]
        self._start("passt", [*self.original.loaded(self.original.passt_file), *words], around)
        self._await("passt's socket", lambda: (self.folder / "passt.sock").exists())
        os.chmod(self.folder / "passt.sock", 0o777)

    def _start(self, name, words, around=()):
        command = [self._own(str(word)) for word in [*self._joining(), *around, *self._taking(), *words]]
        log = open(self.folder / f"{name}.out", "ab")  # pylint: disable=consider-using-with
        log.write(f"{' '.join(command)}\n".encode())
        log.flush()
        self.processes.append(subprocess.Popen(  # pylint: disable=consider-using-with
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=lambda: os.setpriority(os.PRIO_PROCESS, 0, self.original.nice)))
        log.close()
        self.processes[-1].label = name

    def _own(self, word):
        """With paths of this run."""
        word = word.replace(f"{self.original.run}/", f"{self.folder}/")
        return word.replace(f"{self.original.files}/", f"{self.folder}/files/")

    def _joining(self):
        """What joins control groups like the pod's."""
        if not self.group:
            return []
        folders = " ".join(map(str, self._make_groups()))
        return ["sh", "-c", f'for d in {folders}; do echo $$ >$d/cgroup.procs; done; exec "$@"', "-"]

    def _taking(self):
        """What takes away as a container's runtime does."""
        return [sys.executable, HERE / "sandboxed.py", self.sandbox, "--"] if self.sandbox else []

    def _make_groups(self):
        if not self.groups:
            for parent, files in self.original.groups.items():
                self.groups.append(parent / self.folder.name)
                self.groups[-1].mkdir()
                for name, value in files.items():
                    (self.groups[-1] / name).write_text(value, encoding="ascii")
        return self.groups

    def _await(self, what, is_true):
        end = time.monotonic() + HANG_S
        while not is_true():
            self.check_alive()
            check(time.monotonic() < end, f"waited in vain for {what}")
            time.sleep(0.05)

    def check_alive(self):
        for process in self.processes:
            if process.poll() is not None:
                said = (self.folder / f"{process.label}.out").read_text(encoding="utf-8", errors="replace")[-600:]
                raise Failure(f"{process.label} by hand ended with {process.returncode}: {said}")

    def shell(self):
        return HandShell(self.folder / self.original.console)


class HandShell(guest.Shell):
    def __init__(self, path):
        super().__init__(None, "by hand")
        self._path = path

    def _connect(self):
        end = guest.socket.socket(guest.socket.AF_UNIX)
        end.settimeout(2)
        end.connect(str(self._path))
        return end
