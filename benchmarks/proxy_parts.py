"""The two ends of the proxy's bench, as raw ASGI: an upstream with canned answers, and the bare pass-through it is
compared with. Nothing here meters, reserves or checks anything.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

EVENTS = 20
WORDS = "the table is right on a phone "
USAGE = {"input_tokens": 40, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 150}


def event(kind: str, data: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


HEAD = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-6", "stop_sequence": None}
PLAIN = json.dumps(
    {**HEAD, "content": [{"type": "text", "text": WORDS * EVENTS}], "stop_reason": "end_turn", "usage": USAGE}
).encode()
STREAM = [
    event(
        "message_start",
        {"message": {**HEAD, "content": [], "stop_reason": None, "usage": {**USAGE, "output_tokens": 1}}},
    ),
    event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
    *[
        event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": WORDS}})
        for _ in range(EVENTS)
    ],
    event("content_block_stop", {"index": 0}),
    event("message_delta", {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 150}}),
    event("message_stop", {}),
]


async def read_body(receive: Receive) -> bytes:
    """The whole request body."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def upstream(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers every POST at once, plain or with a stream of 25 events."""
    if scope["type"] != "http":
        return
    streamed = b'"stream": true' in await read_body(receive)
    kind = b"text/event-stream" if streamed else b"application/json"
    headers = [(b"content-type", kind), (b"request-id", b"req_1")]
    if not streamed:
        headers.append((b"content-length", str(len(PLAIN)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for part in STREAM if streamed else []:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if streamed else PLAIN})


class Bare:
    """A pass-through with nothing else: the body in, the answer's chunks out."""

    def __init__(self) -> None:
        self.client: aiohttp.ClientSession | None = None
        self.url = os.environ.get("BENCH_UPSTREAM", "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        if self.client is None:
            self.client = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        body = await read_body(receive)
        headers = {"content-type": "application/json", "x-api-key": "k", "accept-encoding": "identity"}
        async with self.client.post(self.url + scope["path"], data=body, headers=headers) as answer:
            passed = [(name, value) for name, value in answer.raw_headers if name.lower() != b"transfer-encoding"]
            await send({"type": "http.response.start", "status": answer.status, "headers": passed})
            async for chunk in answer.content.iter_any():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


bare = Bare()
