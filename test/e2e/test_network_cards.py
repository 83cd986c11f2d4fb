"""Network cards that QEMU emulates: a guest that has no other boots and answers through a Service."""

import machines
from cluster import WAIT, check
from guest import Shell

CARDS = (("e1000", "e1000", "masquerade"), ("rtl8139", "8139cp", "bridge"))  # model, its driver in Linux, binding


def machine_with(model, binding):
    vm = machines.machine(model, memory="192Mi", binding=binding)
    machines.inner(vm)["domain"]["devices"]["interfaces"][0]["model"] = model
    machines.inner(vm)["volumes"] = [{"name": "root", "containerDisk": {"image": machines.CARDS}}]
    return vm


def test_guests_with_emulated_cards_answer_a_service(t):
    t.apply(machines.tools("client"))
    for model, _, binding in CARDS:
        t.apply(machine_with(model, binding), machines.service(model, {"e2e": model}, ("http", "TCP", 80)))
    t.kubectl("wait", "--for=condition=Ready", "pod/client", WAIT)
    for model, driver, _ in CARDS:
        t.until_running(model)
        t.until_console(model, "network e")
        nics = Shell(t, model).facts()["nic"]
        check(len(nics) == 1 and f" driver={driver} " in nics[0], f"{model}: the guest sees the cards {nics}")
        t.until(f"an answer from {model}", lambda: said_by(t, model) == model, lambda: f"it says {said_by(t, model)!r}")


def said_by(t, service):
    """The test guest's web server says the guest's name."""
    return t.kubectl("exec", "client", "--", "netprobe", "http", service, "80", ok=False).stdout.strip()
