"""The whole season as it will have been: brackets, squads, fixtures, and when each thing becomes known.

Made once from seed, season and size, and never changed; `asof` shows what of it the source publishes at a moment.
The counts and the quirks are those of the project's source-site page (its numbers are given as "quirk N").
"""

from __future__ import annotations

from functools import lru_cache
from random import Random

from devstack.replica.season.clubs import ACADEMY_REGIONS, FLEX_GROUPS, LEAGUE_REGIONS, Club, clubs
from devstack.replica.season.fixtures import count_in, fixtures_of, mishaps
from devstack.replica.season.values import (
    AGES,
    KEYS,
    PRO,
    Bracket,
    Kind,
    Plan,
    Size,
    Squad,
)
from match_contract.season import Season

YOUNG = dict(zip(LEAGUE_REGIONS, (18, 15, 16, 14, 14, 16, 12, 15), strict=True))
OLD = dict(zip(LEAGUE_REGIONS, (12, 11, 12, 10, 11, 11, 9, 12), strict=True))
PRO_CLUBS = 5
"""So many clubs of each region play the Pro Player Pathway from U16 on."""
FLEX_TEAMS, ACADEMY_TEAMS = 9, (13, 12, 12, 11, 12)


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
    fixtures = {kind: fixtures_of(kind, brackets[kind], season, size, random) for kind in KEYS}
    for kind, played in fixtures.items():
        mishaps(kind, played, season, size, random)
        count_in(brackets[kind], played)
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
