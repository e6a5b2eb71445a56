"""The supervisor of one stack: starts its parts side by side as their dependencies allow, and keeps them running.

One detached process per stack: `python -m devstack.supervise DATA`. It holds DATA/supervisor.lock while it lives, tells
everything it knows in DATA/state.json, takes SIGHUP (choices changed: restart what they touch) and SIGTERM (stop all,
in reverse order). What the person set reaches it by its environment, so that no key lies in a file.
"""

from __future__ import annotations

import fcntl
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypedDict

from devstack import envfile, reaper
from devstack.choices import Choices
from devstack.errors import Trouble
from devstack.parts import parts_of
from devstack.services import process
from devstack.services.process import Launch, Service, StartFailed
from devstack.stack import Stack
from devstack.start_tasks import Task

Phase = Literal["waiting", "starting", "ready", "done", "failed", "restarting", "held", "stopping", "stopped"]
SETTLED: frozenset[Phase] = frozenset({"ready", "done"})
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 15.0
HEALTHY_AFTER_S = 60.0
"""A server that lived this long and dies is restarted at once again."""
LOG_LIMIT = 20_000_000
FAST_RESTARTS = 1


class PartState(TypedDict):
    """One line of state.json's `services`."""

    name: str
    state: Phase
    pid: int | None
    born: int | None
    """The process's start in clock ticks since boot (Linux): with it, a pid names one process for ever."""
    since: str
    restarts: int
    address: str
    note: str
    log: str
    error: str


def born(pid: int) -> int | None:
    """When a process started, in the kernel's ticks; None where it does not run (any more), or there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else int(fields[19])
    except (OSError, IndexError, ValueError):
        return None


def now() -> str:
    """UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Keeper(threading.Thread):
    """Keeps one part: waits for what it needs, starts it, waits for its end, starts it again."""

    def __init__(self, part: Service | Task, supervisor: Supervisor) -> None:
        super().__init__(name=part.name, daemon=True)
        self.part = part
        self.supervisor = supervisor
        self.log = supervisor.data / "logs" / f"{part.name}.log"
        self.child: subprocess.Popen[bytes] | None = None
        self.launch: Launch | None = None
        self.quit = False
        self.state = PartState(
            name=part.name,
            state="waiting",
            pid=None,
            born=None,
            since=now(),
            restarts=0,
            address=part.address if isinstance(part, Service) else "",
            note=part.note,
            log=str(self.log),
            error="",
        )

    def tell(self, phase: Phase, *, error: str = "") -> None:
        """Publishes a new phase and wakes whoever waits for it."""
        with self.supervisor.changed:
            child = self.child
            pid = child.pid if child is not None and child.returncode is None else None
            if phase != self.state["state"]:
                self.state["since"] = now()
            self.state.update({"state": phase, "pid": pid, "born": born(pid) if pid else None, "error": error})
            self.supervisor.write_state()
            self.supervisor.changed.notify_all()

    def run(self) -> None:
        """The keeper's life."""
        try:
            if isinstance(self.part, Task):
                self.run_task(self.part)
            else:
                self.run_service(self.part)
        finally:
            self.stop_child()
            self.tell("stopped")

    def wait_until(self, wanted: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Waits for an event or the end of the stack; True when it is to go on."""
        with self.supervisor.changed:
            self.supervisor.changed.wait_for(lambda: self.quit or wanted(), timeout_s)
            return not self.quit

    def needs_met(self) -> bool:
        """Whether everything that this part waits for is there."""
        states = self.supervisor.phases()
        return all(states.get(name) in SETTLED for name in self.part.after)

    def run_task(self, task: Task) -> None:
        """Runs it once; after a failure again, with growing pauses."""
        pause = FIRST_BACKOFF_S
        while self.wait_until(self.needs_met):
            self.tell("starting")
            try:
                task.run(self.log)
            except Exception as error:  # whatever it is, it is shown and tried again
                self.tell("failed", error=describe(error))
                self.state["restarts"] += 1
                if not self.wait_until(lambda: False, pause):
                    return
                pause = min(pause * 2, LONGEST_BACKOFF_S)
                continue
            self.tell("done")
            self.wait_until(lambda: False)
            return

    def run_service(self, service: Service) -> None:
        """Starts it and starts it again whenever it ends, at once the first time, then with growing pauses."""
        failures = 0
        while True:
            service = self.part if isinstance(self.part, Service) else service  # the choices may have changed
            if service.name in self.supervisor.choices.held:
                self.tell("held")
                if not self.wait_until(lambda: self.part.name not in self.supervisor.choices.held):
                    return
            if not self.wait_until(self.needs_met):
                return
            self.tell("starting")
            started = time.monotonic()
            error = self.one_life(service)
            if self.quit:
                return
            if service.name in self.supervisor.choices.held:
                continue
            self.state["restarts"] += 1
            failures = 0 if time.monotonic() - started > HEALTHY_AFTER_S else failures + 1
            self.tell("failed" if failures > FAST_RESTARTS or self.never_ready else "restarting", error=error)
            pause = 0.0 if failures <= FAST_RESTARTS else FIRST_BACKOFF_S * 2 ** min(failures - FAST_RESTARTS - 1, 8)
            if not self.wait_until(lambda: False, min(pause, LONGEST_BACKOFF_S)):
                return

    never_ready = True

    def one_life(self, service: Service) -> str:
        """From start to end; says why it ended."""
        self.never_ready = True
        try:
            if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
                self.log.replace(self.log.with_suffix(".log.1"))
            self.launch = service.launch()
            self.child = process.spawn(self.launch, self.log)
            self.tell("starting")
            process.wait_ready(service, self.child, self.log, cancelled=lambda: self.quit)
            if self.quit:
                return ""
            self.never_ready = False
            self.tell("ready")
            child = self.child
            watcher = threading.Thread(target=self.watch, args=(child,), daemon=True)
            watcher.start()
            self.wait_until(lambda: child.returncode is not None or service.name in self.supervisor.choices.held)
            self.stop_child()
            return f"it ended with {child.returncode}\n{process.last_lines(self.log, 3)}"
        except Exception as error:  # a keeper must not die: shown, and tried again
            self.stop_child()
            return describe(error)

    def watch(self, child: subprocess.Popen[bytes]) -> None:
        """Turns the child's end into an event."""
        child.wait()
        with self.supervisor.changed:
            self.supervisor.changed.notify_all()

    def stop_child(self) -> None:
        """Stops what runs, if anything does."""
        if self.child is not None and self.launch is not None:
            if self.child.returncode is None:
                self.tell("stopping")
            process.stop(self.child, self.launch)

    def end(self) -> None:
        """Asks the keeper to stop its part and to end; returns when it has."""
        with self.supervisor.changed:
            self.quit = True
            self.supervisor.changed.notify_all()
        self.join()


def describe(error: BaseException) -> str:
    """For state.json: our own errors speak for themselves, others with their type."""
    known = isinstance(error, StartFailed | Trouble)
    return str(error) if known else f"{type(error).__name__}: {error}"


class Supervisor:
    """All keepers of one stack."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.changed = threading.Condition(threading.RLock())
        self.keepers: dict[str, Keeper] = {}
        self.choices = Choices()
        self.stack = Stack(data, self.choices)
        self.started_at = now()
        self.generation = 0

    def phases(self) -> dict[str, Phase]:
        """The phase of each part."""
        return {name: keeper.state["state"] for name, keeper in self.keepers.items()}

    def write_state(self) -> None:
        """Writes state.json in one piece. Called with `changed` held."""
        stack = self.stack
        text = json.dumps(
            {
                "supervisor_pid": os.getpid(),
                "started_at": self.started_at,
                "generation": self.generation,
                "choices": self.choices.model_dump(mode="json"),
                "web": stack.web_url,
                "services": [keeper.state for keeper in self.keepers.values()],
            },
            indent=1,
        )
        fresh = self.data / "state.json.new"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self.data / "state.json")

    def load(self) -> None:
        """Reads the choices and brings the stack to them: new parts start, gone ones stop, changed ones start anew."""
        choices = Choices.model_validate_json((self.data / "stack.json").read_text(encoding="utf-8"))
        stack = Stack(self.data, choices, envfile.read(os.environ))
        wanted = {part.name: part for part in parts_of(stack)}
        with self.changed:
            before = self.choices
            self.choices, self.stack = choices, stack
            self.changed.notify_all()
        touched = changed_parts(before, choices) if self.keepers else frozenset()
        for name in [name for name in reversed(self.keepers) if name not in wanted or name in touched]:
            self.keepers[name].end()
            with self.changed:
                del self.keepers[name]
        fresh = [Keeper(part, self) for name, part in wanted.items() if name not in self.keepers]
        with self.changed:
            everything = {**self.keepers, **{keeper.part.name: keeper for keeper in fresh}}
            self.keepers = {name: everything[name] for name in wanted}
            for name, keeper in self.keepers.items():  # what went on running is started as chosen now, should it die
                keeper.part = wanted[name]
                keeper.state["note"] = wanted[name].note
            self.generation += 1
            self.write_state()
        for keeper in fresh:
            keeper.start()

    def stop(self) -> None:
        """Stops all: what nothing else needs first, its needs afterwards, each wave side by side."""
        left = dict(self.keepers)
        while left:
            needed = {name for keeper in left.values() for name in keeper.part.after}
            wave = [keeper for name, keeper in left.items() if name not in needed] or list(left.values())
            enders = [threading.Thread(target=keeper.end) for keeper in wave]
            for ender in enders:
                ender.start()
            for ender in enders:
                ender.join()
            for keeper in wave:
                del left[keeper.part.name]


def changed_parts(before: Choices, after: Choices) -> frozenset[str]:
    """The parts that must start anew for a change of choices on a running stack (the rest takes a whole restart)."""
    touched: set[str] = set()
    if before.today != after.today:
        touched |= {"worker", "backend", "replica"}
    return frozenset(touched)


def end_orphans(state_file: Path) -> None:
    """Ends the servers of a supervisor that was killed: those of its last state that are still the same processes."""
    with suppress(FileNotFoundError, json.JSONDecodeError):
        state = json.loads(state_file.read_text(encoding="utf-8"))
        for part in reversed(state["services"]):
            pid = part["pid"]
            if pid and part["born"] is not None and born(pid) == part["born"]:
                gentle = signal.SIGINT if part["name"] == "postgres" else signal.SIGTERM
                process.signal_group(pid, gentle)
                reaper.wait_for_end(pid, 10)
                process.signal_group(pid, signal.SIGKILL)


def main(data: Path) -> int:
    """Runs until SIGTERM. 0 when stopped in good order, 1 when another supervisor holds the folder."""
    asked: queue.SimpleQueue[int] = queue.SimpleQueue()
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, lambda number, _frame: asked.put(number))
    with (data / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 1
        end_orphans(data / "state.json")
        supervisor = Supervisor(data)
        supervisor.load()
        while (number := asked.get()) == signal.SIGHUP:
            supervisor.load()
        print(f"{now()} {signal.Signals(number).name}: stopping", file=sys.stderr, flush=True)  # noqa: T201
        supervisor.stop()
        (data / "state.json").unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
