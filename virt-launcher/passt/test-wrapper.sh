#!/usr/bin/env bash
# Runs the built wrapper in front of a program that prints what it was given.
# usage: test-wrapper.sh FOLDER-WITH-passt-AND-nosandbox.so
set -euo pipefail

built=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

mkdir -p "$work/lib" "$work/dir"
cp "$built/nosandbox.so" "$work/lib/"
cat >"$work/lib/passt" <<'SHOW'
#!/bin/sh
printf '[%s]' "$@"
printf ' preload=%s\n' "${LD_PRELOAD##*/}"
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
check 'no folder of arguments' "${own}[-f] preload=nosandbox.so" A=b -- -f
check 'the shared file' "${all}[--one-off] preload=nosandbox.so" "$dir" -- --one-off
check 'an interface without its own file' "${all}[--socket][/r/1-vm-net0.socket] preload=nosandbox.so" "$dir" -- --socket /r/1-vm-net0.socket
check 'an interface with its own file' "${own}[--mtu][1450][--socket][/r/1-vm-net1.socket] preload=nosandbox.so" "$dir" -- --socket /r/1-vm-net1.socket
check 'the longest name wins' "${own}[--mtu][9000][-s][1-vm-ua-back-end.socket] preload=nosandbox.so" "$dir" -- -s 1-vm-ua-back-end.socket
check 'native sandbox' "$own preload=" VMBRIDGE_PASST_SANDBOX=native --
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
exit $failed
