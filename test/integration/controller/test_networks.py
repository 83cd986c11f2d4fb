"""Secondary networks: what the pod says to Multus and asks of the node, and what is told of a card when Multus and the guest have spoken."""
import json

from api import condition
from world import check, machine, spec

NETWORKS, STATUS = "k8s.v1.cni.cncf.io/networks", "k8s.v1.cni.cncf.io/network-status"
MAC, BLUE, RED = "02:00:5e:10:00:02", "pod16477688c0e", "podb1f51a511f1"


def with_networks(interfaces, networks):
    s = spec()
    s["domain"]["devices"]["interfaces"] = interfaces
    return {**s, "networks": networks}


def on_two():
    return with_networks([{"name": "default", "masquerade": {}}, {"name": "blue", "bridge": {}, "macAddress": MAC}],
                         [{"name": "default", "pod": {}}, {"name": "blue", "multus": {"networkName": "lab/blue"}}])


def card(t, network="blue"):
    cards = [i for i in t.vmi("m").get("status", {}).get("interfaces", []) if i["name"] == network]
    return cards[0] if cards else {}


def test_a_secondary_network_is_asked_of_multus_and_its_tap_of_the_node(t):
    s = on_two()
    s["domain"]["devices"]["interfaces"].append({"name": "red", "bridge": {}})
    s["networks"].append({"name": "red", "multus": {"networkName": "red"}})
    t.running(template=s)
    pod = t.pod("m")
    check(json.loads(pod["metadata"]["annotations"][NETWORKS]) == [
        {"name": "blue", "namespace": "lab", "mac": MAC, "interface": BLUE},
        {"name": "red", "namespace": t.ns, "interface": RED}], pod["metadata"]["annotations"])
    limits = pod["spec"]["containers"][0]["resources"]["limits"]
    emulated = "devices.kubevirt.io/kvm" not in limits
    check(limits.get("devices.kubevirt.io/tun") == "1", limits)
    check((limits.get("devices.kubevirt.io/vhost-net") is None) == emulated, limits)
    check("repairs" not in t.vm("m")["status"].get("bridge", {}), t.vm("m")["status"])


def test_what_multus_and_the_guest_say_of_a_card_is_told(t):
    t.running(template=on_two())
    t.until(lambda: card(t).get("podInterfaceName") == BLUE, "the card is told")
    check(card(t)["infoSource"] == "domain" and card(t)["mac"] == MAC and "ipAddress" not in card(t), card(t))

    pod = t.pod("m")["metadata"]["name"]
    told = [{"name": "pods", "interface": "eth0", "ips": ["192.0.2.1"], "default": True},
            {"name": "lab/blue", "interface": BLUE, "mac": "8a:37:d9:e7:0f:18", "ips": ["192.0.2.7", "2001:db8::7"]}]
    t.api.patch(t.core(f"pods/{pod}"), {"metadata": {"annotations": {STATUS: json.dumps(told)}}})
    t.until(lambda: card(t).get("infoSource") == "domain, multus-status", "what Multus says is told")
    check((card(t)["ipAddress"], card(t)["ipAddresses"]) == ("192.0.2.7", ["192.0.2.7", "2001:db8::7"]), card(t))
    check(card(t)["mac"] == MAC, card(t))  # the tap has another one

    t.launcher("m").say("running", nics=[{"network": "blue", "mac": MAC, "queues": 2}], agent={
        "connected": True, "interfaces": [{"name": "enp2s0", "mac": MAC, "ipAddresses": ["192.0.2.9"]}]})
    t.until(lambda: card(t).get("infoSource") == "domain, guest-agent, multus-status", "what the guest says is told")
    check((card(t)["ipAddress"], card(t)["interfaceName"], card(t)["queueCount"]) == ("192.0.2.9", "enp2s0", 2), card(t))
    check(card(t, "default")["podInterfaceName"] == "eth0" and card(t, "default")["queueCount"] == 1, card(t, "default"))

    for odd in ("[", "7", json.dumps([{"interface": BLUE, "ips": 7}] * 500), "x" * 200_000):
        t.api.patch(t.core(f"pods/{pod}"), {"metadata": {"annotations": {STATUS: odd}}})
        t.until(lambda: t.pod("m")["metadata"]["annotations"][STATUS] == odd, "the odd text is seen")
    t.until(lambda: card(t).get("infoSource") == "domain, guest-agent", "an odd text says nothing")
    check(card(t)["ipAddress"] == "192.0.2.9", card(t))


def test_a_network_in_place_of_the_pods_is_the_pods(t):
    t.running(template=with_networks([{"name": "front", "bridge": {}, "ports": [{"port": 80}]}],
                                     [{"name": "front", "multus": {"networkName": "lab/front", "default": True}}]))
    pod = t.pod("m")
    check(pod["metadata"]["annotations"].get("v1.multus-cni.io/default-network") == "lab/front", pod["metadata"])
    check(NETWORKS not in pod["metadata"]["annotations"], pod["metadata"])
    check("devices.kubevirt.io/tun" not in pod["spec"]["containers"][0]["resources"]["limits"], pod["spec"])
    t.until(lambda: card(t, "front").get("podInterfaceName") == "eth0", "the card is told")
    check(card(t, "front").get("ipAddress") == pod["status"].get("podIP"), card(t, "front"))


def test_what_cannot_be_on_a_secondary_network_is_refused(t):
    bad = (
        ([{"name": "a", "masquerade": {}}], [{"name": "a", "multus": {"networkName": "a"}}],
         "Masquerade interface only implemented with pod network"),
        ([{"name": "a", "bridge": {}}], [{"name": "a", "multus": {"networkName": "A/b"}}],
         "must be the name of a NetworkAttachmentDefinition"),
        ([{"name": "a", "bridge": {}}, {"name": "b", "bridge": {}}],
         [{"name": n, "multus": {"networkName": n, "default": True}} for n in "ab"],
         "Multus CNI should only have one default network"),
    )
    for interfaces, networks, why in bad:
        bad_machine = machine("bad", "Halted", with_networks(interfaces, networks))
        # An API server that has just started has not compiled its policies yet.
        t.until(lambda: t.api.ask("POST", t.vm_path() + "?dryRun=All", bad_machine)[0] == 422, f"it is refused: {why}")
        said = t.api.ask("POST", t.vm_path() + "?dryRun=All", bad_machine)[1]
        check(why in said["message"], said)
    # What the schema lets in, and nobody runs.
    t.make(machine("m", template=with_networks([{"name": "a", "sriov": {}}], [{"name": "a", "multus": {"networkName": "a"}}])))
    t.until(lambda: condition(t.vm("m"), "Stalled").get("status") == "True", "the machine is stalled")
    check("interfaces[0].sriov is not supported" in condition(t.vm("m"), "Stalled")["message"], t.vm("m")["status"])
