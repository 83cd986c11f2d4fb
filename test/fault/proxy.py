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
  break N    end each connection with RST after N to 2N bytes from the server (0: never)
  reset      end all connections with RST; what was muted stays lost
  refuse     accept and end new connections at once;  accept  undoes it
  count      answers with the number of open connections
Ends with its standard input.
"""
import argparse
import asyncio
import random
import socket
import ssl
import struct
import sys


class Rules:
    def __init__(self):
        self.split = 0
        self.delay_s = 0.0
        self.break_at = 0
        self.drop_up = False
        self.drop_down = False
        self.refuse = False


class Link:
    """One client connection and its counterpart to the server."""

    def __init__(self, proxy, reader, writer):
        self.proxy = proxy
        self.client_reader, self.client_writer = reader, writer
        self.writers = [writer]
        self.drop_up = proxy.rules.drop_up
        self.drop_down = proxy.rules.drop_down
        at = proxy.rules.break_at
        self.left = random.randint(at, 2 * at) if at else None

    async def run(self):
        try:
            reader, writer = await asyncio.open_connection(*self.proxy.upstream, ssl=self.proxy.client_side)
        except OSError:
            self.client_writer.transport.abort()
            return
        self.writers.append(writer)
        pumps = [asyncio.ensure_future(self.pump(self.client_reader, writer, True)),
                 asyncio.ensure_future(self.pump(reader, self.client_writer, False))]
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.wait(pumps)
        for writer in self.writers:
            writer.close()

    async def pump(self, reader, writer, is_up):
        try:
            while data := await reader.read(16384):
                await self.send(writer, data, is_up)
        except OSError:
            pass

    async def send(self, writer, data, is_up):
        step = self.proxy.rules.split or len(data)
        for at in range(0, len(data), step):
            piece = data[at:at + step]
            if self.proxy.rules.delay_s:
                await asyncio.sleep(self.proxy.rules.delay_s)
            is_last = not is_up and self.left is not None and len(piece) >= self.left
            if is_last:
                piece = piece[:self.left]
            if not (self.drop_up if is_up else self.drop_down):
                writer.write(piece)
                await writer.drain()
            if is_last:
                self.reset()
                raise ConnectionResetError
            if not is_up and self.left is not None:
                self.left -= len(piece)

    def reset(self):
        for writer in self.writers:
            raw = writer.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


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

    async def accept(self, reader, writer):
        if self.rules.refuse:
            writer.transport.abort()
            return
        link = Link(self, reader, writer)
        self.links.add(link)
        try:
            await link.run()
        finally:
            self.links.discard(link)

    def command(self, words):
        rules = self.rules
        match words:
            case ["split", n]:
                rules.split = int(n)
            case ["delay", ms]:
                rules.delay_s = int(ms) / 1000
            case ["break", n]:
                rules.break_at = int(n)
            case ["mute"] | ["hole"]:
                rules.drop_down, rules.drop_up = True, words == ["hole"]
                for link in list(self.links):
                    link.drop_down, link.drop_up = rules.drop_down, rules.drop_up
            case ["pass"]:
                rules.drop_down = rules.drop_up = False
            case ["reset"]:
                for link in list(self.links):
                    link.reset()
            case ["refuse"] | ["accept"]:
                rules.refuse = words == ["refuse"]
            case ["count"]:
                return str(len(self.links))
            case _:
                return "error: unknown command " + " ".join(words)
        return "ok"


async def serve(proxy):
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0, ssl=proxy.server_side)
    print(server.sockets[0].getsockname()[1], flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        print(proxy.command(line.decode().split()), flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--tls")
    parser.add_argument("--alpn", default="h2")
    parser.add_argument("upstream")
    args = parser.parse_args()
    loop = asyncio.new_event_loop()
    # Connections that are cut in the middle of a handshake are what this program is for.
    loop.set_exception_handler(lambda *_: None)
    loop.run_until_complete(serve(Proxy(args.upstream, args.tls, args.alpn)))


if __name__ == "__main__":
    main()
