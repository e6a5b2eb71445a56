"""Clubs in the database."""

from typing import Any

from missing_table.web.state import Connection, one

CLUB = """
select c.id, c.name, c.crest_url,
    coalesce((select json_agg(json_build_object('id', t.id, 'name', t.name, 'age_label', t.age_label) order by t.id)
     from teams t where t.club_id = c.id and exists (
        select from bracket_teams bt join brackets b on b.id = bt.bracket_id join seasons s on s.id = b.season_id
        where bt.team_id = t.id and s.name = %(season)s)), '[]') as teams
from clubs c where c.id = %(club_id)s
"""


async def club(connection: Connection, *, club_id: int, season: str) -> dict[str, Any] | None:
    """A club with its teams of a season."""
    return await one(connection, CLUB, {"club_id": club_id, "season": season})
