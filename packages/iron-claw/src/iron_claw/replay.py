"""What a journal tells: who was in, what was under way, what RADIUS and the database were not told yet. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iron_claw.accounting import Entry
from iron_claw.budget import Counts
from iron_claw.endings import Ending
from iron_claw.grant import Grant
from iron_claw.journal import Record, damaged
from iron_claw.ladder import Action
from iron_claw.records import (
    AcctRecord,
    AckedRecord,
    CloseRecord,
    GrantRecord,
    KnownRecord,
    ProgressRecord,
    RefusedRecord,
    ReserveRecord,
    SessionRecord,
    SettleRecord,
    StoredRecord,
)


@dataclass
class OpenSession:
    """Hold a session that the journal opens and does not close."""

    id: str
    user: str
    started_at: float
    grant: dict[str, Any]
    radius: bool
    last_at: float
    """The last time at which the journal tells of it."""
    settled: Counts = field(default_factory=Counts)
    cost_micro_usd: int = 0
    calls: int = 0


@dataclass
class Held:
    """Hold a call that was reserved and not settled, with what is known of its use: at first its reservation."""

    record: ReserveRecord
    counts: Counts
    last_at: float
    unlisted: bool = False


@dataclass
class Known:
    """Hold the last grant of a user, for the time when RADIUS is away."""

    digest: str
    grant: dict[str, Any]
    at: float

    def to_record(self, user: str) -> KnownRecord:
        """Return it as it stands in the journal."""
        return {"user": user, "digest": self.digest, "grant": self.grant, "at": self.at}


@dataclass
class Refusal:
    """Hold a user who is refused until a time, and the session (as its `session` record) that was killed."""

    digest: str
    until: float
    reason: str
    session: SessionRecord
    month: bool = False
    """It is the month's tokens that are used up: RADIUS refuses, and shows by an Accept that there are more."""

    def to_record(self, user: str) -> RefusedRecord:
        """Return it as it stands in the journal."""
        return {
            "user": user,
            "sid": self.session["sid"],
            "digest": self.digest,
            "until": self.until,
            "reason": self.reason,
            "session": self.session,
            "month": self.month,
        }


@dataclass
class State:
    """Hold everything that outlives a process."""

    sessions: dict[str, OpenSession] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    accounting: dict[str, Entry] = field(default_factory=dict)
    unstored: dict[str, SettleRecord] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)


def replay(records: Iterable[Record], file: Path = Path("journal")) -> State:
    """Read the records of a file in order, one a line.

    A record that tells of nothing known is left out: reading twice changes nothing. JournalError names the line of one
    that lacks what its kind must have.
    """
    state = State()
    for line, record in enumerate(records, 1):
        try:
            _apply(state, record)
        except KeyError as error:
            raise damaged(file, line, f"its record {record['k']!r} has no {error}") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise damaged(file, line, f"its record {record['k']!r}: {error}") from error
    return state


def _apply(state: State, record: Record) -> None:
    at = float(record.get("t", 0))
    session = state.sessions.get(record.get("sid", ""))
    if session is not None:
        session.last_at = max(session.last_at, at)
    apply = APPLY.get(record["k"])
    if apply is not None:
        apply(state, record, at)


def _checked(grant: dict[str, Any]) -> dict[str, Any]:
    """Return a grant of the journal as it is. KeyError, TypeError or ValueError for one that cannot be read."""
    Grant.from_json(grant)
    return grant


def _session(state: State, record: SessionRecord, at: float) -> None:
    state.sessions[record["sid"]] = OpenSession(
        id=record["sid"],
        user=record["user"],
        started_at=float(record["started"]),
        grant=_checked(record["grant"]),
        radius=record["radius"],
        last_at=at,
        settled=Counts(**record["settled"]),
        cost_micro_usd=record["cost"],
        calls=record["calls"],
    )
    state.known[record["user"]] = Known(record["digest"], record["grant"], record["started"])


def _grant(state: State, record: GrantRecord, _at: float) -> None:
    session = state.sessions.get(record["sid"])
    if session is not None:
        session.grant = _checked(record["grant"])


def _close(state: State, record: CloseRecord, _at: float) -> None:
    state.sessions.pop(record["sid"], None)


def _reserve(state: State, record: ReserveRecord, at: float) -> None:
    record["action"] = Action(record["action"])
    most = record["max_tokens"]
    worst = Counts(input_tokens=record["tokens"] - most, output_tokens=most)
    state.held[record["call"]] = Held(record, worst, at)


def _progress(state: State, record: ProgressRecord, at: float) -> None:
    held = state.held.get(record["call"])
    if held is not None:
        held.counts, held.last_at = Counts(**record["counts"]), at
        held.unlisted = record.get("unlisted", False)


def _settle(state: State, record: SettleRecord, _at: float) -> None:
    record["action"], record["ending"] = Action(record["action"]), Ending(record["ending"])
    counts = Counts(**record["counts"])
    for name in ("user", "request", "asked", "model", "cost", "status", "estimated", "started", "ended"):
        record[name]  # the database will want it
    first = state.held.pop(record["call"], None) is not None
    session = state.sessions.get(record["sid"])
    if first and session is not None:
        session.settled += counts
        session.cost_micro_usd += record["cost"] or 0
        session.calls += 1
    state.unstored[record["call"]] = record


def _stored(state: State, record: StoredRecord, _at: float) -> None:
    for call in record["calls"]:
        state.unstored.pop(call, None)


def _acct(state: State, record: AcctRecord, _at: float) -> None:
    state.accounting[record["id"]] = Entry.from_record(record)


def _acked(state: State, record: AckedRecord, _at: float) -> None:
    state.accounting.pop(record["id"], None)


def _refused(state: State, record: RefusedRecord, _at: float) -> None:
    state.refused[record["user"]] = Refusal(
        digest=record["digest"],
        until=record["until"],
        reason=record["reason"],
        session=record["session"],
        month=record.get("month", False),
    )


def _known(state: State, record: KnownRecord, _at: float) -> None:
    state.known[record["user"]] = Known(record["digest"], record["grant"], record["at"])


APPLY: Mapping[str, Callable[[State, Any, float], None]] = {
    "session": _session,
    "grant": _grant,
    "close": _close,
    "reserve": _reserve,
    "progress": _progress,
    "settle": _settle,
    "stored": _stored,
    "acct": _acct,
    "acked": _acked,
    "refused": _refused,
    "known": _known,
}
"""What each kind of record does to the state."""
