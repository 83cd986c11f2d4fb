#!/usr/bin/env python3
"""Somebody who reaches the controller's ports; run in the network of a pod or a guest: nsenter -t PID -n python3 stranger.py ...

usage: stranger.py tokens HOST PORT           upgrades with tokens that are none; a line for each: the status of the answer
       stranger.py silent HOST PORT N SECONDS N connections that say nothing, and come again when they are closed
       stranger.py say HOST PORT TOKEN UID    a launcher that says that the guest of that instance has crashed; prints what came of it
"""
import json
import os
import pathlib
import select
import socket
import ssl
import sys
import time

sys.path.insert(0, os.path.join(pathlib.Path(__file__).resolve().parent.parent, "support"))
import ws  # noqa: E402

PATH, PROTOCOL = "/v1/launcher", "vmbridge-launcher-v1"
TOKENS = ("A===.AAAA.AAAA", "a.b.c", "....", "=", "AAAA.AAAA", "AAAA.AAAA.AAAA.AAAA.AAAA", "A" * 6000, "eyJ" * 900 + ".e30.AAAA", "e30.e30.", "%00.%00.%00",
          "\x7f\x7f.AAAA.AAAA", "AA=A.AAAA.AAAA", "AAAA.====.AAAA", "AAAA.AAAA.A===", "-_-_.-_-_.-_-_", "e30.e30.e30" + "=" * 50)


def connect(host, port):
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    sock.settimeout(10)
    sock.connect((host, port))
    return sock


class Stranger(ws.WebSocket):
    """Whose certificate it is does not matter here."""

    def __init__(self, host, port, token):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.upgrade(context.wrap_socket(connect(host, port)), PATH, PROTOCOL, token)


def answer_to(host, port, token):
    try:
        Stranger(host, port, token).close()
    except ws.Refused as e:
        return str(e.status)
    except OSError as e:
        return f"closed: {e}"
    return "taken"


def tokens(host, port):
    for token in TOKENS:
        print(answer_to(host, port, token), flush=True)


def silent(host, port, n, seconds):
    """Says how many stood at most, and how many were opened in all."""
    end, standing, most, opened = time.monotonic() + seconds, {}, 0, 0
    poll = select.poll()
    while time.monotonic() < end:
        while len(standing) < n and time.monotonic() < end:
            try:
                sock = connect(host, port)
            except OSError:
                break  # full: later
            standing[sock.fileno()] = sock
            poll.register(sock, select.POLLIN | select.POLLHUP)
            opened += 1
        most = max(most, len(standing))
        for fd, _ in poll.poll(200):
            poll.unregister(fd)
            standing.pop(fd).close()
    print(most, opened)


def say(host, port, token, uid):
    try:
        line = Stranger(host, port, token)
        for seq in range(1, 4):
            line.send(json.dumps({"type": "state", "version": 1, "vmiUID": uid, "seq": seq + 1000, "state": "crashed", "reason": "crashed"}))
            time.sleep(0.3)
        print("taken, then closed:", *line.closed(2))
    except ws.Refused as e:
        print(f"refused: {e.status}")
    except TimeoutError:
        print("taken")
    except OSError as e:
        print(f"closed: {e}")


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in ("tokens", "silent", "say"):
        sys.exit(__doc__)
    mode, where, number, more = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
    {"tokens": tokens, "silent": silent, "say": say}[mode](where, number, *(more if mode == "say" else map(int, more)))
