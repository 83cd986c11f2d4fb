"""A Secret that a machine names and that is not there: named, and the machine starts when it comes."""
from api import condition
from marks import counts
from world import check, machine, spec


def with_cloud_init(**refs):
    s = spec()
    s["domain"]["devices"]["disks"].append({"name": "seed", "disk": {"bus": "virtio"}})
    s["volumes"].append({"name": "seed", "cloudInitNoCloud": {k: {"name": v} for k, v in refs.items()}})
    return s


def make_secret(t, name):
    t.api.create(t.core("secrets"), {"metadata": {"name": name}, "stringData": {"userdata": "#cloud-config\n"}})


def stalled(t, name="m"):
    t.until(lambda: condition(t.vm(name), "Stalled").get("status") == "True", f"{name} is stalled")
    return condition(t.vm(name), "Stalled")


def test_a_missing_cloud_init_secret_is_named_and_awaited(t):
    t.make(machine("m", template=with_cloud_init(secretRef="late")))
    said = stalled(t)
    check(said["reason"] == "SecretNotFound", said)
    check("Secret late does not exist in namespace " + t.ns in said["message"], said)
    check("spec.template.spec.volumes[1].cloudInitNoCloud.secretRef.name" in said["message"], said)
    sync = condition(t.vm("m"), "Synchronized")
    check((sync["status"], sync["reason"]) == ("False", "SecretNotFound"), sync)
    check(t.vm("m")["status"]["bridge"]["next"].startswith("nothing, until"), t.vm("m")["status"]["bridge"])
    make_secret(t, "late")
    t.until_ready("m")
    check(not condition(t.vm("m"), "Stalled") and not condition(t.vm("m"), "Synchronized"), t.picture())
    check(len(t.pods_made()) == 1, t.pods_made())


def test_of_two_missing_secrets_one_after_the_other_is_named(t):
    t.make(machine("m", template=with_cloud_init(secretRef="first", networkDataSecretRef="second")))
    check("Secret first " in stalled(t)["message"], stalled(t))
    make_secret(t, "first")
    make_secret(t, "second")
    t.until_ready("m")


def test_a_missing_config_map_is_named_and_awaited_and_an_optional_one_is_not(t):
    s = spec()
    s["domain"]["devices"]["disks"] += [{"name": "app", "disk": {"bus": "virtio"}}, {"name": "more", "disk": {"bus": "virtio"}}]
    s["volumes"] += [{"name": "app", "configMap": {"name": "late"}}, {"name": "more", "secret": {"secretName": "never", "optional": True}}]
    t.make(machine("m", template=s))
    said = stalled(t)
    check(said["reason"] == "ConfigMapNotFound", said)
    check("ConfigMap late does not exist in namespace " + t.ns in said["message"], said)
    check("spec.template.spec.volumes[1].configMap.name" in said["message"], said)
    t.api.create(t.core("configmaps"), {"metadata": {"name": "late"}, "data": {"a": "b"}})
    t.until_ready("m")
    check(not condition(t.vm("m"), "Stalled"), t.picture())


def test_a_missing_pull_secret_is_named_and_awaited(t):
    s = spec()
    s["volumes"][0]["containerDisk"]["imagePullSecret"] = "key"
    t.make(machine("m", template=s))
    t.until(lambda: "Secret key does not exist" in condition(t.vm("m"), "Stalled").get("message", ""), "the pull secret is named")
    said = condition(t.vm("m"), "Stalled")
    check("spec.template.spec.volumes[0].containerDisk.imagePullSecret" in said["message"], said)
    check(t.vm("m")["status"]["printableStatus"] == "ErrImagePull", t.picture())
    make_secret(t, "key")
    t.until_ready("m")


def test_another_name_in_the_template_starts_the_machine(t):
    make_secret(t, "there")
    t.make(machine("m", template=with_cloud_init(secretRef="tehre")))
    stalled(t)
    t.api.patch(t.vm_path("m"), {"spec": {"template": {"spec": with_cloud_init(secretRef="there")}}})
    t.until_ready("m")


def test_an_event_that_somebody_forged_is_not_told(t):
    t.manner.start_s = None
    t.make(machine("m", template=with_cloud_init(secretRef="late")))
    pod = t.until(lambda: t.pods("m") and t.pods("m")[0]["spec"].get("nodeName") and t.pods("m")[0], "its pod is bound")
    t.actor._warn(pod, "FailedMount", 'secret "other" not found: \u202e<script>')
    t.actor._warn(pod, "Grumble", 'secret "late" not found')
    t.remains(lambda: not condition(t.vm("m"), "Stalled"), 8, "it is not stalled")


@counts
def test_a_secret_that_is_there_costs_no_read(t):
    c = t.world.shared
    make_secret(t, "user")
    before = c.requests()
    t.running("m", template=with_cloud_init(secretRef="user"))
    after = c.requests()
    check(after.get(("GET", "events"), 0) == before.get(("GET", "events"), 0), "events were read of a quick start")
