#!/usr/bin/env bash
# Formats the C of the tree, or says what is not formatted.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() {
    cat <<'HELP'
usage: hack/format.sh [--check] [--root DIR] [PATH...]

Formats every .c and .h file of the tree, or those under PATH, with clang-format 14 and .clang-format.
--check changes nothing, prints file:line of what it would change, and ends with 1 when there is something.
HELP
}

is_check=no
if [ "${1:-}" = --check ]; then
    is_check=yes
    shift
fi
check_options "$@"
type -P clang-format-14 >/dev/null || die "clang-format-14 is missing; install the packages of hack/packages.txt"
paths=("${ARGS[@]}")
[ ${#paths[@]} -gt 0 ] || paths=(.)
mapfile -t files < <(for path in "${paths[@]}"; do
    path=${path%/}
    if [ -f "$path" ]; then echo "$path"; elif [ "$path" = . ]; then tree_files '*.c' '*.h'; else tree_files "$path/*.c" "$path/*.h"; fi
done)
[ ${#files[@]} -gt 0 ] || die "format: no C files under ${paths[*]}"
if [ "$is_check" = no ]; then
    clang-format-14 -i "${files[@]}"
    exit 0
fi
{ clang-format-14 --dry-run "${files[@]}" 2>&1 || true; } | sed -nE 's/^([^ ]+:[0-9]+):[0-9]+: (warning|error):.*/\1: run hack\/format.sh/p' |
    sort -u | conclude format
