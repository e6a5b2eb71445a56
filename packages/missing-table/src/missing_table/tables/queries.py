"""Seasons, brackets and what a table is made of. One statement a page."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from match_contract import League, Status, season_of
from missing_table.database import Connection, many, one
from missing_table.kept import Version
from missing_table.league.between_brackets import BETWEEN_BRACKETS_COUNT, counting
from missing_table.league.results import Entrant, Fixture, Result
from missing_table.league.truth import Published, record_of
from missing_table.tables.schemas import Bracket, Season, TableTeam

SEASONS = """
select s.name, s.first_day, s.last_day, count(b.id)::int as brackets
from seasons s left join brackets b on b.season_id = s.id
group by s.id order by s.first_day desc
"""

SHOWN_SEASON = """
select s.name from seasons s
where s.name <= %(current)s and exists (select from brackets b where b.season_id = s.id)
order by s.name desc limit 1
"""

_NAMES = """
b.id, s.name as season, l.name as league, d.name as division, a.name as age_group, b.computed, b.synced_at,
    b.version, '/' || s.name || '/' || l.slug || '/' || lower(a.name) || '/' || d.slug as path
"""
_STANDS = """
(bt.listed or exists (
    select from match_brackets mb join matches m on m.id = mb.match_id
    where mb.bracket_id = bt.bracket_id and m.status <> 'cancelled' and bt.team_id in (m.home_team_id, m.away_team_id)))
"""
"""Who left a bracket (realigned, withdrawn, a placeholder replaced) and has no match left in it is no row of it."""
_TEAM_COUNT = f"(select count(*)::int from bracket_teams bt where bt.bracket_id = b.id and {_STANDS}) as teams"  # noqa: S608
_COLUMNS = f"{_NAMES}, {_TEAM_COUNT}, coalesce(c.matches, 0) as matches, coalesce(c.played, 0) as played"
_BRACKETS = """
from brackets b
join seasons s on s.id = b.season_id
join leagues l on l.id = b.league_id
join divisions d on d.id = b.division_id
join age_groups a on a.id = b.age_group_id
"""
BRACKET = f"select {_COLUMNS} {_BRACKETS}"
_ENDED = "m.status in ('completed', 'forfeit') and m.home_score is not null"
_COUNTS = f"""
count(*) filter (where m.status <> 'cancelled')::int as matches, count(*) filter (where {_ENDED})::int as played
"""
_MATCHES = "from match_brackets mb join matches m on m.id = mb.match_id"
OWN_COUNTS = f"cross join lateral (select {_COUNTS} {_MATCHES} where mb.bracket_id = b.id) c"
"""One row by its form: a grouped subquery would be guessed at hundreds, and the server would compile the plan (JIT)."""

BRACKETS = f"""
select {_NAMES} {_BRACKETS}
where s.name = %(season)s
    and (%(league)s::text is null or l.name = %(league)s)
    and (%(age_group)s::text is null or a.name = %(age_group)s)
    and (%(division)s::text is null or lower(d.name) = lower(%(division)s) or d.slug = lower(%(division)s))
order by l.id, a.years, d.name, b.id
"""
"""Without their counts, which a bracket's version decides and few lists must read anew."""

COUNTS = f"""
select b.id as bracket_id, b.version, b.synced_at, {_TEAM_COUNT},
    coalesce(c.matches, 0) as matches, coalesce(c.played, 0) as played
from brackets b
left join (
    select mb.bracket_id, {_COUNTS} {_MATCHES} where mb.bracket_id = any(%(bracket_ids)s) group by mb.bracket_id
) c on c.bracket_id = b.id
where b.id = any(%(bracket_ids)s)
"""  # noqa: S608

ONE_BRACKET = f"""
{BRACKET}
{OWN_COUNTS}
where b.id = %(bracket_id)s
"""

_TEAMS = f"""
select coalesce(json_agg(json_build_array(t.id, t.name, t.short_name, t.club_id, k.crest_url, p.position,
    p."values", p.observed_at) order by t.id), '[]')
from bracket_teams bt
join teams t on t.id = bt.team_id
left join clubs k on k.id = t.club_id
left join published_standings p on p.bracket_id = bt.bracket_id and p.team_id = bt.team_id
where bt.bracket_id = b.id and {_STANDS}
"""  # noqa: S608
_RESULTS = f"""
coalesce(json_agg(json_build_array(m.id, m.home_team_id, m.away_team_id, m.home_score, m.away_score,
    m.local_date, m.home_shootout, m.away_shootout, coalesce(m.kick_off::text, ''), mb.home, mb.away))
    filter (where {_ENDED}), '[]') as result_rows
"""
"""In the order of the fields of a Result."""
_AWAITED = """
coalesce(json_agg(json_build_array(m.id, m.home_team_id, m.away_team_id, m.local_date,
    coalesce(m.kick_off::text, ''), mb.home, mb.away)) filter (where m.status = 'tbd'), '[]') as awaited_rows
"""
"""Played and without a score, in the order of the fields of a Fixture."""
_FIXTURES = """
coalesce(json_agg(json_build_array(m.id, m.home_team_id, m.away_team_id, m.local_date,
    coalesce(m.kick_off::text, ''), mb.home, mb.away, m.status) order by m.local_date, m.kick_off, m.id)
    filter (where m.status not in ('completed', 'forfeit', 'cancelled')), '[]') as fixture_rows
"""
"""In the order of the fields of a Fixture, then the status."""
_MET = """
array_agg(m.home_team_id) filter (where m.status <> 'cancelled')
    || array_agg(m.away_team_id) filter (where m.status <> 'cancelled') as met
"""
_GUESTS = """
select coalesce(json_agg(json_build_array(t.id, t.name, t.short_name, t.club_id, k.crest_url) order by t.id), '[]')
from teams t left join clubs k on k.id = t.club_id
where t.id in (select unnest(c.met) except select bt.team_id from bracket_teams bt where bt.bracket_id = b.id)
"""
"""Teams of other brackets against which this one's teams play."""

TABLES = f"""
select {_COLUMNS}, ({_TEAMS}) as team_rows, c.result_rows, c.awaited_rows {_BRACKETS}
cross join lateral (select {_COUNTS}, {_RESULTS}, {_AWAITED} {_MATCHES} where mb.bracket_id = b.id) c
where b.id = any(%(bracket_ids)s) order by b.id
"""
"""What tables are made of: each bracket's matches are read once, for its counts and for its results."""

CAMPAIGN = f"""
select {_COLUMNS}, ({_TEAMS}) as team_rows, c.result_rows, c.awaited_rows, c.fixture_rows,
    ({_GUESTS}) as guest_rows {_BRACKETS}
cross join lateral (
    select {_COUNTS}, {_RESULTS}, {_AWAITED}, {_FIXTURES}, {_MET} {_MATCHES} where mb.bracket_id = b.id
) c
where b.id = %(bracket_id)s
"""

FIXTURES = """
select m.id, m.home_team_id, m.away_team_id, m.local_date, mb.home, mb.away
from match_brackets mb join matches m on m.id = mb.match_id
where mb.bracket_id = %(bracket_id)s and m.id = any(%(match_ids)s) and m.status <> 'cancelled'
"""
VERSION = "select id as bracket_id, version, synced_at from brackets where id = %(bracket_id)s"
VERSION_AT = f"""
select b.id as bracket_id, b.version, b.synced_at {_BRACKETS}
where s.name = %(season)s and l.slug = %(league)s and lower(a.name) = %(age_group)s and d.slug = %(division)s
order by b.id limit 1
"""
OFFICIAL_VERSIONS = """
select b.id as bracket_id, b.version, b.synced_at from brackets b join seasons s on s.id = b.season_id
where s.name = %(season)s and not b.computed order by b.id
"""
VERSIONS = """
array_agg(b.id order by b.id) as bracket_ids, array_agg(b.version order by b.id) as versions,
    array_agg(b.synced_at order by b.id) as synced_ats
"""
"""Columns for `versions_of`, where `b` stands for brackets."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A bracket with everything that its table is made of.

    `results` are those that count by the league's rule, `apart` those that it leaves out, `awaited` were played and
    have no score yet. `published` are the league's own rows with values, of `published_at`.
    """

    bracket: Bracket
    teams: dict[int, TableTeam]
    entrants: list[Entrant]
    results: list[Result]
    apart: list[Result] = field(default_factory=list)
    awaited: list[Fixture] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Campaign:
    """A bracket's whole season: what is played, what is left, and the guests from other brackets that it meets.

    `statuses`: of what is left, by match.
    """

    standing: Standing
    fixtures: list[Fixture]
    statuses: dict[int, Status]
    guests: dict[int, TableTeam]

    @property
    def bracket(self) -> Bracket:
        return self.standing.bracket


async def seasons(connection: Connection, *, now: datetime) -> list[Season]:
    """Newest first."""
    current = season_of(now.date()).name
    rows = await many(connection, SEASONS, {})
    return [Season(**row, current=row["name"] == current) for row in rows]


async def shown_season(connection: Connection, *, current: str) -> str:
    """The current season, or the newest before it that has tables; the current one where none has."""
    row = await one(connection, SHOWN_SEASON, {"current": current})
    return str(row["name"]) if row else current


async def brackets(
    connection: Connection,
    *,
    season: str,
    league: League | None = None,
    age_group: str | None = None,
    division: str | None = None,
) -> list[dict[str, Any]]:
    """Return the brackets of a season by league, age group and division, without their counts."""
    params = {
        "season": season,
        "league": league.value if league else None,
        "age_group": age_group,
        "division": division,
    }
    return await many(connection, BRACKETS, params)


async def counts(connection: Connection, *, bracket_ids: list[int]) -> list[dict[str, Any]]:
    """Return `bracket_id, version, synced_at, teams, matches, played` of these brackets."""
    return await many(connection, COUNTS, {"bracket_ids": bracket_ids})


async def bracket(connection: Connection, *, bracket_id: int) -> Bracket | None:
    """One bracket, or None."""
    row = await one(connection, ONE_BRACKET, {"bracket_id": bracket_id})
    return Bracket.model_validate(row) if row else None


async def version(connection: Connection, *, bracket_id: int) -> Version | None:
    """A bracket's version, or None."""
    row = await one(connection, VERSION, {"bracket_id": bracket_id})
    return Version(**row) if row else None


async def version_at(
    connection: Connection, *, season: str, league: str, age_group: str, division: str
) -> Version | None:
    """The version of the bracket at a page's address; all parts as slugs."""
    params = {"season": season, "league": league, "age_group": age_group, "division": division}
    row = await one(connection, VERSION_AT, params)
    return Version(**row) if row else None


def versions_of(row: dict[str, Any]) -> list[Version]:
    """From a row with VERSIONS, which are null where there is no bracket."""
    columns = (row["bracket_ids"] or [], row["versions"] or [], row["synced_ats"] or [])
    return [Version(*of_one) for of_one in zip(*columns, strict=True)]


async def fixtures(connection: Connection, *, bracket_id: int, match_ids: list[int]) -> list[dict[str, Any]]:
    """Those of the matches that the bracket counts: `id, home_team_id, away_team_id, local_date, home, away`."""
    return await many(connection, FIXTURES, {"bracket_id": bracket_id, "match_ids": match_ids})


async def official_versions(connection: Connection, *, season: str) -> list[Version]:
    """Return the versions of a season's brackets of which the league publishes a table with values."""
    return [Version(**row) for row in await many(connection, OFFICIAL_VERSIONS, {"season": season})]


async def standing(connection: Connection, *, bracket_id: int) -> Standing | None:
    """What one table is made of, in one statement, or None."""
    return next(iter(await standings(connection, bracket_ids=[bracket_id])), None)


async def standings(connection: Connection, *, bracket_ids: list[int]) -> list[Standing]:
    """What the tables of these brackets are made of, in one statement; by id."""
    return [_standing(row) for row in await many(connection, TABLES, {"bracket_ids": bracket_ids})]


async def campaign(connection: Connection, *, bracket_id: int) -> Campaign | None:
    """A bracket's whole season, in one statement, or None."""
    row = await one(connection, CAMPAIGN, {"bracket_id": bracket_id})
    return campaign_of(row) if row else None


def campaign_of(row: dict[str, Any]) -> Campaign:
    """From a row of CAMPAIGN."""
    fixtures: list[Fixture] = []
    statuses: dict[int, Status] = {}
    for match_id, home, away, local_date, kick_off, counts_home, counts_away, status in row["fixture_rows"]:
        fixtures.append(_fixture(match_id, home, away, local_date, kick_off, counts_home, counts_away))
        statuses[match_id] = Status(status)
    guests = {guest[0]: _team(*guest) for guest in row["guest_rows"]}
    return Campaign(_standing(row), fixtures, statuses, guests)


def _team(team_id: int, name: str, short_name: str | None, club_id: int | None, crest_url: str | None) -> TableTeam:
    return TableTeam.model_construct(id=team_id, name=name, short_name=short_name, club_id=club_id, crest_url=crest_url)


def _standing(row: dict[str, Any]) -> Standing:
    bracket = Bracket.model_validate({name: row[name] for name in Bracket.model_fields})
    shootouts = bracket.league is League.FLEX  # elsewhere ties stand, whatever the source publishes
    teams: dict[int, TableTeam] = {}
    entrants: list[Entrant] = []
    published: list[Published] = []
    seen: list[str] = []
    # of a bracket that nobody reads no row is shown: zeros would be a lie
    for *team, position, values, published_at in row["team_rows"] if bracket.is_read else ():
        teams[team[0]] = _team(*team)
        entrants.append(Entrant(team[0], team[1], position))
        record = record_of(values) if values else None
        if record is not None:
            published.append(Published(team[0], position, record))
            seen.append(published_at)
    results = []
    for match_id, home, away, home_score, away_score, day, home_shootout, away_shootout, *rest in row["result_rows"]:
        pens = (home_shootout, away_shootout) if shootouts else (None, None)
        results.append(Result(match_id, home, away, home_score, away_score, date.fromisoformat(day), *pens, *rest))
    counted = counting(results, between_brackets=BETWEEN_BRACKETS_COUNT[bracket.league])
    kept = {result.match_id for result in counted}
    return Standing(
        bracket,
        teams,
        entrants,
        counted,
        apart=[result for result in results if result.match_id not in kept],
        awaited=[_fixture(*values) for values in row["awaited_rows"]],
        published=published,
        published_at=max(map(datetime.fromisoformat, seen), default=None),
    )


def _fixture(match_id: int, home: int, away: int, day: str, kick_off: str, *counts: bool) -> Fixture:
    return Fixture(match_id, home, away, date.fromisoformat(day), kick_off, *counts)
