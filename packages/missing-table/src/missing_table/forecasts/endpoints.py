"""Outlooks, chances and insights."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from missing_table.forecasts.build import build_outlook
from missing_table.forecasts.schemas import Outlook
from missing_table.tables.endpoints import by_version
from missing_table.tables.queries import campaign
from missing_table.web.dependencies import StateDep
from missing_table.web.schemas import Identity

router = APIRouter(prefix="/api", tags=["forecasts"])


@router.get("/brackets/{bracket_id}/outlook", response_model=Outlook)
async def bracket_outlook(request: Request, state: StateDep, bracket_id: Identity) -> Response:
    """Where every team can still finish, its magic number, its runs, and how hard its schedule was and will be."""
    return await by_version(request, state, bracket_id, ("outlook",), read=campaign, make=build_outlook)
