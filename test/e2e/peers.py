"""What other projects say about our objects: Argo CD's health scripts and Flux's kstatus, as these projects publish them."""

import json
import pathlib

import cluster
from case import Shared
from cluster import check

NEW, CLASSIC = "v3.4.9", "v3.5.2"  # with and without care for machines that are declared as stopped

_folder = Shared(lambda _: pathlib.Path(cluster.script("hack/cluster/peers/fetch", timeout=600)))

_JUDGE = """
local judge = assert(loadfile(arg[1]))
for index = 1, #objects do
    obj = objects[index]
    local verdict = judge()
    print(verdict.status .. "\\t" .. tostring(verdict.message))
end
"""


def _lua(value):
    """A value of JSON as Lua source."""
    if isinstance(value, dict):
        return "{" + ",".join(f"[{_lua(key)}]={_lua(item)}" for key, item in value.items() if item is not None) + "}"
    if isinstance(value, list):
        return "{" + ",".join(_lua(item) for item in value) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    return '"' + "".join(f"\\{byte:03d}" for byte in value.encode()) + '"'


def argo(release, objects):
    """(status, message) for each of the objects, which are of one kind."""
    health = _folder.get(None) / "argocd" / release / objects[0]["kind"] / "health.lua"
    slim = [{key: item[key] for key in ("kind", "metadata", "spec", "status") if key in item} for item in objects]
    for item in slim:
        item["metadata"] = {key: value for key, value in item["metadata"].items() if key != "managedFields"}
    program = "local objects = " + _lua(slim) + _JUDGE
    done = cluster.run(["lua5.1", "-", health], text=program)
    check(done.returncode == 0, f"Argo CD's {health}: {done.stderr.strip()}")
    verdicts = [tuple(line.split("\t", 1)) for line in done.stdout.splitlines()]
    check(len(verdicts) == len(objects), f"Argo CD's script gave {len(verdicts)} verdicts on {len(objects)} objects")
    return verdicts


def kstatus(objects):
    """(status, message) for each of the objects."""
    done = cluster.run([_folder.get(None) / "kstatus"], text="\n".join(json.dumps(item) for item in objects))
    check(done.returncode == 0, f"kstatus: {done.stderr.strip()}")
    return [(line["status"], line["message"]) for line in map(json.loads, done.stdout.splitlines())]
