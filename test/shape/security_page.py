#!/usr/bin/env python3
"""SECURITY.md names tests: each of them exists.

usage: test/shape/security_page.py
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    known = set()
    for file in (ROOT / "test").rglob("test_*.py"):
        known |= set(re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.M))
    wrong = 0
    for number, line in enumerate((ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines(), 1):
        for name in re.findall(r"`(test_\w+)`", line):
            if name not in known:
                wrong += 1
                print(f"SECURITY.md:{number}: there is no test {name}")
    print(f"security page: {f'{wrong} findings' if wrong else 'fine'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
