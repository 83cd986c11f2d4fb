#!/usr/bin/env python3
"""Stands between a client and the API server and does to their bytes what networks do.

usage: proxy.py [--tls PKI_DIR --alpn PROTOCOL] HOST:PORT

Listens on a loopback port of its own and prints it. Without --tls the bytes are passed as they are, TLS and all. With
--tls it ends the client's TLS with the server's certificate (PKI_DIR/apiserver.*), speaks to the server as the
administrator (PKI_DIR/admin.*), and offers only PROTOCOL (h2 or http/1.1) to both: then what it splits are frames.

Commands, one a line on standard input; each is answered with a line when it is in force:
  split N    pass at most N bytes at a time (0: as they come)
  delay MS   wait so long before each piece
  mute       the server's bytes are dropped, the client's arrive
  hole       both are dropped
  pass       nothing is dropped any more on new connections
  reset      end all connections with RST; what was muted stays lost
  refuse     accept and end new connections at once;  accept  undoes it
  count      answers with the number of open connections
Ends with its standard input.
"""
import argparse
import socket
import ssl
import struct
import sys
import threading
import time


class Rules:
    def __init__(self):
        self.split = 0
        self.delay_s = 0.0
        self.drop_up = False
        self.drop_down = False
        self.refuse = False


class Link:
    """One client connection and its counterpart to the server."""

    def __init__(self, proxy, client):
        self.proxy = proxy
        self.client_socket = client
        self.client = None
        self.server = None
        self.drop_up = proxy.rules.drop_up
        self.drop_down = proxy.rules.drop_down

    def run(self):
        try:
            self.client = self.proxy.wrap_client(self.client_socket)
            self.server = self.proxy.connect()
        except OSError:
            self.close()
            return
        for source, sink, is_up in ((self.client, self.server, True), (self.server, self.client, False)):
            threading.Thread(target=self.pump, args=(source, sink, is_up), daemon=True).start()

    def pump(self, source, sink, is_up):
        try:
            while data := source.recv(16384):
                self.send(sink, data, is_up)
        except OSError:
            pass
        self.close()

    def send(self, sink, data, is_up):
        rules = self.proxy.rules
        step = rules.split or len(data)
        for at in range(0, len(data), step):
            if rules.delay_s:
                time.sleep(rules.delay_s)
            if not (self.drop_up if is_up else self.drop_down):
                sink.sendall(data[at:at + step])

    def close(self, with_reset=False):
        self.proxy.links.discard(self)
        for end in (self.client or self.client_socket, self.server):
            if end is None:
                continue
            try:
                if with_reset:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                else:
                    end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            # A thread that waits in recv() keeps the socket alive; only a shutdown wakes it, and after the linger it resets.
            try:
                end.shutdown(socket.SHUT_RD)
            except OSError:
                pass
            end.close()


class Proxy:
    def __init__(self, upstream, pki, alpn):
        host, _, port = upstream.rpartition(":")
        self.upstream = (host.strip("[]"), int(port))
        self.rules = Rules()
        self.links = set()
        self.server_side = self.client_side = None
        if pki:
            self.server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.server_side.load_cert_chain(f"{pki}/apiserver.crt", f"{pki}/apiserver.key")
            self.server_side.set_alpn_protocols([alpn])
            self.client_side = ssl.create_default_context(cafile=f"{pki}/ca.crt")
            self.client_side.load_cert_chain(f"{pki}/admin.crt", f"{pki}/admin.key")
            self.client_side.set_alpn_protocols([alpn])
        self.listener = socket.create_server(("127.0.0.1", 0))

    def wrap_client(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.server_side.wrap_socket(client, server_side=True) if self.server_side else client

    def connect(self):
        server = socket.create_connection(self.upstream, timeout=5)
        server.settimeout(None)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.client_side.wrap_socket(server, server_hostname=self.upstream[0]) if self.client_side else server

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            if self.rules.refuse:
                client.close()
                continue
            link = Link(self, client)
            self.links.add(link)
            threading.Thread(target=link.run, daemon=True).start()

    def command(self, words):
        rules = self.rules
        match words:
            case ["split", n]:
                rules.split = int(n)
            case ["delay", ms]:
                rules.delay_s = int(ms) / 1000
            case ["mute"] | ["hole"]:
                rules.drop_down, rules.drop_up = True, words == ["hole"]
                for link in list(self.links):
                    link.drop_down, link.drop_up = rules.drop_down, rules.drop_up
            case ["pass"]:
                rules.drop_down = rules.drop_up = False
            case ["reset"]:
                for link in list(self.links):
                    link.close(with_reset=True)
            case ["refuse"] | ["accept"]:
                rules.refuse = words == ["refuse"]
            case ["count"]:
                return str(len(self.links))
            case _:
                return "error: unknown command " + " ".join(words)
        return "ok"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--tls")
    parser.add_argument("--alpn", default="h2")
    parser.add_argument("upstream")
    args = parser.parse_args()
    proxy = Proxy(args.upstream, args.tls, args.alpn)
    threading.Thread(target=proxy.accept, daemon=True).start()
    print(proxy.listener.getsockname()[1], flush=True)
    for line in sys.stdin:
        print(proxy.command(line.split()), flush=True)


if __name__ == "__main__":
    main()
