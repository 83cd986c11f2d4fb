# A launcher pod without Kubernetes: the launcher image's file tree, own network, mount and PID namespaces, user 107 without
# capabilities, the monitor as PID 1. Source it as root. Sets SANDBOX (its folder) and SANDBOX_NS (its network namespace).
# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/../../../hack/image/lib.sh"
. "$IMAGE_DIR/launcher.sh"

SANDBOX=${SANDBOX:-$(mktemp -d "${TMPDIR:-/tmp}/vmbl.XXXXXX")}
SANDBOX_NS=${SANDBOX_NS:-vmbl$$}
SANDBOX_PEER=${SANDBOX_NS}p
# The pod's address, and that of the other end of its cable.
SANDBOX_IP=10.213.0.5
SANDBOX_PEER_IP=10.213.0.1

# sandbox_make BUILD: the file tree with the programs of a build folder, and the network.
sandbox_make() {
    launcher_prepare
    launcher_root "$LAUNCHER_TREE" "$LAUNCHER_BASE" "$1" "$SANDBOX/root"
    rm -rf "$SANDBOX"/root/tmp/* "$SANDBOX"/pod
    mkdir -p "$SANDBOX"/pod/vmbridge/{info,disks,secrets}
    chmod 1777 "$SANDBOX/pod"
    sandbox_network
}

sandbox_network() {
    local ns key
    for ns in "$SANDBOX_NS" "$SANDBOX_PEER"; do
        ip netns add "$ns"
        ip -n "$ns" link set lo up
    done
    ip -n "$SANDBOX_NS" link add eth0 type veth peer name eth0 netns "$SANDBOX_PEER"
    ip -n "$SANDBOX_NS" addr add "$SANDBOX_IP/24" dev eth0
    ip -n "$SANDBOX_PEER" addr add "$SANDBOX_PEER_IP/24" dev eth0
    for ns in "$SANDBOX_NS" "$SANDBOX_PEER"; do ip -n "$ns" link set eth0 up mtu 1450; done
    ip -n "$SANDBOX_NS" route add default via "$SANDBOX_PEER_IP"
    for key in net.ipv4.ip_unprivileged_port_start=0 'net.ipv4.ping_group_range=0 2147483647'; do
        ip netns exec "$SANDBOX_NS" sysctl -qw "$key"
    done
}

# sandbox_disk VOLUME FILE: FILE as the one disk of a containerDisk volume.
sandbox_disk() {
    mkdir -p "$SANDBOX/pod/vmbridge/disks/$1/disk"
    cp --reflink=auto "$2" "$SANDBOX/pod/vmbridge/disks/$1/disk/"
}

# guest_image KIND: the newest test guest's disk (bios, efi, qcow2), unpacked from its image.
guest_image() {
    local archive
    archive=$(find "$IMAGE_CACHE" -name "guest-$1.tar" -printf '%T@ %p\n' 2>/dev/null | sort -rn | head -n 1 | cut -d' ' -f2)
    [ -n "$archive" ] || die "there is no guest-$1.tar; make it: hack/image/build"
    mkdir -p "$SANDBOX/guest-$1"
    tar -xf "$archive" -C "$SANDBOX/guest-$1"
    # The layer is the largest blob.
    tar -xf "$(find "$SANDBOX/guest-$1/blobs" -type f -printf '%s %p\n' | sort -rn | head -n 1 | cut -d' ' -f2)" -C "$SANDBOX/guest-$1"
    find "$SANDBOX/guest-$1/disk" -type f
}

# sandbox_small SIZE: the pod's own storage (run, data) has no more room than that; called again, it has another.
sandbox_small() {
    local dir=$SANDBOX/small name
    if mountpoint -q "$dir"; then
        mount -o "remount,size=$1" "$dir"
        return
    fi
    mkdir -p "$dir"
    mount -t tmpfs -o "size=$1,mode=755" small "$dir"
    for name in run data; do
        mkdir -p "$dir/$name" "$SANDBOX/pod/vmbridge/$name"
        mount --bind "$dir/$name" "$SANDBOX/pod/vmbridge/$name"
    done
}

# sandbox_start INSTANCE OPTION...: starts the monitor as PID 1, its output in $SANDBOX/{out,err}; options go to the launcher.
# Its exit code ends in $SANDBOX/code. SANDBOX_PROGRAM is another program of the image in place of the monitor.
sandbox_start() {
    cp "$1" "$SANDBOX/pod/vmbridge/info/instance.json"
    shift
    chown -R 107:107 "$SANDBOX/pod/vmbridge"
    : >"$SANDBOX/termination"
    chmod 666 "$SANDBOX/termination"
    rm -f "$SANDBOX/code"
    # Expanded by the inner shell.
    # shellcheck disable=SC2016
    (
        rc=0
        ip netns exec "$SANDBOX_NS" unshare --mount --pid --fork --kill-child bash -eu -c '
            root=$1/root
            mount --make-rprivate /
            mount --bind "$root" "$root"
            mount -t proc proc "$root/proc"
            mount -t sysfs -o ro sysfs "$root/sys"
            mount -t tmpfs -o mode=755 dev "$root/dev"
            for node in null zero full random urandom; do
                : >"$root/dev/$node"
                mount --bind "/dev/$node" "$root/dev/$node"
            done
            ln -s /proc/self/fd "$root/dev/fd"
            : >"$root/dev/termination-log"
            mount --bind "$1/termination" "$root/dev/termination-log"
            mkdir -p "$root/dev/vmbridge"
            mount --rbind "$1/pod" "$root/run"
            [ ! -d "$1/pod/vmbridge/tmp" ] || mount --bind "$1/pod/vmbridge/tmp" "$root/tmp"
            mount -o remount,bind,ro "$root"
            echo $$ >"$1/inner"
            sandbox=$1
            shift
            exec setpriv --no-new-privs --bounding-set=-all,+sys_chroot,+setuid,+setgid chroot --userspec=107:107 --groups=107 "$root" \
                /usr/bin/env -i "$@"
        ' inner "$SANDBOX" "${SANDBOX_PROGRAM:-/usr/bin/virt-launcher-monitor}" "$@" >"$SANDBOX/out" 2>"$SANDBOX/err" </dev/null || rc=$?
        echo $rc >"$SANDBOX/code"
    ) &
}

# sandbox_pid NAME: the newest process of that name in the sandbox, seen from outside.
sandbox_pid() {
    local inner
    inner=$(pgrep -f "^unshare.*$SANDBOX" | head -n 1) # only to find its PID namespace
    [ -n "$inner" ] || return 1
    inner=$(pgrep -P "$inner" | head -n 1)
    [ -n "$inner" ] || return 1
    if [ "$1" = monitor ]; then
        echo "$inner"
    else
        pgrep -n --ns "$inner" --nslist pid "$1"
    fi
}

# sandbox_exec COMMAND...: runs a program of the image in the running sandbox, as its user.
sandbox_exec() {
    local pid
    pid=$(sandbox_pid monitor) || return 1
    nsenter -t "$pid" -m -p -n setpriv --no-new-privs chroot --userspec=107:107 --groups=107 "$SANDBOX/root" "$@"
}

# is_started: whether QEMU runs in the sandbox.
is_started() { sandbox_exec /usr/bin/virt-launcher-monitor --started; }

# sandbox_end SECONDS: waits for the monitor to end; prints its exit code.
sandbox_end() {
    eventually "$1" test -s "$SANDBOX/code" || die "the launcher did not end within $1 s; see $SANDBOX/err"
    cat "$SANDBOX/code"
}

sandbox_remove() {
    local pid
    pid=$(sandbox_pid monitor 2>/dev/null || true)
    [ -z "$pid" ] || kill -9 "$pid" || true
    wait 2>/dev/null || true
    sandbox_network_remove
    ! mountpoint -q "$SANDBOX/small" || umount "$SANDBOX"/pod/vmbridge/{run,data} "$SANDBOX/small"
    rm -rf "$SANDBOX"
}

sandbox_network_remove() {
    ip netns del "$SANDBOX_NS" 2>/dev/null || true
    ip netns del "$SANDBOX_PEER" 2>/dev/null || true
}

# eventually SECONDS COMMAND...: true as soon as the command is.
eventually() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}
