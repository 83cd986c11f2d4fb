#!/usr/bin/env bash
# codespell over the documentation and the comments of the code.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() { printf 'usage: hack/check-spelling.sh [--root DIR]\n\nPrints file:line of words that codespell knows as mistakes; .codespellrc holds the exceptions.\n'; }

check_options "$@"
mapfile -t files < <(tree_files '*.md' '*.c' '*.h' '*.sh' '*.py' '*.yaml' '*.build' 'hack/*' | grep -vE '\.(sum|mod)$|/corpus/')
[ ${#files[@]} -gt 0 ] || die "check-spelling: nothing to read under $ROOT"
{ codespell --config "$VMB_ROOT/.codespellrc" "${files[@]}" || true; } | sed -E 's|^\./||' | sort -u | conclude spelling
