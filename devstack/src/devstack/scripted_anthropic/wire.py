"""Anthropic's shapes: messages, server-sent events, errors; and the one rule by which tokens are counted. Pure.

The rule: tokens = a quarter of the UTF-8 length, rounded up.
- input: of the request body, every byte as it was received. Where blocks are marked with `cache_control`, the prefix up
  to the last marked block (tools, system, messages, as compact JSON) counts as cache write the first time and as cache
  read afterwards; what remains of the body's tokens is plain input. So the three always add up to the body's. A write
  is one for an hour when any marked block says `"ttl": "1h"`, else one for five minutes.
- output: of the content that was sent: the text of text blocks and the JSON text of tool inputs, together. At least 1.
  Of an answer that was cut, the content sent until then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from devstack.scripted_anthropic.plan import JsonObject, Turn

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


def tokens(length: int) -> int:
    """A quarter of so many bytes, rounded up."""
    return -(-length // 4)


def compact(value: Any) -> str:
    """JSON without spaces, as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Usage:
    """The four counts that Anthropic bills."""

    input_tokens: int
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    output_tokens: int = 0
    for_an_hour: bool = False
    """The cache write is one of the dearer kind."""


def _cached_prefix(request: JsonObject) -> str | None:
    """Everything up to the last block that is marked with cache_control, in Anthropic's order; None: nothing marked."""
    system = request.get("system")
    blocks: list[Any] = list(request.get("tools") or ())
    blocks += system if isinstance(system, list) else [system]
    for message in request["messages"]:
        content = message["content"]
        blocks += content if isinstance(content, list) else [content]
    marked = [at for at, block in enumerate(blocks) if isinstance(block, dict) and block.get("cache_control")]
    return compact([request.get("model"), *blocks[: marked[-1] + 1]]) if marked else None


def input_usage(body: bytes, request: JsonObject, cached: set[str]) -> Usage:
    """The input side of a call by the rule above; remembers the prefix in `cached`."""
    total = tokens(len(body))
    prefix = _cached_prefix(request)
    if prefix is None:
        return Usage(total)
    count = min(total, tokens(len(prefix.encode())))
    digest = sha256(prefix.encode()).hexdigest()
    if digest in cached:
        return Usage(total - count, cache_read_input_tokens=count)
    cached.add(digest)
    return Usage(total - count, cache_creation_input_tokens=count, for_an_hour='"ttl":"1h"' in prefix)


@dataclass(frozen=True)
class Block:
    """One content block, its payload as text (a tool's input as JSON text)."""

    kind: str
    payload: str
    tool: str = ""
    id: str = ""


def blocks_of(turn: Turn, message_id: str, max_tokens: int) -> tuple[list[Block], str]:
    """A turn's content and its stop reason; text beyond `max_tokens` is cut off, tools then are not called."""
    room = max_tokens * 4
    said = turn.say.encode()
    calls = [
        Block("tool_use", compact(call.input), call.tool, f"toolu_{message_id[4:]}{number}")
        for number, call in enumerate(turn.calls)
    ]
    if len(said) + sum(len(block.payload.encode()) for block in calls) > room:
        return [Block("text", said[:room].decode(errors="ignore"))], "max_tokens"
    text = [Block("text", turn.say)] if turn.say or not calls else []
    return text + calls, "tool_use" if calls else "end_turn"


def output_tokens(length: int) -> int:
    """Tokens of so many bytes of content; an answer is never free."""
    return max(1, tokens(length))


def _usage(usage: Usage) -> JsonObject:
    return {
        "input_tokens": usage.input_tokens,
        "cache_creation_input_tokens": usage.cache_creation_input_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": 0 if usage.for_an_hour else usage.cache_creation_input_tokens,
            "ephemeral_1h_input_tokens": usage.cache_creation_input_tokens if usage.for_an_hour else 0,
        },
        "cache_read_input_tokens": usage.cache_read_input_tokens,
        "output_tokens": usage.output_tokens,
        "service_tier": "standard",
    }


def message(message_id: str, model: str, blocks: list[Block], stop_reason: str, usage: Usage) -> JsonObject:
    """The answer to a call that is not streamed."""
    length = sum(len(block.payload.encode()) for block in blocks)
    content: list[JsonObject] = [
        {"type": "text", "text": block.payload}
        if block.kind == "text"
        else {"type": "tool_use", "id": block.id, "name": block.tool, "input": json.loads(block.payload)}
        for block in blocks
    ]
    return {
        "id": message_id,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": _usage(replace(usage, output_tokens=output_tokens(length))),
    }


def sse(kind: str, data: JsonObject) -> bytes:
    """One server-sent event."""
    return f"event: {kind}\ndata: {compact({'type': kind, **data})}\n\n".encode()


def events(
    message_id: str, model: str, blocks: list[Block], stop_reason: str, *, usage: Usage, delta_bytes: int
) -> Iterator[tuple[bytes, int]]:
    """The streamed answer: (event, bytes of content in it), one after the other. `delta_bytes`: size of a delta."""
    start = message(message_id, model, [], "", usage)
    start["usage"]["output_tokens"] = 1
    yield sse("message_start", {"message": {**start, "stop_reason": None}}), 0
    total = 0
    for index, block in enumerate(blocks):
        head: JsonObject = (
            {"type": "text", "text": ""}
            if block.kind == "text"
            else {"type": "tool_use", "id": block.id, "name": block.tool, "input": {}}
        )
        yield sse("content_block_start", {"index": index, "content_block": head}), 0
        if index == 0:
            yield sse("ping", {}), 0
        for piece in pieces(block.payload, delta_bytes):
            delta = {"type": "text_delta", "text": piece}
            if block.kind != "text":
                delta = {"type": "input_json_delta", "partial_json": piece}
            length = len(piece.encode())
            total += length
            yield sse("content_block_delta", {"index": index, "delta": delta}), length
        yield sse("content_block_stop", {"index": index}), 0
    final = {"output_tokens": output_tokens(total)}
    yield sse("message_delta", {"delta": {"stop_reason": stop_reason, "stop_sequence": None}, "usage": final}), 0
    yield sse("message_stop", {}), 0


def pieces(text: str, size: int) -> Iterator[str]:
    """The text in pieces of about `size` characters; an empty text in none."""
    for at in range(0, len(text), size):
        yield text[at : at + size]


def error(status: int, text: str, request_id: str) -> JsonObject:
    """The one error shape."""
    kind = ERROR_TYPES.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": text}, "request_id": request_id}
