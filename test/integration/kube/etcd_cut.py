"""Deletes every config map m7 behind the API server's back and compacts etcd's whole history.

usage: etcd_cut.py http://HOST:PORT
"""
import base64
import json
import sys
import urllib.request

PREFIX = b"/registry/configmaps/"


def call(url, path, body):
    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def text(raw):
    return base64.b64encode(raw).decode()


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__.strip())
    url = sys.argv[1]
    found = call(url, "/v3/kv/range", {"key": text(PREFIX), "range_end": text(PREFIX[:-1] + b"0"), "keys_only": True})
    keys = [base64.b64decode(kv["key"]) for kv in found.get("kvs", [])]
    gone = [key for key in keys if key.endswith(b"/m7")]
    for key in gone:
        call(url, "/v3/kv/deleterange", {"key": text(key)})
    now = call(url, "/v3/kv/range", {"key": text(PREFIX)})["header"]["revision"]
    call(url, "/v3/kv/compaction", {"revision": now, "physical": True})
    print(f"deleted {len(gone)} of {len(keys)} config maps, compacted at {now}", file=sys.stderr)
    if not gone:
        sys.exit("etcd_cut: there was no config map m7")


if __name__ == "__main__":
    main()
