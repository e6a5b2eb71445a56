"""Which page an address is, and what its first view shows. Asks the subjects' queries, writes no HTML."""

import re
from dataclasses import dataclass

from match_contract import Season
from missing_table.matches.queries import match as find_match
from missing_table.matches.schemas import MatchDetail
from missing_table.tables import queries as tables
from missing_table.tables.build import build_table
from missing_table.tables.schemas import Table
from missing_table.teams import queries as teams
from missing_table.web.dependencies import season_or_current
from missing_table.web.state import State

NAME = "Missing Table"
_BRACKET = re.compile(r"/(\d{4}-\d{2})/([a-z0-9-]{1,40})/(u\d{1,2})/([a-z0-9-]{1,80})/?")
_ENTITY = re.compile(r"/(teams|matches)/(\d{1,18})/?")
_FIXED = {
    "/": ("MLS NEXT tables and fixtures", "Every MLS NEXT table, right, on a phone, and how fresh it is."),
    "/status": ("Status", "When the league's data was last read, and how each run ended."),
    "/about": ("About", "Where these tables come from and by which rules they are made."),
    "/search": ("Search", "Find a club, a team or a venue."),
}


@dataclass(frozen=True, slots=True)
class View:
    """A page's first view. `table` for a bracket's page alone; `found` false where there is no such page."""

    path: str
    title: str
    description: str
    heading: str
    kicker: str = ""
    kind: str = "plain"
    table: Table | None = None
    found: bool = True


async def view_of(state: State, path: str) -> View:
    """The view of an address; an unknown one is a page that says so."""
    path = path.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]
    if bracket := _BRACKET.fullmatch(path.lower()):
        found = await _bracket_view(state, *bracket.groups())
    elif entity := _ENTITY.fullmatch(path):
        found = await (_team_view if entity[1] == "teams" else _match_view)(state, int(entity[2]))
    elif (fixed := _FIXED.get(path.rstrip("/") or "/")) is not None:
        title, description = fixed
        heading = f"Season {season_or_current(state, None)}" if path == "/" else title
        return View(path.rstrip("/") or "/", title, description, heading)
    elif re.fullmatch(r"/clubs/\d{1,18}/?", path):
        return View(path, "Club", "A club across its ages.", "Club")
    else:
        found = None
    return found or View(path, "Not found", "There is no such page.", "There is no such page", found=False)


async def _bracket_view(state: State, season: str, league: str, age_group: str, division: str) -> View | None:
    try:
        name = Season.parse(season).name
    except ValueError:
        return None
    async with state.connection() as connection:
        bracket = await tables.bracket_at(
            connection, season=name, league=league, age_group=age_group, division=division
        )
        standing = await tables.standing(connection, bracket_id=bracket.id) if bracket else None
    if standing is None:
        return None
    table = build_table(standing)
    bracket = table.bracket
    heading = f"{bracket.age_group} {bracket.division}"
    leader = f" {table.rows[0].team.name} leads." if table.rows and bracket.played else ""
    return View(
        path=bracket.path,
        title=f"{heading}, {bracket.league} {bracket.season}",
        description=f"Table and fixtures of {heading} ({bracket.league}, {bracket.season}): "
        f"{bracket.teams} teams, {bracket.played} of {bracket.matches} matches played.{leader}",
        heading=heading,
        kicker=f"{bracket.league} · {bracket.season}",
        kind="bracket",
        table=table,
    )


async def _team_view(state: State, team_id: int) -> View | None:
    async with state.connection() as connection:
        team = await teams.team(connection, team_id=team_id, season=None)
    if team is None:
        return None
    label = " ".join(filter(None, [team["name"], team["age_group"]]))
    return View(
        path=f"/teams/{team_id}",
        title=label,
        description=f"Matches, results and place in the table of {label}.",
        heading=label,
        kicker=team["season"] or "",
        kind="team",
    )


async def _match_view(state: State, match_id: int) -> View | None:
    async with state.connection() as connection:
        raw = await find_match(connection, match_id=match_id)
    if raw is None:
        return None
    match = MatchDetail.model_validate_json(raw)
    score = "" if match.home_score is None else f" {match.home_score}:{match.away_score}"
    heading = f"{match.home.name} – {match.away.name}"
    day = f"{match.local_date.day} {match.local_date:%B %Y}"
    return View(
        path=f"/matches/{match_id}",
        title=f"{heading}{score}",
        description=f"{match.age_group} {match.division or match.league}, {day}: {heading}{score}.",
        heading=heading,
        kicker=f"{match.league} · {match.age_group} · {day}",
        kind="match",
    )
