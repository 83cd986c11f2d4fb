#!/usr/bin/env bash
# deploy/ on a real API server: it is accepted twice without a change, and its rights are exactly what is written below.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() {
    cat <<'HELP'
usage: test/integration/run hack/check-deploy.sh

Applies crds/ and deploy/ to the API server that KUBECONFIG names, which should be one made for tests, asks it what the
controller may and may not do, holds the network policy against a table of who may reach which port, and the pods of
deploy/node against what they may have.
HELP
}

as_controller() { kubectl -n vmbridge-system --as=system:serviceaccount:vmbridge-system:vmbridge-controller "$@"; }

# One row a question: the answer, and what is asked of `kubectl auth can-i`.
rights() {
    cat <<'ROWS'
yes list virtualmachines.kubevirt.io -A
yes patch virtualmachines.kubevirt.io --subresource=status -A
no patch virtualmachines.kubevirt.io
no update virtualmachines.kubevirt.io
no delete virtualmachines.kubevirt.io
yes patch virtualmachineinstancereplicasets.kubevirt.io --subresource=status -A
no patch virtualmachineinstancereplicasets.kubevirt.io
no update virtualmachineinstancereplicasets.kubevirt.io --subresource=scale
yes create virtualmachineinstances.kubevirt.io -A
yes patch virtualmachineinstances.kubevirt.io --subresource=status -A
yes delete pods -A
no create pods --subresource=exec
yes watch persistentvolumeclaims -A
yes create persistentvolumeclaims -A
no patch persistentvolumeclaims
no delete persistentvolumeclaims
no create services
yes create events -A
yes list events -A
no get events
no watch events
yes create tokenreviews.authentication.k8s.io
yes create subjectaccessreviews.authorization.k8s.io
yes patch apiservices.apiregistration.k8s.io/v1.subresources.kubevirt.io
no patch apiservices.apiregistration.k8s.io/v1.apps
no delete apiservices.apiregistration.k8s.io/v1.subresources.kubevirt.io
yes get configmaps/extension-apiserver-authentication -n kube-system
no get configmaps/another -n kube-system
yes get /openid/v1/jwks
yes get secrets/vmbridge-certs
yes get secrets/vmbridge-pod-names
no delete secrets/vmbridge-pod-names
no get secrets/another
no list secrets
no list configmaps
yes update leases.coordination.k8s.io/vmbridge-controller
no update leases.coordination.k8s.io/another
yes watch nodes
yes patch nodes
no update nodes
no delete nodes
no patch nodes --subresource=status
yes create nodecapabilities.vmbridge.io
no delete nodecapabilities.vmbridge.io
yes create jobs.batch
no create jobs.batch -A
no delete jobs.batch
no create deployments.apps
ROWS
}

wrong_rights() {
    local want got question
    while read -r want question; do
        # shellcheck disable=SC2086 # words of a question
        got=$(as_controller auth can-i $question 2>/dev/null </dev/null | tail -n 1 || true)
        [ "$got" = "$want" ] || printf 'deploy/base/rbac-controller.yaml:1: can-i %s: %s, not %s\n' "$question" "$got" "$want"
    done < <(rights)
}

# One row a question: may a pod with this label, in a namespace with this label, reach that port of the controller?
reachers() {
    cat <<'ROWS'
yes 8444 kubevirt.io=virt-launcher team=any
no 8444 app=any team=any
no 8444 app.kubernetes.io/name=prometheus vmbridge.io/metrics=true
yes 8443 app.kubernetes.io/name=prometheus vmbridge.io/metrics=true
no 8443 app.kubernetes.io/name=prometheus team=any
no 8443 app=any vmbridge.io/metrics=true
no 8443 kubevirt.io=virt-launcher team=any
no 8081 kubevirt.io=virt-launcher team=any
no 8081 app.kubernetes.io/name=prometheus vmbridge.io/metrics=true
yes 8445 app=any team=any
no 22 kubevirt.io=virt-launcher team=any
ROWS
}

# What Kubernetes' rules make of the policy as it is stored, and of selectors that are labels only.
wrong_reachers() {
    local policy got want port pod namespace
    policy=$(kubectl -n vmbridge-system get networkpolicy vmbridge-controller -o json)
    jq -e '.spec | .podSelector.matchLabels == {"app.kubernetes.io/name": "vmbridge-controller"} and (.policyTypes | sort) == ["Egress", "Ingress"]' \
        <<<"$policy" >/dev/null || printf 'deploy/base/network-policy.yaml:1: it is not about all traffic of the controller\n'
    while read -r want port pod namespace; do
        got=$(jq -r --argjson port "$port" --arg pod "$pod" --arg namespace "$namespace" '
            def pairs: capture("(?<key>.*)=(?<value>.*)") | [.];
            def fits($labels): . != null and (keys - ["matchLabels"] == []) and
                all(.matchLabels // {} | to_entries[]; . as $e | any($labels[]; .key == $e.key and .value == $e.value));
            any(.spec.ingress[]?;
                (.ports == null or any(.ports[]; .port == $port)) and
                (.from == null or any(.from[]; (.podSelector // {} | fits($pod | pairs)) and (.namespaceSelector | fits($namespace | pairs)))))
            | if . then "yes" else "no" end' <<<"$policy" || true)
        [ "$got" = "$want" ] ||
            printf 'deploy/base/network-policy.yaml:1: port %s from %s in %s: %s, not %s\n' "$port" "$pod" "$namespace" "$got" "$want"
    done < <(reachers)
}

# apply FOLDER: complains about warnings too, which is how Pod Security tells of a pod that it will refuse.
# That an earlier test applied the same objects in another way is no complaint.
apply() {
    local out
    out=$(kubectl apply -k "$1" 2>&1) && ! grep '^Warning' <<<"$out" | grep -qv last-applied-configuration || printf '%s/kustomization.yaml:1: %s\n' "$1" "$(tr '\n' ' ' <<<"$out")"
}

differs() {
    local out
    out=$(kubectl diff -k "$1" 2>&1) || printf '%s/kustomization.yaml:1: kubectl diff is not empty: %s\n' "$1" "$(head -n 5 <<<"$out" | tr '\n' ' ')"
}

# What is left of Pod Security's rules when user and mounts are allowed, as the comment of deploy/node/namespace.yaml has it.
wrong_node_pods() {
    kubectl kustomize deploy/node | kubectl create --dry-run=client -o json -f - | jq -rs '
        [.[] | (.items[]? // .) | select(.kind == "DaemonSet")] as $sets
        | (if ($sets | length) == 2 then empty else "there are \($sets | length) DaemonSets, not 2" end),
          ($sets[] | .metadata.name as $name | .spec.template.spec
            | (select(.automountServiceAccountToken != false) | "\($name) has a credential of the API"),
              (select(.hostNetwork or .hostPID or .hostIPC) | "\($name) has a namespace of the host"),
              (select(.securityContext.seccompProfile.type != "RuntimeDefault") | "\($name) has no seccomp profile"),
              (select([.volumes[].hostPath.path] - ["/var/lib/kubelet/device-plugins", "/dev"] != []) | "\($name) mounts more of the host"),
              (.containers[] | select(.securityContext != {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true,
                  "capabilities": {"drop": ["ALL"]}}) | "\($name) may more than it needs"),
              (.containers[].volumeMounts[] | select(.name == "dev" and .readOnly != true) | "\($name) may write to /dev"))
        | "deploy/node/kustomization.yaml:1: " + .'
}

check_options "$@"
PATH=$("$VMB_ROOT/hack/cluster/bin" | tr '\n' ':' | sed 's/:$//'):$PATH
[ -n "${KUBECONFIG:-}" ] || die "check-deploy: KUBECONFIG is not set; run test/integration/run hack/check-deploy.sh"
{
    apply crds
    kubectl wait --for=condition=Established crd -l app.kubernetes.io/managed-by=vmbridge --timeout=30s >/dev/null ||
        printf 'crds/kustomization.yaml:1: the definitions are not established\n'
    apply deploy
    differs deploy
    apply deploy/overlays/emulation
    apply deploy/node
    differs deploy/node
    wrong_node_pods
    wrong_rights
    wrong_reachers
} | conclude deploy
