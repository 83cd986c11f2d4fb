"""Replicas that are away: what still works, and that only this group suffers."""
import json
import tempfile

from loser import Loser
from marks import guards
from subresources import GROUP
from world import check, machine


def resources(t):
    with tempfile.TemporaryDirectory() as cache:
        return t.world.kubectl("api-resources", "--cache-dir", cache, "-o", "name", check=False)


def test_with_one_replica_away_the_other_serves(t):
    t.make(machine("m", "Halted"))
    second = t.world.start_server(identity="second", account="replica-b").until_ready()
    try:
        t.aggregated.lead_to(t.server.api_port, second.api_port)
        t.aggregated.until_available()
        check("virtualmachines.kubevirt.io" in resources(t), "discovery with two")
        t.aggregated.lead_to(second.api_port)
        t.aggregated.until_available()
        t.until(lambda: t.ask("start", "m").status == 202, "the replica that does not lead takes a start on")
        t.until_ready("m")
        answer = t.ask("instance", "m", "pause")
        check(answer.status == 503 and "another replica" in answer.message and answer.headers.get("Retry-After") == "1", answer, answer.headers)
    finally:
        t.aggregated.lead_to(t.server.api_port)
        t.world.stop(second)
        t.aggregated.until_available()


def test_with_none_other_groups_go_on(t):
    t.aggregated.lead_to()
    t.aggregated.until_available("False")
    try:
        names = resources(t)
        check("virtualmachines.kubevirt.io" in names and "pods" in names.split(), "other groups are there:", names)
        check(t.world.kubectl("get", "vm", "-n", t.ns) == "", "machines are read")
        check(t.client.ask("GET", f"/apis/{GROUP}/v1").status == 503, "this group is away")
        check(json.loads(t.world.kubectl("get", "--raw", "/openapi/v3"))["paths"], "schemas are read")
    finally:
        t.aggregated.lead_to(t.server.api_port)
        t.aggregated.until_available()
    check(t.client.ask("GET", f"/apis/{GROUP}/v1").status == 200, "it is back")


def test_the_ca_is_written_again(t):
    name = "v1.subresources.kubevirt.io"
    path = f"/apis/apiregistration.k8s.io/v1/apiservices/{name}"
    t.api.patch(path, {"spec": {"caBundle": None, "insecureSkipTLSVerify": True}})
    t.api.patch(path, {"spec": {"insecureSkipTLSVerify": False}})
    t.until(lambda: t.api.get(path)["spec"].get("caBundle"), "the CA is back")
    t.aggregated.until_available()


@guards
def test_a_wish_whose_write_was_not_answered_is_one_wish(t):
    """Of each write of a machine's status the answer is lost on its way to a replica that only serves: what it wrote, it finds again."""
    loser = Loser(t.world.kubeconfig, t.api, 1, spare=r"^(?!.*/virtualmachines/[^/]+/status)")
    second = t.world.start_server(identity="second", account="replica-b", server=loser.address).until_ready()
    t.make(machine("m", "Manual"))
    t.until_status("m", "Stopped")
    try:
        t.aggregated.lead_to(second.api_port)
        t.aggregated.until_available()
        for verb in ("start", "restart", "stop"):
            before, old = len(loser.lost), (t.vmi("m") or {}).get("metadata", {}).get("uid")
            answer = t.ask(verb, "m")
            check(answer.status == 202, verb, answer)
            check(len(loser.lost) == before + 1, f"{verb} was written {len(loser.lost) - before} times")
            if verb == "stop":
                t.until_stopped("m")
            else:
                t.until(lambda old=old: t.vmi("m") and t.vmi("m")["metadata"]["uid"] != old, "a new instance")
                t.until_ready("m")
        check(len(t.pods_made()) == 2, t.pods_made())
        t.never_two_pods()
    finally:
        t.aggregated.lead_to(t.server.api_port)
        t.world.stop(second)
        loser.close()
        t.aggregated.until_available()
