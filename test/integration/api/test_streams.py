"""Streams to a guest through the real aggregation layer: the launcher is played, the client knows KubeVirt's documents alone."""
import hashlib
import json
import os
import socket
import threading
import time

import far_end
import ws
from far_end import FarEnd
from limits import HANG_S
from subresources import GROUP, INSTANCES
from test_rights import account
from world import check, machine, spec


def refusal(t, name, verb, client=None, **more):
    """The Status that a stream is refused with: (code, message)."""
    try:
        (client or t.client).stream(t.ns, name, verb, **more).close()
    except ws.Refused as e:
        try:
            return e.status, json.loads(e.body)["message"]
        except ValueError:
            return e.status, e.body
    raise AssertionError(f"{verb} of {name} was not refused")


def is_refused(t, code, words, *args, **more):
    answer = refusal(t, *args, **more)
    check(answer[0] == code and words in answer[1], answer)


def is_sanitized(binary):
    """Its memory says nothing: what is freed is kept."""
    with open(binary, "rb") as f:
        return b"__asan_init" in f.read()


def n_open(t):
    return t.server.metrics().get("vmbridge_sessions_open", 0)


def until_none(t):
    t.until(lambda: n_open(t) == 0, "no stream is left")


def with_far_end(t, name="m", **more):
    t.manner.answers = FarEnd(**more)
    t.running(name)
    return t.manner.answers


def test_a_console_goes_both_ways(t):
    far = with_far_end(t)
    s = t.client.stream(t.ns, "m", "console")
    check(s.headers.get("sec-websocket-protocol") == "plain.kubevirt.io", s.headers)
    s.write(b"login: ")
    check(s.read(7) == b"login: ", "the echo")
    said = far.requests[0]["arguments"]
    check(said["kind"] == "console" and len(said["session"]) == 32, said)
    check(n_open(t) == 1, "one is open")
    s.send(b"", op=ws.CLOSE)
    check(s.until_ended()[0] == 1000, s.ended)
    until_none(t)
    t.until(lambda: t.launcher("m").closes == [(1000, "the other side has closed it")], "the launcher hears of it")


def test_it_also_works_without_a_sub_protocol_and_in_the_old_version(t):
    with_far_end(t)
    s = t.client.stream(t.ns, "m", "console", protocol=None)
    check("sec-websocket-protocol" not in s.headers, s.headers)
    s.write(b"x")
    check(s.read(1) == b"x", "the echo")
    s.close()
    t.client.version = "v1alpha3"
    try:
        s = t.client.stream(t.ns, "m", "vnc")
        s.write(b"RFB")
        check(s.read(3) == b"RFB", "the echo")
        s.close()
    finally:
        t.client.version = "v1"
    until_none(t)


def test_ten_megabytes_come_back_as_they_went(t):
    with_far_end(t)
    s, data = t.client.stream(t.ns, "m", "console"), os.urandom(10 * 1024 * 1024)
    at = time.monotonic()
    writer = threading.Thread(target=s.write, args=(data,), daemon=True)
    writer.start()
    back = s.read(len(data))
    writer.join()
    check(hashlib.sha256(back).digest() == hashlib.sha256(data).digest(), "other bytes came back")
    print(f"     {20 / (time.monotonic() - at):.1f} MB/s through Python, both ways together", flush=True)
    s.close()
    until_none(t)


def test_a_caller_who_does_not_read_holds_the_guest_back(t):
    """Nothing is gathered: the launcher cannot write more than what the kernels and proxies on the way hold."""
    sent = []

    def flood(sock, _):
        sock.sock.settimeout(2)
        frame = far_end.fast_frame(bytes(16384))
        try:
            while len(sent) < 64 * 1024:
                sock.sock.sendall(frame)
                sent.append(1)
        except (OSError, TimeoutError):
            pass
        time.sleep(3)
    with_far_end(t, manner=flood)
    before = t.server.metrics()["process_resident_memory_bytes"]
    s = t.client.stream(t.ns, "m", "console")
    last = -1
    while last != len(sent) or not sent:
        last = len(sent)
        time.sleep(1)
    grown = t.server.metrics()["process_resident_memory_bytes"] - before
    print(f"     {len(sent) * 16384 / 1e6:.1f} MB were sent before it stood still; the controller grew by {grown / 1024:.0f} KiB", flush=True)
    check(len(sent) < 64 * 1024, len(sent))
    check(is_sanitized(t.world.binary) or grown < 2 * 1024 * 1024, grown)
    s.close()
    until_none(t)


def test_ports_are_forwarded_many_at_a_time(t):
    far = with_far_end(t)
    streams = [t.client.stream(t.ns, "m", f"portforward/{port}") for port in ("22", "8080/tcp", "8080/TCP")]
    streams.append(t.client.stream(t.ns, "m", "portforward/443", resource="virtualmachines"))
    for number, s in enumerate(streams):
        s.write(b"%d" % number)
    check([s.read(1) for s in streams] == [b"0", b"1", b"2", b"3"], "each has its own echo")
    check([r["arguments"]["kind"] for r in far.requests] == ["port/22", "port/8080", "port/8080", "port/443"], far.requests)
    for s in streams:
        s.close()
    until_none(t)
    for rest, words in (("22/udp", "only TCP"), ("0", "from 1 to 65535"), ("65536", "from 1 to 65535"), ("ssh", "from 1 to 65535")):
        is_refused(t, 400, words, "m", f"portforward/{rest}")
    is_refused(t, 404, "not found", "nobody", "portforward/22")


def test_abrupt_ends_of_either_side_leave_nothing(t):
    far = with_far_end(t)
    for _ in range(10):
        s = t.client.stream(t.ns, "m", "console")
        s.write(b"a")
        s.read(1)
        s.sock.shutdown(socket.SHUT_RDWR)
        s.close()
    until_none(t)
    for _ in range(10):
        n = len(far.socks)
        s = t.client.stream(t.ns, "m", "console")
        t.until(lambda: len(far.socks) > n, "the dial back")
        far.socks[-1].sock.shutdown(socket.SHUT_RDWR)
        check(s.until_ended() == (1001, "the guest's side of the stream is gone"), s.ended)
        s.close()
    until_none(t)


def test_the_launcher_s_last_words_reach_the_caller(t):
    def leave(sock, _):
        sock.send((1000).to_bytes(2, "big") + b"somebody else has opened it", op=ws.CLOSE)
        sock.closed()
    with_far_end(t, manner=leave)
    s = t.client.stream(t.ns, "m", "console")
    check(s.until_ended() == (1000, "somebody else has opened it"), s.ended)
    until_none(t)


def test_a_number_is_good_once_for_one_pod_and_not_for_long(t):
    far = with_far_end(t)
    t.make(machine("n"))
    t.until_ready("n")
    s = t.client.stream(t.ns, "m", "console")
    used = far.requests[0]

    def refused(launcher, request):
        try:
            far_end.dial(launcher, request).close()
        except ws.Refused as e:
            check(e.status == 403, e)
            return
        raise AssertionError("it was let in")
    refused(t.launcher("m"), used)
    s.write(b"still")
    check(s.read(5) == b"still", "the stream does not mind")
    s.close()
    far.dials = False
    caller = threading.Thread(target=lambda: is_refused(t, 504, "did not connect within 10 seconds", "m", "console"))
    caller.start()
    t.until(lambda: len(far.requests) == 2, "the next one")
    late = far.requests[1]
    refused(t.launcher("n"), late)
    caller.join()
    refused(t.launcher("m"), late)
    refused(t.launcher("m"), {"arguments": {**late["arguments"], "session": "0" * 32}})
    counts = {k: v for k, v in t.server.metrics().items() if k.startswith("vmbridge_session_dials_refused_total")}
    check(counts.get('vmbridge_session_dials_refused_total{reason="other-pod"}', 0) >= 1 and
          counts.get('vmbridge_session_dials_refused_total{reason="unknown"}', 0) >= 2, counts)
    until_none(t)


def test_what_cannot_be_streamed_is_refused_before_the_upgrade(t):
    t.manner.answers = FarEnd()
    bare = spec()
    bare["domain"]["devices"].update({"autoattachSerialConsole": False, "autoattachGraphicsDevice": False})
    t.make(machine("off", "Halted"), machine("plain"), machine("bare", template=bare))
    t.until_ready("plain")
    t.until_ready("bare")
    for verb, words in (("console", "No serial consoles are present."), ("vnc", "No graphics devices are present.")):
        is_refused(t, 400, words, "bare", verb)
        is_refused(t, 404, "not found", "off", verb)
        is_refused(t, 404, "not found", "nobody", verb)
        is_refused(t, 400, "plain.kubevirt.io", "plain", verb, protocol="v5.channel.k8s.io")
        answer = t.client.get(t.ns, INSTANCES, "plain", verb)
        check(answer.status == 400 and "WebSocket" in answer.message, answer)
    t.manner.answers = FarEnd(answer={"code": "failed", "message": "the guest has no such device"})
    is_refused(t, 500, "the guest has no such device", "plain", "console")
    t.manner.answers = FarEnd(answer={"code": "failed", "message": "Active VNC connection. Request denied."})
    is_refused(t, 503, "Active VNC connection. Request denied.", "plain", "vnc?preserveSession=true")
    check(t.manner.answers.requests[0]["arguments"]["preserve"] == "true", t.manner.answers.requests)
    t.manner.answers = FarEnd(answer={"code": "unknownVerb"})
    is_refused(t, 409, "older than this verb", "plain", "console")
    t.manner.bind_s = None
    t.make(machine("waits"))
    t.until(lambda: t.pods("waits"), "a pod that waits")
    is_refused(t, 409, "VMI is not running", "waits", "console")
    until_none(t)


def test_a_right_to_the_console_is_none_to_the_screen(t):
    with_far_end(t)
    client = account(t, "console", [{"apiGroups": [GROUP], "resources": ["virtualmachineinstances/console"], "verbs": ["get"]}])
    t.until(lambda: client.get(t.ns, INSTANCES, "m", "console").status != 403, "the right is known")
    s = client.stream(t.ns, "m", "console")
    s.write(b"x")
    check(s.read(1) == b"x", "the echo")
    s.close()
    is_refused(t, 403, 'cannot get resource "virtualmachineinstances/vnc"', "m", "vnc", client=client)
    editor, viewer = account(t, "editor", role="kubevirt.io:edit"), account(t, "viewer", role="kubevirt.io:view")
    t.until(lambda: editor.get(t.ns, INSTANCES, "m", "console").status != 403, "the right is known")
    is_refused(t, 403, "cannot get resource", "m", "console", client=viewer)
    until_none(t)


def test_frames_against_the_protocol_end_the_stream(t):
    with_far_end(t)
    for frame, words in ((lambda s: s.frame(ws.BINARY, b"x", mask=False), "masked"), (lambda s: s.frame(3, b"x"), "no such frame"),
                         (lambda s: s.frame(0, b"x"), "middle"), (lambda s: s.frame(ws.PING, b"x" * 126), "no frame"),
                         (lambda s: bytes([0xC2, 0x81]) + bytes(5), "extension")):
        s = t.client.stream(t.ns, "m", "console")
        s.sock.sendall(frame(s))
        code, why = s.until_ended()
        check(code == 1002 and words in why, code, why)
        s.close()
    s = t.client.stream(t.ns, "m", "console")
    s.send(b"cons", op=ws.TEXT, fin=False)
    s.send(b"ping", op=ws.PING)
    s.send(b"oles", op=0)
    check(s.read(8) == b"consoles", "fragments, and a text")
    s.close()
    until_none(t)


def test_a_replica_that_does_not_lead_serves_too(t):
    """It has the leader asked by way of the API server, and the launcher dials it; when it goes, it says so."""
    far = with_far_end(t)
    other = t.world.start_server(identity="other", account="replica-b").until_ready()
    try:
        t.aggregated.lead_to(other.api_port, t.server.api_port)
        t.aggregated.until_available()
        until_tried(t, lambda said: said == "open" and far_end.port_of(far.requests[-1]) == other.port)
        s = t.client.stream(t.ns, "m", "console")
        while far_end.port_of(far.requests[-1]) != other.port:
            s.close()
            s = t.client.stream(t.ns, "m", "console")
        s.write(b"by way of another")
        check(s.read(17) == b"by way of another", "the echo")
        t.manner.answers = FarEnd(answer={"code": "failed", "message": "Active VNC connection. Request denied."})
        for _ in range(6):
            is_refused(t, 503, "Active VNC connection. Request denied.", "m", "vnc?preserveSession=true")
        check(any(far_end.port_of(r) == other.port for r in t.manner.answers.requests), "the other one had the launcher asked")
        ours = account(t, "editor", role="kubevirt.io:edit")
        t.until(lambda: ours.get(t.ns, INSTANCES, "m", "console").status != 403, "the right is known")
        check(ours.put(t.ns, INSTANCES, "m", "dial", {}).status == 403, "an editor has launchers dial nobody")
        t.aggregated.lead_to(t.server.api_port)
        t.world.stop(other)
        check(s.until_ended() == (1001, "this replica of vmbridge ends: connect again"), s.ended)
    finally:
        t.aggregated.lead_to(t.server.api_port)
        t.world.gone(other)
        if other.process.poll() is None:
            other.kill()
    t.manner.answers = far
    until_tried(t, lambda said: said == "open")
    until_none(t)


def try_stream(t):
    """"open", or the text of the refusal."""
    try:
        t.client.stream(t.ns, "m", "console").close()
        return "open"
    except ws.Refused as e:
        return e.body


def until_tried(t, test):
    """Not by t.until: the played launcher needs what that holds meanwhile."""
    end = time.monotonic() + HANG_S
    while not test(try_stream(t)):
        check(time.monotonic() < end, "it stays at", try_stream(t))
        time.sleep(0.1)


def test_an_idle_stream_is_pinged_and_costs_little(t):
    """The figure is told; its bound is wide, since other connections come and go."""
    with_far_end(t)
    first = t.client.stream(t.ns, "m", "console")
    before = t.server.metrics()["process_resident_memory_bytes"]
    streams = [t.client.stream(t.ns, "m", "vnc") for _ in range(50)]
    grown = t.server.metrics()["process_resident_memory_bytes"] - before
    print(f"     {grown / 50 / 1024:.1f} KiB a stream", flush=True)
    check(n_open(t) == 51, n_open(t))
    at = time.monotonic()
    while first.pings == 0 and time.monotonic() - at < 30:
        first.step(30)
    check(first.pings, "no ping in 30 s")
    more = [t.client.stream(t.ns, "m", "vnc") for _ in range(13)]
    is_refused(t, 429, "too many streams", "m", "vnc")
    for s in [first, *streams, *more]:
        s.close()
    until_none(t)
