"""What goes wrong on the way: an ASGI layer that answers with a fault instead of the site, where a knob says so.

Below HTTP too: a reset is a real RST on the socket, a truncated body ends before its Content-Length.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any, cast

from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from devstack.replica.knobs import Fault
from devstack.replica.viewer import shell

EMPTY_PAGE = "<!doctype html><title>MLS NEXT</title>"
_transports: dict[tuple[Any, Any], asyncio.Transport] = {}


class Connection(HttpToolsProtocol):
    """uvicorn's protocol, which also remembers its transport, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        _transports[self.server, self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        _transports.pop((self.server, self.client), None)
        super().connection_lost(exc)


def _reset(scope: Scope) -> None:
    transport = _transports[scope["server"], scope["client"]]
    descriptor = transport.get_extra_info("socket").fileno()
    with socket.socket(fileno=socket.dup(descriptor)) as twin:
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _hang(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def answer(
    fault: Fault, site: ASGIApp, scope: Scope, receive: Receive, send: Send, *, retry_after_s: int, slow_ms: int
) -> None:
    """Answers one request with the fault. A document's own `blank`, `empty` and `shell` are the viewer's business."""
    if fault == "reset":
        _reset(scope)
        await _hang(receive)
    elif fault == "hang":
        await _hang(receive)
    elif fault == "slow":
        await asyncio.sleep(slow_ms / 1000)
        await site(scope, receive, send)
    elif fault == "truncated":
        await _truncated(site, scope, receive, send)
    elif fault in ("blank", "empty"):
        await HTMLResponse(b"" if fault == "blank" else EMPTY_PAGE)(scope, receive, send)
    elif fault == "shell":
        await HTMLResponse(shell())(scope, receive, send)
    else:
        status = int(fault)
        headers = {"Retry-After": str(retry_after_s)} if status in (429, 503) else {}
        response: Response = PlainTextResponse(f"{status} (a fault of the replica's)\n", status, headers)
        if status == 401:
            response = JSONResponse({"error": "unauthorized"}, status, headers)
        await response(scope, receive, send)


async def _truncated(site: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Half of the body under the whole one's Content-Length, then the connection ends."""

    async def half(message: Message) -> None:
        if message["type"] == "http.response.body":
            body = cast(bytes, message.get("body", b""))
            await send({"type": "http.response.body", "body": body[: max(1, len(body) // 2)], "more_body": True})
            _transports[scope["server"], scope["client"]].close()  # sends what is buffered first
            await _hang(receive)
        else:
            await send(message)

    await site(scope, receive, half)
