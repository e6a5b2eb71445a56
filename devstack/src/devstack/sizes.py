"""Holds every file and class to a size that a reader can keep in mind: `python -m devstack.sizes`.

What is larger today stands in sizes.txt beside this file, with its size. That list can only shrink: a new entry, a
larger one and one that is no longer needed each fail the check.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from devstack.places import ROOT

BASELINE = Path(__file__).with_name("sizes.txt")
FILE_LINES, CLASS_LINES, METHODS = 400, 250, 20
ROOMS = ("packages/", "devstack/", "benchmarks/", "frontend/src/")
SUFFIXES = (".py", ".ts", ".vue", ".css", ".sql", ".mjs")
GENERATED = ("frontend/src/api/schema.ts",)


def source_files() -> list[str]:
    """Return the tracked and new source files of the rooms, generated ones aside."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *ROOMS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = sorted(set(listed.stdout.splitlines()) - set(GENERATED))
    return [name for name in names if name.endswith(SUFFIXES) and (ROOT / name).is_file()]


def too_large(name: str, text: str) -> dict[str, int]:
    """Return what of a file is over its limit: the file by its lines, classes by lines and by methods."""
    found = {}
    lines = len(text.splitlines())
    if lines > FILE_LINES:
        found[name] = lines
    if name.endswith(".py"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                methods = sum(isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)) for one in node.body)
                if length > CLASS_LINES:
                    found[f"{name}:{node.name} lines"] = length
                if methods > METHODS:
                    found[f"{name}:{node.name} methods"] = methods
    return found


def baseline() -> dict[str, int]:
    """Return what is known to be too large, by name."""
    entries = (line.rsplit(" ", 1) for line in BASELINE.read_text(encoding="utf-8").splitlines() if line.strip())
    return {name: int(size) for name, size in entries}


def faults(measured: dict[str, int], known: dict[str, int]) -> list[str]:
    """Return a sentence for each thing that is too large or whose entry is out of date."""
    said = []
    for name, size in sorted(measured.items()):
        if name not in known:
            said.append(f"{name}: {size} is too large ({FILE_LINES} lines a file, {CLASS_LINES} a class, "
                        f"{METHODS} methods). Cut it at a seam.")  # fmt: skip
        elif size > known[name]:
            said.append(f"{name}: grew from {known[name]} to {size}, and was too large already.")
    said += [
        f"{name}: no longer as large as {BASELINE.name} says. Take its line down or out."
        for name, size in sorted(known.items())
        if measured.get(name, 0) < size
    ]
    return said


def main() -> None:
    """Print every fault and end with 1 when there is one."""
    measured: dict[str, int] = {}
    for name in source_files():
        measured |= too_large(name, (ROOT / name).read_text(encoding="utf-8"))
    if "--write" in sys.argv:
        BASELINE.write_text("".join(f"{name} {size}\n" for name, size in sorted(measured.items())), encoding="utf-8")
        return
    found = faults(measured, baseline())
    for fault in found:
        sys.stderr.write(f"{fault}\n")
    sys.exit(int(bool(found)))


if __name__ == "__main__":
    main()
