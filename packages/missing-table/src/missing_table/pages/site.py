"""The built site in embedded mode (MT_SITE_DIR): what Nginx does elsewhere. Files, and index.html with its includes."""

import re
from pathlib import Path

import psycopg
import structlog
from fastapi import APIRouter
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, HTMLResponse, Response

from missing_table.pages.render import body_of, head_of
from missing_table.pages.view import View, view_of
from missing_table.web.dependencies import StateDep
from missing_table.web.problems import NotFound
from missing_table.web.state import State

log = structlog.get_logger(__name__)

FOREVER = "public, max-age=31536000, immutable"
ASK = "public, max-age=0, s-maxage=60"
_INCLUDE = '<!--# include virtual="/api/pages/{name}?path=$document_uri" stub="{name}" -->'
_BLOCK = r'<!--# block name="{name}" -->(.*?)<!--# endblock -->'

router = APIRouter(include_in_schema=False)


def included(html: str, name: str, fragment: str | None) -> str:
    """index.html with one include replaced by its fragment; by the block of that name where there is none."""
    block = re.search(_BLOCK.format(name=name), html, re.DOTALL)
    if block:
        html = html.replace(block[0], "", 1)
    stub = block[1] if block else ""
    return html.replace(_INCLUDE.format(name=name), stub if fragment is None else fragment, 1)


def file_of(site: Path, path: str) -> Path | None:
    """The file at an address, None where there is none or where the address leads out of the folder."""
    if "\x00" in path or len(path) > 300:
        return None
    found = (site / path.lstrip("/")).resolve()
    return found if found.is_relative_to(site.resolve()) and found.is_file() else None


async def _first_view(state: State, path: str) -> View | None:
    try:
        return await view_of(state, path)
    except (psycopg.Error, PoolTimeout) as error:
        log.warning("page served without its first view", path=path, error=str(error).strip())
        return None


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@router.get("/{path:path}", response_class=HTMLResponse)
async def site(state: StateDep, path: str) -> Response:
    """A file of the built site, or the page at that address."""
    folder = state.settings.site_dir
    address = f"/{path}"
    if folder is None or address.startswith(("/api/", "/health/")):
        raise NotFound(f"There is nothing at {address}: /api/openapi.json lists what there is.")
    found = await run_in_threadpool(file_of, folder, path)
    if found is not None and found.name != "index.html":
        return FileResponse(found, headers={"Cache-Control": FOREVER if path.startswith("assets/") else ASK})
    index = folder / "index.html"
    if not await run_in_threadpool(index.is_file):
        raise NotFound(f"MT_SITE_DIR has no index.html ({folder}): build the site with npm run build in frontend.")
    if found is None and re.search(r"\.\w{2,5}$", path):
        raise NotFound(f"There is no file {address}.")
    html = await run_in_threadpool(_read, index)
    view = await _first_view(state, address)
    html = included(html, "head", head_of(view, state.settings.public_url, state.settings.today) if view else None)
    html = included(html, "body", body_of(view) if view else None)
    status = 404 if view is not None and not view.found else 200
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": ASK})
