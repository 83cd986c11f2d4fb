"""A stranger who reaches the gateway's port puts whatever he likes into the bearer token of an upgrade."""
import base64
import json
import os
import random
import socket
import ssl
import threading

from marks import alone
from world import check

HOLDERS = ("header", "claims", "signature")


def b64(data):
    text = data if isinstance(data, bytes) else (data if isinstance(data, str) else json.dumps(data)).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def claims(**more):
    """As the API server writes them: nothing but the signature speaks against them."""
    return {"aud": ["vmbridge-gateway"], "iss": "https://kubernetes.default.svc", "exp": 4000000000, "nbf": 0, "kubernetes.io": {
        "namespace": "ns", "pod": {"name": "p", "uid": "u"}, "serviceaccount": {"name": "default"}}, **more}


def token(header=None, body=None, signature=b"\0" * 256):
    return ".".join((b64({"alg": "RS256", "kid": "none"} if header is None else header), b64(claims() if body is None else body),
                     b64(signature)))


def changed(at, text):
    parts = token().split(".")
    parts[at] = text
    return ".".join(parts)


def nested(depth):
    return '{"alg":"RS256","kid":"a","x":' + "[" * depth + "]" * depth + "}"


def forms():
    """Tokens that are none, by the part that is odd."""
    odd = ("A===", "A=", "A", "AAAAA", "AA==", "AAA=", "=", "====", "A=A=", "A+/A", "AA A", "AA\tA", "AAAA=", "AAAA====", "", "\x80\xff", "AB\x01C",
           "é", "%3D", "A" * 12000)
    found = ["A===.AAAA.AAAA", "AAAA.A===.AAAA", "AAAA.AAAA.A===", "A", ".", "..", "...", "....", "a.b", "a.b.c", "a.b.c.d", "=.=.=", "A=.A=.A=",
             "." * 8000, "A" * 8000, token() + ".AAAA", token() + "=", "=" + token(), "." + token(), token() + "."]
    found += [changed(at, text) for at in range(len(HOLDERS)) for text in odd]
    headers = ("", "null", "[]", "1", '"x"', "{", "{}", '{"alg":1}', '{"alg":null,"kid":null}', '{"alg":[],"kid":{}}', '{"alg":"none"}', '{"alg":"HS256","kid":"a"}',
               '{"alg":"RS256","kid":1e999}', '{"alg":"RS256","kid":99999999999999999999999999}', '{"alg":"RS256","alg":"none"}', '{"alg":"RS\\u0000256"}',
               '{"alg":"RS256","crit":["b64"],"b64":false}', '{"alg":"RS256","crit":[]}', '{"alg":"RS256","crit":1}', '{"alg":"RS256","crit":[1,null]}',
               '{"alg":"RSA-OAEP","enc":"A128GCM"}', nested(99), nested(2000), nested(4500), b"\xff\xfe{}", '{"alg":"\\ud800"}')
    found += [token(header=h) for h in headers]
    bodies = ("", "null", "[]", "{", "[" * 6000, '{"a":' * 1200, {"exp": "x"}, claims(exp=2**62), claims(exp=-1), claims(exp=1e308), claims(nbf=[]),
              claims(aud={}), claims(aud=[[]] * 1000), claims(**{"kubernetes.io": [1]}), b"\x00" * 100)
    found += [token(body=b) for b in bodies]
    algorithms = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256")
    found += [token({"alg": a, "kid": "none"}, signature=bytes(n)) for a in algorithms for n in (0, 1, 63, 64, 65, 4096)]
    return found


def randomly_changed(count):
    rng = random.Random(1)
    for _ in range(count):
        text = list(token())
        for _ in range(rng.choice((1, 1, 2, 8))):
            text[rng.randrange(len(text))] = rng.choice("=.+/A_-\x7f ~")
        yield "".join(text)


def upgrade(port, authorization):
    """The status that the upgrade is answered with, before the API server has been asked; None: just closed."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    key = base64.b64encode(os.urandom(16)).decode()
    head = (f"GET /v1/launcher HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: vmbridge-launcher-v1\r\nAuthorization: ").encode()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as raw, context.wrap_socket(raw) as sock:
            sock.sendall(head + authorization + b"\r\n\r\n")
            data = b""
            while b"\r\n" not in data and (more := sock.recv(65536)):
                data += more
    except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
        return None
    return int(data.split()[1]) if data.startswith(b"HTTP/1.") else None


def stands(t, c):
    code = c.process.poll()
    if code is not None:
        if c in t.replicas:
            t.lose(c)
        raise AssertionError(f"{c.identity} ended with {code}: {c.tail()}")


class Strangers(threading.Thread):
    """One replica gets the texts, one after the other."""

    def __init__(self, t, c, texts):
        super().__init__(daemon=True)
        self.t, self.c, self.texts, self.fault = t, c, texts, None
        self.start()

    def run(self):
        try:
            for text in self.texts:
                status = upgrade(self.c.port, b"Bearer " + text)
                stands(self.t, self.c)
                check(status in (None, 101, 400, 401, 431, 503), f"{status} for {text[:60]}")
        except Exception as e:  # told by the test's thread
            self.fault = e

    def finish(self):
        self.join(240)
        check(not self.is_alive(), "the strangers are not done")
        if self.fault:
            raise self.fault


@alone
def test_v1_malformed_tokens_stop_nobody(t):
    replicas = [t.start(identity="v1-a").until_leads(), t.start(identity="v1-b").until_ready()]
    texts = [f.encode() for f in forms()] + [f.encode() for f in randomly_changed(40)]
    strangers = [Strangers(t, c, texts[:1] + texts[i::2]) for i, c in enumerate(replicas)]
    try:
        t.running("meanwhile")
    finally:
        for s in strangers:
            s.join(240)
    for s in strangers:
        s.finish()
    for c in replicas:
        stands(t, c)
        check(c.page("/healthz")[0] == 200)
    t.running("after")


@alone
def test_v1_other_words_in_the_header_stop_nobody(t):
    c = t.start(identity="v1-c").until_leads()
    for text in (b"", b"Bearer", b"Bearer ", b"Bearer  A===.AAAA.AAAA", b"bearer A===.AAAA.AAAA", b"Basic A===", b"Bearer\tA===.A.A", b"Bearer A===.AAAA.AAAA,x",
                 b"Bearer A=== .AAAA.AAAA", b"Bearer \x00\x00", b"Bearer " + b"\xff" * 300, b"Negotiate " + b"A" * 9000):
        status = upgrade(c.port, text)
        stands(t, c)
        check(status in (None, 400, 401, 431), f"{status} for {text[:60]}")
