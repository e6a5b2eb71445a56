"""Finds or makes what a match stands on: season, league, age group, division, bracket, club, team, venue. Ids only.

Of two observations of the same thing the newer one names it; at equal moments the greater one, so the order in which
they arrive does not matter. A process remembers what the database holds: a document's later batches ask nothing.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple

import psycopg

from match_contract import Bracket, Season, TeamRef, Venue
from missing_table.ingest.faults import RaceLost

Key = tuple[str, ...]
Attributes = tuple[str, ...]


class Place(NamedTuple):
    """One thing to be there: its key, what is said of it ('' for nothing), and when."""

    key: Key
    attributes: Attributes
    observed_at: datetime


@dataclass
class Known:
    """What is known to be in the database: key -> (id, newest observation of it)."""

    ids: dict[Key, int] = field(default_factory=dict)
    newest: dict[Key, tuple[datetime, Attributes]] = field(default_factory=dict)

    def lacks(self, place: Place) -> bool:
        known = self.newest.get(place.key)
        return known is None or (place.observed_at, place.attributes) > known


class Places:
    """The memory of one process. `forget` it after a rollback: what it learned there may not be in the database."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Starts from nothing."""
        self.seasons, self.leagues, self.ages, self.divisions = Known(), Known(), Known(), Known()
        self.brackets, self.clubs, self.teams, self.venues = Known(), Known(), Known(), Known()
        self.sides: dict[tuple[str | None, ...], datetime] = {}
        self.venue_words: dict[tuple[str | None, ...], datetime] = {}
        self.members: set[tuple[int, int]] = set()


def slug(name: str) -> str:
    """A name as it stands in an address: "Southeast (Pro Player Pathway)" -> "southeast-pro-player-pathway"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "x"


def newest_of(places: Iterable[Place]) -> dict[Key, Place]:
    """One place a key: the newest, at equal moments the greatest."""
    best: dict[Key, Place] = {}
    for place in places:
        other = best.get(place.key)
        if other is None or (place.observed_at, place.attributes) > (other.observed_at, other.attributes):
            best[place.key] = place
    return best


def _ensure(
    known: Known, places: Iterable[Place], write: Callable[[list[Place]], Iterable[tuple[Any, ...]]]
) -> Mapping[Key, int]:
    lacking = [place for place in newest_of(places).values() if known.lacks(place)]
    if lacking:
        lacking.sort(key=lambda place: place.key)
        for *key, identifier in write(lacking):
            known.ids[tuple(key)] = identifier
        for place in lacking:
            if place.key not in known.ids:
                raise RaceLost(f"{place.key} was made by another transaction meanwhile")
            known.newest[place.key] = (place.observed_at, place.attributes)
    return known.ids


def _columns(places: list[Place]) -> dict[str, list[Any]]:
    """k0, k1, … the key's parts, a0, a1, … the attributes ('' as null), at: for unnest."""
    columns: dict[str, list[Any]] = {"at": [place.observed_at for place in places]}
    for index in range(len(places[0].key)):
        columns[f"k{index}"] = [place.key[index] for place in places]
    for index in range(len(places[0].attributes)):
        columns[f"a{index}"] = [place.attributes[index] or None for place in places]
    return columns


def _writer(connection: psycopg.Connection, statement: str) -> Callable[[list[Place]], Iterable[tuple[Any, ...]]]:
    def write(places: list[Place]) -> Iterable[tuple[Any, ...]]:
        return connection.execute(statement, _columns(places)).fetchall()

    return write


_SEASONS = """
with given as (select * from unnest(%(k0)s::text[], %(a0)s::date[], %(a1)s::date[]) as g (name, first_day, last_day)),
added as (
    insert into seasons (name, first_day, last_day) select name, first_day, last_day from given order by name
    on conflict do nothing returning name, id
)
select name, id from added union all select s.name, s.id from given join seasons s using (name)
"""
_AGES = """
with given as (select * from unnest(%(k0)s::text[]) as g (name)),
added as (insert into age_groups (name) select name from given order by name on conflict do nothing returning name, id)
select name, id from added union all select s.name, s.id from given join age_groups s using (name)
"""
_LEAGUES = "select name, id from leagues where name = any(%(k0)s)"
_DIVISIONS = """
with given as (
    select l.id as league_id, g.league, g.name, g.slug
    from unnest(%(k0)s::text[], %(k1)s::text[], %(a0)s::text[]) as g (league, name, slug)
    join leagues l on l.name = g.league
),
added as (
    insert into divisions (league_id, name, slug) select league_id, name, slug from given order by league_id, name
    on conflict do nothing returning league_id, name, id
)
select g.league, g.name, coalesce(a.id, d.id)
from given g left join added a using (league_id, name) left join divisions d using (league_id, name)
where coalesce(a.id, d.id) is not null
"""
# Of each kind the same three steps in one statement: what is there, what is missing, what is older than what is said
# now. The rows to be written over are locked in the order of their ids, so that two workers never wait for each other.
_BRACKETS = """
with given as materialized (
    select * from unnest(%(k0)s::text[], %(k1)s::smallint[], %(k2)s::text[], %(a0)s::smallint[], %(a1)s::int[],
        %(a2)s::smallint[], %(a3)s::text[], %(a4)s::boolean[], %(at)s::timestamptz[])
        as g (source, season_id, external_id, league_id, division_id, age_group_id, gender, computed, observed_at)
),
present as materialized (
    select b.*, g.observed_at as at, g.league_id as l, g.division_id as d, g.age_group_id as a, g.gender as s,
        g.computed as c
    from given g join brackets b using (source, season_id, external_id)
),
added as (
    insert into brackets
        (source, season_id, external_id, league_id, division_id, age_group_id, gender, computed, observed_at)
    select g.* from given g where not exists (
        select from present p
        where (p.source, p.season_id, p.external_id) = (g.source, g.season_id, g.external_id))
    order by g.source, g.season_id, g.external_id
    on conflict do nothing
    returning source, season_id, external_id, id
),
older as (
    select b.id from present p join brackets b on b.id = p.id
    where (p.at, p.l, p.d, p.a, p.s collate "C", p.c)
        > (b.observed_at, b.league_id, b.division_id, b.age_group_id, b.gender collate "C", b.computed)
    order by b.id for update of b
),
renewed as (
    update brackets b
    set league_id = p.l, division_id = p.d, age_group_id = p.a, gender = p.s, computed = p.c, observed_at = p.at
    from present p where p.id = b.id and b.id in (select id from older)
        and (p.at, p.l, p.d, p.a, p.s collate "C", p.c)
            > (b.observed_at, b.league_id, b.division_id, b.age_group_id, b.gender collate "C", b.computed)
)
select source, season_id::text, external_id, id from added
union all select source, season_id::text, external_id, id from present
"""
_CLUBS = """
with given as materialized (
    select * from unnest(%(k0)s::text[], %(k1)s::text[], %(a0)s::text[], %(a1)s::text[], %(at)s::timestamptz[])
        as g (source, external_id, name, crest_url, at)
),
present as materialized (
    select c.id, g.* from given g join clubs c on c.source = g.source and c.external_id = g.external_id
),
added as (
    insert into clubs (source, external_id, name, crest_url, observed_at)
    select g.source, g.external_id, g.name, g.crest_url, g.at from given g
    where not exists (select from present p where p.source = g.source and p.external_id = g.external_id)
    order by g.source, g.external_id
    on conflict do nothing
    returning source, external_id, id
),
older as (
    select c.id from present p join clubs c on c.id = p.id
    where (p.at, p.name collate "C", coalesce(p.crest_url, '') collate "C")
        > (c.observed_at, c.name collate "C", coalesce(c.crest_url, '') collate "C")
    order by c.id for update of c
),
renewed as (
    update clubs c set name = p.name, crest_url = p.crest_url, observed_at = p.at
    from present p where p.id = c.id and c.id in (select id from older)
        and (p.at, p.name collate "C", coalesce(p.crest_url, '') collate "C")
            > (c.observed_at, c.name collate "C", coalesce(c.crest_url, '') collate "C")
)
select source, external_id, id from added union all select source, external_id, id from present
"""
_TEAMS = """
with given as materialized (
    select * from unnest(%(k0)s::text[], %(k1)s::text[], %(a0)s::text[], %(a1)s::text[], %(a2)s::bigint[],
        %(at)s::timestamptz[]) as g (source, external_id, name, age_label, club_id, at)
),
present as materialized (
    select t.id, t.name as old_name, t.observed_at as old_at, g.*
    from given g join teams t on t.source = g.source and t.external_id = g.external_id
),
added as (
    insert into teams (source, external_id, name, age_label, club_id, observed_at)
    select g.source, g.external_id, g.name, g.age_label, g.club_id, g.at from given g
    where not exists (select from present p where p.source = g.source and p.external_id = g.external_id)
    order by g.source, g.external_id
    on conflict do nothing
    returning source, external_id, id
),
older as (
    select t.id from present p join teams t on t.id = p.id
    where (p.at, p.name collate "C", coalesce(p.age_label, '') collate "C", coalesce(p.club_id, 0))
        > (t.observed_at, t.name collate "C", coalesce(t.age_label, '') collate "C", coalesce(t.club_id, 0))
    order by t.id for update of t
),
renewed as (
    update teams t set name = p.name, age_label = p.age_label, club_id = p.club_id, observed_at = p.at
    from present p where p.id = t.id and t.id in (select id from older)
        and (p.at, p.name collate "C", coalesce(p.age_label, '') collate "C", coalesce(p.club_id, 0))
            > (t.observed_at, t.name collate "C", coalesce(t.age_label, '') collate "C", coalesce(t.club_id, 0))
)
select source, external_id, false as renamed, id from added
union all select source, external_id, name <> old_name and at >= old_at, id from present
"""

_VENUES = """
with given as materialized (
    select * from unnest(%(k0)s::text[], %(k1)s::text[], %(a0)s::text[], %(at)s::timestamptz[])
        as g (source, external_id, name, at)
),
present as materialized (
    select v.id, g.* from given g join venues v on v.source = g.source and v.external_id = g.external_id
),
added as (
    insert into venues (source, external_id, name, observed_at)
    select g.source, g.external_id, g.name, g.at from given g
    where not exists (select from present p where p.source = g.source and p.external_id = g.external_id)
    order by g.source, g.external_id
    on conflict do nothing
    returning source, external_id, id
),
older as (
    select v.id from present p join venues v on v.id = p.id
    where (p.at, p.name collate "C") > (v.observed_at, v.name collate "C")
    order by v.id for update of v
),
renewed as (
    update venues v set name = p.name, observed_at = p.at
    from present p where p.id = v.id and v.id in (select id from older)
        and (p.at, p.name collate "C") > (v.observed_at, v.name collate "C")
)
select source, external_id, id from added union all select source, external_id, id from present
"""
# Where the source has no ids the name is the key.
_NAMED_VENUES = """
with given as (select * from unnest(%(k0)s::text[], %(k1)s::text[], %(at)s::timestamptz[]) as g (source, name, at)),
added as (
    insert into venues (source, name, observed_at) select source, name, at from given order by source, name
    on conflict do nothing returning source, name, id
)
select source, name, id from added
union all
select g.source, g.name, v.id from given g
join venues v on v.source = g.source and v.name = g.name and v.external_id is null
"""
# A team by its name: an alias first (the more particular one), then a team that bears the name, then, where the source
# says whose team it is (or the name stands in a published table), a new one. What is left is unknown.
_NAMED_TEAMS = """
with given as materialized (
    select * from unnest(%(source)s::text[], %(name)s::text[], %(label)s::text[], %(club)s::bigint[],
        %(make)s::boolean[], %(at)s::timestamptz[]) as g (source, name, label, club_id, make, at)
),
found as materialized (
    select g.*, coalesce(
        (
            select coalesce(a.team_id, (
                select t.id from teams t
                where t.club_id = a.club_id and t.age_label is not distinct from g.label order by t.id limit 1))
            from team_aliases a
            where a.alias = g.name and (a.source is null or a.source = g.source)
                and (a.age_label is null or a.age_label is not distinct from g.label)
            order by a.age_label is null, a.source is null limit 1
        ),
        (
            select t.id from teams t
            where t.source = g.source and t.name = g.name and t.age_label is not distinct from g.label
            order by t.external_id is not null, t.id limit 1
        )) as id
    from given g
),
added as (
    insert into teams (source, name, age_label, club_id, observed_at)
    select source, name, label, club_id, at from found where id is null and make order by source, name, label
    on conflict do nothing
    returning source, name, age_label, id
)
select source, name, coalesce(label, ''), id from found where id is not null
union all select source, name, coalesce(age_label, ''), id from added
"""


def _number(value: int | None) -> str:
    """A number as an attribute: compares as text the way it compares as a number. None is ''."""
    return "" if value is None else f"{value:019d}"


def ensure_brackets(
    connection: psycopg.Connection, places: Places, source: str, brackets: Iterable[Bracket], observed_at: datetime
) -> dict[tuple[str, str], int]:
    """Ids by (season, external id), with the season, league, age group and division that each of them names."""
    given = tuple(brackets)
    ensure_frame(
        connection,
        places,
        seasons={bracket.season for bracket in given},
        leagues={bracket.league.value for bracket in given},
        ages={bracket.age_group for bracket in given},
        divisions={(bracket.league.value, bracket.division) for bracket in given},
    )
    wanted = {
        (bracket.season, bracket.external_id): Place(
            (source, str(places.seasons.ids[bracket.season,]), bracket.external_id),
            (
                _number(places.leagues.ids[bracket.league.value,]),
                _number(places.divisions.ids[bracket.league.value, bracket.division]),
                _number(places.ages.ids[bracket.age_group,]),
                bracket.gender,
                "true" if bracket.computed else "false",
            ),
            observed_at,
        )
        for bracket in given
    }
    ids = _ensure(places.brackets, wanted.values(), _writer(connection, _BRACKETS))
    return {key: ids[place.key] for key, place in wanted.items()}


def ensure_frame(
    connection: psycopg.Connection,
    places: Places,
    *,
    seasons: set[str],
    leagues: set[str],
    ages: set[str],
    divisions: set[tuple[str, str]],
) -> None:
    """Seasons, leagues, age groups and divisions by name; they have no observations, they only are."""
    whole = [(Season.parse(name).first_day.isoformat(), Season.parse(name).last_day.isoformat()) for name in seasons]
    _ensure(
        places.seasons,
        [Place((name,), bounds, _EVER) for name, bounds in zip(seasons, whole, strict=True)],
        _writer(connection, _SEASONS),
    )
    _ensure(places.leagues, [Place((name,), (), _EVER) for name in leagues], _writer(connection, _LEAGUES))
    _ensure(places.ages, [Place((name,), (), _EVER) for name in ages], _writer(connection, _AGES))
    _ensure(
        places.divisions,
        [Place((league, name), (slug(name),), _EVER) for league, name in divisions],
        _writer(connection, _DIVISIONS),
    )


_EVER = datetime.min.replace(tzinfo=UTC)


class Side(NamedTuple):
    """A team as one observation names it; `listed`: in a published table, which makes it a team even without ids."""

    source: str
    team: TeamRef
    observed_at: datetime
    listed: bool = False


class Teams(NamedTuple):
    """Ids by squad id and by (name, age label); the ids of those whose name changed just now."""

    by_squad: Mapping[Key, int]
    by_name: Mapping[Key, int]
    renamed: list[int]

    def id_of(self, source: str, team: TeamRef) -> int | None:
        """None: a name that nothing resolves."""
        if team.squad_id is not None:
            return self.by_squad[source, team.squad_id]
        return self.by_name.get((source, team.name, team.age_label or ""))


_WORDS = attrgetter("squad_id", "name", "age_label", "club_id", "club_name", "crest_url")


def ensure_teams(connection: psycopg.Connection, places: Places, sides: Iterable[Side]) -> Teams:
    """Every team that the sides name, and their clubs. What the process has seen word for word costs no question.

    A name without an id is asked again in every message: a person may have added an alias meanwhile, or removed one.
    """
    new: dict[Any, Side] = {}
    seen = places.sides
    for side in sides:
        source, team, observed_at, listed = side
        words = (source, *_WORDS(team))
        known = seen.get(words)
        if known is None or known < observed_at:
            other = new.get(words)
            if other is None or (other.listed, other.observed_at) < (listed, observed_at):
                new[words] = side
    renamed, named = _learn_teams(connection, places, tuple(new.values())) if new else ([], {})
    seen.update((words, side.observed_at) for words, side in new.items() if side.team.squad_id is not None)
    return Teams(places.teams.ids, named, renamed)


def _learn_teams(
    connection: psycopg.Connection, places: Places, sides: tuple[Side, ...]
) -> tuple[list[int], Mapping[Key, int]]:
    clubs = _ensure_clubs(connection, places, sides)
    renamed: list[int] = []

    def write(given: list[Place]) -> Iterable[tuple[Any, ...]]:
        rows = connection.execute(_TEAMS, _columns(given)).fetchall()
        renamed.extend(identifier for *_, changed, identifier in rows if changed)
        return [(source, squad, identifier) for source, squad, _, identifier in rows]

    _ensure(
        places.teams,
        [
            Place(
                (side.source, side.team.squad_id),
                (side.team.name, side.team.age_label or "", _number(clubs.get((side.source, side.team.club_id or "")))),
                side.observed_at,
            )
            for side in sides
            if side.team.squad_id is not None
        ],
        write,
    )
    return renamed, _ensure_named(connection, [side for side in sides if side.team.squad_id is None], clubs)


def _ensure_named(connection: psycopg.Connection, sides: list[Side], clubs: Mapping[Key, int]) -> Mapping[Key, int]:
    named = {
        (side.source, side.team.name, side.team.age_label or ""): side
        for side in sorted(sides, key=lambda side: side.listed or side.team.club_id is not None)
    }
    if not named:
        return {}
    asked = list(named.values())
    make = [side.listed or side.team.club_id is not None for side in asked]
    rows = connection.execute(
        _NAMED_TEAMS,
        {
            "source": [side.source for side in asked],
            "name": [side.team.name for side in asked],
            "label": [side.team.age_label for side in asked],
            "club": [clubs.get((side.source, side.team.club_id or "")) for side in asked],
            "make": make,
            "at": [side.observed_at for side in asked],
        },
    ).fetchall()
    found: dict[Key, int] = {(source, name, label): identifier for source, name, label, identifier in rows}
    for key, made in zip(named, make, strict=True):
        if made and key not in found:
            raise RaceLost(f"{key} was made by another transaction meanwhile")
    return found


def _ensure_clubs(connection: psycopg.Connection, places: Places, sides: tuple[Side, ...]) -> Mapping[Key, int]:
    with_id = [
        Place(
            (side.source, side.team.club_id),
            (side.team.club_name or side.team.name, side.team.crest_url or ""),
            side.observed_at,
        )
        for side in sides
        if side.team.club_id is not None
    ]
    return _ensure(places.clubs, with_id, _writer(connection, _CLUBS))


def ensure_venues(
    connection: psycopg.Connection, places: Places, venues: Iterable[tuple[str, Venue, datetime]]
) -> Mapping[Key, int]:
    """Ids by (source, external id), and by (source, "", name) where the source has no ids."""
    new: dict[tuple[str | None, ...], tuple[str, Venue, datetime]] = {}
    seen = places.venue_words
    for source, venue, observed_at in venues:
        words = (source, venue.external_id, venue.name)
        known = seen.get(words)
        if known is None or known < observed_at:
            new[words] = (source, venue, observed_at)
    if new:
        _learn_venues(connection, places, list(new.values()))
        seen.update((words, observed_at) for words, (_, _, observed_at) in new.items())
    return places.venues.ids


def _learn_venues(connection: psycopg.Connection, places: Places, venues: list[tuple[str, Venue, datetime]]) -> None:
    with_id: list[Place] = []
    named: list[Place] = []
    for source, venue, observed_at in venues:
        if venue.external_id is not None:
            with_id.append(Place((source, venue.external_id), (venue.name,), observed_at))
        else:
            named.append(Place((source, "", venue.name), (), _EVER))
    _ensure(places.venues, with_id, _writer(connection, _VENUES))

    def write(given: list[Place]) -> Iterable[tuple[Any, ...]]:
        columns = {
            "k0": [place.key[0] for place in given],
            "k1": [place.key[2] for place in given],
            "at": [datetime.now(UTC) for _ in given],
        }
        rows = connection.execute(_NAMED_VENUES, columns)
        return [(source, "", name, identifier) for source, name, identifier in rows]

    _ensure(places.venues, named, write)


def venue_key(source: str, venue: Venue) -> Key:
    """Under which `ensure_venues` answers."""
    return (source, venue.external_id) if venue.external_id is not None else (source, "", venue.name)
