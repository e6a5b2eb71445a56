"""The sign-in over HTTP, in the words of Supabase's: `/auth/v1/token`, `/signup`, `/logout`, `/user`,
`/.well-known/jwks.json`. As behind Supabase's gateway, all but the keys want the project's `apikey`.

`POST /__sign-in/rotate` makes a new signing key (`{"revoke": true}`: the old ones go), `GET /__sign-in/health` answers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

import jwt
from aiohttp import web

from devstack.sign_in.keys import SigningKeys
from devstack.sign_in.people import People, Refused, Session, User

AUDIENCE = "authenticated"
LASTS_S = 3600
PREFIX = "/auth/v1"


@dataclass
class SignIn:
    """The stand-in. `api_key`: what the project's clients send as `apikey`; it is no secret."""

    keys: SigningKeys
    people: People
    api_key: str
    issuer: str
    lasts_s: int = LASTS_S

    def app(self) -> web.Application:
        """Its routes."""
        app = web.Application(middlewares=[self._refusals], client_max_size=64 * 1024)
        app.add_routes(
            [
                web.post(f"{PREFIX}/token", self.token),
                web.post(f"{PREFIX}/signup", self.sign_up),
                web.post(f"{PREFIX}/logout", self.sign_out),
                web.get(f"{PREFIX}/user", self.user),
                web.get(f"{PREFIX}/.well-known/jwks.json", self.jwks),
                web.post("/__sign-in/rotate", self.rotate),
                web.get("/__sign-in/health", self.health),
            ]
        )
        return app

    @web.middleware
    async def _refusals(self, request: web.Request, handler: Any) -> web.StreamResponse:
        open_to_all = request.path.startswith("/__sign-in/") or request.path.endswith("/jwks.json")
        if not open_to_all and not compare_digest(request.headers.get("apikey", ""), self.api_key):
            return web.json_response({"message": "No API key found in request"}, status=401)
        try:
            answer: web.StreamResponse = await handler(request)
        except Refused as refused:
            body = {"code": refused.status, "error_code": refused.code, "msg": refused.message}
            return web.json_response(body, status=refused.status)
        return answer

    async def token(self, request: web.Request) -> web.Response:
        """A sign-in by password, or the next token of one."""
        grant, body = request.query.get("grant_type"), await _body(request)
        if grant == "password":
            user = self.people.check(_text(body, "email"), _text(body, "password"))
            return web.json_response(self._session(user, self.people.begin(user)))
        if grant == "refresh_token":
            session = self.people.go_on(_text(body, "refresh_token"))
            return web.json_response(self._session(self.people.users[session.email], session))
        raise Refused(400, "validation_failed", "unsupported_grant_type")

    async def sign_up(self, request: web.Request) -> web.Response:
        """A new account, signed in at once: no mail is sent here."""
        body = await _body(request)
        user = self.people.sign_up(_text(body, "email"), _text(body, "password"))
        return web.json_response(self._session(user, self.people.begin(user)))

    async def sign_out(self, request: web.Request) -> web.Response:
        """Ends the token's session; the token itself is good until it expires, as there."""
        self.people.end(self._claims(request)["session_id"])
        return web.Response(status=204)

    async def user(self, request: web.Request) -> web.Response:
        """Whose token it is."""
        return web.json_response(_shown(self.people.users[self._claims(request)["email"]]))

    async def jwks(self, _: web.Request) -> web.Response:
        """The public keys."""
        return web.json_response(self.keys.public(), headers={"Cache-Control": "public, max-age=600"})

    async def rotate(self, request: web.Request) -> web.Response:
        """For tests and for a person who tries it."""
        body = await _body(request) if request.can_read_body else {}
        return web.json_response({"kid": self.keys.rotate(revoke=bool(body.get("revoke")))})

    async def health(self, _: web.Request) -> web.Response:
        """It answers."""
        return web.json_response({"name": "stand-in for GoTrue", "keys": len(self.keys.keys)})

    def _claims(self, request: web.Request) -> dict[str, Any]:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            return self.keys.claims(token, AUDIENCE)
        except jwt.InvalidTokenError as error:
            raise Refused(403, "bad_jwt", f"invalid JWT: {error}") from None

    def _session(self, user: User, session: Session) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": user["id"],
            "aud": AUDIENCE,
            "exp": now + self.lasts_s,
            "iat": now,
            "email": user["email"],
            "phone": "",
            "app_metadata": {"provider": "email", "providers": ["email"]},
            "user_metadata": {},
            "role": AUDIENCE,
            "aal": "aal1",
            "amr": [{"method": "password", "timestamp": now}],
            "session_id": session.session_id,
            "is_anonymous": False,
        }
        return {
            "access_token": self.keys.sign(claims),
            "token_type": "bearer",
            "expires_in": self.lasts_s,
            "expires_at": now + self.lasts_s,
            "refresh_token": session.refresh_token,
            "user": _shown(user),
        }


def _shown(user: User) -> dict[str, Any]:
    return {"id": user["id"], "aud": AUDIENCE, "role": AUDIENCE, "email": user["email"], "user_metadata": {}}


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise Refused(400, "bad_json", "Could not parse request body as JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "bad_json", "Could not parse request body as JSON")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(400, "validation_failed", f"{name} is missing")
    return value
