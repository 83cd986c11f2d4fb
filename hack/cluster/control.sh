# The control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler. Source it after cluster.sh.
# shellcheck shell=bash disable=SC2034 # names for those that source it

# The store is thrown away with the cluster, so it need not survive a power cut.
start_etcd() {
    local client=http://127.0.0.1:$ETCD_PORT peer=http://127.0.0.1:$PEER_PORT
    spawn etcd etcd --data-dir "$RUN/etcd" --unsafe-no-fsync --log-level warn --quota-backend-bytes 8589934592 \
        --listen-client-urls "$client" --advertise-client-urls "$client" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "default=$peer"
}

# audit_flags: every request once, when it is answered, as one JSON line without bodies.
audit_flags() {
    [ "$AUDIT" = yes ] || return 0
    cat >"$RUN/audit-policy.yaml" <<'POLICY'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: Metadata
POLICY
    printf '%s\n' "--audit-policy-file=$RUN/audit-policy.yaml" "--audit-log-path=$RUN/audit.log" --audit-log-maxsize=4096
}

# Nodes authorize as nodes where there are any; the short tolerations make node loss testable in seconds.
start_apiserver() {
    local flags=() service=$SERVICE_CIDR4
    mapfile -t flags < <(audit_flags)
    [ "$KIND" = plane ] || service=$(both "$SERVICE_CIDR4" "$(service_cidr6)")
    spawn kube-apiserver kube-apiserver "--etcd-servers=http://127.0.0.1:$ETCD_PORT" \
        "--bind-address=$API_HOST" "--secure-port=$API_PORT" "--advertise-address=$API_HOST" \
        "--service-cluster-ip-range=$service" --allow-privileged=true \
        "--tls-cert-file=$PKI/apiserver.crt" "--tls-private-key-file=$PKI/apiserver.key" "--client-ca-file=$PKI/ca.crt" \
        --service-account-issuer=https://kubernetes.default.svc.cluster.local \
        "--service-account-key-file=$PKI/sa.pub" "--service-account-signing-key-file=$PKI/sa.key" \
        --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
        "--requestheader-client-ca-file=$PKI/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy-client \
        --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
        --requestheader-extra-headers-prefix=X-Remote-Extra- --enable-aggregator-routing=true \
        "--proxy-client-cert-file=$PKI/front-proxy-client.crt" "--proxy-client-key-file=$PKI/front-proxy-client.key" \
        "--kubelet-client-certificate=$PKI/apiserver-kubelet-client.crt" \
        "--kubelet-client-key=$PKI/apiserver-kubelet-client.key" "--kubelet-certificate-authority=$PKI/ca.crt" \
        --kubelet-preferred-address-types=InternalIP \
        --default-not-ready-toleration-seconds=5 --default-unreachable-toleration-seconds=5 "${flags[@]}"
}

# Lost nodes are noticed in eight seconds and emptied at once; quota for benchmarks with thousands of pods. Nodes that
# only pretend are not lost when a benchmark leaves them no processor for a while.
start_controller_manager() {
    local conf=$PKI/kube-controller-manager.conf service=$SERVICE_CIDR4 pods=10.0.0.0/8 grace=8s
    [ "$KIND" = full ] || grace=300s
    if [ "$KIND" != plane ]; then
        service=$(both "$SERVICE_CIDR4" "$(service_cidr6)")
        pods=$(both "$(pods_cidr4)" "$(pods_cidr6)")
    fi
    spawn kube-controller-manager kube-controller-manager "--kubeconfig=$conf" "--authentication-kubeconfig=$conf" \
        "--authorization-kubeconfig=$conf" --bind-address=127.0.0.1 "--secure-port=$KCM_PORT" --leader-elect=false \
        --use-service-account-credentials=true "--root-ca-file=$PKI/ca.crt" \
        "--service-account-private-key-file=$PKI/sa.key" \
        "--cluster-signing-cert-file=$PKI/ca.crt" "--cluster-signing-key-file=$PKI/ca.key" \
        "--service-cluster-ip-range=$service" "--cluster-cidr=$pods" --allocate-node-cidrs=false \
        "--flex-volume-plugin-dir=$RUN/flex" \
        '--controllers=*,bootstrapsigner,tokencleaner' --kube-api-qps=500 --kube-api-burst=1000 \
        --node-monitor-period=1s "--node-monitor-grace-period=$grace" --node-eviction-rate=10 --secondary-node-eviction-rate=10
}

start_scheduler() {
    local conf=$PKI/kube-scheduler.conf
    cat >"$RUN/scheduler.yaml" <<CONFIG
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {kubeconfig: $conf, qps: 500, burst: 1000}
leaderElection: {leaderElect: false}
CONFIG
    spawn kube-scheduler kube-scheduler "--config=$RUN/scheduler.yaml" "--authentication-kubeconfig=$conf" \
        "--authorization-kubeconfig=$conf" --bind-address=127.0.0.1 "--secure-port=$SCHED_PORT" --leader-elect=false
}

api_ready() { [ "$(kube get --raw /readyz --request-timeout=2s 2>/dev/null)" = ok ]; }

# api_came_up: ready, or the server has ended and waiting is in vain.
await_api() {
    local i
    for ((i = 0; i < 600; i++)); do
        ! api_ready || return 0
        pid_of etcd >/dev/null || die "etcd ended; the reason is in $LOGS/etcd.log: $(tail -n 3 "$LOGS/etcd.log")"
        pid_of kube-apiserver >/dev/null ||
            die "kube-apiserver ended; the reason is in $LOGS/kube-apiserver.log: $(tail -n 3 "$LOGS/kube-apiserver.log")"
        sleep 0.05
    done
    die "kube-apiserver is not ready after 30s; see $LOGS/kube-apiserver.log"
}

start_control_plane() {
    start_etcd
    start_apiserver
    await_api
    [ "$CONTROLLERS" = no ] || start_controller_manager
    [ "${SCHEDULER:-no}" = no ] || start_scheduler
}

stop_control_plane() {
    local name
    for name in kwok kube-scheduler kube-controller-manager kube-apiserver etcd; do
        halt "$name"
    done
}
