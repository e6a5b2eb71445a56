"""Ends every landing: receipt, last part or not, absences, versions, events. Behind one lock until the commit."""

from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from match_contract import Receipt, Rejection
from missing_table.ingest.events import TAIL_LOCK, announce
from missing_table.ingest.judged import name_of
from missing_table.ingest.landed import Header, Landed
from missing_table.ingest.rejections import OpenRejection, keep_refused, open_rejections, settle_landed
from missing_table.ingest.sql import load

_SQL = load("receipt")
_ABSENCE = load("absence")


_STATEMENT_TIMEOUT = "60s"


class Completed(NamedTuple):
    """A snapshot whose last part has just landed."""

    snapshot_id: str
    source: str
    site: str
    key: str
    season_id: int
    league_id: int
    observed_at: datetime

    @property
    def about(self) -> dict[str, str]:
        """Return what the event says of it."""
        return {"source": self.source, "key": self.key, "observed_at": self.observed_at.isoformat()}


def begin(connection: psycopg.Connection, message_id: str) -> Any | None:
    """Wait for a twin of this message, then return the receipt if it landed. What was refused is judged again."""
    values = {"message_id": message_id, "timeout": _STATEMENT_TIMEOUT}
    with connection.pipeline():
        connection.execute(_SQL["begin"], values)
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [message_id])
        found = connection.execute(_SQL["landed"], values)
    row = found.fetchone()
    return row[0] if row else None


def finish(connection: psycopg.Connection, header: Header, landed: Landed) -> Receipt:
    """Keep the receipt and all that follows from what landed. Return the receipt."""
    keep_refused(connection, header, landed.refused)
    receipt = _receipt_of(connection, header, landed)
    named = [*landed.external_ids, *(item.external_id for item in landed.refused if item.external_id is not None)]
    completed, waiting = _keep(connection, header, receipt, named)
    settle_landed(connection, waiting)
    absences, events = set(landed.absences), list(landed.events)
    if completed is not None:
        _accept_documents(connection, completed)
        absences.add((completed.source, completed.season_id, completed.league_id))
        events.append(("landed", completed.about))
    brackets = landed.brackets | _judge_absences(connection, header, absences)
    announce(connection, brackets, landed.changed, events)
    return receipt


def _receipt_of(connection: psycopg.Connection, header: Header, landed: Landed) -> Receipt:
    row = connection.execute("select now()").fetchone()
    return Receipt.model_validate(
        {
            "message_id": header.message_id,
            "kind": header.kind,
            "run_id": header.run_id,
            "snapshot_id": header.snapshot_id,
            "state": "refused" if landed.refusal else "landed",
            "reason": landed.refusal[0] if landed.refusal else None,
            "detail": landed.refusal[1] if landed.refusal else "",
            "counts": landed.counts,
            "by_target": landed.by_target,
            "rejections": [
                Rejection(
                    external_id=item.external_id,
                    reason=item.reason,
                    detail=item.detail,
                    target=item.target,
                    home=name_of(item.payload, "home"),
                    away=name_of(item.payload, "away"),
                )
                for item in landed.refused
            ],
            "committed_at": row[0] if row else None,
        }
    )


def _keep(
    connection: psycopg.Connection, header: Header, receipt: Receipt, external_ids: list[str]
) -> tuple[Completed | None, list[OpenRejection]]:
    """Keep the receipt; from here on this transaction is alone.

    Returns the snapshot if this was its last part, and the open rejections of these matches.
    """
    values = (
        header._asdict()
        | receipt.counts.model_dump()
        | {
            "state": receipt.state,
            "reason": receipt.reason,
            "receipt": Jsonb(receipt.model_dump(mode="json")),
            "committed_at": receipt.committed_at,
        }
    )
    with connection.pipeline():
        connection.execute("select pg_advisory_xact_lock(%s)", [TAIL_LOCK])
        connection.execute(_SQL["keep"], values)
        found = connection.execute(_SQL["complete"], {"snapshot_id": header.snapshot_id})
        waiting = open_rejections(connection, external_ids)
    row = found.fetchone()
    return Completed(*row) if row else None, [OpenRejection(*item) for item in waiting]


def _accept_documents(connection: psycopg.Connection, done: Completed) -> None:
    """Make the validators of a landed document current, and its brackets as fresh as it is."""
    with connection.pipeline():
        connection.execute(_SQL["accept_documents"], {"snapshot_id": done.snapshot_id})
        connection.execute(_SQL["fresh_brackets"], {"snapshot_id": done.snapshot_id})


def _judge_absences(
    connection: psycopg.Connection, header: Header, competitions: set[tuple[str, int, int]]
) -> set[int]:
    """Judge anew which matches of these competitions are absent. Return the brackets that show it."""
    brackets: set[int] = set()
    for source, season_id, league_id in sorted(competitions):
        connection.execute(_ABSENCE["plan"])
        found = connection.execute(
            _ABSENCE["judge"],
            {"source": source, "season_id": season_id, "league_id": league_id, "message_id": header.message_id},
        )
        brackets |= {bracket for (bracket,) in found}
    return brackets
