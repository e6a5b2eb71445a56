"""A server as a child process: what to execute, how it is known to be ready, how it is stopped.

Shared by the supervisor and by the tests' fixtures. It knows no particular server and restarts nothing.
"""

from __future__ import annotations

import itertools
import os
import pwd
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

POLL_S = 0.05
SLOWEST_POLL_S = 0.25
SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path on Linux (sun_path is 108 with its closing NUL)."""


class NotReady(Exception):
    """The server does not answer yet; the text says what was seen."""


class StartFailed(Exception):
    """A server ended before it was ready, or did not get ready in time."""


@dataclass(frozen=True)
class Account:
    """The system account that a server runs as, where we are root and it must not be."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...] = ()


def account(name: str) -> Account | None:
    """The account to drop to: None when we are not root (then servers run as whoever we are)."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise StartFailed(f"there is no system account {name!r}: is the server's Debian package installed?") from None
    groups = tuple(g for g in os.getgrouplist(name, entry.pw_gid) if g != 0)
    return Account(name, entry.pw_uid, entry.pw_gid, groups)


@dataclass(frozen=True)
class Launch:
    """What is executed. The process leads a group of its own, so that its children end with it."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = 20.0


@dataclass(frozen=True)
class Service:
    """One server.

    `launch` is called before every start and may lay out folders first. `ready` makes one attempt and raises NotReady;
    `once_ready` (loading a topology, setting a password) runs after each start, before whoever waits is let on.
    """

    name: str
    launch: Callable[[], Launch]
    ready: Callable[[], None]
    once_ready: Callable[[], None] | None = None
    after: tuple[str, ...] = ()
    tcp_ports: tuple[int, ...] = ()
    udp_ports: tuple[int, ...] = ()
    ready_within_s: float = 60.0
    note: str = ""
    address: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


def clean_environment(**more: str) -> dict[str, str]:
    """An environment for a server: nothing of ours but what every program wants, plus what is named."""
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TZ", "SSL_CERT_FILE") if key in os.environ}
    kept.setdefault("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    return {**kept, "LANG": "C.UTF-8", **more}


def own(path: Path, who: Account | None) -> None:
    """Hands a file or folder (not what is in it) to the account that the server runs as."""
    if who is not None:
        os.chown(path, who.uid, who.gid)


def own_folder(path: Path, who: Account | None, mode: int = 0o700) -> Path:
    """Makes a folder that belongs to the server's account; what exists is taken over as it is."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    own(path, who)
    return path


def write_private(path: Path, text: str, who: Account | None = None, mode: int = 0o600) -> Path:
    """Writes a file that only its owner reads, never readable by others in between."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
    own(path, who)
    return path


def reachable_by_others(folder: Path) -> bool:
    """Whether an account other than ours gets into the folder: every existing parent must be traversable."""
    here = folder.absolute()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (here, *here.parents) if part.exists())


def free_port(*, udp: bool = False) -> int:
    """A port on loopback that nobody holds now. It lies below those that the system hands out by itself and above those
    of the tests' stacks, so that no outgoing connection and no stack gets it before it is bound."""
    while port_taken(port := next(_ports), udp=udp):
        pass
    return port


def _walk() -> Iterator[int]:
    """Ports in a ring, each process from a block of its own: two that choose at once choose differently."""
    first, last, block = 20_000, 32_000, 500
    start = os.getpid() * block % (last - first)
    return (first + (start + step) % (last - first) for step in itertools.count())


_ports = _walk()


def port_taken(port: int, *, udp: bool = False) -> bool:
    """Whether something on this machine holds the port."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM)) as probe:
        if not udp:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def connects(port: int) -> None:
    """Raises NotReady unless something accepts connections on the loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError as error:
        raise NotReady(f"nothing listens on 127.0.0.1:{port} ({error})") from error


def spawn(launch: Launch, log: Path) -> subprocess.Popen[bytes]:
    """Starts the process; its output is added to the log. OSError when it cannot be executed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    who = launch.account
    with log.open("ab") as output:
        return subprocess.Popen(
            launch.argv,
            env=dict(launch.env),
            cwd=launch.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=who.uid if who else None,
            group=who.gid if who else None,
            extra_groups=list(who.groups) if who else None,
        )


def last_lines(log: Path, count: int = 12) -> str:
    """The end of a log, for a message about why a server did not start."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 8192))
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def wait_ready(
    service: Service,
    process: subprocess.Popen[bytes],
    log: Path,
    cancelled: Callable[[], bool] = lambda: False,
) -> None:
    """Returns when the server answers and `once_ready` is done; StartFailed when it ends first or takes too long.

    Returns early, with nothing proved, once `cancelled()` is true.
    """
    deadline, pause_s = time.monotonic() + service.ready_within_s, POLL_S
    while not cancelled():
        try:
            service.ready()
            break
        except NotReady as seen:
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"{service.name} was not ready within {service.ready_within_s:.0f} s: {seen}; its log is {log}\n"
                    + last_lines(log)
                ) from seen
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=pause_s)
            raise StartFailed(
                f"{service.name} ended with {code} before it was ready; its log is {log}\n{last_lines(log)}"
            )
        pause_s = min(pause_s * 1.1, SLOWEST_POLL_S)
    if service.once_ready is not None and not cancelled():
        service.once_ready()


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signals a server's whole group; a group that is gone is fine."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def stop(process: subprocess.Popen[bytes], launch: Launch) -> None:
    """Stops a child: its own signal, the group's SIGKILL after `stop_within_s` and for what it left behind."""
    if process.poll() is None:
        process.send_signal(launch.stop_signal)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=launch.stop_within_s)
    signal_group(process.pid, signal.SIGKILL)
    process.wait()
