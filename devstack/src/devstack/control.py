"""Talking to a stack from outside: is it running, start it, change it, stop it, ask how it is."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from devstack import places, reaper, setup
from devstack.choices import Choices, environment_hash
from devstack.errors import BadSettings, CannotStart
from devstack.parts import parts_of
from devstack.services import process
from devstack.services.process import NotReady, Service, StartFailed
from devstack.stack import Stack, wipe
from devstack.supervise import SETTLED, end_orphans
from devstack.world import check_database

Say = Callable[[str], None]
READY_WITHIN_S = 240.0
STOPPED_WITHIN_S = 90.0
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")


def is_running(data: Path) -> bool:
    """Whether a supervisor holds the folder."""
    try:
        with (data / "supervisor.lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def read_state(data: Path) -> dict[str, Any] | None:
    """What the supervisor last told; None where none runs."""
    if not is_running(data):
        return None
    try:
        state: dict[str, Any] = json.loads((data / "state.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return state


def known_choices(data: Path) -> Choices | None:
    """The choices of the stack that this folder holds, running or not."""
    file = data / "stack.json"
    return Choices.model_validate_json(file.read_text(encoding="utf-8")) if file.exists() else None


def ensure_data(data: Path) -> None:
    """Makes the state folder; CannotStart where it cannot be."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            data.chmod(0o755)
        (data / "logs").mkdir(exist_ok=True)
    except OSError as error:
        raise CannotStart(f"the state folder {data} cannot be made: {error}. Choose another with --data.") from error


@contextmanager
def one_starter(data: Path, say: Say) -> Any:
    """Two `up` on one folder follow each other."""
    with (data / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./mt starts or stops this stack; waiting for it ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check_ports(stack: Stack) -> None:
    """CannotStart, naming port and service, when something else holds a port that the stack needs."""
    taken = []
    for part in parts_of(stack):
        if isinstance(part, Service):
            taken += [f"{port} ({part.name})" for port in part.tcp_ports if process.port_taken(port)]
            taken += [f"{port}/udp ({part.name})" for port in part.udp_ports if process.port_taken(port, udp=True)]
    if taken:
        raise CannotStart(
            f"taken by something else: port {', '.join(taken)}. Stop what holds it (`ss -ltnup` shows it), "
            "or start this stack beside it with --port-offset 100 --data DIR." + _passing(stack.ports)
        )


def _passing(ports: Mapping[str, int]) -> str:
    """Return a hint where a taken port is one that the kernel also lends to clients, for a moment each."""
    try:
        first, last = (int(part) for part in EPHEMERAL.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return ""
    if not any(first <= port <= last and process.port_taken(port) for port in ports.values()):
        return ""
    return (
        f" Ports from {first} to {last} are lent to clients too (`ss -tanp` shows those): such a one may be free in a "
        f"minute; an offset that keeps every port below {first} avoids it."
    )


def up(data: Path, choices: Choices, settings: Mapping[str, str], say: Say) -> Stack:
    """Brings the stack to the choices: starts it, changes it, or leaves it as it is. Returns when all of it is ready.

    Everything must be installed already. Raises CannotStart; a stack that this call started is stopped again then.
    """
    choices = choices.model_copy(update={"environment_hash": environment_hash(settings), "held": ()})
    stack = Stack(data, choices, settings)
    with one_starter(data, say):
        check_database(stack)
        running = read_state(data)
        if running is not None:
            before = Choices.model_validate(running["choices"])
            if needs_restart(before, choices):
                say(
                    "the stack's settings changed: starting it anew"
                    if before.world == choices.world
                    else "real matches and the generated season are kept apart: starting anew with the other database"
                )
                _stop_supervisor(data, say)
                running = None
            elif before != choices:
                _repoint(stack, before, say)
                _tell(data, choices, running)
        if running is not None:
            restore_topology(stack)
        if running is None:
            end_orphans(data / "state.json")
            (data / "state.json").unlink(missing_ok=True)
            check_ports(stack)
            _write_choices(data, choices)
            _start_supervisor(data, settings)
        try:
            _wait_ready(data, say)
        except CannotStart:
            if running is None:
                _stop_supervisor(data, lambda _text: None)
            raise
    return stack


def restore_topology(stack: Stack) -> None:
    """Import exchanges, queues and bindings again, so that `up` heals a running stack where one was deleted.

    The import leaves what is there as it is. A broker that does not answer gets them when it starts.
    """
    if any(part.name == "rabbitmq" for part in parts_of(stack)):
        with suppress(httpx.TransportError):
            stack.rabbitmq.load_definitions()


def needs_restart(before: Choices, after: Choices) -> bool:
    """Whether a change takes the whole stack down first.

    Feeds, the clock and --live do not, unless they lead from an invented season to real matches or back: each has a
    database, a queue and a journal of its own.
    """
    free = {"feeds", "today", "live", "held"}
    return before.world != after.world or before.model_dump(exclude=free) != after.model_dump(exclude=free)


def _repoint(stack: Stack, before: Choices, say: Say) -> None:
    """On a running stack the replica is told of new feeds, so that what comes next reads them."""
    after = stack.choices
    if after.feeds == before.feeds or after.live or before.live:
        return
    say(f"the replica now serves: {after.feeds}")
    wanted = None if after.feeds == "generated" else after.feeds
    url = f"https://127.0.0.1:{stack.ports['replica']}/__replica/feeds"
    try:
        answer = httpx.post(url, json={"dir": wanted}, timeout=60, verify=False, trust_env=False)  # noqa: S501
    except httpx.TransportError as error:
        raise CannotStart(f"the replica cannot be told its feeds ({error}); its log: ./mt logs replica") from error
    if answer.is_error:
        raise CannotStart(f"the replica refuses {after.feeds} ({answer.status_code}): {answer.text[:300]}")


def _write_choices(data: Path, choices: Choices) -> None:
    process.write_private(data / "stack.json", choices.model_dump_json(indent=1))


def _tell(data: Path, choices: Choices, running: dict[str, Any]) -> None:
    """Hands new choices to the running supervisor and waits until it has taken them up."""
    _write_choices(data, choices)
    os.kill(running["supervisor_pid"], signal.SIGHUP)
    deadline = time.monotonic() + STOPPED_WITHIN_S
    while (state := read_state(data)) is not None and state["generation"] == running["generation"]:
        if time.monotonic() > deadline:
            raise CannotStart(f"the supervisor (pid {running['supervisor_pid']}) does not take up its new settings")
        reaper.wait_for_end(running["supervisor_pid"], process.POLL_S)


def _start_supervisor(data: Path, settings: Mapping[str, str]) -> None:
    env = {**process.clean_environment(PYTHONUNBUFFERED="1"), **settings, "MT_ENV_FILE": os.devnull}
    with (data / "logs" / "supervisor.log").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "devstack.supervise", str(data)],
            env=env,
            cwd=data,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + 30
    while read_state(data) is None:
        with suppress(subprocess.TimeoutExpired):
            code = child.wait(timeout=process.POLL_S)
            raise CannotStart(
                f"the supervisor ended with {code}:\n{process.last_lines(data / 'logs' / 'supervisor.log')}"
            )
        if time.monotonic() > deadline:
            raise CannotStart(f"the supervisor does not come up; its log is {data}/logs/supervisor.log")
    child.returncode = 0  # it is meant to outlive us: no complaint about that when this object goes


def _wait_ready(data: Path, say: Say) -> None:
    """Shows each part as it gets ready; CannotStart when one fails or the time is up."""
    deadline = time.monotonic() + READY_WITHIN_S
    begun = time.monotonic()
    shown: set[str] = set()
    while True:
        state = read_state(data)
        if state is None:
            raise CannotStart(f"the supervisor ended:\n{process.last_lines(data / 'logs' / 'supervisor.log')}")
        for part in state["services"]:
            if part["state"] in SETTLED and part["name"] not in shown:
                shown.add(part["name"])
                what = part["address"] or part["state"]
                say(f"{part['name']:<20} {what}" + (f"  ({part['note']})" if part["note"] else ""))
            if part["state"] == "failed":
                raise CannotStart(f"{part['name']} could not be started: {part['error']}")
        left = [part["name"] for part in state["services"] if part["state"] not in SETTLED | {"held"}]
        if not left:
            say(f"all ready after {time.monotonic() - begun:.1f} s")
            return
        if time.monotonic() > deadline:
            raise CannotStart(f"not ready within {READY_WITHIN_S:.0f} s: {', '.join(left)}. See ./mt logs NAME.")
        reaper.wait_for_end(state["supervisor_pid"], process.POLL_S)


def _stop_supervisor(data: Path, say: Say) -> bool:
    state = read_state(data)
    if state is None:
        return False
    pid = state["supervisor_pid"]
    say("stopping ...")
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    reaper.wait_for_end(pid, STOPPED_WITHIN_S)
    if is_running(data):
        raise CannotStart(f"the supervisor (pid {pid}) did not stop within {STOPPED_WITHIN_S:.0f} s")
    return True


def down(data: Path, say: Say, *, forget: bool) -> bool:
    """Stops the stack and, if asked, forgets its state. Whether there was anything running."""
    if not data.exists():
        return False
    with one_starter(data, say):
        stopped = _stop_supervisor(data, say)
        end_orphans(data / "state.json")
        (data / "state.json").unlink(missing_ok=True)
        if forget:
            wipe(data)
    return stopped


def hold(data: Path, names: tuple[str, ...], say: Say, *, held: bool) -> None:
    """Keeps services of a running stack stopped, or lets them run again: for looking at a failure."""
    running = read_state(data)
    if running is None:
        raise BadSettings(f"no stack runs in {data}: start one with ./mt up")
    services = {part["name"] for part in running["services"]}
    if unknown := set(names) - services:
        raise BadSettings(f"no service {', '.join(sorted(unknown))}; there are: {', '.join(sorted(services))}")
    before = Choices.model_validate(running["choices"])
    now = set(before.held) | set(names) if held else set(before.held) - set(names)
    with one_starter(data, say):
        _tell(data, before.model_copy(update={"held": tuple(sorted(now))}), running)
        deadline = time.monotonic() + STOPPED_WITHIN_S
        wanted = {"held"} if held else set(SETTLED)
        while (state := read_state(data)) is not None:
            left = [part["name"] for part in state["services"] if part["name"] in names and part["state"] not in wanted]
            if not left:
                return
            if time.monotonic() > deadline:
                raise CannotStart(f"{', '.join(left)} did not get {' or '.join(sorted(wanted))} in time")
            reaper.wait_for_end(state["supervisor_pid"], process.POLL_S)


def status(data: Path, settings: Mapping[str, str]) -> dict[str, Any]:
    """How the stack is, each service asked just now: `answers` is null where there is nothing to ask."""
    state = read_state(data)
    if state is None:
        return {"running": False, "ready": False, "data": str(data), "services": []}
    choices = Choices.model_validate(state["choices"])
    stack = Stack(data, choices, settings)
    parts = {part.name: part for part in parts_of(stack) if isinstance(part, Service)}

    def ask(name: str) -> str | None:
        try:
            parts[name].ready()
        except (NotReady, StartFailed) as seen:
            return str(seen)
        return ""

    up_now = [part["name"] for part in state["services"] if part["state"] == "ready" and part["name"] in parts]
    with ThreadPoolExecutor(max_workers=12) as pool:
        answers = dict(zip(up_now, pool.map(ask, up_now), strict=True))
    services = []
    for part in state["services"]:
        seen = answers.get(part["name"])
        entry = {key: value for key, value in part.items() if key != "born"}
        entry["answers"] = None if seen is None else not seen
        if seen:
            entry["error"] = seen
        services.append(entry)
    ready = all(entry["state"] in SETTLED and entry["answers"] is not False for entry in services)
    return {
        "running": True,
        "ready": ready,
        "data": str(data),
        "port_offset": choices.port_offset,
        "embedded": choices.embedded,
        "live": choices.live,
        "feeds": None if choices.live else choices.feeds,
        "today": choices.today,
        "web": state["web"],
        "api": stack.api_url,
        "database": stack.database_shown,
        "model": "api.anthropic.com" if stack.real_model else "scripted",
        "supervisor_pid": state["supervisor_pid"],
        "started_at": state["started_at"],
        "services": services,
    }


def prepare(embedded: bool, say: Say, *, more: tuple[setup.Needed, ...] = ()) -> bool:
    """Installs and builds what a stack needs; whether it is to run embedded (asked for, or nothing else works)."""
    places.BOOT.mkdir(exist_ok=True)
    with setup.one_at_a_time(say):
        if not embedded:
            try:
                setup.debian_packages((*setup.SERVERS, *more), say)
            except setup.NoServers as error:
                say(f"{error}\n    Falling back to --embedded: Python packages alone.")
                embedded = True
        if embedded:
            setup.wheel("embedded", say)
        setup.site(say)
    return embedded
