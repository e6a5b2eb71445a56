"""modular11's host, the platform of the seasons up to 2025-26: the page with its filters, and the fragments behind it.

The matches are those of the generated seasons before the assist viewer's first. Class names, attributes and the way it
misbehaves are the site's own, as the project's source-site page gives them (section 3).
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from devstack.replica.generated import FIRST_SEASON
from devstack.replica.knobs import Knobs
from devstack.replica.modular11_html import (
    Match,
    fragment,
    short,
    text,
)
from devstack.replica.pages import robots
from devstack.replica.season import Size, season_at
from devstack.replica.season.asof import score_at, shown_at, slot_at
from devstack.replica.season.clubs import ACADEMY_REGIONS, LEAGUE_REGIONS
from devstack.replica.season.plan import plan
from devstack.replica.season.values import PRO, Fixture, Kind, Squad
from devstack.replica.world import World
from match_contract.season import Season, season_of

HERE = Path(__file__).parent / "site"
AGE_IDS = {"U13": 21, "U14": 22, "U15": 33, "U16": 14, "U17": 15, "U19": 26}
TOURNAMENTS: dict[str, Kind] = {"12": "league", "35": "academy"}
QUALITY_LISTS = {"12": "53", "35": "71"}
PER_PAGE = 25
SEEN_FROM = Season(2023)
"""The oldest season that the replica invents for a back-fill."""
NO_TEAMS = '<div class="container-fluid"><p class="text-center">There are no teams.</p></div>'
ERROR = '<div class="alert alert-danger" style="color:red">An error has occurred: {}</div>'


def divisions(kind: Kind, shift: int) -> dict[str, str]:
    """Division name -> its id in the page's filter; `shift` is what a new season adds to each."""
    names = [*LEAGUE_REGIONS, *PRO] if kind == "league" else list(ACADEMY_REGIONS)
    first = {"league": 41, "academy": 241, "flex": 0}[kind]
    return {name: str(first + 3 * number + shift) for number, name in enumerate(names)}


def printed(squad: Squad) -> str:
    """A team's name as the site has it: here and there a space too many, a club's second team in parentheses."""
    club = squad.club
    name = f"{club.name} (B)" if squad.label.endswith("B") else club.name
    if club.id % 11 == 0:
        name = name.replace(" ", "  ", 1)
    return f"{name} " if club.id % 7 == 0 else name


@lru_cache(maxsize=8)
def matches(seed: int, size: Size, season: Season, kind: Kind, moment: datetime) -> tuple[Match, ...]:
    """All rows of a season and division as of a moment, in the site's order, byes and unknown teams among them."""
    now = int(moment.timestamp())
    rows: list[Match] = []
    for count, fixture in enumerate(plan(seed, season, size).fixtures[kind]):
        if not shown_at(fixture, now):
            continue
        row = _row(fixture, now)
        rows.append(row)
        if count % 60 == 7:
            nobody = "Bye" if count % 120 == 7 else "TBD"
            rows.append(_changed(row, number=row.number + 300_000, away=nobody, away_club=0))
    return tuple(sorted(rows, key=lambda row: (row.kick_off, row.number)))


def _row(fixture: Fixture, now: int) -> Match:
    slot, score = slot_at(fixture, now), score_at(fixture, now)
    minute = slot.minute or 0
    playoff = fixture.score[0] == fixture.score[1] and fixture.number % 17 == 0
    competition = "Playoffs" if playoff else fixture.competition[1] if fixture.kind == "league" else "League"
    return Match(
        number=100_000 + fixture.number,
        kick_off=datetime(slot.day.year, slot.day.month, slot.day.day, minute // 60, minute % 60),
        time_set=slot.minute is not None,
        age=fixture.bracket.age,
        competition=competition,
        division=fixture.bracket.name,
        home=printed(fixture.home),
        away=printed(fixture.away),
        home_club=fixture.home.club.id,
        away_club=fixture.away.club.id,
        venue="TBD" if slot.minute is None else fixture.venue[1],
        score=score,
        shootout=(4, 3) if playoff and score else None,
    )


def _changed(row: Match, *, number: int, away: str, away_club: int) -> Match:
    return Match(
        number, row.kick_off, row.time_set, row.age, row.competition, row.division, row.home, away, row.home_club,
        away_club, row.venue, None, None,
    )  # fmt: skip


class Refused(Exception):
    """What the site answers with its red error fragment."""


@dataclass(frozen=True)
class Wanted:
    """A request's filter. None: no filter on that."""

    kind: Kind | None
    first: datetime
    last: datetime
    status: str
    ages: frozenset[str]
    groups: frozenset[str]
    page: int


def wanted(request: Request) -> Wanted:
    """Reads the page's own request; raises Refused where the site would."""
    asked = request.query_params

    def many(name: str) -> frozenset[str]:
        values = asked.getlist(name) + asked.getlist(f"{name}[]")
        return frozenset(part for value in values for part in value.split(",") if part not in ("", "0"))

    def moment(name: str) -> datetime:
        try:
            return datetime.strptime(asked.get(name, ""), "%Y-%m-%d %H:%M:%S")
        except ValueError as error:
            raise Refused(f"The {name.replace('_', ' ')} is required.") from error

    if asked.get("status", "") not in ("all", "scheduled", "pending"):
        raise Refused("The selected status is invalid.")
    page = asked.get("open_page", "1")
    return Wanted(
        kind=TOURNAMENTS.get(asked.get("tournament", "")),
        first=moment("start_date"),
        last=moment("end_date"),
        status=asked["status"],
        ages=many("age"),
        groups=many("groups") | many("group"),
        page=max(1, int(page)) if page.isdigit() else 1,
    )


def found(world: World, want: Wanted) -> list[Match]:
    """The matches that a filter finds. A season that the assist viewer carries is not here."""
    if want.kind is None:
        return []
    knobs = world.knobs
    names = {number: name for name, number in divisions(want.kind, knobs.modular11_renumber).items()}
    groups = {names[group] for group in want.groups if group in names}
    ages = {age for age, number in AGE_IDS.items() if str(number) in want.ages}
    season, rows = max(season_of(want.first.date()), SEEN_FROM), list[Match]()
    while season < FIRST_SEASON and season.first_day <= want.last.date():
        rows += matches(world.seed, world.size, season, want.kind, world.now)
        season = season.next
    now = world.now.replace(tzinfo=None)
    kept = [
        row
        for row in rows
        if want.first <= row.kick_off <= want.last
        and (not want.ages or row.age in ages)
        and (not want.groups or row.division in groups)
        and (want.status != "scheduled" or row.score is None)
        and (want.status != "pending" or (row.score is None and row.kick_off < now))
    ]
    if knobs.modular11 == "mixed":
        kept = _mixed(kept, rows)
    return kept if knobs.modular11_rows is None else _exactly(kept, knobs.modular11_rows)


def _mixed(kept: list[Match], rows: list[Match]) -> list[Match]:
    """The rows, with one of another division, one of another age and one of the MLS NEXT Cup among them."""
    if not kept:
        return kept
    one = kept[0]
    strangers = [
        next((row for row in rows if row.age == one.age and row.division != one.division), None),
        next((row for row in rows if row.age != one.age and row.division == one.division), None),
        replace(one, number=one.number + 600_000, competition="MLS NEXT Cup"),
    ]
    there = {row.number for row in kept}
    kept += [row for row in strangers if row is not None and row.number not in there]
    return sorted(kept, key=lambda row: (row.kick_off, row.number))


def _exactly(rows: list[Match], count: int) -> list[Match]:
    """So many rows of the filter: the first ones, or the same ones again under further numbers."""
    real = [row for row in rows if row.away_club]
    made = list(real[:count])
    while real and len(made) < count:
        row, again = real[len(made) % len(real)], len(made) // len(real)
        made.append(_changed(row, number=row.number + 1_000_000 * again, away=row.away, away_club=row.away_club))
    return made


def cut(rows: list[Match], page: int, knobs: Knobs) -> tuple[list[Match], int, int]:
    """The rows of a page, the page's number as it says of itself, and how many there are. Past the end: the last."""
    pages = max(1, math.ceil(len(rows) / PER_PAGE))
    page = min(page, pages)
    shown = 1 if knobs.modular11 == "page-two-repeats-one" and page == 2 else page
    start = (shown - 1) * PER_PAGE
    if knobs.modular11 == "overlap" and start:
        start -= 1
    shown_rows = rows[start : shown * PER_PAGE]
    if knobs.modular11 == "short-page" and page < pages:
        shown_rows = shown_rows[1:]
    return shown_rows, page, pages


def quality(world: World, request: Request) -> str:
    """The Quality of Play tables of an age: they change as results come in."""
    asked = request.query_params
    event = asked.get("UID_event", "")
    kind = TOURNAMENTS.get(event)
    age = next((age for age, number in AGE_IDS.items() if str(number) == asked.get("UID_age")), None)
    if kind is None or age is None or asked.get("list_type") != QUALITY_LISTS[event]:
        return NO_TEAMS
    now = int(world.now.timestamp())
    tables: dict[str, dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    names: dict[int, str] = {}
    for fixture in plan(world.seed, season_at(world.now), world.size).fixtures[kind]:
        result = score_at(fixture, now)
        if fixture.bracket.age == age and result and shown_at(fixture, now):
            for squad, goals in ((fixture.home, result), (fixture.away, result[::-1])):
                names[squad.id] = printed(squad)
                tables[fixture.bracket.name][squad.id].append((goals[0], goals[1]))
    return "".join(_quality_table(name, teams, names) for name, teams in sorted(tables.items())) or NO_TEAMS


def _quality_table(name: str, teams: dict[int, list[tuple[int, int]]], names: dict[int, str]) -> str:
    rated: list[tuple[float, float, float, int, int]] = []
    for squad, goals in teams.items():
        attack = 40 + 20 * sum(scored for scored, _ in goals) / len(goals)
        defence = 90 - 20 * sum(against for _, against in goals) / len(goals)
        rated.append(((attack + defence) / 2, attack, defence, len(goals), squad))
    rows = "".join(
        f"""<div class="form_row row main_row"><div class="col-xs-1">{rank}</div>
 <div class="col-xs-5 container-team-info"><p data-title="{text(names[squad])}">{short(names[squad])}</p></div>
 <div class="col-xs-1">{played}</div><div class="col-xs-1">{attack:.1f}</div><div class="col-xs-2">{defence:.1f}</div>
 <div class="col-xs-2">{total:.1f}</div></div>
"""
        for rank, (total, attack, defence, played, squad) in enumerate(sorted(rated, reverse=True), 1)
    )
    return f"""<div class="container-table-standing">
<div class="container-heading"><p data-title="{text(name)}">{short(name)}</p></div>
{rows}</div>
"""


def page(world: World, kind: Kind) -> str:
    """The page with the filters, which asks for its first fragment by itself."""
    options = {
        "ages": "".join(f'<option value="{number}">{age}</option>' for age, number in AGE_IDS.items()),
        "groups": "".join(
            f'<option value="{number}">{text(name)}</option>'
            for name, number in divisions(kind, world.knobs.modular11_renumber).items()
        ),
        "tournament": "12" if kind == "league" else "35",
        "from": f"{last_season(world.now.date()).first_day} 00:00:00",
        "to": f"{last_season(world.now.date()).last_day} 23:59:59",
    }
    html = (HERE / "modular11.html").read_text()
    for name, value in options.items():
        html = html.replace(f"{{{{{name}}}}}", value)
    return html


def last_season(day: date) -> Season:
    """The newest season that this platform carries."""
    return min(season_of(day), FIRST_SEASON.previous)


def site(world: World) -> Starlette:
    """The application for www.modular11.com."""

    def answer(request: Request) -> str:
        knobs = world.knobs
        if request.headers.get("x-requested-with") != "XMLHttpRequest":
            return page(world, "league")
        try:
            want = wanted(request)
            if knobs.modular11 == "error":
                raise Refused("Something went wrong.")
        except Refused as refused:
            return ERROR.format(refused)
        rows, number, pages = cut(found(world, want), want.page, knobs)
        knob = knobs.modular11
        return fragment(rows, number, pages, pager=knob != "no-pager", lost_row=knob == "lost-row")

    async def get_matches(request: Request) -> Response:
        return HTMLResponse(await run_in_threadpool(answer, request))

    async def get_teams(request: Request) -> Response:
        return HTMLResponse(await run_in_threadpool(quality, world, request))

    async def schedule(request: Request) -> Response:
        kind: Kind = "academy" if request.path_params["division"].startswith("academy") else "league"
        return HTMLResponse(await run_in_threadpool(page, world, kind))

    async def rules(_: Request) -> Response:
        return robots(world)

    return Starlette(
        routes=[
            Route("/robots.txt", rules),
            Route("/league-schedule/{division}", schedule),
            Route("/league-standings/{division}", schedule),
            Route("/public_schedule/league/get_matches", get_matches),
            Route("/public_schedule/league/get_teams", get_teams),
        ]
    )
