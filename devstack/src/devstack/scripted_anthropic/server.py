"""The scripted Anthropic over HTTP: the Messages API, faults on demand, and a record of what was served.

Besides the API: `GET|POST /__script/knobs` (see Knobs), `GET|DELETE /__script/served` (one entry per call, with its
four token counts), `GET /__script/totals`, `GET /__script/health`. It checks that a key is sent, and which when the
knob `key` is set.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import struct
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Literal, TypedDict
from uuid import uuid4

from aiohttp import web

from devstack.scripted_anthropic import wire
from devstack.scripted_anthropic.plan import JsonObject, ScriptError, Step, Turn, load, next_turn
from devstack.scripted_anthropic.wire import Usage

MODELS = ("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5")
MAX_BODY = 32 * 2**20

FaultKind = Literal["status", "hang", "reset_before", "reset", "close", "error_event", "nonsense"]


class Fault(TypedDict, total=False):
    """What goes wrong with the next `times` calls (for ever when 0), after `skip` that go well.

    status: that HTTP status in Anthropic's error shape (`retry_after`: header, seconds); hang: no answer until the
    client leaves; reset_before: the connection is reset; nonsense: 200 with a page of HTML. In the middle of a stream,
    after `after_events` events: reset, close (ends without the last chunk), error_event (overloaded, then the end).
    """

    kind: FaultKind
    times: int
    skip: int
    status: int
    retry_after: int
    after_events: int


@dataclass
class Knobs:
    """How it behaves. `POST /__script/knobs` sets the fields that it names."""

    faults: list[Fault] = field(default_factory=list)
    reply: str = ""
    """Said to a request that no step of the script answers (default: Done.)."""
    delta_bytes: int = 24
    """Characters in one delta of a stream."""
    chunk_bytes: int = 0
    """A stream's bytes are written in chunks of this size, cutting through events and characters; 0: event by event."""
    first_delay_s: float = 0.0
    """Waits so long before an answer."""
    event_delay_s: float = 0.0
    """Waits so long before each event of a stream."""
    hold: bool = False
    """Streams stop after their first delta until this is false again."""
    hold_after: int = 0
    """With hold: they stop once so many bytes of content are written."""
    key: str = ""
    """When set, any other key is answered 401."""
    script: str = ""
    """The script file that is played from now on; empty: the one of the start."""


@dataclass
class Served:
    """One call as it went, in the tokens of the stated rule."""

    number: int
    request_id: str
    model: str
    stream: bool
    status: int
    at: float
    headers: dict[str, str]
    max_tokens: int = 0
    input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    output_tokens: int = 0
    complete: bool = False
    """The answer was sent to its end."""
    fault: str = ""


class BadRequest(Exception):
    """The request is not one of the Messages API; the text is Anthropic's."""


def check(body: bytes) -> JsonObject:
    """The request's body as JSON; BadRequest says what is wrong."""
    try:
        request = json.loads(body)
    except ValueError as error:
        raise BadRequest(f"The request body is not valid JSON: {error}") from error
    if not isinstance(request, dict):
        raise BadRequest("The request body must be an object")
    for name, kind in (("model", str), ("messages", list)):
        if not isinstance(request.get(name), kind):
            raise BadRequest(f"{name}: Field required")
    for message in request["messages"]:
        if (
            not isinstance(message, dict)
            or message.get("role") not in ("user", "assistant")
            or "content" not in message
        ):
            raise BadRequest("messages: each needs a role and content")
    return request


def check_limits(request: JsonObject) -> None:
    """max_tokens is there and leaves room beside thinking's budget."""
    limit = request.get("max_tokens")
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise BadRequest("max_tokens: Field required, at least 0")
    thinking = request.get("thinking") or {}
    if thinking.get("type") == "enabled" and limit <= thinking.get("budget_tokens", 0):
        raise BadRequest("`max_tokens` must be greater than `thinking.budget_tokens`")


class ScriptedAnthropic:
    """The server's state: its script, its knobs, what it served, which prefixes are cached."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.steps = self.first_steps = steps
        self.knobs = Knobs()
        self.served: list[Served] = []
        self.cached: set[str] = set()
        self.released = asyncio.Event()
        self.released.set()
        self._numbers = itertools.count(1)

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_post("/v1/messages", self.messages)
        app.router.add_post("/v1/messages/count_tokens", self.count_tokens)
        app.router.add_get("/v1/models", self.models)
        app.router.add_get("/v1/models/{model}", self.model)
        app.router.add_get("/__script/health", self.health)
        app.router.add_get("/__script/knobs", self.get_knobs)
        app.router.add_post("/__script/knobs", self.set_knobs)
        app.router.add_get("/__script/served", self.get_served)
        app.router.add_delete("/__script/served", self.forget_served)
        app.router.add_get("/__script/totals", self.get_totals)
        return app

    # --- the API ---

    def _key_fails(self, request: web.Request) -> bool:
        sent = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        return not sent or bool(self.knobs.key and sent != self.knobs.key)

    def _headers(self, request_id: str) -> dict[str, str]:
        reset = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
        limits = {"requests": 4000, "input-tokens": 2_000_000, "output-tokens": 400_000}
        head = {"request-id": request_id, "anthropic-organization-id": "00000000-0000-4000-8000-000000000000"}
        for name, limit in limits.items():
            head[f"anthropic-ratelimit-{name}-limit"] = str(limit)
            head[f"anthropic-ratelimit-{name}-remaining"] = str(limit - 1)
            head[f"anthropic-ratelimit-{name}-reset"] = reset
        return head

    def _error(self, status: int, text: str, request_id: str, retry_after: int | None = None) -> web.Response:
        headers = self._headers(request_id)
        if retry_after is not None:
            headers["retry-after"] = str(retry_after)
        return web.json_response(wire.error(status, text, request_id), status=status, headers=headers)

    def _next_fault(self) -> Fault | None:
        for fault in self.knobs.faults:
            if fault.get("skip", 0) > 0:
                fault["skip"] -= 1
                return None
            times = fault.get("times", 1)
            if times == 1:
                self.knobs.faults.remove(fault)
            elif times > 1:
                fault["times"] = times - 1
            return fault
        return None

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/messages, plain or streamed."""
        body = await request.read()
        number = next(self._numbers)
        request_id = f"req_{uuid4().hex[:24]}"
        headers = {k.lower(): v for k, v in request.headers.items() if k.lower() not in ("authorization", "x-api-key")}
        entry = Served(number, request_id, "", False, 200, time.time(), headers)
        self.served.append(entry)
        if self._key_fails(request):
            entry.status = 401
            return self._error(401, "invalid x-api-key", request_id)
        try:
            call = check(body)
            check_limits(call)
        except BadRequest as error:
            entry.status = 400
            return self._error(400, str(error), request_id)
        entry.model, entry.stream, entry.max_tokens = call["model"], bool(call.get("stream")), call["max_tokens"]
        fault = self._next_fault()
        if fault is not None:
            entry.fault = fault["kind"]
            if (answer := await self._fail_early(fault, request, entry)) is not None:
                return answer
        if self.knobs.first_delay_s:
            await asyncio.sleep(self.knobs.first_delay_s)
        usage = wire.input_usage(body, call, self.cached)
        entry.input_tokens = usage.input_tokens
        entry.cache_creation_input_tokens = usage.cache_creation_input_tokens
        entry.cache_read_input_tokens = usage.cache_read_input_tokens
        turn = next_turn(self.steps, call, self.knobs.reply or "Done.")
        if entry.stream:
            return await self._stream(request, call, turn, usage=usage, entry=entry, fault=fault)
        message_id = f"msg_{request_id[4:]}"
        blocks, stop = wire.blocks_of(turn, message_id, call["max_tokens"])
        answer_body = wire.message(message_id, call["model"], blocks, stop, usage)
        entry.output_tokens = answer_body["usage"]["output_tokens"]
        entry.complete = True
        return web.Response(
            body=wire.compact(answer_body).encode(), content_type="application/json", headers=self._headers(request_id)
        )

    async def _fail_early(self, fault: Fault, request: web.Request, entry: Served) -> web.StreamResponse | None:
        """Plays the faults that come before any answer; None: this one comes later, or not at all."""
        kind = fault["kind"]
        if kind == "status":
            entry.status = fault.get("status", 529)
            text = "Overloaded" if entry.status == 529 else f"scripted {entry.status}"
            return self._error(entry.status, text, entry.request_id, fault.get("retry_after"))
        if kind == "hang":
            entry.status = 0
            await asyncio.Event().wait()  # until the client leaves: its handler is then cancelled
        if kind == "reset_before" or (kind in ("reset", "close") and not entry.stream):
            entry.status = 0
            reset(request)
            return web.Response()
        if kind == "nonsense":
            text = "<html><body>not an answer of the Messages API</body></html>"
            return web.Response(text=text, content_type="text/html", headers=self._headers(entry.request_id))
        return None

    async def _stream(
        self, request: web.Request, call: JsonObject, turn: Turn, *, usage: Usage, entry: Served, fault: Fault | None
    ) -> web.StreamResponse:
        message_id = f"msg_{entry.request_id[4:]}"
        blocks, stop = wire.blocks_of(turn, message_id, call["max_tokens"])
        headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
        answer = web.StreamResponse(headers={**headers, **self._headers(entry.request_id)})
        await answer.prepare(request)
        written = 0
        entry.output_tokens = 1  # what message_start says
        events = wire.events(message_id, call["model"], blocks, stop, usage=usage, delta_bytes=self.knobs.delta_bytes)
        for number, (event, content) in enumerate(events):
            if fault is not None and number == fault.get("after_events", 4):
                if fault["kind"] == "error_event":
                    error = {"type": "overloaded_error", "message": "Overloaded"}
                    await answer.write(wire.sse("error", {"error": error}))
                    await answer.write_eof()
                    return answer
                if fault["kind"] == "reset":
                    reset(request)
                    return answer
                if fault["kind"] == "close" and request.transport is not None:
                    request.transport.close()
                    return answer
            if self.knobs.event_delay_s:
                await asyncio.sleep(self.knobs.event_delay_s)
            size = self.knobs.chunk_bytes or len(event)
            for at in range(0, len(event), size):
                await answer.write(event[at : at + size])
            written += content
            entry.output_tokens = wire.output_tokens(written)
            if content and written >= self.knobs.hold_after and not self.released.is_set():
                await self.released.wait()
        await answer.write_eof()
        entry.complete = True
        return answer

    async def count_tokens(self, request: web.Request) -> web.Response:
        """POST /v1/messages/count_tokens: the body by the rule, free of charge."""
        body = await request.read()
        request_id = f"req_{uuid4().hex[:24]}"
        if self._key_fails(request):
            return self._error(401, "invalid x-api-key", request_id)
        try:
            check(body)
        except BadRequest as error:
            return self._error(400, str(error), request_id)
        return web.json_response({"input_tokens": wire.tokens(len(body))}, headers=self._headers(request_id))

    async def models(self, request: web.Request) -> web.Response:
        """GET /v1/models."""
        request_id = f"req_{uuid4().hex[:24]}"
        if self._key_fails(request):
            return self._error(401, "invalid x-api-key", request_id)
        data = [_model(name) for name in MODELS]
        page = {"data": data, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}
        return web.json_response(page, headers=self._headers(request_id))

    async def model(self, request: web.Request) -> web.Response:
        """GET /v1/models/{model}."""
        request_id = f"req_{uuid4().hex[:24]}"
        name = request.match_info["model"]
        if name not in MODELS:
            return self._error(404, f"model: {name}", request_id)
        return web.json_response(_model(name), headers=self._headers(request_id))

    # --- the controls ---

    async def health(self, _: web.Request) -> web.Response:
        """GET /__script/health."""
        return web.json_response({"status": "ok", "steps": len(self.steps), "served": len(self.served)})

    async def get_knobs(self, _: web.Request) -> web.Response:
        """GET /__script/knobs."""
        return web.json_response(asdict(self.knobs))

    async def set_knobs(self, request: web.Request) -> web.Response:
        """POST /__script/knobs: sets the fields that are named, keeps the others."""
        given = json.loads(await request.read())
        try:
            knobs = replace(self.knobs, **given)
            self.steps = load(Path(knobs.script)) if knobs.script else self.first_steps
        except (TypeError, ScriptError) as error:
            return web.json_response({"error": str(error)}, status=400)
        self.knobs = knobs
        if self.knobs.hold:
            self.released.clear()
        else:
            self.released.set()
        return web.json_response(asdict(self.knobs))

    async def get_served(self, _: web.Request) -> web.Response:
        """GET /__script/served: every call."""
        return web.json_response({"calls": [vars(entry) for entry in self.served]})

    async def get_totals(self, _: web.Request) -> web.Response:
        """GET /__script/totals: how many calls there were, and the sum of each of their token counts."""
        names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")
        sums = {name: sum(getattr(entry, name) for entry in self.served) for name in names}
        return web.json_response({"calls": len(self.served), **sums})

    async def forget_served(self, _: web.Request) -> web.Response:
        """DELETE /__script/served."""
        self.served.clear()
        return web.json_response({})


def _model(name: str) -> JsonObject:
    return {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"}


def reset(request: web.Request) -> None:
    """Ends the connection with a TCP reset instead of an end."""
    transport = request.transport
    if transport is None:
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
