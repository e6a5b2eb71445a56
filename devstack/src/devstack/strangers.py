"""Programs that others wrote, installed to run against ours: pinned, from the package registries, beside our own.

    calendars = strangers.python("calendars", say)      # requirements/interop/calendars.txt, hash-pinned
    subprocess.run([calendars, "read.py", ...])         # the environment's own interpreter
    sdk = strangers.node("sdk", say)                    # tests/interop/node/sdk/package.json and package-lock.json
    subprocess.run([*sdk.program, "script.mjs"], cwd=sdk.folder, env={**os.environ, **sdk.env})

Each is made once and again when its lock changes. Debian packages that such tests need stand in PACKAGES; they are
installed by `./mt test interop` and `./mt test all`. What cannot be installed fails its test with the reason.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from devstack import setup
from devstack.places import BOOT, ROOT
from devstack.setup import Say

LOCKS = ROOT / "requirements" / "interop"
NODE_LOCKS = ROOT / "tests" / "interop" / "node"
MADE = BOOT / "strangers"
PACKAGES: tuple[setup.Needed, ...] = (
    setup.Needed("webkit2gtk-driver", lambda: Path("/usr/bin/WebKitWebDriver").exists()),
    setup.Needed("ruby", lambda: shutil.which("ruby") is not None),
    setup.Needed("xvfb", lambda: shutil.which("xvfb-run") is not None),
    setup.Needed("firefox-esr", lambda: Path("/usr/bin/firefox-esr").exists()),
)
"""Debian packages of interop tests: (name, how to see that it is there), see `setup.SERVERS`."""
ADVICE = "Is the package index reachable (network, proxy, pip.conf, `npm ping`)?"


@dataclass(frozen=True)
class NodeProject:
    """A folder with node_modules in it. `program`: Node itself; scripts are run from `folder` with `env`."""

    folder: Path
    program: tuple[str, ...]
    env: dict[str, str]


def python(name: str, say: Say) -> Path:
    """Return the interpreter of an environment that holds requirements/interop/NAME.txt and nothing of ours."""
    lock = LOCKS / f"{name}.txt"
    folder = MADE / "python" / name
    interpreter = folder / "bin" / "python"
    base = getattr(sys, "_base_executable", sys.executable)
    stamp = _digest(lock.read_bytes(), base.encode())
    with setup.one_at_a_time(say):
        if not _is_made(folder, stamp):
            quiet = {"UV_PYTHON_DOWNLOADS": "never", "VIRTUAL_ENV": ""}
            setup.step([*setup.uv(), "venv", "-q", "-p", base, folder], f"making {name}", ADVICE, say, env=quiet)
            argv: list[str | Path] = [*setup.uv(), "pip", "sync", "-q", "-p", interpreter, "--require-hashes", lock]
            setup.step(argv, f"installing {name} from wheels", ADVICE, say, env=quiet)
            _mark(folder, stamp)
    return interpreter


def node(name: str, say: Say) -> NodeProject:
    """Return a copy of tests/interop/node/NAME with its locked packages installed; its other files come along."""
    source = NODE_LOCKS / name
    folder = MADE / "node" / name
    with setup.one_at_a_time(say):
        chosen = setup.node(say)
        lock, package = (source / file for file in ("package-lock.json", "package.json"))
        stamp = _digest(lock.read_bytes(), package.read_bytes())
        if not _is_made(folder, stamp):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for file in (lock, package):
                shutil.copy(file, folder)
            argv: list[str | Path] = [*chosen.npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
            setup.step(argv, f"installing {name} (npm ci)", ADVICE, say, env=chosen.env, cwd=folder)
            _mark(folder, stamp)
        for file in source.iterdir():
            if file.is_file():
                shutil.copy(file, folder)
    program = shutil.which("node", path=chosen.env["PATH"]) or "node"
    return NodeProject(folder, (program,), chosen.env)


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _is_made(folder: Path, stamp: str) -> bool:
    mark = folder.with_suffix(".stamp")
    if folder.exists() and mark.exists() and mark.read_text(encoding="utf-8") == stamp:
        return True
    mark.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return False


def _mark(folder: Path, stamp: str) -> None:
    folder.with_suffix(".stamp").write_text(stamp, encoding="utf-8")


def clean_environment() -> dict[str, str]:
    """Return the environment without what would lead a stranger's Python to our packages."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
