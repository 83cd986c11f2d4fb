"""A proxy that carries every request to the API server and loses the answer of each Nth write (0: of none): it was carried out, and nobody
knows."""
import http.client
import os
import re
import socket
import ssl
import struct
import threading
import time

HEAD_MAX = 64 * 1024
WRITES = ("POST", "PATCH", "PUT", "DELETE")


class Loser:
    """Speaks HTTP/1.1 with the server's certificate. 'spare' is a pattern of paths whose answers are never lost."""

    def __init__(self, kubeconfig, api, every, spare=r"/leases|/events|/tokenreviews"):
        pki = os.path.join(os.path.dirname(kubeconfig), "pki")
        self.api, self.every, self.spare = api, every, re.compile(spare)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(f"{pki}/apiserver.crt", f"{pki}/apiserver.key")
        self.context.set_alpn_protocols(["http/1.1"])
        self.upstream = ssl.create_default_context(cafile=f"{pki}/ca.crt")
        self.lock = threading.Lock()
        self.writes, self.lost = 0, []
        self.lease_s = 0  # how long the answer to a write of a lease is held back
        self.held = None  # watches whose path has this text tell nothing, as long as it is set
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"https://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                raw, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def close(self):
        self.socket.close()

    def _serve(self, raw):
        up = None
        try:
            down = self.context.wrap_socket(raw, server_side=True)
            up = http.client.HTTPSConnection(self.api.host, int(self.api.port), context=self.upstream)
            stream = down.makefile("rb")
            while self._exchange(down, stream, up):
                pass
        except (OSError, http.client.HTTPException, ValueError):
            pass  # either side has gone
        finally:
            raw.close()
            if up:
                up.close()

    def _exchange(self, down, stream, up):
        """One request and its answer; False: the connection ends."""
        line = stream.readline(HEAD_MAX)
        if not line:
            return False
        method, path, _ = line.decode().split(" ", 2)
        headers = {}
        while (line := stream.readline(HEAD_MAX)) not in (b"\r\n", b""):
            name, _, value = line.decode().partition(":")
            headers[name.strip()] = value.strip()
        length = int(next((v for k, v in headers.items() if k.lower() == "content-length"), 0))
        body = stream.read(length) if length else None
        up.request(method, path, body, headers)
        answer = up.getresponse()
        if self._loses(method, path):
            answer.read()
            down.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            down.close()
            return False
        if method == "PUT" and "/leases/" in path:
            time.sleep(self.lease_s)
        head = f"HTTP/1.1 {answer.status} {answer.reason}\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in answer.getheaders() if k.lower() not in ("transfer-encoding", "content-length"))
        if answer.length is not None:
            data = answer.read()
            down.sendall((head + f"Content-Length: {len(data)}\r\n\r\n").encode() + data)
            return True
        down.sendall((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
        while data := answer.read1(65536):
            while self.held and self.held in path:
                time.sleep(0.02)
            down.sendall(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        down.sendall(b"0\r\n\r\n")
        return True

    def _loses(self, method, path):
        if method not in WRITES or not self.every or self.spare.search(path):
            return False
        with self.lock:
            self.writes += 1
            if self.writes % self.every:
                return False
            self.lost.append(f"{method} {path}")
            return True
