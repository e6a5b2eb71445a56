"""What was turned away: seen, shown, tried again, dropped. Matches and whole messages that the merge refused.

A replay goes through the merge like any batch: it lands once the cause is gone (an alias was added, a newer version
runs), and stays open otherwise. A match that the reader itself refused holds nothing that could land: it is settled
when a later read lands that match, as every other open row is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

import psycopg
from psycopg.rows import class_row

from match_contract import SCHEMA_VERSION, MessageKind, positions_by_target
from missing_table.audit import AUDIT, entry
from missing_table.ingest.judge_matches import is_unread
from missing_table.ingest.land import land
from missing_table.ingest.sql import load

State = Literal["open", "replayed", "dropped"]

_REPLAYS = UUID("6a8a4c8e-53a3-4f0b-9a55-1a7f4d6b0c11")
_NO_RUN = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row of the quarantine. `seen` counts how often the same thing came with the same fault."""

    id: int
    batch_id: UUID | None
    run_id: UUID | None
    source: str | None
    external_id: str | None
    target: str
    reason: str
    detail: str
    payload: Any
    seen: int
    first_seen_at: datetime
    last_seen_at: datetime
    state: State
    settled_at: datetime | None


_SQL = load("rejections")


def rejected(
    connection: psycopg.Connection,
    *,
    state: State | None = "open",
    reason: str | None = None,
    ids: Sequence[int] | None = None,
    limit: int = 100,
) -> list[Rejected]:
    """Rows of the quarantine, newest first; `ids` asks for certain ones."""
    with connection.cursor(row_factory=class_row(Rejected)) as cursor:
        return cursor.execute(
            _SQL["show"],
            {"state": state, "reason": reason, "ids": list(ids) if ids is not None else None, "limit": limit},
        ).fetchall()


def replay(
    connection: psycopg.Connection,
    row: Rejected,
    *,
    actor: str,
    request_id: str | None = None,
    now: datetime | None = None,
) -> str:
    """Lands it again; settles the row when nothing of it is rejected any more. What is still wrong; '' where it landed.

    `now`: our clock, ahead of which nothing may be dated.

    `rejected` says nothing of a row that the reader refused: there is no match in it. One transaction with its entry in
    the audit log, which names `actor`; `connection` is in autocommit mode.
    """
    with connection.transaction():
        wrong = _replay(connection, row, now)
        _log(connection, "replay", row.id, row.state if wrong else "replayed", actor=actor, request_id=request_id)
    return wrong


def _log(
    connection: psycopg.Connection, action: str, row_id: int, state: State, *, actor: str, request_id: str | None
) -> None:
    said = entry(
        actor=actor,
        action=action,
        subject="rejection",
        subject_id=str(row_id),
        before={"state": "open"},
        after={"state": state},
        request_id=request_id,
    )
    connection.execute(AUDIT, said)


def _replay(connection: psycopg.Connection, row: Rejected, now: datetime | None) -> str:
    if _is_unread(row):
        return (
            f"the reader could not read it ({row.detail}): there is nothing to land. The row settles by itself when a "
            "later run reads the match; if the match is gone for good, drop the row"
        )
    receipt = land(connection, _message_of(connection, row), now=now)
    if receipt.state == "refused" or receipt.counts.rejected:
        return receipt.rejections[0].detail if receipt.rejections else receipt.detail
    connection.execute(_SQL["settle"], {"ids": [row.id]})
    return ""


def _is_unread(row: Rejected) -> bool:
    """Refused by the reader; until 1.1 such a match carried no reason, and was no match either: it names no source."""
    payload = row.payload
    if not isinstance(payload, dict) or row.external_id is None:
        return is_unread(payload)
    return is_unread(payload) or not ("kind" in payload or "source" in payload)


def drop(connection: psycopg.Connection, ids: Sequence[int], *, actor: str, request_id: str | None = None) -> list[int]:
    """Settles open rows for good: the same payload with the same fault does not open them again. The ids dropped.

    One transaction with their entries in the audit log, which name `actor`.
    """
    with connection.transaction():
        found = connection.execute(_SQL["drop"], {"ids": list(ids)})
        dropped = sorted(identifier for (identifier,) in found)
        for identifier in dropped:
            _log(connection, "drop", identifier, "dropped", actor=actor, request_id=request_id)
    return dropped


def _message_of(connection: psycopg.Connection, row: Rejected) -> Any:
    """A whole message as it came; a match in a batch of its own, with the brackets that it names."""
    payload = row.payload
    if not isinstance(payload, dict) or "kind" in payload or row.external_id is None:
        return payload
    names = [name for side in ("home_brackets", "away_brackets") for name in payload.get(side) or ()]
    brackets = connection.execute(
        _SQL["brackets"],
        {"source": payload.get("source"), "season": payload.get("season"), "external_ids": names},
    )
    columns = [column.name for column in brackets.description or ()]
    message_id = str(uuid5(_REPLAYS, f"{row.id}/{row.seen}/{row.last_seen_at.isoformat()}"))
    return {
        "kind": MessageKind.BATCH,
        "schema_version": SCHEMA_VERSION,
        "run_id": str(row.run_id or _NO_RUN),
        "batch_id": message_id,
        "snapshot_id": message_id,  # of no document: it must not count as a part of one
        "part": 1,
        "parts": 1,
        "brackets": [dict(zip(columns, values, strict=True)) for values in brackets],
        "targets": positions_by_target([row.target]),
        "matches": [payload],
    }
