"""The table `incoming`: what one batch says of its matches, with every name already an id."""

import zlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import psycopg

from missing_table.ingest.sql import copy, load

INCOMING = f"incoming_{zlib.crc32(load('incoming')['create']):08x}"
"""A session's table, empty between transactions: making one for each batch takes as long as filling it. Its name says
what shape it has, since behind a pooler the next transaction may be another version's."""
_CREATE = load("incoming", incoming=INCOMING)["create"]


class IncomingRow(NamedTuple):
    """A row of `incoming`, in the order of its columns (sql/incoming.sql). `brackets` and `sides`: see Placement."""

    source: str
    season_id: int
    external_id: str
    event_id: str | None
    league_id: int
    age_group_id: int
    division_id: int | None
    competition: str | None
    home_team_id: int
    away_team_id: int
    kick_off: datetime | None
    timezone: str
    local_date: date
    time_set: bool
    venue_id: int | None
    round_number: int | None
    status: str
    home_score: int | None
    away_score: int | None
    home_shootout: int | None
    away_shootout: int | None
    observed_at: datetime
    content_hash: str
    brackets: str
    sides: str
    target: str


def fill(connection: psycopg.Connection, rows: Sequence[IncomingRow]) -> None:
    """Put the rows into the table, which the end of the transaction empties."""
    connection.execute(_CREATE)
    copy(connection, INCOMING, rows)
