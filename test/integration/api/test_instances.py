"""What is asked of a running instance: refused by its state, done by its launcher, which is played here."""
import time

from subresources import INSTANCES
from world import check, machine, spec

VERBS = ("pause", "unpause", "softreboot", "reset", "freeze", "unfreeze")
PUT, GET = "PUT", "GET"


def refused(answer, code, words):
    check(answer.status == code and answer.body.get("kind") == "Status" and words in answer.message, answer)


def obedient(launcher, request):
    """A launcher that does what it is asked to, and says so."""
    verb = request["verb"]
    if verb == "guestosinfo":
        if not launcher.state.get("agent"):
            return {"code": "failed", "message": "the guest agent is not connected"}
        return {"code": "ok", "agent": launcher.state["agent"]}
    if verb == "pause":
        launcher.say("paused", **{**more(launcher), "reason": "user"})
    elif verb == "unpause":
        launcher.say("running", **{k: v for k, v in more(launcher).items() if k != "reason"})
    return {"code": "ok"}


def more(launcher):
    return {k: v for k, v in launcher.state.items() if k != "state"}


def with_agent(t, name):
    launcher = t.launcher(name)
    launcher.say("running", **{**more(launcher), "agent": {"connected": True, "version": "7.2", "hostname": "web",
                                                           "os": {"id": "debian", "prettyName": "Debian 12"}}})
    t.until(lambda: any(c["type"] == "AgentConnected" and c["status"] == "True" for c in t.vmi(name)["status"]["conditions"]), "the agent")


def paused(t, name):
    return any(c["type"] == "Paused" and c["status"] == "True" for c in t.vmi(name)["status"].get("conditions", []))


def test_pause_and_unpause(t):
    t.manner.answers = obedient
    t.running("m")
    refused(t.ask("instance", "m", "unpause"), 409, "VMI is not paused")
    check(t.ask("instance", "m", "pause", {"dryRun": ["All"]}).status == 202, "a dry run was refused")
    t.remains(lambda: not paused(t, "m"), 0.5, "a dry run does nothing")
    answer = t.ask("instance", "m", "pause")
    check(answer.status == 202 and not answer.data, answer)
    t.until_status("m", "Paused")
    refused(t.ask("instance", "m", "pause"), 409, "VMI is already paused")
    refused(t.ask("instance", "m", "softreboot"), 409, "VMI is paused")
    check(t.ask("instance", "m", "unpause").status == 202, "unpause")
    t.until_status("m", "Running")
    check(not any(c["type"] == "Paused" for c in t.vmi("m")["status"]["conditions"]), "rule B5: no Paused condition after unpause")
    check([r["verb"] for r in t.launcher("m").requests] == ["pause", "unpause"], t.launcher("m").requests)


def test_each_verb_reaches_the_launcher(t):
    t.manner.answers = obedient
    t.running("m")
    with_agent(t, "m")
    for verb, body, arguments in (("softreboot", {}, None), ("reset", {}, None), ("freeze", {"unfreezeTimeout": "1m30s"}, {"seconds": "90"}),
                                  ("freeze", {"unfreezeTimeout": 300000000000}, {"seconds": "300"}), ("freeze", {}, None),
                                  ("unfreeze", {}, None)):
        check(t.ask("instance", "m", verb, body).status == 202, verb)
        said = t.launcher("m").requests[-1]
        check(said["verb"] == verb and (said.get("arguments") or None) == arguments, said)
    refused(t.ask("instance", "m", "freeze", {"unfreezeTimeout": "soon"}), 400, "unfreezeTimeout")
    info = t.client.get(t.ns, INSTANCES, "m", "guestosinfo")
    check(info.status == 200 and info.body["hostname"] == "web" and info.body["os"]["prettyName"] == "Debian 12" and
          info.body["guestAgentVersion"] == "7.2", info.data)
    check("web" in t.world.kubectl("get", "--raw", t.client.path(t.ns, INSTANCES, "m", "guestosinfo")), "kubectl reads it too")


ROWS = [(verb, "nobody", 404, "not found") for verb in VERBS] + \
    [(verb, "off", 404, "not found") for verb in VERBS] + \
    [(verb, "waits", 409, "VMI is not running") for verb in VERBS] + \
    [("pause", "probed", 403, "LivenessProbe"), ("unpause", "probed", 409, "VMI is not paused"), ("softreboot", "deaf", 409, "ACPI"),
     ("freeze", "plain", 409, "guest agent"), ("unfreeze", "plain", 409, "guest agent")]
READ_ROWS = [("guestosinfo", "nobody", 404, "not found"), ("guestosinfo", "off", 404, "not found"),
             ("guestosinfo", "waits", 409, "VMI is not running"), ("guestosinfo", "plain", 409, "VMI does not have guest agent connected"),
             ("userlist", "plain", 501, "not served yet"), ("filesystemlist", "plain", 501, "not served yet"),
             ("sev/fetchcertchain", "plain", 400, "launchSecurity"), ("sev/querylaunchmeasurement", "plain", 400, "launchSecurity"),
             ("vnc/screenshot", "plain", 501, "screen"), ("objectgraph", "plain", 501, "not served yet")]
ABSENT_ROWS = [(INSTANCES, verb, code) for verb, code in (("addvolume", 400), ("removevolume", 400), ("backup", 400), ("redefine-checkpoint", 400),
                                                          ("evacuate/cancel", 409), ("sev/setupsession", 400), ("sev/injectlaunchsecret", 400))] + \
    [("virtualmachines", verb, code) for verb, code in (("migrate", 409), ("addvolume", 400), ("removevolume", 400), ("memorydump", 400),
                                                        ("removememorydump", 400), ("evacuate/cancel", 409))]
STREAMS = ("usbredir", "vsock")


def test_each_verb_is_refused_in_each_state(t):
    """The table of verbs by states, against the real aggregation layer."""
    t.manner.answers = obedient
    probe = {"livenessProbe": {"tcpSocket": {"port": 22}, "periodSeconds": 30, "initialDelaySeconds": 300}}
    deaf = spec()
    deaf["domain"]["features"] = {"acpi": {"enabled": False}}
    t.make(machine("off", "Halted"), machine("plain"), machine("probed", template=spec(**probe)), machine("deaf", template=deaf))
    for name in ("plain", "probed", "deaf"):
        t.until_ready(name)
    t.manner.bind_s = None
    t.make(machine("waits"))
    t.until(lambda: t.pods("waits"), "a pod that waits")
    for verb, name, code, words in ROWS:
        answer = t.ask("instance", name, verb)
        check(answer.status == code and words in answer.message, verb, name, answer)
    for verb, name, code, words in READ_ROWS:
        answer = t.client.get(t.ns, INSTANCES, name, verb)
        check(answer.status == code and words in answer.message, verb, name, answer)
    for resource, verb, code in ABSENT_ROWS:
        answer = t.client.put(t.ns, resource, "plain", verb, {})
        check(answer.status == code and answer.body.get("message"), resource, verb, answer)
    for verb in STREAMS:
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
                   "Sec-WebSocket-Protocol": "plain.kubevirt.io"}
        answer = t.client.get(t.ns, INSTANCES, "plain", verb, headers=upgrade)
        check(answer.status == 501 and "not served yet" in answer.message, verb, answer)
    for verb in VERBS:
        answer = t.client.get(t.ns, INSTANCES, "plain", verb)
        check(answer.status == 405, verb, answer)
    print(f"     {len(ROWS) + len(READ_ROWS) + len(ABSENT_ROWS) + len(STREAMS) + len(VERBS)} rows", flush=True)


def test_what_a_launcher_says_no_to(t):
    t.manner.answers = lambda launcher, request: {"code": "failed", "message": "libvirt cannot be reached"}
    t.running("m")
    refused(t.ask("instance", "m", "pause"), 500, "libvirt cannot be reached")
    t.manner.answers = lambda launcher, request: {"code": "unknownVerb"}
    refused(t.ask("instance", "m", "pause"), 409, "older than this verb")
    t.manner.answers = lambda launcher, request: {"code": "invalid", "message": "no such thing"}
    refused(t.ask("instance", "m", "pause"), 400, "no such thing")


def test_a_launcher_that_is_lost_is_asked_again(t):
    """It answers on the next connection, with the same number: nothing is done twice."""
    done = []

    def drops_once(launcher, request):
        done.append(request["number"])
        if len(done) == 1:
            launcher.sock.close()
            return None
        return {"code": "ok"}
    t.manner.answers = drops_once
    t.running("m")
    check(t.ask("instance", "m", "reset").status == 202, done)
    check(len(done) == 2 and done[0] == done[1], done)


def test_an_old_launcher_does_not_know_verbs(t):
    t.running("m")  # it says no hello
    refused(t.ask("instance", "m", "pause"), 409, "older than this verb")


def test_a_caller_that_hangs_up_leaves_nothing_behind(t):
    import http.client
    t.manner.answers = lambda launcher, request: None  # never
    t.running("m")
    for _ in range(5):
        c = http.client.HTTPSConnection(t.client.host, int(t.client.port), context=t.client.context, timeout=0.3)
        try:
            c.request("PUT", t.client.path(t.ns, INSTANCES, "m", "reset"), "{}", t.client.headers)
            c.getresponse()
        except OSError:
            pass
        c.close()
    t.manner.answers = obedient
    t.until(lambda: t.ask("instance", "m", "reset").status == 202, "the launcher is asked again")


def test_a_thousand_verbs_are_answered_quickly(t):
    """Told, never judged."""
    t.manner.answers = obedient
    t.running("m")
    with_agent(t, "m")
    took = []
    for _ in range(200):
        at = time.monotonic()
        check(t.client.get(t.ns, INSTANCES, "m", "guestosinfo").status == 200, "refused")
        took.append(1000 * (time.monotonic() - at))
    took.sort()
    print(f"     guestosinfo, each on a connection of its own: P50 {took[100]:.1f} ms, P99 {took[197]:.1f} ms", flush=True)
