"""The application: puts the subjects' routes, the errors and the middleware together. No endpoint of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from missing_table.accounts.endpoints import administration
from missing_table.accounts.endpoints import router as accounts
from missing_table.accounts.sign_in import SignIn
from missing_table.accounts.tokens import Verifier
from missing_table.admin.endpoints import live as live_scoring
from missing_table.admin.endpoints import router as admin
from missing_table.admin.quarantine import router as quarantine
from missing_table.agent.endpoints import administration as intake
from missing_table.agent.endpoints import public as agent_public
from missing_table.agent.endpoints import router as agent
from missing_table.aliases.endpoints import router as aliases
from missing_table.calendars.endpoints import router as calendars
from missing_table.clubs.endpoints import router as clubs
from missing_table.database import make_pool
from missing_table.forecasts.endpoints import router as forecasts
from missing_table.live.endpoints import router as live
from missing_table.live.feed import Feed
from missing_table.matches.endpoints import router as matches
from missing_table.pages.embed import router as embed
from missing_table.pages.endpoints import router as pages
from missing_table.pages.site import router as site
from missing_table.search.endpoints import router as search
from missing_table.server.health import router as health
from missing_table.settings import Settings
from missing_table.tables.endpoints import router as tables
from missing_table.tables.kept import KeptTables
from missing_table.teams.endpoints import router as teams
from missing_table.web.gate import Gate
from missing_table.web.head import HeadAsGet
from missing_table.web.middleware import Around
from missing_table.web.openapi import document
from missing_table.web.problems import add_problem_handlers
from missing_table.web.router import reach_of
from missing_table.web.state import State
from missing_table.web.warm import WarmTables

ABOUT = """The league's tables, fixtures, teams and clubs, as JSON.

Lists are `{items, next_cursor}`; errors are RFC 9457 problems. Times are UTC; `local_date` is the day at the venue.
"""
OPENAPI = "/api/openapi.json"
SUBJECTS = (
    tables,
    forecasts,
    matches,
    teams,
    clubs,
    search,
    calendars,
    live,
    agent,
    agent_public,
    accounts,
    live_scoring,
    admin,
    quarantine,
    administration,
    aliases,
    intake,
    pages,
    embed,
    health,
)


def _operation_id(route: APIRoute) -> str:
    return route.name


def create_app(settings: Settings | None = None) -> FastAPI:
    """The ASGI application. Opens its pool when it starts, not before, and serves (503) while the database is away."""
    settings = settings or Settings()
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else None
    key = settings.auth_key.get_secret_value() if settings.auth_key else None
    state = State(settings)
    state.add(Verifier(secret, settings.key_document_url))
    if settings.auth_url:
        state.add(SignIn(settings.auth_url, key))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        state.pool = make_pool(settings.pooled_dsn)
        await state.pool.open(wait=False)
        feed = Feed(settings.direct_dsn, [state.kept, state.cache(KeptTables)])
        state.add(feed)
        state.at_stop.append(feed.end)
        listening = asyncio.create_task(feed.run(), name="listener")
        try:
            yield
        finally:
            state.stop()
            while not listening.done():  # a cancellation that meets a statement's end is lost: say it again
                listening.cancel()
                await asyncio.wait({listening}, timeout=0.1)
            await state.pool.close()

    app = FastAPI(
        title="Missing Table",
        version=version("missing-table"),
        description=ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=OPENAPI,
        redirect_slashes=False,  # it would write the scheme and the host that it was asked by, which are a proxy's
        generate_unique_id_function=_operation_id,
    )
    app.state.missing_table = state
    for router in SUBJECTS:
        app.include_router(router)
    if settings.site_dir is not None:
        app.include_router(site)
    add_problem_handlers(app)
    reach = reach_of(SUBJECTS)
    app.add_middleware(WarmTables, kept=state.kept, never=(*reach.never_kept, OPENAPI))
    app.add_middleware(HeadAsGet)
    app.add_middleware(Gate, limits=state.limits, private=reach.private)
    app.add_middleware(Around)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app
