"""A table as a small page of its own, for an iframe on anybody's site."""

from html import escape

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from missing_table.pages.render import facts_of, table_of
from missing_table.pages.view import View
from missing_table.tables import queries
from missing_table.tables.current import current_table
from missing_table.tables.kept import KeptTables
from missing_table.tables.problems import no_bracket
from missing_table.web.answers import CACHE_CONTROL
from missing_table.web.dependencies import StateDep
from missing_table.web.schemas import Identity
from missing_table.words import NAME

router = APIRouter(prefix="/api/embed", tags=["pages"])

CSP = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
STYLE = """:root{color-scheme:light dark;font:15px/1.4 system-ui,sans-serif}body{margin:0;padding:8px}
table{border-collapse:collapse;width:100%}th,td{padding:6px 8px;text-align:right;border-bottom:1px solid #8884}
.c-team{text-align:left;font-weight:600}.crest,.visually-hidden,.c-move{display:none}a{color:inherit;text-decoration:none}
.form__r{display:inline-block;width:1.2em}
.facts,.facts+p{margin:8px;font-size:13px}.facts{display:flex;flex-wrap:wrap;gap:2px 12px}
@media(max-width:520px){th,td{padding:6px 4px}.c-wide,.c-form{display:none}}
"""


class StyleResponse(Response):
    """For the OpenAPI document."""

    media_type = "text/css"


@router.get("/style.css", response_class=StyleResponse)
async def embed_style() -> Response:
    """The style of embedded tables."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


@router.get("/brackets/{bracket_id}", response_class=HTMLResponse)
async def embed_table(state: StateDep, bracket_id: Identity) -> HTMLResponse:
    """A bracket's table as a page for an iframe."""
    async with state.connection() as connection:
        version = await queries.version(connection, bracket_id=bracket_id)
        made = await current_table(connection, state.cache(KeptTables), version) if version else None
    if made is None:
        raise no_bracket(bracket_id)
    table = made.table
    bracket = table.bracket
    site = (state.settings.public_url or "").rstrip("/")
    heading = f"{bracket.age_group} {bracket.division}"
    view = View(bracket.path, heading, "", heading)
    rows = table_of(table, view).replace('href="/', f'target="_top" href="{escape(site)}/')
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(heading)} · {NAME}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="/api/embed/style.css"></head>'
        f"<body>{rows}{facts_of(table)}"
        f'<p><a target="_top" href="{escape(site + bracket.path)}">{NAME}</a></p></body></html>'
    )
    headers = {
        "Content-Security-Policy": CSP,
        "Cache-Control": CACHE_CONTROL,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return HTMLResponse(html, headers=headers)
