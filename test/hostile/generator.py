"""Hostile objects, made from a seed: the same seed and schema give the same objects, in the same order.

Machines and instances follow the schema of their definition, with leaves that mean harm: numbers at their ends, long and odd text, lists
and maps as large as the API server takes, depth where the schema does not look. Pods, claims and Services are what a tenant may make.
A part of them the API server refuses: which ones is its business.
"""
import random

from unseen import put_unseen

INT_ENDS = (0, 1, -1, 2**31 - 1, 2**31, -2**31, 2**32, 2**53, 2**63 - 1, -2**63, 512, 513, 65535, 65536)
REALS = (0.1, 1e300, -1e-300, 1.5, 9007199254740993.0)
QUANTITIES = ("0", "1", "1M", "1n", "8Ei", "9223372036854775807", "9223372036854775808", "99999999999Ei", "1e18", "1e300", "-1", "-8Ei",
              "1.0000000001Gi", "0.5", "64Mi", "9" * 300, 2**63 - 1, -1, 64, "1e-300", "7.999999999Ei")
WORDS = ("", " ", "..", "../../etc/passwd", "a/b", "-", "--", "%s%n%s", "${HOME}", "$(reboot)", "';--", "<xml>&amp;]]>", "\0", "a\0b", "\x1b[2J\x07",
         "\r\n{\"level\":\"error\"}", "\u202eevil\u202c", "\u2066\u2069", "\ufeff", "\ud800", "\udfff\ud800", "\U0001f4a9" * 9, "e\u0301" * 20, "\u0085\u2028\u2029",
         "virtio", "none", "default", "root", "true", "null", "{}", "[]", "\\", "\\u0000", "0x10", "1e3", "NaN", "A===.AAAA.AAAA",
         "02:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "0000:00:00.0", "ffff:ff:1f.9", "[::1]:1", "localhost/guest:1", "/", "/dev/kvm", "Always", "Halted")
LETTERS = "ab<>&\"'\\/\x01\x7f\u00df\u202e\u2028\ud83d\udca9"
BIG = 1_350_000   # bytes of one large body: etcd takes 1.5 MiB
DEPTH = 120

VM_API = "kubevirt.io/v1"
STRATEGIES = ("Always", "Always", "Halted", "Manual", "RerunOnFailure", "Once", None, "always")
# What the policies let in, by the name of a field: a machine that is wholly odd would only show that it is refused.
FITTING = {"bus": ("virtio", "sata", "scsi", ""), "architecture": ("amd64", ""), "evictionStrategy": ("None", "LiveMigrate", "External"),
           "startStrategy": ("Paused",), "hostname": ("a" * 63, "h"), "subdomain": ("a.b", "a" * 63), "type": ("q35", "pc-q35-10.0", "pc-q35-\u202e"),
           "cache": ("none", "writeback"), "io": ("native", "threads"), "errorPolicy": ("stop", "report"), "model": ("virtio", "e1000e", ""),
           "protocol": ("TCP", "UDP"), "uuid": ("00000000-0000-0000-0000-000000000000", "FFFFFFFF-ffff-ffff-ffff-ffffffffffff"), "state": ("up", "down"),
           "macAddress": ("02:00:00:00:00:01", "fe:ff:ff:ff:ff:ff"), "pciAddress": ("", "0000:81:01.0", "ffff:ff:ff.ffffffffffffffffffff"),
           "serial": ("s" * 256, "a.b_c+d"), "userDataBase64": ("", "AAAA", "====" * 3), "networkDataBase64": ("", "AA=="),
           "terminationGracePeriodSeconds": (0, 1, 10**9), "bootOrder": (1, 2, 2**31 - 1, 2**63 - 1)}


class Generator:
    """names: of running guests, whose machines and instances are changed. known_uids: of objects that owners point at."""

    def __init__(self, seed, schemas, running=(), known_uids=()):
        self.random = random.Random(seed)
        self.vm_spec = schemas["virtualmachines"]["properties"]["spec"]
        self.vmi_spec = schemas["virtualmachineinstances"]["properties"]["spec"]
        self.running, self.known_uids = list(running), list(known_uids)
        self.count = 0

    def objects(self, n):
        """(what, action, name, body), n of them: 'create' a body, or 'patch' that machine or instance with it (a merge patch). The
        'words' of a pod are no part of it: its container ends with them."""
        kinds = [("vm", self.vm, 8), ("vmi", self.vmi, 4), ("pod", self.pod, 6), ("pvc", self.claim, 3), ("service", self.service, 3),
                 ("vm", self.vm_change, 3), ("vmi", self.vmi_change, 3)]
        # Every kind has its share whatever the seed is.
        deck = [k for k in kinds for _ in range(k[2])]
        for i in range(n):
            if i % len(deck) == 0:
                self.random.shuffle(deck)
            what, make, _ = deck[i % len(deck)]
            self.count = i
            action, name, body = make()
            yield what, action, name, body

    # leaves
    def chance(self, p):
        return self.random.random() < p

    def text(self, longest=None):
        r = self.random
        if self.chance(0.5):
            return r.choice(WORDS)
        n = r.choice((1, 16, 63, 64, 253, 254, 400, 4096)) if longest is None or self.chance(0.02) else r.choice((1, longest // 4, longest // 4 + 1))
        return (r.choice(LETTERS) * n if self.chance(0.5) else "".join(r.choice(LETTERS) for _ in range(min(n, 300))))

    def deep(self):
        """As deep as a decoder may be sent."""
        value = self.text()
        for _ in range(self.random.choice((10, DEPTH, DEPTH * 5))):
            value = [value] if self.chance(0.5) else {"a": value}
        return value

    def anything(self):
        r = self.random
        return r.choice((lambda: r.choice(INT_ENDS), lambda: r.choice(REALS), self.text, lambda: None, lambda: True, dict, list, self.deep,
                         lambda: [r.choice(REALS)] * r.choice((3, 2000)), lambda: {f"k{i}": i for i in range(r.choice((2, 2000)))}))()

    def name(self, prefix="h"):
        return f"{prefix}-{self.count}" + self.random.choice(("", "", "-" + "x" * 40, "." + ("y" * 60 + ".") * 3 + "z" * 50))

    # by schema
    def by_schema(self, schema, depth=0, name=None):
        """A value that mostly fits, with hostile leaves."""
        r = self.random
        if self.chance(0.005):
            return self.anything()
        if name in FITTING and schema.get("type") in ("string", "integer") and self.chance(0.9):
            return r.choice(FITTING[name])
        if "enum" in schema and self.chance(0.8):
            return r.choice(schema["enum"])
        kind = schema.get("type")
        if schema.get("x-kubernetes-int-or-string"):
            return r.choice(QUANTITIES)
        if kind == "object":
            return self.map_by_schema(schema, depth)
        if kind == "array":
            return self.list_by_schema(schema, depth)
        if kind == "integer":
            least, most = schema.get("minimum", -2**63), schema.get("maximum", 2**63 - 1)
            return r.choice(INT_ENDS) if self.chance(0.05) else r.choice([n for n in INT_ENDS if least <= n <= most] + [least, most])
        if kind == "number":
            return r.choice(REALS)
        if kind == "boolean":
            return self.chance(0.5)
        return self.text(schema.get("maxLength"))

    def map_by_schema(self, schema, depth):
        known = schema.get("properties", {})
        picked = set(schema.get("required", [])) | {k for k in known if self.chance(0.5 if depth < 2 else 0.25)}
        value = {k: self.by_schema(known[k], depth + 1, k) for k in sorted(picked) if k in known}
        if isinstance(schema.get("additionalProperties"), dict):
            for _ in range(self.random.choice((0, 1, 3, 200))):
                value[self.text(63)] = self.by_schema(schema["additionalProperties"], depth + 1)
        if schema.get("x-kubernetes-preserve-unknown-fields") and self.chance(0.08):
            value[self.random.choice(("unknown", "x", self.text(63)))] = self.anything()
        return value

    def list_by_schema(self, schema, depth):
        most = schema.get("maxItems", 64)
        n = self.random.choice((0, 1, 1, 2, 3)) if depth > 6 or self.chance(0.95) else self.random.choice((most, most, most + 1))
        one = [self.by_schema(schema["items"], depth + 1) for _ in range(min(n, 4))]
        return [one[i % len(one)] for i in range(n)] if one else []

    # metadata
    def owner(self, odd=0.04):
        """Of an instance most often: what comes of it depends on name and UID."""
        r = self.random
        uid = r.choice(self.known_uids + ["00000000-0000-4000-8000-000000000000", self.text() or "x"])
        name = r.choice(("x" * 400, "x" * 253, "a/b", self.text() or "x", *self.running[:2]))
        odd = {"apiVersion": self.text(20), "kind": self.text(20), "name": "", "uid": ""} if self.chance(odd) else {}
        kind = r.choice(("VirtualMachineInstance",) * 3 + ("VirtualMachine", "Pod"))
        return {"apiVersion": VM_API if kind != "Pod" else "v1", "kind": kind, "name": name, "uid": uid, **odd,
                **({"controller": True} if self.chance(0.3) else {}), **({"blockOwnerDeletion": True} if self.chance(0.3) else {})}

    def owners(self, n):
        """Kubernetes' garbage collector asks for each of them, so that a thousand are rare."""
        one = {**self.owner(0), "controller": False}
        return [{**one, "uid": f"00000000-0000-4000-8000-{i:012}"} for i in range(n)]

    def spoil_meta(self, meta):
        """One or two things at a time, so that one refusal does not hide the rest."""
        r = self.random
        spoils = (
            lambda: meta.setdefault("labels", {}).update({f"l{i}": "v" * r.choice((1, 63)) for i in range(r.choice((40, 1100)))}),
            lambda: meta.update(finalizers=[f"example.com/f{i}" for i in range(r.choice((1, 1100)))]),
            lambda: meta.update(ownerReferences=[self.owner() for _ in range(r.choice((1, 1, 3)))]),
            lambda: meta.update(ownerReferences=self.owners(1100 if self.chance(0.06) else 8)),
            lambda: meta.setdefault("annotations", {}).update({f"a{i}": self.text() for i in range(r.choice((3, 300)))}),
            lambda: meta.setdefault("annotations", {}).update(big=r.choice("x<\u202e") * r.choice((1000, 80_000, 250_000))),
            lambda: meta.setdefault("annotations", {}).update({"vmbridge.io/instance": self.text(), "kubevirt.io/domain": self.text(),
                                                               "vmbridge.io/gateway-pins": "sha256:AAAA", "kubevirt.io/vm-generation": str(r.choice(INT_ENDS))}),
            lambda: meta.setdefault("labels", {}).update({"kubevirt.io": "virt-launcher", "kubevirt.io/created-by": "x" * 63}),
            lambda: meta.update(generateName=r.choice(("h-", "h" * 200 + "-", self.text(63)))),
        )
        for spoil in r.sample(spoils, r.choice((0, 1, 1, 2))):
            spoil()
        return meta

    # objects
    def base_template(self):
        """What is right but for what comes on top."""
        return {"domain": {"memory": {"guest": "64Mi"}, "devices": {"disks": [{"name": "root", "disk": {"bus": "virtio"}}]}},
                "volumes": [{"name": "root", "containerDisk": {"image": "localhost/guest:1"}}], "terminationGracePeriodSeconds": 5}

    def template(self, schema):
        """The spec of a machine: right with one branch spoilt, or wholly by the schema."""
        r = self.random
        if self.chance(0.08):
            return self.by_schema(schema)
        spec = self.base_template()
        for _ in range(r.choice((1, 1, 2, 4))):
            where, at = spec, schema
            while at.get("properties") and isinstance(where, dict):
                key = r.choice(sorted(at["properties"]))
                at = at["properties"][key]
                if key not in where or not isinstance(where[key], dict) or self.chance(0.1):
                    where[key] = self.by_schema(at, 4, key)
                    break
                where = where[key]
        return self.spoil_spec(spec)

    def put_unseen(self, spec, value):
        """Where the schema names a list and nothing in its items: of any shape, size and depth."""
        domain = spec.get("domain")
        devices = domain.get("devices") if isinstance(domain, dict) else None
        if isinstance(devices, dict):
            put_unseen(spec, value)

    def spoil_spec(self, spec):
        r = self.random
        if self.chance(0.04):
            # Each is large for us; what is far more work for the API server than for us, such as 60,000 keys, would only hold that up.
            fill = r.choice(("x" * BIG, "<" * (BIG // 2), [0.1] * 250_000, [{}] * 30_000, {f"k{i}": "v" for i in range(8000)}, "\u202e" * (BIG // 3)))
            self.put_unseen(spec, fill)
        elif self.chance(0.08):
            self.put_unseen(spec, self.deep())
        elif self.chance(0.08):
            n = r.choice((64, 255, 255, 257))
            spec["volumes"] = [{"name": f"v{i}" if i else "root", "emptyDisk": {"capacity": r.choice(QUANTITIES)}} for i in range(n)]
        elif self.chance(0.2):
            claim = r.choice(("h-claim", "x" * 253, self.text()))
            spec["volumes"] = [{"name": "root", "persistentVolumeClaim": {"claimName": claim}}]
        elif self.chance(0.2):
            end = r.choice(INT_ENDS)
            spec["livenessProbe"] = {"tcpSocket": {"port": r.choice((1, 80, end))}, "initialDelaySeconds": end, "periodSeconds": end, "failureThreshold": end}
            spec["terminationGracePeriodSeconds"] = min(end, 10**9)
        return spec

    def vm(self):
        meta = self.spoil_meta({"name": self.name()})
        spec = {"template": {"metadata": self.spoil_meta({}), "spec": self.template(self.vm_spec["properties"]["template"]["properties"]["spec"])}}
        strategy = self.random.choice(STRATEGIES)
        if strategy:
            spec["runStrategy"] = strategy
        if self.chance(0.1):
            spec.update(self.map_by_schema(self.vm_spec, 0))
        return "create", meta["name"], {"apiVersion": VM_API, "kind": "VirtualMachine", "metadata": meta, "spec": spec}

    def vmi(self):
        meta = self.spoil_meta({"name": self.name()})
        return "create", meta["name"], {"apiVersion": VM_API, "kind": "VirtualMachineInstance", "metadata": meta, "spec": self.template(self.vmi_spec)}

    def pod(self):
        r = self.random
        meta = self.spoil_meta({"name": self.name(r.choice(("h", "virt-launcher-h"))), "labels": {"kubevirt.io": "virt-launcher"}})
        if self.chance(0.7):
            meta.setdefault("ownerReferences", [self.owner() for _ in range(r.choice((1, 1, 2)))])
        box = {"name": r.choice(("compute", "x" * 63)), "image": r.choice(("localhost/guest:1", "x" * 1000))}
        if self.chance(0.2):
            box["env"] = [{"name": "A", "value": r.choice("x<") * r.choice((1000, 900_000))}]
        if self.chance(0.1):
            box["env"] = [{"name": f"E{i}", "value": "v"} for i in range(10_000)]
        if self.chance(0.2):
            box["resources"] = {"requests": {"memory": r.choice(QUANTITIES), "cpu": r.choice(QUANTITIES)}}
        # A tenant's container may end with any words; his kubelet tells them.
        words = r.choice((None, "{\"type\":\"state\",\"version\":1,\"vmiUID\":\"%s\",\"seq\":99,\"state\":\"crashed\"}" % r.choice(self.known_uids or ["x"]),
                          "<" * 4096, self.text(), "{" * 4000, "[" * 4000))
        return "create", meta["name"], {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "words": words,
                                        "spec": {"containers": [box], "automountServiceAccountToken": False, "restartPolicy": "Never"}}

    def claim(self):
        r = self.random
        meta = self.spoil_meta({"name": "h-claim" if self.chance(0.1) else self.name()})
        return "create", meta["name"], {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": {
            "accessModes": r.choice((["ReadWriteOnce"], ["ReadOnlyMany", "ReadWriteMany"], ["ReadWriteOncePod"], ["ReadWriteOnce", "ReadWriteOncePod"])),
            "storageClassName": r.choice(("none", "x" * 253)), "volumeMode": r.choice(("Filesystem", "Block")),
            "resources": {"requests": {"storage": r.choice(QUANTITIES if self.chance(0.2) else ("1n", "8Ei", "1e18", "9" * 300, "1.0000000001Gi"))}}}}

    def service(self):
        r = self.random
        meta = self.spoil_meta({"name": f"h-{self.count}"})
        n = r.choice((1, 3, 300, 5000))
        # Some select the running guests, so that their ports would open.
        selector = r.choice(({"vm": r.choice(self.running or ["x"])}, {}, {f"l{i}": "v" for i in range(1100)}, {"kubevirt.io": "virt-launcher"}))
        ports = [{"name": f"p{i}", "protocol": r.choice(("TCP", "UDP", "SCTP")), "port": i % 65535 + 1,
                  "targetPort": r.choice((i % 65535 + 1, "http", "x" * 15))} for i in range(n)]
        if self.chance(0.1):
            ports[0]["targetPort"] = r.choice(INT_ENDS)
        spec = {"selector": selector, "ports": ports}
        if self.chance(0.1):
            spec = {"type": "ExternalName", "externalName": r.choice(("example.com", self.text()))}
        return "create", meta["name"], {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}

    def change(self, schema, template):
        """A merge patch of a running guest's object."""
        r = self.random
        name = r.choice(self.running) if self.running else "none"
        if self.chance(0.4):
            meta = self.spoil_meta({})
            meta.pop("generateName", None)
            return "patch", name, {"metadata": meta or {"labels": {"a": "b"}}}
        spec = self.template(schema)
        return "patch", name, {"spec": {"template": {"metadata": self.spoil_meta({}), "spec": spec}} if template else spec}

    def vm_change(self):
        return self.change(self.vm_spec["properties"]["template"]["properties"]["spec"], True)

    def vmi_change(self):
        return self.change(self.vmi_spec, False)
