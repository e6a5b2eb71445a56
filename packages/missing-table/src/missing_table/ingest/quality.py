"""Quality of Play rankings: of each division the history of what its table said, one row a change, never a repetition.

The result does not depend on the order in which snapshots arrive, as far as what is kept can tell: one that comes late
is compared with the row before it, and takes the place of the row after it where both say the same. Two of the same
moment are settled by content hash.
"""

import hashlib
import json

import psycopg
from psycopg.types.json import Jsonb

from match_contract import Counts, QualitySnapshot
from missing_table.ingest.dimensions import ensure_frame
from missing_table.ingest.known import Dimensions
from missing_table.ingest.landed import Landed
from missing_table.ingest.sql import load

_SQL = load("quality")


def land_quality(connection: psycopg.Connection, dimensions: Dimensions, snapshot: QualitySnapshot) -> Landed:
    """Stores the tables that say something new; counts are of tables: `inserted` and `unchanged`."""
    ensure_frame(
        connection,
        dimensions,
        seasons={snapshot.season},
        leagues={snapshot.league.value},
        ages={snapshot.age_group},
        divisions=set(),
    )
    if not snapshot.tables:
        return Landed()
    where = f"quality {snapshot.source} {snapshot.season} {snapshot.league} {snapshot.age_group}"
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [where])
    tables = [(table.division, [row.model_dump() for row in table.rows]) for table in snapshot.tables]
    found = connection.execute(
        _SQL["store"],
        {
            "source": snapshot.source.value,
            "season_id": dimensions.seasons.ids[snapshot.season,],
            "league_id": dimensions.leagues.ids[snapshot.league.value,],
            "age_group_id": dimensions.ages.ids[snapshot.age_group,],
            "taken_at": snapshot.taken_at,
            "divisions": [division for division, _ in tables],
            "hashes": [_hash(rows) for _, rows in tables],
            "rows": [Jsonb(rows) for _, rows in tables],
        },
    ).fetchone()
    stored, given = found or (0, 0)
    return Landed(counts=Counts(inserted=stored, unchanged=given - stored))


def _hash(rows: list[dict[str, object]]) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
