#!/usr/bin/env python3
"""Strangers that stand at a port: so many connections of one manner, dialled again when the server ends them.

usage: crowd.py PORT MANNER NUMBER [ADDRESSES]

MANNER    silent  connects and says nothing
          half    sends a ClientHello and never answers what comes back
          drip    sends its ClientHello a byte a second
          slow    completes TLS, then sends its request a byte a second
          good    upgrades to echo_server's endpoint and stays: no stranger, but a launcher that comes back
ADDRESSES how many source addresses they have, from 127.0.0.2 on; 0: all are 127.0.0.1
Prints "standing" when each has connected once (good: is in), runs until its input ends, then prints how often they dialled.
"""
import errno
import functools
import os
import selectors
import socket
import ssl
import subprocess
import sys
import time

DIALS_PER_S = 1500
IP_BIND_ADDRESS_NO_PORT = 24
UPGRADE = (b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: echo-v1\r\nAuthorization: Bearer good\r\n\r\n")
REQUEST = b"GET /healthz HTTP/1.1\r\nX-Long: " + b"x" * 4000


@functools.cache
def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


def client():
    """A TLS client without a socket: (object, what came in, what is to go out)."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context().wrap_bio(into, out, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return tls, into, out


def hello():
    return client()[2].read()


class Stranger:
    def __init__(self, crowd, source):
        self.crowd, self.source, self.sock = crowd, source, None

    def dial(self):
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # its port keeps no listener away
        self.sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        self.sock.bind((self.source, 0))
        if self.sock.connect_ex(("127.0.0.1", self.crowd.port)) not in (0, errno.EINPROGRESS):
            raise OSError("cannot dial")
        self.is_up, self.sent, self.tls = False, 0, None
        self.crowd.selector.register(self.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    def lose(self):
        self.crowd.selector.unregister(self.sock)
        self.sock.close()
        self.crowd.away.append(self)

    def on_event(self, mask):
        if mask & selectors.EVENT_WRITE and not self.is_up:
            self.is_up = True
            self.crowd.selector.modify(self.sock, selectors.EVENT_READ, self)
            if self.crowd.manner != "good":
                self.crowd.on_up(self)
            self.begin()
        if mask & selectors.EVENT_READ:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionResetError
            self.heard(data)

    def begin(self):
        if self.crowd.manner == "half":
            self.sock.send(self.crowd.hello)
        elif self.crowd.manner in ("slow", "good"):
            self.tls, self.into, self.out = client()
            self.sock.send(self.out.read())

    def heard(self, data):
        if self.tls:
            self.into.write(data)
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
            if self.crowd.manner == "good" and self.tls.version():
                self.upgrade()
            self.sock.send(self.out.read())

    def upgrade(self):
        if not self.sent:
            self.sent = self.tls.write(UPGRADE)
            return
        try:
            if self.tls.read(4096).startswith(b"HTTP/1.1 101"):
                self.crowd.on_up(self)
        except ssl.SSLWantReadError:
            pass

    def tick(self):
        """Each second."""
        if not self.is_up:
            return
        if self.crowd.manner == "drip":
            self.sock.send(self.crowd.hello[self.sent:self.sent + 1])
            self.sent += 1
        elif self.crowd.manner == "slow" and self.tls.version():
            self.tls.write(REQUEST[self.sent:self.sent + 1])
            self.sock.send(self.out.read())
            self.sent += 1


class Strangers:
    def __init__(self, port, manner, number, n_addresses):
        self.port, self.manner, self.hello = port, manner, hello()
        self.selector = selectors.DefaultSelector()
        sources = [f"127.0.0.{2 + i}" for i in range(n_addresses)] or ["127.0.0.1"]
        self.all = [Stranger(self, sources[i % len(sources)]) for i in range(number)]
        self.away = list(self.all)
        self.seen, self.dials, self.is_told = set(), 0, False
        self.credit, self.at, self.next_tick = 0.0, time.monotonic(), time.monotonic() + 1

    def on_up(self, stranger):
        self.seen.add(stranger)

    def guarded(self, stranger, act, *args):
        try:
            act(*args)
        except BlockingIOError:
            pass
        except (OSError, ssl.SSLError):
            stranger.lose()

    def dial(self):
        now = time.monotonic()
        self.credit = min(self.credit + (now - self.at) * DIALS_PER_S, DIALS_PER_S)
        self.at = now
        while self.away and self.credit >= 1:
            self.credit -= 1
            self.dials += 1
            stranger = self.away.pop(0)
            try:
                stranger.dial()
            except OSError:  # no port or no file left: later
                stranger.sock.close()
                self.away.append(stranger)
                break

    def run(self):
        os.set_blocking(0, False)
        while True:
            self.dial()
            for key, mask in self.selector.select(0.02):
                self.guarded(key.data, key.data.on_event, mask)
            if time.monotonic() >= self.next_tick:
                self.next_tick += 1
                for stranger in [k.data for k in self.selector.get_map().values()]:
                    self.guarded(stranger, stranger.tick)
            if len(self.seen) == len(self.all) and not self.is_told:
                self.is_told = True
                print("standing", flush=True)
            try:
                if os.read(0, 1) == b"":
                    break
            except BlockingIOError:
                pass
        print(self.dials, flush=True)


class Crowd:
    """One that stands while the block runs: with Crowd(port, "silent", 5000, 50): ..."""

    def __init__(self, port, manner, number, n_addresses=0):
        self.arguments = [str(a) for a in (port, manner, number, n_addresses)]
        self.dials = None

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, __file__, *self.arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        assert self.process.stdout.readline() == "standing\n", "the crowd did not come up"
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.dials = int(self.process.stdout.readline() or 0)
        self.process.stdout.close()
        self.process.wait()


if __name__ == "__main__":
    try:
        Strangers(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 0).run()
    except BrokenPipeError:
        pass
