#!/usr/bin/env python3
"""The kinds: docs/architecture.md shows what --print-kinds prints, and caches, queue and effects name no kind.

usage: test/shape/kinds.py CONTROLLER [ROOT]
"""
import pathlib
import re
import subprocess
import sys

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)


def table(page):
    found = re.search(r"<!-- --print-kinds -->\n```\n(.*?)```", page, re.S)
    return found.group(1) if found else None


def names(root):
    """Constants, kinds and resources, as the descriptions have them."""
    for file in root.glob("controller/reconcile/*/*_kind.c"):
        text = file.read_text(encoding="utf-8")
        yield re.compile(r"\b" + file.stem + r"\b"), file.stem
        for field in ("kind", "resource"):
            value = re.search(r"\." + field + r' = ("\w+")', text).group(1)
            yield re.compile(re.escape(value)), value


def main():
    program, root = sys.argv[1], pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else __file__).resolve()
    root = root if len(sys.argv) > 2 else root.parents[2]
    wrong = []
    printed = subprocess.run([program, "--print-kinds"], check=True, capture_output=True, text=True).stdout
    if table((root / "docs/architecture.md").read_text(encoding="utf-8")) != printed:
        wrong.append("docs/architecture.md:1: the table of kinds is not what --print-kinds prints:\n" + printed)
    every = list(names(root))
    if len(every) < 3:
        wrong.append("controller/reconcile: no description of a kind was found")
    for folder in ("base", "kube", "cache", "effect"):
        for file in sorted((root / "controller" / folder).glob("*.[ch]")):
            code = COMMENT.sub(lambda m: "\n" * m.group(0).count("\n"), file.read_text(encoding="utf-8"))
            for number, line in enumerate(code.splitlines(), 1):
                wrong += [f"{file.relative_to(root)}:{number}: names the kind {name}" for what, name in every if what.search(line)]
    print("\n".join(wrong + [f"kinds: {len(wrong)} findings" if wrong else "kinds: fine"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
