"""Makes the API server find the aggregated API of controllers on this host: a Service without a selector, its endpoints, the APIServices."""
import os
import socket
import subprocess
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), p) for p in ("../../support", "../controller")]
from api import SYSTEM  # noqa: E402
from kubectl import ROOT  # noqa: E402
from limits import HANG_S  # noqa: E402

SERVICES = ("v1.subresources.kubevirt.io", "v1alpha3.subresources.kubevirt.io")
APISERVICES = "/apis/apiregistration.k8s.io/v1/apiservices/"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{SYSTEM}/endpointslices"


def host_address():
    """One of this host's addresses that is no loopback: endpoints may have no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))  # nothing is sent
            return s.getsockname()[0]
        except OSError:
            subprocess.run(["ip", "address", "replace", "198.51.100.1/32", "dev", "lo"], check=True)
            return "198.51.100.1"


class Aggregated:
    def __init__(self, world):
        self.api, self.kubectl, self.address = world.api, world.kubectl, host_address()
        self.api.ensure(f"/api/v1/namespaces/{SYSTEM}/services", {
            "metadata": {"name": "vmbridge-gateway"}, "spec": {"ports": [{"name": "api", "port": 443, "targetPort": 8445}]}})
        self.kubectl("apply", "-f", os.path.join(ROOT, "deploy/base/rbac-users.yaml"))

    def lead_to(self, *ports):
        """The Service leads to these ports from now on; to none: nobody is there. It leads nowhere at no time between: the API server, which looks
        now and then, would take us for away until its next look."""
        old = {item["metadata"]["name"] for item in self.api.get(SLICES)["items"]}
        new = {f"api-{port}": port for port in ports}
        for name in new.keys() - old:
            self.api.create(SLICES, {"metadata": {"name": name, "labels": {"kubernetes.io/service-name": "vmbridge-gateway"}},
                                     "addressType": "IPv4", "ports": [{"name": "api", "port": new[name], "protocol": "TCP"}],
                                     "endpoints": [{"addresses": [self.address], "conditions": {"ready": True}}]})
        for name in old - new.keys():
            self.api.delete(f"{SLICES}/{name}")

    def register(self):
        self.kubectl("apply", "-f", os.path.join(ROOT, "deploy/base/api-services.yaml"))

    def available(self, name):
        found = self.api.get(APISERVICES + name) or {}
        return {c["type"]: c for c in found.get("status", {}).get("conditions", [])}.get("Available", {})

    def until_available(self, wanted="True"):
        end = time.monotonic() + HANG_S
        while not all(self.available(name).get("status") == wanted for name in SERVICES):
            if time.monotonic() > end:
                raise AssertionError(f"the APIServices are not Available={wanted}: {[self.available(n) for n in SERVICES]}")
            time.sleep(0.05)

    def remove(self):
        for name in SERVICES:
            self.api.delete(APISERVICES + name)
