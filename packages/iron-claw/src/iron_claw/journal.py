"""The gateway's memory on disk: an append-only file of JSON lines, from which everything can be told after a crash.

Each line is `{"n": number, "t": Unix time, "k": kind, ...}`. A record is handed to the operating system before what it
announces goes out, so a killed process loses nothing. It is forced to the disk (fsync) in the background at most every
`fsync_s`, and at once where somebody is told that it is durable (`sync`): a power cut may lose the last tenth of a
second.
At each start, and when it has grown long, the file is written anew with what still matters; the old one is kept beside
it. A line cut short by a crash can only be the last one.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

Record = dict[str, Any]

FILE = "journal.jsonl"
LOCK = "lock"
OLD = "journal-{}.jsonl"
KEPT = 20
"""Replaced files that are kept, for a person to look into."""


class JournalError(Exception):
    """The journal cannot be written or read; says which file and why."""


class Journal:
    """One process's journal. Writing is synchronous and short; syncing waits for the disk in a thread."""

    def __init__(self, folder: Path, *, fsync_s: float = 0.1, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.file = folder / FILE
        self.fsync_s = fsync_s
        self.clock = clock
        self.broken: str | None = None
        """Why nothing can be written; None: all is well."""
        self._handle: int | None = None
        self._lock: int | None = None
        self._number = 0
        self._backlog: list[bytes] = []
        self._dirty = False
        self._unsynced = False
        """The last fsync failed."""
        self.suspect = False
        """An fsync has failed since the file was begun: it is to be begun anew."""
        self.put_off_bytes = 0
        """It could not be begun anew; it is tried again when the file is longer than this."""
        self._scheduled = False
        """A flush stands in the event loop's queue."""

    def open(self) -> Iterator[Record]:
        """Takes the folder for this process and gives what an earlier one wrote, in order."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JournalError(
                f"{self.folder} is in use by another gateway: stop it, or set IRON_CLAW_STATE_DIR to another folder"
            ) from error
        except OSError as error:
            raise JournalError(f"cannot use {self.folder}: {error}") from error
        return read(self.file)

    def begin(self, keep: Iterable[Record]) -> None:
        """Start a new file that holds `keep`, everything that matters, and put it in the place of the old one.

        JournalError when the disk does not take it: then the old file goes on, and nothing is left behind.
        """
        fresh = self.file.with_suffix(".new")
        handle: int | None = None
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            number = self._number
            for record in keep:
                number += 1
                _write_whole(handle, _line({**record, "n": number}))
            os.fsync(handle)
            self._put_by()
            fresh.replace(self.file)
        except OSError as error:
            if handle is not None:
                os.close(handle)
                with suppress(OSError):
                    fresh.unlink()
            raise JournalError(f"cannot write {fresh}: {error}") from error
        old, self._handle, self._number = self._handle, handle, number
        self._backlog = []  # `keep` holds what it told of
        self._unsynced = self.suspect = False
        self.broken = None
        self._sync_folder()
        if old is not None:
            os.close(old)

    def _sync_folder(self) -> None:
        """Force the new name to the disk. Where that fails a power cut may bring the old file back, which is whole."""
        with suppress(OSError):
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _put_by(self) -> None:
        """Keeps the file that is about to be replaced, beside the newest of those before it."""
        if self.file.exists():
            old = sorted(self.folder.glob(OLD.format("*")))
            for file in old[: max(0, len(old) - KEPT + 1)]:
                file.unlink()
            number = int(old[-1].stem.split("-")[1]) + 1 if old else 1
            os.link(self.file, self.folder / OLD.format(f"{number:06d}"))

    def write(self, kind: str, **fields: Any) -> None:
        """Adds a record. It is handed to the operating system with all others of the same turn of the event loop: one
        write for many, since a write costs more than all the rest here. JournalError when the file was broken before;
        the record is kept and tried again all the same, so that what was used is not forgotten."""
        self._number += 1
        self._backlog.append(_line({"n": self._number, "t": round(self.clock(), 3), "k": kind, **fields}))
        if not self._scheduled:
            try:
                asyncio.get_running_loop().call_soon(self._flush)
            except RuntimeError:  # outside of a loop there is no moment to wait for
                self.retry()
            else:
                self._scheduled = True
        if self.broken is not None:
            raise JournalError(self.broken)

    def _flush(self) -> None:
        self._scheduled = False
        self.retry()

    async def written(self) -> None:
        """Returns when every record so far is with the operating system; JournalError when it does not take them."""
        if self._scheduled:
            await asyncio.sleep(0)  # the loop's queue is first in, first out: the flush comes before we go on
        if self.broken is not None:
            raise JournalError(self.broken)

    def retry(self) -> None:
        """Writes what could not be written before."""
        if self._handle is None:
            self.broken = "the journal is not open"
            return
        if self._backlog:
            data = b"".join(self._backlog)
            try:
                written = os.write(self._handle, data)
            except OSError as error:
                self.broken = f"cannot write {self.file}: {error}"
                return
            self._dirty = True
            self._backlog = [data[written:]] if written < len(data) else []
            if self._backlog:  # a full disk took a part: the rest goes first next time
                self.broken = f"cannot write {self.file}: the disk took {written} of {len(data)} bytes"
                return
        if not self._unsynced:
            self.broken = None

    async def sync(self) -> None:
        """Return when everything written so far is on the disk; JournalError when it does not get there."""
        self._flush()
        if self.broken is not None:
            raise JournalError(self.broken)
        await self._force()

    async def _force(self) -> None:
        if self._handle is None:
            return
        self._dirty = False
        try:
            await asyncio.get_running_loop().run_in_executor(None, os.fsync, self._handle)
        except OSError as error:
            # what was written may be gone although a later fsync succeeds: the file is to be begun anew
            self._dirty = self._unsynced = self.suspect = True
            self.broken = f"cannot force {self.file} to the disk: {error}"
            raise JournalError(self.broken) from error
        self._unsynced = False

    async def keep_synced(self) -> None:
        """Force what was written to the disk every `fsync_s`; runs until it is cancelled, whatever the disk does."""
        while True:
            await asyncio.sleep(max(self.fsync_s, 0.005))
            if self._dirty and (self.broken is None or self._unsynced):
                with suppress(JournalError):  # `broken` says it, and it is tried again
                    await self._force()
            if self.broken is not None:
                self.retry()

    @property
    def bytes(self) -> int:
        """The file's size."""
        return self.file.stat().st_size if self.file.exists() else 0

    def close(self) -> None:
        """Syncs, and gives the folder back."""
        if self._handle is not None:
            self._flush()
            with suppress(OSError):  # it ends now: what the disk did not take is lost with the power alone
                os.fsync(self._handle)
            os.close(self._handle)
            self._handle = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


_encode = msgspec.json.Encoder().encode


def _line(record: Record) -> bytes:
    return _encode(record) + b"\n"


def read(file: Path) -> Iterator[Record]:
    """The records of a journal file in order. A last line without its end is what a crash cut off, and is left out."""
    if not file.exists():
        return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise damaged(file, number, str(error)) from error
            if not isinstance(record, dict) or not isinstance(record.get("k"), str):
                raise damaged(file, number, "it is no record")
            yield record


def damaged(file: Path, line: int, why: str) -> JournalError:
    """Return what is said of a line that cannot be read."""
    return JournalError(f"{file}: line {line} is damaged ({why}). Mend the line, or move the file away")


def _write_whole(handle: int, data: bytes) -> None:
    """Write all of it, however often the disk takes a part. OSError when it takes no more."""
    while data:
        data = data[os.write(handle, data) :]
