"""Search."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AfterValidator
from starlette.responses import Response

from missing_table.search import queries
from missing_table.search.schemas import Found
from missing_table.web.answers import json_answer
from missing_table.web.dependencies import StateDep, clean_text
from missing_table.web.exports import ListRoute
from missing_table.web.schemas import Page

router = APIRouter(prefix="/api", tags=["search"], route_class=ListRoute)


@router.get("/search", response_model=Page[Found])
async def search(
    state: StateDep,
    q: Annotated[str, AfterValidator(clean_text), Query(min_length=1, max_length=80, description="What to look for.")],
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> Response:
    """Clubs, teams, tables and venues by name, the likeliest first. With an age group in it ("New York, U14") it
    finds nothing of another one."""
    if not q:
        return json_answer(Page[Found](items=[]))
    async with state.connection() as connection:
        return json_answer(Page[Found](items=await queries.search(connection, q=q, limit=limit)))
