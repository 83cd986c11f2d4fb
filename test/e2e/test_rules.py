"""What tools read from our objects: each test has the name of its rule. They look at one machine's recorded life."""

import calendar
import re
import time

import case
import peers
from cluster import WAIT, check, condition, describe, is_true, kubectl
from life import NAME, life

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def seconds(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


@case.order(0)
def test_a_life_is_recorded(t):
    one = life.get(t.api)
    check(one.first_boot != one.second_boot, "the second start was not a new boot")
    t.note(
        f"{len(one.seen(one.vms))} versions of the VM, {len(one.seen(one.vmis))} of its instances, {len(one.seen(one.pods))} of its pods"
    )


@case.order(9)
def test_A1_created_cleared_with_stopped(t):
    one = life.get(t.api)
    stopped = [vm for _, vm in one.seen(one.vms) if vm.get("status", {}).get("printableStatus") == "Stopped"]
    check(stopped, "no version of the VM says Stopped")
    for vm in stopped:
        check(not vm["status"].get("created"), f"Stopped and created at once: {describe(vm)}")
    after = [vm for seen, vm in one.seen(one.vms) if seen > one.halted and not vm["status"].get("created")]
    check(
        after[0]["status"]["printableStatus"] == "Stopped",
        f"created was cleared before Stopped was said: {describe(after[0])}",
    )


@case.order(9)
def test_A2_not_ready_without_created_is_not_said_while_starting(t):
    one = life.get(t.api)
    for seen, vm in one.seen(one.vms):
        wants = vm["spec"]["runStrategy"] == "Always" and "status" in vm and seen < one.halted
        check(
            not (wants and condition(vm, "Ready").get("status") == "False" and not vm["status"].get("created")),
            lambda vm=vm: f"Ready=False without created: {describe(vm)}",
        )


@case.order(9)
def test_A3_running_and_ready_in_one_write(t):
    one = life.get(t.api)
    running = [vmi for _, vmi in one.seen(one.vmis) if vmi.get("status", {}).get("phase") == "Running"]
    check(running, "no version of the instance says Running")
    check(is_true(running[0], "Ready"), f"the first write that says Running is not Ready: {describe(running[0])}")
    for vmi in running:
        ready = condition(vmi, "Ready")
        check(
            ready.get("status") != "False" or ready.get("message"),
            f"Running, not ready, and no word why: {describe(vmi)}",
        )


@case.order(9)
def test_A6_launcher_pod_is_judged_by_its_readiness(t):
    pod = life.get(t.api).running["pod"]
    check(pod["spec"]["restartPolicy"] == "Never", f"restartPolicy is {pod['spec']['restartPolicy']}")
    annotation = pod["metadata"]["annotations"].get("argocd.argoproj.io/ignore-restart-policy")
    check(annotation == "true", f"annotation argocd.argoproj.io/ignore-restart-policy is {annotation}")
    check(is_true(pod, "Ready"), f"the machine is Ready and its pod is not: {describe(pod)}")
    check(pod["spec"]["containers"][0].get("readinessProbe"), "the pod has no readiness probe")


@case.order(9)
def test_A7_spec_and_metadata_are_the_users_alone(t):
    one = life.get(t.api)
    for _, vm in one.seen(one.vms):
        meta = vm["metadata"]
        check(not meta.get("finalizers"), f"a finalizer on the VM: {meta.get('finalizers')}")
        check(
            set(meta.get("annotations", {})) <= {"kubectl.kubernetes.io/last-applied-configuration"},
            f"annotations that the user did not write: {meta.get('annotations')}",
        )
        check(meta["labels"] == {"e2e": NAME}, f"labels that the user did not write: {meta['labels']}")
        for manager in meta.get("managedFields", []):
            ours = not manager["manager"].startswith("kubectl")
            check(
                not ours or manager.get("subresource") == "status",
                f"{manager['manager']} owns fields outside of status: {manager}",
            )
    generations = [one.running, one.stopped, one.again]
    check(
        [item["vm"]["metadata"]["generation"] for item in generations] == [1, 2, 3],
        "metadata.generation moved without the user",
    )


@case.order(9)
def test_B1_owners_from_pod_to_vm(t):
    now = life.get(t.api).running
    (of_pod,) = now["pod"]["metadata"]["ownerReferences"]
    (of_vmi,) = now["vmi"]["metadata"]["ownerReferences"]
    check(
        (of_pod["kind"], of_pod["uid"]) == ("VirtualMachineInstance", now["vmi"]["metadata"]["uid"]),
        f"the pod's owner is {of_pod}",
    )
    check(
        (of_vmi["kind"], of_vmi["uid"]) == ("VirtualMachine", now["vm"]["metadata"]["uid"]),
        f"the instance's owner is {of_vmi}",
    )
    for owner in (of_pod, of_vmi):
        check(
            owner["apiVersion"] == "kubevirt.io/v1" and owner["controller"] and owner["blockOwnerDeletion"],
            f"owner {owner}",
        )


@case.order(9)
def test_B2_phase_transitions_once_each(t):
    one = life.get(t.api)
    moves = one.running["vmi"]["status"]["phaseTransitionTimestamps"]
    phases = [move["phase"] for move in moves]
    check(phases == ["Pending", "Scheduling", "Scheduled", "Running"], f"phase transitions are {phases}")
    times = [seconds(move["phaseTransitionTimestamp"]) for move in moves]
    check(times == sorted(times), f"phase transitions go backwards: {moves}")
    check(abs(times[0] - one.created) < 5, f"Pending is stamped {times[0] - one.created:.0f} s off the creation")


@case.order(9)
def test_B4_every_time_has_one_form(t):
    one = life.get(t.api)
    for recorder in (one.vms, one.vmis):
        for _, item in one.seen(recorder):
            for entry in item.get("status", {}).get("conditions", []):
                check(TIME.fullmatch(entry.get("lastTransitionTime") or ""), f"lastTransitionTime of {entry}")
            for move in item.get("status", {}).get("phaseTransitionTimestamps", []):
                check(TIME.fullmatch(move.get("phaseTransitionTimestamp") or ""), f"time of {move}")


@case.order(9)
def test_B5_stop_and_start_move_the_transition_time(t):
    one = life.get(t.api)
    off, on = condition(one.stopped["vm"], "Ready"), condition(one.again["vm"], "Ready")
    check((off["status"], off["reason"]) == ("False", "VMINotExists"), f"Ready of the stopped machine is {off}")
    check(seconds(off["lastTransitionTime"]) >= int(one.halted), f"Ready=False is older than the stop: {off}")
    check(
        on["status"] == "True" and seconds(on["lastTransitionTime"]) > int(one.restarted) - 1,
        f"Ready after the start is {on}",
    )


@case.order(9)
def test_K1_observed_generation_follows_within_a_second(t):
    one = life.get(t.api)
    first, worst = {}, 0.0
    for seen, vm in one.seen(one.vms):
        generation = vm["metadata"]["generation"]
        first.setdefault(generation, seen)
        if vm.get("status", {}).get("observedGeneration") == generation and first[generation] is not None:
            worst = max(worst, seen - first[generation])
            first[generation] = None
    check(not any(first.values()), f"no status for generations {[key for key, value in first.items() if value]}")
    t.note(f"after {worst * 1000:.0f} ms at most")
    check(worst <= 1, f"observedGeneration followed after {worst:.2f} s")


@case.order(9)
def test_K2_first_status_within_a_second(t):
    one = life.get(t.api)
    (born, _), *_ = one.seen(one.vms)
    written, vm = next((seen, vm) for seen, vm in one.seen(one.vms) if vm.get("status"))
    t.note(f"after {(written - born) * 1000:.0f} ms")
    check(is_true(vm, "Reconciling"), f"the first status has no Reconciling=True: {describe(vm)}")
    check(
        vm["status"].get("observedGeneration") == 1,
        f"the first status has observedGeneration {vm['status'].get('observedGeneration')}",
    )
    check(written - born <= 1, f"the first status came after {written - born:.2f} s")


@case.order(9)
def test_K3_never_reconciling_and_stalled_at_once(t):
    one = life.get(t.api)
    for recorder in (one.vms, one.vmis):
        for _, item in one.seen(recorder):
            check(not (is_true(item, "Reconciling") and is_true(item, "Stalled")), f"both: {describe(item)}")
    check(
        not condition(one.running["vm"], "Reconciling"),
        f"Reconciling stayed on the running machine: {describe(one.running['vm'])}",
    )


@case.order(9)
def test_labels_and_annotations_of_contract_2_6_and_2_8(t):
    now = life.get(t.api).running
    vmi, pod = now["vmi"], now["pod"]
    labels, annotations = pod["metadata"]["labels"], pod["metadata"]["annotations"]
    wanted = {
        "kubevirt.io": "virt-launcher",
        "kubevirt.io/created-by": vmi["metadata"]["uid"],
        "vm.kubevirt.io/name": NAME,
        "vmi.kubevirt.io/id": NAME,
        "user": "kept",
    }
    for key, value in wanted.items():
        check(labels.get(key) == value, f"pod label {key} is {labels.get(key)}, not {value}")
    wanted = {
        "kubevirt.io/domain": NAME,
        "kubectl.kubernetes.io/default-container": "compute",
        "descheduler.alpha.kubernetes.io/request-evict-only": "",
    }
    for key, value in wanted.items():
        check(annotations.get(key) == value, f"pod annotation {key} is {annotations.get(key)}, not {value}")
    check(
        re.fullmatch(f"virt-launcher-{NAME}-[a-z0-9]{{12}}", pod["metadata"]["name"]),
        f"the pod is called {pod['metadata']['name']}",
    )
    check(
        vmi["metadata"]["labels"].get("kubevirt.io/nodeName") == pod["spec"]["nodeName"],
        f"labels of the instance: {vmi['metadata']['labels']}",
    )
    check(vmi["metadata"]["labels"].get("user") == "kept", "a label of the template is not on the instance")
    check(vmi["metadata"].get("finalizers"), "the instance has no finalizer: its pod could outlive it")
    check(
        vmi["metadata"]["annotations"].get("kubevirt.io/vm-generation") == "1",
        f"annotations: {vmi['metadata']['annotations']}",
    )


@case.order(9)
def test_launcher_pod_asks_for_no_privilege(t):
    one = life.get(t.api)
    spec = one.running["pod"]["spec"]
    check([box["name"] for box in spec["containers"]][0] == "compute", "the first container is not 'compute'")
    check(spec["automountServiceAccountToken"] is False, "the pod mounts a token for the API server")
    security = spec["securityContext"]
    check(security["runAsNonRoot"] and security["runAsUser"] == 107, f"securityContext {security}")
    check(security["seccompProfile"]["type"] == "RuntimeDefault", f"securityContext {security}")
    for box in spec["containers"] + spec.get("initContainers", []):
        own = box["securityContext"]
        check(
            own["allowPrivilegeEscalation"] is False and own["capabilities"]["drop"] == ["ALL"],
            f"container {box['name']}: {own}",
        )
        check("add" not in own["capabilities"] and not own.get("privileged"), f"container {box['name']}: {own}")
    for volume in spec["volumes"]:
        check("hostPath" not in volume, f"the pod mounts a folder of the node: {volume}")
        for source in volume.get("projected", {}).get("sources", []):
            audience = source.get("serviceAccountToken", {}).get("audience", "vmbridge-gateway")
            check(audience == "vmbridge-gateway", f"a token for {audience} is in the pod")


@case.order(9)
def test_status_passes_through_running_stopping_stopped(t):
    one = life.get(t.api)
    shown = []
    for _, vm in one.seen(one.vms):
        word = vm.get("status", {}).get("printableStatus")
        if word and (not shown or shown[-1] != word):
            shown.append(word)
    t.note(" > ".join(shown))
    check(shown == ["Starting", "Running", "Stopping", "Stopped", "Starting", "Running"], f"the VM showed {shown}")


@case.order(9)
def test_guest_is_asked_to_shut_down(t):
    one = life.get(t.api)
    text = "".join(one.first_log)
    check("POWERBTN" in text, f"the guest saw no power button; its console ends with {text[-300:]!r}")
    over = [vmi for _, vmi in one.seen(one.vmis) if vmi.get("status", {}).get("phase") in ("Succeeded", "Failed")]
    check(not over or over[-1]["status"]["phase"] == "Succeeded", lambda: f"the stop ended as {describe(over[-1])}")


@case.order(9)
def test_events_tell_the_story(t):
    one = life.get(t.api)
    for kind, reason in (
        ("VirtualMachine", "SuccessfulCreate"),
        ("VirtualMachine", "SuccessfulDelete"),
        ("VirtualMachineInstance", "Started"),
    ):
        check(one.t.events(kind=kind, reason=reason, name=NAME), f"no event {reason} on the {kind}")
    bad = one.t.events(type="Warning", kind="VirtualMachine") + one.t.events(
        type="Warning", kind="VirtualMachineInstance"
    )
    check(not bad, f"warnings in an undisturbed life: {[event['message'] for event in bad]}")


@case.order(9)
def test_kubectl_wait_and_columns(t):
    one = life.get(t.api)
    ns = one.t.ns
    kubectl("-n", ns, "wait", "--for=condition=Ready", f"vm/{NAME}", WAIT)
    kubectl("-n", ns, "wait", "--for=jsonpath={.status.printableStatus}=Running", f"vm/{NAME}", WAIT)
    head, row = (line.split() for line in kubectl("-n", ns, "get", "vm", NAME).stdout.splitlines())
    check(head == ["NAME", "AGE", "STATUS", "READY"], f"kubectl get vm shows {head}")
    check(row[2:] == ["Running", "True"], f"kubectl get vm shows {row}")
    head, row = (line.split() for line in kubectl("-n", ns, "get", "vmi", NAME).stdout.splitlines())
    check(head == ["NAME", "AGE", "PHASE", "IP", "NODENAME", "READY"], f"kubectl get vmi shows {head}")
    pod = one.t.launcher(NAME)
    check(
        row[2:] == ["Running", pod["status"]["podIP"], pod["spec"]["nodeName"], "True"], f"kubectl get vmi shows {row}"
    )
    check("POWERBTN" not in one.t.console(NAME), "the second run's log shows the first run")
    check("vmbridge guest" in one.t.console(NAME), "kubectl logs does not show the serial console")
    done = kubectl("-n", ns, "get", "vms,vmis,all", "-o", "name").stdout
    check(f"virtualmachine.kubevirt.io/{NAME}" in done, f"'kubectl get all' shows {done}")


@case.order(9)
def test_argo_cd_judges_every_state(t):
    one = life.get(t.api)
    vms = [vm for _, vm in one.seen(one.vms)]
    for release in (peers.NEW, peers.CLASSIC):
        at = dict(zip([vm["metadata"]["resourceVersion"] for vm in vms], peers.argo(release, vms)))
        for vm in vms:
            status, message = at[vm["metadata"]["resourceVersion"]]
            check(
                status in ("Progressing", "Healthy", "Suspended"),
                f"{release} says {status}/{message} of {describe(vm)}",
            )
            seen = vm.get("status", {}).get("observedGeneration") == vm["metadata"]["generation"]
            asked = seen and vm["spec"]["runStrategy"] == "Always"
            check(
                not (asked and status == "Suspended"),
                f"{release} takes a starting machine for suspended: {describe(vm)}",
            )
        running, stopped, again = (
            peers.argo(release, [item["vm"]])[0] for item in (one.running, one.stopped, one.again)
        )
        check(
            running == again == ("Healthy", "Running"), f"{release} says {running} and {again} of the running machine"
        )
        wanted = ("Healthy", "Stopped as declared") if release == peers.NEW else ("Suspended", "Stopped")
        check(stopped == wanted, f"{release} says {stopped} of the stopped machine, not {wanted}")


@case.order(9)
def test_argo_cd_judges_the_instance(t):
    one = life.get(t.api)
    vmis = [vmi for _, vmi in one.seen(one.vmis) if not vmi["metadata"].get("deletionTimestamp")]
    for release in (peers.NEW, peers.CLASSIC):
        for vmi, (status, message) in zip(vmis, peers.argo(release, vmis)):
            check(
                status in ("Progressing", "Healthy", "Suspended"),
                f"{release} says {status}/{message} of {describe(vmi)}",
            )
        verdict = peers.argo(release, [one.running["vmi"]])[0]
        check(verdict == ("Healthy", "Running"), f"{release} says {verdict} of the running instance")


@case.order(9)
def test_kstatus_judges_every_state(t):
    one = life.get(t.api)
    vms = [(seen, vm) for seen, vm in one.seen(one.vms) if vm.get("status")]
    verdicts = peers.kstatus([vm for _, vm in vms])
    for (_, vm), (status, message) in zip(vms, verdicts):
        check(status in ("InProgress", "Current"), f"kstatus says {status}/{message} of {describe(vm)}")
        shown = vm["status"].get("printableStatus")
        check(
            status != "Current" or shown == "Running",
            f"kstatus takes a machine that is {shown} for done: {describe(vm)}",
        )
    for item in (one.running, one.again):
        (verdict,) = peers.kstatus([item["vm"]])
        check(verdict[0] == "Current", f"kstatus says {verdict} of {describe(item['vm'])}")
        (verdict,) = peers.kstatus([item["vmi"]])
        check(verdict[0] == "Current", f"kstatus says {verdict} of {describe(item['vmi'])}")
    (verdict,) = peers.kstatus([one.stopped["vm"]])
    check(verdict[0] == "InProgress", f"rule K4: a halted machine is InProgress to kstatus, it says {verdict}")
