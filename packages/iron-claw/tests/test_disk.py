"""A disk that is full, nearly full or failing, and a journal that somebody has damaged."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from devstack.testing.waiting import until_async
from iron_claw import recovery
from iron_claw.journal import FILE, Journal, JournalError, read
from iron_claw.metrics import Metrics
from iron_claw.replay import replay
from iron_claw.sessions import Sessions
from iron_claw.settings import Settings


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: a write takes what fits, the next one fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal that is begun."""
    made = Journal(tmp_path, fsync_s=0.01)
    assert list(made.open()) == []
    made.begin([])
    yield made
    made.close()


def open_files(folder: Path) -> list[str]:
    """What this process has open in a folder."""
    names = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            names.append(str(link.readlink()))
    return sorted(name for name in names if name.startswith(str(folder)))


async def test_a_full_disk_ends_nothing_and_forgets_nothing(journal: Journal) -> None:
    keeper = asyncio.create_task(journal.keep_synced())
    with at_most(200):
        for number in range(20):
            with suppress(JournalError):
                journal.write("filler", number=number)
            with suppress(JournalError):
                await journal.written()
            with suppress(JournalError):
                await journal.sync()
        assert journal.broken is not None
        assert not keeper.done()
    await until_async(lambda: journal.broken is None)
    assert [record["number"] for record in read(journal.file)] == list(range(20))
    keeper.cancel()


async def test_an_fsync_that_fails_is_not_ready_until_the_file_is_begun_anew(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def fails(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    journal.write("told", number=1)
    with pytest.raises(JournalError, match="Input/output error"):
        await journal.sync()
    keeper = asyncio.create_task(journal.keep_synced())
    journal.retry()
    assert journal.broken is not None
    assert not keeper.done()
    monkeypatch.setattr(os, "fsync", fsync)
    assert journal.suspect
    journal.begin([{"k": "told", "number": 1}])
    assert (journal.broken, journal.suspect) == (None, False)
    keeper.cancel()


def sessions_on(journal: Journal, **settings: Any) -> Sessions:
    return Sessions(Settings(mode="bare", state_dir=journal.folder, **settings), journal, None, Metrics())


async def test_compaction_on_a_nearly_full_disk_goes_on_with_the_old_file_and_leaks_nothing(journal: Journal) -> None:
    sessions = sessions_on(journal, journal_max_bytes=3000)
    for number in range(60):
        session = await sessions.open_session(f"user{number}.secret")
        assert session.user == f"user{number}"
    await journal.written()
    opened = open_files(journal.folder)
    size = journal.bytes
    assert size > 3000
    with at_most(size - 1000):
        for _ in range(5):
            recovery.compact(sessions)
    assert journal.broken is None
    assert open_files(journal.folder) == opened
    assert not journal.file.with_suffix(".new").exists()
    assert journal.bytes == size
    journal.write("filler", text="x" * 400)
    await journal.written()
    recovery.compact(sessions)
    assert sum(record["k"] == "session" for record in read(journal.file)) == 60
    assert [record["n"] for record in read(journal.file)] == sorted(record["n"] for record in read(journal.file))


DAMAGED = {
    "no record": "[1,2]",
    "no JSON": '{"k": "close", "sid"',
    "a number": "5",
    "without its call": '{"n":1,"t":1,"k":"settle","sid":"s"}',
    "without its fields": '{"n":1,"t":1,"k":"reserve","sid":"s","call":"c"}',
    "with other counts": '{"n":1,"t":1,"k":"progress","call":"c","counts":{"tokens":1}}',
    "with another grant": '{"n":1,"t":1,"k":"session","sid":"s","user":"u","digest":"d","started":1,"grant":{},'
    '"radius":true,"settled":{},"cost":0,"calls":0}',
    "with no time": '{"n":1,"t":"soon","k":"close","sid":"s"}',
    "a list for its kind": '{"n":1,"t":1,"k":["settle"]}',
    "nested beyond reading": "[" * 100_000,
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_journal_says_its_line_and_what_to_do(tmp_path: Path, kind: str) -> None:
    held = (
        '{"n":1,"t":1,"k":"reserve","call":"c","sid":"s","user":"u","request":"r","asked":"m","model":"m","tokens":9,'
        '"max_tokens":4,"action":"none","started":1,"lease_until":2}'
    )
    (tmp_path / FILE).write_text(f"{held}\n{DAMAGED[kind]}\n{held}\n")
    journal = Journal(tmp_path)
    with pytest.raises(JournalError, match=r"journal\.jsonl: line 2 is damaged .*Mend the line, or move the file away"):
        replay(journal.open(), journal.file)
    journal.close()
