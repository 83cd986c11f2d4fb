"""A guest is on the pod network: from pods to the guest and back, by address and by name, TCP and UDP, IPv4 and IPv6."""

import case
import machines
from case import Case, Shared
from cluster import WAIT, check
from guest import Shell

PORTS = (("echo", "TCP", 7777), ("echo-udp", "UDP", 7777))


class Net:
    """A guest in each binding, neither with ports in its manifest; a pod that calls, a pod that listens behind a Service."""

    def __init__(self, t):
        self.t = t
        t.apply(
            machines.machine("masked", labels={"app": "masked"}),
            machines.machine("bridged", labels={"app": "bridged"}, binding="bridge"),
            machines.service("masked", {"app": "masked"}, *PORTS),
            machines.tools("client"),
            machines.tools("server", "netprobe", "serve", "7777", labels={"app": "server"}),
            machines.service("server", {"app": "server"}, *PORTS),
        )
        for pod in ("client", "server"):
            t.kubectl("wait", "--for=condition=Ready", f"pod/{pod}", WAIT)
        for name in ("masked", "bridged"):
            t.until_running(name)
            t.until_console(name, "network e")
        # Made when the guest runs already: the port opens without a restart.
        t.apply(machines.service("bridged", {"app": "bridged"}, *PORTS))

    def addresses(self, name):
        """(the first IPv4 address, IPv6 addresses) of the instance's first interface."""
        found = self.t.get("vmi", name)["status"]["interfaces"][0]["ipAddresses"]
        return next(ip for ip in found if ":" not in ip), [ip for ip in found if ":" in ip]

    def call(self, protocol, host):
        """From a pod to the guest: netprobe echoes a word."""
        word = f"hello-{protocol}"
        said = [""]

        def probe():
            done = self.t.kubectl("exec", "client", "--", "netprobe", protocol, host, "7777", word, ok=False)
            said[0] = done.stdout + done.stderr
            return done.returncode == 0 and done.stdout.strip() == word

        self.t.until(f"{protocol} echo from {host}", probe, lambda: f"netprobe says {said[0].strip()!r}")


def _make(api):
    t = Case(api, "test_network")
    t.keep = True
    try:
        return Net(t)
    except Exception:
        t.close(failed=True, keep_all=False)
        raise


net = Shared(_make)


def test_pod_reaches_guest_by_the_instances_address(t):
    one = net.get(t.api)
    for name in ("masked", "bridged"):
        ip, _ = one.addresses(name)
        for protocol in ("tcp", "udp"):
            one.call(protocol, ip)


def test_pod_reaches_guest_through_a_service(t):
    one = net.get(t.api)
    for name in ("masked", "bridged"):
        for protocol in ("tcp", "udp"):
            one.call(protocol, name)


def test_pod_reaches_guest_by_ipv6(t):
    one = net.get(t.api)
    for name in ("masked", "bridged"):
        pod_ips = [entry["ip"] for entry in one.t.launcher(name)["status"]["podIPs"]]
        _, found = one.addresses(name)
        check(set(found) == {ip for ip in pod_ips if ":" in ip}, f"{name}: status shows {found}, the pod has {pod_ips}")
        if not found:
            t.note("this cluster has no IPv6")
        if name == "bridged" and found:
            greet_by_ipv6(one)
        for ip in found:
            for protocol in ("tcp", "udp"):
                one.call(protocol, ip)


def greet_by_ipv6(one):
    """Under bridge the guest makes its IPv6 address itself, and passt learns it from the first packet that leaves the link."""
    server = next(entry["ip"] for entry in one.t.get("pod", "server")["status"]["podIPs"] if ":" in entry["ip"])
    shell = Shell(one.t, "bridged")
    one.t.until(
        "the bridged guest's own call by IPv6",
        lambda: "hello" in shell.run(f"netprobe tcp {server} 7777 hello || true"),
    )


def test_guest_resolves_and_reaches_a_service(t):
    one = net.get(t.api)
    for name in ("masked", "bridged"):
        shell = Shell(one.t, name)
        for host in ("server", f"server.{one.t.ns}.svc.cluster.local"):
            for protocol in ("tcp", "udp"):
                said = shell.run(f"netprobe {protocol} {host} 7777 from-the-guest")
                check("from-the-guest" in said, f"{name}: {protocol} to {host} answered {said!r}")


def test_guest_serves_the_caller_its_own_address(t):
    one = net.get(t.api)
    ip, _ = one.addresses("bridged")
    nics = Shell(one.t, "bridged").facts()["nic"]
    check(f" {ip}/" in nics[0], f"under bridge the guest has the pod's address {ip}: {nics}")
    nics = Shell(one.t, "masked").facts()["nic"]
    check(" 10.0.2.2/24" in nics[0], f"under masquerade the guest has 10.0.2.2: {nics}")


def test_launchers_loopback_is_not_the_guests(t):
    """The gateway of a guest must not lead into the launcher's own network."""
    one = net.get(t.api)
    shell = Shell(one.t, "masked")
    shell.run("! NETPROBE_TIMEOUT=2 netprobe tcp 10.0.2.1 7777 x")


def test_logs_show_the_serial_console(t):
    one = net.get(t.api)
    for name in ("masked", "bridged"):
        one.t.until_console(name, "vmbridge guest")
        pod = one.t.launcher(name)["metadata"]["name"]
        text = one.t.kubectl("logs", pod).stdout
        check("vmbridge guest" in text and " is up after " in text, f"kubectl logs {pod}: {text[-300:]!r}")
    shell = Shell(one.t, "masked")
    shell.run("echo said-on-the-console >/dev/console")
    one.t.until_console("masked", "said-on-the-console")


@case.order(8)
def test_status_shows_the_open_ports(t):
    one = net.get(t.api)
    for name in ("masked", "bridged"):
        vmi = one.t.until_object(
            "vmi",
            name,
            "with status.bridge.openPorts",
            lambda item: "7777" in item["status"].get("bridge", {}).get("openPorts", ""),
        )
        text = vmi["status"]["bridge"]["openPorts"]
        check("tcp" in text and "udp" in text, f"{name}: openPorts is {text!r}")
