"""Runs what ./mt test, bench and findings run: checks one after the other, then pytest, whose closing line is last."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devstack import container_tools, control, images, places, setup, strangers
from devstack.errors import BadSettings, CannotStart
from devstack.places import FRONTEND, ROOT

LONG = ("season", "faults", "images", "fuzz", "interop")
"""Kinds that are markers of the same name and no part of `fast`."""
KINDS = ("fast", *LONG, "all")
PICTURES = "screenshots"
"""The marker of what only `./mt test all` makes: pictures of every page, in the state folder."""
BENCHES = ("ingest", "scrape", "proxy", "api", "web")
WORKERS = "3"
"""Tests side by side. They wait for servers half of the time: three on two cores take a seventh less than two."""
NO_TESTS_COLLECTED = 5
Say = Callable[[str], None]


@dataclass(frozen=True)
class Check:
    """One command that must end with 0."""

    name: str
    argv: tuple[str, ...]
    cwd: Path = ROOT
    env: tuple[tuple[str, str], ...] = ()


def _tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def shell_files() -> list[str]:
    """Every shell script of the repository, by its name or first line, as git lists them."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = (
        listed.stdout.splitlines()
        if listed.returncode == 0
        else [
            str(path.relative_to(ROOT))
            for folder in ("scripts", ".ci", "deploy")
            for path in (ROOT / folder).rglob("*")
            if path.is_file()
        ]
    )
    found = []
    for name in names:
        path = ROOT / name
        if not path.is_file() or path.is_symlink():
            continue
        with path.open("rb") as file:
            first = file.readline(80)
        if name.endswith((".sh", ".bash")) or (
            first.startswith(b"#!") and first.rstrip().endswith((b"bash", b"/sh", b" sh"))
        ):
            found.append(name)
    return found


def python_checks() -> list[Check]:
    """Formatting, lint, types, import contracts, shell scripts."""
    checks = [
        Check("ruff format", (_tool("ruff"), "format", "--check", "--quiet", ".")),
        Check("ruff check", (_tool("ruff"), "check", "--quiet", ".")),
        Check("mypy", (_tool("mypy"),)),
        Check("import contracts", (_tool("lint-imports"),)),
        Check("sizes of files and classes", (sys.executable, "-m", "devstack.sizes")),
        Check("pins, hashes, licences", (sys.executable, "-m", "devstack.supply")),
    ]
    if files := shell_files():
        checks.append(Check("shellcheck", ("shellcheck", "-x", *files)))
    return checks


def frontend_checks(say: Say) -> list[Check]:
    """The front end's own scripts, those that it has."""
    package = FRONTEND / "package.json"
    if not package.exists():
        return []
    with setup.one_at_a_time(say):
        node = setup.frontend_packages(say)
    scripts = json.loads(package.read_text(encoding="utf-8")).get("scripts", {})
    wanted = ("check:client", "check:words", "lint", "typecheck", "test")
    env = tuple({**node.env, "CI": "1"}.items())
    return [
        Check(f"frontend: {name}", (*node.npm, "run", "--silent", name), FRONTEND, env)
        for name in wanted
        if name in scripts
    ]


def run_check(check: Check, say: Say) -> bool:
    """Runs one; its output is shown only when it fails."""
    started = time.monotonic()
    done = subprocess.run(
        check.argv,
        cwd=check.cwd,
        env={**test_environment(), **dict(check.env)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    taken = f"{time.monotonic() - started:.1f} s"
    if done.returncode == 0:
        say(f"ok    {check.name} ({taken})")
        return True
    say(
        f"FAIL  {check.name} ({taken}): `{' '.join(check.argv[:6])}` ended with {done.returncode}\n"
        + done.stdout.rstrip()
    )
    return False


def test_environment() -> dict[str, str]:
    """Tests and benches never use a real key, nor what a person pointed the stack at."""
    dropped = ("ANTHROPIC_API_KEY", "IRON_CLAW_UPSTREAM_KEY", "DATABASE_URL", "DATABASE_DIRECT_URL", "AMQP_URL")
    return {key: value for key, value in os.environ.items() if key not in dropped}


def images_folder(data: Path | None) -> Path:
    """Where tests build and keep images: with what else was asked for, else in the checkout's own state folder."""
    return places.data_folder(data)[0] / "images"


def image_sizes(built: Iterable[images.Built], say: Say) -> list[str]:
    """Says what each image weighs as a registry would hold it; a failed check for each that is above its limit."""
    failed = []
    for image in built:
        say(f"{'ok  ' if image.fits else 'FAIL'}  {image.shown}")
        if not image.fits:
            failed.append(f"size of the image {image.name}")
    return failed


def _pytest_environment(port_offset: int | None, data: Path | None) -> dict[str, str]:
    """What the fixtures are told of the command's options."""
    env = test_environment()
    if port_offset is not None:
        env["MT_TEST_PORT_OFFSET"] = str(port_offset)
    if data is not None:
        env["MT_TEST_DATA"] = str(data.absolute())
    return env


def run_tests(
    kind: str,
    say: Say,
    *,
    as_json: bool,
    out: Callable[[Any], None],
    port_offset: int | None,
    data: Path | None,
) -> int:
    """Checks and tests of a kind; the exit code is pytest's, or 1 when only a check failed."""
    if kind not in KINDS:
        raise BadSettings(f"./mt test {kind}: there are {', '.join(KINDS)}.")
    with_images = kind in ("images", "all")
    with_strangers = kind in ("interop", "all")
    more = (*setup.CHECKERS, *(container_tools.COMPOSE_TOOLS if with_images else ()))
    control.prepare(False, say, more=(*more, *(strangers.PACKAGES if with_strangers else ())))
    with setup.one_at_a_time(say):
        setup.wheel("kubernetes", say)
    # Started in the background of a script, SIGINT is ignored, by every child too: tests that interrupt one need it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    failed: list[str] = []
    if kind in ("fast", "all"):
        for check in [*python_checks(), *frontend_checks(say)]:
            if not run_check(check, say):
                failed.append(check.name)
    others = " or ".join((*LONG, PICTURES))
    expression = {"fast": f"not ({others})", "all": ""}.get(kind, kind)
    env = _pytest_environment(port_offset, data)
    if with_images:
        built = images.Workshop(images_folder(data)).build((*images.IMAGES, "postgres"), say)
        failed += image_sizes(built, say)
        env["MT_IMAGES_BUILT"] = "1"
    if kind == "all":
        env["MT_TEST_DATA"] = str(places.data_folder(data)[0])
    argv = [
        _tool("pytest"),
        "-n",
        WORKERS,
        "--dist",
        "loadgroup",
        "--durations=20",
        *(["-m", expression] if expression else []),
    ]
    if failed:
        say(f"FAILED checks: {', '.join(failed)} (this command fails, whatever pytest says below)")
    sys.stderr.flush()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        done = subprocess.run(
            [*argv, f"--junitxml={report}"] if as_json else argv,
            cwd=ROOT,
            env=env,
            stdout=sys.stderr if as_json else None,
            check=False,
        )
        code = done.returncode
        if code == NO_TESTS_COLLECTED:
            say("no test was collected")
        if code == 0 and failed:
            code = 1
        if as_json:
            out({"kind": kind, "exit_code": code, "pytest_exit_code": done.returncode, "failed_checks": failed})
    return code


def run_bench(name: str, say: Say, *, as_json: bool, scale: int | None = None) -> int:
    """Runs benchmarks/NAME.py, which prints a list of measurements (`--json`) or a table."""
    if name not in BENCHES:
        raise BadSettings(f"./mt bench {name}: there are {', '.join(BENCHES)}.")
    if scale is not None and name != "ingest":
        raise BadSettings(f"./mt bench {name} has no --scale: only ingest has.")
    script = ROOT / "benchmarks" / f"{name}.py"
    control.prepare(False, say)
    try:
        done = subprocess.run(
            [
                sys.executable,
                str(script),
                *(["--json"] if as_json else []),
                *(["--scale", str(scale)] if scale else []),
            ],
            cwd=ROOT,
            env=test_environment(),
            check=False,
        )
    except OSError as error:
        raise CannotStart(f"{script} cannot be executed: {error}") from error
    return done.returncode


def run_findings(say: Say, *, as_json: bool, out: Callable[[Any], None]) -> int:
    """Run findings/*.sh, each by itself, and return 1 when the behavior that one describes has changed."""
    found = []
    for script in sorted((ROOT / "findings").glob("*.sh")):
        say(f"{script.stem} ...")
        done = subprocess.run(
            ["bash", str(script)], capture_output=True, text=True, errors="replace", env=test_environment(), check=False
        )
        found.append({"name": script.stem, "changed": done.returncode != 0, "output": done.stdout + done.stderr})
        if done.returncode != 0:
            say((done.stdout + done.stderr).rstrip())
        say(f"{'CHANGED' if done.returncode else 'as described'}: {script.stem}")
    if as_json:
        out(found)
    return int(any(one["changed"] for one in found))
