"""Sends messages to the merge, and reads the state that its rules determine: in a fixed order, without ids of rows."""

from __future__ import annotations

from typing import Any

import psycopg

from devstack.testing.league_messages import batch
from match_contract import Receipt
from missing_table.ingest import land

Connection = psycopg.Connection[Any]
SCORE = "select home_score, away_score, status from matches where external_id = %s"

QUERIES = {
    "matches": """
        select m.source, s.name, m.external_id, m.event_id, l.name, a.name, d.name, m.competition,
            h.external_id, w.external_id, m.kick_off, m.timezone, m.local_date, m.time_set, v.name, m.round_number,
            m.status, m.source_status, m.home_score, m.away_score, m.home_shootout, m.away_shootout,
            m.observed_at, m.content_hash, m.score_observed_at, m.score_hash, m.absent_snapshots, m.absent_since,
            (select string_agg(concat(b.external_id, case when home then 'h' end, case when away then 'a' end), ' '
                    order by b.external_id)
                from match_brackets mb join brackets b on b.id = mb.bracket_id where mb.match_id = m.id)
        from matches m join seasons s on s.id = m.season_id join leagues l on l.id = m.league_id
        join age_groups a on a.id = m.age_group_id left join divisions d on d.id = m.division_id
        join teams h on h.id = m.home_team_id join teams w on w.id = m.away_team_id
        left join venues v on v.id = m.venue_id
        order by 1, 2, 3""",
    "open conflicts": """
        select m.external_id, c.field, c.kept_value, c.offered_value, c.reason
        from match_conflicts c join matches m on m.id = c.match_id where c.settled_at is null order by 1, 2, 4""",
    "teams": """
        select t.source, t.external_id, t.name, t.age_label, c.external_id, c.name, t.observed_at
        from teams t left join clubs c on c.id = t.club_id order by 1, 2, 3""",
    "tables": """
        select b.external_id, t.external_id, bt.listed, p.position, p."values"::text
        from brackets b left join bracket_teams bt on bt.bracket_id = b.id left join teams t on t.id = bt.team_id
        left join published_standings p on p.bracket_id = b.id and p.team_id = bt.team_id order by 1, 2""",
    "brackets": """
        select b.source, b.external_id, l.name, d.name, a.name, b.gender, b.computed, b.synced_at,
            b.standings_observed_at, b.standings_hash
        from brackets b join leagues l on l.id = b.league_id join divisions d on d.id = b.division_id
        join age_groups a on a.id = b.age_group_id order by 1, 2""",
    "documents": "select source, site, path, etag, sha256, synced_at from source_documents order by 1, 2, 3",
    "snapshots": "select snapshot_id::text, landed_at is not null from feed_snapshots order by 1",
}
CHILDREN_FIRST = """
events match_changes match_conflicts match_locks match_brackets matches published_standings bracket_teams
source_documents feed_snapshots team_aliases teams clubs venues brackets divisions age_groups seasons
ingest_batches ingest_rejections runs
"""


def state(connection: psycopg.Connection[Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that the rules determine, in a fixed order."""
    return {name: connection.execute(query.encode()).fetchall() for name, query in QUERIES.items()}


def wipe(connection: psycopg.Connection[Any]) -> None:
    """Back to an empty league. Deleting a few rows is much faster than truncating twenty tables."""
    connection.execute("; ".join(f"delete from {table}" for table in CHILDREN_FIRST.split()).encode())


def one(connection: psycopg.Connection[Any], query: str, *values: Any) -> Any:
    """The only row of a query; its only column where it has one."""
    rows = connection.execute(query.encode(), values).fetchall()
    assert len(rows) == 1, rows
    return rows[0][0] if len(rows[0]) == 1 else rows[0]


def send(db: Connection, *messages: dict[str, Any]) -> Receipt:
    """Land the messages in this order; the receipt of the last one."""
    *_, last = [land(db, message) for message in messages]
    return last


def seen(db: Connection, *observations: dict[str, Any]) -> Receipt:
    """Land each observation in a batch of its own, in this order."""
    return send(db, *(batch(item, of=f"{number}-{item['observed_at']}") for number, item in enumerate(observations)))
