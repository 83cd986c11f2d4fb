#!/usr/bin/env bash
# clang-tidy over every C file of a clang build; a file that was found clean is not looked at again until something in it changes.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() {
    cat <<'HELP'
usage: hack/check-tidy.sh BUILD_DIR [PATH...]

BUILD_DIR is a meson build folder configured for clang (its warnings are clang's). PATH limits the check to files under
it. What a clean file looked like after the preprocessor, comments kept, is remembered in $VMB_CACHE/tidy, for every checkout.
HELP
}

# Each job gets one "FILE<tab>DIRECTORY<tab>COMMAND" of the compilation database.
tidy_one() {
    local file=$1 folder=$2 command=$3 key out
    key=$(cd "$folder" && eval "${command%% -o *} -E -C -P -w $(printf '%q' "$file")" 2>/dev/null |
        sed "s|[./]*${TIDY_ROOT#/}/||g" | sha256sum | cut -c1-32)
    [ ! -e "$TIDY_CACHE/$key" ] || return 0
    if out=$(clang-tidy-14 -p "$TIDY_BUILD" --quiet "$file" 2>/dev/null); then
        : >"$TIDY_CACHE/$key"
    else
        printf '%s\n' "$out"
    fi
}

# units: the C files of the database that stand in the tree and under one of the wanted paths.
units() {
    jq -r '.[] | [.directory, .file, .command] | @tsv' "$build/compile_commands.json" |
        while IFS=$'\t' read -r folder file command; do
            file=$(realpath -m "$folder/$file")
            file=${file#"$ROOT"/}
            [[ $file != /* ]] || continue
            is_wanted "$file" || continue
            printf '%s\0%s\0%s\0' "$ROOT/$file" "$folder" "$command"
        done
}

is_wanted() {
    local path
    [ ${#wanted[@]} -gt 0 ] || return 0
    for path in "${wanted[@]}"; do
        [[ $1 != "${path%/}"* ]] || return 0
    done
    return 1
}

check_options "$@"
[ ${#ARGS[@]} -gt 0 ] || die "check-tidy: name a build folder; see hack/check-tidy.sh --help"
build=$(realpath "${ARGS[0]}")
wanted=("${ARGS[@]:1}")
[ -f "$build/compile_commands.json" ] || die "check-tidy: $build is no meson build folder"
TIDY_BUILD=$build TIDY_ROOT=$ROOT
TIDY_CACHE=$VMB_CACHE/tidy/$(digest "$(cat .clang-tidy)" "$(cat test/.clang-tidy 2>/dev/null)" "$(clang-tidy-14 --version)")
export TIDY_BUILD TIDY_ROOT TIDY_CACHE
export -f tidy_one
mkdir -p "$TIDY_CACHE"
units | xargs -0 -r -n 3 -P 2 bash -c 'tidy_one "$@"' tidy_one |
    sed -nE "s|^(\.\./)*[^ ]*${ROOT#/}/||; s|^([^ ]+:[0-9]+):[0-9]+: (error\|warning): |\1: |p" | sort -u | conclude tidy
