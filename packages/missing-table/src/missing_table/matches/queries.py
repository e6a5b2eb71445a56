"""Matches. The database writes their JSON itself: lists are long, and nothing here needs a match as an object."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from match_contract import League, Status
from missing_table.database import Connection, many, one
from missing_table.matches.cursor import Cursor

_UTC = """to_char({} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def _brackets(side: str) -> str:
    return (
        "array_to_json(array(select mb.bracket_id from match_brackets mb "  # noqa: S608  a constant
        f"where mb.match_id = m.id and mb.{side} order by mb.bracket_id))"
    )


FIELDS = f"""
'id', m.id, 'external_id', m.external_id, 'season', k.season, 'league', k.league, 'age_group', k.age_group,
'division', k.division, 'home', home.item, 'away', away.item,
'kick_off', {_UTC.format("m.kick_off")}, 'timezone', m.timezone, 'local_date', m.local_date, 'time_set', m.time_set,
'venue', v.item, 'round_number', m.round_number, 'status', m.status,
'home_score', m.home_score, 'away_score', m.away_score,
'home_shootout', m.home_shootout, 'away_shootout', m.away_shootout,
'home_brackets', {_brackets("home")}, 'away_brackets', {_brackets("away")},
'observed_at', {_UTC.format("m.observed_at")}
"""

NAMED = """
k as materialized (
    select i.*, s.name as season, l.name as league, a.name as age_group, d.name as division
    from (select distinct season_id, league_id, age_group_id, division_id from m) i
    join seasons s on s.id = i.season_id
    join leagues l on l.id = i.league_id
    join age_groups a on a.id = i.age_group_id
    left join divisions d on d.id = i.division_id
),
t as materialized (
    select t.id, json_build_object('id', t.id, 'name', t.name, 'short_name', t.short_name, 'club_id', t.club_id,
        'crest_url', c.crest_url) as item
    from teams t left join clubs c on c.id = t.club_id
    where t.id in (select home_team_id from m union select away_team_id from m)
),
v as materialized (
    select id, json_build_object('id', id, 'name', name) as item from venues where id in (select venue_id from m)
)
"""
"""What the matches `m` are called by: each competition, team and venue is written once."""

JOINS = """
join k on k.season_id = m.season_id and k.league_id = m.league_id and k.age_group_id = m.age_group_id
    and k.division_id is not distinct from m.division_id
join t home on home.id = m.home_team_id
join t away on away.id = m.away_team_id
left join v on v.id = m.venue_id
"""

CALLED = """
select array(select id from teams where plain like public.plain(%(like)s)) as teams,
    array(select id from venues where plain like public.plain(%(like)s)) as venues
"""
"""Read first: knowing how many there are, the planner asks for few by their indexes and for many by date."""

_BY_TEAM = "m.home_team_id = any(%(teams)s) or m.away_team_id = any(%(teams)s)"
CONDITIONS = {
    "season": "m.season_id = (select id from seasons where name = %(season)s)",
    "league": "m.league_id = (select id from leagues where name = %(league)s)",
    "age_group": """(m.age_group_id = (select id from age_groups where name = %(age_group)s) or m.id in (
        select mb.match_id from match_brackets mb where mb.bracket_id = any(array(select b.id
            from brackets b join age_groups ba on ba.id = b.age_group_id where ba.name = %(age_group)s))))""",
    "division": """m.id in (
        select mb.match_id from match_brackets mb join brackets b on b.id = mb.bracket_id
        join divisions bd on bd.id = b.division_id
        where lower(bd.name) = lower(%(division)s) or bd.slug = lower(%(division)s))""",
    "bracket_id": "m.id = any(array(select mb.match_id from match_brackets mb where mb.bracket_id = %(bracket_id)s))",
    "team_id": "(m.home_team_id = %(team_id)s or m.away_team_id = %(team_id)s)",
    "club_id": """(m.home_team_id = any(array(select n.id from teams n where n.club_id = %(club_id)s))
        or m.away_team_id = any(array(select n.id from teams n where n.club_id = %(club_id)s)))""",
    "first": "m.local_date >= %(first)s::date",
    "last": "m.local_date <= %(last)s::date",
    "statuses": "m.status = any(%(statuses)s::text[])",
    "by_team": f"({_BY_TEAM})",
    "by_venue": "m.venue_id = any(%(venues)s)",
    "by_either": f"({_BY_TEAM} or m.venue_id = any(%(venues)s))",
    "after_date": """(m.local_date, coalesce(m.kick_off, 'infinity'), m.id)
        > (%(after_date)s::date, coalesce(%(after_kick_off)s::timestamptz, 'infinity'), %(after_id)s::bigint)""",
}
"""By the parameter that asks for it (`by_…`: a text, by what CALLED finds). Only those that are asked stand in the
statement: a condition that is switched off by a parameter (`is null or`) would keep the planner from an index."""


def list_of(params: dict[str, Any]) -> str:
    """The statement. First which matches, then what they say: nothing is joined for those that are not on the page."""
    asked = [condition for name, condition in CONDITIONS.items() if params.get(name) is not None]
    return f"""
with m as materialized (
    select m.* from matches m where {" and ".join(asked) or "true"}
    order by m.local_date, coalesce(m.kick_off, 'infinity'), m.id
    limit %(limit)s + 1
),
{NAMED}
select json_build_object({FIELDS})::text as item, m.local_date, m.kick_off, m.id
from m {JOINS}
order by m.local_date, coalesce(m.kick_off, 'infinity'), m.id
"""  # noqa: S608  constants of this file alone


ONE = f"""
with m as materialized (select * from matches where id = %(match_id)s),
{NAMED}
select json_build_object({FIELDS}, 'brackets', (
    select coalesce(json_agg(json_build_object('id', b.id, 'league', bl.name, 'division', bd.name,
        'age_group', ba.name,
        'path', '/' || bs.name || '/' || bl.slug || '/' || lower(ba.name) || '/' || bd.slug) order by b.id), '[]')
    from match_brackets mb
    join brackets b on b.id = mb.bracket_id
    join seasons bs on bs.id = b.season_id
    join leagues bl on bl.id = b.league_id
    join divisions bd on bd.id = b.division_id
    join age_groups ba on ba.id = b.age_group_id
    where mb.match_id = m.id
))::text as item
from m {JOINS}
"""  # noqa: S608

CHANGES = f"""
select json_build_object('id', c.id, 'match_id', c.match_id, 'field', c.field, 'before', c.old_value,
    'after', c.new_value, 'changed_at', {_UTC.format("c.changed_at")},
    'by', case when c.account_id is null then 'source' else 'person' end,
    'batch_id', c.batch_id)::text as item, c.id
from match_changes c
where (%(match_id)s::bigint is null or c.match_id = %(match_id)s)
    and (%(since)s::timestamptz is null or c.changed_at >= %(since)s)
    and c.id > %(after_id)s
order by c.id limit %(limit)s + 1
"""  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which matches. None: any."""

    season: str | None = None
    league: League | None = None
    age_group: str | None = None
    division: str | None = None
    bracket_id: int | None = None
    team_id: int | None = None
    club_id: int | None = None
    first: date | None = None
    last: date | None = None
    statuses: Sequence[Status] | None = None
    text: str | None = None


def _like(text: str | None) -> str | None:
    if not text:
        return None
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def page_of(rows: Sequence[dict[str, Any]], limit: int, next_cursor: str | None) -> bytes:
    """The list as JSON, out of rows whose `item` is JSON already."""
    items = ",".join(row["item"] for row in rows[:limit])
    cursor = f'"{next_cursor}"' if next_cursor else "null"
    return f'{{"items":[{items}],"next_cursor":{cursor}}}'.encode()


EMPTY = page_of([], 0, None)


async def matches(connection: Connection, *, wanted: Filter, limit: int, after: Cursor | None) -> bytes:
    """A page of matches by local date, kick-off and id, as JSON."""
    params = {
        "season": wanted.season,
        "league": wanted.league.value if wanted.league else None,
        "age_group": wanted.age_group,
        "division": wanted.division,
        "bracket_id": wanted.bracket_id,
        "team_id": wanted.team_id,
        "club_id": wanted.club_id,
        "first": wanted.first,
        "last": wanted.last,
        "statuses": [status.value for status in wanted.statuses] if wanted.statuses else None,
        "after_date": after.local_date if after else None,
        "after_kick_off": after.kick_off if after else None,
        "after_id": after.match_id if after else None,
        "limit": limit,
    }
    if like := _like(wanted.text):
        called = await one(connection, CALLED, {"like": like}) or {}
        teams, venues = called.get("teams"), called.get("venues")
        if not teams and not venues:
            return EMPTY
        how = "by_either" if teams and venues else "by_team" if teams else "by_venue"
        params |= {"teams": teams, "venues": venues, how: True}
    rows = await many(connection, list_of(params), params)
    cursor = None
    if len(rows) > limit:
        last = rows[limit - 1]
        cursor = Cursor(last["local_date"], last["kick_off"], last["id"]).text
    return page_of(rows, limit, cursor)


async def match(connection: Connection, *, match_id: int) -> bytes | None:
    """One match as JSON, or None."""
    row = await one(connection, ONE, {"match_id": match_id})
    return row["item"].encode() if row else None


async def changes(connection: Connection, *, match_id: int | None, since: Any, after_id: int, limit: int) -> bytes:
    """What changed, oldest first, as JSON."""
    params = {"match_id": match_id, "since": since, "after_id": after_id, "limit": limit}
    rows = await many(connection, CHANGES, params)
    return page_of(rows, limit, str(rows[limit - 1]["id"]) if len(rows) > limit else None)
