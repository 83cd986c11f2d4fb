#!/usr/bin/env bash
# The scripts: shellcheck for bash, pyflakes for Python.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() { printf 'usage: hack/check-scripts.sh [--root DIR]\n\nRuns shellcheck over every shell script (by its first line, and hack/**.sh) and pyflakes over every Python file.\n'; }

first_line_says() {
    local interpreter=$1 file
    shift
    for file in "$@"; do
        [[ $(head -c 64 "$file" | head -n 1 | tr -d '\0') =~ ^'#!'.*[/\ ]$interpreter ]] && printf '%s\n' "$file"
    done || true
}

check_options "$@"
mapfile -t plain < <(tree_files '*' | grep -vE '\.(c|h|md|mod|sum|yaml|json|xml)$|/corpus/')
mapfile -t shells < <({ first_line_says '(ba)?sh' "${plain[@]}"; tree_files '*.sh'; } | sort -u)
mapfile -t pythons < <({ first_line_says python3 "${plain[@]}"; tree_files '*.py'; } | sort -u)
type -P shellcheck pyflakes3 >/dev/null || die "shellcheck or pyflakes3 is missing; install the packages of hack/packages.txt"
{
    # Sourced files are followed; what a sourced file sets for its readers is not unused.
    [ ${#shells[@]} -eq 0 ] || printf '%s\0' "${shells[@]}" | xargs -0 -n 4 -P 2 shellcheck --shell=bash --severity=warning \
        --external-sources --exclude=SC2034,SC1090,SC1091,SC2154 --format=gcc || true
    [ ${#pythons[@]} -eq 0 ] || pyflakes3 "${pythons[@]}" 2>&1 | grep -E '^[^ ]+:[0-9]+:' || true
} | sed -E 's/^([^ :]+:[0-9]+):[0-9]+:/\1:/' | sort -u | conclude scripts
