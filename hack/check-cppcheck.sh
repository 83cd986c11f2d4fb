#!/usr/bin/env bash
# cppcheck over the tree. Its leak check does not know the cleanup attribute and stays off.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() { printf 'usage: hack/check-cppcheck.sh [--root DIR]\n\nRuns cppcheck with what is worth failing on; warm runs look at changed files only.\n'; }

# What it gets wrong here: leaks (the cleanup attribute), NULL as the end of arguments (glibc's is a pointer), readdir on a
# stream of one thread, and members that uthash's macros fill (gcc, valgrind and clang's analyzer look for those too).
suppressed=(memleak memleakOnRealloc resourceLeak varFuncNullUB readdirCalled uninitvar constStatement ctunullpointer ctuuninitvar)

check_options "$@"
mapfile -t files < <(tree_files 'controller/*.c' 'virt-launcher/*.c' 'test/*.c')
cache=$VMB_CACHE/cppcheck/$(digest "$ROOT")
mkdir -p "$cache"
{
    cppcheck --enable=warning,performance,portability --std=c11 --library=posix --inline-suppr "${suppressed[@]/#/--suppress=}" \
        --cppcheck-build-dir="$cache" -j 2 -q -D__cppcheck__ -Icontroller -Ivirt-launcher -Itest --template='{file}:{line}: {severity} {id}: {message}' "${files[@]}" 2>&1 || true
} | { grep -vE '^(nofile|Checking)' || true; } | sort -u | conclude cppcheck
