"""vmbridge does not start where KubeVirt is, and says so in one line."""
import subprocess
import time

from marks import alone
from world import check

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/virtualmachines.kubevirt.io"
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"


def refuses(t, word):
    c = t.world.start()
    t.world.gone(c)
    try:
        code = c.process.wait(10)
    except subprocess.TimeoutExpired:
        c.kill()
        raise AssertionError(f"it runs beside KubeVirt: {c.tail()}") from None
    c.judge(code, 1)
    errors = [line for line in c.lines() if line["level"] == "error"]
    check(len(errors) == 1 and word in errors[0]["why"] and "KubeVirt is installed" in errors[0]["why"], "not one clear line:", errors)
    check(not c.said("serving") and not c.said("lease won"), c.tail())


@alone
def test_it_does_not_start_beside_the_operator_of_kubevirt(t):
    labels = t.api.get(CRD)["metadata"]["labels"]
    t.api.patch(CRD, {"metadata": {"labels": {"app.kubernetes.io/managed-by": "virt-operator"}}})
    try:
        refuses(t, "virtualmachines.kubevirt.io")
    finally:
        t.api.patch(CRD, {"metadata": {"labels": {"app.kubernetes.io/managed-by": labels["app.kubernetes.io/managed-by"]}}})


@alone
def test_it_does_not_start_beside_virt_api(t):
    name = "v1.subresources.kubevirt.io"
    t.api.create(SERVICES, {"metadata": {"name": name}, "spec": {
        "group": "subresources.kubevirt.io", "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 15, "insecureSkipTLSVerify": True,
        "service": {"namespace": "kubevirt", "name": "virt-api", "port": 443}}})
    try:
        refuses(t, "virt-api")
    finally:
        t.api.delete(f"{SERVICES}/{name}")
    end = time.monotonic() + 5
    while t.api.get(f"{SERVICES}/{name}") and time.monotonic() < end:
        time.sleep(0.05)
    c = t.start().until_leads()  # KubeVirt is gone: now it starts
    check(c.process.poll() is None)
