"""The assist viewer's host: a single-page app under every path, and the two documents of each competition season."""

from __future__ import annotations

from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from devstack.replica.feeds import Document
from devstack.replica.pages import robots
from devstack.replica.world import World

HERE = Path(__file__).parent / "site"
SHELL_BYTES = 631
"""The real shell's size, by which people have recognised it."""
CACHE_SECONDS = 240
CREST = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
    '<circle cx="20" cy="20" r="19" fill="hsl({} 60% 35%)"/>'
    '<text x="20" y="26" text-anchor="middle" font-size="16" fill="#fff">{:02d}</text></svg>'
)


def shell() -> bytes:
    """The app's HTML, exactly 631 bytes: what every unknown path answers, with status 200."""
    html = (HERE / "shell.html").read_bytes()
    return html.replace(b"{{pad}}", b" " * (SHELL_BYTES - len(html) + len(b"{{pad}}")))


def unchanged(request: Request, document: Document, *, etag: bool, last_modified: bool) -> bool:
    """Whether a conditional request finds nothing new. If-None-Match, where sent, decides alone (RFC 9110, 13.1.3)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = [tag.strip().removeprefix("W/") for tag in tags.split(",")]
        return etag and ("*" in known or document.etag in known)
    since = request.headers.get("if-modified-since")
    if since is None or not last_modified:
        return False
    try:
        return document.modified <= parsedate_to_datetime(since)
    except ValueError:
        return False


def serve(request: Request, document: Document, *, etag: bool = True, last_modified: bool = True) -> Response:
    """200 with the body (gzip only when asked for) or 304, with validators and the CDN's four minutes."""
    headers = {"Cache-Control": f"public, max-age={CACHE_SECONDS}", "Vary": "Accept-Encoding"}
    if etag:
        headers["ETag"] = document.etag
    if last_modified:
        headers["Last-Modified"] = format_datetime(document.modified, usegmt=True)
    if unchanged(request, document, etag=etag, last_modified=last_modified):
        return Response(status_code=304, headers=headers)
    body = document.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = document.zipped
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type="application/json")


def site(world: World) -> Starlette:
    """The application for mls-assist.theintelligenceplatform.com."""
    page = shell()

    def read(request: Request) -> Response:
        fault = request.scope.get("replica.fault")
        if fault == "shell":
            return HTMLResponse(page)
        if fault == "blank":
            return Response(b"", media_type="application/json")
        document = world.document(request.url.path.removeprefix("/"))
        if document is None:
            return HTMLResponse(page)
        knobs = world.knobs
        return serve(request, document, etag=knobs.etag == "on", last_modified=knobs.last_modified == "on")

    async def data(request: Request) -> Response:
        return await run_in_threadpool(read, request)

    async def script(_: Request) -> Response:
        return Response((HERE / "app.js").read_text(), media_type="text/javascript")

    async def crest(request: Request) -> Response:
        number = int(request.path_params["club"])
        return Response(CREST.format(number % 360, number % 100), media_type="image/svg+xml")

    async def rules(_: Request) -> Response:
        return robots(world)

    async def app(_: Request) -> Response:
        return HTMLResponse(page)

    return Starlette(
        routes=[
            Route("/robots.txt", rules),
            Route("/assets/app.js", script),
            Route("/data/{name:path}", data),
            Route("/crests/{club:int}.svg", crest),
            Route("/{path:path}", app),
        ]
    )
