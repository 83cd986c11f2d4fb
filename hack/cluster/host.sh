# What a cluster with nodes changes on the host, and how it is put back. Source it after cluster.sh and node.sh.
# shellcheck shell=bash disable=SC2034 # names for those that source it

# The kubelet writes the kernel.* and vm.* ones by itself; the others are ours.
HOST_SYSCTLS='fs.inotify.max_user_instances fs.inotify.max_user_watches vm.overcommit_memory vm.panic_on_oom kernel.panic
    kernel.panic_on_oops kernel.keys.root_maxkeys kernel.keys.root_maxbytes net.ipv4.ip_forward'
HOST_FOLDERS='/var/lib/kubelet /var/lib/containerd /var/log/pods /var/log/containers /etc/cni/net.d /var/lib/cni
    /usr/libexec/kubernetes /opt/local-path /opt/shared'

sysctl_file() { printf '/proc/sys/%s' "${1//.//}"; }

# raise SYSCTL VALUE: to at least this.
raise() {
    local file
    file=$(sysctl_file "$1")
    [ "$(cat "$file")" -ge "$2" ] || printf '%s' "$2" >"$file"
}

# missing_folders PATH: those on the way to it that do not exist, the outermost first.
missing_folders() {
    [ ! -d "$1" ] || return 0
    missing_folders "$(dirname "$1")"
    printf '%s\n' "$1"
}

# note_host: how the host was before the first cluster; under the lock `host`.
note_host() {
    local key folder
    mkdir -p "$HOST_STATE/users"
    touch "$HOST_STATE/users/$VMB_NAME"
    [ ! -e "$HOST_STATE/sysctls" ] || return 0
    for folder in $HOST_FOLDERS; do missing_folders "$folder"; done | awk '!seen[$0]++' >"$HOST_STATE/folders"
    for key in $HOST_SYSCTLS; do
        [ ! -r "$(sysctl_file "$key")" ] || printf '%s %s\n' "$key" "$(cat "$(sysctl_file "$key")")"
    done >"$HOST_STATE/sysctls.part"
    mv "$HOST_STATE/sysctls.part" "$HOST_STATE/sysctls"
}

# release_host: as noted, when no other cluster is left; under the lock `host`.
release_host() {
    local key value folder
    rm -f "$HOST_STATE/users/$VMB_NAME"
    [ -e "$HOST_STATE/sysctls" ] || return 0
    [ -z "$(ls "$HOST_STATE/users")" ] || return 0
    while read -r key value; do
        [ "$(cat "$(sysctl_file "$key")")" = "$value" ] || printf '%s' "$value" >"$(sysctl_file "$key")"
    done <"$HOST_STATE/sysctls"
    for folder in $(tac "$HOST_STATE/folders"); do
        rmdir "$folder" 2>/dev/null || true
    done
    rm -rf "$HOST_STATE"
}

# The host's own resolvers that a node can reach; none of them is on a loopback address.
write_resolv() {
    grep -E '^nameserver' /etc/resolv.conf 2>/dev/null | grep -vE '[[:space:]](127\.|::1)' >"$RUN/resolv.conf" || true
}

# forward_line: CoreDNS's rule for names that are not the cluster's, empty where the host has no resolver.
forward_line() {
    if [ -s "$RUN/resolv.conf" ] && [ -n "$(ip -4 route show default)" ]; then
        printf 'forward . \\/etc\\/resolv.conf'
    fi
}

# Pods reach what the host reaches, under the host's address. IPv4 alone: forwarding IPv6 would make the host deaf to the
# router advertisements that it may live by.
allow_outside() {
    [ -n "$(ip -4 route show default)" ] || return 0
    printf 1 >"$(sysctl_file net.ipv4.ip_forward)"
    nft -f - <<NFT
table inet $VMB_NAME {
    chain outside {
        type nat hook postrouting priority srcnat;
        ip saddr { $(pods_cidr4), 10.200.$SLOT.0/24 } oifname != "$BRIDGE" masquerade
    }
}
NFT
}

# hold_host: the bridge and all that nodes need on the host.
hold_host() {
    with_lock host note_host
    raise fs.inotify.max_user_instances 1024
    raise fs.inotify.max_user_watches 65536
    loop_devices | awk '{ print $1 }' >"$RUN/loops-before"
    write_resolv
    ip link add "$BRIDGE" type bridge
    ip addr add "$(host_ip4)/24" dev "$BRIDGE"
    if [ "$DUAL" = yes ]; then
        ip -6 addr add "$(host_ip6)/64" dev "$BRIDGE" nodad
    fi
    ip link set "$BRIDGE" up
    allow_outside
}

# drop_host: takes back what hold_host did.
drop_host() {
    local device
    ip link del "$BRIDGE" 2>/dev/null || true
    nft delete table inet "$VMB_NAME" 2>/dev/null || true
    while read -r device; do
        losetup -d "$device" 2>/dev/null || true
    done < <(loop_devices | awk -v under="$RUN/" 'index($2, under) == 1 { print $1 }')
    detach_leaked_loops
    with_lock host release_host
}
