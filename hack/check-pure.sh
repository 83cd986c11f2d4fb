#!/usr/bin/env bash
# The pure stages do no I/O: what their libraries call is on a list.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() {
    cat <<'HELP'
usage: hack/check-pure.sh [--root DIR] [--list FILE] [BUILD_DIR]

Reads the undefined symbols of libapi.a, libreconcile.a and libdomain.a in BUILD_DIR (the newest under the cache when it
is not given) and holds them against hack/pure-symbols.txt. Symbols that our own libraries to the left define are
allowed, unless the list takes them away with a `!` line. Prints archive:object for each breach.
HELP
}

# defined ARCHIVE...: the symbols it gives.
defined() { nm --defined-only --format=posix "$@" 2>/dev/null | awk 'NF > 1 { print $1 }'; }

# may_call SYMBOL: by the list's last matching line, else by being ours.
may_call() {
    local pattern verdict=no
    [[ -z ${ours[$1]:-} ]] || verdict=yes
    for pattern in "${patterns[@]}"; do
        # shellcheck disable=SC2053 # a glob on purpose
        if [[ $pattern == !* ]]; then
            [[ $1 != ${pattern#!} ]] || verdict=no
        elif [[ $1 == $pattern ]]; then
            verdict=yes
        fi
    done
    [ "$verdict" = yes ]
}

# breaches NAME LEFT...: calls of libNAME.a that neither it, nor the libraries named LEFT, nor the list allow.
breaches() {
    local archive=$1 symbol object name
    local -A ours=()
    archive=${archives[$1]}
    for name in "$@"; do
        while read -r symbol; do
            ours[$symbol]=1
        done < <(defined "${archives[$name]}")
    done
    while read -r object symbol; do
        may_call "$symbol" || printf '%s:%s: calls %s, which hack/pure-symbols.txt does not list\n' "${archive#"$build"/}" \
            "$object" "$symbol"
    done < <(nm -A -u "$archive" 2>/dev/null | sed -E 's/^[^:]*:([^:]*):.* ([^ ]+)$/\1 \2/' | sort -u)
}

list=$VMB_ROOT/hack/pure-symbols.txt
if [ "${1:-}" = --list ]; then
    list=$(realpath "$2")
    shift 2
fi
check_options "$@"
build=${ARGS[0]:-$(newest_build)}
[ -n "$build" ] || die "check-pure: no build found under $VMB_CACHE/build; name one: hack/check-pure.sh BUILD_DIR"
declare -A archives
for name in base api reconcile domain; do
    archives[$name]=$(find "$build" -name "lib$name.a" | head -n 1)
    [ -n "${archives[$name]}" ] || die "check-pure: there is no lib$name.a in $build; build it first: ninja -C $build"
done
mapfile -t patterns < <(sed 's/#.*//; s/[[:space:]]*$//' "$list" | grep .)
{
    breaches api base
    breaches reconcile base api
    breaches domain base api
} | conclude pure
