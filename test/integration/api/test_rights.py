"""Who may: front proxies, users, verbs, namespaces; and who may not."""
import http.client
import json
import os
import ssl
import subprocess
import tempfile
import time

from api import CORE, SYSTEM
from subresources import GROUP, INSTANCES, MACHINES, Subresources
from world import check, machine

RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/"


def account(t, name, rules=None, role=None):
    """A client of a service account with these rights in the test's namespace."""
    t.api.ensure(CORE.format(t.ns) + "serviceaccounts", {"metadata": {"name": name}})
    if rules:
        t.api.ensure(RBAC.format(t.ns) + "roles", {"metadata": {"name": name}, "rules": rules})
    if rules or role:
        t.api.ensure(RBAC.format(t.ns) + "rolebindings", {
            "metadata": {"name": name}, "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": t.ns}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole" if role else "Role", "name": role or name}})
    token = t.api.create(CORE.format(t.ns) + f"serviceaccounts/{name}/token", {
        "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {"expirationSeconds": 3600}})["status"]["token"]
    return Subresources(t.world.kubeconfig, token=token)


def may(t, client, verb, resource=MACHINES, name="m"):
    """202, 200 or 409 is the verb's own answer; 403 is the right that is missing."""
    answer = client.put(t.ns, resource, name, verb, {"dryRun": ["All"]})
    check(answer.status in (200, 202, 403, 404, 409), answer)
    return answer.status != 403


def until_may(t, client, verb):
    t.until(lambda: may(t, client, verb), "the right is known")


def test_a_right_is_one_verb(t):
    t.make(machine("m", "Halted"))
    client = account(t, "starter", [{"apiGroups": [GROUP], "resources": ["virtualmachines/start"], "verbs": ["update"]}])
    until_may(t, client, "start")
    check(not may(t, client, "stop") and not may(t, client, "restart") and not may(t, client, "pause", INSTANCES), "more than was given")
    answer = client.put(t.ns, MACHINES, "m", "stop", {})
    check(answer.body["reason"] == "Forbidden" and 'cannot update resource "virtualmachines/stop"' in answer.message and
          f"system:serviceaccount:{t.ns}:starter" in answer.message, answer)
    check(client.put("default", MACHINES, "m", "start", {}).status == 403, "another namespace")


def test_a_right_to_read_is_not_one_to_write_and_names_count(t):
    t.make(machine("m", "Halted"), machine("n", "Halted"))
    client = account(t, "named", [{"apiGroups": [GROUP], "resources": ["virtualmachines/start"], "resourceNames": ["m"], "verbs": ["update"]}])
    until_may(t, client, "start")
    check(not may(t, client, "start", name="n"), "another machine")
    client = account(t, "reader", [{"apiGroups": [GROUP], "resources": ["*"], "verbs": ["get"]}])
    check(not may(t, client, "start"), "get is no update")


def test_the_cluster_roles_carry_the_verbs(t):
    t.make(machine("m", "Halted"))
    editor, viewer, nobody = account(t, "editor", role="kubevirt.io:edit"), account(t, "viewer", role="kubevirt.io:view"), account(t, "nobody")
    until_may(t, editor, "start")
    for verb in ("start", "stop", "restart"):
        check(may(t, editor, verb) and not may(t, viewer, verb) and not may(t, nobody, verb), verb)
    for verb in ("pause", "unpause", "softreboot", "reset", "freeze", "unfreeze"):
        check(may(t, editor, verb, INSTANCES) and not may(t, viewer, verb, INSTANCES), verb)
    check(viewer.get(t.ns, INSTANCES, "m", "guestosinfo").status == 404, "a viewer may read")
    check(nobody.get(t.ns, INSTANCES, "m", "guestosinfo").status == 403, "nobody may not")


def test_a_right_that_is_taken_away_ends_soon(t):
    t.make(machine("m", "Halted"))
    client = account(t, "starter", [{"apiGroups": [GROUP], "resources": ["virtualmachines/start"], "verbs": ["update"]}])
    until_may(t, client, "start")
    t.api.delete(RBAC.format(t.ns) + "rolebindings/starter")
    at = time.monotonic()
    t.until(lambda: not may(t, client, "start"), "the right has ended")
    check(time.monotonic() - at < 60, "it lasted too long")


def test_who_has_no_account_is_refused_by_the_api_server(t):
    answer = Subresources(t.world.kubeconfig, token="eyJhbGciOiJub25lIn0.e30.").put(t.ns, MACHINES, "m", "start", {})
    check(answer.status == 401, answer)


# At the port itself, past the API server.

def pki(t, name):
    return os.path.join(os.path.dirname(t.world.kubeconfig), "pki", name)


def direct(t, crt=None, key=None, headers=None, path=None, method="PUT", body="{}"):
    """(status, body) of a request to the controller itself; None: the handshake failed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whom we speak to is not what this is about
    if crt:
        context.load_cert_chain(crt, key)
    c = http.client.HTTPSConnection("127.0.0.1", t.server.api_port, context=context, timeout=30)
    try:
        c.request(method, path or t.client.path(t.ns, MACHINES, "m", "start"), body, {"Content-Type": "application/json", **(headers or {})})
        answer = c.getresponse()
        return answer.status, answer.read()
    except (ssl.SSLError, ConnectionError, http.client.HTTPException):
        return None
    finally:
        c.close()


def proxy(t):
    return pki(t, "front-proxy-client.crt"), pki(t, "front-proxy-client.key")


ADMIN = {"X-Remote-User": "admin", "X-Remote-Group": "system:masters"}


def certificate(folder, name, subject, ca=None, more=()):
    """(certificate, key) of a file name; signed by itself, or by (certificate, key)."""
    crt, key = os.path.join(folder, name + ".crt"), os.path.join(folder, name + ".key")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", crt,
               "-subj", subject, "-days", "2", *more]
    if ca:
        command += ["-CA", ca[0], "-CAkey", ca[1]]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return crt, key


def test_the_port_hears_the_proxy_alone(t):
    t.make(machine("m", "Manual"))
    t.until_status("m", "Stopped")
    check(direct(t, headers=ADMIN) is None, "without a certificate")
    check(direct(t, pki(t, "admin.crt"), pki(t, "admin.key"), headers=ADMIN) is None, "a certificate of the cluster's CA")
    with tempfile.TemporaryDirectory() as folder:
        check(direct(t, *certificate(folder, "own", "/CN=front-proxy-client"), headers=ADMIN) is None, "a certificate of its own")
        ca = pki(t, "front-proxy-ca.crt"), pki(t, "front-proxy-ca.key")
        other = certificate(folder, "other", "/CN=somebody", ca, ("-addext", "basicConstraints=critical,CA:FALSE"))
        status, body = direct(t, *other, headers=ADMIN)
        check(status == 401 and json.loads(body)["reason"] == "Unauthorized", status, body)
        status, _ = direct(t, *other, path=f"/apis/{GROUP}/v1", method="GET", headers=ADMIN)
        check(status == 401, "not even discovery is for a name that is not allowed")
    status, body = direct(t, *proxy(t))
    check(status == 401, "a proxy that names no user", status, body)
    status, body = direct(t, *proxy(t), headers={"X-Remote-User": "ann"})
    check(status == 403, "a user without rights", status, body)
    status, body = direct(t, *proxy(t), headers=ADMIN, body='{"dryRun": ["All"]}')
    check(status == 202, "an administrator", status, body)


def test_forged_headers_do_not_pass_the_api_server(t):
    t.make(machine("m", "Halted"))
    client = account(t, "nobody")
    for headers in (ADMIN, {"x-remote-user": "admin", "x-remote-group": "system:masters"}, {"X-Remote-Extra-Scopes": "all", **ADMIN}):
        answer = client.put(t.ns, MACHINES, "m", "start", {}, headers=headers)
        check(answer.status == 403 and ":nobody" in answer.message, answer)


def test_groups_and_names_are_all_heard(t):
    """A user is in several groups: the last one of them gives the right."""
    t.make(machine("m", "Halted"))
    t.api.ensure(RBAC.format(t.ns) + "roles", {"metadata": {"name": "by-group"}, "rules": [
        {"apiGroups": [GROUP], "resources": ["virtualmachines/start"], "verbs": ["update"]}]})
    t.api.ensure(RBAC.format(t.ns) + "rolebindings", {
        "metadata": {"name": "by-group"}, "subjects": [{"kind": "Group", "name": "third", "apiGroup": "rbac.authorization.k8s.io"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "by-group"}})
    def ask():
        return t.client.put(t.ns, MACHINES, "m", "start", {"dryRun": ["All"]}, headers={"Impersonate-User": "kim"}).status
    check(ask() == 403, "kim alone may")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(*proxy(t))

    def in_groups():
        c = http.client.HTTPSConnection("127.0.0.1", t.server.api_port, context=context, timeout=30)
        c.putrequest("PUT", t.client.path(t.ns, MACHINES, "m", "start"))
        for name, value in (("X-Remote-User", "kim"), ("X-Remote-Group", "first"), ("X-Remote-Group", "second"), ("X-Remote-Group", "third"),
                            ("Content-Length", "19")):
            c.putheader(name, value)
        c.endheaders(b'{"dryRun": ["All"]}')
        return c.getresponse().status
    t.until(lambda: in_groups() == 202, "the third group gives the right")


def test_a_new_ca_of_the_proxy_is_taken_on(t):
    """The ConfigMap names another CA beside the old one: whoever it signs is heard within a minute, and the old one still is."""
    t.make(machine("m", "Halted"))
    path = CORE.format("kube-system") + "configmaps/extension-apiserver-authentication"
    data = t.api.get(path)["data"]
    with tempfile.TemporaryDirectory() as folder:
        ca = certificate(folder, "ca", "/CN=another-front-proxy-ca")
        new = certificate(folder, "new", "/CN=front-proxy-client", ca, ("-addext", "basicConstraints=critical,CA:FALSE"))
        check(direct(t, *new, headers=ADMIN) is None, "it is heard before anybody named it")
        with open(ca[0], encoding="utf-8") as f:
            bundle = data["requestheader-client-ca-file"] + f.read()
        t.api.patch(path, {"data": {"requestheader-client-ca-file": bundle}})
        try:
            t.until(lambda: direct(t, *new, headers=ADMIN), "the new one is heard")
            check(direct(t, *proxy(t), headers=ADMIN), "the old one is not heard any more")
        finally:
            t.api.patch(path, {"data": {"requestheader-client-ca-file": data["requestheader-client-ca-file"]}})
        t.until(lambda: direct(t, *new, headers=ADMIN) is None, "who is not named any more is not heard any more")


def test_a_secret_of_the_controller_is_not_in_an_answer(t):
    answer = t.client.ask("GET", f"/apis/{GROUP}/v1/namespaces/{SYSTEM}/secrets/vmbridge-certs")
    check(answer.status == 404, answer)
