"""One HTTP request, as what the handlers need of ASGI."""

from __future__ import annotations

import itertools
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from iron_claw.errors import Refused

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_BOOT = secrets.token_hex(8)
_numbers = itertools.count(1)
_request_id = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class ClientGone(Exception):
    """Say that the client left before its request was read."""


class Request:
    """Hold one HTTP request and answer it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query: bytes = scope["query_string"]
        self.raw_headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.receive = receive
        self.send = send
        self.started = False
        given = self.header(b"x-request-id") or ""
        self.id = given if _request_id.fullmatch(given) else f"{_BOOT}{next(_numbers):08x}"

    def header(self, name: bytes) -> str | None:
        """Return the first header of that name."""
        return next((value.decode("latin-1") for key, value in self.raw_headers if key == name), None)

    @property
    def betas(self) -> list[str]:
        """Return the beta features that the client asks for."""
        given = (value.decode("latin-1") for key, value in self.raw_headers if key == b"anthropic-beta")
        return [name for value in given for part in value.split(",") if (name := part.strip())]

    @property
    def key(self) -> str | None:
        """Return the client's key, from x-api-key or as a Bearer token."""
        key = self.header(b"x-api-key")
        if key:
            return key.strip()
        scheme, _, token = (self.header(b"authorization") or "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None

    async def body(self, limit: int) -> bytes:
        """Return the whole body. Refused when it is too long or packed."""
        if self.header(b"content-encoding") not in (None, "identity"):
            raise Refused(415, "content-encoding: only an unpacked body can be metered")
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise Refused(413, f"the request body is longer than {limit} bytes")
            chunks.append(chunk)
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def start(self, code: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Send the head of the answer."""
        self.started = True
        headers = [*headers, (b"x-iron-claw-request-id", self.id.encode())]
        await self.send({"type": "http.response.start", "status": code, "headers": headers})

    async def chunk(self, data: bytes, *, more: bool) -> None:
        """Send a part of the answer."""
        await self.send({"type": "http.response.body", "body": data, "more_body": more})

    async def answer(self, code: int, data: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Send a whole answer."""
        await self.start(code, [*headers, (b"content-length", str(len(data)).encode())])
        await self.chunk(data, more=False)

    async def json(self, code: int, value: Any) -> None:
        """Send a whole answer as JSON."""
        await self.answer(code, json.dumps(value).encode(), [(b"content-type", b"application/json")])

    async def refuse(self, refused: Refused) -> None:
        """Send a refusal in Anthropic's shape."""
        headers = [*refused.headers(), (b"x-iron-claw-refused", str(refused.status).encode())]
        await self.answer(refused.status, refused.body(self.id), headers)
