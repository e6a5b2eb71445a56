"""The quarantine over HTTP: one rejection, tried again or dropped. The list stands beside the other lists of admins."""

import asyncio

import psycopg
from fastapi import Depends, Request
from starlette.responses import Response

from missing_table.accounts.dependencies import Admin, admin_only
from missing_table.admin.schemas import QuarantinedMatch, Replayed
from missing_table.ingest import quarantine as ingest
from missing_table.waits import REACH
from missing_table.web.answers import json_answer
from missing_table.web.dependencies import StateDep
from missing_table.web.problems import Conflict, NotFound
from missing_table.web.router import SubjectRouter
from missing_table.web.schemas import Identity
from missing_table.web.state import State

router = SubjectRouter(private=True, prefix="/api/admin/quarantine", tags=["admin"], dependencies=[Depends(admin_only)])
CONNECT_TIMEOUT_S = 5


def _held(connection: psycopg.Connection, rejection_id: int) -> ingest.Rejected:
    found = ingest.rejected(connection, state=None, ids=[rejection_id])
    if not found:
        raise NotFound(f"There is no rejection {rejection_id}: /api/admin/quarantine lists them.")
    return found[0]


def _open(connection: psycopg.Connection, rejection_id: int) -> ingest.Rejected:
    found = _held(connection, rejection_id)
    if found.state != "open":
        raise Conflict(f"Rejection {rejection_id} is {found.state} already.")
    return found


def _connect(state: State) -> psycopg.Connection:
    """The ingest's code is not asynchronous: it gets a connection of its own, in a thread."""
    dsn = state.settings.pooled_dsn
    return psycopg.connect(dsn, autocommit=True, prepare_threshold=None, **REACH)


def _shown(row: ingest.Rejected) -> QuarantinedMatch:
    return QuarantinedMatch.model_validate({name: getattr(row, name) for name in QuarantinedMatch.model_fields})


def _replay(state: State, rejection_id: int, actor: str, request_id: str) -> tuple[str, QuarantinedMatch]:
    with _connect(state) as connection:
        row = _open(connection, rejection_id)
        wrong = ingest.replay(connection, row, actor=actor, request_id=request_id, now=state.settings.latest())
        return wrong, _shown(_held(connection, rejection_id))


def _drop(state: State, rejection_id: int, actor: str, request_id: str) -> QuarantinedMatch:
    with _connect(state) as connection:
        if not ingest.drop(connection, [rejection_id], actor=actor, request_id=request_id):
            _open(connection, rejection_id)  # says which of the two it is
        return _shown(_held(connection, rejection_id))


@router.get("/{rejection_id}", response_model=QuarantinedMatch)
async def rejection(state: StateDep, rejection_id: Identity) -> Response:
    """One rejection whole, open or settled, with its payload."""

    def found() -> QuarantinedMatch:
        with _connect(state) as connection:
            return _shown(_held(connection, rejection_id))

    return json_answer(await asyncio.to_thread(found), private=True)


@router.post("/{rejection_id}/replay", response_model=Replayed)
async def replay_rejection(request: Request, state: StateDep, person: Admin, rejection_id: Identity) -> Response:
    """Try it again, now that its cause is gone (an alias was added). It stays open where it is rejected again."""
    wrong, now = await asyncio.to_thread(_replay, state, rejection_id, person.actor, request.scope["request_id"])
    return json_answer(Replayed(landed=not wrong, detail=wrong, rejection=now), private=True)


@router.post("/{rejection_id}/drop", response_model=QuarantinedMatch)
async def drop_rejection(request: Request, state: StateDep, person: Admin, rejection_id: Identity) -> Response:
    """Settle it for good, unlanded: the same thing with the same fault does not open it again."""
    now = await asyncio.to_thread(_drop, state, rejection_id, person.actor, request.scope["request_id"])
    return json_answer(now, private=True)
