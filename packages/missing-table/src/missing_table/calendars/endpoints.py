"""Calendars to subscribe to, results as a feed."""

from hashlib import sha256
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from missing_table.calendars import queries
from missing_table.calendars.atom import feed_of
from missing_table.calendars.ics import calendar_of
from missing_table.web.answers import CACHE_CONTROL, matches_etag, not_modified
from missing_table.web.dependencies import SeasonQuery, StateDep, season_or_current
from missing_table.web.problems import NotFound
from missing_table.web.schemas import Identity
from missing_table.web.state import State

router = APIRouter(prefix="/api", tags=["calendars"])

CALENDAR = "text/calendar; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"


class CalendarResponse(Response):
    """For the OpenAPI document."""

    media_type = "text/calendar"


class AtomResponse(Response):
    """For the OpenAPI document."""

    media_type = "application/atom+xml"


def _site(state: State, request: Request) -> str:
    return (state.settings.public_url or str(request.base_url)).rstrip("/")


async def _fixtures(
    state: State, kind: Literal["team", "club"], subject_id: int, season: str | None
) -> tuple[str, list[queries.Fixture]]:
    wanted = season_or_current(state, season)
    async with state.connection() as connection:
        name = await queries.name_of(connection, kind=kind, subject_id=subject_id)
        if name is None:
            raise NotFound(f"There is no {kind} {subject_id}: /api/search finds {kind}s by name.")
        return name, await queries.fixtures(connection, kind=kind, subject_id=subject_id, season=wanted)


def _answer(request: Request, body: bytes, media_type: str) -> Response:
    etag = f'W/"{sha256(body).hexdigest()[:32]}"'
    if matches_etag(request.headers.get("if-none-match"), etag):
        return not_modified(etag)
    return Response(body, media_type=media_type, headers={"ETag": etag, "Cache-Control": CACHE_CONTROL})


@router.get("/teams/{team_id}/calendar.ics", response_class=CalendarResponse)
async def team_calendar(request: Request, state: StateDep, team_id: Identity, season: SeasonQuery = None) -> Response:
    """A team's matches of a season."""
    name, found = await _fixtures(state, "team", team_id, season)
    return _answer(request, calendar_of(name, found, _site(state, request)), CALENDAR)


@router.get("/clubs/{club_id}/calendar.ics", response_class=CalendarResponse)
async def club_calendar(request: Request, state: StateDep, club_id: Identity, season: SeasonQuery = None) -> Response:
    """The matches of all teams of a club."""
    name, found = await _fixtures(state, "club", club_id, season)
    return _answer(request, calendar_of(name, found, _site(state, request), with_age=True), CALENDAR)


@router.get("/teams/{team_id}/results.atom", response_class=AtomResponse)
async def team_results(request: Request, state: StateDep, team_id: Identity, season: SeasonQuery = None) -> Response:
    """A team's results, newest first."""
    name, found = await _fixtures(state, "team", team_id, season)
    site = _site(state, request)
    address = f"{site}/api/teams/{team_id}/results.atom"
    return _answer(request, feed_of(name, address, f"{site}/teams/{team_id}", found, site), ATOM)
