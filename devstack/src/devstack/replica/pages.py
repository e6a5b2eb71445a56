"""mlssoccer.com's part: the outer pages with consent, analytics and one lazy iframe. In the iframe: `viewer`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from devstack.replica.certificate import MODULAR11, SITE, VIEWER
from devstack.replica.world import World

HERE = Path(__file__).parent / "site"
PATHS = {
    "schedule/all": ("schedule", "homegrown"),
    "schedule/homegrown-division": ("schedule", "homegrown"),
    "schedule/academy_division": ("schedule", "academy"),
    "standings/homegrown_division": ("standings", "homegrown"),
    "standings/academy_division": ("standings", "academy"),
}
UNKNOWN_PLATFORM = "next-viewer.mlssoccer.com"
ROBOTS = {
    "allow": "User-agent: *\nDisallow: /search\nDisallow: /api/\n",
    "disallow": "User-agent: *\nDisallow: /\n",
    "crawl-delay": "User-agent: *\nCrawl-delay: 30\n",
}


def robots(world: World) -> Response:
    """robots.txt of any of the hosts, as the knob has it."""
    if world.knobs.robots == "500":
        return PlainTextResponse("500 (a fault of the replica's)\n", 500)
    text = ROBOTS.get(world.knobs.robots)
    return PlainTextResponse(text) if text else PlainTextResponse("Not found\n", 404)


def iframe_address(world: World, kind: str, division: str) -> str:
    """Where the page's iframe points today."""
    if world.knobs.platform == "modular11":
        page = "academy-division" if division == "academy" else "homegrown-division"
        return f"https://{MODULAR11}/league-{kind}/{page}"
    if world.knobs.platform == "unknown":
        return f"https://{UNKNOWN_PLATFORM}/embed/{kind}/{division}"
    return f"https://{VIEWER}/#/{kind}/{world.key(division)}"


def page(world: World, kind: str, division: str) -> str:
    """The HTML of one outer page."""
    knobs = world.knobs
    if knobs.academy_link == "missing":
        division = "homegrown"  # the site then shows the Homegrown page under the Academy's address
    address = iframe_address(world, kind, division)
    settings: dict[str, Any] = {
        "consent": knobs.consent,
        "consentDelay": knobs.consent_delay_ms if knobs.consent != "late" else max(4000, knobs.consent_delay_ms),
        "consentSize": knobs.consent_size,
        "iframe": knobs.iframe,
        "iframeDelay": knobs.iframe_delay_ms,
        "iframeReloads": knobs.iframe_reloads,
        "address": address,
    }
    size = ' style="width:0;height:0;overflow:hidden"' if knobs.iframe_size == "zero" else ""
    start = "src" if knobs.iframe == "eager" and knobs.consent not in ("required", "stuck") else "data-src"
    frame = f'<iframe class="mls-o-iframe" title="MLS NEXT {kind}" {start}="{address}"></iframe>'
    if knobs.iframe in ("missing", "slow"):
        frame = ""
    academy = '<li><a href="/mlsnext/schedule/academy_division/">Academy Division</a></li>'
    replace = {
        "kind": kind.capitalize(),
        "division": "Academy Division" if division == "academy" else "Homegrown Division",
        "academy": academy if knobs.academy_link == "present" else "",
        "consent": "" if knobs.consent == "absent" else '<script src="/onetrust/otSDKStub.js" async></script>',
        "size": size,
        "frame": frame,
        "settings": msgspec.json.encode(settings).decode(),
    }
    html = (HERE / "page.html").read_text()
    for name, value in replace.items():
        html = html.replace(f"{{{{{name}}}}}", value)
    return html


def site(world: World) -> Starlette:
    """The application for www.mlssoccer.com."""

    async def outer(request: Request) -> Response:
        path = request.path_params["path"]
        if path.rstrip("/") not in PATHS:
            return HTMLResponse("<!doctype html><title>Page not found</title><h1>404</h1>", 404)
        if not path.endswith("/"):
            return RedirectResponse(f"/mlsnext/{path}/", 301)
        kind, division = PATHS[path.rstrip("/")]
        html = await run_in_threadpool(page, world, kind, division)
        return HTMLResponse(html, headers={"Cache-Control": "no-cache"})

    async def consent(request: Request) -> Response:
        if world.knobs.consent == "hang":
            while (await request.receive())["type"] != "http.disconnect":
                pass
        return Response((HERE / "consent.js").read_text(), media_type="text/javascript")

    async def script(_: Request) -> Response:
        return Response((HERE / "page.js").read_text(), media_type="text/javascript")

    async def collect(_: Request) -> Response:
        await asyncio.sleep(0.8)  # longer than the page waits with its next one: something is always under way
        return Response(status_code=204)

    async def home(_: Request) -> Response:
        return HTMLResponse(f'<!doctype html><title>{SITE}</title><a href="/mlsnext/schedule/all/">MLS NEXT</a>')

    async def rules(_: Request) -> Response:
        return robots(world)

    return Starlette(
        routes=[
            Route("/", home),
            Route("/robots.txt", rules),
            Route("/mlsnext/{path:path}", outer),
            Route("/onetrust/otSDKStub.js", consent),
            Route("/assets/page.js", script),
            Route("/analytics/collect", collect, methods=["GET", "POST"]),
        ]
    )
