"""What we are built of: every package pinned by version and hash, under a licence that we may use.

`python -m devstack.supply` prints one sentence for each thing that is wrong and ends with 1. Reads files alone, and the
metadata of what is installed; asks nobody. Who knows of a package's faults is asked by `./mt audit` (devstack.audit).
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from devstack.places import ROOT

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
INTEGRITY = re.compile(r"sha512-[A-Za-z0-9+/]{86}==")
ALLOWED = (
    r"MIT(-0|-CMU)?|MIT License|The MIT License.*|"
    r"0?BSD|BSD License|BSD-[23]-Clause|(Modified |New |Simplified )BSD License|"
    r"Apache-2\.0|Apache Software License|Apache License,? Version 2\.0|"
    r"ISC( License.*)?|PSF-2\.0|Python-2\.0|Python Software Foundation License|"
    r"MPL-2\.0|Mozilla Public License 2\.0.*|LGPL-[23](\.\d)?(-only|-or-later)?|GNU Lesser General Public License v3.*|"
    r"Unlicense|The Unlicense.*|CC0-1\.0|CC-BY-[34]\.0|BlueOak-1\.0\.0|Zlib|HPND"
)
"""Licences of what we use: permissive ones, and weak copyleft for what stays a library of its own."""


@dataclass(frozen=True)
class Pin:
    """One locked Python package."""

    name: str
    version: str
    hashes: int


def entries(text: str) -> Iterator[str]:
    """The logical lines of a requirement file."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def pins_of(text: str) -> Iterator[Pin | str]:
    """The packages of a requirement file, and a sentence for every line that pins nothing."""
    for line in entries(text):
        plain = line.split(" --hash", 1)[0].strip()
        try:
            wanted = Requirement(plain)
        except InvalidRequirement:
            yield f"{plain[:80]!r} is no requirement"
            continue
        found = re.fullmatch(r"==([^,*\s]+)", str(wanted.specifier))
        if wanted.url or found is None:
            yield f"{wanted.name} is not pinned to one version"
        else:
            yield Pin(canonicalize_name(wanted.name), found[1], len(HASH.findall(line)))


def python_faults(root: Path = ROOT) -> Iterator[str]:
    """What is wrong with the locked Python packages."""
    locked: dict[str, list[str]] = {}
    for file in sorted((root / "requirements").rglob("*.txt")):
        name = file.relative_to(root)
        text = file.read_text(encoding="utf-8")
        if "://" in text:
            yield f"{name} names a registry's host"
        for pin in pins_of(text):
            if isinstance(pin, str):
                yield f"{name}: {pin}"
            elif pin.hashes == 0:
                yield f"{name}: {pin.name} has no hash"
            elif file.name == "dev.txt":
                locked.setdefault(pin.name, []).append(pin.version)
    projects = {file: _project(file) for file in _projects(root)}
    ours = {name for name, _ in projects.values()}
    for file, (_, needs) in projects.items():
        for text in needs:
            wanted = Requirement(text)
            package = canonicalize_name(wanted.name)
            versions = locked.get(package, [])
            if package not in ours and not any(wanted.specifier.contains(version, True) for version in versions):
                yield f"{file.relative_to(root)} wants {text}, and requirements/dev.txt locks {versions or 'none'}"


def _projects(root: Path) -> list[Path]:
    return sorted([*(root / "packages").glob("*/pyproject.toml"), root / "devstack" / "pyproject.toml"])


def _project(file: Path) -> tuple[str, list[str]]:
    """A package's name and what it needs."""
    found = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    return canonicalize_name(found["name"]), found.get("dependencies", [])


def npm_faults(root: Path = ROOT) -> Iterator[str]:
    """What is wrong with the locked npm packages, their licences too."""
    lock = json.loads((root / "frontend" / "package-lock.json").read_text(encoding="utf-8"))
    package = json.loads((root / "frontend" / "package.json").read_text(encoding="utf-8"))
    for kind in ("dependencies", "devDependencies"):
        if package.get(kind, {}) != lock["packages"][""].get(kind, {}):
            yield f"frontend/package-lock.json: {kind} are not those of package.json: npm install, then npm ci"
    for path, about in lock["packages"].items():
        if not path or about.get("link"):
            continue
        name = path.rpartition("node_modules/")[2]
        if not INTEGRITY.fullmatch(about.get("integrity", "")):
            yield f"frontend/package-lock.json: {name} has no sha512"
        if "://" in about.get("resolved", ""):
            yield f"frontend/package-lock.json: {name} names a registry's host"
        if not allowed(about.get("license", "")):
            yield f"frontend: {name} is under {about.get('license') or 'no licence'!r}, which nobody allowed"


def allowed(licence: str) -> bool:
    """Whether we may use it: an SPDX expression (OR: one of them is enough, AND: all must be), or a name in words."""
    if re.fullmatch(ALLOWED, licence.strip()):
        return True
    words = re.findall(r"[()]|[^\s()]+", licence)
    good, rest = _either(words) if words else (False, [])
    return good and not rest


def _either(words: list[str]) -> tuple[bool, list[str]]:
    good, rest = _both(words)
    while rest[:1] == ["OR"]:
        other, rest = _both(rest[1:])
        good = good or other
    return good, rest


def _both(words: list[str]) -> tuple[bool, list[str]]:
    good, rest = _single(words)
    while rest[:1] == ["AND"]:
        other, rest = _single(rest[1:])
        good = good and other
    return good, rest


def _single(words: list[str]) -> tuple[bool, list[str]]:
    if words[:1] == ["("]:
        good, rest = _either(words[1:])
        return good and rest[:1] == [")"], rest[1:]
    return bool(words) and re.fullmatch(ALLOWED, words[0]) is not None, words[1:]


def licences_of(found: Distribution) -> list[str]:
    """What a distribution says of its licence: an SPDX expression, else classifiers, else the first line of text."""
    about = found.metadata
    if "License-Expression" in about:
        return [about["License-Expression"]]
    marks = [str(mark) for mark in about.get_all("Classifier") or ()]
    named = [mark.rpartition(" :: ")[2] for mark in marks if mark.startswith("License :: ") and mark.count("::") > 1]
    if named:
        return named
    return [about["License"].strip().partition("\n")[0]] if "License" in about else []


def licence_faults() -> Iterator[str]:
    """Python packages that are installed here under a licence that nobody allowed."""
    for found in distributions():
        name = canonicalize_name(found.metadata["Name"])
        licences = licences_of(found)
        if not any(allowed(licence) for licence in licences):
            shown = ", ".join(licences) or "no licence"
            yield f"{name} {found.version} is under {shown!r}, which nobody allowed (devstack.supply)"


def faults() -> list[str]:
    """All of it."""
    ours = {_project(file)[0] for file in _projects(ROOT)}
    licences = [fault for fault in licence_faults() if fault.split(" ", 1)[0] not in ours]
    return [*python_faults(), *npm_faults(), *licences]


if __name__ == "__main__":
    wrong = faults()
    for sentence in wrong:
        print(sentence)  # noqa: T201
    sys.exit(1 if wrong else 0)
