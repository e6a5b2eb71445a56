"""`./mt audit`: asks those who know of faults in packages about everything that we locked.

Two sources: OSV (one question for all Python and npm packages) and npm's own (`npm audit`). One that does not answer is
SKIPPED, which is said and is no pass. What our packages may be at all is checked by devstack.supply in `./mt test`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx

from devstack import setup
from devstack.places import FRONTEND, ROOT
from devstack.supply import Pin, pins_of

OSV = "https://api.osv.dev"
AT_ONCE = 1000
"""OSV answers at most so many packages in one request."""
TIMEOUT_S = 30
Say = Callable[[str], None]


@dataclass(frozen=True, order=True)
class Package:
    """A locked package."""

    ecosystem: Literal["PyPI", "npm"]
    name: str
    version: str


@dataclass(frozen=True)
class Advisory:
    """A fault that is known of a version that we lock."""

    package: str
    version: str
    ecosystem: str
    advisory: str
    summary: str
    source: str


@dataclass
class Report:
    """What each source said. `skipped`: why a source did not answer."""

    packages: int = 0
    answered: list[str] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    advisories: list[Advisory] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """1 when a fault is known."""
        return 1 if self.advisories else 0


class NoAnswer(Exception):
    """A source could not be asked; the text says why."""


def locked(root: Path = ROOT) -> list[Package]:
    """Every package that any lock of ours names."""
    found = {
        Package("PyPI", pin.name, pin.version)
        for file in (root / "requirements").rglob("*.txt")
        for pin in pins_of(file.read_text(encoding="utf-8"))
        if isinstance(pin, Pin)
    }
    lock = json.loads((root / "frontend" / "package-lock.json").read_text(encoding="utf-8"))
    found |= {
        Package("npm", path.rpartition("node_modules/")[2], about["version"])
        for path, about in lock["packages"].items()
        if path and "version" in about
    }
    return sorted(found)


def ask_osv(packages: Sequence[Package], url: str) -> list[Advisory]:
    """The advisories that OSV has; NoAnswer where it cannot be asked."""
    found: list[Advisory] = []
    try:
        with httpx.Client(base_url=url, timeout=TIMEOUT_S) as client:
            for start in range(0, len(packages), AT_ONCE):
                some = packages[start : start + AT_ONCE]
                queries = [{"package": {"ecosystem": p.ecosystem, "name": p.name}, "version": p.version} for p in some]
                answer = client.post("/v1/querybatch", json={"queries": queries}).raise_for_status().json()
                for package, result in zip(some, answer["results"], strict=True):
                    for known in result.get("vulns") or ():
                        about = client.get(f"/v1/vulns/{known['id']}").raise_for_status().json()
                        if not about.get("withdrawn"):
                            found.append(_advisory(package, known["id"], str(about.get("summary") or "")))
    except httpx.HTTPError as error:
        raise NoAnswer(f"{url} does not answer ({type(error).__name__})") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoAnswer(f"{url} answers in a way that is not OSV's ({error!r})") from error
    return found


def _advisory(package: Package, advisory: str, summary: str) -> Advisory:
    return Advisory(package.name, package.version, package.ecosystem, advisory, summary, "OSV")


def ask_npm(say: Say) -> list[Advisory]:
    """The advisories that npm's registry has; NoAnswer where it cannot be asked."""
    node = setup.node(say)
    try:
        done = subprocess.run(
            [*node.npm, "audit", "--json", "--package-lock-only"],
            cwd=FRONTEND,
            env={**os.environ, **node.env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=4 * TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NoAnswer("npm audit takes too long") from error
    return npm_advisories(done.stdout)


def npm_advisories(text: str) -> list[Advisory]:
    """What `npm audit --json` printed; NoAnswer for anything but a report."""
    try:
        document: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise NoAnswer(f"npm audit printed no JSON: {text[:200]!r}") from error
    if "vulnerabilities" not in document:
        why = document.get("message") or (document.get("error") or {}).get("summary") or "no report"
        raise NoAnswer(f"the npm registry has no advisories to give ({str(why)[:200]})")
    return [
        Advisory(name, str(about.get("range", "")), "npm", str(via["url"]).rpartition("/")[2], via["title"], "npm")
        for name, about in document["vulnerabilities"].items()
        for via in about["via"]
        if isinstance(via, dict)
    ]


def audit(say: Say, *, osv: str = OSV) -> Report:
    """Asks both sources."""
    packages = locked()
    report = Report(packages=len(packages))
    sources: dict[str, Callable[[], list[Advisory]]] = {
        "OSV": lambda: ask_osv(packages, osv),
        "npm": lambda: ask_npm(say),
    }
    for name, ask in sources.items():
        try:
            report.advisories += ask()
            report.answered.append(name)
        except NoAnswer as error:
            report.skipped[name] = str(error)
    return report


def lines(report: Report) -> list[str]:
    """The report for a person."""
    said = [f"{report.packages} locked packages"]
    said += [f"{name}: asked" for name in report.answered]
    said += [f"{name}: SKIPPED, {why}" for name, why in report.skipped.items()]
    said += [f"{a.ecosystem} {a.package} {a.version}: {a.advisory} ({a.source}) {a.summary}" for a in report.advisories]
    if not report.answered:
        return [*said, "nobody could be asked: this says nothing about the packages"]
    return [*said, f"{len(report.advisories)} advisories"]


def as_json(report: Report) -> dict[str, Any]:
    """The report for a script."""
    return {**asdict(report), "exit_code": report.exit_code}
