# Shared by the scripts under hack/: where things are kept, stages with elapsed times, and errors that name their log.
# shellcheck shell=bash disable=SC2034 # names for those that source it
# Source it, never run it. Sets VMB_ROOT (the checkout), VMB_CACHE (what is built), VMB_LOGS.

set -euo pipefail

VMB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VMB_CACHE=${VMBRIDGE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vmbridge}
VMB_LOGS=${VMBRIDGE_LOGS:-$VMB_CACHE/logs}
# One prefix names every link, cgroup and state folder of a cluster, so that two checkouts can run side by side.
VMB_NAME=${VMBRIDGE_NAME:-vmb}
mkdir -p "$VMB_CACHE" "$VMB_LOGS"

VMB_T0=${VMB_T0:-$(date +%s%N)}

elapsed() { local ms=$((($(date +%s%N) - ${1:-$VMB_T0}) / 1000000)); printf '%d.%01d' $((ms / 1000)) $((ms % 1000 / 100)); }
say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# show_parts LOG: the lines of stages within a stage, which stand in its log, as they come, until it is told to end by SIGTERM: a
# stage of ten minutes is not silent. Not by a file descriptor that the inner ones write to, since what they start would keep it open.
show_parts() {
    local log=$1 shown=0 total is_over=''
    trap 'is_over=yes' TERM
    while :; do
        total=$(wc -l <"$log")
        [ "$total" -eq "$shown" ] || sed -nE "$((shown + 1)),${total}s/^ +[a-z0-9-]+ +([0-9.]+s  \([0-9.]+s in all\)|FAILED after .*)\$/  &/p" "$log" >&2
        shown=$total
        [ -z "$is_over" ] || break
        sleep 1 >/dev/null 2>&1 &
        wait $! || true
    done
}

# stage NAME COMMAND...: runs it with its output in $VMB_LOGS/NAME.log; shows one line with the time it took, before it those of the
# stages within it, and, when it fails, the name of the log and its last lines. NAME is letters, digits and dashes.
# COMMAND sees these locals, hence their names. A function runs in a subshell and stops at its first error, unless
# `stage` itself stands before || or in a condition.
stage() {
    local stage_name=$1 stage_log=$VMB_LOGS/$1.log stage_t0 stage_rc stage_parts
    shift
    stage_t0=$(date +%s%N)
    [ -t 2 ] && printf '  %-28s ...\r' "$stage_name" >&2
    : >"$stage_log"
    show_parts "$stage_log" </dev/null &
    stage_parts=$!
    # Not `|| rc=$?`, which would let a function run on after an error.
    set +e
    (
        set -e
        "$@"
    ) >"$stage_log" 2>&1 </dev/null
    stage_rc=$?
    kill -TERM $stage_parts
    wait $stage_parts
    set -e
    if [ $stage_rc -ne 0 ]; then
        printf '  %-28s FAILED after %ss (exit %d), log: %s\n' "$stage_name" "$(elapsed "$stage_t0")" $stage_rc "$stage_log" >&2
        tail -n 25 "$stage_log" | sed 's/^/    | /' >&2
        return $stage_rc
    fi
    printf '  %-28s %6ss  (%ss in all)\n' "$stage_name" "$(elapsed "$stage_t0")" "$(elapsed)" >&2
}

# with_lock NAME COMMAND...: one at a time on this machine.
with_lock() {
    local lock_name=$1
    shift
    (
        flock 9
        "$@"
    ) 9>"$VMB_CACHE/$lock_name.lock"
}

# digest FILE|TEXT...: one sha256 over the contents of files and the text of everything else; the key of a cache entry.
digest() {
    local a
    for a in "$@"; do
        if [ -f "$a" ]; then sha256sum <"$a"; else printf '%s\n' "$a" | sha256sum; fi
    done | sha256sum | cut -c1-16
}

# install_packages: what hack/packages.txt lists and this machine lacks.
install_packages() {
    local want missing=() p
    want=$(sed 's/#.*//' "$VMB_ROOT/hack/packages.txt" | xargs)
    for p in $want; do
        dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || missing+=("$p")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    [ "$(id -u)" = 0 ] || die "these packages are missing and only root can install them: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q
    apt-get install -y -q --no-install-recommends "${missing[@]}"
}
