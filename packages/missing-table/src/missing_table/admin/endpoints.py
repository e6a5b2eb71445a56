"""What an admin may correct and settle, and what a manager may score. Every write is in the audit log."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response

from match_contract import LockedField, Status
from missing_table.accounts.dependencies import Admin, SignedIn, admin_only
from missing_table.admin import queries
from missing_table.admin.schemas import (
    AuditEntry,
    Correction,
    LiveScore,
    MatchConflict,
    MatchState,
    QuarantinedMatch,
    ScoreInput,
    Settlement,
)
from missing_table.database import Connection, one
from missing_table.web.answers import json_answer
from missing_table.web.dependencies import StateDep
from missing_table.web.exports import ListRoute
from missing_table.web.problems import BadRequest, Conflict, Forbidden, NotFound
from missing_table.web.router import SubjectRouter
from missing_table.web.schemas import Identity, Page

router = SubjectRouter(
    private=True,
    prefix="/api/admin",
    tags=["admin"],
    dependencies=[Depends(admin_only)],
    route_class=ListRoute,
)
live = SubjectRouter(private=True, prefix="/api/live", tags=["live"])

AfterQuery = Annotated[int, Query(alias="cursor", ge=0, le=2**63 - 1, description="next_cursor of the page before.")]
LimitQuery = Annotated[int, Query(ge=1, le=200)]
FORFEIT_SCORES = ({"home": 0, "away": 3}, {"home": 3, "away": 0})
SCORED = (Status.COMPLETED, Status.FORFEIT, Status.LIVE)
_SCORE = re.compile(r"(\d{1,2})-(\d{1,2})(?: \((\d{1,2})-(\d{1,2})\))?")


def _no_match(match_id: int) -> NotFound:
    return NotFound(f"There is no match {match_id}: /api/matches lists them.")


async def _held(connection: Connection, match_id: int) -> dict[str, Any]:
    found = await queries.locked_match(connection, match_id=match_id)
    if found is None:
        raise _no_match(match_id)
    return found


async def _lock(connection: Connection, match_id: int, field: str, reason: str, account_id: UUID) -> None:
    values = {"match_id": match_id, "field": field, "reason": reason, "account_id": account_id}
    await connection.execute(queries.LOCK, values)


def _status_with(score: ScoreInput | None, before: Status) -> Status:
    """What a correction that names no status makes of a match."""
    return before if score is None or before in (Status.FORFEIT, Status.LIVE) else Status.COMPLETED


def _check_forfeit(wanted: Correction, before: dict[str, Any]) -> None:
    """A match that becomes a forfeit is given its score: who forfeited cannot be read from the one that was played."""
    score = wanted.score
    if score is None and before["status"] == Status.FORFEIT:
        score = ScoreInput(home=before["home_score"], away=before["away_score"]) if before["score_text"] else None
    if score is None or score.model_dump(exclude_none=True) not in FORFEIT_SCORES:
        raise BadRequest(
            f"A forfeit is a 0-3 loss: match {before['id']} needs the score 0-3 if its home team forfeited, 3-0 if its "
            "away team did. For another score name the status too."
        )


async def _set_status(connection: Connection, before: dict[str, Any], status: Status, *, scored: bool = False) -> None:
    """A forfeit that becomes a match to be played loses the score that was given to it, and the score's lock."""
    match_id = before["id"]
    if before["status"] == Status.FORFEIT and status not in SCORED and not scored:
        nothing = dict.fromkeys(("home", "away", "home_shootout", "away_shootout"))
        await connection.execute(queries.SCORE, {**nothing, "status": status.value, "match_id": match_id})
        await connection.execute(queries.UNLOCK, {"match_id": match_id, "field": "score"})
    else:
        await connection.execute(queries.STATUS, {"status": status.value, "match_id": match_id})


@router.get("/matches/{match_id}", response_model=MatchState)
async def match_locks(state: StateDep, match_id: Identity) -> Response:
    """A match's correctable fields as they stand, with its locks."""
    async with state.connection() as connection:
        found = await queries.match_state(connection, match_id=match_id)
    if found is None:
        raise _no_match(match_id)
    return json_answer(found, private=True)


@router.post("/matches/{match_id}/corrections", response_model=MatchState)
async def correct_match(
    request: Request, state: StateDep, person: Admin, match_id: Identity, wanted: Correction
) -> Response:
    """Correct fields of a match and lock them against the source. A score alone ends a match, except one that is live;
    a forfeit stays one. A forfeit is a 0-3 loss: it comes with the score 0-3 or 3-0, which is locked with it."""
    async with state.connection() as connection, connection.transaction():
        before = await _held(connection, match_id)
        status = wanted.status or _status_with(wanted.score, Status(before["status"]))
        scored = wanted.score is not None or before["home_score"] is not None
        if status is Status.COMPLETED and not scored:
            raise BadRequest(f"Match {match_id} has no score: give one, or another status than completed.")
        if status is Status.FORFEIT and (wanted.status or wanted.score):
            _check_forfeit(wanted, before)
        if wanted.score is not None:
            values = {**wanted.score.model_dump(), "status": status.value, "match_id": match_id}
            await connection.execute(queries.SCORE, values)
        if wanted.status is not None:
            await _set_status(connection, before, status, scored=wanted.score is not None)
            await _lock(connection, match_id, "status", wanted.reason, person.account_id)
        if wanted.score is not None or wanted.status is Status.FORFEIT:
            await _lock(connection, match_id, "score", wanted.reason, person.account_id)
        if wanted.kick_off is not None:
            await connection.execute(queries.KICK_OFF, {**wanted.kick_off.model_dump(), "match_id": match_id})
            await _lock(connection, match_id, "kick_off", wanted.reason, person.account_id)
        now = await queries.finish(
            connection,
            match_id=match_id,
            before=before,
            account_id=person.account_id,
            action="correct",
            request_id=request.scope["request_id"],
        )
    return json_answer(now, private=True)


@router.delete("/matches/{match_id}/locks/{field}", response_model=MatchState)
async def unlock_match(
    request: Request, state: StateDep, person: Admin, match_id: Identity, field: LockedField
) -> Response:
    """Give a field back to the source; its next document decides. Score and status of a forfeit go together."""
    async with state.connection() as connection, connection.transaction():
        before = await _held(connection, match_id)
        if await one(connection, queries.UNLOCK, {"match_id": match_id, "field": field}) is None:
            raise NotFound(f"The field {field!r} of match {match_id} is not locked.")
        if before["status"] == Status.FORFEIT and field in ("score", "status"):
            other = "status" if field == "score" else "score"
            await connection.execute(queries.UNLOCK, {"match_id": match_id, "field": other})
        now = await queries.finish(
            connection,
            match_id=match_id,
            before=before,
            account_id=person.account_id,
            action="unlock",
            request_id=request.scope["request_id"],
        )
    return json_answer(now, private=True)


@router.get("/conflicts", response_model=Page[MatchConflict])
async def conflicts(
    state: StateDep,
    only_open: Annotated[bool, Query(alias="open")] = True,
    cursor: AfterQuery = 0,
    limit: LimitQuery = 50,
) -> Response:
    """What the source offers against kept values."""
    async with state.connection() as connection:
        found = await queries.conflicts(connection, only_open=only_open, after_id=cursor, limit=limit)
    return json_answer(Page[MatchConflict](items=found, next_cursor=_next(found, limit)), private=True)


@router.post("/conflicts/{conflict_id}", response_model=MatchState)
async def settle_conflict(
    request: Request, state: StateDep, person: Admin, conflict_id: Identity, wanted: Settlement
) -> Response:
    """Keep our value, or take the source's: then the field's lock goes and the source has it again."""
    async with state.connection() as connection, connection.transaction():
        found = await one(connection, queries.CONFLICT, {"conflict_id": conflict_id})
        if found is None:
            raise NotFound(f"There is no conflict {conflict_id}: /api/admin/conflicts lists them.")
        if found["settlement"] is not None:
            raise Conflict(f"Conflict {conflict_id} is settled already: {found['settlement']}.")
        match_id = found["match_id"]
        before = await _held(connection, match_id)
        if wanted.settlement == "taken":
            await _take(connection, found, before)
            await connection.execute(queries.UNLOCK, {"match_id": match_id, "field": found["field"]})
        values = {"conflict_id": conflict_id, "account_id": person.account_id, "settlement": wanted.settlement}
        await connection.execute(queries.SETTLE, values)
        now = await queries.finish(
            connection,
            match_id=match_id,
            before=before,
            account_id=person.account_id,
            action=f"conflict {wanted.settlement}",
            request_id=request.scope["request_id"],
        )
    return json_answer(now, private=True)


async def _take(connection: Connection, found: dict[str, Any], before: dict[str, Any]) -> None:
    """The offered value becomes ours, where it can be read back from its text; else the next document brings it."""
    field, offered, match_id = found["field"], found["offered_value"], found["match_id"]
    if field == "status" and offered in set(Status) and (offered != "completed" or before["home_score"] is not None):
        await _set_status(connection, before, Status(offered))
    if field == "score" and offered and (read := _SCORE.fullmatch(offered)):
        names = ("home", "away", "home_shootout", "away_shootout")
        score = {name: None if part is None else int(part) for name, part in zip(names, read.groups(), strict=True)}
        if before["status"] == Status.FORFEIT:
            raise Conflict(f"Match {match_id} is a forfeit, and keeps its score: take or correct its status first.")
        await connection.execute(queries.SCORE, {**score, "status": "completed", "match_id": match_id})
    if field == "kick_off" and offered:
        await connection.execute(queries.TAKE_KICK_OFF, {"moment": offered, "match_id": match_id})


@router.get("/audit", response_model=Page[AuditEntry])
async def audit(state: StateDep, cursor: AfterQuery = 0, limit: LimitQuery = 50) -> Response:
    """Who wrote what, oldest first."""
    async with state.connection() as connection:
        found = await queries.audits(connection, after_id=cursor, limit=limit)
    return json_answer(Page[AuditEntry](items=found, next_cursor=_next(found, limit)), private=True)


@router.get("/quarantine", response_model=Page[QuarantinedMatch])
async def quarantine(state: StateDep, cursor: AfterQuery = 0, limit: LimitQuery = 50) -> Response:
    """Matches that were turned away and wait for a person."""
    async with state.connection() as connection:
        found = await queries.quarantine(connection, after_id=cursor, limit=limit)
    return json_answer(Page[QuarantinedMatch](items=found, next_cursor=_next(found, limit)), private=True)


def _next(found: list[Any], limit: int) -> str | None:
    return str(found[-1].id) if len(found) == limit else None


@live.put("/matches/{match_id}", response_model=MatchState)
async def score_live(
    request: Request, state: StateDep, person: SignedIn, match_id: Identity, wanted: LiveScore
) -> Response:
    """The score of a match that is being played, by a manager of one of its teams. The source leaves it alone while it
    is live; `final` ends it, and from then on the score is locked: the source may only disagree."""
    async with state.connection() as connection, connection.transaction():
        before = await _held(connection, match_id)
        if not person.manages(before["home_team_id"], before["away_team_id"]):
            raise Forbidden(f"This account manages neither team of match {match_id}.")
        if before["status"] in ("completed", "forfeit", "cancelled"):
            raise Conflict(f"Match {match_id} is {before['status']}: only an admin may correct it.")
        status = Status.COMPLETED if wanted.final else Status.LIVE
        values = {"home": wanted.home, "away": wanted.away, "home_shootout": None, "away_shootout": None}
        await connection.execute(queries.SCORE, {**values, "status": status.value, "match_id": match_id})
        if wanted.final:
            await _lock(connection, match_id, "score", "scored live", person.account_id)
        now = await queries.finish(
            connection,
            match_id=match_id,
            before=before,
            account_id=person.account_id,
            action="live final" if wanted.final else "live",
            request_id=request.scope["request_id"],
        )
    return json_answer(now, private=True)
