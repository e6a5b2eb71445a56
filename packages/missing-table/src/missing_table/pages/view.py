"""Which page an address is, and what its first view shows. Asks the subjects' queries, writes no HTML."""

import re
from dataclasses import dataclass

from match_contract import Season
from missing_table import words
from missing_table.clubs import queries as clubs
from missing_table.matches.queries import match as find_match
from missing_table.matches.schemas import MatchDetail
from missing_table.tables import queries as tables
from missing_table.tables.current import current_table
from missing_table.tables.kept import KeptTables
from missing_table.tables.schemas import Table
from missing_table.teams import queries as teams
from missing_table.web.dependencies import season_or_current
from missing_table.web.state import State

_BRACKET = re.compile(r"/(\d{4}-\d{2})/([a-z0-9-]{1,40})/(u\d{1,2})/([a-z0-9-]{1,80})(/what-if)?/?")
_ENTITY = re.compile(r"/(teams|matches|clubs)/(\d{1,18})/?")
_PRIVATE = re.compile(r"/admin(/[a-z-]{1,40})?/?")


@dataclass(frozen=True, slots=True)
class View:
    """A page's first view. `table` for a bracket's page alone; `found` false where there is no such page.

    `listed` is false where search engines have no business.
    """

    path: str
    title: str
    description: str
    heading: str
    kicker: str = ""
    kind: str = "plain"
    table: Table | None = None
    found: bool = True
    listed: bool = True


async def view_of(state: State, path: str) -> View:
    """The view of an address; an unknown one is a page that says so."""
    path = path.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]
    found: View | None = None
    if bracket := _BRACKET.fullmatch(path.lower()):
        season, league, age_group, division, what_if = bracket.groups()
        found = await _bracket_view(state, season, league, age_group, division, what_if=what_if is not None)
    elif entity := _ENTITY.fullmatch(path):
        entities = {"teams": _team_view, "clubs": _club_view, "matches": _match_view}
        found = await entities[entity[1]](state, int(entity[2]))
    elif fixed := words.FIXED.get(path.rstrip("/") or "/"):
        found = View(path.rstrip("/") or "/", *fixed)
    elif _PRIVATE.fullmatch(path):
        found = View(path, *words.ADMIN, listed=False)
    if found is not None:
        return found
    return View(path, *words.NOT_FOUND, found=False)


async def _bracket_view(
    state: State, season: str, league: str, age_group: str, division: str, *, what_if: bool
) -> View | None:
    try:
        name = Season.parse(season).name
    except ValueError:
        return None
    async with state.connection() as connection:
        version = await tables.version_at(
            connection, season=name, league=league, age_group=age_group, division=division
        )
        made = await current_table(connection, state.cache(KeptTables), version) if version else None
    if made is None:
        return None
    bracket = made.table.bracket
    heading = f"{bracket.age_group} {bracket.division}"
    league_name = bracket.league.value
    names = {"age": bracket.age_group, "division": bracket.division, "league": league_name}
    if what_if:
        return View(
            path=f"{bracket.path}/what-if",
            title=words.say("whatIf", "title", {**names, "season": bracket.season}),
            description=words.say("whatIf", "description", names),
            heading=words.say("whatIf", "heading"),
            kicker=f"{heading} · {league_name} · {bracket.season}",
        )
    return View(
        path=bracket.path,
        title=words.say("bracket", "title", {**names, "season": bracket.season}),
        description=words.say("bracket", "description", {**names, "teams": bracket.teams}, counted=bracket.teams),
        heading=heading,
        kicker=f"{league_name} · {bracket.season}",
        kind="bracket",
        table=made.table,
    )


async def _team_view(state: State, team_id: int) -> View | None:
    async with state.connection() as connection:
        team = await teams.team(connection, team_id=team_id, season=None)
    if team is None:
        return None
    age_group = team["age_group"] or ""
    names = {"name": team["name"], "age": age_group, "league": team["league"] or ""}
    return View(
        path=f"/teams/{team_id}",
        title=words.say("team", "title", names),
        description=words.say("team", "description", names),
        heading=team["name"],
        kicker=" · ".join(filter(None, [age_group, team["season"]])),
        kind="team",
    )


async def _club_view(state: State, club_id: int) -> View | None:
    async with state.connection() as connection:
        club = await clubs.club(connection, club_id=club_id, season=None)
    if club is None:
        return None
    return View(
        path=f"/clubs/{club_id}",
        title=words.say("club", "title", {"name": club["name"]}),
        description=words.say("club", "description", {"name": club["name"]}),
        heading=club["name"],
        kicker=club["season"] or season_or_current(state, None),
        kind="club",
    )


async def _match_view(state: State, match_id: int) -> View | None:
    async with state.connection() as connection:
        raw = await find_match(connection, match_id=match_id)
    if raw is None:
        return None
    match = MatchDetail.model_validate_json(raw)
    home, away = match.home.name, match.away.name
    names = {"home": home, "away": away, "date": words.long_date(match.local_date)}
    score = words.say("match", "versus") if match.home_score is None else f"{match.home_score} – {match.away_score}"
    venue = words.say("match", "at", {"venue": match.venue.name}) if match.venue else ""
    return View(
        path=f"/matches/{match_id}",
        title=words.say("match", "title", names),
        description=words.say("match", "description", {**names, "venue": venue}),
        heading=f"{home} {score} {away}",
        kicker=f"{match.age_group} · {match.league} · {names['date']}",
        kind="match",
    )
