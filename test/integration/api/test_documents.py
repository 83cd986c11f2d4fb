"""What the API says of itself, through kube-apiserver and kubectl."""
import json
import os
import tempfile

from subresources import GROUP
from world import check

OFFERED = {"virtualmachines/start", "virtualmachines/stop", "virtualmachines/restart", "virtualmachineinstances/pause",
           "virtualmachineinstances/unpause", "virtualmachineinstances/softreboot", "virtualmachineinstances/reset",
           "virtualmachineinstances/guestosinfo"}


def test_the_group_is_discovered_in_its_old_form(t):
    for version in ("v1", "v1alpha3"):
        found = t.api.get(f"/apis/{GROUP}/{version}")
        check(found["kind"] == "APIResourceList" and found["groupVersion"] == f"{GROUP}/{version}", found)
        rows = {r["name"]: r for r in found["resources"]}
        check(OFFERED <= set(rows), OFFERED - set(rows))
        check(rows["virtualmachines/start"]["verbs"] == ["update"] and rows["virtualmachineinstances/guestosinfo"]["verbs"] == ["get"], rows)
        check(all(f"virtualmachineinstances/{name}" in rows for name in ("console", "vnc", "portforward")), "a stream that is served is not offered")
        check(not any(word in name for name in rows for word in ("usbredir", "vsock", "dial")), "something is offered that is not served")
    group = t.api.get(f"/apis/{GROUP}")
    check(group["preferredVersion"]["version"] == "v1" and len(group["versions"]) == 2, group)


def test_the_group_is_discovered_in_its_new_form(t):
    def ours():
        answer = t.client.ask("GET", "/apis", headers={
            "Accept": "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"})
        return next((g for g in answer.body["items"] if g["metadata"]["name"] == GROUP), None)
    group = t.until(ours, "the API server lists the group")
    versions = {v["version"]: v for v in group["versions"]}
    check(set(versions) == {"v1", "v1alpha3"} and versions["v1"]["freshness"] == "Current", group)
    resources = {r["resource"]: {s["subresource"] for s in r["subresources"]} for r in versions["v1"]["resources"]}
    check({"start", "stop", "restart"} <= resources["virtualmachines"] and "pause" in resources["virtualmachineinstances"], resources)


def test_kubectl_reads_resources_and_schemas(t):
    with tempfile.TemporaryDirectory() as cache:
        names = t.world.kubectl("api-resources", "--cache-dir", cache, "-o", "name")
        check("virtualmachines.kubevirt.io" in names and "unavailable" not in names, names)
        check(t.world.kubectl("get", "vm,vmi", "-n", t.ns, "--cache-dir", cache) == "", "there are machines")
    place = t.until(lambda: json.loads(t.world.kubectl("get", "--raw", "/openapi/v3"))["paths"].get(f"apis/{GROUP}/v1"), "schemas are listed")
    document = json.loads(t.world.kubectl("get", "--raw", place["serverRelativeURL"]))
    path = f"/apis/{GROUP}/v1/namespaces/{{namespace}}/virtualmachines/{{name}}/start"
    check(document["openapi"].startswith("3.") and "put" in document["paths"][path], document["paths"].keys())
    t.until(lambda: path in json.loads(t.world.kubectl("get", "--raw", "/openapi/v2"))["paths"], "the path is in the API server's own document")


def test_version_health_and_what_is_not_there(t):
    base = f"/apis/{GROUP}/v1"
    check(t.client.ask("GET", f"{base}/version").body["gitVersion"], "no version")
    check(t.client.ask("GET", f"{base}/healthz").data == b"ok", "not healthy")
    check(t.world.kubectl("get", "--raw", f"{base}/version"), "no version for kubectl")
    for path in (f"{base}/nothing", f"{base}/namespaces/{t.ns}/virtualmachines/a", f"{base}/namespaces/{t.ns}/virtualmachines/a/dance",
                 f"{base}/namespaces/{t.ns}/virtualmachines/../start", f"/apis/{GROUP}/v1/namespaces/{t.ns}/pods/a/start"):
        answer = t.client.ask("PUT", path, {})
        check(answer.status == 404, path, answer)
    answer = t.client.ask("GET", f"{base}/namespaces/{t.ns}/virtualmachines/a/start")
    check(answer.status == 405 and answer.body["reason"] == "MethodNotAllowed", answer)


def test_bodies_are_bounded_and_read_strictly(t):
    path = t.client.path(t.ns, "virtualmachines", "a", "start")
    for body, status, words in (("{", 400, "JSON"), ("[]", 400, "JSON object"), ('{"a":1,"a":2}', 400, "JSON"), (b"\xff\xfe{}", 400, "JSON"),
                                ('{"dryRun":["Some"]}', 400, "dryRun"), ('{"paused":"yes"}', 400, "paused"), ("", 404, "not found")):
        answer = t.client.ask("PUT", path, body)
        check(answer.status == status and words in answer.message, repr(body), answer)
    large = json.dumps({"x": "y" * (600 * 1024)})
    answer = t.client.ask("PUT", path, large)
    check(answer.status == 413, answer)


def test_kubectl_sends_a_body_of_unknown_length(t):
    """A file is sent in chunks by the API server's proxy."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        f.write(json.dumps({"dryRun": ["Some"]}))
        f.flush()
        os.chmod(f.name, 0o644)
        try:
            t.world.kubectl("replace", "--raw", t.client.path(t.ns, "virtualmachines", "a", "stop"), "-f", f.name)
        except AssertionError as e:
            check("dryRun" in str(e), e)
        else:
            check(False, "it was taken")
