#!/usr/bin/env bash
# Runs the built wrapper in front of a program that prints what it was given.
# usage: test-wrapper.sh FOLDER-WITH-passt-AND-ITS-LIBRARIES
set -euo pipefail

built=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

mkdir -p "$work/lib" "$work/dir"
cp "$built"/{heap,nosandbox,smallbuffer}.so "$work/lib/"
cat >"$work/lib/passt" <<'SHOW'
#!/bin/sh
printf '[%s]' "$@"
printf ' preload=%s\n' "$(echo "$LD_PRELOAD" | sed "s#[^:]*/##g")${VMBRIDGE_PASST_RECEIVE_BYTES:+ $VMBRIDGE_PASST_RECEIVE_BYTES}"
SHOW
chmod +x "$work/lib/passt"
printf -- '--gateway 10.0.2.1\n--hostname vm 1\n--no-dhcpv6\n' >"$work/dir/args"
printf -- '--mtu 1450\n' >"$work/dir/net1.args"
printf -- '--mtu 9000\n' >"$work/dir/ua-back-end.args"
printf -- '--mtu 1\n' >"$work/dir/end.args"

# check NAME WANT ENVIRONMENT... -- ARGUMENT...
check() {
    local name=$1 want=$2 got env=()
    shift 2
    while [ "$1" != -- ]; do env+=("$1") && shift; done
    shift
    got=$(env VMBRIDGE_PASST_LIB="$work/lib" "${env[@]}" "$built/passt" "$@" 2>&1) || got+=" exit=$?"
    [ "$got" = "$want" ] && return 0
    printf 'FAILED %s\n  want %s\n  got  %s\n' "$name" "$want" "$got"
    failed=1
}

own='[--no-map-gw]'
all="${own}[--gateway][10.0.2.1][--hostname][vm 1][--no-dhcpv6]"
dir="VMBRIDGE_PASST_DIR=$work/dir"
check 'no folder of arguments' "${own}[-f] preload=heap.so:nosandbox.so" A=b -- -f
check 'the shared file' "${all}[--one-off] preload=heap.so:nosandbox.so" "$dir" -- --one-off
check 'an interface without its own file' "${all}[--socket][/r/1-vm-net0.socket] preload=heap.so:nosandbox.so" "$dir" -- --socket /r/1-vm-net0.socket
check 'an interface with its own file' "${own}[--mtu][1450][--socket][/r/1-vm-net1.socket] preload=heap.so:nosandbox.so" "$dir" -- --socket /r/1-vm-net1.socket
check 'the longest name wins' "${own}[--mtu][9000][-s][1-vm-ua-back-end.socket] preload=heap.so:nosandbox.so" "$dir" -- -s 1-vm-ua-back-end.socket
check 'native sandbox' "$own preload=heap.so" VMBRIDGE_PASST_SANDBOX=native --
check 'a preload of libvirt is not passed on' "$own preload=heap.so:nosandbox.so" LD_PRELOAD="$work/lib/smallbuffer.so" --
mkdir "$work/few"
printf 8192 >"$work/few/receive-bytes"
check 'a card with few buffers' "${own}[-f] preload=smallbuffer.so:heap.so:nosandbox.so 8192" "VMBRIDGE_PASST_DIR=$work/few" -- -f
check 'the same in its own namespaces' "${own} preload=smallbuffer.so:heap.so 8192" "VMBRIDGE_PASST_DIR=$work/few" VMBRIDGE_PASST_SANDBOX=native --
mv "$work/lib/nosandbox.so" "$work/lib/gone"
check 'a missing shim is an error' "passt wrapper: load $work/lib/nosandbox.so: No such file or directory exit=1" A=b --
mv "$work/lib/gone" "$work/lib/nosandbox.so"
head -c 20000 /dev/zero | tr '\0' x >"$work/dir/args"
check 'an endless file is an error' 'passt wrapper: read the arguments: File too large exit=1' "$dir" --
for _ in {1..600}; do echo --quiet; done >"$work/dir/args"
check 'too many options are an error' 'passt wrapper: read the arguments: Argument list too long exit=1' "$dir" --

# The shim: steps that no unprivileged process may do succeed, and everything else still fails as it should.
cat >"$work/probe.c" <<'C'
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>
int
main(void)
{
    int a = unshare(CLONE_NEWUSER | CLONE_NEWNS), b = mount("none", "/nowhere", "tmpfs", 0, ""), c = umount2("/nowhere", 0);
    long d = syscall(SYS_pivot_root, "/nowhere", "/nowhere"), e = syscall(SYS_close, -1);
    printf("%d %d %d %ld %ld %d %d\n", a, b, c, d, e, errno == EBADF, syscall(SYS_getpid) == getpid());
    return 0;
}
C
if ${CC:-cc} -o "$work/probe" "$work/probe.c"; then
    got=$(LD_PRELOAD=$work/lib/nosandbox.so "$work/probe")
    [ "$got" = '0 0 0 0 -1 1 1' ] || { printf 'FAILED shim: %s\n' "$got" && failed=1; }
fi

# The other one: TCP sockets have the small buffer (the kernel doubles the number), those they accept too, and no others.
cat >"$work/buffers.c" <<'C'
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
static int
bytes_of(int fd)
{
    int bytes = -1;
    socklen_t len = sizeof(bytes);
    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len);
    return bytes;
}
int
main(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    int udp = socket(AF_INET, SOCK_DGRAM, 0), local = socket(AF_UNIX, SOCK_STREAM, 0), other = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listen(server, 1) || getsockname(server, (struct sockaddr *)&at, &len) || connect(client, (struct sockaddr *)&at, len)) {
        return 1;
    }
    printf("%d %d %d %d %d\n", bytes_of(client), bytes_of(accept(server, NULL, NULL)), other < 0 ? 16384 : bytes_of(other),
           bytes_of(udp) > 65536, bytes_of(local) > 65536);
    return 0;
}
C
if ${CC:-cc} -o "$work/buffers" "$work/buffers.c"; then
    got=$(LD_PRELOAD=$work/lib/smallbuffer.so VMBRIDGE_PASST_RECEIVE_BYTES=8192 "$work/buffers")
    [ "$got" = '16384 16384 16384 1 1' ] || { printf 'FAILED small buffers: %s\n' "$got" && failed=1; }
    got=$(LD_PRELOAD=$work/lib/smallbuffer.so "$work/buffers")
    [ "${got%% *}" -gt 65536 ] || { printf 'FAILED buffers without a number: %s\n' "$got" && failed=1; }
fi

# glibc may allocate after passt's filter, which allows neither getrandom nor brk; without the shim it must not, or this shows nothing.
cat >"$work/heap.c" <<'C'
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int
main(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_brk, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {.len = 5, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        return 1;
    }
    const char *text = strerror(-ECONNRESET);
    return write(1, text, strlen(text)) < 0;
}
C
if ${CC:-cc} -o "$work/heap" "$work/heap.c"; then
    got=$(LD_PRELOAD=$work/lib/heap.so "$work/heap") || got+=" exit=$?"
    [ "$got" = 'Unknown error -104' ] || { printf 'FAILED heap: %s\n' "$got" && failed=1; }
    got=$("$work/heap" 2>&1) && { printf 'FAILED heap without the shim: %s\n' "$got" && failed=1; }
fi
exit $failed
