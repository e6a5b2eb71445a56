"""What an admin does with aliases: a match that was turned away for an unknown name lands at its next replay."""

from typing import Annotated

import psycopg
from fastapi import Depends, Query, Request
from starlette.responses import Response

from missing_table.accounts.dependencies import Admin, admin_only
from missing_table.aliases import queries
from missing_table.aliases.schemas import Alias, AliasInput
from missing_table.audit import audit
from missing_table.web.answers import json_answer
from missing_table.web.dependencies import AfterQuery, StateDep
from missing_table.web.exports import ListRoute
from missing_table.web.problems import BadRequest, Conflict, NotFound
from missing_table.web.router import SubjectRouter
from missing_table.web.schemas import Identity, Page

router = SubjectRouter(
    private=True, prefix="/api/admin/aliases", tags=["admin"], dependencies=[Depends(admin_only)], route_class=ListRoute
)


@router.get("", response_model=Page[Alias])
async def aliases(
    state: StateDep, cursor: AfterQuery = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> Response:
    """Every alias."""
    async with state.connection() as connection:
        found = await queries.aliases(connection, after_id=cursor, limit=limit)
    following = str(found[-1].id) if len(found) == limit else None
    return json_answer(Page[Alias](items=found, next_cursor=following), private=True)


@router.post("", response_model=Alias)
async def add_alias(request: Request, state: StateDep, person: Admin, wanted: AliasInput) -> Response:
    """Say whom a name means. What waits in the quarantine for it lands when it is replayed."""
    async with state.connection() as connection, connection.transaction():
        try:
            made = await queries.add(connection, wanted=wanted, account_id=person.account_id)
        except psycopg.errors.ForeignKeyViolation:
            whom = f"team {wanted.team_id}" if wanted.team_id else f"club {wanted.club_id}"
            raise BadRequest(f"There is no {whom}: /api/search finds teams and clubs by name.") from None
        if made is None:
            raise Conflict(f"The alias {wanted.alias!r} is taken for that age and source: remove it first.")
        await audit(
            connection,
            actor=person.actor,
            action="add alias",
            subject="alias",
            subject_id=str(made.id),
            before=None,
            after=made.model_dump(mode="json"),
            request_id=request.scope["request_id"],
        )
    return json_answer(made, private=True)


@router.delete("/{alias_id}", response_model=Alias)
async def remove_alias(request: Request, state: StateDep, person: Admin, alias_id: Identity) -> Response:
    """Forget a name. What landed through it stays."""
    async with state.connection() as connection, connection.transaction():
        found = await queries.alias(connection, alias_id=alias_id)
        if found is None:
            raise NotFound(f"There is no alias {alias_id}: /api/admin/aliases lists them.")
        await queries.remove(connection, alias_id=alias_id)
        await audit(
            connection,
            actor=person.actor,
            action="remove alias",
            subject="alias",
            subject_id=str(alias_id),
            before=found.model_dump(mode="json"),
            after=None,
            request_id=request.scope["request_id"],
        )
    return json_answer(found, private=True)
