#!/usr/bin/env python3
"""Runs a command with what a container's runtime takes away: capabilities, new privileges, and the system calls of its seccomp profile.

usage: sandboxed.py CONFIG -- COMMAND...     CONFIG is the container's config.json, as its runtime got it
"""
import ctypes
import json
import os
import sys

ALLOW, ERRNO, EPERM = 0x7FFF0000, 0x00050000, 1
PR_SET_NO_NEW_PRIVS = 38


def load_filter(profile):
    """By libseccomp, as the runtime does it. Rules that look at arguments allow the call here: what is measured is the filter's price."""
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(ERRNO | profile.get("defaultErrnoRet", EPERM))))
    actions = {}
    for rule in profile["syscalls"]:  # an error of its own tells libc of a call that is not there
        action = ALLOW if rule["action"] == "SCMP_ACT_ALLOW" else ERRNO | rule.get("errnoRet", EPERM)
        actions.update((name, max(action, actions.get(name, 0))) for name in rule["names"])
    for name, action in sorted(actions.items()):
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            lib.seccomp_rule_add(context, ctypes.c_uint32(action), ctypes.c_int(number), ctypes.c_uint(0))
    if lib.seccomp_load(context) != 0:
        sys.exit("sandboxed: the filter is not loaded")


def main():
    if len(sys.argv) < 4 or sys.argv[2] != "--":
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    load_filter(config["linux"]["seccomp"])
    os.execvp(sys.argv[3], sys.argv[3:])


main()
