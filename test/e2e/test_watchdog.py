"""Guests that answer their watchdog once and never again: one for each thing that it can do then."""

import machines
from cluster import check, describe
from guest import Shell, pid_of

ACTIONS = ("reset", "poweroff", "shutdown")
# Begins to answer, says that it will go on in eleven days, and that four seconds without an answer are too many.
LEAVE_ALONE = "{ (sleep 1; watchdog -T 4 -t 1000000 /dev/watchdog) >/dev/null 2>&1 & }"


def guarded(action):
    vm = machines.machine(f"dog-{action}", run="Once")
    machines.inner(vm)["domain"]["devices"]["watchdog"] = {"name": "dog", "i6300esb": {"action": action}}
    return vm


def end_of(t, vmis, action):
    """The instance's last state, and the event that tells of it."""
    name = f"dog-{action}"
    final = ("Succeeded", "Failed")

    def states():
        return [item for _, _, item in vmis.of(name) if item.get("status", {}).get("phase") in final]

    last = t.until(f"{name} is over", states, lambda: describe(t.get("vmi", name)))[-1]
    said = t.until(
        f"an event of the end of {name}",
        lambda: t.events(kind="VirtualMachineInstance", name=name, reason="Stopped"),
    )
    return last, said[-1]


def test_a_watchdog_resets_switches_off_and_shuts_down(t):
    t.apply(*[guarded(action) for action in ACTIONS])
    vmis = t.watch("vmi")
    shells = {}
    for action in ACTIONS:
        t.until_running(f"dog-{action}")
        t.until_console(f"dog-{action}", "is up after")
        shells[action] = Shell(t, f"dog-{action}")
        check(shells[action].facts().get("watchdog") == ["yes"], f"{action}: the guest has no watchdog")
    before = t.get("vmi", "dog-reset")
    qemu = pid_of(t.launcher("dog-reset"), "qemu")
    first_boot = shells["reset"].boot()[0]
    for action in ACTIONS:
        shells[action].run(LEAVE_ALONE)

    last, event = end_of(t, vmis, "poweroff")
    check(last["status"]["phase"] == "Failed", describe(last))
    check(event["type"] == "Warning" and "watchdog" in event["message"], event["message"])
    last, event = end_of(t, vmis, "shutdown")
    check(last["status"]["phase"] == "Succeeded", describe(last))
    t.until(
        "two boots of dog-reset",
        lambda: t.console("dog-reset").count("is up after") == 2,
        lambda: f"the console's end: {t.console('dog-reset')[-400:]!r}",
    )
    check(shells["reset"].boot()[0] != first_boot, "the guest was not reset")
    check(pid_of(t.launcher("dog-reset"), "qemu") == qemu, "another QEMU runs it")
    now = t.get("vmi", "dog-reset")
    check(now["metadata"]["uid"] == before["metadata"]["uid"], "another instance")
    check(now["status"]["phase"] == "Running", describe(now))
