"""Teams in the database."""

from typing import Any

from missing_table.database import Connection, one
from missing_table.tables.queries import VERSIONS

TEAM = f"""
select t.id, t.name, t.short_name, t.club_id, c.name as club_name, c.crest_url, t.age_label, n.season, v.*,
    (select a.name from bracket_teams bt join brackets b on b.id = bt.bracket_id
     join age_groups a on a.id = b.age_group_id where bt.team_id = t.id order by b.season_id desc, a.years limit 1
    ) as age_group
from teams t
left join clubs c on c.id = t.club_id
left join lateral (
    select s.id, s.name as season
    from bracket_teams bt join brackets b on b.id = bt.bracket_id join seasons s on s.id = b.season_id
    where bt.team_id = t.id and (%(season)s::text is null or s.name = %(season)s)
    order by s.first_day desc limit 1
) n on true
cross join lateral (
    select {VERSIONS}, (array_agg(l.name order by b.id))[1] as league
    from bracket_teams bt join brackets b on b.id = bt.bracket_id join leagues l on l.id = b.league_id
    where bt.team_id = t.id and b.season_id = n.id
) v
where t.id = %(team_id)s
"""  # noqa: S608  constants alone


async def team(connection: Connection, *, team_id: int, season: str | None) -> dict[str, Any] | None:
    """A team's own fields, the versions of its brackets and the league of the first; `season`: the one asked for or
    the newest, None where it stands in no bracket."""
    return await one(connection, TEAM, {"team_id": team_id, "season": season})
