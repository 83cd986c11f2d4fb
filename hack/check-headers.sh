#!/usr/bin/env bash
# Each header compiles alone, has its guard, and is the first thing its own .c file includes.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() {
    cat <<'HELP'
usage: hack/check-headers.sh [--root DIR]

Compiles each header under controller/, virt-launcher/ and test/ by itself, demands a guard named VMB_..._H, and that
x.c includes x.h before anything else.
HELP
}

# compile_alone HEADER: the compiler's own complaint is the finding.
compile_alone() {
    local out
    # shellcheck disable=SC2086 # a list of flags
    out=$(gcc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -x c $CHECK_FLAGS "$1" 2>&1) ||
        grep -E "(error|warning):" <<<"$out" | sort -u | head -n 3
}

guards() {
    local header
    for header in "$@"; do
        grep -qE '^#ifndef VMB_[A-Z0-9_]+_H$' "$header" || printf '%s:1: has no guard VMB_..._H\n' "$header"
    done
}

# own_first FILE.c...: where x.h stands beside x.c it is the first include, or x_priv.h is, which brings it.
own_first() {
    local file own first
    for file in "$@"; do
        own=${file%.c}.h
        [ -f "$own" ] || continue
        first=$(grep -nm1 -E '^#include' "$file" || true)
        own=$(basename "$own" .h)
        [[ $first =~ [\"/]$own(_priv)?\.h\" ]] ||
            printf '%s:%s: includes something before its own header %s.h\n' "$file" "${first%%:*}" "$own"
    done
}

check_options "$@"
CHECK_FLAGS="-Icontroller -Ivirt-launcher -Itest $(pkg-config --cflags jansson yaml-0.1 yajl libuv libcurl openssl libwebsockets \
    cjose libarchive liblz4 libvirt check 2>/dev/null || true)"
export CHECK_FLAGS
export -f compile_alone
mapfile -t headers < <(tree_files 'controller/*.h' 'virt-launcher/*.h' 'test/*.h')
mapfile -t sources < <(tree_files 'controller/*.c' 'virt-launcher/*.c')
[ ${#headers[@]} -gt 0 ] || die "check-headers: no headers under $ROOT"
{
    printf '%s\0' "${headers[@]}" | xargs -0 -n 8 -P 2 bash -c 'for h; do compile_alone "$h"; done' compile_alone
    guards "${headers[@]}"
    own_first "${sources[@]}"
} | conclude headers
