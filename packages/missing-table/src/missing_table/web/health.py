"""Is it alive, can it serve, is it fresh; and what Prometheus reads. Freshness itself is the agent subject's query."""

import psycopg
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from missing_table.agent import queries as agent
from missing_table.migrate import MigrationError, all_migrations
from missing_table.web.dependencies import StateDep, season_or_current
from missing_table.web.schemas import Shape

router = APIRouter(tags=["health"])

AGE = Gauge("missing_table_source_age_seconds", "Seconds since the source wrote what we have", ["season", "key"])


class Health(Shape):
    """`status` is ok or what is wrong; `checks` has a sentence for each thing that was looked at."""

    status: str
    checks: dict[str, str]


def _answer(health: Health, status: int) -> Response:
    return JSONResponse(health.model_dump(), status_code=status, headers={"Cache-Control": "no-store"})


@router.get("/health/live", response_model=Health)
async def health_live() -> Response:
    """The process answers. Asks nothing of anybody else."""
    return _answer(Health(status="ok", checks={}), 200)


@router.get("/health/ready", response_model=Health, responses={503: {"model": Health}})
async def health_ready(state: StateDep) -> Response:
    """200 when the database answers and has every migration that this version knows; else 503."""
    checks: dict[str, str] = {}
    try:
        async with state.connection() as connection:
            applied = await agent.applied_migrations(connection)
        checks["database"] = "ok"
    except (psycopg.Error, PoolTimeout) as error:
        checks["database"] = f"does not answer: {type(error).__name__}"
        return _answer(Health(status="no database", checks=checks), 503)
    try:
        known = {migration.version for migration in await run_in_threadpool(all_migrations)}
    except MigrationError as error:
        checks["migrations"] = f"unknown here: {error}"
        return _answer(Health(status="ok", checks=checks), 200)
    missing = sorted(known - applied)
    checks["migrations"] = f"missing: {', '.join(missing)}: run missing-table migrate" if missing else "ok"
    return _answer(Health(status="migrations missing" if missing else "ok", checks=checks), 503 if missing else 200)


@router.get("/health/fresh", response_model=Health, responses={503: {"model": Health}})
async def health_fresh(state: StateDep) -> Response:
    """503 when nothing landed for 36 hours in season: for an outside monitor."""
    season = season_or_current(state, None)
    async with state.connection() as connection:
        freshness = await agent.freshness(connection, season=season, now=state.now())
    sentence = (
        f"last landed {freshness.last_landed_at:%Y-%m-%d %H:%M} UTC"
        if freshness.last_landed_at
        else "nothing landed yet"
    )
    status = "ok" if freshness.fresh else "stale"
    return _answer(Health(status=status, checks={"landed": sentence}), 200 if freshness.fresh else 503)


@router.get("/metrics", include_in_schema=False)
async def metrics(state: StateDep) -> Response:
    """Prometheus' text. Freshness is read when asked; without a database its gauges are absent."""
    AGE.clear()
    try:
        async with state.connection() as connection:
            freshness = await agent.freshness(connection, season=season_or_current(state, None), now=state.now())
    except (psycopg.Error, PoolTimeout):
        pass
    else:
        for competition in freshness.competitions:
            AGE.labels(competition.season, competition.key).set(competition.age_s)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
