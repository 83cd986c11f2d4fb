"""A WebSocket client that can misbehave: TLS and frames by hand, on the standard library alone."""
import base64
import os
import socket
import ssl
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """The server answered the upgrade with another status than 101."""

    def __init__(self, status, headers, body):
        super().__init__(f"{status}: {body}")
        self.status, self.headers, self.body = status, headers, body


def tls(port, ca, name="localhost", version=None, source="127.0.0.1"):
    """A TLS connection to a local port from a local address, its certificate checked against 'name'."""
    context = ssl.create_default_context(cafile=ca)
    if version:
        context.minimum_version = context.maximum_version = version
    raw = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0))
    return context.wrap_socket(raw, server_hostname=name)


def read_head(sock):
    """Status, headers and what came behind them."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(4096)
        if not more:
            raise ConnectionError(f"closed in the middle of the headers: {data!r}")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split()[1]), headers, rest


class WebSocket:
    def __init__(self, port, ca, path, protocol=None, token=None, name="localhost", extra="", source="127.0.0.1"):
        self.upgrade(tls(port, ca, name, source=source), path, protocol, token, name, extra)

    def upgrade(self, sock, path, protocol=None, token=None, name="localhost", extra=""):
        """Asks for the upgrade on a connection that is there."""
        self.sock = sock
        request = (f"GET {path} HTTP/1.1\r\nHost: {name}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n")
        if protocol:
            request += f"Sec-WebSocket-Protocol: {protocol}\r\n"
        if token:
            request += f"Authorization: Bearer {token}\r\n"
        self.sock.sendall((request + extra + "\r\n").encode())
        status, self.headers, self.buffer = read_head(self.sock)
        if status != 101:
            body = self.buffer
            while len(body) < int(self.headers.get("content-length", 0)):
                body += self.sock.recv(4096)
            self.sock.close()
            raise Refused(status, self.headers, body.decode())

    def frame(self, op, payload, fin=True, mask=True):
        if isinstance(payload, str):
            payload = payload.encode()
        head = bytes([(0x80 if fin else 0) | op])
        bit = 0x80 if mask else 0
        if len(payload) < 126:
            head += bytes([bit | len(payload)])
        elif len(payload) < 65536:
            head += bytes([bit | 126]) + struct.pack(">H", len(payload))
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", len(payload))
        if not mask:
            return head + payload
        key = os.urandom(4)
        return head + key + bytes(b ^ key[i % 4] for i, b in enumerate(payload))

    def send(self, text, op=TEXT, fin=True):
        self.sock.sendall(self.frame(op, text, fin))

    def _take(self, n):
        while len(self.buffer) < n:
            more = self.sock.recv(65536)
            if not more:
                raise ConnectionError("closed by the server")
            self.buffer += more
        out, self.buffer = self.buffer[:n], self.buffer[n:]
        return out

    def receive(self, timeout=10):
        """Next frame: (op, payload)."""
        self.sock.settimeout(timeout)
        a, b = self._take(2)
        n = b & 0x7F
        if n == 126:
            n, = struct.unpack(">H", self._take(2))
        elif n == 127:
            n, = struct.unpack(">Q", self._take(8))
        return a & 0x0F, self._take(n)

    def text(self, timeout=10):
        """The next message; pings before it are answered."""
        op, payload = self.receive(timeout)
        while op == PING:
            self.send(payload, op=PONG)
            op, payload = self.receive(timeout)
        assert op == TEXT, (op, payload)
        return payload.decode()

    def closed(self, timeout=10):
        """Code and reason of the close frame; (1006, "") when the connection just ended. Frames before it are dropped."""
        try:
            while True:
                op, payload = self.receive(timeout)
                if op == CLOSE:
                    code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
                    return code, payload[2:].decode()
        except (ConnectionError, ssl.SSLError):
            return 1006, ""

    def close(self):
        try:
            self.sock.close()
        except OSError:
            pass
