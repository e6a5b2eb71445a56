"""Where things are: the checkout, the shared folder, a stack's state folder, its ports. Nothing is started here."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from devstack.errors import CannotStart
from devstack.services import process

ROOT = Path(__file__).resolve().parents[3]
BOOT = ROOT / ".boot"
FRONTEND = ROOT / "frontend"

BASE_PORTS = {
    "postgres": 15432,
    "rabbitmq": 5672,
    "rabbitmq-management": 15672,
    "radius-auth": 1812,
    "radius-acct": 1813,
    "radius-coa": 3800,
    "proxy": 8100,
    "proxy-coa": 3799,
    "backend": 8000,
    "web": 8080,
    "replica": 8200,
    "anthropic": 8300,
    "sign-in": 8400,
}
UDP = frozenset({"radius-auth", "radius-acct", "radius-coa", "proxy-coa"})
HIGHEST_PORT = 65535
IN_MEMORY = Path("/dev/shm")  # noqa: S108
ON_DISK = Path("/var/tmp")  # noqa: S108
ROOM_IN_MEMORY = 8 << 30
"""Bytes that must be free in memory before what tests throw away is kept there."""
LONGEST_SOCKET_NAME = "/real/pg-embedded/run/.s.PGSQL.65535.lock"


def ports(offset: int) -> dict[str, int]:
    """Every port of a stack by name. CannotStart for one that does not exist."""
    shifted = {name: port + offset for name, port in BASE_PORTS.items()}
    for name, port in shifted.items():
        if not 0 < port <= HIGHEST_PORT:
            raise CannotStart(
                f"port {port} for {name} ({BASE_PORTS[name]} with --port-offset {offset}) does not exist: "
                f"choose an offset from {1 - min(BASE_PORTS.values())} to {HIGHEST_PORT - max(BASE_PORTS.values())}."
            )
    return shifted


def shared_folder() -> Path:
    """The folder of shared material (real feeds): MT_SHARED, else ../shared beside the checkout."""
    return Path(os.environ.get("MT_SHARED") or ROOT.parent / "shared")


def fits(folder: Path) -> bool:
    """Whether servers can live in the folder: other accounts get there, and their sockets' paths stay short enough."""
    short = len(os.fsencode(f"{folder}{LONGEST_SOCKET_NAME}")) < process.SOCKET_PATH_LIMIT
    return short and (os.geteuid() != 0 or process.reachable_by_others(folder))


def throwaway_folder() -> Path:
    """Where tests keep what they throw away: in memory where there is room (a database is copied from its template in a
    tenth of the time that a disk takes), else on disk. Programs can be executed there, and every account gets in.
    """
    try:
        mounted = os.statvfs(IN_MEMORY)
        known = dict(line.split(":") for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        available = int(known["MemAvailable"].removesuffix("kB")) << 10
    except (OSError, ValueError, KeyError):  # not Linux
        return ON_DISK
    closed = mounted.f_flag & os.ST_NOEXEC or not process.reachable_by_others(IN_MEMORY)
    roomy = min(mounted.f_bavail * mounted.f_frsize, available) >= ROOM_IN_MEMORY
    return IN_MEMORY if roomy and not closed else ON_DISK


def data_folder(wanted: Path | None) -> tuple[Path, str | None]:
    """The state folder and, where it is not the one that was asked for, why.

    A folder that does not fit is replaced by one under /var/tmp whose name follows from it, so that every later command
    with the same options finds the same stack.
    """
    asked = (wanted or ROOT / ".mt").absolute()
    if fits(asked):
        return asked, None
    name = hashlib.sha256(os.fsencode(asked)).hexdigest()[:10]
    instead = ON_DISK / f"missing-table-{name}"
    return instead, f"{asked} cannot hold the servers' files (not reachable by their accounts, or too long a path)"
