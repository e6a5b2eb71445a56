"""Clubs in the database."""

from typing import Any

from missing_table.web.state import Connection, one

CLUB = """
with asked as (
    select coalesce(%(season)s::text, (
        select s.name from teams t join bracket_teams bt on bt.team_id = t.id join brackets b on b.id = bt.bracket_id
        join seasons s on s.id = b.season_id
        where t.club_id = %(club_id)s order by s.first_day desc limit 1)) as season
)
select c.id, c.name, c.crest_url, asked.season,
    coalesce((select json_agg(json_build_object('id', t.id, 'name', t.name, 'age_label', t.age_label) order by t.id)
     from teams t where t.club_id = c.id and exists (
        select from bracket_teams bt join brackets b on b.id = bt.bracket_id join seasons s on s.id = b.season_id
        where bt.team_id = t.id and s.name = asked.season)), '[]') as teams
from asked, clubs c where c.id = %(club_id)s
"""


async def club(connection: Connection, *, club_id: int, season: str | None) -> dict[str, Any] | None:
    """A club with its teams of a season; `season`: the one asked for or its newest, None where it never had a team."""
    return await one(connection, CLUB, {"club_id": club_id, "season": season})
