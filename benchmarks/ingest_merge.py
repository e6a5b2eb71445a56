"""The merge beside its peer: COPY and one upsert of the same rows."""

from __future__ import annotations

import sys
import time
from typing import Any

import psycopg
from ingest_parts import (
    Message,
    with_other_ids,
)

from devstack.services.postgres import Postgres, create_database
from missing_table.ingest.judge import judge
from missing_table.ingest.judged import JudgedBatch
from missing_table.ingest.known import Dimensions
from missing_table.ingest.land import land_judged
from missing_table.ingest.prepare import prepare
from missing_table.ingest.worker import collect_seldom
from missing_table.migrate import migrate

Pair = tuple[float, float]
"""Seconds of ours and of the peer."""
UPSERT_KEY = ("source", "season_id", "league_id", "external_id")
COLUMNS = (
    *("source", "season_id", "external_id", "event_id", "league_id", "age_group_id", "division_id", "competition"),
    *("home_team_id", "away_team_id", "kick_off", "timezone", "local_date", "time_set", "venue_id", "round_number"),
    *("status", "home_score", "away_score", "home_shootout", "away_shootout", "observed_at", "content_hash"),
)


class Peer:
    """COPY into a temporary table and one upsert, a transaction a batch: rows that are resolved already, no rules."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        names = ", ".join(COLUMNS)
        updates = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name not in UPSERT_KEY)
        self.create = f"create temporary table rows on commit drop as select {names} from matches limit 0"  # noqa: S608
        self.copy = f"copy rows ({names}) from stdin"
        self.upsert = (
            f"insert into matches ({names}) select {names} from rows"  # noqa: S608
            f" on conflict ({', '.join(UPSERT_KEY)}) do update set {updates}"
        )

    def land(self, rows: list[tuple[Any, ...]]) -> None:
        with self.connection.transaction():
            self.connection.execute(self.create.encode())
            with self.connection.cursor() as cursor, cursor.copy(self.copy.encode()) as copy:
                for row in rows:
                    copy.write_row(row)
            self.connection.execute(self.upsert.encode())


def peer_rows(connection: psycopg.Connection, batches: list[JudgedBatch]) -> list[list[tuple[Any, ...]]]:
    """The rows of each batch as `incoming` gets them, resolved against a league in which they stand."""
    places = Dimensions()
    with connection.transaction():
        prepared = [prepare(connection, places, batch) for batch in batches]
    return [[row[: len(COLUMNS)] for row in batch.rows] for batch in prepared]


def merge_and_peer(
    server: Postgres, messages: list[Message], full: str
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The first time and the replay; the database `full` holds the landed season."""
    create_database(server, "ours")
    migrate(server.dsn("ours"))
    create_database(server, "peer", template=full)
    with (
        psycopg.connect(server.dsn("ours"), autocommit=True, prepare_threshold=None) as ours,
        psycopg.connect(server.dsn("peer"), autocommit=True, prepare_threshold=None) as theirs,
    ):
        whole = [judge(message) for message in messages]
        rows = peer_rows(theirs, [item for item in whole if isinstance(item, JudgedBatch)])
        theirs.execute("truncate matches, match_brackets, match_changes, match_locks, match_conflicts, forecasts")
        for connection in (ours, theirs):
            connection.execute("vacuum analyze")
        places, peer = Dimensions(), Peer(theirs)
        collect_seldom()  # as the worker's processes do; this one holds a whole season of messages besides
        first = in_turns(ours, places, whole, peer, rows)
        replayed = in_turns(ours, places, [judge(message) for message in with_other_ids(messages)], peer, rows)
        check(ours, theirs)
    return first, replayed


def in_turns(
    ours: psycopg.Connection, places: Dimensions, whole: list[Any], peer: Peer, rows: list[list[tuple[Any, ...]]]
) -> Pair:
    """Batch by batch, ours and then the peer's, so that a busy moment of the machine hits both."""
    our_seconds = peer_seconds = 0.0
    waiting = iter(rows)
    for item in whole:
        started = time.perf_counter()
        land_judged(ours, item, places)
        if isinstance(item, JudgedBatch):  # snapshots have no counterpart
            middle = time.perf_counter()
            peer.land(next(waiting))
            our_seconds += middle - started
            peer_seconds += time.perf_counter() - middle
    return our_seconds, peer_seconds


def check(ours: psycopg.Connection, theirs: psycopg.Connection) -> None:
    """Both hold the same matches, or the comparison is void."""
    question = "select count(*), sum(home_score), md5(string_agg(content_hash, '' order by content_hash)) from matches"
    found = [connection.execute(question).fetchone() for connection in (ours, theirs)]
    if found[0] != found[1]:
        sys.exit(f"the merge and its peer differ: {found}")
