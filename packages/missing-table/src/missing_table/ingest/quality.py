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
from missing_table.ingest.places import Places, ensure_frame

_STORE = """
with given as materialized (
    select * from unnest(%(divisions)s::text[], %(hashes)s::text[], %(rows)s::jsonb[]) as g (division, hash, rows)
),
judged as materialized (
    select g.*, before.content_hash as old_hash, later.id as later_id, later.content_hash as later_hash
    from given g
    left join lateral (
        select q.content_hash from qop_snapshots q
        where q.source = %(source)s and q.season_id = %(season_id)s and q.league_id = %(league_id)s
            and q.age_group_id = %(age_group_id)s and q.division = g.division and q.taken_at < %(taken_at)s
        order by q.taken_at desc limit 1
    ) before on true
    left join lateral (
        select q.id, q.content_hash from qop_snapshots q
        where q.source = %(source)s and q.season_id = %(season_id)s and q.league_id = %(league_id)s
            and q.age_group_id = %(age_group_id)s and q.division = g.division and q.taken_at > %(taken_at)s
        order by q.taken_at limit 1
    ) later on true
),
new as materialized (select * from judged where old_hash is distinct from hash),
earlier as (
    update qop_snapshots q set taken_at = %(taken_at)s from new n where q.id = n.later_id and n.later_hash = n.hash
),
added as (
    insert into qop_snapshots
        (source, season_id, league_id, age_group_id, division, taken_at, content_hash, rows)
    select %(source)s, %(season_id)s, %(league_id)s, %(age_group_id)s, division, %(taken_at)s, hash, rows
    from new where later_hash is distinct from hash order by division
    on conflict (source, season_id, league_id, age_group_id, division, taken_at) do update
    set content_hash = excluded.content_hash, rows = excluded.rows
    where excluded.content_hash collate "C" > qop_snapshots.content_hash collate "C"
    returning id
)
select (select count(*) from added), (select count(*) from given)
"""


def land_quality(connection: psycopg.Connection, places: Places, snapshot: QualitySnapshot) -> Counts:
    """Stores the tables that say something new; counts are of tables: `inserted` and `unchanged`."""
    ensure_frame(
        connection,
        places,
        seasons={snapshot.season},
        leagues={snapshot.league.value},
        ages={snapshot.age_group},
        divisions=set(),
    )
    if not snapshot.tables:
        return Counts()
    where = f"quality {snapshot.source} {snapshot.season} {snapshot.league} {snapshot.age_group}"
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [where])
    tables = [(table.division, [row.model_dump() for row in table.rows]) for table in snapshot.tables]
    found = connection.execute(
        _STORE,
        {
            "source": snapshot.source.value,
            "season_id": places.seasons.ids[snapshot.season,],
            "league_id": places.leagues.ids[snapshot.league.value,],
            "age_group_id": places.ages.ids[snapshot.age_group,],
            "taken_at": snapshot.taken_at,
            "divisions": [division for division, _ in tables],
            "hashes": [_hash(rows) for _, rows in tables],
            "rows": [Jsonb(rows) for _, rows in tables],
        },
    ).fetchone()
    stored, given = found or (0, 0)
    return Counts(inserted=stored, unchanged=given - stored)


def _hash(rows: list[dict[str, object]]) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
