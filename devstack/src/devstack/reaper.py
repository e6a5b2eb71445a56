"""Ends the servers of a test run and deletes its folder; run as a script, it does so when the run's process dies.

Standard library alone: it must start fast and work whatever has been broken. The data is thrown away, so nothing is
stopped gently, except that PostgreSQL may free its shared memory, and a whole stack's supervisor stop its services.
"""

import json
import os
import select
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

FIRST_SIGNAL = {
    "postgres": (signal.SIGQUIT, 5.0),
    "rabbitmq4": (signal.SIGTERM, 60.0),  # podman hands it on; killed, it would leave its container behind
    "stack": (signal.SIGTERM, 60.0),
}
"""What is asked to end by itself, and for how many seconds; the rest is killed at once."""


def wait_for_end(pid: int, timeout_s: float | None) -> None:
    """Returns when the process has ended (as a zombie too) or the time is up."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):  # not Linux: ask now and then
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while deadline is None or time.monotonic() < deadline:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            select.select([], [], [], 0.2)
        return
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        poll.poll(None if timeout_s is None else timeout_s * 1000)
    finally:
        os.close(handle)


def _end(pid: int, kind: str) -> None:
    first, patience_s = FIRST_SIGNAL.get(kind, (signal.SIGKILL, 0.0))
    with suppress(ProcessLookupError):
        os.killpg(pid, first)
        wait_for_end(pid, patience_s)
        os.killpg(pid, signal.SIGKILL)


def end_run(folder: Path) -> None:
    """Stops every server noted in the run's folder (NAME.json with its pid) and deletes the folder and its lock."""
    for note in sorted(folder.glob("*.json"), reverse=True):
        _end(int(json.loads(note.read_text())["pid"]), note.stem)
    for state in folder.glob("*/state.json"):  # a stack that went over to another world has another supervisor since
        with suppress(OSError, ValueError, KeyError):
            _end(int(json.loads(state.read_text())["supervisor_pid"]), "stack")
    shutil.rmtree(folder, ignore_errors=True)
    Path(f"{folder}.lock").unlink(missing_ok=True)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    wait_for_end(int(sys.argv[2]), None)
    end_run(Path(sys.argv[1]))
