"""What a journal tells: who was in, what was under way, what RADIUS and the database were not told yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from iron_claw.accounting import Entry
from iron_claw.budget import Counts
from iron_claw.journal import Record


@dataclass
class OpenSession:
    """A session that the journal opens and does not close."""

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
    """A call that was reserved and not settled, with what is known of what it used: at first its reservation."""

    record: Record
    counts: Counts
    last_at: float
    unlisted: bool = False


@dataclass
class Known:
    """The last grant of a user, for the time when RADIUS is away."""

    digest: str
    grant: dict[str, Any]
    at: float


@dataclass
class Refusal:
    """A user who is refused until a time, and the session (as its `session` record) that was killed."""

    digest: str
    until: float
    reason: str
    session: Record
    month: bool = False
    """It is the month's tokens that are used up: RADIUS refuses, and shows by an Accept that there are more."""


@dataclass
class State:
    """Everything that outlives a process."""

    sessions: dict[str, OpenSession] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    accounting: dict[str, Entry] = field(default_factory=dict)
    unstored: dict[str, Record] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)


def replay(records: Iterable[Record]) -> State:
    """Reads the records in order. A record that tells of nothing known is left out: reading twice changes nothing."""
    state = State()
    for record in records:
        _apply(state, record)
    return state


def _apply(state: State, record: Record) -> None:  # noqa: PLR0912
    session = state.sessions.get(record.get("sid", ""))
    if session is not None:
        session.last_at = max(session.last_at, record.get("t", 0))
    match record["k"]:
        case "session":
            state.sessions[record["sid"]] = OpenSession(
                id=record["sid"],
                user=record["user"],
                started_at=record["started"],
                grant=record["grant"],
                radius=record["radius"],
                last_at=record["t"],
                settled=Counts(**record["settled"]),
                cost_micro_usd=record["cost"],
                calls=record["calls"],
            )
            state.known[record["user"]] = Known(record["digest"], record["grant"], record["started"])
        case "grant" if session is not None:
            session.grant = record["grant"]
        case "reserve":
            most = record["max_tokens"]
            worst = Counts(input_tokens=record["tokens"] - most, output_tokens=most)
            state.held[record["call"]] = Held(record, worst, record["t"])
        case "progress" if record["call"] in state.held:
            held = state.held[record["call"]]
            held.counts, held.last_at = Counts(**record["counts"]), record["t"]
            held.unlisted = record.get("unlisted", False)
        case "settle":
            first = state.held.pop(record["call"], None) is not None
            if first and session is not None:
                session.settled += Counts(**record["counts"])
                session.cost_micro_usd += record["cost"] or 0
                session.calls += 1
            state.unstored[record["call"]] = record
        case "stored":
            for call in record["calls"]:
                state.unstored.pop(call, None)
        case "close":
            state.sessions.pop(record["sid"], None)
        case "acct":
            state.accounting[record["id"]] = Entry.from_record(record)
        case "acked":
            state.accounting.pop(record["id"], None)
        case "refused":
            names = ("digest", "until", "reason", "session", "month")
            state.refused[record["user"]] = Refusal(**{name: record[name] for name in names if name in record})
        case "known":
            state.known[record["user"]] = Known(record["digest"], record["grant"], record["at"])
        case _:
            pass
