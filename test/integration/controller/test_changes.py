"""A template that is changed while its guest runs: what takes effect at once, and what waits and is told."""
from api import condition
from world import check, machine, spec

CD = {"name": "cd", "cdrom": {"bus": "sata"}}


def template(link="up", tray="closed", **more):
    s = spec(**more)
    devices = s["domain"].setdefault("devices", {})
    devices["interfaces"] = [{"name": "net", "masquerade": {}, "state": link}]
    devices.setdefault("disks", []).append({"name": "cd", "cdrom": {"bus": "sata", "tray": tray}})
    s["networks"] = [{"name": "net", "pod": {}}]
    s.setdefault("volumes", []).append({"name": "cd", "configMap": {"name": "answers"}})
    return s


def change(t, name, s):
    t.api.patch(t.vm_path(name), {"spec": {"template": {"spec": s}}})


def bridge(t, name):
    return t.vm(name).get("status", {}).get("bridge", {})


def pending(t, name):
    return {c["path"]: (c.get("current"), c.get("desired"), c["takesEffect"]) for c in bridge(t, name).get("pendingChanges", [])}


def told(t, name):
    said = t.launcher(name).desired
    return said[-1].get("devices", {}) if said else None


def begin(t, name):
    t.api.create(f"/api/v1/namespaces/{t.ns}/configmaps", {"metadata": {"name": "answers"}, "data": {"a": "b"}})
    t.make(machine(name, template=template()))
    t.until_ready(name)
    t.until(lambda: told(t, name) == {}, "the launcher is told that nothing is switched off")


def test_a_link_and_a_tray_follow_the_template_while_the_guest_runs(t):
    begin(t, "m")
    old = t.vmi("m")["metadata"]["uid"]
    change(t, "m", template(link="down", tray="open"))
    t.until(lambda: told(t, "m") == {"linksDown": ["net"], "traysOpen": ["cd"]}, "the launcher is told")
    t.until(lambda: t.vm("m")["status"]["observedGeneration"] == t.vm("m")["metadata"]["generation"], "the change is observed")
    devices = t.vmi("m")["spec"]["domain"]["devices"]
    check(devices["interfaces"][0]["state"] == "down" and devices["disks"][-1]["cdrom"]["tray"] == "open", devices)
    check(not condition(t.vm("m"), "RestartRequired") and not pending(t, "m"), t.vm("m")["status"])
    change(t, "m", template())
    t.until(lambda: told(t, "m") == {}, "the launcher is told that it is over")
    check(t.vmi("m")["metadata"]["uid"] == old and len(t.pods("m")) == 1, t.picture())


def test_what_waits_for_a_restart_is_named_until_it_is_undone_or_done(t):
    begin(t, "m")
    memory = t.vm("m")["spec"]["template"]["spec"]["domain"]["memory"]["guest"]
    other = template()
    other["domain"]["memory"] = {"guest": "192Mi"}
    other["domain"]["cpu"] = {"cores": 3}
    change(t, "m", other)
    restart = t.until(lambda: condition(t.vm("m"), "RestartRequired"), "a restart is asked for")
    check(restart["message"].startswith("a non-live-updatable field was changed in the template spec: ") and
          "spec.template.spec.domain.memory.guest" in restart["message"], restart)
    waits = pending(t, "m")
    check(waits.get("spec.template.spec.domain.memory.guest") == (f'"{memory}"', '"192Mi"', "restart"), waits)
    change(t, "m", {"domain": {"memory": {"guest": memory}, "cpu": None}})
    t.until(lambda: not condition(t.vm("m"), "RestartRequired"), "what was undone waits for nothing")
    check(not pending(t, "m"), t.vm("m")["status"])
    change(t, "m", other)
    t.until(lambda: condition(t.vm("m"), "RestartRequired"), "a restart is asked for again")
    t.set_strategy("m", "Halted")
    t.until_stopped("m")
    check(not condition(t.vm("m"), "RestartRequired") and not pending(t, "m"), t.vm("m")["status"])
    t.set_strategy("m", "Always")
    t.until_ready("m")
    check(t.vmi("m")["spec"]["domain"]["memory"]["guest"] == "192Mi" and not condition(t.vm("m"), "RestartRequired"), t.picture())


def test_user_data_is_not_told_in_a_status(t):
    s = template()
    s["domain"]["devices"]["disks"].append({"name": "seed", "disk": {"bus": "virtio"}})
    s["volumes"].append({"name": "seed", "cloudInitNoCloud": {"userData": "#cloud-config\npassword: first-secret\n"}})
    t.api.create(f"/api/v1/namespaces/{t.ns}/configmaps", {"metadata": {"name": "answers"}, "data": {"a": "b"}})
    t.make(machine("m", template=s))
    t.until_ready("m")
    s["volumes"][-1]["cloudInitNoCloud"]["userData"] = "#cloud-config\npassword: second-secret\n"
    change(t, "m", s)
    t.until(lambda: pending(t, "m"), "the change waits")
    check(list(pending(t, "m")) == ["spec.template.spec.volumes[seed].cloudInitNoCloud.userData"], pending(t, "m"))
    check("secret" not in str(t.vm("m")["status"]), t.vm("m")["status"])
