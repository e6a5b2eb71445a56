"""Matches as calendars and feeds need them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from match_contract import Status
from missing_table.database import Connection, many, one
from missing_table.words import plain

NAMES = {
    "team": """
select t.name || coalesce(' ' || (select a.name from bracket_teams bt join brackets b on b.id = bt.bracket_id
    join age_groups a on a.id = b.age_group_id where bt.team_id = t.id order by b.season_id desc, a.years limit 1), '')
    as name from teams t where t.id = %(id)s
""",
    "club": "select name from clubs where id = %(id)s",
}

FIXTURES = """
select m.id, h.name as home, aw.name as away, a.name as age_group, l.name as league, m.kick_off, m.local_date,
    m.time_set, v.name as venue, m.status, m.home_score, m.away_score, m.home_shootout, m.away_shootout,
    greatest(m.updated_at, c.newest) as updated_at, m.created_at, c.sequence
from matches m
cross join lateral (
    select count(*)::int as sequence, max(changed_at) as newest from match_changes where match_id = m.id
) c
join teams h on h.id = m.home_team_id
join teams aw on aw.id = m.away_team_id
join age_groups a on a.id = m.age_group_id
join leagues l on l.id = m.league_id
join seasons s on s.id = m.season_id
left join venues v on v.id = m.venue_id
where (m.home_team_id = any(%(team_ids)s) or m.away_team_id = any(%(team_ids)s)) and s.name = %(season)s
order by m.local_date, coalesce(m.kick_off, 'infinity'), m.id
"""

TEAM_IDS = {
    "team": "select id from teams where id = %(id)s",
    "club": "select id from teams where club_id = %(id)s",
}


@dataclass(frozen=True, slots=True)
class Fixture:
    """A match for a calendar. `sequence`: how often anything of it changed; `updated_at`: when it last did."""

    id: int
    home: str
    away: str
    age_group: str
    league: str
    kick_off: datetime | None
    local_date: date
    time_set: bool
    venue: str | None
    status: str
    home_score: int | None
    away_score: int | None
    home_shootout: int | None
    away_shootout: int | None
    updated_at: datetime
    created_at: datetime
    sequence: int

    @property
    def has_result(self) -> bool:
        """Whether its score stands: not while it is live, nor where one was kept of a match that was called off."""
        return self.home_score is not None and self.status in (Status.COMPLETED, Status.FORFEIT)

    @property
    def title(self) -> str:
        """Name both teams, with the result where there is one."""
        if not self.has_result:
            return f"{self.home} – {self.away}"
        shootout = "" if self.home_shootout is None else f" ({self.home_shootout}–{self.away_shootout} pens)"
        return f"{self.home} {self.home_score}–{self.away_score} {self.away}{shootout}"


async def name_of(connection: Connection, *, kind: str, subject_id: int) -> str | None:
    """The name of a team (with its age group) or a club."""
    row = await one(connection, NAMES[kind], {"id": subject_id})
    return plain(row["name"]) if row else None


async def fixtures(connection: Connection, *, kind: str, subject_id: int, season: str) -> list[Fixture]:
    """The matches of a team or of all teams of a club in a season, by date."""
    ids: list[dict[str, Any]] = await many(connection, TEAM_IDS[kind], {"id": subject_id})
    rows = await many(connection, FIXTURES, {"team_ids": [row["id"] for row in ids], "season": season})
    return [Fixture(**{name: _shown(value) for name, value in row.items()}) for row in rows]


def _shown(value: object) -> Any:
    """Return a value as calendars and feeds take it: text on one line without control characters, moments in UTC."""
    if isinstance(value, str):
        return plain(value)
    return value.astimezone(UTC) if isinstance(value, datetime) else value
