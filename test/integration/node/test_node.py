#!/usr/bin/env python3
"""vmbridge-node with a real kubelet: what it offers, how it comes back, what strangers on its sockets cost.

usage: test/integration/node/run BUILD [TEST...]
"""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import world
from world import BACK_S, PLUGINS, PRIVATE_KIB, RSS_KIB, Agent, allocatable, await_true, exec_in_node, kubectl, pod, restart_kubelet, run_pod

from limits import figure

IDLE_S, IDLE_WAKES = 3, 2
STAND_IN = "/run/vmbridge-test/stand-in"
OPENS = "id -u; grep -E '^(CapEff|Seccomp):' /proc/self/status; exec 3<>{0} && echo opened"
PROGRAM = ""


def has_sanitizers():
    """Then memory says nothing."""
    with open(PROGRAM, "rb") as file:
        return b"__asan_init" in file.read()


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        exec_in_node("mkdir", "-p", os.path.dirname(STAND_IN))
        cls.make_stand_in()

    @staticmethod
    def make_stand_in():
        """Another /dev/null, that a test may take away."""
        exec_in_node("mknod", "-m", "666", STAND_IN, "c", "1", "3")

    @classmethod
    def tearDownClass(cls):
        exec_in_node("rm", "-rf", os.path.dirname(STAND_IN))

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="vmbridge-node-")  # pylint: disable=consider-using-with
        self.log = os.path.join(self.folder.name, "log")
        self.agents = []

        self.begin = time.monotonic()

    def tearDown(self):
        print(f"     took {time.monotonic() - self.begin:.1f} s", flush=True)
        world.delete_pods()
        for agent in self.agents:
            if agent.shell.poll() is None:
                self.assertEqual(agent.kill(signal.SIGTERM), 0)
        self.folder.cleanup()

    def agent(self, *words):
        agent = Agent(PROGRAM, self.log, *words)
        self.agents.append(agent)
        return agent

    def served(self, words=(f"--device=a={STAND_IN}:3",), device="a"):
        agent = self.agent(*words)
        agent.await_watched(device)
        return agent

    def is_back(self, what, begin, agent, device="a", after=0):
        """The kubelet watches again, and gives a share to a new pod."""
        agent.await_line("the kubelet watches the device", device, after)
        figure(f"{what}: the kubelet watches again", time.monotonic() - begin, f"{BACK_S} s")
        await_true("the node to offer 3 again", lambda: allocatable(device) == "3")
        self.assertIn("opened", run_pod("again", OPENS.format(STAND_IN), **{device: 1}))


class Offer(Case):
    def test_a_pod_without_privilege_gets_its_device_and_shares_are_counted(self):
        self.served()
        await_true("the node to offer 3", lambda: allocatable("a") == "3")
        kubectl.apply(pod("none", f"test -e {STAND_IN} || echo none"))
        said = run_pod("one", OPENS.format(STAND_IN), a=1)
        self.assertEqual(said.split(), ["107", "CapEff:", "0000000000000000", "Seccomp:", "2", "opened"])
        await_true("the pod without a share to end", lambda: world.phase("none") == "Succeeded")
        self.assertIn("none", kubectl("logs", "none"))
        kubectl.apply(pod("two", "sleep 600", a=2), pod("three", "sleep 600", a=2))
        await_true("one of them to run", lambda: "Running" in (world.phase("two"), world.phase("three")))
        waits = "two" if world.phase("three") == "Running" else "three"
        await_true("the other to wait for a share", lambda: "Insufficient devices.kubevirt.io/a" in kubectl(
            "get", "pod", waits, "-o", "jsonpath={.status.conditions[*].message}"))
        kubectl("delete", "pod", "three" if waits == "two" else "two")
        await_true("it to run when the share is free", lambda: world.phase(waits) == "Running")

    @unittest.skipUnless(os.path.exists("/dev/kvm"), "this machine has no /dev/kvm")
    def test_kvm_is_offered_as_the_check_says_or_by_force(self):
        begin = time.monotonic()
        check = exec_in_node(PROGRAM, "--check", "--device=kvm", check=False)
        figure("--check of /dev/kvm", time.monotonic() - begin, "1 s")
        agent = self.agent("--device", f"kvm=:3,a={STAND_IN}:3")
        if not re.fullmatch(r"kvm +works\n", check):
            reason = check.split(None, 1)[1].strip()
            agent.await_line("the device is not offered", "kvm")
            self.assertEqual(agent.lines("the device is not offered", "kvm")[0]["error"], reason)
            agent.await_watched("a")
            self.assertEqual(agent.lines("the kubelet watches the device", "kvm"), [])
            agent.kill(signal.SIGTERM)
            self.agent("--device=kvm=:3", "--force=kvm").await_watched("kvm")
        await_true("the node to offer 3", lambda: allocatable("kvm") == "3")
        # Not among what a runtime gives to every container: only the plugin's permission opens it.
        self.assertIn("opened", run_pod("kvm", OPENS.format("/dev/kvm"), kvm=1))


class Recovery(Case):
    def test_the_plugin_is_killed(self):
        first = self.served()
        first.kill()
        begin = time.monotonic()
        self.is_back("plugin killed", begin, self.agent(f"--device=a={STAND_IN}:3"))

    def test_the_kubelet_restarts_twice(self):
        agent = self.served()
        for _ in range(2):
            n = len(agent.lines("the kubelet watches the device", "a"))
            begin = time.monotonic()
            restart_kubelet()
            agent.await_line("the kubelet watches the device", "a", n)
        self.is_back("kubelet restarted twice, its own start counts", begin, agent, after=n)

    def test_the_folder_is_wiped(self):
        agent = self.served()
        exec_in_node("find", PLUGINS, "-name", "vmbridge-*", "-delete")
        begin = time.monotonic()
        agent.await_line("the socket is made anew", "a")
        figure("sockets wiped: they are there again", time.monotonic() - begin, f"{BACK_S} s")
        self.assertEqual(exec_in_node(PROGRAM, "--healthy", f"--device=a={STAND_IN}"), "")
        n = len(agent.lines("the kubelet watches the device", "a"))
        exec_in_node("find", PLUGINS, "-type", "s", "-delete")
        agent.await_line("the socket is made anew", "a", 1)
        # The kubelet's socket went too: it keeps what it watches, and hears of nobody new until it starts again.
        self.assertIn("opened", run_pod("wiped", OPENS.format(STAND_IN), a=1))
        begin = time.monotonic()
        restart_kubelet()
        self.is_back("folder wiped and kubelet restarted, its own start counts", begin, agent, after=n)

    def test_the_folder_goes(self):
        agent = self.served()
        exec_in_node("mv", PLUGINS, PLUGINS + ".away")
        self.addCleanup(restart_kubelet)
        self.addCleanup(exec_in_node, "mv", PLUGINS + ".away", PLUGINS)
        self.assertEqual(agent.shell.wait(world.HANG_S), 1)
        self.assertIn("there is no folder", agent.lines("it ends")[0]["error"])

    def test_the_device_goes_and_comes(self):
        agent = self.served()
        await_true("the node to offer 3", lambda: allocatable("a") == "3")
        exec_in_node("rm", STAND_IN)
        begin = time.monotonic()
        agent.await_line("the device is not offered", "a")
        await_true("the node to offer none", lambda: allocatable("a") == "0")
        figure("device removed: the node offers none", time.monotonic() - begin, f"{BACK_S} s")
        self.make_stand_in()
        begin = time.monotonic()
        agent.await_line("the device works", "a", 1)
        figure("device restored: it is healthy", time.monotonic() - begin, f"{BACK_S} s")
        await_true("the node to offer 3 again", lambda: allocatable("a") == "3")
        self.assertIn("opened", run_pod("again", OPENS.format(STAND_IN), a=1))

    def test_the_kubelet_restarts_without_the_plugin_and_then_the_node_does(self):
        agent = self.served()
        await_true("the node to offer 3", lambda: allocatable("a") == "3")
        kubectl.apply(pod("held", f"exec 3<>{STAND_IN}; sleep 600", a=1))
        await_true("its pod to run", lambda: world.phase("held") == "Running")
        before = kubectl.json("get", "pod", "held")["status"]["containerStatuses"][0]["containerID"]
        agent.kill()
        restart_kubelet()
        await_true("the node to offer none", lambda: allocatable("a") == "0")
        now = kubectl.json("get", "pod", "held")["status"]
        self.assertEqual((now["phase"], now["containerStatuses"][0]["containerID"]), ("Running", before))
        world.restart_node()
        await_true("the pod to be refused", lambda: world.phase("held") == "Failed")
        now = kubectl.json("get", "pod", "held")["status"]
        self.assertEqual(now["reason"], "UnexpectedAdmissionError")
        self.assertRegex(now["message"], "^Pod was rejected: .*devices.kubevirt.io/a")
        self.assertEqual([c for c in now.get("containerStatuses", []) if "running" in c["state"]], [])
        exec_in_node("mkdir", "-p", os.path.dirname(STAND_IN))
        self.make_stand_in()
        begin = time.monotonic()
        self.is_back("node restarted", begin, self.served())

    def test_a_second_one_makes_one_of_them_end(self):
        first = self.served()
        self.agent(f"--device=a={STAND_IN}:3").await_watched("a")
        self.assertEqual(first.shell.wait(world.HANG_S), 1)
        self.assertIn("only one vmbridge-node", first.lines("it ends")[0]["error"])


class Strangers(Case):
    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(f"{world.RUN}/node1/kubelet/device-plugins/vmbridge-a.sock")
        return s

    def test_nothing_grows_and_the_kubelet_is_not_shut_out(self):
        agent = self.served()
        self.assertEqual(oct(os.stat(f"{world.RUN}/node1/kubelet/device-plugins/vmbridge-a.sock").st_mode & 0o777), "0o600")
        files, (_, private) = agent.files(), agent.memory()
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
        pings = b"\0\0\x08\x06\0\0\0\0\0........" * 10000
        silent = []

        def dial():
            for _ in range(300):
                silent.append(self.connect())

        threads = [threading.Thread(target=dial) for _ in range(3)]  # faster than they can be closed
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        for n in range(300):
            s = self.connect()
            silent.append(s)
            s.setblocking(False)
            try:
                if n % 3 == 1:
                    s.send(b"GET / HTTP/1.1\r\n\r\n")
                elif n % 3 == 2:
                    s.send(preface + pings)  # and never reads
            except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                pass
        time.sleep(0.5)
        self.assertLess(agent.files(), files + 8)
        print(f"     private memory under strangers: {agent.memory()[1]} KiB (budget {PRIVATE_KIB})", flush=True)
        if not has_sanitizers():
            self.assertLess(agent.memory()[1], private + 1024)
        self.assertEqual(exec_in_node(PROGRAM, "--healthy", f"--device=a={STAND_IN}"), "")
        self.assertEqual(agent.watched("a"), 1)
        self.assertIn("opened", run_pod("among-strangers", OPENS.format(STAND_IN), a=1))
        for s in silent:
            s.close()
        await_true("their connections to go", lambda: agent.files() <= files)

    def test_healthy_says_who_does_not_answer(self):
        done = subprocess.run([PROGRAM, "--healthy", "--device=a=/dev/null", "--plugin-dir=/nowhere"], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, "a +it does not connect")


class Cost(Case):
    def test_memory_and_idle(self):
        agent = self.served(("--device", f"a={STAND_IN}:3,b=/dev/null,c=/dev/zero"))
        agent.await_watched("b")
        agent.await_watched("c")
        time.sleep(1)
        cost = agent.cost(IDLE_S)
        rss, private, wakes = cost["rss"], cost["private"], cost["wakes"]
        print(f"     resident {rss} KiB (budget {RSS_KIB}), private {private} KiB (budget {PRIVATE_KIB}), woken {wakes} times in "
              f"{IDLE_S} s (budget {IDLE_WAKES}), {cost['cpu_ms']:.2f} ms of CPU, program {os.path.getsize(PROGRAM) // 1024} KiB", flush=True)
        if not has_sanitizers():
            self.assertLess(rss, RSS_KIB)
            self.assertLess(private, PRIVATE_KIB)
        self.assertLessEqual(wakes, IDLE_WAKES)


class Deployed(Case):
    """deploy/node by hack/deploy-node, as hack/up --kvm does it, with devices that are here."""

    def test_the_daemon_sets_offer_devices_without_privilege(self):
        self.addCleanup(kubectl, "delete", "namespace", "vmbridge-node", "--wait=true")
        begin = time.monotonic()
        done = subprocess.run([world.ROOT / "hack/deploy-node", os.environ["VMB_TEST_IMAGE"], "kvm=:3,tun=:3,null=/dev/null:3"],
                              capture_output=True, text=True, timeout=world.HANG_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        figure("DaemonSets applied: ready", time.monotonic() - begin, "10 s")
        self.assertEqual([d["status"].get("numberReady") for d in kubectl.json("-n", "vmbridge-node", "get", "daemonsets")["items"]], [1, 1])
        await_true("the node to offer the stand-in", lambda: allocatable("null") == "3")
        said = run_pod("stand-in", OPENS.format("/dev/null"), null=1)
        self.assertEqual(said.split(), ["107", "CapEff:", "0000000000000000", "Seccomp:", "2", "opened"])
        if os.path.exists("/dev/net/tun"):
            await_true("the node to offer tun", lambda: allocatable("tun") == "3")
            self.assertIn("opened", run_pod("tun", OPENS.format("/dev/net/tun"), tun=1))
        said = kubectl("-n", "vmbridge-node", "logs", "daemonset/vmbridge-node")
        # It was given the device: whatever it says of it, it has opened it.
        self.assertNotIn("this container was not given it", said)

    def test_up_refuses_kvm_where_it_does_not_work(self):
        check = subprocess.run([PROGRAM, "--check", "--device=kvm"], capture_output=True, text=True, check=False)
        if check.returncode == 0:
            self.skipTest("KVM works here")
        done = subprocess.run([world.ROOT / "hack/up", "--kvm", "--name", "none"], capture_output=True, text=True, timeout=world.HANG_S,
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(check.stdout.split(None, 1)[1].strip(), done.stderr)
        self.assertFalse((world.RUN.parent / "none").exists())


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    chosen = [f"-k={word}" for word in sys.argv[1:]]
    result = unittest.main(argv=[sys.argv[0], "-v", *chosen], exit=False).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed", flush=True)
    sys.exit(1 if bad else 0)
