"""Hands a sign-in on to Supabase (GoTrue) and its answer back: the browser needs no other origin than ours.

Nothing of it is kept here: neither password nor token. What an account may do is not the sign-in's to say.
"""

import json
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from starlette.concurrency import run_in_threadpool

from missing_table.accounts.schemas import Session
from missing_table.web.problems import TooMany, Unauthorized, Unavailable

TIMEOUT_S = 10
LONGEST_ANSWER = 64 * 1024
TOO_MANY = 429
FAULT = 500


@dataclass(frozen=True, slots=True)
class SignIn:
    """The sign-in at `url` (`https://…/auth/v1`); `key` is the project's publishable one."""

    url: str
    key: str | None

    async def with_password(self, email: str, password: str) -> Session:
        """A new session; Unauthorized where the two do not fit."""
        refused = "E-mail address and password do not fit together, or there is no such account."
        answer = await self._ask("token?grant_type=password", {"email": email, "password": password}, refused)
        return Session.model_validate(answer)

    async def go_on(self, refresh_token: str) -> Session:
        """The session's next token; Unauthorized where the refresh token is not good, or not good any longer."""
        refused = "The refresh token is not good any longer: sign in again."
        return Session.model_validate(
            await self._ask("token?grant_type=refresh_token", {"refresh_token": refresh_token}, refused)
        )

    async def end(self, token: str) -> None:
        """Ends the session: its refresh token is good no longer."""
        await self._ask("logout", {}, "The session has ended already.", token=token)

    async def _ask(self, path: str, body: dict[str, str], refused: str, *, token: str | None = None) -> Any:
        return await run_in_threadpool(self._ask_now, path, body, refused, token)

    def _ask_now(self, path: str, body: dict[str, str], refused: str, token: str | None) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["apikey"] = self.key
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = Request(f"{self.url.rstrip('/')}/{path}", json.dumps(body).encode(), headers)  # noqa: S310  from settings
        try:
            with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                text = answer.read(LONGEST_ANSWER)
            return json.loads(text) if text else None
        except HTTPError as error:
            with error:
                if error.code == TOO_MANY:
                    after = error.headers.get("Retry-After", "60")
                    raise TooMany("Too many sign-ins: wait a moment.", headers={"Retry-After": after}) from None
                if error.code < FAULT:
                    raise Unauthorized(refused) from None
                raise Unavailable("The sign-in has a fault of its own: try again in a moment.") from None
        except (OSError, HTTPException, ValueError):
            raise Unavailable("The sign-in does not answer: try again in a moment.") from None
