"""A guest with two cards: the pod network, and one of layer 2 through a tap. On that one a DHCP server of the node gives it an address."""

import json
import pathlib

import case
import machines
from cluster import ROOT, SYSTEM, WAIT, check, kubectl, script
from guest import Shell, pid_of

MAC, ADDRESS, HOST, INTERFACE = "02:00:5e:10:00:02", "192.0.2.77", "192.0.2.1", "pod16477688c0e"
CONFIG, STATE, PLUGINS = "/etc/cni/net.d/10-bridge.conflist", "/var/lib/cni", "/var/lib/cni/bin"
NODE = "node1"

DEFINITIONS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "network-attachment-definitions.k8s.cni.cncf.io"},
    "spec": {
        "group": "k8s.cni.cncf.io",
        "scope": "Namespaced",
        "names": {"plural": "network-attachment-definitions", "singular": "network-attachment-definition",
                  "kind": "NetworkAttachmentDefinition", "shortNames": ["net-attach-def"]},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
            "type": "object", "properties": {"spec": {"type": "object", "properties": {"config": {"type": "string"}}}}}}}],
    },
}
# What docs/networks.md tells: a veth to a bridge of the node, a bridge in the pod around its end, a tap on that.
CHAIN = [{"type": "bridge", "bridge": "lab0"}, {"type": "vmb-cable", "bridge": "cable"},
         {"type": "tap", "owner": 107, "group": 107, "bridge": "cable"}]


def definition(name):
    config = {"cniVersion": "1.0.0", "name": name, "plugins": CHAIN}
    return {"apiVersion": "k8s.cni.cncf.io/v1", "kind": "NetworkAttachmentDefinition", "metadata": {"name": name},
            "spec": {"config": json.dumps(config)}}


class Lab:
    """The node with a reader of networks in its chain, a bridge, and a DHCP server on it; all of it undone at the end."""

    def __init__(self):
        self.plain = None

    def node(self, *words):
        return script("hack/cluster/node-exec", NODE, *words)

    def sh(self, text, *words):
        return self.node("sh", "-ec", text, "sh", *words)

    def write(self, path, text):
        self.sh('printf "%s\\n" "$1" >"$2"', text, path)

    def offer_tun(self):
        image = kubectl("-n", SYSTEM, "get", "deployment", "vmbridge-controller", "-o",
                        "jsonpath={.spec.template.spec.containers[0].image}").stdout
        script("hack/deploy-node", image, "tun")

    def read_networks(self):
        kubectl("apply", "-f", "-", text=json.dumps(DEFINITIONS))
        kubectl("wait", "--for=condition=Established", "crd/" + DEFINITIONS["metadata"]["name"], WAIT)
        for plugin in ("vmb-networks", "vmb-cable"):
            self.node("install", "-D", ROOT / "test/e2e/cni" / plugin, f"{PLUGINS}/{plugin}")
        stock = pathlib.Path(self.sh("command -v host-local")).parent
        chain = json.loads(self.node("cat", CONFIG))
        chain["plugins"].append({"type": "vmb-networks", "kubectl": self.sh("command -v kubectl"),
                                 "kubeconfig": script("hack/cluster/kubeconfig"), "cache": "/var/lib/cni/vmb-networks",
                                 "bin": [str(stock), PLUGINS]})
        self.plain = self.node("cat", CONFIG)
        self.write(CONFIG, json.dumps(chain))

    def serve_dhcp(self):
        self.sh(f"ip link add lab0 type bridge; ip addr add {HOST}/24 dev lab0; ip link set lab0 up")
        self.write(f"{STATE}/dhcp.conf", "\n".join((
            "interface lab0", f"start {ADDRESS}", f"end {ADDRESS}", "max_leases 1", "option subnet 255.255.255.0",
            f"static_lease {MAC} {ADDRESS}", f"pidfile {STATE}/dhcp.pid", f"lease_file {STATE}/dhcp.leases")))
        self.sh(f"touch {STATE}/dhcp.leases; busybox udhcpd {STATE}/dhcp.conf")

    def __enter__(self):
        self.offer_tun()
        self.read_networks()
        self.serve_dhcp()
        return self

    def __exit__(self, *_):
        if self.plain:
            self.write(CONFIG, self.plain)
        self.sh(f'[ ! -e {STATE}/dhcp.pid ] || kill "$(cat {STATE}/dhcp.pid)"; ip link del lab0 2>/dev/null || true')
        kubectl("delete", "namespace", "vmbridge-node", WAIT)
        kubectl("delete", "crd", DEFINITIONS["metadata"]["name"], WAIT)


def two_cards(name):
    vm = machines.machine(name)
    spec = machines.inner(vm)
    spec["domain"]["devices"]["interfaces"].append({"name": "blue", "bridge": {}, "macAddress": MAC})
    spec["networks"].append({"name": "blue", "multus": {"networkName": "blue"}})
    spec["nodeSelector"] = {"kubernetes.io/hostname": NODE}
    return vm


def capabilities(pid):
    """Of a process, as the kernel writes them."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return {line.split(":")[0]: int(line.split()[1], 16) for line in text.splitlines() if line.startswith("Cap")}


@case.exclusive
def test_a_guest_has_an_address_on_a_secondary_network(t):
    with Lab() as lab:
        t.apply(definition("blue"), two_cards("two"))
        t.until_running("two")

        def card():
            cards = (t.get("vmi", "two") or {}).get("status", {}).get("interfaces", [])
            return next((c for c in cards if c["name"] == "blue"), {})

        t.until("the guest's address", lambda: card().get("ipAddress") == ADDRESS, lambda: f"the card is {card()}")
        said = card()
        check(said["mac"] == MAC and said["podInterfaceName"] == INTERFACE, said)
        check(said["infoSource"] == "domain, guest-agent, multus-status", said)
        lab.node("busybox", "ping", "-c", "1", "-W", "10", ADDRESS)
        cards = Shell(t, "two").facts()["nic"]
        check(len(cards) == 2, f"the guest sees the cards {cards}")
        pod = t.launcher("two")
        check(capabilities(pid_of(pod, "qemu"))["CapEff"] == 0, "QEMU has a capability")
        check("NET_ADMIN" not in json.dumps(pod["spec"]), "the pod asks for NET_ADMIN")
        t.note(f"{said}")
        t.kubectl("delete", "vm", "two", WAIT)
