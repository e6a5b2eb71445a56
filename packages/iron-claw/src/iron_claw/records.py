"""The journal's records, one type for each kind. The names of the fields stand on disk and stay.

Every line of the journal also has `n` (number), `t` (Unix time) and `k` (kind); a record here is the rest of a line.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from iron_claw.budget import Counts
from iron_claw.endings import Ending
from iron_claw.ladder import Action
from iron_claw.radius import AcctType
from iron_claw.session import Call, Cause, Session


class CountsRecord(TypedDict):
    """Hold the four token counts."""

    input_tokens: int
    cache_write_tokens: int
    cache_read_tokens: int
    output_tokens: int


class SessionRecord(TypedDict):
    """Hold a session as it stands when it opens, or when the journal is written anew."""

    sid: str
    user: str
    digest: str
    started: float
    grant: dict[str, Any]
    radius: bool
    settled: CountsRecord
    cost: int
    calls: int
    unpriced: int
    rewritten: int
    unreported_before: int


class GrantRecord(TypedDict):
    """Hold a session's grant after a CoA."""

    sid: str
    grant: dict[str, Any]


class CloseRecord(TypedDict):
    """Hold a session's end."""

    sid: str
    cause: Cause


class ReserveRecord(TypedDict):
    """Hold a call that goes out. `tokens` is the whole reservation, `started` and `lease_until` are Unix times."""

    call: str
    sid: str
    user: str
    request: str
    asked: str
    model: str
    tokens: int
    max_tokens: int
    action: Action
    started: float
    lease_until: int


class ProgressRecord(TypedDict):
    """Hold what a stream has used so far."""

    call: str
    sid: str
    counts: CountsRecord
    unlisted: NotRequired[bool]


class SettleRecord(TypedDict):
    """Hold a call's end. llm_calls gets a row of it (`calls.INSERT`)."""

    call: str
    sid: str
    user: str
    request: str
    asked: str
    model: str
    counts: CountsRecord
    cost: int | None
    status: int | None
    ending: Ending
    action: Action
    estimated: bool
    started: float
    ended: float


class StoredRecord(TypedDict):
    """Hold the ids of calls that stand in llm_calls."""

    calls: list[str]


class AcctRecord(TypedDict):
    """Hold a record that RADIUS is to be told."""

    id: str
    type: AcctType
    sid: str | None
    user: str | None
    at: int
    attrs: dict[str, Any]


class AckedRecord(TypedDict):
    """Hold the id of a record that RADIUS answered."""

    id: str


class RefusedRecord(TypedDict):
    """Hold a killed user, until when, and the session as it was."""

    user: str
    sid: str
    digest: str
    until: float
    reason: str
    session: SessionRecord
    month: NotRequired[bool]


class KnownRecord(TypedDict):
    """Hold a user's last grant."""

    user: str
    digest: str
    grant: dict[str, Any]
    at: float


KINDS: dict[str, type] = {
    "session": SessionRecord,
    "grant": GrantRecord,
    "close": CloseRecord,
    "reserve": ReserveRecord,
    "progress": ProgressRecord,
    "settle": SettleRecord,
    "stored": StoredRecord,
    "acct": AcctRecord,
    "acked": AckedRecord,
    "refused": RefusedRecord,
    "known": KnownRecord,
}
"""The type of each kind of record."""


def counts_record(counts: Counts) -> CountsRecord:
    """Return the four counts as they stand in a record."""
    return {
        "input_tokens": counts.input_tokens,
        "cache_write_tokens": counts.cache_write_tokens,
        "cache_read_tokens": counts.cache_read_tokens,
        "output_tokens": counts.output_tokens,
    }


def session_record(session: Session, *, radius: bool) -> SessionRecord:
    """Return a session as it stands in the journal. `radius`: whether RADIUS was told of it."""
    return {
        "sid": session.id,
        "user": session.user,
        "digest": session.digest,
        "started": session.started_at,
        "grant": session.grant.to_json(),
        "radius": radius,
        "settled": counts_record(session.budget.settled),
        "cost": session.cost_micro_usd,
        "calls": session.calls,
        "unpriced": session.unpriced_calls,
        "rewritten": session.rewritten_calls,
        "unreported_before": session.unreported_before,
    }


def reserve_record(call: Call) -> ReserveRecord:
    """Return a call that goes out, as it stands in the journal."""
    decision = call.decision
    return {
        "call": call.id,
        "sid": call.session.id,
        "user": call.session.user,
        "request": call.request_id,
        "asked": call.asked_model,
        "model": call.model,
        "tokens": decision.reserve,
        "max_tokens": decision.max_tokens,
        "action": decision.action,
        "started": call.started_at,
        "lease_until": round(call.started_at + call.lease_until - call.began),
    }


def progress_record(call: Call, counts: Counts) -> ProgressRecord:
    """Return what a stream has used so far, as it stands in the journal."""
    return {"call": call.id, "sid": call.session.id, "counts": counts_record(counts), "unlisted": call.unlisted}


def settle_record(
    reserved: ReserveRecord,
    counts: Counts,
    *,
    cost: int | None,
    status: int | None,
    ending: Ending,
    estimated: bool,
    ended: float,
) -> SettleRecord:
    """Return the settlement of a call that was reserved, as it stands in the journal."""
    return {
        "call": reserved["call"],
        "sid": reserved["sid"],
        "user": reserved["user"],
        "request": reserved["request"],
        "asked": reserved["asked"],
        "model": reserved["model"],
        "counts": counts_record(counts),
        "cost": cost,
        "status": status,
        "ending": ending,
        "action": reserved["action"],
        "estimated": estimated,
        "started": reserved["started"],
        "ended": ended,
    }
