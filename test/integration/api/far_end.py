"""The launcher's part in streams, played: it dials back with the number that it was told, and does with the bytes what a test says."""
import threading

import ws

PATH, PROTOCOL = "/v1/stream/", "vmbridge-stream-v1"


def port_of(request):
    return int(request["arguments"]["address"].rpartition(":")[2])


def dial(launcher, request):
    return launcher.dial(port_of(request), PATH + request["arguments"]["session"], PROTOCOL)


def echo(sock, launcher):
    """Sends back what comes, and answers pings, until the other side closes."""
    while True:
        op, payload = sock.receive(120)
        if op == ws.BINARY:
            sock.sock.sendall(fast_frame(payload))
        elif op == ws.PING:
            sock.send(payload, op=ws.PONG)
        elif op == ws.CLOSE:
            launcher.closes.append((int.from_bytes(payload[:2], "big"), payload[2:].decode()))
            return


def fast_frame(payload):
    """A frame whose mask is nothing: it masks all the same."""
    n = len(payload)
    size = bytes([0x80 | n]) if n < 126 else bytes([0x80 | 126]) + n.to_bytes(2, "big") if n < 65536 else bytes([0x80 | 127]) + n.to_bytes(8, "big")
    return bytes([0x80 | ws.BINARY]) + size + bytes(4) + payload


class FarEnd:
    """For Manner.answers: each stream that is asked for is dialled, and 'manner' gets the socket in a thread of its own."""

    def __init__(self, manner=echo, answer=None, dials=True):
        self.manner, self.answer, self.dials = manner, answer or {"code": "ok"}, dials
        self.requests, self.socks, self.faults = [], [], []

    def __call__(self, launcher, request):
        if request["verb"] != "stream":
            return {"code": "ok"}
        if not hasattr(launcher, "closes"):
            launcher.closes = []
        self.requests.append(request)
        if self.dials and self.answer["code"] == "ok":
            threading.Thread(target=self._run, args=(launcher, request), daemon=True).start()
        return self.answer

    def _run(self, launcher, request):
        try:
            sock = dial(launcher, request)
            self.socks.append(sock)
            self.manner(sock, launcher)
            sock.close()
        except (OSError, ws.Refused) as e:
            self.faults.append(e)
