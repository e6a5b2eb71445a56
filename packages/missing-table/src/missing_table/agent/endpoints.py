"""What the agent asks (with a key of scope `agent`), and runs and freshness (for everybody)."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from match_contract import Freshness, MatchSummary, Receipt, SourceState
from missing_table.accounts.dependencies import admin_only, require_agent
from missing_table.agent import queries
from missing_table.agent.schemas import Run, RunDetail, StoredReceipt
from missing_table.tables.official import KeptChecks, season_check
from missing_table.web.answers import json_answer
from missing_table.web.dependencies import SeasonQuery, StateDep, season_or_current
from missing_table.web.exports import ListRoute
from missing_table.web.problems import NotFound
from missing_table.web.router import SubjectRouter
from missing_table.web.schemas import Page

router = SubjectRouter(
    prefix="/api/agent",
    tags=["agent"],
    private=True,
    dependencies=[Depends(require_agent)],
    route_class=ListRoute,
)
public = SubjectRouter(prefix="/api", tags=["agent"], never_kept=["/freshness"], route_class=ListRoute)
administration = SubjectRouter(
    private=True, prefix="/api/admin", tags=["admin"], dependencies=[Depends(admin_only)], route_class=ListRoute
)


@router.get("/match-summary", response_model=MatchSummary)
async def match_summary(state: StateDep, season: SeasonQuery = None) -> Response:
    """What the database knows of each bracket of a season, and the last runs."""
    name = season_or_current(state, season)
    async with state.connection() as connection:
        return json_answer(await queries.match_summary(connection, season=name, now=state.now()), private=True)


@router.get("/sources", response_model=Page[SourceState])
async def sources(state: StateDep, season: SeasonQuery = None) -> Response:
    """The last landed snapshot of each key, with the validators that a reader may send."""
    name = season_or_current(state, season)
    async with state.connection() as connection:
        found = await queries.sources(connection, season=name)
    return json_answer(Page[SourceState](items=found), private=True)


@router.get("/batches/{batch_id}", response_model=Receipt)
async def batch_receipt(state: StateDep, batch_id: UUID) -> Response:
    """The receipt of a message (batch, snapshot, quality or run report) by its id; 404 until it landed."""
    async with state.connection() as connection:
        receipt = await queries.receipt(connection, message_id=batch_id)
    if receipt is None:
        raise NotFound(f"No receipt for {batch_id}: it has not landed, or it was never sent.")
    return json_answer(Receipt.model_validate(receipt), private=True)


@public.get("/runs", response_model=Page[Run])
async def runs(state: StateDep, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> Response:
    """The newest runs first."""
    async with state.connection() as connection:
        found = await queries.runs(connection, limit=limit)
    return json_answer(Page[Run](items=found))


@public.get("/freshness", response_model=Freshness)
async def freshness(state: StateDep, season: SeasonQuery = None) -> Response:
    """How old what the site shows is, per competition, and how its tables compare with the league's own."""
    name = season_or_current(state, season)
    async with state.connection() as connection:
        found = await queries.freshness(connection, season=name, now=state.now())
        official = await season_check(connection, state.cache(KeptChecks), season=name)
    return json_answer(found.model_copy(update={"official": official}))


@administration.get("/runs/{run_id}", response_model=RunDetail)
async def run(state: StateDep, run_id: UUID) -> Response:
    """A run with the report that the agent sent. /api/runs lists them."""
    async with state.connection() as connection:
        found = await queries.run(connection, run_id=run_id)
    if found is None:
        raise NotFound(f"There is no run {run_id}: /api/runs lists them.")
    return json_answer(found, private=True)


@administration.get("/receipts", response_model=Page[StoredReceipt])
async def receipts(
    *,
    state: StateDep,
    run: Annotated[UUID | None, Query(description="Only of this run.")] = None,
    only: Annotated[Literal["landed", "refused"] | None, Query(alias="state")] = None,
    cursor: Annotated[UUID | None, Query(description="next_cursor of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """What became of every message, the newest first."""
    async with state.connection() as connection:
        found = await queries.receipts(connection, run_id=run, state=only, after=cursor, limit=limit)
    following = str(found[-1].message_id) if len(found) == limit else None
    return json_answer(Page[StoredReceipt](items=found, next_cursor=following), private=True)
