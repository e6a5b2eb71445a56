"""Who asks: turns a service key into a caller, and refuses."""

from dataclasses import dataclass
from time import monotonic
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer

from missing_table.accounts import queries
from missing_table.accounts.keys import FORM, ServiceKey
from missing_table.accounts.tokens import Verifier
from missing_table.web.dependencies import StateDep
from missing_table.web.problems import Forbidden, TooMany, Unauthorized
from missing_table.web.state import State

api_key_header = APIKeyHeader(name="X-Api-Key", auto_error=False, description="A service key.")
bearer = HTTPBearer(auto_error=False, description="A service key, or the token of a sign-in.")


@dataclass(frozen=True, slots=True)
class Caller:
    """A service key's name and what it may do."""

    name: str
    scopes: frozenset[str]


def bearer_of(request: Request) -> str:
    """The token of `Authorization: Bearer`, or nothing."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _sent(request: Request) -> str:
    return request.headers.get("x-api-key") or bearer_of(request)


def _count(request: Request, state: State, caller: str) -> None:
    """Counts a request of a key or an account, whatever address it came from; TooMany beyond the quota."""
    if not state.limits.key.quota:
        return
    standing = state.limits.key.take(caller, monotonic())
    request.scope["standings"].append(standing)
    if not standing.allowed:
        seconds = standing.retry_after_s
        raise TooMany(
            f"This {caller.partition(' ')[0]} has asked too often: at most {standing.quota} a minute. "
            f"Ask again in {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )


async def service_caller(
    request: Request,
    state: StateDep,
    _key: Annotated[str | None, Security(api_key_header)] = None,
    _bearer: Annotated[object, Security(bearer)] = None,
) -> Caller:
    """The caller behind a service key; Unauthorized without a good one."""
    sent = _sent(request)
    if not sent:
        raise Unauthorized("This needs a service key in X-Api-Key (or as a Bearer token).")
    given = ServiceKey.parse(sent)
    if given is None:
        raise Unauthorized(f"The key is not of the form {FORM}.")
    async with state.connection() as connection:
        stored = await queries.key(connection, key_id=given.key_id)
        if stored is not None and stored["silent"] and given.fits(stored["secret_sha256"]):
            await queries.used(connection, key_id=given.key_id)
    if stored is None or not given.fits(stored["secret_sha256"]):
        raise Unauthorized(f"The key {given.key_id!r} is unknown, revoked or has another secret.")
    _count(request, state, f"key {given.key_id}")
    return Caller(name=stored["name"], scopes=frozenset(stored["scopes"]))


ServiceCaller = Annotated[Caller, Depends(service_caller)]


async def require_agent(caller: ServiceCaller) -> Caller:
    """A key of scope `agent`."""
    if "agent" not in caller.scopes:
        raise Forbidden(f"The key of {caller.name!r} has not the scope 'agent'.")
    return caller


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in. The role comes from our accounts table, never from the token."""

    account_id: UUID
    role: str
    team_ids: frozenset[int]

    @property
    def actor(self) -> str:
        return str(self.account_id)

    def manages(self, *team_ids: int) -> bool:
        """An admin manages every team, a manager those of the account."""
        return self.role == "admin" or (self.role == "manager" and not self.team_ids.isdisjoint(team_ids))


async def signed_in(request: Request, state: StateDep, _bearer: Annotated[object, Security(bearer)] = None) -> Person:
    """The person behind a sign-in's token."""
    token = bearer_of(request)
    verifier = state.part(Verifier)
    if not token or verifier is None:
        raise Unauthorized("This needs a sign-in: send its token as Authorization: Bearer.")
    account_id = await verifier.subject(token)
    _count(request, state, f"account {account_id}")
    async with state.connection() as connection:
        found = await queries.account(connection, account_id=account_id)
    if found is not None and found["disabled"]:
        raise Forbidden("This account is disabled.")
    if found is None:
        return Person(account_id, "reader", frozenset())
    return Person(account_id, found["role"], frozenset(found["team_ids"]))


SignedIn = Annotated[Person, Depends(signed_in)]


async def admin_only(person: SignedIn) -> Person:
    """An admin."""
    if person.role != "admin":
        raise Forbidden(f"This needs the role admin, and this account has the role {person.role}.")
    return person


Admin = Annotated[Person, Depends(admin_only)]
