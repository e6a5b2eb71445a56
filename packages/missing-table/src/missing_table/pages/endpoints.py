"""HTML fragments that Nginx (SSI) or the embedded site puts into index.html: head and first view of a page."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse

from missing_table.pages.render import body_of, head_of
from missing_table.pages.view import view_of
from missing_table.web.dependencies import StateDep

router = APIRouter(prefix="/api/pages", tags=["pages"])

PathQuery = Annotated[
    str, Query(max_length=300, description="The page's address, such as /2026-27/homegrown/u14/northeast.")
]
HEADERS = {"Cache-Control": "public, max-age=0, s-maxage=60"}


@router.get("/head", response_class=HTMLResponse)
async def page_head(state: StateDep, path: PathQuery = "/") -> HTMLResponse:
    """Title, description, canonical address and Open Graph of a page."""
    head = head_of(await view_of(state, path), state.settings.public_url, state.settings.today)
    return HTMLResponse(head, headers=HEADERS)


@router.get("/body", response_class=HTMLResponse)
async def page_body(state: StateDep, path: PathQuery = "/") -> HTMLResponse:
    """The first view of a page."""
    return HTMLResponse(body_of(await view_of(state, path)), headers=HEADERS)
