"""Is it alive, can it serve, is it fresh; and what Prometheus reads. Freshness itself is the agent subject's query."""

import psycopg
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from psycopg_pool import PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from missing_table.agent import queries as agent
from missing_table.agent.schemas import Run
from missing_table.migrate import MigrationError, all_migrations
from missing_table.tables.official import KeptChecks, season_check
from missing_table.web.dependencies import StateDep, season_or_current
from missing_table.web.schemas import Shape

router = APIRouter(tags=["health"])

AGE = Gauge("missing_table_source_age_seconds", "Seconds since the source wrote what we have", ["season", "key"])
FRESH = Gauge("missing_table_fresh", "1: something landed within 36 hours, or no season is on")
LANDED = Gauge("missing_table_last_landed_timestamp_seconds", "When a document last landed")
RUN_ENDED = Gauge("missing_table_last_run_ended_timestamp_seconds", "When the last run ended")
RUN_EXIT = Gauge("missing_table_last_run_exit_code", "How the last run ended")
RUN_TOKENS = Gauge("missing_table_last_run_tokens", "Tokens of the last run", ["direction"])
RUN_COST = Gauge("missing_table_last_run_cost_micro_usd", "Cost of the last run, where it is known")
RUN_MATCHES = Gauge("missing_table_last_run_matches", "Matches of the last run", ["target", "outcome"])
RUN_CANARY = Gauge("missing_table_last_run_score_canary", "1: the last run found a played weekend without a score")
OFFICIAL = Gauge("missing_table_official_rows", "Rows of our tables beside the league's own", ["verdict"])
RULE = Gauge("missing_table_official_rule_contradicted", "1: the official tables contradict a rule of ours", ["league"])
OUTCOMES = ("found", "inserted", "updated", "unchanged", "protected", "rejected")


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
    """Prometheus' text. Freshness and the last run are read when asked; without a database they stay as they were."""
    AGE.clear()
    try:
        async with state.connection() as connection:
            freshness = await agent.freshness(connection, season=season_or_current(state, None), now=state.now())
            last = await agent.runs(connection, limit=1)
            official = await season_check(connection, state.cache(KeptChecks), season=freshness.season)
    except (psycopg.Error, PoolTimeout):
        pass
    else:
        for competition in freshness.competitions:
            AGE.labels(competition.season, competition.key).set(competition.age_s)
        FRESH.set(freshness.fresh)
        LANDED.set(freshness.last_landed_at.timestamp() if freshness.last_landed_at else 0)
        for verdict in ("equal", "pending", "different"):
            OFFICIAL.labels(verdict).set(getattr(official, verdict))
        for rule in official.between_brackets:
            RULE.labels(rule.league).set(rule.contradicted)
        for run in last:
            _show_run(run)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _show_run(run: Run) -> None:
    """The figures of a run, which nobody can scrape itself: it is over when somebody asks."""
    RUN_ENDED.set(run.ended_at.timestamp() if run.ended_at else 0)
    RUN_EXIT.set(run.exit_code if run.exit_code is not None else -1)
    RUN_TOKENS.labels("in").set(run.tokens_in)
    RUN_TOKENS.labels("out").set(run.tokens_out)
    RUN_COST.set(run.cost_micro_usd if run.cost_micro_usd is not None else float("nan"))
    RUN_CANARY.set(any("score canary" in warning for warning in run.warnings))
    RUN_MATCHES.clear()
    for target in run.targets:
        for outcome in OUTCOMES:
            RUN_MATCHES.labels(target.target, outcome).set(getattr(target, outcome))
