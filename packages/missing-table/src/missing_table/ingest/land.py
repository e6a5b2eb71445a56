"""Lands one message in one transaction and says what became of it. The rules stand in sql/merge.sql and absence.sql.

One statement a step, never a query a row. Rows that every transaction touches (receipts, bracket versions, events) are
written last, under one advisory lock held until commit. That keeps event ids in commit order and rules out deadlocks.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from match_contract import FeedSnapshot, MessageKind, QualitySnapshot, Receipt, Refusal, RunReport
from missing_table.ingest.batch import land_batch
from missing_table.ingest.faults import RaceLost
from missing_table.ingest.judge import judge
from missing_table.ingest.judged import AnyJudged, JudgedBatch, RefusedMessage
from missing_table.ingest.known import Dimensions
from missing_table.ingest.landed import Header, Landed
from missing_table.ingest.quality import land_quality
from missing_table.ingest.receipt import begin, finish
from missing_table.ingest.run_report import land_run
from missing_table.ingest.snapshot import land_snapshot
from missing_table.waits import REACH

_RACES = 5


class Lander(NamedTuple):
    """What a kind of judged message needs: what its receipt repeats, and what lands it."""

    header: Callable[[Any], Header]
    land: Callable[[psycopg.Connection, Dimensions, Any], Landed]


def _refuse(_: psycopg.Connection, __: Dimensions, judged: RefusedMessage) -> Landed:
    refused = judged.refused
    return Landed(refused=[refused], refusal=(Refusal(refused.reason), refused.detail))


LANDERS: dict[type, Lander] = {
    FeedSnapshot: Lander(
        lambda one: Header(one.snapshot_id, MessageKind.SNAPSHOT, one.run_id, one.snapshot_id, parts=one.parts),
        land_snapshot,
    ),
    JudgedBatch: Lander(
        lambda one: Header(
            one.header.batch_id,
            MessageKind.BATCH,
            one.header.run_id,
            one.header.snapshot_id,
            one.header.part,
            one.header.parts,
        ),
        land_batch,
    ),
    QualitySnapshot: Lander(lambda one: Header(one.quality_id, MessageKind.QUALITY, one.run_id, None), land_quality),
    RunReport: Lander(lambda one: Header(one.run_id, MessageKind.RUN_REPORT, one.run_id, None), land_run),
    RefusedMessage: Lander(lambda one: Header(one.message_id, one.kind, one.run_id, one.snapshot_id), _refuse),
}
"""A new kind of message is a line here, and a room of its own."""


def land(
    connection: psycopg.Connection,
    message: Any,
    dimensions: Dimensions | None = None,
    *,
    now: datetime | None = None,
) -> Receipt:
    """Land a message of any kind. A race that was lost is run again, at once.

    `now` is our clock, ahead of which no document may be dated; None: the message is believed.

    `connection` is in autocommit mode. Raises psycopg errors; what is wrong with the message itself never raises: it is
    in the receipt and the quarantine.
    """
    judged = judge(message, now)
    memory = dimensions or Dimensions()
    for attempt in range(_RACES):
        try:
            return land_judged(connection, judged, memory)
        except (
            RaceLost,
            psycopg.errors.DeadlockDetected,
            psycopg.errors.SerializationFailure,
            psycopg.errors.UniqueViolation,  # somebody made it meanwhile
            psycopg.errors.ForeignKeyViolation,  # what was remembered is gone: look again
        ):
            memory.forget()
            if attempt == _RACES - 1:
                raise
        except BaseException:
            memory.forget()
            raise
    raise AssertionError("the last attempt returned or raised")


def land_judged(connection: psycopg.Connection, judged: AnyJudged, dimensions: Dimensions) -> Receipt:
    """Land what was judged, in one transaction; what landed before is answered with the receipt that was kept."""
    lander = LANDERS[type(judged)]
    header = lander.header(judged)
    with connection.transaction():
        kept = begin(connection, header.message_id)
        if kept is not None:
            return Receipt.model_validate(kept).model_copy(update={"state": "replayed"})
        return finish(connection, header, lander.land(connection, dimensions, judged))


def deliver(message: Any, *, dsn: str, now: datetime | None = None) -> Receipt:
    """Land one message over a connection of its own: the task's body without a broker (`./mt run --embedded`)."""
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None, **REACH) as connection:
        return land(connection, message, now=now)
