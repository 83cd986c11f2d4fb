#!/usr/bin/env bash
# No text of a stranger ends the process: each BUG_ON of the tree stands in hack/aborts.txt with the reason why nobody outside can cause it.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() {
    cat <<'HELP'
usage: hack/check-aborts.sh [--root DIR]

Holds the conditions of BUG_ON in controller/ and virt-launcher/ against hack/aborts.txt. Fails when a condition has no row, a row
has no condition any more, a row gives no known reason, or something but bug_abort() ends the process on the spot.

A row is two lines, the condition as it stands in the file, and why it cannot be:

    controller/cache/queue.c: strlen(key) >= QUEUE_KEY_SIZE
        checked: names are checked where objects enter, in store_put

Reasons: memory   an allocation failed, which ends the process anyway
         library  a library or the system fails only when it is used wrongly, and the arguments are ours
         constant it depends on constant data of ours alone (tables, formats, sizes)
         caller   a contract between our own functions that no input takes part in
         own      the data was made by this process from what it had checked, and only it can change it
         checked  input takes part, and who checked it stands here
HELP
}

REASONS='memory|library|constant|caller|own|checked'
# bug_abort() itself.
ENDS_ITSELF=controller/base/base.c

# conditions FILE: of each BUG_ON its text, blanks made one; a text in quotes may have brackets.
conditions() {
    gcc -fpreprocessed -dD -E -x c "$1" 2>/dev/null | grep -v '^#' | tr '\n' ' ' | FILE=$1 awk '
        function take(at,    depth, c, quoted, from) {
            from = at
            for (depth = 1; depth > 0 && at <= length($0); at++) {
                c = substr($0, at, 1)
                if (quoted != "") { if (c == "\\") at++; else if (c == quoted) quoted = "" }
                else if (c == "\"" || c == "\047") quoted = c
                else if (c == "(") depth++
                else if (c == ")") depth--
            }
            return substr($0, from, at - from - 1)
        }
        {
            while ((start = match($0, /(^|[^A-Za-z0-9_])BUG_ON\(/)) > 0) {
                text = take(start + RLENGTH)
                $0 = substr($0, start + RLENGTH + length(text))
                gsub(/[ \t]+/, " ", text)
                print ENVIRON["FILE"] ": " text
            }
        }'
}

# rows WHAT: "FILE: CONDITION" of each row, or with `reasons` the whole row on one line.
rows() {
    awk -v what="$1" '
        /^(#.*)?$/ { next }
        /^[^ \t]/ { if (row != "") print what == "reasons" ? row "\t" : row; row = $0; next }
        { sub(/^[ \t]+/, ""); if (what == "reasons") print row "\t" $0; else print row; row = "" }
        END { if (row != "") print what == "reasons" ? row "\t" : row }
    ' "$list"
}

all_findings() {
    local file
    comm -23 "$found" "$listed" | sed "s|\$|: a BUG_ON that $list does not list|"
    comm -13 "$found" "$listed" | sed "s|^|$list: |; s|\$|: there is no such BUG_ON|"
    rows reasons | awk -F'\t' -v list="$list" -v known="^($REASONS): ." '$2 !~ known { print list ": " $1 ": no known reason: " $2 }'
    for file in "${c_files[@]}"; do
        [ "$file" = "$ENDS_ITSELF" ] || gcc -fpreprocessed -dD -E -x c "$file" 2>/dev/null | sed 's/"[^"]*"/""/g' |
            grep -oE '(^|[^A-Za-z0-9_.>])(abort|assert|__builtin_trap|__assert_fail)[[:space:]]*\(' |
            sed "s|.*|$file: ends the process without BUG_ON:&|" || true
    done
}

check_options "$@"
list=hack/aborts.txt
[ -f "$list" ] || die "check-aborts: there is no $list"
mapfile -t c_files < <(tree_files 'controller/*.c' 'virt-launcher/*.c')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=$work/found listed=$work/listed
for file in "${c_files[@]}"; do conditions "$file"; done | sort -u >"$found"
rows conditions | sort >"$listed"
all_findings | conclude aborts
