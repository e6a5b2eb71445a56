#!/usr/bin/env python3
"""The front door of Missing Table: ./mt run, ./mt up, ./mt status, ./mt test ... (./mt --help lists all).

This file only makes the Python side of the machine ready (uv, .venv, our packages) and hands over to `devstack` in
there, which sets up everything else. Standard library alone: on a bare Debian 12 nothing else exists yet.
What it made is kept in .venv and .boot, stamped with the hash of what it was made from: the second call does nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
BOOT = ROOT / ".boot"
VENV = ROOT / ".venv"
PACKAGES = [
    "packages/match-contract",
    "packages/match-scraper",
    "packages/match-scraper-agent",
    "packages/iron-claw",
    "packages/missing-table",
    "devstack",
]
OLDEST = (3, 11)
# Called out of a venv (ours, perhaps), the Python beneath it is meant: ours may be made anew.
PYTHON = getattr(sys, "_base_executable", None) or sys.executable
CANNOT_SET_UP = 5
# Settings of the machine's pip that would put packages elsewhere than asked, or choose others than the locked ones.
MEDDLING = ["PIP_FIND_LINKS", "PIP_CONSTRAINT", "PIP_REQUIREMENT", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT",
            "PIP_REQUIRE_VIRTUALENV", "PIP_NO_INDEX", "PIP_NO_DEPS", "PIP_NO_BINARY", "PIP_ONLY_BINARY", "PYTHONPATH",
            "PYTHONHOME", "UV_FIND_LINKS", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_NO_INDEX", "UV_PROJECT_ENVIRONMENT",
            "VIRTUAL_ENV"]  # fmt: skip


class CannotSetUp(Exception):
    """One sentence on what could not be set up, and one on what to do."""


def say(text: str) -> None:
    """Progress goes to stderr: with --json, stdout is the JSON alone."""
    print(f"mt: {text}", file=sys.stderr, flush=True)


def environment() -> dict[str, str]:
    """Ours, without what would make pip or uv do something else than they are told."""
    env = {key: value for key, value in os.environ.items() if key not in MEDDLING}
    env.update(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", UV_PYTHON_DOWNLOADS="never", UV_NO_PROGRESS="1")
    return env


def call(argv: list[str | Path], what: str, advice: str, **more: str) -> None:
    """Runs a step quietly; when it fails, its output and the advice are the message."""
    say(f"{what} ...")
    started = time.monotonic()
    try:
        done = subprocess.run(
            [str(part) for part in argv],
            env={**environment(), **more},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise CannotSetUp(f"{what}: {argv[0]} cannot be executed ({error}). {advice}") from error
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise CannotSetUp(f"{what}: failed with {done.returncode}.\n{tail}\n{advice}")
    say(f"{what}: done in {time.monotonic() - started:.1f} s")


def fingerprint() -> str:
    """What .venv is made from: the lock, the packages' own files, and where the checkout lies."""
    digest = hashlib.sha256(f"{ROOT}\n".encode())
    files = ["requirements/dev.txt", "requirements/bootstrap.txt", *(f"{package}/pyproject.toml" for package in PACKAGES)]
    for name in files:
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes() + b"\0")
    return digest.hexdigest()


def has(module: str) -> bool:
    """Whether this Python brings the module (Debian splits venv's and pip's parts off)."""
    return subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0


PYPI = "Is the package index reachable (network, proxy, pip.conf)? Then call ./mt again: it goes on where it stopped."


def uv() -> Path:
    """The locked uv, out of PyPI: in a venv of its own, else (no venv module to be had) in a plain folder."""
    stamp = hashlib.sha256((ROOT / "requirements/bootstrap.txt").read_bytes()).hexdigest()
    mark = BOOT / "uv.stamp"
    places = [BOOT / "venv/bin/uv", BOOT / "lib/bin/uv"]
    if mark.exists() and mark.read_text() == stamp:
        for place in places:
            if place.exists():
                return place
    mark.unlink(missing_ok=True)
    install = ["--quiet", "--require-hashes", "--only-binary", ":all:", "-r", "requirements/bootstrap.txt"]
    if not has("ensurepip") and not has("pip") and os.geteuid() == 0 and shutil.which("apt-get"):
        apt = {"DEBIAN_FRONTEND": "noninteractive"}
        advice = "Are the Debian mirrors reachable? `apt-get update` shows it."
        version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        package = version if PYTHON.startswith("/usr/bin/python3.") else "python3-venv"
        call(["apt-get", "-qq", "update"], "reading the package lists (apt-get update)", advice, **apt)
        call(["apt-get", "-qq", "install", "-y", "--no-install-recommends", package], f"installing {package}", advice, **apt)
    if has("ensurepip"):
        shutil.rmtree(BOOT / "venv", ignore_errors=True)
        call([PYTHON, "-m", "venv", BOOT / "venv"], "making a folder for uv", "Is the disk full?")
        call([BOOT / "venv/bin/python", "-m", "pip", "install", *install], "installing uv", PYPI)
    elif has("pip"):
        target: list[str | Path] = ["--target", BOOT / "lib", "--upgrade"]
        call([PYTHON, "-m", "pip", "install", *install, *target], "installing uv", PYPI)
    else:
        raise CannotSetUp(
            f"{PYTHON} has neither venv nor pip, and they cannot be installed from here (that needs root and apt). "
            "Install them (Debian: apt-get install python3-venv) and call ./mt again."
        )
    mark.write_text(stamp)
    return next(place for place in places if place.exists())


def set_up_python() -> None:
    """Makes .venv hold exactly the locked packages and ours, unless it already does."""
    stamp, mark = fingerprint(), VENV / ".mt-stamp"
    if mark.exists() and mark.read_text() == stamp and (VENV / "bin/python").exists():
        return
    BOOT.mkdir(exist_ok=True)
    with (BOOT / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./mt is setting up; waiting for it ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists() and mark.read_text() == stamp:
            return
        mark.unlink(missing_ok=True)
        tool, python = uv(), VENV / "bin/python"
        if not python.exists():
            shutil.rmtree(VENV, ignore_errors=True)
            call([tool, "venv", "--quiet", "-p", PYTHON, VENV], "making .venv", "Is the disk full?")
        pip: list[str | Path] = [tool, "pip"]
        sync = [*pip, "sync", "--quiet", "-p", python, "--require-hashes", "requirements/dev.txt"]
        call(sync, "installing the locked Python packages", PYPI)
        ours = [part for package in PACKAGES for part in ("-e", package)]
        install = [*pip, "install", "--quiet", "-p", python, "--no-deps", "--no-build-isolation", "--offline", *ours]
        call(install, "installing our own packages", "This is a fault of the checkout: is it complete?")
        mark.write_text(stamp)


def newer_python() -> str | None:
    """A Python on PATH that is new enough, where the one that runs this is not."""
    for minor in range(14, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
            return found
    return None


def main() -> int:
    """Sets up, then becomes devstack's command line. 5 when it cannot."""
    if sys.version_info < OLDEST:
        found = newer_python()
        if found is None:
            say(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Install one and call ./mt again.")
            return CANNOT_SET_UP
        os.execv(found, [found, __file__, *sys.argv[1:]])
    try:
        set_up_python()
    except CannotSetUp as error:
        say(str(error))
        return CANNOT_SET_UP
    except OSError as error:
        say(f"cannot set up {VENV}: {error}. Is the folder writable and the disk not full?")
        return CANNOT_SET_UP
    except KeyboardInterrupt:
        return 130
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    python = str(VENV / "bin/python")
    os.execve(python, [python, "-m", "devstack", *sys.argv[1:]], env)


if __name__ == "__main__":
    sys.exit(main())
