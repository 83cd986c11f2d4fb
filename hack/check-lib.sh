# Shared by hack/check-*.sh: options, the files of a tree, and findings as `file:line: text`. Source it, never run it.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# check_options "$@": reads --help and --root DIR; what is left is in ARGS. ROOT is the tree to check, and where we are.
check_options() {
    ROOT=$VMB_ROOT ARGS=()
    while [ $# -gt 0 ]; do
        case $1 in
            -h | --help)
                usage
                exit 0
                ;;
            --root)
                [ $# -ge 2 ] || die "$(basename "$0"): --root needs a folder"
                ROOT=$2
                shift
                ;;
            -*) die "$(basename "$0"): unknown option $1; see $(basename "$0") --help" ;;
            *) ARGS+=("$1") ;;
        esac
        shift
    done
    cd "$ROOT" || die "there is no folder '$ROOT'"
}

# tree_files PATTERN...: what git knows or would add under ROOT and matches (git's glob); without git, what find sees.
tree_files() {
    local pattern
    if [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
        git ls-files --cached --others --exclude-standard -- "$@" | while read -r pattern; do
            [ ! -f "$pattern" ] || printf '%s\n' "$pattern"
        done | sort -u
    else
        for pattern in "$@"; do
            find . -type f -path "./${pattern/#\*/*}" -printf '%P\n'
        done | sort -u
    fi
}

# newest_build: the folder that was configured last; for a check of what was built.
newest_build() {
    find "$VMB_CACHE/build" -mindepth 2 -maxdepth 2 -name build.ninja -printf '%T@ %h\n' 2>/dev/null |
        sort -rn | head -n 1 | cut -d' ' -f2
}

# conclude WHAT: reads findings on stdin, shows them, and ends with 1 when there is one.
conclude() {
    local findings
    findings=$(cat)
    if [ -n "$findings" ]; then
        printf '%s\n' "$findings"
        printf '%s: %d findings\n' "$1" "$(wc -l <<<"$findings")"
        exit 1
    fi
    printf '%s: fine\n' "$1"
}
