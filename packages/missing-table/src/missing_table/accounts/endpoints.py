"""Signing in and out, and who one is; and what an admin does with accounts and keys."""

from typing import Annotated
from uuid import UUID

import psycopg
from fastapi import Depends, Path, Query, Request
from starlette.responses import Response

from missing_table.accounts import queries
from missing_table.accounts.dependencies import Admin, SignedIn, admin_only, bearer_of
from missing_table.accounts.keys import ServiceKey
from missing_table.accounts.schemas import (
    Account,
    AccountInput,
    Credentials,
    KeyInput,
    Me,
    NewKey,
    Renewal,
    Session,
    ShownKey,
)
from missing_table.accounts.sign_in import SignIn
from missing_table.audit import audit
from missing_table.web.answers import json_answer
from missing_table.web.dependencies import StateDep
from missing_table.web.exports import ListRoute
from missing_table.web.problems import BadRequest, Conflict, NotFound, Unavailable
from missing_table.web.router import SubjectRouter
from missing_table.web.schemas import Page
from missing_table.web.state import State

router = SubjectRouter(private=True, prefix="/api/accounts", tags=["accounts"])
administration = SubjectRouter(
    private=True, prefix="/api/admin", tags=["admin"], dependencies=[Depends(admin_only)], route_class=ListRoute
)


def _sign_in(state: State) -> SignIn:
    found = state.part(SignIn)
    if found is None:
        raise Unavailable("There is no sign-in here: MT_AUTH_URL names none.")
    return found


@router.post("/sign-in", response_model=Session)
async def sign_in(state: StateDep, wanted: Credentials) -> Response:
    """Sign in with e-mail address and password."""
    return json_answer(await _sign_in(state).with_password(wanted.email, wanted.password), private=True)


@router.post("/refresh", response_model=Session)
async def refresh(state: StateDep, wanted: Renewal) -> Response:
    """The next token of a session. Its refresh token is good once; the answer has a new one."""
    return json_answer(await _sign_in(state).go_on(wanted.refresh_token), private=True)


@router.post("/sign-out", response_model=Me)
async def sign_out(request: Request, state: StateDep, person: SignedIn) -> Response:
    """End the session: its refresh token is good no longer."""
    await _sign_in(state).end(bearer_of(request))
    return json_answer(_me(person), private=True)


@router.get("/me", response_model=Me)
async def me(person: SignedIn) -> Response:
    """Who is signed in, and what the account may do."""
    return json_answer(_me(person), private=True)


def _me(person: SignedIn) -> Me:
    return Me.model_validate({"id": person.account_id, "role": person.role, "team_ids": sorted(person.team_ids)})


@administration.get("/accounts", response_model=Page[Account])
async def accounts(
    state: StateDep,
    cursor: Annotated[UUID | None, Query(description="next_cursor of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """The accounts to which somebody gave a role."""
    async with state.connection() as connection:
        found = await queries.accounts(connection, after=cursor, limit=limit)
    following = str(found[-1].id) if len(found) == limit else None
    return json_answer(Page[Account](items=found, next_cursor=following), private=True)


@administration.put("/accounts/{account_id}", response_model=Account)
async def keep_account(
    request: Request, state: StateDep, person: Admin, account_id: UUID, wanted: AccountInput
) -> Response:
    """Say what an account may do: it holds from the account's next request on."""
    if account_id == person.account_id and (wanted.role != "admin" or wanted.disabled):
        raise Conflict("This is your own account: let another admin take its role, so that one always remains.")
    async with state.connection() as connection, connection.transaction():
        before = await queries.shown_account(connection, account_id=account_id)
        try:
            after = await queries.keep_account(connection, account_id=account_id, wanted=wanted)
        except psycopg.errors.ForeignKeyViolation:
            raise BadRequest(f"One of the teams {wanted.team_ids} is not there: /api/search finds teams.") from None
        await audit(
            connection,
            actor=person.actor,
            action="keep account",
            subject="account",
            subject_id=str(account_id),
            before=before.model_dump(mode="json") if before else None,
            after=after.model_dump(mode="json"),
            request_id=request.scope["request_id"],
        )
    return json_answer(after, private=True)


@administration.get("/keys", response_model=Page[ShownKey])
async def keys(state: StateDep) -> Response:
    """Every service key, revoked ones too; without secrets, which nobody has."""
    async with state.connection() as connection:
        return json_answer(Page[ShownKey](items=await queries.keys(connection)), private=True)


@administration.post("/keys", response_model=NewKey)
async def add_key(request: Request, state: StateDep, person: Admin, wanted: KeyInput) -> Response:
    """Make a service key. Its secret stands in this answer and nowhere else."""
    made = ServiceKey.make()
    async with state.connection() as connection, connection.transaction():
        shown = await queries.add_key(connection, made=made, name=wanted.name, scopes=sorted(set(wanted.scopes)))
        await audit(
            connection,
            actor=person.actor,
            action="add key",
            subject="key",
            subject_id=shown.id,
            before=None,
            after=shown.model_dump(mode="json"),
            request_id=request.scope["request_id"],
        )
    return json_answer(NewKey(**shown.model_dump(), key=made.text), private=True)


@administration.delete("/keys/{key_id}", response_model=ShownKey)
async def revoke_key(
    request: Request,
    state: StateDep,
    person: Admin,
    key_id: Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9-]+$")],
) -> Response:
    """Refuse a service key from now on."""
    async with state.connection() as connection, connection.transaction():
        changed = await queries.revoke(connection, key_id=key_id)
        if changed is None:
            raise NotFound(f"There is no good key {key_id!r}: /api/admin/keys lists them.")
        before, after = changed
        await audit(
            connection,
            actor=person.actor,
            action="revoke key",
            subject="key",
            subject_id=key_id,
            before=before.model_dump(mode="json"),
            after=after.model_dump(mode="json"),
            request_id=request.scope["request_id"],
        )
    return json_answer(after, private=True)
