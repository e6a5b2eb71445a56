"""Keeps what was turned away, and settles it once its match lands."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Json

from match_contract import Source
from missing_table.ingest.judged import Reason, Refused
from missing_table.ingest.landed import Header
from missing_table.ingest.moment import moment_of
from missing_table.ingest.sql import load

_SQL = load("rejections")
_DOUBLES = (Reason.DUPLICATE_ID, "duplicate")
"""What stands twice in a document, in our word and in the reader's."""


_COLUMNS = ("source", "external_id", "target", "reason", "detail", "payload", "fingerprint", "seen")


class OpenRejection(NamedTuple):
    """What waits for its match to land."""

    id: int
    source: str
    external_id: str
    reason: str
    payload: Any


def keep_refused(connection: psycopg.Connection, header: Header, refused: Sequence[Refused]) -> None:
    """Put what was refused into the quarantine; the same thing with the same fault is one row, and counted."""
    rows: dict[tuple[str, str], tuple[int, Refused]] = {}
    for item in refused:
        fingerprint = payload_fingerprint(item.payload)
        seen, _ = rows.get((fingerprint, item.reason), (0, item))
        rows[fingerprint, item.reason] = (seen + 1, item)
    if not rows:
        return
    values = [
        (
            _source_of(item.payload),
            item.external_id,
            item.target,
            reason,
            item.detail,
            Json(item.payload),
            fingerprint,
            seen,
        )
        for (fingerprint, reason), (seen, item) in sorted(rows.items(), key=lambda row: row[0])
    ]
    columns = {name: list(column) for name, column in zip(_COLUMNS, zip(*values, strict=True), strict=True)}
    connection.execute(_SQL["keep"], columns | {"batch_id": header.message_id, "run_id": header.run_id})


def payload_fingerprint(payload: Any) -> str:
    """The same for the same bad match every day: when and where in a document it was seen is no part of it."""
    if isinstance(payload, dict):
        payload = {key: value for key, value in payload.items() if key not in ("observed_at", "target", "rejected")}
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


def _source_of(payload: Any) -> str | None:
    source = _word(payload, "source")
    return source if source in tuple(Source) else None


def _word(payload: Any, name: str) -> str | None:
    """What a rejected match says of itself, or the reader said of it where that refused it."""
    told = payload.get("rejected", payload) if isinstance(payload, dict) else None
    word = told.get(name) if isinstance(told, dict) else None
    return word if isinstance(word, str) else None


def open_rejections(connection: psycopg.Connection, external_ids: Sequence[str]) -> psycopg.Cursor[tuple[Any, ...]]:
    """Ask for the open rejections of these matches: rows of OpenRejection."""
    return connection.execute(_SQL["open"], {"external_ids": list(external_ids)})


def settle_landed(connection: psycopg.Connection, waiting: Sequence[OpenRejection]) -> None:
    """Close the open rejections of matches that landed after all: from the same document or a newer one.

    What stands twice in a document is rejected once and lands once: there only a newer document counts.
    """
    if not waiting:
        return
    landed: dict[tuple[str, str, str], dict[str, datetime]] = {}
    for source, season, external_id, league, observed_at in connection.execute(
        _SQL["landed"], {"external_ids": [item.external_id for item in waiting]}
    ):
        landed.setdefault((source, season, external_id), {})[league] = observed_at
    settled: list[int] = []
    for item in waiting:
        of_leagues = landed.get((item.source, _word(item.payload, "season") or "", item.external_id), {})
        league = _word(item.payload, "league")
        newest = of_leagues.get(league) if league else max(of_leagues.values(), default=None)
        rejected_at = moment_of(_word(item.payload, "observed_at"))
        if newest is None or rejected_at is None:
            continue
        if newest > rejected_at or (newest == rejected_at and item.reason not in _DOUBLES):
            settled.append(item.id)
    if settled:
        connection.execute(_SQL["settle"], {"ids": settled})
