"""The whole season as it will have been: brackets, squads, fixtures, and when each thing becomes known.

Made once from seed, season and size, and never changed; `asof` shows what of it the source publishes at a moment.
The counts and the quirks are those of the project's source-site page (its numbers are given as "quirk N").
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from random import Random
from typing import Literal

from devstack.replica.season import clock
from devstack.replica.season.clubs import ACADEMY_REGIONS, FLEX_GROUPS, LEAGUE_REGIONS, Club, clubs
from match_contract.season import Season

Size = Literal["full", "small"]
Kind = Literal["league", "flex", "academy"]
KEYS: dict[Kind, str] = {
    "league": "mls-next-league",
    "flex": "mls-next-flex",
    "academy": "mls-next-2-academy-division",
}
TITLES: dict[Kind, str] = {"league": "League", "flex": "MLS NEXT Flex", "academy": "Academy Division"}
COMPETITIONS: dict[Kind, tuple[int, str]] = {
    "league": (1605, "League"),
    "flex": (1607, "MLS NEXT Flex"),
    "academy": (2203, "Academy Division"),
}
PRO_PATHWAY = (1606, "League (Pro Player Pathway)")
AGES = {"U13": 36, "U14": 37, "U15": 38, "U16": 39, "U17": 40, "U19": 42}
"""Age groups and their ids in the viewer. There is no U18."""
EVENTS: dict[Kind, int] = {"league": 7_763, "flex": 3_155, "academy": 13_705}
FIRST_NUMBER: dict[Kind, int] = {"league": 20_000, "flex": 40_000, "academy": 50_000}
AGAIN = 19_000
"""What a match that was issued again adds to its competition's first number."""
YOUNG = dict(zip(LEAGUE_REGIONS, (18, 15, 16, 14, 14, 16, 12, 15), strict=True))
OLD = dict(zip(LEAGUE_REGIONS, (12, 11, 12, 10, 11, 11, 9, 12), strict=True))
PRO = {
    "Northeast (Pro Player Pathway)": ("Northeast", "Mid-Atlantic"),
    "Southeast (Pro Player Pathway)": ("Southeast", "Florida"),
    "Central (Pro Player Pathway)": ("Mid-America", "Frontier"),
    "West (Pro Player Pathway)": ("Northwest", "Southwest"),
}
PRO_CLUBS = 5
"""So many clubs of each region play the Pro Player Pathway from U16 on."""
FLEX_TEAMS, ACADEMY_TEAMS = 9, (13, 12, 12, 11, 12)
DAY = 86_400
HOUR = 3_600
PLACEHOLDER = 6 * 60
"""06:00 local: no time is set (quirk 3)."""
MINUTES = [hour * 60 + part for hour in range(8, 19) for part in (0, 0, 0, 15, 30, 30, 45)]


@dataclass(frozen=True, slots=True, eq=False)
class Squad:
    """A team of a club at an age. `label` is what the feed calls its name: "U14", "U13 AD", "U17B"."""

    id: int
    club: Club
    label: str
    strength: float


@dataclass(slots=True, eq=False)
class Bracket:
    """A conference at an age. `listed`: squads of the standings document; `playing`: those that have fixtures."""

    id: int
    kind: Kind
    name: str
    age: str
    listed: list[Squad] = field(default_factory=list)
    playing: list[Squad] = field(default_factory=list)

    @property
    def computed(self) -> bool:
        """U13 and U14 have no official values (quirk 10)."""
        return self.age in ("U13", "U14")


@dataclass(slots=True, eq=False)
class Slot:
    """What the schedule says from a moment on. `minute` is None where no time is set and the venue is "TBD"."""

    since: int
    day: date
    minute: int | None
    kick_off: int


@dataclass(slots=True, eq=False)
class Fixture:
    """A match, with everything that will ever be known of it. Moments are seconds since 1970, UTC."""

    number: int
    kind: Kind
    bracket: Bracket
    home: Squad
    away: Squad
    competition: tuple[int, str]
    venue: tuple[int, str]
    slots: list[Slot]
    score: tuple[int, int]
    shootout: tuple[int, int] | None
    published_at: int | None
    first_score: tuple[int, int]
    corrected_at: int
    vanishes_at: int | None = None
    appears_at: int = 0
    entered_early_at: int | None = None
    flagged: bool = True
    nameless: bool = False
    round_number: int | None = None
    home_brackets: tuple[int, ...] = ()
    away_brackets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    season: Season
    brackets: dict[Kind, list[Bracket]]
    fixtures: dict[Kind, list[Fixture]]


@lru_cache(maxsize=8)
def plan(seed: int, season: Season, size: Size) -> Plan:
    """The season's plan. Squads are the same every season; fixtures, results and mishaps are not."""
    league_clubs, academy_clubs = (18, 13) if size == "full" else (10, 6)
    pools = clubs(seed, league=league_clubs, academy=academy_clubs)
    squads = _Squads(seed)
    brackets: dict[Kind, list[Bracket]] = {
        "league": _league(pools, squads, size),
        "academy": _academy(pools, squads, size),
    }
    brackets["flex"] = _flex(brackets["league"], size)
    _quirky_squads(brackets["league"], squads)
    random = Random(f"season-{seed}-{season.name}")  # noqa: S311
    fixtures = {kind: _fixtures(kind, brackets[kind], season, size, random) for kind in KEYS}
    for kind, played in fixtures.items():
        _mishaps(kind, played, season, size, random)
        _count_in(brackets[kind], played)
    return Plan(season, {kind: brackets[kind] for kind in KEYS}, fixtures)


class _Squads:
    """Makes each squad once: asked again for the same club, age and division it is the same one."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"squads-{seed}")  # noqa: S311
        self._made: dict[tuple[int, str, str], Squad] = {}

    def of(self, club: Club, age: str, suffix: str = "") -> Squad:
        known = self._made.get((club.id, age, suffix))
        if known is None:
            known = Squad(5_000 + len(self._made), club, age + suffix, self._random.gauss(0, 0.45))
            self._made[club.id, age, suffix] = known
        return known


def _league(pools: dict[str, list[Club]], squads: _Squads, size: Size) -> list[Bracket]:
    made: list[Bracket] = []

    def add(name: str, age: str, members: list[Club]) -> None:
        made.append(Bracket(600 + len(made), "league", name, age, [squads.of(club, age) for club in members]))

    if size == "small":
        for name, age in (("Northeast", "U13"), ("Northeast", "U14"), ("Florida", "U13"), ("Florida", "U14")):
            add(name, age, pools[name][:8])
        add("Northeast", "U15", pools["Northeast"][:8])
        add("Southwest", "U16", pools["Southwest"][PRO_CLUBS : PRO_CLUBS + 4])
        add("Frontier", "U17", pools["Frontier"][PRO_CLUBS : PRO_CLUBS + 4])
        for name in ("Southeast (Pro Player Pathway)", "West (Pro Player Pathway)"):
            add(name, "U17", [club for region in PRO[name] for club in pools[region][:2]])
        return made
    for age in AGES:
        old = age in ("U16", "U17", "U19")
        for region, count in (OLD if old else YOUNG).items():
            first = PRO_CLUBS if old else 0
            add(region, age, pools[region][first : first + count])
        if old:
            for name, regions in PRO.items():
                add(name, age, [club for region in regions for club in pools[region][:PRO_CLUBS]])
    return made


def _academy(pools: dict[str, list[Club]], squads: _Squads, size: Size) -> list[Bracket]:
    made: list[Bracket] = []
    wanted = [(name, age) for age in AGES for name in ACADEMY_REGIONS]
    if size == "small":
        wanted = [("New England", "U13"), ("New England", "U14"), ("New England", "U15")]
    for number, (name, age) in enumerate(wanted):
        count = ACADEMY_TEAMS[number % len(ACADEMY_TEAMS)] if size == "full" else 6
        listed = [squads.of(club, age, " AD") for club in pools[f"AD {name}"][:count]]
        made.append(Bracket(1_200 + number, "academy", name, age, listed))
    return made


def _flex(league: list[Bracket], size: Size) -> list[Bracket]:
    """The squads of the League play Flex too, grouped by region, under other brackets of another key."""
    made: list[Bracket] = []
    for age in ("U15", "U16", "U17", "U19"):
        squads = [squad for bracket in league if bracket.age == age for squad in bracket.listed]
        for number, name in enumerate(FLEX_GROUPS if size == "full" else FLEX_GROUPS[:1] if age == "U15" else ()):
            count = FLEX_TEAMS if size == "full" else 5
            group = squads[number * count : (number + 1) * count]
            made.append(Bracket(900 + len(made), "flex", name, age, group))
    return made


def _quirky_squads(league: list[Bracket], squads: _Squads) -> None:
    """Quirks 4 (missing from the standings), 5 (in two brackets), 6 (an age up), and a second team of a club."""
    by_name = {(bracket.name, bracket.age): bracket for bracket in league}
    for bracket in league:
        bracket.playing = list(bracket.listed)
    northeast = by_name["Northeast", "U14"]
    northeast.listed.pop(4)
    ghosted = by_name["Northeast", "U15"]
    real = ghosted.listed.pop(5)
    ghosted.listed.append(squads.of(real.club, "U15", " (old)"))  # the club's row there, which never plays
    frontier, southeast = by_name["Frontier", "U17"], by_name["Southeast (Pro Player Pathway)", "U17"]
    southeast.listed.append(frontier.listed[0])
    southeast.playing.append(frontier.listed[0])
    southwest, west = by_name["Southwest", "U16"], by_name["West (Pro Player Pathway)", "U17"]
    west.playing.append(southwest.playing.pop(0))
    second = squads.of(frontier.listed[1].club, "U17", "B")
    frontier.listed[-1] = frontier.playing[-1] = second


def _counts(brackets: list[Bracket], total: int | None) -> list[int]:
    """How many fixtures each bracket has: at most home and away against each, together `total` (None: all)."""
    most = [len(members) * (len(members) - 1) for members in map(_members, brackets)]
    if total is None:
        return most
    exact = [total * count / sum(most) for count in most]
    counts = [int(share) for share in exact]
    for index in sorted(range(len(most)), key=lambda n: counts[n] - exact[n])[: total - sum(counts)]:
        counts[index] += 1
    return counts


def _members(bracket: Bracket) -> list[Squad]:
    return bracket.playing or bracket.listed


def _rounds(members: list[Squad], random: Random) -> list[tuple[int, Squad, Squad]]:
    """Home and away against each, as (round, home, away), by the circle method."""
    circle: list[Squad | None] = list(members)
    random.shuffle(circle)
    if len(circle) % 2:
        circle.append(None)
    half = len(circle) // 2
    single: list[tuple[int, Squad, Squad]] = []
    for number in range(len(circle) - 1):
        for index in range(half):
            one, other = circle[index], circle[-1 - index]
            if one and other:
                home, away = (one, other) if (number + index) % 2 else (other, one)
                single.append((number, home, away))
        circle = [circle[0], circle[-1], *circle[1:-1]]
    back = [(number + len(circle) - 1, away, home) for number, home, away in single]
    return single + back


def _fixtures(kind: Kind, brackets: list[Bracket], season: Season, size: Size, random: Random) -> list[Fixture]:
    days = clock.weekends(season)
    if kind == "flex":
        days = days[3:30]
    made: list[Fixture] = []
    number = FIRST_NUMBER[kind]
    for bracket, count in zip(brackets, _counts(brackets, EVENTS[kind] if size == "full" else None), strict=True):
        pairs = _rounds(_members(bracket), random)[:count]
        if len(pairs) > len(pairs) // 2 + 2 and count > 20:
            last_round, home, away = pairs[-1]  # the return match at the same home again: quirk 8
            pairs[-1] = (last_round, away, home)
        rounds = pairs[-1][0] + 1
        competition = PRO_PATHWAY if bracket.name in PRO else COMPETITIONS[kind]
        for turn, home, away in pairs:
            day = days[turn * len(days) // rounds]
            number += 1
            made.append(
                _fixture(
                    number=number,
                    bracket=bracket,
                    home=home,
                    away=away,
                    competition=competition,
                    saturday=day,
                    turn=turn,
                    season=season,
                    random=random,
                )
            )
    made.sort(key=lambda fixture: (fixture.slots[-1].kick_off, fixture.number))
    return made


def _fixture(
    *,
    number: int,
    bracket: Bracket,
    home: Squad,
    away: Squad,
    competition: tuple[int, str],
    saturday: date,
    turn: int,
    season: Season,
    random: Random,
) -> Fixture:
    kind = bracket.kind
    known = int(clock.published_at(season).timestamp())
    chance = random.random
    zone = home.club.zone
    day = saturday + timedelta(1 if chance() < 0.42 else 0)
    minute = random.choice(MINUTES)
    kick_off = clock.epoch(day, minute, zone)
    open_slot = Slot(known, day, None, clock.epoch(day, PLACEHOLDER, zone))
    timed = Slot(known, day, minute, kick_off)
    if chance() < 0.5 or kick_off < known + 21 * DAY:
        slots = [timed]
    else:
        timed.since = kick_off - int((14 + 31 * chance()) * DAY)
        slots = [open_slot, timed] if chance() > 0.02 else [open_slot]
    if chance() < 0.03:
        _move(slots, zone, random)
    kick_off = slots[-1].kick_off
    edge = home.strength - away.strength + 0.15
    score = (_goals(1.5 + edge, random), _goals(1.5 - edge, random))
    shootout = None
    if kind == "flex" and score[0] == score[1] and chance() < 0.95:
        shootout = random.choice(((4, 3), (5, 4), (3, 2), (4, 2), (3, 4), (2, 4), (5, 6), (3, 1), (1, 3), (8, 7)))
    slow = chance()  # quirk 2: one in seven comes a day late, one in five hundred never
    wait = 2 * HOUR + int(6 * HOUR * chance()) + (DAY if slow < 1 / 7 else 0)
    published_at = kick_off + wait if slow < 0.998 else None
    corrected = chance() < 0.02 and published_at is not None and shootout is None and score[0] > 0 and kind != "flex"
    return Fixture(
        number=number,
        kind=kind,
        bracket=bracket,
        home=home,
        away=away,
        competition=competition,
        venue=random.choice(home.club.venues),
        slots=slots,
        score=score,
        shootout=shootout,
        published_at=published_at,
        first_score=(score[0] - 1, score[1]) if corrected else score,
        corrected_at=(published_at or 0) + int((1 + 8 * chance()) * DAY) if corrected else 0,
        flagged=chance() < 0.5,
        nameless=chance() < 0.001,
        round_number=turn + 1 if chance() < 0.01 else None,
    )


def _goals(mean: float, random: Random) -> int:
    """Poisson, by multiplying, capped at nine."""
    limit, product, goals = 2.718281828 ** -max(0.2, mean), random.random(), 0
    while product > limit and goals < 9:
        product *= random.random()
        goals += 1
    return goals


def _move(slots: list[Slot], zone: str, random: Random) -> None:
    """Another day, announced before the old one or, now and then, only after it has passed (quirk 7)."""
    old = slots[-1]
    day = old.day + timedelta(random.choice((7, 14, 21, 28, 35)))
    said = old.kick_off - int((8 + 10 * random.random()) * DAY) if random.random() < 0.85 else old.kick_off + DAY
    minute = random.choice(MINUTES)
    slots.append(Slot(max(said, old.since + 1), day, minute, clock.epoch(day, minute, zone)))


def _mishaps(kind: Kind, fixtures: list[Fixture], season: Season, size: Size, random: Random) -> None:
    """What happens to whole weekends and to single matches: quirks 1, 7 and 8."""
    if kind == "flex":
        return
    few = 1 if size == "small" else 4
    for saturday, region in ((clock.weekends(season)[5], "Florida"), (clock.weekends(season)[21], "Northeast")):
        _postpone_weekend(fixtures, saturday, region, season)
    untouched = [fixture for fixture in fixtures if len(fixture.slots) < 3 and fixture.published_at is not None]
    published = int(clock.published_at(season).timestamp())
    for number, fixture in enumerate(random.sample(untouched, few * 2)):
        kick_off = min(slot.kick_off for slot in fixture.slots)
        vanishes_at = max(published + (number + 1) * 5 * DAY, kick_off - (10 + number) * DAY)
        if vanishes_at < kick_off:
            fixture.vanishes_at = vanishes_at
            fixtures.append(_issued_again(fixture, vanishes_at, number))
    later = [fixture for fixture in untouched if fixture.slots[0].kick_off > published + 75 * DAY]
    for fixture in random.sample(later, few * 3):
        if fixture.vanishes_at is None:
            fixture.entered_early_at = published


def _issued_again(fixture: Fixture, since: int, number: int) -> Fixture:
    """The same match under another number, in place of the one that vanished."""
    slots = [replace(slot, since=max(slot.since, since)) for slot in fixture.slots]
    again = FIRST_NUMBER[fixture.kind] + AGAIN + number
    return replace(fixture, number=again, slots=slots, vanishes_at=None, appears_at=since)


def _postpone_weekend(fixtures: list[Fixture], saturday: date, region: str, season: Season) -> None:
    """All of a region's matches of one weekend, on its Friday, to the one far day, without a time for a while."""
    days = (saturday, saturday + timedelta(1))
    far = clock.far_day(season)
    for fixture in fixtures:
        if fixture.bracket.name == region and fixture.slots[-1].day in days:
            zone = fixture.home.club.zone
            said = clock.epoch(saturday, 0, zone) - 12 * HOUR
            if any(slot.since >= said for slot in fixture.slots):
                continue
            delay = (fixture.published_at or 0) - fixture.slots[-1].kick_off
            minute = MINUTES[fixture.number % len(MINUTES)]
            final = clock.epoch(far, minute, zone)
            fixture.slots.append(Slot(said, far, None, clock.epoch(far, PLACEHOLDER, zone)))
            fixture.slots.append(Slot(final - 20 * DAY, far, minute, final))
            if fixture.published_at is not None:
                correction = fixture.corrected_at - fixture.published_at if fixture.corrected_at else 0
                fixture.published_at = final + delay
                fixture.corrected_at = fixture.published_at + correction if correction else 0


def _count_in(brackets: list[Bracket], fixtures: list[Fixture]) -> None:
    """In which brackets each side's table counts a match.

    The ones that both sides share; where they share none (an age up, quirk 6), each side's own. A squad that the
    standings do not list belongs to its opponents' (quirk 4).
    """
    own: dict[int, list[int]] = {}
    for bracket in brackets:
        for squad in bracket.listed:
            own.setdefault(squad.id, []).append(bracket.id)
    for fixture in fixtures:
        fixture.nameless = fixture.nameless and fixture.home.id in own  # else nobody could say who plays
        home = own.get(fixture.home.id, own.get(fixture.away.id, []))
        away = own.get(fixture.away.id, own.get(fixture.home.id, []))
        shared = [bracket for bracket in home if bracket in away]
        fixture.home_brackets = tuple(shared or home)
        fixture.away_brackets = tuple(shared or away)
