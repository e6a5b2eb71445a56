"""Keep one folder and one set of shared servers a pytest run, as a pytest plugin.

Each server is started once per run, when the first test asks for it, and is shared by all xdist workers; a run that
asks for none starts none. All of it lies in one folder, in memory where there is room, and is gone when the run ends,
however it ends. No server of the system is touched.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from filelock import FileLock

from devstack import places, reaper
from devstack.places import ROOT
from devstack.services import process
from devstack.services.process import Service, StartFailed

START_ATTEMPTS = 3
"""A free port may be taken by somebody else before the server binds it."""


run_folder_key = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """The controller (or the only process) chooses the run's folder; workers are told."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        config.stash[run_folder_key] = Path(workerinput["mt_run_folder"])
    else:
        room = places.throwaway_folder()
        config.stash[run_folder_key] = room / f"mt-test-{os.getpid()}-{uuid4().hex[:6]}"
        if room != places.ON_DISK and "TMPDIR" not in os.environ:  # tmp_path and browsers' profiles, in every worker
            os.environ["TMPDIR"] = str(room)
            tempfile.tempdir = None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: hands the folder on to a worker."""
    node.workerinput["mt_run_folder"] = str(node.config.stash[run_folder_key])
    node.workerinput["mt_controller"] = os.getpid()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """xdist 3.8 writes a test's group into its node id, which pytest 9.2 no longer takes: here a file names its group.

    Every test of a file that says `xdist_group("name")` goes to one worker, with those of other files of that group.
    """
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.partition("::")[0]) or nodeid

    return GroupScheduling(config, log)


@cache
def group_of(file: str) -> str | None:
    """The xdist group that a test file names; None where it names none. The path is relative to the checkout."""
    found = re.search(r"xdist_group\(\"([^\"]+)\"\)", (ROOT / file).read_text(encoding="utf-8"))
    return found[1] if found else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """The controller's end, after Ctrl-C and after failures too: stops what was started and deletes the folder."""
    if not hasattr(config, "workerinput"):
        reaper.end_run(config.stash[run_folder_key])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have to say although they passed: `record_property("said", "...")`, one line each."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    for report in reports:
        for name, value in report.user_properties:
            if name == "said" and report.when == "call":
                terminalreporter.write_line(str(value))


def run_folder(config: pytest.Config) -> Path:
    """The run's folder, made at the first use, with a process beside it that cleans up should pytest be killed."""
    folder = config.stash[run_folder_key]
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            folder.mkdir(mode=0o755)
            folder.chmod(0o755)
            workerinput: dict[str, Any] = getattr(config, "workerinput", {})
            controller = int(workerinput.get("mt_controller", os.getpid()))
            subprocess.Popen(
                [sys.executable, reaper.__file__, str(folder), str(controller)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
    return folder


def start_shared(config: pytest.Config, name: str, make: Callable[[Path], tuple[Service, dict[str, Any]]]) -> Any:
    """Starts a server once per run and returns what `make` said of it, in whichever worker one asks.

    `make(folder)` gives the service and its JSON description; it is called again with fresh ports when a start fails.
    """
    run = run_folder(config)
    note = run / f"{name}.json"
    with FileLock(f"{run}/{name}.lock"):
        if note.exists():
            return json.loads(note.read_text())["about"]
        failure: StartFailed | None = None
        for attempt in range(START_ATTEMPTS):
            folder = run / f"{name}{attempt}"
            service, about = make(folder)
            launch, log = service.launch(), run / f"{name}.log"
            child = process.spawn(launch, log)
            try:
                process.wait_ready(service, child, log)
            except StartFailed as error:
                process.stop(child, launch)
                shutil.rmtree(folder, ignore_errors=True)
                failure = error
                continue
            except BaseException:
                process.stop(child, launch)
                raise
            note.write_text(json.dumps({"pid": child.pid, "about": about}))
            return about
        raise failure or StartFailed(f"{name} was not started")


def made_once(config: pytest.Config, name: str, make: Callable[[], Any]) -> Any:
    """What `make` returns (JSON), called once per run, in whichever worker asks first."""
    run = run_folder(config)
    done = run / f"{name}.done"
    with FileLock(f"{run}/{name}.lock"):
        if not done.exists():
            done.write_text(json.dumps(make()), encoding="utf-8")
    return json.loads(done.read_text(encoding="utf-8"))
