"""What RADIUS has still to be told: a queue on disk, sent in order, one record at a time, until each is answered.

Values are cumulative per session, so a record that arrives twice, or late, changes nothing (raddb only ever raises).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from iron_claw.journal import Journal, JournalError
from iron_claw.radius import AcctType, RadiusClient, RadiusDown
from iron_claw.records import AcctRecord

log = structlog.get_logger()

MAX_PAUSE_S = 5.0


@dataclass(frozen=True)
class Entry:
    """One record for RADIUS. `at`: when it happened, Unix time; it is sent as Event-Timestamp."""

    id: str
    type: AcctType
    session: str | None
    user: str | None
    at: int
    attributes: Mapping[str, Any]

    def to_record(self) -> AcctRecord:
        """Return it as it stands in the journal."""
        return {
            "id": self.id,
            "type": self.type,
            "sid": self.session,
            "user": self.user,
            "at": self.at,
            "attrs": dict(self.attributes),
        }

    @staticmethod
    def from_record(record: AcctRecord) -> Entry:
        """From the journal."""
        return Entry(record["id"], record["type"], record["sid"], record["user"], record["at"], record["attrs"])


def entry(kind: AcctType, session: str | None, user: str | None, at: float, attributes: Mapping[str, Any]) -> Entry:
    """A new record with an id of its own."""
    return Entry(secrets.token_hex(8), kind, session, user, int(at), attributes)


class Accounting:
    """The queue and its sender."""

    def __init__(self, journal: Journal, client: RadiusClient | None, observe: Callable[[bool, float], None]) -> None:
        self._journal = journal
        self._client = client
        self._observe = observe
        self._more = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self.queue: deque[Entry] = deque()
        self.reported: dict[str, int] = {}
        """Tokens of each session with records in the queue that RADIUS has answered for."""

    def restore(self, entries: list[Entry]) -> None:
        """Puts back what an earlier process could not send."""
        self.queue.extend(entries)
        if self.queue:
            self._empty.clear()
            self._more.set()

    def put(self, new: Entry) -> None:
        """Writes the record down and queues it. In bare mode there is nobody to tell."""
        if self._client is None:
            return
        self.queue.append(new)
        self._empty.clear()
        self._more.set()
        try:
            self._journal.write("acct", **new.to_record())
        except JournalError as error:  # it stays queued here and in the journal's backlog
            log.error("accounting_not_on_disk", error=str(error), session_id=new.session)

    def unreported(self, user: str) -> dict[str, int]:
        """By session: tokens that the user's records in the queue may hold beyond what RADIUS has counted."""
        newest: dict[str, int] = {}
        for waiting in self.queue:
            if waiting.user == user and waiting.session is not None:
                newest[waiting.session] = tokens_in(waiting)
        return {session: max(0, tokens - self.reported.get(session, 0)) for session, tokens in newest.items()}

    async def flushed(self, timeout_s: float) -> bool:
        """Waits until everything is answered; False when the time is up first."""
        if self._client is None:
            return True
        try:
            async with asyncio.timeout(timeout_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True

    async def send(self) -> None:
        """Sends what is queued; runs until it is cancelled. An unanswered record is tried again, for ever."""
        if self._client is None:
            return
        pause_s = 0.5
        while True:
            await self._more.wait()
            while self.queue:
                first = self.queue[0]
                if not self._superseded(first):
                    began = time.perf_counter()
                    try:
                        await self._client.account(first.type, {**first.attributes, "Event-Timestamp": first.at})
                    except RadiusDown as error:
                        self._observe(False, time.perf_counter() - began)
                        log.warning("accounting_waits", error=str(error), queued=len(self.queue))
                        await asyncio.sleep(pause_s)
                        pause_s = min(pause_s * 2, MAX_PAUSE_S)
                        continue
                    self._observe(True, time.perf_counter() - began)
                    pause_s = 0.5
                    if first.session is not None:
                        self.reported[first.session] = tokens_in(first)
                self._done(first)
            self._more.clear()
            self._empty.set()

    def _superseded(self, first: Entry) -> bool:
        """An Interim with a later record of its session behind it need not travel: the values are cumulative."""
        later = (e for e in self.queue if e is not first and e.session == first.session)
        return first.type == "Interim-Update" and any(e.type in ("Interim-Update", "Stop") for e in later)

    def _done(self, first: Entry) -> None:
        self.queue.popleft()
        if first.session is not None and first.type == "Stop":
            del self.reported[first.session]
        try:
            self._journal.write("acked", id=first.id)
        except JournalError as error:
            log.error("acknowledgement_not_on_disk", error=str(error), id=first.id)


def tokens_in(record: Entry) -> int:
    """The tokens that a record tells of."""
    a = record.attributes
    high = int(a.get("Acct-Input-Gigawords", 0)) + int(a.get("Acct-Output-Gigawords", 0))
    return (high << 32) + int(a.get("Acct-Input-Octets", 0)) + int(a.get("Acct-Output-Octets", 0))
