#!/usr/bin/env bash
# No two files of product code call or include each other, directly or through others: a reader can take one in before the next.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() {
    cat <<'HELP'
usage: hack/check-circles.sh [--root DIR] [BUILD_DIR]

Reads which symbols the objects of controller/ and virt-launcher/ in BUILD_DIR (the newest under the cache when it is not given)
use and define, and beside that the `#include "..."` lines of their sources; of either, x.c, x.h and x_priv.h count as one file.
Prints each circle as

    a.c:1: a.c -> b.c (a symbol that a.c uses of b.c, or a header) -> a.c (one that b.c uses of a.c)

hack/circles.txt names folders that may still have circles inside. The list only shrinks: a folder on it without one is a finding.
HELP
}

# objects: "OBJECT<tab>SOURCE" of what is linked into our libraries and programs; a module that is preloaded is linked to none.
objects() {
    jq -r '.[] | select(.output | test("\\.so\\.p/") | not) | "\(.directory)/\(.output)\t\(.directory)/\(.file)"' \
        "$build/compile_commands.json" >"$work/units"
    paste <(cut -f1 "$work/units") <(cut -f2 "$work/units" | sed 's|^.*//|/|' | tr '\n' '\0' | xargs -0 realpath -m --relative-to=.) |
        grep -P '\t(controller|virt-launcher)/'
}

# calls: "USER DEFINER SYMBOL", files by their path without suffix.
calls() {
    cut -f1 "$work/objects" | tr '\n' '\0' | xargs -0 nm -A --extern-only --format=posix 2>/dev/null | sed 's/: / /' |
        awk -v objects="$work/objects" '
            BEGIN { while ((getline line < objects) > 0) { split(line, part, "\t"); source[part[1]] = part[2] } }
            $3 ~ /^[Uvw]$/ { n++; user[n] = source[$1]; used[n] = $2; next }
            { definer[$2] = source[$1] }
            END { for (i = 1; i <= n; i++) if (used[i] in definer) print user[i], definer[used[i]], used[i] }'
}

# includes: "USER HEADER HEADER" of our own headers, found beside the file or below controller/ or virt-launcher/.
includes() {
    { tr '\n' '\0' <"$work/files" | xargs -0 -r grep -HE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' || true; } |
        sed -E 's/^([^:]*):[^"]*"([^"]*)".*/\1 \2/' | awk -v files="$work/files" '
            BEGIN { while ((getline line < files) > 0) known[line] = 1 }
            {
                beside = $1; sub(/[^\/]*$/, "", beside)
                n = split(beside "|controller/|virt-launcher/", place, "|")
                for (i = 1; i <= n; i++) if ((place[i] $2) in known) { print $1, place[i] $2, $2; break }
            }'
}

# circles: stdin is edges. Of each file the shortest circle through it. Calls and includes are two graphs: a table of functions may use
# files that know the shape of its rows.
circles() {
    awk -v files="$work/files" '
        BEGIN { while ((getline file < files) > 0) if (!(name(file) in shown) || file ~ /[.]c$/) shown[name(file)] = file }
        function name(file) { sub(/\.[ch]$/, "", file); sub(/_priv$/, "", file); return file }
        function shortest(start,    queue, head, tail, seen, from, at, k, part, n) {
            queue[tail++] = start
            while (head < tail) {
                at = queue[head++]
                n = split(next_of[at], part, " ")
                for (k = 1; k <= n; k++) {
                    if (part[k] == start) return path(start, at, from)
                    if (!(part[k] in seen)) { seen[part[k]] = 1; from[part[k]] = at; queue[tail++] = part[k] }
                }
            }
            return ""
        }
        function path(start, last, from,    text) {
            text = start
            for (; last != start; last = from[last]) text = last " " text
            return start " " text
        }
        # The same circle, begun at the first of its files by name.
        function turned(text,    part, n, k, least, out) {
            n = split(text, part, " ") - 1
            least = 1
            for (k = 2; k <= n; k++) if (part[k] < part[least]) least = k
            for (k = 0; k <= n; k++) out = out part[(least - 1 + k) % n + 1] " "
            return out
        }
        {
            user = name($1); other = name($2)
            if (user == other || (user, other) in why) next
            why[user, other] = $3
            next_of[user] = next_of[user] other " "
        }
        END {
            for (file in next_of) {
                text = shortest(file)
                if (text == "" || (text = turned(text)) in told) continue
                told[text] = 1
                n = split(text, part, " ")
                line = shown[part[1]] ":1: " shown[part[1]]
                for (k = 2; k <= n; k++) line = line " -> " shown[part[k]] " (" why[part[k - 1], part[k]] ")"
                print line
            }
        }' | sort
}

# judged: takes away what the list allows: circles with all their files in one of its folders. Adds the rows that allow nothing.
judged() {
    local line folder
    local -A is_used=()
    while IFS= read -r line; do
        for folder in "${allowed[@]}"; do
            if ! tr ' ' '\n' <<<"${line#* }" | grep -E '\.[ch]$' | grep -qv "^$folder/"; then
                is_used[$folder]=1
                line=
                break
            fi
        done
        [ -z "$line" ] || printf '%s\n' "$line"
    done
    for folder in "${allowed[@]}"; do
        [ -n "${is_used[$folder]:-}" ] || printf '%s:1: %s has no circle any more: take the row away\n' "$list" "$folder"
    done
}

check_options "$@"
list=hack/circles.txt
[ -f "$list" ] || die "check-circles: there is no $list"
build=${ARGS[0]:-$(newest_build)}
[ -f "$build/compile_commands.json" ] || die "check-circles: '$build' is no meson build folder; name one: hack/check-circles.sh BUILD_DIR"
mapfile -t allowed < <(sed 's/#.*//; s/[[:space:]]*$//' "$list" | grep . || true)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
objects >"$work/objects" || die "check-circles: $build was made from another tree; name one of this: hack/check-circles.sh BUILD_DIR"
tree_files 'controller/*.[ch]' 'virt-launcher/*.[ch]' | LC_ALL=C sort >"$work/files"
[ -z "$(cut -f1 "$work/objects" | while read -r object; do [ -f "$object" ] || printf '%s\n' "$object"; done)" ] ||
    die "check-circles: not all of $build is built: ninja -C $build"
{
    calls | circles
    includes | circles
} | judged | conclude circles
