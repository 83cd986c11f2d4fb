#!/usr/bin/env bash
# What has no place in the tree: calls, keywords, leftovers and names of hosts (docs/hacking.md says why).
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() {
    cat <<'HELP'
usage: hack/check-banned.sh [--root DIR]

Fails on: banned calls (strcpy strcat sprintf strtok atoi gets alloca system usleep), goto, typedefs of structs,
assignments in conditions, `//` code left behind, marks of unfinished work, registry or mirror hosts, files above 512 KiB (what a
build or a debugger left, and no source), and files of controller/ and virt-launcher/ above 450 lines. hack/long-files.txt names
those that may still be longer; the list only shrinks: a file on it that is no longer so is a finding.
Warns, without failing, about tests and scripts above 600 lines, and a header above 120.
HELP
}

BANNED_CALLS='strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets|alloca|system|usleep'
LARGE_BYTES=$((512 * 1024))
LONG_LINES=450
# The ends of words are in brackets so that this file does not find itself.
LEFTOVERS='\b(TOD[O]|FIXM[E]|XX[X])\b'
LEFT_CODE='^[[:space:]]*//([[:space:]]*[{}]|.*(\)|=.*|return.*);|.*\)[[:space:]]*\{)[[:space:]]*$'
HOSTS='\b(docker\.i[o]|quay\.i[o]|ghcr\.i[o]|gcr\.i[o]|registry\.k8s\.i[o]|proxy\.golang\.or[g]|deb\.debian\.or[g]|pypi\.or[g])\b'
# containerd gives names without a host this one.
KNOWN_HOSTS='^hack/cluster/load-image:'

# c_findings FILE: the compiler takes the comments out (-fpreprocessed) and awk the strings; line marks keep the numbers.
c_findings() {
    gcc -fpreprocessed -dD -E -x c "$1" 2>/dev/null | BANNED_CALLS=$BANNED_CALLS FILE=$1 awk '
        function found(text) { print ENVIRON["FILE"] ":" number ": " text }
        BEGIN {
            call = "(^|[^A-Za-z0-9_>.])(" ENVIRON["BANNED_CALLS"] ")[ \t]*[(]"
        }
        /^# [0-9]+ "/ { number = $2 - 1; next }
        {
            number++
            gsub(/\\["\\]/, "")
            gsub(/"[^"]*"/, "\"\"")
        }
        $0 ~ call { found("banned call: " $0) }
        /(^|[^A-Za-z0-9_])goto([^A-Za-z0-9_]|$)/ { found("goto: own what must be released with AUTO") }
        /(^|[^A-Za-z0-9_])typedef[ \t]+(struct|union|enum)[^(]*$/ { found("typedef of a struct, union or enum") }
        /(^|[^A-Za-z0-9_])(if|while)[ \t]*[(].*[^=!<>\047]=[^=\047]/ && !/[{].*[.][a-z_]+ =/ { found("assignment in a condition: " $0) }
    '
}

text_findings() {
    { grep -nIE "$1" -- "${@:3}" /dev/null || true; } | while IFS= read -r hit; do
        printf '%s: %s\n' "$(cut -d: -f1,2 <<<"$hit")" "$2: $(cut -d: -f3- <<<"$hit" | cut -c1-100)"
    done
}

# too_long LINES: of the files named on stdin those with more.
too_long() { xargs -r awk -v limit="$1" 'FNR == limit + 1 { print FILENAME }'; }

# warn_long LINES: for the eye.
warn_long() { too_long "$1" | sed "s/\$/:$(($1 + 1)): warning: more than $1 lines: what two things does it do?/" >&2; }

long_findings() {
    local list=hack/long-files.txt long listed
    long=$(tree_files 'controller/*.[ch]' 'virt-launcher/*.[ch]' | too_long $LONG_LINES | sort)
    listed=$(sed 's/#.*//; s/[[:space:]]*$//' "$list" 2>/dev/null | grep . | sort || true)
    comm -23 <(printf '%s\n' "$long") <(printf '%s\n' "$listed") | grep . |
        sed "s/\$/:$((LONG_LINES + 1)): more than $LONG_LINES lines: what two things does it do?/" || true
    comm -13 <(printf '%s\n' "$long") <(printf '%s\n' "$listed") | grep . |
        sed "s|.*|$list:1: & has no more than $LONG_LINES lines: take the row away|" || true
}

large_findings() {
    local file
    while read -r file; do
        [ "$(stat -c %s "$file")" -le $LARGE_BYTES ] || printf '%s:1: more than %d KiB\n' "$file" $((LARGE_BYTES / 1024))
    done < <(tree_files '*')
}

all_findings() {
    local file
    large_findings
    long_findings
    for file in "${c_files[@]}"; do
        c_findings "$file"
    done
    [ ${#c_files[@]} -eq 0 ] || text_findings "$LEFT_CODE" '// code left behind' "${c_files[@]}"
    [ ${#texts[@]} -eq 0 ] || {
        text_findings "$LEFTOVERS" 'unfinished' "${texts[@]}"
        text_findings "$HOSTS" 'name of a host' "${texts[@]}" | { grep -vE "$KNOWN_HOSTS" || true; }
    }
}

check_options "$@"
mapfile -t c_files < <(tree_files '*.c' '*.h')
mapfile -t texts < <(tree_files '*' | grep -vE '(^|/)(go\.sum|LICENSE)$|/corpus/')
{
    tree_files 'test/*.c' 'test/*.py' 'hack/*.sh' 'hack/*.py'
    tree_files 'hack/*' | grep -vE '[.][^/]*$' || true
} | warn_long 600
tree_files '*.h' | warn_long 120
all_findings | conclude banned
