"""Clubs in the database."""

from typing import Any

from missing_table.database import Connection, one
from missing_table.tables.queries import VERSIONS

CLUB = f"""
with asked as (
    select coalesce(%(season)s::text, (
        select s.name from teams t join bracket_teams bt on bt.team_id = t.id join brackets b on b.id = bt.bracket_id
        join seasons s on s.id = b.season_id
        where t.club_id = %(club_id)s order by s.first_day desc limit 1)) as season
)
select c.id, c.name, c.crest_url, asked.season, v.*,
    (select coalesce(array_agg(t.id order by t.id), '{{}}') from teams t where t.club_id = c.id) as team_ids
from asked
cross join clubs c
cross join lateral (
    select {VERSIONS} from brackets b join seasons s on s.id = b.season_id
    where s.name = asked.season and b.id in (
        select bt.bracket_id from teams t join bracket_teams bt on bt.team_id = t.id where t.club_id = c.id)
) v
where c.id = %(club_id)s
"""  # noqa: S608  constants alone


async def club(connection: Connection, *, club_id: int, season: str | None) -> dict[str, Any] | None:
    """A club, its teams of every season, and the versions of the brackets in which they stand in one; `season`: the one
    asked for or its newest, None where it never had a team."""
    return await one(connection, CLUB, {"club_id": club_id, "season": season})
