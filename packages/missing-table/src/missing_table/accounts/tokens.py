"""Tokens of a sign-in (Supabase): signed with the shared secret, or with a key of the JWKS document.

The algorithm is the key's, never the token's choice: HS256 for the shared secret alone, RS256 or ES256 for JWKS keys.
Audience and expiry are checked, with some seconds for clocks that differ.
"""

import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import jwt
from jwt import PyJWKClient
from jwt.exceptions import InvalidTokenError, PyJWKClientConnectionError, PyJWKClientError
from starlette.concurrency import run_in_threadpool

from missing_table.web.problems import Unauthorized, Unavailable

AUDIENCE = "authenticated"
LEEWAY_S = 30
JWKS_KEPT_S = 300
_BY_KEY_TYPE = {"RSA": "RS256", "EC": "ES256"}


@dataclass
class Verifier:
    """Knows the keys; fetches the JWKS document again where a token names a key that it has not (rotation)."""

    secret: str | None
    jwks_url: str | None
    refetch_after_s: float = 10
    """At least so long between two fetches for keys that are not in the document: strangers may name any."""
    _client: PyJWKClient | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.jwks_url:
            self._client = PyJWKClient(
                self.jwks_url,
                cache_jwk_set=True,
                lifespan=JWKS_KEPT_S,
                timeout=5,
                cooldown_duration=self.refetch_after_s,
            )

    async def subject(self, token: str) -> UUID:
        """Whose token it is; Unauthorized where it is not good, in a sentence without the token; Unavailable where
        nobody can say, because the sign-in's keys cannot be fetched."""
        try:
            header = jwt.get_unverified_header(token)
            key, algorithm = await self._key(token, header)
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=AUDIENCE,
                leeway=LEEWAY_S,
                options={"require": ["exp", "sub", "aud"]},
            )
            return UUID(claims["sub"])
        except PyJWKClientConnectionError:
            raise Unavailable("The sign-in's keys cannot be fetched: try again in a moment.") from None
        except (InvalidTokenError, PyJWKClientError, ValueError) as error:
            raise Unauthorized(f"The token is not good: {type(error).__name__}. Sign in again.") from None

    async def _key(self, token: str, header: dict[str, Any]) -> tuple[Any, str]:
        if header.get("alg") == "HS256":
            if self.secret is None:
                raise InvalidTokenError("no shared secret here")
            return self.secret, "HS256"
        if self._client is None:
            raise InvalidTokenError("no key document here")
        found = await run_in_threadpool(self._client.get_signing_key_from_jwt, token)
        algorithm = _BY_KEY_TYPE.get(str(found.key_type))
        if algorithm is None:
            raise InvalidTokenError("a key of a type that is not used")
        return found.key, algorithm


def sign(secret: str, subject: UUID, *, lasts_s: int) -> str:
    """A token as the sign-in would give, for scripts."""
    now = int(time.time())
    claims = {"sub": str(subject), "aud": AUDIENCE, "role": AUDIENCE, "iat": now, "exp": now + lasts_s}
    return jwt.encode(claims, secret, algorithm="HS256")
