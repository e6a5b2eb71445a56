"""Signing in and out, and who one is."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from missing_table.accounts.dependencies import SignedIn, bearer_of
from missing_table.accounts.schemas import Credentials, Me, Renewal, Session
from missing_table.accounts.sign_in import SignIn
from missing_table.web.answers import json_answer
from missing_table.web.dependencies import StateDep
from missing_table.web.problems import Unavailable
from missing_table.web.state import State

router = APIRouter(prefix="/api/accounts", tags=["accounts"])


def _sign_in(state: State) -> SignIn:
    if state.sign_in is None:
        raise Unavailable("There is no sign-in here: MT_AUTH_URL names none.")
    return state.sign_in


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
