"""Seasons, brackets, tables."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from missing_table.calendars.exports import FormatQuery, as_format
from missing_table.tables import queries
from missing_table.tables.build import build_table
from missing_table.tables.schemas import Bracket, Season, Split, Table
from missing_table.web.answers import etag_of, json_answer, keep, kept_answer, matches_etag, not_modified
from missing_table.web.dependencies import (
    AgeGroupQuery,
    DivisionQuery,
    LeagueQuery,
    SeasonQuery,
    StateDep,
    season_or_current,
)
from missing_table.web.problems import NotFound
from missing_table.web.schemas import Identity, Page
from missing_table.web.state import State

router = APIRouter(prefix="/api", tags=["tables"])


def no_bracket(bracket_id: int) -> NotFound:
    return NotFound(f"There is no bracket {bracket_id}: /api/brackets lists them.")


@router.get("/seasons", response_model=Page[Season])
async def seasons(state: StateDep) -> Response:
    """Every season that has a table, newest first."""
    async with state.connection() as connection:
        return json_answer(Page[Season](items=await queries.seasons(connection, now=state.now())))


@router.get("/brackets", response_model=Page[Bracket])
async def brackets(
    *,
    state: StateDep,
    season: SeasonQuery = None,
    league: LeagueQuery = None,
    age_group: AgeGroupQuery = None,
    division: DivisionQuery = None,
    format: FormatQuery = "json",
) -> Response:
    """The brackets of a season, all of them in one page."""
    name = season_or_current(state, season)
    async with state.connection() as connection:
        found = await queries.brackets(connection, season=name, league=league, age_group=age_group, division=division)
    return as_format(json_answer(Page[Bracket](items=found)), format, f"brackets-{name}")


@router.get("/brackets/{bracket_id}", response_model=Bracket)
async def bracket(state: StateDep, bracket_id: Identity) -> Response:
    """One bracket."""
    async with state.connection() as connection:
        found = await queries.bracket(connection, bracket_id=bracket_id)
    if found is None:
        raise no_bracket(bracket_id)
    return json_answer(found)


@router.get("/brackets/{bracket_id}/table", response_model=Table)
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
    answer = await _table(request, state, bracket_id, as_of, split)
    return as_format(answer, format, f"table-{bracket_id}")


async def _table(request: Request, state: State, bracket_id: int, as_of: date | None, split: Split) -> Response:
    asked = ("table", as_of, split.value)
    if kept := state.kept.get(bracket_id, asked):
        return kept_answer(request, kept)
    ticket = state.kept.ticket()
    sent = request.headers.get("if-none-match")
    async with state.connection() as connection:
        if sent and (version := await queries.version(connection, bracket_id=bracket_id)):
            etag = etag_of(bracket_id, *version, asked)
            if matches_etag(sent, etag):
                return not_modified(etag)
        standing = await queries.standing(connection, bracket_id=bracket_id)
    if standing is None:
        raise no_bracket(bracket_id)
    bracket = standing.bracket
    body = build_table(standing, as_of=as_of, split=split).model_dump_json().encode()
    etag = etag_of(bracket_id, bracket.version, bracket.synced_at, asked)
    return kept_answer(request, keep(state, bracket_id, asked, bracket.version, body=body, etag=etag, ticket=ticket))
