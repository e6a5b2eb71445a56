"""Matches: of a bracket, of the whole league, one alone, and what changed."""

import json
from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from match_contract import Status
from missing_table.matches import queries
from missing_table.matches.cursor import Cursor
from missing_table.matches.schemas import Match, MatchChange, MatchDetail
from missing_table.tables.problems import no_bracket
from missing_table.tables.queries import shown_season, version
from missing_table.web.answers import CACHE_CONTROL, etag_of, json_answer, keep, kept_answer, matches_etag, not_modified
from missing_table.web.dependencies import (
    AgeGroupQuery,
    DivisionQuery,
    LeagueQuery,
    LimitQuery,
    ShownSeasonQuery,
    StateDep,
    TextQuery,
    season_or_current,
)
from missing_table.web.exports import (
    CSV,
    CSV_TOO,
    FormatQuery,
    ListRoute,
    as_format,
    attachment,
    columns_of,
    csv_of,
)
from missing_table.web.problems import BadRequest, NotFound
from missing_table.web.schemas import LIMIT_DEFAULT, LIMIT_MAX, Identity, Page
from missing_table.web.state import State

router = APIRouter(prefix="/api", tags=["matches"], route_class=ListRoute)

CursorQuery = Annotated[str | None, Query(max_length=200, description="next_cursor of the page before.")]
FromQuery = Annotated[date | None, Query(alias="from", description="First local date.")]
ToQuery = Annotated[date | None, Query(alias="to", description="Last local date.")]
StatusQuery = Annotated[list[Status] | None, Query(description="May be repeated.")]
WHOLE = ("matches",)
COLUMNS = columns_of(Match)
MatchesLimit = Annotated[
    int | None, Query(ge=1, le=LIMIT_MAX, description=f"At most {LIMIT_MAX}; {LIMIT_DEFAULT} if not given, as CSV all.")
]
IdQuery = Annotated[Identity | None, Query()]


@router.get("/brackets/{bracket_id}/matches", response_model=Page[Match], responses=CSV_TOO)
async def bracket_matches(
    *,
    request: Request,
    state: StateDep,
    bracket_id: Identity,
    first: FromQuery = None,
    last: ToQuery = None,
    status: StatusQuery = None,
    limit: LimitQuery = LIMIT_MAX,
    cursor: CursorQuery = None,
    format: FormatQuery = "json",
) -> Response:
    """The matches of a bracket by date. One page holds any bracket that there is."""
    wanted = queries.Filter(bracket_id=bracket_id, first=first, last=last, statuses=status)
    after = Cursor.parse(cursor) if cursor else None
    whole = (first, last, status, cursor, limit) == (None, None, None, None, LIMIT_MAX)
    if whole and (kept := state.kept.get(bracket_id, WHOLE)):
        return as_format(kept_answer(request, kept), format, f"matches-{bracket_id}", COLUMNS)
    ticket = state.kept.ticket()
    async with state.connection() as connection:
        found = await version(connection, bracket_id=bracket_id)
        if found is None:
            raise no_bracket(bracket_id)
        etag = etag_of(found, WHOLE)
        if whole and matches_etag(request.headers.get("if-none-match"), etag):
            return not_modified(etag)
        page = await queries.matches(connection, wanted=wanted, limit=limit, after=after)
    if not whole:
        return as_format(json_answer(page), format, f"matches-{bracket_id}", COLUMNS)
    made = keep(state, found, WHOLE, body=page, etag=etag, ticket=ticket)
    return as_format(kept_answer(request, made), format, f"matches-{bracket_id}", COLUMNS)


@router.get("/matches", response_model=Page[Match], responses=CSV_TOO)
async def matches(
    *,
    state: StateDep,
    season: ShownSeasonQuery = None,
    league: LeagueQuery = None,
    age_group: AgeGroupQuery = None,
    division: DivisionQuery = None,
    bracket: IdQuery = None,
    team: IdQuery = None,
    club: IdQuery = None,
    first: FromQuery = None,
    last: ToQuery = None,
    status: StatusQuery = None,
    q: TextQuery = None,
    limit: MatchesLimit = None,
    cursor: CursorQuery = None,
    format: FormatQuery = "json",
) -> Response:
    """Matches by date, filtered by any of season, league, age group, division, bracket, team, club, dates, status,
    text. As CSV without a limit: all of them in one file."""
    name = season_or_current(state, season)
    if season is None:
        async with state.connection() as connection:
            name = await shown_season(connection, current=name)
    wanted = queries.Filter(
        season=name,
        league=league,
        age_group=age_group,
        division=division,
        bracket_id=bracket,
        team_id=team,
        club_id=club,
        first=first,
        last=last,
        statuses=status,
        text=q,
    )
    after = Cursor.parse(cursor) if cursor else None
    if format == "csv" and limit is None:
        headers = {"Cache-Control": CACHE_CONTROL, **attachment("matches")}
        return StreamingResponse(_lines(state, wanted, after), media_type=CSV, headers=headers)
    async with state.connection() as connection:
        page = await queries.matches(connection, wanted=wanted, limit=limit or LIMIT_DEFAULT, after=after)
    return as_format(json_answer(page), format, "matches", COLUMNS)


async def _lines(state: State, wanted: queries.Filter, after: Cursor | None) -> AsyncIterator[bytes]:
    """Every match that is wanted, page by page, under one heading."""
    heading = True
    while True:
        async with state.connection() as connection:
            page = json.loads(await queries.matches(connection, wanted=wanted, limit=LIMIT_MAX, after=after))
        yield csv_of(page["items"], COLUMNS, heading=heading)
        heading = False
        if page["next_cursor"] is None:
            return
        after = Cursor.parse(page["next_cursor"])


@router.get("/matches/{match_id}", response_model=MatchDetail)
async def match(state: StateDep, match_id: Identity) -> Response:
    """One match with the brackets that it counts in."""
    async with state.connection() as connection:
        found = await queries.match(connection, match_id=match_id)
    if found is None:
        raise NotFound(f"There is no match {match_id}: /api/matches lists them.")
    return json_answer(found)


@router.get("/matches/{match_id}/changes", response_model=Page[MatchChange])
async def match_changes(
    state: StateDep, match_id: Identity, limit: LimitQuery = LIMIT_DEFAULT, cursor: CursorQuery = None
) -> Response:
    """What changed in a match, oldest first."""
    async with state.connection() as connection:
        page = await queries.changes(connection, match_id=match_id, since=None, after_id=_after(cursor), limit=limit)
        if page == queries.EMPTY and await queries.match(connection, match_id=match_id) is None:
            raise NotFound(f"There is no match {match_id}: /api/matches lists them.")
    return json_answer(page)


@router.get("/changes", response_model=Page[MatchChange])
async def changes(
    state: StateDep,
    since: Annotated[datetime | None, Query(description="Only what changed since then.")] = None,
    limit: LimitQuery = LIMIT_DEFAULT,
    cursor: CursorQuery = None,
) -> Response:
    """What changed in any match, oldest first."""
    async with state.connection() as connection:
        return json_answer(
            await queries.changes(connection, match_id=None, since=since, after_id=_after(cursor), limit=limit)
        )


def _after(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) >= 2**63:
        raise BadRequest(f"cursor {cursor!r} is none of ours: send next_cursor of the page before.")
    return int(cursor)
