"""Seasons, brackets, tables."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from typing import Annotated, Protocol, TypeVar

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from match_contract import League
from missing_table.league.outlook import positions_by_weekend, suppose
from missing_table.league.results import Result
from missing_table.tables import queries
from missing_table.tables.build import build_grid, build_table
from missing_table.tables.current import current_brackets, current_table
from missing_table.tables.kept import KeptTables, version_of
from missing_table.tables.problems import no_bracket
from missing_table.tables.schemas import (
    Bracket,
    Grid,
    Season,
    Split,
    Suppositions,
    Table,
    TeamHistory,
    WeekendPosition,
)
from missing_table.web.answers import etag_of, json_answer, keep, kept_answer, matches_etag, not_modified
from missing_table.web.dependencies import (
    AgeGroupQuery,
    DivisionQuery,
    LeagueQuery,
    ShownSeasonQuery,
    StateDep,
    season_or_current,
)
from missing_table.web.exports import CSV_TOO, FormatQuery, ListRoute, as_format
from missing_table.web.problems import BadRequest
from missing_table.web.schemas import Identity, Page
from missing_table.web.state import State

router = APIRouter(prefix="/api", tags=["tables"], route_class=ListRoute)


@router.get("/seasons", response_model=Page[Season])
async def seasons(state: StateDep) -> Response:
    """Every season, newest first. One whose `brackets` are 0 has no table (yet)."""
    async with state.connection() as connection:
        return json_answer(Page[Season](items=await queries.seasons(connection, now=state.now())))


@router.get("/brackets", response_model=Page[Bracket], responses=CSV_TOO)
async def brackets(
    *,
    state: StateDep,
    season: ShownSeasonQuery = None,
    league: LeagueQuery = None,
    age_group: AgeGroupQuery = None,
    division: DivisionQuery = None,
    format: FormatQuery = "json",
) -> Response:
    """The brackets of a season, all of them in one page."""
    name = season_or_current(state, season)
    async with state.connection() as connection:
        if season is None:
            name = await queries.shown_season(connection, current=name)
        found = await current_brackets(
            connection, state.cache(KeptTables), season=name, league=league, age_group=age_group, division=division
        )
    return as_format(json_answer(Page[Bracket](items=found)), format, f"brackets-{name}")


@router.get("/brackets/{bracket_id}", response_model=Bracket)
async def bracket(state: StateDep, bracket_id: Identity) -> Response:
    """One bracket."""
    async with state.connection() as connection:
        found = await queries.bracket(connection, bracket_id=bracket_id)
    if found is None:
        raise no_bracket(bracket_id)
    return json_answer(found)


@router.get("/brackets/{bracket_id}/table", response_model=Table, responses=CSV_TOO)
async def bracket_table(
    *,
    request: Request,
    state: StateDep,
    bracket_id: Identity,
    as_of: Annotated[date | None, Query(description="Only matches up to this local date.")] = None,
    split: Annotated[Split, Query(description="Only home or only away matches.")] = Split.ALL,
    format: FormatQuery = "json",
) -> Response:
    """A bracket's table by the league's rules."""
    answer = await by_version(
        request,
        state,
        bracket_id,
        ("table", as_of, split.value),
        read=queries.standing,
        make=lambda standing: build_table(standing, as_of=as_of, split=split),
    )
    return as_format(answer, format, f"table-{bracket_id}")


class _Found(Protocol):
    """What an answer of a bracket is made of."""

    @property
    def bracket(self) -> Bracket: ...


Something = TypeVar("Something", bound=_Found)


async def by_version(
    request: Request,
    state: State,
    bracket_id: int,
    asked: tuple[object, ...],
    *,
    read: Callable[..., Awaitable[Something | None]],
    make: Callable[[Something], BaseModel],
    settled: Callable[[Something], bool] = lambda _: True,
) -> Response:
    """Return an answer that a bracket's version decides: kept until it rises, 304 without being made.

    `asked` names it. One that is not `settled` may still change at this version: it is neither kept nor tagged.
    """
    if kept := state.kept.get(bracket_id, asked):
        return kept_answer(request, kept)
    ticket = state.kept.ticket()
    sent = request.headers.get("if-none-match")
    async with state.connection() as connection:
        if sent and (version := await queries.version(connection, bracket_id=bracket_id)):
            etag = etag_of(version, asked)
            if matches_etag(sent, etag):
                return not_modified(etag)
        found = await read(connection, bracket_id=bracket_id)
    if found is None:
        raise no_bracket(bracket_id)
    if not settled(found):
        return json_answer(make(found), private=True)
    read_version = version_of(found.bracket)
    body = make(found).model_dump_json().encode()
    etag = etag_of(read_version, asked)
    return kept_answer(request, keep(state, read_version, asked, body=body, etag=etag, ticket=ticket))


@router.get("/brackets/{bracket_id}/history", response_model=Page[TeamHistory])
async def bracket_history(request: Request, state: StateDep, bracket_id: Identity) -> Response:
    """Every team's position after every match weekend, in today's order."""
    return await by_version(request, state, bracket_id, ("history",), read=queries.standing, make=_history)


def _history(standing: queries.Standing) -> Page[TeamHistory]:
    weekends = positions_by_weekend(standing.entrants, standing.results)
    return Page[TeamHistory](
        items=[
            TeamHistory(
                team=row.team,
                positions=[WeekendPosition(last_day=w.last_day, position=w.positions[row.team.id]) for w in weekends],
            )
            for row in build_table(standing).rows
        ]
    )


@router.get("/brackets/{bracket_id}/grid", response_model=Grid)
async def bracket_grid(request: Request, state: StateDep, bracket_id: Identity) -> Response:
    """The results matrix, and every team's record against every other."""
    return await by_version(request, state, bracket_id, ("grid",), read=queries.campaign, make=build_grid)


@router.post("/brackets/{bracket_id}/what-if", response_model=Table)
async def bracket_what_if(state: StateDep, bracket_id: Identity, supposed: Suppositions) -> Response:
    """The table as it would be with these results. Nothing is stored. Shoot-outs are played in Flex alone."""
    wanted = {one.match_id: one for one in supposed.results}
    async with state.connection() as connection:
        version = await queries.version(connection, bracket_id=bracket_id)
        made = await current_table(connection, state.cache(KeptTables), version) if version else None
        if made is None:
            raise no_bracket(bracket_id)
        standing = made.standing
        found = await queries.fixtures(connection, bracket_id=bracket_id, match_ids=list(wanted))
    if strangers := sorted(wanted.keys() - {row["id"] for row in found}):
        raise BadRequest(f"Match {strangers[0]} is none of bracket {bracket_id}, or cancelled.")
    if standing.bracket.league is not League.FLEX and any(one.home_shootout is not None for one in supposed.results):
        raise BadRequest(f"A draw in bracket {bracket_id} stands: shoot-outs are played in Flex alone.")
    results = [
        Result(
            match_id=row["id"],
            home=row["home_team_id"],
            away=row["away_team_id"],
            home_score=wanted[row["id"]].home_score,
            away_score=wanted[row["id"]].away_score,
            local_date=row["local_date"],
            home_shootout=wanted[row["id"]].home_shootout,
            away_shootout=wanted[row["id"]].away_shootout,
            counts_home=row["home"],
            counts_away=row["away"],
        )
        for row in found
    ]
    return json_answer(
        build_table(replace(standing, results=suppose(standing.results, results), published=[])), private=True
    )
