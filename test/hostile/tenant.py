"""A tenant: an account that may do with pods of its namespace what it likes, and nothing else."""
import datetime
import os
import ssl
import threading

from api import CORE, SYSTEM, Api, Failed
from world import check

VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"]
POLICY = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/launcher-pods.vmbridge.io"
KEY = CORE.format(SYSTEM) + "secrets/vmbridge-pod-names"
KEY_LATE_S = 2  # pods that are at most so much younger than the key may be an older version's (controller/reconcile/vmi/pod_claim.c)
_lock = threading.Lock()


class Tenant(Api):
    """Speaks as a service account with a role of its own."""

    def __init__(self, t, name="mallory"):
        super().__init__(t.world.kubeconfig)
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{t.ns}/"
        t.api.ensure(t.core("serviceaccounts"), {"metadata": {"name": name}})
        t.api.ensure(rbac + "roles", {"metadata": {"name": name}, "rules": [
            {"apiGroups": [""], "resources": ["pods"], "verbs": VERBS}]})
        t.api.ensure(rbac + "rolebindings", {"metadata": {"name": name}, "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": t.ns}]})
        self.t = t
        self.token = t.api.create(t.core(f"serviceaccounts/{name}/token"), {
            "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "spec": {"expirationSeconds": 3600}})["status"]["token"]
        with open(os.path.join(os.path.dirname(t.world.kubeconfig), "pki/ca.crt"), encoding="utf-8") as f:
            self.context = ssl.create_default_context(cadata=f.read())  # without the administrator's certificate
        t.until(self._is_known, "the API server knows the tenant's rights")
        t.until(self._is_late, "no pod from now on can be one of an older version")

    def _is_known(self):
        status, answer = self.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
            "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
            "spec": {"resourceAttributes": {"namespace": self.t.ns, "resource": "pods", "verb": VERBS[0]}}})
        return status < 300 and answer["status"]["allowed"]

    def _is_late(self):
        key = self.t.api.get(KEY)
        if not key:
            return True  # no controller has been here yet
        made = datetime.datetime.fromisoformat(key["metadata"]["creationTimestamp"])
        return (datetime.datetime.now(datetime.timezone.utc) - made).total_seconds() > KEY_LATE_S + 1

    def connection(self, timeout=10):
        c = super().connection(timeout)
        send, token = c.request, self.token

        def request(method, path, body=None, headers=None):
            send(method, path, body, {**(headers or {}), "Authorization": "Bearer " + token})
        c.request = request
        return c

    def pods(self):
        """Whatever bears whichever label."""
        return self.get(self.t.core("pods"))["items"]

    def make_pod(self, body):
        return self.create(self.t.core("pods"), body)

    def patch_pod(self, name, body):
        return self.patch(self.t.core("pods/" + name), body)

    def remove_pod(self, name):
        return self.delete(self.t.core("pods/" + name), gracePeriodSeconds=0)


def copy_of(pod, name, labels=None, annotations=True, owners=None):
    """A pod that claims to be what 'pod' is."""
    meta = pod["metadata"]
    return {"metadata": {
        "name": name, "labels": {**meta["labels"], **(labels or {})},
        "annotations": dict(meta["annotations"]) if annotations else {},
        "ownerReferences": meta["ownerReferences"] if owners is None else owners},
        "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0,
                 "containers": [{"name": "compute", "image": "localhost/mine:1"}]}}


def without_policy(t):
    """The namespace is as if nobody had installed the policy on pods."""
    if not t.api.get(POLICY):
        return
    settle(t, lambda: False)  # before it is compiled everything is let in, and afterwards perhaps by a binding that is not the newest
    with _lock:
        binding = t.api.get(POLICY)
        match = binding["spec"].get("matchResources", {}).get("namespaceSelector", {}).get("matchExpressions") or [
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": []}]
        match[0]["values"] = sorted({*match[0]["values"], t.ns})
        t.api.patch(POLICY, {"spec": {"matchResources": {"namespaceSelector": {"matchExpressions": match}}}})
    settle(t, lambda: True)


def settle(t, is_let_in):
    """Until the API server has heard of the policy as it is now."""
    probe = Tenant(t, "probe")
    body = {"metadata": {"name": "probe", "labels": {"kubevirt.io": "virt-launcher"}},
            "spec": {"containers": [{"name": "c", "image": "localhost/none:1"}]}}

    def asked():
        status, _ = probe.ask("POST", CORE.format(t.ns) + "pods?dryRun=All", body)
        return (status < 300) == is_let_in()
    t.until(asked, "the API server knows the policy")


def refused(call, *words):
    """The call must be forbidden, by a text with these words."""
    try:
        call()
    except Failed as e:
        check(e.status in (403, 422), "refused, but by", e)
        for w in words:
            check(w in str(e), "no", w, "in", e)
        return
    raise AssertionError("it was let in")
