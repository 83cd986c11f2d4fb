# The local cluster: names, addresses, ports and processes, all derived from VMB_NAME. Source it after hack/lib.sh and
# after the options were read, since `use_cluster NAME` decides every name below.
# shellcheck shell=bash disable=SC2034 # names for those that source it

MAX_NODES=9
SERVICE_CIDR4=10.96.0.0/16 SERVICE_API4=10.96.0.1 SERVICE_DNS4=10.96.0.10

# Shared by all clusters of this cache: what was changed on the host, undone by whoever leaves last.
HOST_STATE=$VMB_CACHE/run/.host

# use_cluster NAME: from here on the scripts speak of this one.
use_cluster() {
    [[ $1 =~ ^[a-z]([a-z0-9-]{0,11})$ ]] ||
        die "'$1' is no name for a cluster: one to twelve of a-z, 0-9 and '-', the first a letter (it names network links)"
    VMB_NAME=$1
    RUN=$VMB_CACHE/run/$VMB_NAME
    PKI=$RUN/pki
    LOGS=$RUN/logs
    ADMIN=$RUN/admin.conf
    BRIDGE=$VMB_NAME-br
    # What an unfinished start left has no nodes.
    KIND=plane NODES=0 SLOT=0 DUAL=no AUDIT=no CONTROLLERS=no
    [ ! -f "$RUN/env" ] || . "$RUN/env"
}

# require_cluster: for commands that are about a running one.
require_cluster() {
    [ -f "$RUN/env" ] || die "there is no cluster '$VMB_NAME'; start one with hack/cluster/up (--name chooses another)"
}

# Every address follows from the slot, a number below 50 that no other cluster here has. Called after $RUN/env was read.
node_ip4() { printf '10.200.%d.%d' "$SLOT" $((10 + $1)); }
host_ip4() { printf '10.200.%d.1' "$SLOT"; }
pod_cidr4() { printf '10.%d.%d.0/24' $((128 + SLOT)) "$1"; }
pods_cidr4() { printf '10.%d.0.0/16' $((128 + SLOT)); }
ip6_base() { printf 'fd76:6d62:%x' $((SLOT + 1)); }
node_ip6() { printf '%s::%x' "$(ip6_base)" $((16 + $1)); }
host_ip6() { printf '%s::1' "$(ip6_base)"; }
pod_cidr6() { printf '%s:%x::/64' "$(ip6_base)" $((256 + $1)); }
pods_cidr6() { printf '%s:100::/56' "$(ip6_base)"; }
service_cidr6() { printf '%s:ffff::/112' "$(ip6_base)"; }
node_name() { printf 'node%d' "$1"; }
node_number() {
    local number=${1#node}
    [[ $1 =~ ^node[1-9]$ ]] || number=0
    [ "$number" -ge 1 ] && [ "$number" -le "$NODES" ] && printf '%s' "$number" && return
    die "there is no node '$1' in the cluster '$VMB_NAME'; it has $NODES, from node1"
}
# both V4 V6: joined by a comma where the cluster has two stacks, else the first.
both() { if [ "$DUAL" = yes ]; then printf '%s,%s' "$1" "$2"; else printf '%s' "$1"; fi; }

# free_slot: the first from a number that the name gives whose addresses nothing on this host uses.
free_slot() {
    local slot taken i
    slot=$(($(cksum <<<"$VMB_NAME" | cut -d' ' -f1) % 50))
    [ "$VMB_NAME" != vmb ] || slot=0
    taken=$(cat "$VMB_CACHE"/run/*/env 2>/dev/null; ip -4 -o addr 2>/dev/null; ip -4 route 2>/dev/null) || true
    for ((i = 0; i < 50; i++, slot = (slot + 1) % 50)); do
        grep -qE "^SLOT=$slot\$|\b10\.200\.$slot\.|\b10\.$((128 + slot))\." <<<"$taken" || { printf '%d' "$slot"; return; }
    done
    die "no free address range for the cluster '$VMB_NAME': stop another one with hack/cluster/down --name NAME"
}

# free_ports N: N loopback ports that nothing listens on and no other cluster noted.
free_ports() {
    local used n=$1 port
    used=" $(awk 'FNR > 1 { sub(/.*:/, "", $2); print $2 }' /proc/net/tcp /proc/net/tcp6 2>/dev/null | sort -u |
        while read -r port; do printf '%d ' "0x$port"; done) $(cat "$VMB_CACHE"/run/*/env 2>/dev/null |
        sed -nE 's/^[A-Z]+_PORT=//p' | xargs) " || true
    while read -r port; do
        [[ $used != *" $port "* ]] || continue
        printf '%d\n' "$port"
        n=$((n - 1))
        [ "$n" -gt 0 ] || return 0
    done < <(shuf -i 20000-31999 -n 500)
}

# Processes. A record holds the pid and the time the process started, so that a number used again is not mistaken for ours.

started_at() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null; }

# record NAME PID
record() { printf '%s %s\n' "$2" "$(started_at "$2")" >"$RUN/pids/$1"; }

# pid_of NAME: its pid when it still runs, else nothing and failure.
pid_of() {
    local pid start
    read -r pid start 2>/dev/null <"$RUN/pids/$1" || return 1
    [ -n "$start" ] && [ "$(started_at "$pid")" = "$start" ] || return 1
    # Ended, but its parent has not asked yet.
    [ "$(awk '{ sub(/.*\) /, ""); print $1 }' "/proc/$pid/stat" 2>/dev/null)" != Z ] || return 1
    printf '%s\n' "$pid"
}

# close_fds: what the caller had open (locks, pipes) is not a daemon's to hold.
close_fds() {
    local fd
    for fd in /proc/self/fd/*; do
        fd=${fd##*/}
        [ "$fd" -le 2 ] || eval "exec $fd>&-" 2>/dev/null || true
    done
}

# spawn NAME COMMAND...: a daemon of its own session, logging to $LOGS/NAME.log.
spawn() {
    local name=$1
    shift
    (
        close_fds
        exec setsid "$@"
    ) >>"$LOGS/$name.log" 2>&1 </dev/null &
    record "$name" $!
}

# await_exit PID SECONDS: whether the process ended in that time.
await_exit() {
    local i
    for ((i = 0; i < $2 * 20; i++)); do
        [ -d "/proc/$1" ] || return 0
        [ "$(awk '{ sub(/.*\) /, ""); print $1 }' "/proc/$1/stat" 2>/dev/null)" != Z ] || return 0
        sleep 0.05
    done
    return 1
}

# halt NAME: TERM, and KILL after three seconds; a power cut for a store without fsync loses nothing that anyone needs.
halt() {
    local pid
    if pid=$(pid_of "$1"); then
        kill -TERM "$pid" 2>/dev/null || true
        if ! await_exit "$pid" 3; then
            kill -KILL "$pid" 2>/dev/null || true
            await_exit "$pid" 5 || die "$1 (pid $pid) does not end; see $LOGS/$1.log"
        fi
    fi
    rm -f "$RUN/pids/$1"
}

# await SECONDS WHAT COMMAND...: until it succeeds.
await() {
    local seconds=$1 what=$2 i
    shift 2
    for ((i = 0; i < seconds * 10; i++)); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    say "error: waited ${seconds}s in vain for $what"
    return 1
}

kube() { kubectl --kubeconfig "$ADMIN" "$@"; }

# read_name ARGUMENT...: uses the cluster that --name names, else VMB_NAME's; the other arguments are then in ARGS.
read_name() {
    local name=$VMB_NAME
    ARGS=()
    while [ $# -gt 0 ]; do
        if [ "$1" = --name ]; then
            [ $# -ge 2 ] || die "--name needs a value"
            name=$2
            shift
        else
            ARGS+=("$1")
        fi
        shift
    done
    use_cluster "$name"
}
