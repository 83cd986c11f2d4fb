# Nodes, seen from the host: each is a mount, pid, net and uts namespace whose first process is node-init. Needs root.
# Source it after cluster.sh.
# shellcheck shell=bash disable=SC2034 # names for those that source it

# node_pid NUMBER: the node's first process, as the host numbers it.
node_pid() { pid_of "$(node_name "$1")"; }

node_link() { printf '%s-%d' "$VMB_NAME" "$1"; }
node_group() { printf '%s-%s' "$VMB_NAME" "$(node_name "$1")"; }

# in_node NUMBER COMMAND...
in_node() {
    local pid number=$1
    shift
    pid=$(node_pid "$number") || die "$(node_name "$number") is off; hack/cluster/node-up $(node_name "$number") starts it"
    nsenter -t "$pid" -m -n -p -u -- env "PATH=$PATH" CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1 "$@"
}

# first_child PID: of a process that is just starting one.
first_child() {
    local child='' i
    for ((i = 0; i < 200; i++)); do
        read -r child _ 2>/dev/null <"/proc/$1/task/$1/children" || true
        [ -z "$child" ] || { printf '%s' "$child"; return; }
        sleep 0.01
    done
    return 1
}

# node_settings NUMBER: what node-init must know, as shell variables.
node_settings() {
    local other routes4='' routes6=''
    for ((other = 1; other <= NODES; other++)); do
        [ "$other" != "$1" ] || continue
        routes4+="$(pod_cidr4 "$other")=$(node_ip4 "$other") "
        routes6+="$(pod_cidr6 "$other")=$(node_ip6 "$other") "
    done
    cat <<SETTINGS
NODE=$(node_name "$1") GROUP=$(node_group "$1") DUAL=$DUAL
NODE_IP4=$(node_ip4 "$1") HOST_IP4=$(host_ip4) POD_CIDR4=$(pod_cidr4 "$1") ROUTES4='$routes4'
NODE_IP6=$(node_ip6 "$1") HOST_IP6=$(host_ip6) POD_CIDR6=$(pod_cidr6 "$1") ROUTES6='$routes6'
PODS_CIDR=$(both "$(pods_cidr4)" "$(pods_cidr6)") DNS=$SERVICE_DNS4
CNI_BIN=$(part_dir cni)/bin RUNC=$(part_dir runc)/bin/runc
PKI=$PKI LOGS=$LOGS STATE=$RUN/$(node_name "$1") SHARED=$RUN/shared RESOLV=$RUN/resolv.conf
SETTINGS
}

# start_node NUMBER: returns when its programs were started; `nodes_ready` tells when they work.
start_node() {
    local name link outer pid
    name=$(node_name "$1") link=$(node_link "$1")
    mkdir -p "$RUN/$name"
    rm -f "$RUN/$name/started"
    node_settings "$1" >"$RUN/$name/settings"
    spawn "$name-outer" unshare --mount --propagation private --net --pid --uts --fork --kill-child=KILL --mount-proc \
        bash "$VMB_ROOT/hack/cluster/node-init" "$RUN/$name/settings"
    outer=$(pid_of "$name-outer") || die "unshare failed: $(tail -n 3 "$LOGS/$name-outer.log")"
    pid=$(first_child "$outer") || die "$name did not start: $(tail -n 3 "$LOGS/$name-outer.log")"
    record "$name" "$pid"
    ip link del "$link" 2>/dev/null || true
    ip link add "$link" type veth peer name eth0 netns "$pid"
    ip link set "$link" master "$BRIDGE" up
    ip route replace "$(pod_cidr4 "$1")" via "$(node_ip4 "$1")"
    [ "$DUAL" = no ] || ip -6 route replace "$(pod_cidr6 "$1")" via "$(node_ip6 "$1")"
    await 30 "$name to start its programs (see $LOGS/$name-*.log)" test -e "$RUN/$name/started" || exit 1
}

# stop_node NUMBER: like pulling the plug: the kernel ends everything in the node's pid namespace.
stop_node() {
    local name pid
    name=$(node_name "$1")
    if pid=$(node_pid "$1"); then
        kill -KILL "$pid" 2>/dev/null || true
        await_exit "$pid" 10 || die "$name (pid $pid) does not end; something in it hangs in the kernel, see its processes"
    fi
    rm -f "$RUN/pids/$name"
    halt "$name-outer"
    ip link del "$(node_link "$1")" 2>/dev/null || true
    remove_groups "$(node_group "$1")"
    detach_leaked_loops
}

# The folders in which control group hierarchies are mounted: one on v2, one per controller on v1.
group_roots() { awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts | sort -u; }

# remove_groups NAME: its processes are dead, but the kernel may take a moment to forget them.
remove_groups() {
    local root i
    for ((i = 0; i < 40; i++)); do
        while read -r root; do
            [ ! -d "$root/$1" ] || find "$root/$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
        done < <(group_roots)
        compgen -G "/sys/fs/cgroup/*/$1" >/dev/null || [ -d "/sys/fs/cgroup/$1" ] || return 0
        sleep 0.1
    done
    say "warning: control groups named $1 remain under /sys/fs/cgroup; a process that is still dying holds them"
}

loop_devices() { losetup -nlO NAME,BACK-FILE 2>/dev/null || true; }

# A kubelet that is cut off leaves the loop device it laid over a block volume. Those that were there before are not ours.
detach_leaked_loops() {
    local device file
    while read -r device file; do
        case $file in
            / | */volumeDevices/*) grep -qw "$device" "$RUN/loops-before" 2>/dev/null || losetup -d "$device" || true ;;
        esac
    done < <(loop_devices)
}

# nodes_ready N: whether so many are.
nodes_ready() {
    [ "$(kube get nodes -l '!kwok.x-k8s.io/node' --no-headers 2>/dev/null | awk '$2 == "Ready"' | wc -l)" -eq "$1" ]
}
