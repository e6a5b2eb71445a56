"""Give tests a whole running stack, driven through the real ./mt, as a pytest plugin.

`stack`           everything (session; mark the test xdist_group("stack"))
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from devstack import control, places
from devstack.choices import Choices
from devstack.places import ROOT
from devstack.services import process
from devstack.stack import Stack
from devstack.testing.runs import run_folder


@dataclass(frozen=True)
class RunningStack:
    """A whole stack of this run, at a port offset of its own, driven through ./mt as a person does."""

    data: Path
    port_offset: int
    environment: dict[str, str]

    @property
    def ports(self) -> dict[str, int]:
        """Every port by name."""
        return places.ports(self.port_offset)

    @property
    def web(self) -> str:
        """The site's address, without the last slash."""
        return f"http://127.0.0.1:{self.ports['web']}"

    @property
    def api(self) -> str:
        """The backend's address, without the last slash."""
        return f"http://127.0.0.1:{self.ports['backend']}"

    @property
    def parts(self) -> Stack:
        """The stack's own view: its secrets, addresses and environments."""
        return Stack(self.data, control.known_choices(self.data) or Choices(), {})

    def mt(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs ./mt with this stack's --data and --port-offset; output captured, exit code not judged."""
        where = ("--data", str(self.data), "--port-offset", str(self.port_offset))
        return run_mt(*arguments, *where, timeout_s=600, environment={**self.environment, **environment})

    def json(self, *arguments: str, **environment: str) -> Any:
        """The document that a command prints with --json; the command must print one."""
        done = self.mt(*arguments, "--json", **environment)
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            pytest.fail(
                f"./mt {' '.join(arguments)} --json ({done.returncode}) printed no JSON:\n{done.stdout}\n{done.stderr}"
            )


def run_mt(
    *arguments: str, timeout_s: float = 300, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The real front door, with nothing of what the person at this machine set for a stack."""
    return subprocess.run(
        [str(ROOT / "mt"), *arguments],
        env=environment or stack_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def stack_environment() -> dict[str, str]:
    """Return the environment of a stack in tests: no real key, no env file, no waiting for the disk, no proofs.

    Proofs of a whole season would take every core that the tests leave; they have tests of their own.
    """
    ours = ("MT_", "AGENT_", "IRON_CLAW_", "DATABASE_", "AMQP_", "ANTHROPIC_", "SUPABASE_", "PYTEST_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours) or key == "MT_SHARED"}
    return {**kept, "MT_ENV_FILE": os.devnull, "MT_DURABILITY": "throwaway", "MT_PROOF_SECONDS": "0"}


def free_offset() -> int:
    """A port offset at which nothing holds any of a stack's ports, and which no other process has chosen."""
    for offset in _offsets():
        try:
            fcntl.lockf(_choices(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)  # this process's until it ends
        except OSError:
            continue
        ports = places.ports(offset).items()
        if not any(process.port_taken(port, udp=name in places.UDP) for name, port in ports):
            return offset
    raise AssertionError("every port offset for tests is taken: is an earlier run's stack still up?")


_after = itertools.count()
"""Two stacks of one process get two offsets, whether or not the first holds its ports yet."""


def _offsets() -> Iterator[int]:
    """Every offset for tests once, each time from the next one on."""
    offsets = _apart()
    return (offsets[next(_after) % len(offsets)] for _ in offsets)


@cache
def _apart() -> list[int]:
    """Offsets of which no two give a port to different parts of two stacks; all ports lie below process.free_port's."""
    bases = places.BASE_PORTS.values()
    between = {one - other for one in bases for other in bases}
    found: list[int] = []
    for offset in range(300, 20_000 - max(bases)):
        if not any(offset - other in between for other in found):
            found.append(offset)
    return found


@cache
def _choices() -> int:
    return os.open(places.ON_DISK / f"mt-offsets-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> RunningStack:
    """A whole running stack. Tests that change it follow each other: mark them xdist_group("stack")."""
    run = run_folder(request.config)
    note, data = run / "stack.json", run / "stack"
    environment = stack_environment()
    with FileLock(f"{run}/stack.lock"):
        if note.exists():
            return RunningStack(data, int(json.loads(note.read_text())["about"]), environment)
        offset = int(os.environ.get("MT_TEST_PORT_OFFSET") or free_offset())
        started = RunningStack(data, offset, environment)
        done = started.mt("up")
        state = control.read_state(data)
        if done.returncode != 0 or state is None:
            pytest.fail(f"./mt up ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        note.write_text(json.dumps({"pid": state["supervisor_pid"], "about": offset}))
        return started
