#!/usr/bin/env python3
"""The CRDs in a real API server: every rule refuses and accepts what it should, nothing is pruned, drift is nil.

usage: test_crds.py PRINT_CASES    (KUBECONFIG names the server; test/integration/run sets it)
"""
import json
import os
import random
import re
import subprocess
import sys
import time
import unittest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
GOLDEN = os.path.join(ROOT, "test/golden/api")
PRINT_CASES = ""
# Rules of what an instance has not.
OF_A_MACHINE = ("Running and", "Invalid RunStrategy", "instancetype", "'name' field", "Missing ", "Duplicate storage", "Multiple dataVolume")
KINDS = ("virtualmachines", "virtualmachineinstances", "virtualmachineinstancereplicasets", "kubevirts")
KUBECTL = os.environ.get("KUBECTL") or os.path.join(
    os.environ.get("VMBRIDGE_CACHE") or os.path.expanduser("~/.cache/vmbridge"), "cluster/bin-api/kubectl")


def kubectl(*args, stdin=None, ok=True):
    """Runs kubectl; its result, after checking that it succeeded."""
    done = subprocess.run([KUBECTL, *args], input=stdin, capture_output=True, text=True, check=False)
    if ok and done.returncode != 0:
        raise AssertionError(f"kubectl {' '.join(args)}: {done.stderr[:2000]}")
    return done


def get(kind, name, version="v1"):
    return json.loads(kubectl("get", "--raw", f"/apis/kubevirt.io/{version}/namespaces/default/{kind}/{name}").stdout)


def create_all(objects):
    """Creates objects in a dry run of the server; what it said of each that it refused, by name. A document each: what is in a
    List kubectl judges by itself."""
    stdin = "\n---\n".join(json.dumps(one) for one in objects)
    said = kubectl("create", "--dry-run=server", "-f", "-", stdin=stdin, ok=False).stderr
    refused, name = {}, None
    for line in said.splitlines():
        found = re.match(r'^The \w+ "([^"]+)" is invalid:', line) or re.match(r'^Error from server .*\.kubevirt\.io "([^"]+)" is (?:invalid|forbidden)', line)
        name = found.group(1) if found else name
        refused[name] = refused.get(name, "") + line + "\n"
    return refused


def instance_of(machine, name):
    """The instance that a machine's template describes."""
    template = machine["spec"]["template"]
    return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
            "metadata": {**template.get("metadata", {}), "name": name, "namespace": "default"}, "spec": template["spec"]}


def leaves_of(schema, path):
    """(path, schema) of each field without fields of its own; a switch, {"enabled": x}, is one."""
    inside = (schema.get("items") or schema).get("properties") or {}
    if set(inside) <= {"enabled"}:
        yield path, schema
        return
    for key, value in inside.items():
        yield from leaves_of(value, f"{path}.{key}")


def at(value, path):
    for key in path:
        value = value[key]
    return value


def named_fields(value, schema, path, above):
    """Of each field that the schema names and the value has: the path of its object, its name, the names that may stand beside it
    and those that may stand beside the object. Keys of maps are no fields."""
    if isinstance(value, list):
        for i, one in enumerate(value):
            yield from named_fields(one, schema.get("items", {}), (*path, i), None)
    known = schema.get("properties", {})
    for key in sorted(value) if isinstance(value, dict) else ():
        if key in known:
            yield path, key, known, above
            yield from named_fields(value[key], known[key], (*path, key), known)


class Crds(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        kubectl("apply", "--server-side", "--force-conflicts", "-k", os.path.join(ROOT, "crds"))
        deadline = time.monotonic() + 60
        while True:  # a new server has neither the kinds nor the namespace at once; `kubectl wait` trips over missing conditions
            said = [kubectl("get", *what, ok=False) for what in (("ns", "default"), *((kind,) for kind in KINDS))]
            if not any(done.returncode for done in said):
                break
            if time.monotonic() > deadline:
                raise AssertionError("the CRDs are not served: " + " ".join(done.stderr for done in said))
            time.sleep(0.2)
        broken = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "broken", "namespace": "default"},
                  "spec": {"running": True, "runStrategy": "Always", "template": {"spec": {"domain": {"devices": {}}}}}}
        while not create_all([broken]):  # a policy is in force a moment after it was made
            if time.monotonic() > deadline:
                raise AssertionError("the policies are not in force")
            time.sleep(0.2)
        printed = json.loads(subprocess.run([PRINT_CASES, GOLDEN], capture_output=True, text=True, check=True).stdout)
        cls.cases, cls.fields = printed["rules"], printed["fields"]

    def check_verdicts(self, refused, names, whole_vm):
        for case, name in zip(self.cases, names):
            said = refused.get(name)
            if not whole_vm and case["rule"].startswith(OF_A_MACHINE):
                continue
            with self.subTest(case=name, rule=case["rule"]):
                if case["ok"]:
                    self.assertIsNone(said)
                else:
                    self.assertIsNotNone(said, "the API server accepted it")
                    self.assertIn(case["server"], said)

    def test_rules_of_a_machine(self):
        refused = create_all([case["vm"] for case in self.cases])
        self.check_verdicts(refused, [case["name"] for case in self.cases], True)

    def test_rules_of_an_instance(self):
        names = [f"vmi-{case['name']}" for case in self.cases]
        refused = create_all([instance_of(case["vm"], name) for case, name in zip(self.cases, names)])
        self.check_verdicts(refused, names, False)

    def test_a_field_without_effect_is_a_warning(self):
        """And of what is read or harmless nothing is said; of a machine, and of an instance without one."""
        looked = 0
        for field in self.fields:
            if field["asks"] not in ("told", "harmless"):
                continue
            vm, looked = field["vm"], looked + 1
            objects = [(vm, f"spec.{field['path']}")]
            if field["path"].startswith("template.spec."):
                objects.append((instance_of(vm, field["name"]), "spec." + field["path"].removeprefix("template.spec.")))
            for written, path in objects:
                with self.subTest(kind=written["kind"], path=path, asks=field["asks"]):
                    done = kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(written))
                    told = re.findall(r"': (spec\.\S+): ", done.stderr)
                    about = [name for name in told if path == name or path.startswith((name + ".", name + "["))]
                    self.assertEqual(len(about), 1 if field["asks"] == "told" else 0, done.stderr)
        self.assertGreater(looked, 40)

    def test_each_problem_is_told_with_its_path(self):
        bad = {"domain": {"memory": {"guest": "64Mi"}, "devices": {"disks": [
            {"name": "a", "disk": {}}, {"name": "b", "disk": {"bus": "ide9"}}, {"name": "c", "cache": "warm"}],
            "interfaces": [{"name": "n", "masquerade": {}, "ports": [{"port": 1}, {"port": 70000}]}]}},
            "networks": [{"name": "n", "pod": {}}],
            "volumes": [{"name": name, "emptyDisk": {"capacity": "1Gi"}} for name in "abc"]}
        said = create_all([instance_of({"spec": {"template": {"spec": bad}}}, "told")])["told"]
        for what in ("spec.domain.devices.disks[1].disk.bus: is set with an unrecognized bus ide9", "spec.domain.devices.disks[2].cache: ",
                     "spec.domain.devices.interfaces[0].ports[1].port: "):
            self.assertIn(what, said)
        self.assertNotIn("disks[0]", said)

    def test_what_was_stored_under_older_rules_can_still_be_changed(self):
        """And a machine's own instance is not looked at twice."""
        good = next(case["vm"] for case in self.cases if case["ok"])
        vm = dict(json.loads(json.dumps(good)), metadata={"name": "older", "namespace": "default"})
        vm["spec"].pop("running", None)
        vm["spec"]["runStrategy"] = "Halted"
        vm["spec"]["template"]["spec"]["hostname"] = "Not A Name"
        self.assertIn("hostname does not conform", create_all([vm])["older"])
        binding = "validatingadmissionpolicybinding/virtualmachines.kubevirt.io"
        kubectl("delete", binding)
        self.until(lambda: kubectl("create", "-f", "-", stdin=json.dumps(vm), ok=False).returncode == 0)
        kubectl("apply", "--server-side", "-k", os.path.join(ROOT, "crds"))
        self.until(lambda: create_all([dict(vm, metadata={"name": "newer", "namespace": "default"})]))
        kubectl("patch", "vm", "older", "--type=merge", "-p", '{"spec": {"runStrategy": "Always"}}')
        worse = {"spec": {"template": {"spec": {"subdomain": "Not. A. Name"}}}}
        refused = kubectl("patch", "vm", "older", "--type=merge", "-p", json.dumps(worse), ok=False)
        self.assertIn("subdomain does not conform", refused.stderr)
        vmi = instance_of(vm, "older")
        self.assertIn("older", create_all([vmi]))
        vmi["metadata"]["ownerReferences"] = [{"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "name": "older", "controller": True,
                                               "uid": get("virtualmachines", "older")["metadata"]["uid"]}]
        self.assertEqual(create_all([vmi]), {})
        kubectl("delete", "vm", "older")

    def until(self, test):
        end = time.monotonic() + 30
        while not test():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.2)

    def test_schema_refuses(self):
        def machine(spec=None, **vm):
            template = {"spec": {"domain": {"memory": {"guest": "64Mi"}, "devices": {}}}}
            template["spec"].update(spec or {})
            return {"template": template, **vm}

        def devices(**fields):
            return {"domain": {"memory": {"guest": "64Mi"}, "devices": fields}}

        def memory(text):
            return {"domain": {"memory": {"guest": text}, "devices": {}}}

        rows = [
            ({}, "spec.template: Required value"),
            (machine({"domain": {"memory": {"guest": "64Mi"}}}), "domain.devices: Required value"),
            (machine({"domain": None}), "domain: Required value"),
            (machine(devices(disks=[{}])), "disks[0].name: Required value"),
            (machine(devices(interfaces=[{}])), "interfaces[0].name: Required value"),
            (machine(devices(interfaces=[{"name": "a", "ports": [{}]}])), "ports[0].port: Required value"),
            (machine({"networks": [{"pod": {}}]}), "networks[0].name: Required value"),
            (machine({"networks": [{"name": "a", "multus": {}}]}), "multus.networkName: Required value"),
            (machine({"volumes": [{"emptyDisk": {"capacity": 1}}]}), "volumes[0].name: Required value"),
            (machine({"volumes": [{"name": "a", "emptyDisk": {}}]}), "emptyDisk.capacity: Required value"),
            (machine({"volumes": [{"name": "a", "containerDisk": {}}]}), "containerDisk.image: Required value"),
            (machine({"volumes": [{"name": "a", "persistentVolumeClaim": {}}]}), "persistentVolumeClaim.claimName: Required value"),
            (machine({"domain": {"machine": {}, "memory": {"guest": "64Mi"}, "devices": {}}}), "machine.type: Required value"),
            (machine(memory("1 Gi")), "domain.memory.guest: Invalid value"),
            (machine(memory("1GiB")), "domain.memory.guest: Invalid value"),
            (machine(memory("")), "domain.memory.guest: Invalid value"),
            (machine(memory(1.5)), "domain.memory.guest"),
            (machine(devices(rng=True)), "devices.rng: Invalid value"),
            (machine(devices(disks="a")), "devices.disks: Invalid value"),
            (machine({"volumes": [{"name": "a", "emptyDisk": {"capacity": 1}}] * 2}), "Duplicate value"),
            (machine({"volumes": [{"name": f"v{i}", "emptyDisk": {"capacity": 1}} for i in range(257)]}), "Too many"),
            (machine({"domain": {"cpu": {"cores": "1"}, "memory": {"guest": 1 << 26}, "devices": {}}}), "cpu.cores: Invalid value"),
            (machine({"terminationGracePeriodSeconds": -1}), "terminationGracePeriodSeconds: Invalid value"),
            (machine(running="yes"), "spec.running: Invalid value"),
        ]
        objects = [{"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine",
                    "metadata": {"name": f"schema-{i}", "namespace": "default"}, "spec": spec} for i, (spec, _) in enumerate(rows)]
        refused = create_all(objects)
        for i, (spec, want) in enumerate(rows):
            with self.subTest(spec=spec):
                self.assertIn(want, refused.get(f"schema-{i}", "accepted"))

    def test_nothing_is_pruned_and_nothing_drifts(self):
        """As applied, so stored; in both versions; and a second look sees no difference."""
        folder = os.path.join(os.path.dirname(__file__), "samples")
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            with self.subTest(sample=name):
                written = json.loads(kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", path).stdout)
                plural = written["kind"].lower() + "s"
                kubectl("apply", "-f", path)
                for version in ("v1", "v1alpha3"):
                    stored = get(plural, written["metadata"]["name"], version)
                    self.assertEqual(json.dumps(stored["spec"], sort_keys=True), json.dumps(written["spec"], sort_keys=True))
                self.assertEqual(stored["metadata"]["generation"], 1)
                diff = kubectl("diff", "-f", path, ok=False)
                self.assertEqual((diff.returncode, diff.stdout), (0, ""))
                kubectl("delete", "-f", path)
                kubectl("apply", "--server-side", "-f", path)
                diff = kubectl("diff", "--server-side", "-f", path, ok=False)
                self.assertEqual((diff.returncode, diff.stdout), (0, ""))
                kubectl("delete", "-f", path)

    def test_a_typo_is_an_error_with_its_path(self):
        """As of a built-in kind, for whoever applies: on the client, by the server, and in a patch."""
        folder = os.path.join(os.path.dirname(__file__), "samples")
        whole = json.loads(kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", os.path.join(folder, "everything.yaml")).stdout)
        template = ("spec", "template", "spec")
        rows = [  # where, the right name, the wrong one, the path that is told
            (("spec",), "runStrategy", "runStrategie", "spec.runStrategie"),
            (("spec",), "dataVolumeTemplates", "datavolumeTemplates", "spec.datavolumeTemplates"),
            (("spec", "instancetype"), "inferFromVolume", "inferFromVolumes", "spec.instancetype.inferFromVolumes"),
            (("spec", "dataVolumeTemplates", 0, "spec", "source", "registry"), "url", "uri", "spec.dataVolumeTemplates[0].spec.source.registry.uri"),
            (("spec", "dataVolumeTemplates", 0, "spec", "pvc"), "resources", "resource", "spec.dataVolumeTemplates[0].spec.pvc.resource"),
            (template, "evictionStrategy", "evictionStrategie", "spec.template.spec.evictionStrategie"),
            (template, "nodeSelector", "nodeSelektor", "spec.template.spec.nodeSelektor"),
            ((*template, "domain"), "memory", "memoryy", "spec.template.spec.domain.memoryy"),
            ((*template, "domain", "clock"), "utc", "UTC", "spec.template.spec.domain.clock.UTC"),
            ((*template, "domain", "features", "hyperv"), "relaxed", "relax", "spec.template.spec.domain.features.hyperv.relax"),
            ((*template, "domain", "devices", "disks", 0), "bootOrder", "bootorder", "spec.template.spec.domain.devices.disks[0].bootorder"),
            ((*template, "domain", "devices", "disks", 1, "cdrom"), "readonly", "readOnly", "spec.template.spec.domain.devices.disks[1].cdrom.readOnly"),
            ((*template, "domain", "devices", "interfaces", 0), "macAddress", "mac", "spec.template.spec.domain.devices.interfaces[0].mac"),
            ((*template, "domain", "devices", "interfaces", 0, "masquerade"), None, "ports", "spec.template.spec.domain.devices.interfaces[0].masquerade.ports"),
            ((*template, "domain", "devices", "rng"), None, "source", "spec.template.spec.domain.devices.rng.source"),
            ((*template, "domain", "features", "acpi"), None, "enable", "spec.template.spec.domain.features.acpi.enable"),
            ((*template, "volumes", 4, "cloudInitNoCloud"), None, "writeFiles", "spec.template.spec.volumes[4].cloudInitNoCloud.writeFiles"),
            ((*template, "volumes", 5, "cloudInitConfigDrive"), None, "userdata", "spec.template.spec.volumes[5].cloudInitConfigDrive.userdata"),
            ((*template, "volumes", 0, "dataVolume"), "name", "names", "spec.template.spec.volumes[0].dataVolume.names"),
            ((*template, "networks", 0, "pod"), "vmNetworkCIDR", "vmNetworkCidr", "spec.template.spec.networks[0].pod.vmNetworkCidr"),
            ((*template, "readinessProbe"), "failureThreshold", "failureTreshold", "spec.template.spec.readinessProbe.failureTreshold"),
            ((*template, "affinity", "nodeAffinity"), "requiredDuringSchedulingIgnoredDuringExecution", "requiredDuringScheduling",
             "spec.template.spec.affinity.nodeAffinity.requiredDuringScheduling"),
            ((*template, "tolerations", 0), "operator", "op", "spec.template.spec.tolerations[0].op"),
            ((*template, "accessCredentials", 0, "sshPublicKey", "source"), "secret", "Secret", "accessCredentials[0].sshPublicKey.source.Secret"),
            (("spec", "template", "metadata"), None, "domain", "spec.template.metadata.domain"),
            (("spec", "template", "metadata"), "labels", "label", "spec.template.metadata.label"),
            (("spec", "template"), None, "volumes", "spec.template.volumes"),
        ]
        for i, (where, right, wrong, path) in enumerate(rows):
            vm = json.loads(json.dumps(whole))
            vm["metadata"]["name"] = f"typo-{i}"
            at = vm
            for key in where:
                at = at[key]
            at[wrong] = at.pop(right) if right else {}
            with self.subTest(path=path):
                said = kubectl("apply", "--dry-run=server", "-f", "-", stdin=json.dumps(vm), ok=False)
                self.assertNotEqual(said.returncode, 0)
                self.assertIn(f'unknown field "{path}"' if path.startswith("spec") else path, said.stderr)
                if where[-1] in ("masquerade", "rng"):
                    continue  # the API server's server-side apply takes an object without fields for a map, of any kind
                server_side = kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=json.dumps(vm), ok=False)
                self.assertNotEqual(server_side.returncode, 0)
                self.assertIn(wrong, server_side.stderr)
        image = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "metadata": {"name": "typo", "namespace": "default"}, "spec": {
            "domain": {"memory": {"guest": "64Mi"}, "devices": {"disks": [{"name": "a"}]}},
            "volumes": [{"name": "a", "containerDisk": {"image": "x", "imagePullPolcy": "Never"}}]}}
        said = kubectl("apply", "-f", "-", stdin=json.dumps(image), ok=False).stderr
        self.assertIn('unknown field "spec.volumes[0].containerDisk.imagePullPolcy"', said)
        del image["spec"]["volumes"][0]["containerDisk"]["imagePullPolcy"]
        kubectl("apply", "-f", "-", stdin=json.dumps(image))
        patched = kubectl("patch", "vmi", "typo", "--type=merge", "-p", '{"spec": {"domain": {"cpus": {"cores": 2}}}}', ok=False)
        self.assertIn('unknown field "spec.domain.cpus"', patched.stderr)
        kubectl("delete", "vmi", "typo")

    def test_three_hundred_misplaced_fields_are_refused_with_their_path(self):
        """One field of a manifest that has most of them is misspelt, written in another case or moved a level up, as a seed says."""
        path = os.path.join(os.path.dirname(__file__), "samples/everything.yaml")
        whole = json.loads(kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", path).stdout)
        crd = json.loads(kubectl("get", "crd", "virtualmachines.kubevirt.io", "-o", "json").stdout)
        schema = next(v for v in crd["spec"]["versions"] if v["name"] == "v1")["schema"]["openAPIV3Schema"]["properties"]["spec"]
        fields, chosen = list(named_fields(whole["spec"], schema, ("spec",), None)), random.Random(10)
        self.assertGreater(len(fields), 250)
        objects, told = [], {}
        while len(objects) < 300:
            how, (where, key, known, above) = chosen.choice(("misspelt", "other case", "moved up")), chosen.choice(fields)
            place = chosen.randrange(len(key))
            wrong = {"misspelt": key[:place] + key[place] + key[place:], "other case": key[0].swapcase() + key[1:], "moved up": key}[how]
            to = where[:-1] if how == "moved up" else where
            if (how == "moved up" and above is None) or wrong in (above if how == "moved up" else known):
                continue
            vm = json.loads(json.dumps(whole))
            vm["metadata"]["name"] = f"odd-{len(objects)}"
            at(vm, to)[wrong] = at(vm, where).pop(key)
            told[vm["metadata"]["name"]] = (how, "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in (*to, wrong))[1:])
            objects.append(vm)
        table = {}
        for vm in objects:
            name = vm["metadata"]["name"]
            how, where = told[name]
            said = kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(vm), ok=False)
            end = "refused with path" if said.returncode and f'unknown field "{where}"' in said.stderr else "in silence"
            table[how, end] = table.get((how, end), 0) + 1
            with self.subTest(how=how, path=where):
                self.assertEqual(end, "refused with path", said.stderr[:500])
        for (how, end), n in sorted(table.items()):
            print(f"    {how:12} {end:20} {n:4}")

    def test_each_field_is_explained(self):
        """By kubectl explain, with the sentence of the reference page; and kubectl, which keeps a definition in an annotation, can apply it."""
        kubectl("apply", "--dry-run=server", "-f", os.path.join(ROOT, "crds/virtualmachines.yaml"))
        said = kubectl("explain", "vm.spec.template.spec.domain.memory").stdout
        self.assertIn("Memory that the guest sees.", said)
        for kind in ("VirtualMachine", "VirtualMachineInstance"):
            api = json.loads(kubectl("get", "--raw", "/openapi/v3/apis/kubevirt.io/v1").stdout)["components"]["schemas"]
            spec = api[f"io.kubevirt.v1.{kind}"]["properties"]["spec"]
            leaves = list(leaves_of(spec, "spec"))
            self.assertGreater(len(leaves), 400)
            self.assertEqual([path for path, leaf in leaves if not leaf.get("description")], [])

    def test_what_generators_write_is_clean(self):
        """null for times, an empty status, empty maps and lists, numbers for quantities, in both versions: taken without a word."""
        vm = {"kind": "VirtualMachine", "metadata": {"name": "made", "namespace": "default", "creationTimestamp": None, "labels": {}, "annotations": {}},
              "spec": {"runStrategy": "Halted", "dataVolumeTemplates": [{"metadata": {"name": "d", "creationTimestamp": None}, "status": {}, "spec": {
                  "source": {"blank": {}}, "storage": {"accessModes": [], "resources": {"requests": {"storage": 1 << 30}}}}}],
                  "template": {"metadata": {"creationTimestamp": None, "labels": {}, "annotations": None}, "spec": {
                      "accessCredentials": [], "affinity": {}, "nodeSelector": {}, "tolerations": [], "networks": [], "architecture": "amd64",
                      "domain": {"cpu": {"features": []}, "memory": {"guest": 1 << 26}, "machine": {"type": ""}, "firmware": {}, "features": {},
                                 "resources": {"requests": {"cpu": 1, "memory": 1 << 26}, "limits": {}}, "clock": {},
                                 "devices": {"disks": [{"name": "d", "disk": {}}], "interfaces": [], "gpus": [], "tpm": {}, "rng": {}}},
                      "livenessProbe": {"tcpSocket": {"port": "ssh"}}, "readinessProbe": {"httpGet": {"port": 80, "httpHeaders": []}},
                      "volumes": [{"name": "d", "emptyDisk": {"capacity": 1 << 20}}]}}},
              "status": {}}
        vmi = {"kind": "VirtualMachineInstance", "metadata": {"name": "made", "namespace": "default", "creationTimestamp": None},
               "spec": vm["spec"]["template"]["spec"], "status": {}}
        for version in ("v1", "v1alpha3"):
            for plural, one in (("virtualmachines", vm), ("virtualmachineinstances", vmi)):
                for more in ((), ("--server-side",)):
                    with self.subTest(version=version, kind=plural, how=more):
                        stdin = json.dumps({"apiVersion": f"kubevirt.io/{version}", **one})
                        done = kubectl("apply", *more, "-f", "-", stdin=stdin)
                        self.assertEqual([line for line in done.stderr.splitlines() if "is deprecated" not in line], [])
                        self.assertEqual(kubectl("diff", *more, "-f", "-", stdin=stdin).stdout, "")
                        stored = get(plural, "made")["spec"]
                        spec = stored["template"]["spec"] if plural == "virtualmachines" else stored
                        self.assertEqual(spec["domain"], vmi["spec"]["domain"])
                        kubectl("delete", plural, "made")

    def test_what_was_stored_with_unknown_fields_can_be_read_and_changed(self):
        """As by an older version, whose definitions kept what they did not know."""
        kept = {"x-kubernetes-preserve-unknown-fields": True, "type": "object"}
        crd = json.loads(kubectl("get", "crd", "virtualmachines.kubevirt.io", "-o", "json").stdout)
        old = {"spec": {"versions": [dict(v, schema={"openAPIV3Schema": kept}) for v in crd["spec"]["versions"]]}}
        kubectl("patch", "crd", "virtualmachines.kubevirt.io", "--type=merge", "-p", json.dumps(old))
        vm = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "unknown", "namespace": "default"},
              "spec": {"runStrategy": "Halted", "old": 1, "template": {"spec": {"domain": {"memory": {"guest": "64Mi", "old": {"a": []}}, "devices": {}}}}}}
        try:
            self.until(lambda: kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(vm), ok=False).returncode == 0)
            kubectl("create", "-f", "-", stdin=json.dumps(vm))
            self.assertEqual(get("virtualmachines", "unknown")["spec"]["old"], 1)
        finally:
            kubectl("apply", "--server-side", "--force-conflicts", "-k", os.path.join(ROOT, "crds"))
        self.until(lambda: "old" not in get("virtualmachines", "unknown")["spec"])
        self.assertEqual(get("virtualmachines", "unknown")["spec"]["template"]["spec"]["domain"], {"memory": {"guest": "64Mi"}, "devices": {}})
        kubectl("patch", "vm", "unknown", "--type=merge", "-p", '{"spec": {"runStrategy": "Manual"}}')
        kubectl("label", "vm", "unknown", "a=b")
        kubectl("patch", "vm", "unknown", "--subresource=status", "--type=merge", "-p", '{"status": {"created": true}}')
        self.assertEqual(get("virtualmachines", "unknown")["spec"]["runStrategy"], "Manual")
        kubectl("delete", "vm", "unknown")

    def test_a_set_that_would_not_count_its_own_is_refused(self):
        """By a policy, in the words of KubeVirt; and whatever selects its template is taken, and can be scaled."""
        machine = next(case["vm"] for case in self.cases if case["ok"])

        def a_set(name, selector, labels=None, **more):
            template = {"metadata": {"labels": labels or {"app": "x", "tier": "a"}}, "spec": machine["spec"]["template"]["spec"]}
            return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstanceReplicaSet",
                    "metadata": {"name": name, "namespace": "default"}, "spec": {"replicas": 2, "selector": selector, "template": template, **more}}

        def of(*rows):
            return {"matchExpressions": [dict(zip(("key", "operator", "values"), row)) for row in rows]}

        refused = {
            "other-label": ({"matchLabels": {"app": "y"}}, "selector does not match labels."),
            "no-label": ({"matchLabels": {"none": "y"}}, "selector does not match labels."),
            "not-in": (of(("tier", "In", ["b"])), "selector does not match labels."),
            "in": (of(("tier", "NotIn", ["a", "b"])), "selector does not match labels."),
            "absent": (of(("none", "Exists")), "selector does not match labels."),
            "there": (of(("tier", "DoesNotExist")), "selector does not match labels."),
            "empty": ({}, "name at least one label"),
        }
        taken = {
            "labels": {"matchLabels": {"app": "x"}},
            "words": of(("tier", "In", ["a", "b"]), ("app", "NotIn", ["y"]), ("tier", "Exists"), ("none", "DoesNotExist"), ("none", "NotIn", ["x"])),
        }
        said = create_all([a_set(name, selector) for name, (selector, _) in refused.items()] +
                          [a_set(name, selector) for name, selector in taken.items()])
        self.assertEqual(set(said), set(refused), said)
        for name, (_, words) in refused.items():
            self.assertIn(words, said[name])
        kubectl("create", "-f", "-", stdin=json.dumps(a_set("scaled", taken["labels"])))
        kubectl("scale", "vmirs/scaled", "--replicas=7")
        stored = get("virtualmachineinstancereplicasets", "scaled")
        self.assertEqual(stored["spec"]["replicas"], 7)
        self.assertEqual(stored["metadata"]["generation"], 2)
        kubectl("delete", "vmirs", "scaled")

    def test_definitions_fit_into_the_annotation_of_kubectl_apply(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                path = os.path.join(ROOT, f"crds/{kind}.yaml")
                whole = json.loads(kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", path).stdout)
                self.assertLess(len(json.dumps(whole, separators=(",", ":"))), 240 * 1024)
                done = kubectl("apply", "--dry-run=server", "-f", path)
                self.assertNotIn("Too long", done.stderr)

    def test_status_is_a_subresource(self):
        for kind, plural in (("VirtualMachine", "virtualmachines"), ("VirtualMachineInstance", "virtualmachineinstances")):
            vm = next(case["vm"] for case in self.cases if case["ok"])
            written = dict(vm if kind == "VirtualMachine" else instance_of(vm, "x"), metadata={"name": "status", "namespace": "default"})
            written["status"] = {"bridge": {"mine": True}}
            kubectl("create", "-f", "-", stdin=json.dumps(written))
            self.assertNotIn("status", get(plural, "status"))
            patch = {"status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-02T03:04:05Z",
                                                "lastProbeTime": None}], "changedBlockTracking": {"state": "kept"}, "bridge": {"next": "kept"}}}
            kubectl("patch", plural, "status", "--subresource=status", "--type=merge", "-p", json.dumps(patch))
            stored = get(plural, "status")
            self.assertEqual(stored["metadata"]["generation"], 1)
            self.assertEqual(stored["status"]["changedBlockTracking"], {"state": "kept"})
            self.assertEqual(kubectl("wait", plural, "status", "--for=condition=Ready", "--timeout=5s").returncode, 0)
            kubectl("delete", plural, "status")

    def test_lists_merge_by_name(self):
        """Two appliers own two disks of one list."""
        def part(disk, bus):
            return json.dumps({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "merged", "namespace": "default"},
                               "spec": {"template": {"spec": {"domain": {"memory": {"guest": "64Mi"}, "devices": {
                                   "disks": [{"name": disk, "disk": {"bus": bus}}]}},
                                   "volumes": [{"name": disk, "emptyDisk": {"capacity": "1Gi"}}]}}}})

        kubectl("apply", "--server-side", "--field-manager=one", "-f", "-", stdin=part("a", "virtio"))
        kubectl("apply", "--server-side", "--field-manager=two", "-f", "-", stdin=part("b", "scsi"))
        disks = get("virtualmachines", "merged")["spec"]["template"]["spec"]["domain"]["devices"]["disks"]
        self.assertEqual({disk["name"]: disk["disk"]["bus"] for disk in disks}, {"a": "virtio", "b": "scsi"})
        kubectl("delete", "vm", "merged")

    def test_names_and_columns(self):
        heads = {"vm": "NAME AGE STATUS READY", "vms": "NAME AGE STATUS READY", "kv": "NAME AGE PHASE",
                 "vmi": "NAME AGE PHASE IP NODENAME READY", "vmis": "NAME AGE PHASE IP NODENAME READY"}
        vm = next(case["vm"] for case in self.cases if case["ok"])
        written = [dict(vm, metadata={"name": "cols", "namespace": "default"}), instance_of(vm, "cols"),
                   {"apiVersion": "kubevirt.io/v1", "kind": "KubeVirt", "metadata": {"name": "cols", "namespace": "default"}, "spec": {}}]
        kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": written}))
        for short, head in heads.items():
            self.assertEqual(kubectl("get", short).stdout.splitlines()[0].split(), head.split())
        self.assertEqual(kubectl("get", "vmi", "-o", "wide").stdout.splitlines()[0].split(),
                         "NAME AGE PHASE IP NODENAME READY LIVE-MIGRATABLE PAUSED".split())
        everything = kubectl("get", "all").stdout
        self.assertIn("virtualmachine.kubevirt.io/cols", everything)
        self.assertIn("kubevirt.kubevirt.io/cols", everything)
        warned = kubectl("get", "virtualmachines.v1alpha3.kubevirt.io")
        self.assertIn("kubevirt.io/v1alpha3 VirtualMachine is deprecated", warned.stderr)
        kubectl("delete", "vm,vmi,kv", "cols")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    PRINT_CASES = sys.argv.pop()
    unittest.main(verbosity=2)
