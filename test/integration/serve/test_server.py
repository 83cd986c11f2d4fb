#!/usr/bin/env python3
"""What strangers may do to the server: health, refusals, frames of all kinds, slowness. Needs no Kubernetes.
usage: test_server.py ECHO-SERVER"""
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support"))
import crowd  # noqa: E402
import ws  # noqa: E402

PROGRAM = ""


class Server:
    def __init__(self, ping_s=30, env=None):
        self.dir = tempfile.TemporaryDirectory()
        self.ca = os.path.join(self.dir.name, "ca.crt")
        self.process = subprocess.Popen([PROGRAM, self.ca, str(ping_s)], stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **(env or {})})
        word, *ports = self.process.stdout.readline().split()
        assert word == "port"
        self.port, self.endpoint_port, self.health_port = map(int, ports)

    def connect(self, token="good", path="/echo", protocol="echo-v1", extra="", port=None):
        return ws.WebSocket(port or self.port, self.ca, path, protocol, token, extra=extra)

    def refusals(self, reason):
        found = re.search(rf'vmbridge_server_refused_total{{reason="{reason}"}} (\d+)', self.get("/metrics")[2])
        return int(found[1]) if found else 0

    def request(self, text):
        """Sends bytes, returns (status, headers, body)."""
        with ws.tls(self.port, self.ca) as sock:
            sock.sendall(text.encode())
            status, headers, body = ws.read_head(sock)
            while len(body) < int(headers.get("content-length", 0)):
                more = sock.recv(65536)
                if not more:
                    raise ConnectionError(f"closed after {len(body)} bytes of the body")
                body += more
            return status, headers, body.decode()

    def get(self, path):
        return self.request(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def stop(self):
        """Asks it to end; it must do so by itself, with nothing leaked."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        self.process.stdout.close()
        self.dir.cleanup()
        return code


class Case(unittest.TestCase):
    ping_s, env = 30, None

    def setUp(self):
        self.server = Server(self.ping_s, self.env)

    def tearDown(self):
        self.assertEqual(self.server.stop(), 0)

    def refused(self, status, **kwargs):
        with self.assertRaises(ws.Refused) as caught:
            self.server.connect(**kwargs)
        self.assertEqual(caught.exception.status, status)
        return caught.exception


class Pages(Case):
    def test_health(self):
        self.assertEqual(self.server.get("/healthz")[::2], (200, "ok\n"))

    def test_not_ready_says_why(self):
        self.assertEqual(self.server.get("/readyz")[::2], (503, "not yet\n"))
        self.server.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.assertEqual(self.server.get("/readyz")[::2], (200, "ok\n"))

    def test_metrics(self):
        status, headers, body = self.server.get("/metrics")
        self.assertEqual(status, 200)
        self.assertIn("version=0.0.4", headers["content-type"])
        for name in ("process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds",
                     "process_start_time_seconds"):
            self.assertRegex(body, rf"\n{name} [0-9.e+]+\n")
        started = float(body.split("\nprocess_start_time_seconds ")[1].split()[0])
        self.assertLess(abs(started - time.time()), 60)

    def test_unknown_page(self):
        self.assertEqual(self.server.get("/")[0], 404)
        self.assertEqual(self.server.get("/../../etc/passwd")[0], 404)

    def test_only_reading(self):
        for method in ("POST", "PUT", "DELETE"):
            status, headers, _ = self.server.request(f"{method} /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            self.assertEqual((status, headers["allow"]), (405, "GET, HEAD"))

    def test_one_request_per_connection(self):
        with ws.tls(self.server.port, self.server.ca) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
            data = b""
            while more := sock.recv(4096):
                data += more
        self.assertEqual(data.count(b"HTTP/1.1 200"), 1)

    def test_nothing_in_clear_text(self):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                self.assertNotIn(b"HTTP", sock.recv(4096))
            except ConnectionError:
                pass

    def test_old_tls_is_refused(self):
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            ws.tls(self.server.port, self.server.ca, version=ssl.TLSVersion.TLSv1_1)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            ws.tls(self.server.port, self.server.ca, version=version).close()

    def test_key_exchanges(self):
        self.assertIn("Server Temp Key: X25519", self.handshake())
        self.assertIn("ECDH, prime256v1", self.handshake("-groups", "P-256"))
        self.assertIn("ECDH, secp384r1", self.handshake("-groups", "P-384"))
        self.assertNotIn("Server Temp Key", self.handshake("-groups", "P-521"))

    def handshake(self, *options):
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", *options]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=False).stdout


class Health(Case):
    """The port for probes: clear text, and nothing that anybody may not know."""

    def ask(self, text, port=None):
        with socket.create_connection(("127.0.0.1", port or self.server.health_port), timeout=10) as sock:
            sock.sendall(text.encode())
            data = b""
            while more := sock.recv(4096):
                data += more
        return data.decode()

    def test_probes(self):
        self.assertTrue(self.ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").endswith("\r\n\r\nok\n"))
        self.assertIn("HTTP/1.1 503", self.ask("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"))

    def test_nothing_else(self):
        self.assertIn("HTTP/1.1 404", self.ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"))
        upgrade = ("GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: echo-v1\r\nAuthorization: Bearer good\r\n\r\n")
        self.assertIn(" 404 ", self.ask(upgrade))

    def test_a_crowd_takes_nothing_from_a_probe(self):
        for manner in ("silent", "half"):
            with crowd.Crowd(self.server.health_port, manner, 500, 20), crowd.Crowd(self.server.port, manner, 500, 20):
                begin = time.monotonic()
                self.assertIn("HTTP/1.1 200", self.ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))
                self.assertLess(time.monotonic() - begin, 5)


class Upgrades(Case):
    def test_no_token(self):
        e = self.refused(401, token=None)
        self.assertIn('"kind":"Status"', e.body)
        self.assertEqual(e.headers["www-authenticate"], "Bearer")

    def test_wrong_token(self):
        self.refused(401, token="bad")

    def test_no_protocol(self):
        self.refused(400, protocol=None)
        self.refused(400, protocol="other")

    def test_the_pages_own_protocol_is_none(self):
        with self.assertRaises((ws.Refused, OSError)):
            self.server.connect(protocol="vmbridge-pages, echo-v1")

    def test_one_of_several_protocols(self):
        c = self.server.connect(protocol="other, echo-v1")
        self.assertEqual(c.headers["sec-websocket-protocol"], "echo-v1")
        c.close()

    def test_wrong_path(self):
        self.refused(404, path="/echo/")
        self.refused(404, path="/healthz")

    def test_huge_headers(self):
        with self.assertRaises((ws.Refused, OSError)):
            self.server.connect(extra="X-Fill: " + "x" * 100000 + "\r\n")
        with self.assertRaises((ws.Refused, OSError)):
            self.server.connect(token="x" * 20000)
        self.assertEqual(self.server.get("/healthz")[0], 200)

    def test_garbage(self):
        for text in (b"\0\1\2\3" * 100, b"GET\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\r\n\r\n\r\n",
                     b"GET /echo HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
                     b"GET /echo HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nAuthorization: Bearer good\r\n"
                     b"Sec-WebSocket-Protocol: echo-v1\r\n\r\n"):
            with ws.tls(self.server.port, self.server.ca) as sock:
                sock.sendall(text)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(4096):
                    pass
        self.assertEqual(self.server.get("/healthz")[0], 200)


class Messages(Case):
    def test_echo(self):
        c = self.server.connect()
        for text in ("hello", "", "ü" * 1000, "x" * 65536):
            c.send(text)
            self.assertEqual(c.text(), text)
        c.close()

    def test_fragments(self):
        c = self.server.connect()
        c.send("he", fin=False)
        c.send("ll", op=0, fin=False)
        c.send("o", op=0)
        self.assertEqual(c.text(), "hello")
        c.close()

    def test_half_a_frame(self):
        c = self.server.connect()
        whole = c.frame(ws.TEXT, "x" * 5000)
        c.sock.sendall(whole[:2000])
        time.sleep(0.3)
        c.sock.sendall(whole[2000:])
        self.assertEqual(c.text(), "x" * 5000)
        c.sock.sendall(whole[:2000])
        c.close()

    def test_too_large(self):
        for fragments in (1, 3):
            c = self.server.connect()
            for i in range(fragments):
                try:
                    c.send("x" * (70000 // fragments + 1), op=0 if i else ws.TEXT, fin=i == fragments - 1)
                except OSError:
                    pass
            self.assertEqual(c.closed(), (1009, "message is too large"))

    def test_binary(self):
        c = self.server.connect()
        c.send(b"\0\1", op=ws.BINARY)
        self.assertEqual(c.closed()[0], 1003)

    def test_no_utf8(self):
        c = self.server.connect()
        c.send(b"\xff\xfe")
        self.assertIn(c.closed()[0], (1006, 1007))

    def test_frames_against_the_protocol(self):
        for raw in (b"\xf1\x80\0\0\0\0", b"\x83\x80\0\0\0\0", b"\x80\x82\0\0\0\0hi", b"\x89\xfe\4\0" + b"\0" * 1028,
                    b"\x81\xff" + b"\xff" * 8 + b"\0" * 4, b"\x88\x82\0\0\0\0\x03\xe7"):
            c = self.server.connect()
            c.sock.sendall(raw)
            self.assertIn(c.closed(3)[0], (1002, 1006), raw)

    def test_a_length_is_only_believed_when_it_comes(self):
        c = self.server.connect()
        c.sock.sendall(b"\x81\xff\x7f" + b"\xff" * 7 + b"\0" * 4 + b"x" * 70000)
        self.assertEqual(c.closed(), (1009, "message is too large"))

    def test_flood(self):
        c = self.server.connect()
        c.sock.sendall(c.frame(ws.TEXT, "x") * 100)
        # what it has not read when it closes makes TCP drop the close frame too
        self.assertIn(c.closed(), [(1008, "too many messages"), (1006, "")])
        self.assertIn('vmbridge_server_refused_total{reason="rate"} 1', self.server.get("/metrics")[2])

    def test_flood_of_fragments(self):
        c = self.server.connect()
        c.send("x", fin=False)
        # A pace, not a number, is refused: written in one piece, and again until it has been, since this machine may be slow.
        flood = c.frame(0, "", fin=False) * 20000
        end = time.monotonic() + 60
        try:
            while time.monotonic() < end:
                c.sock.sendall(flood)
        except OSError:
            pass
        self.assertIn(c.closed()[0], (1008, 1006))
        self.assertIn('vmbridge_server_refused_total{reason="rate"} 1', self.server.get("/metrics")[2])

    def test_floods_of_control_frames(self):
        for op, payload in ((ws.PING, ""), (ws.PING, "x" * 100), (ws.PONG, ""), (ws.PONG, "x")):
            with self.subTest(op=op, payload=payload):
                c = self.server.connect()
                before = self.server.refusals("rate")
                flood = c.frame(op, payload) * 5000
                end = time.monotonic() + 30
                try:
                    while time.monotonic() < end:
                        c.sock.sendall(flood)
                        time.sleep(0.05)
                except OSError:
                    pass
                self.assertLess(time.monotonic(), end)
                self.assertIn(c.closed()[0], (1008, 1006))
                self.assertEqual(self.server.refusals("rate"), before + 1)

    def test_a_moderate_pace_of_pings_is_fine(self):
        c = self.server.connect()
        for i in range(60):
            c.send(str(i), op=ws.PING)
            self.assertEqual(c.receive(), (ws.PONG, str(i).encode()))
            time.sleep(0.05)
        c.send("still here")
        self.assertEqual(c.text(), "still here")
        c.close()

    def test_large_messages_at_a_moderate_pace_are_fine(self):
        c = self.server.connect()
        for i in range(30):
            c.send(f"{i:02}" + "x" * 60000)
            self.assertEqual(c.text()[:2], f"{i:02}")
            time.sleep(0.15)
        c.close()

    def test_a_moderate_pace_is_fine(self):
        c = self.server.connect()
        for i in range(60):
            c.send(str(i))
            self.assertEqual(c.text(), str(i))
            time.sleep(0.06)
        c.close()

    def test_ping_is_answered(self):
        c = self.server.connect()
        c.send("are you there", op=ws.PING)
        self.assertEqual(c.receive(), (ws.PONG, b"are you there"))
        c.close()

    def test_last_word_and_reason(self):
        c = self.server.connect()
        c.send("close me")
        self.assertEqual(c.text(), "bye")
        self.assertEqual(c.closed(), (1013, "as you wish"))

    def test_newest_wins_when_several_wait(self):
        c = self.server.connect()
        c.sock.sendall(b"".join(c.frame(ws.TEXT, f"{i:02}" + "x" * 100) for i in range(10)))  # one record: all are echoed at once
        got = [c.text()[:2]]
        try:
            while got[-1] != "09":
                got.append(c.text(2)[:2])
        except (TimeoutError, socket.timeout):
            pass
        self.assertEqual(got[-1], "09")
        self.assertEqual(got, sorted(got))
        self.assertLess(len(got), 10)
        c.close()

    def test_who_talks_and_takes_nothing_is_cut_off(self):
        """While output waited libwebsockets turned on the spot for ever over what still came, whoever ended the connection."""
        last_words = {"more of the same": "", "a frame against the protocol": (3, ""), "no UTF-8": (ws.TEXT, b"\xff\xfe\xff")}
        for name, last in last_words.items():
            with self.subTest(name=name):
                c = self.server.connect()
                c.sock.settimeout(0.5)
                before = self.server.refusals("deaf")
                self.assertTrue(self.talks_until_cut(c, c.frame(*last) if last else b""), "it was never cut off")
                self.assertGreater(self.server.refusals("deaf") + self.server.refusals("slow"), before)
                self.assertEqual(self.server.get("/healthz")[0], 200)

    def talks_until_cut(self, c, last_word):
        """Large messages at a pace that is fine, but for that nobody takes the echoes; then the last word, and noise."""
        end = time.monotonic() + 30
        try:
            for i in range(200):
                c.sock.sendall(c.frame(ws.TEXT, "x" * 60000))
                time.sleep(0.15)
                if i == 12:
                    c.sock.sendall(last_word + c.frame(ws.TEXT, "y" * 200) * 400)
                if time.monotonic() > end:
                    return False
        except OSError:
            return True
        return False


class Proof(Case):
    def test_nothing_counts_before_proof(self):
        c = self.server.connect(token="later")
        begin = time.monotonic()
        c.send("early")
        self.assertEqual(c.text(), "early")
        self.assertGreater(time.monotonic() - begin, 0.25)
        c.close()

    def test_no_proof_no_connection(self):
        c = self.server.connect(token="never")
        c.send("x")
        begin = time.monotonic()
        c.closed()
        self.assertTrue(3 < time.monotonic() - begin < 7)


class Slow(Case):
    def assert_ends(self, sock, low=3, high=7):
        begin = time.monotonic()
        sock.settimeout(20)
        try:
            while sock.recv(4096):
                pass
        except OSError:
            pass
        self.assertTrue(low < time.monotonic() - begin < high, time.monotonic() - begin)

    def test_silence_before_tls(self):
        self.assert_ends(socket.create_connection(("127.0.0.1", self.server.port)))

    def test_silence_after_tls(self):
        self.assert_ends(ws.tls(self.server.port, self.server.ca))

    def test_one_byte_at_a_time(self):
        sock = ws.tls(self.server.port, self.server.ca)
        begin = time.monotonic()
        try:
            for b in b"GET /healthz HTTP/1.1\r\nX: " + b"x" * 100:
                sock.sendall(bytes([b]))
                time.sleep(0.2)
        except OSError:
            pass
        self.assertTrue(3 < time.monotonic() - begin < 8)

    def silent(self, port, n):
        socks = [socket.create_connection(("127.0.0.1", port)) for _ in range(n)]
        self.addCleanup(lambda: [s.close() for s in socks])
        time.sleep(0.3)
        return socks

    def test_who_says_nothing_takes_no_place(self):
        begin = time.monotonic()
        self.silent(self.server.port, 300)
        self.assertEqual(self.server.get("/healthz")[0], 200)
        self.assertLess(time.monotonic() - begin, 3)

    def test_pages_do_not_wait_behind_the_endpoints_crowd(self):
        begin = time.monotonic()
        self.silent(self.server.endpoint_port, 300)
        self.assertEqual(self.server.get("/healthz")[0], 200)
        self.assertLess(time.monotonic() - begin, 3)

    def test_both_ports_serve_both(self):
        for port in (self.server.port, self.server.endpoint_port):
            with self.subTest(port=port):
                c = self.server.connect(port=port)
                c.send("x")
                self.assertEqual(c.text(), "x")
                c.close()

    def test_who_hung_up_in_the_queue_gets_no_handshake(self):
        hello = crowd.hello()
        self.server.process.send_signal(signal.SIGUSR1)
        time.sleep(0.3)
        for s in self.silent(self.server.endpoint_port, 30):
            s.sendall(hello)
            s.close()
        self.server.process.send_signal(signal.SIGUSR2)
        c = self.server.connect(port=self.server.endpoint_port)
        self.assertEqual(self.server.refusals("gone"), 30)
        c.close()

    def test_nobody_is_let_in_while_nobody_is_expected(self):
        self.server.process.send_signal(signal.SIGUSR1)
        time.sleep(0.6)
        raw = socket.create_connection(("127.0.0.1", self.server.endpoint_port))
        self.addCleanup(raw.close)
        raw.settimeout(1)
        context = ssl.create_default_context(cafile=self.server.ca)
        with self.assertRaises((TimeoutError, ssl.SSLError)):
            context.wrap_socket(raw, server_hostname="localhost")
        self.assertEqual(self.server.get("/healthz")[0], 200)
        self.server.process.send_signal(signal.SIGUSR2)
        c = self.server.connect(port=self.server.endpoint_port)
        c.close()

    def test_proven_ones_do_not_count(self):
        streams = [self.server.connect() for _ in range(80)]
        self.assertEqual(self.server.get("/healthz")[0], 200)
        for c in streams:
            c.send("x")
            self.assertEqual(c.text(), "x")
            c.close()


class Crowds(Case):
    """Who stands at the ports and says too little; bounds are generous, test/bench/hostile_conns.py has figures."""

    BOUND_S = 8

    def within(self, act, what):
        begin = time.monotonic()
        act()
        took = time.monotonic() - begin
        print(f"     {what} after {took:.2f} s, bound {self.BOUND_S}", file=sys.stderr)
        self.assertLess(took, self.BOUND_S, what)

    def launcher(self, source):
        c = ws.WebSocket(self.server.endpoint_port, self.server.ca, "/echo", "echo-v1", "good", source=source)
        c.send("x")
        self.assertEqual(c.text(), "x")
        c.close()

    def stand(self, manner, number):
        self.launcher("127.0.1.1")
        for addresses in (0, 50):
            with crowd.Crowd(self.server.endpoint_port, manner, number, addresses), \
                 crowd.Crowd(self.server.port, manner, number, addresses):
                what = f"{number} {manner} of {addresses or 1} addresses:"
                self.within(lambda: self.launcher("127.0.1.1"), f"{what} a proven launcher")
                self.within(lambda: self.launcher("127.0.1.2"), f"{what} a new launcher")
                self.within(lambda: self.assertEqual(self.server.get("/metrics")[0], 200), f"{what} /metrics")

    def test_silent(self):
        self.stand("silent", 2500)

    def test_a_byte_a_second_before_tls(self):
        self.stand("drip", 200)

    def test_a_byte_a_second_after_tls(self):
        self.stand("slow", 200)

    def test_half_a_handshake(self):
        self.stand("half", 500)

    def test_what_is_no_tls_is_sent_away_at_once(self):
        for text in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x02", b"\x80\x2e\1\3\1", b"\x16\3\1\xff\xff", b"\x16\3\1\0\0"):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=3) as sock:
                sock.sendall(text)
                try:
                    self.assertEqual(sock.recv(100), b"", text)
                except ConnectionResetError:
                    pass
        self.assertEqual(self.server.refusals("garbage"), 5)


class Memory(Case):
    env = {"ASAN_OPTIONS": "quarantine_size_mb=4"}  # else what was freed counts for long

    def test_readers_of_pages_that_do_not_read(self):
        def resident():
            with open(f"/proc/{self.server.process.pid}/statm", encoding="ascii") as f:
                return int(f.read().split()[1]) * 4096 / 2**20

        before, socks = resident(), []
        for _ in range(50):
            sock = ws.tls(self.server.port, self.server.ca)
            sock.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b" 200 ", sock.recv(64))
            socks.append(sock)
        grown = resident() - before
        print(f"     50 readers of 4 MiB that do not read: {grown:.0f} MiB, bound 100", file=sys.stderr)
        self.assertLess(grown, 100)  # 200 without sharing
        self.assertEqual(self.server.get("/metrics")[0], 200)
        self.assertEqual(len(self.server.get("/large")[2]), 4 * 2**20)
        for sock in socks:
            sock.close()


class Silence(Case):
    ping_s = 2

    def test_a_dead_peer_is_noticed(self):
        c = self.server.connect()
        op, _ = c.receive(5)
        self.assertEqual(op, ws.PING)
        begin = time.monotonic()
        self.assertEqual(c.closed(20)[0], 1006)
        self.assertLess(time.monotonic() - begin, 16)

    def test_a_living_peer_stays(self):
        c = self.server.connect()
        for _ in range(3):
            op, payload = c.receive(5)
            self.assertEqual(op, ws.PING)
            c.send(payload, op=ws.PONG)
        c.send("still here")
        self.assertEqual(c.text(), "still here")
        c.close()


class Certificate(Case):
    def serial(self):
        with ws.tls(self.server.port, self.server.ca) as sock:
            return sock.getpeercert()["serialNumber"]

    def test_replaced_without_dropping_anybody(self):
        c = self.server.connect()
        first = self.serial()
        self.server.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.assertNotEqual(self.serial(), first)
        c.send("still here")
        self.assertEqual(c.text(), "still here")
        c.close()

    def test_ends_cleanly_with_connections_open(self):
        self.streams = [self.server.connect() for _ in range(5)] + [self.server.connect(token="never")]
        self.half = [ws.tls(self.server.port, self.server.ca), socket.create_connection(("127.0.0.1", self.server.port))]
        # tearDown stops the server and looks at its exit code


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
