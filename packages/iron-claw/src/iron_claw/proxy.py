"""The way of a request: an ASGI application of its own, without a framework between the client's bytes and upstream's.

Routes are an allow-list; what is not in it is 404. Every route that reaches upstream goes through a session, and
`/v1/messages` through a reservation and one settlement, however it ends.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import structlog
from yarl import URL

from iron_claw import body as bodies
from iron_claw import metered, status, upstream
from iron_claw.budget import Counts
from iron_claw.errors import Refused
from iron_claw.journal import JournalError
from iron_claw.policy import Ask
from iron_claw.sessions import Call, Sessions, digest_of, split_key
from iron_claw.usage import StreamUsage, message_usage

log = structlog.get_logger()

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Handler = Callable[["Request"], Awaitable[None]]

UPSTREAM_PATHS = ("/v1/messages", "/v1/messages/count_tokens", "/v1/models")
PROGRESS_BYTES = 4096
PROGRESS_S = 0.5
STOP_WAIT_S = 5.0
NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)
"""No connection came about. After any other failure upstream may have got the call, and generated an answer."""
MAX_PLAIN_ANSWER = 64 * 2**20
_BOOT = secrets.token_hex(8)
_numbers = itertools.count(1)
_request_id = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class ClientGone(Exception):
    """The client left before its request was read."""


class Request:
    """One HTTP request: what the handlers need of ASGI."""

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
        """The first header of that name."""
        return next((value.decode("latin-1") for key, value in self.raw_headers if key == name), None)

    @property
    def key(self) -> str | None:
        """The client's key, from x-api-key or as a Bearer token."""
        key = self.header(b"x-api-key")
        if key:
            return key.strip()
        scheme, _, token = (self.header(b"authorization") or "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None

    async def body(self, limit: int) -> bytes:
        """The whole body; Refused when it is too long or packed."""
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
        """Sends the head of the answer."""
        self.started = True
        headers = [*headers, (b"x-iron-claw-request-id", self.id.encode())]
        await self.send({"type": "http.response.start", "status": code, "headers": headers})

    async def chunk(self, data: bytes, *, more: bool) -> None:
        """Sends a part of the answer."""
        await self.send({"type": "http.response.body", "body": data, "more_body": more})

    async def answer(self, code: int, data: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        """Sends a whole answer."""
        await self.start(code, [*headers, (b"content-length", str(len(data)).encode())])
        await self.chunk(data, more=False)

    async def json(self, code: int, value: Any) -> None:
        """Sends a whole answer as JSON."""
        await self.answer(code, json.dumps(value).encode(), [(b"content-type", b"application/json")])

    async def refuse(self, refused: Refused) -> None:
        """Sends a refusal in Anthropic's shape."""
        headers = [*refused.headers(), (b"x-iron-claw-refused", str(refused.status).encode())]
        await self.answer(refused.status, refused.body(self.id), headers)


class Proxy:
    """The application. `sessions` decides and remembers, `client` reaches upstream."""

    def __init__(self, sessions: Sessions, client: aiohttp.ClientSession) -> None:
        self.sessions = sessions
        self.settings = sessions.settings
        self.client = client
        self.draining = False
        self._key = self.settings.upstream_key.get_secret_value()
        self._base = self.settings.upstream_url.rstrip("/")
        self._urls = {path: URL(f"{self._base}{path}", encoded=True) for path in UPSTREAM_PATHS}
        self._proxy = upstream.proxy_of(self._base)
        self.routes: dict[tuple[str, str], Handler] = {
            ("POST", "/v1/messages"): self.messages,
            ("POST", "/v1/messages/count_tokens"): self.count_tokens,
            ("GET", "/v1/models"): self.models,
            ("DELETE", "/v1/session"): self.end_session,
            ("GET", "/status"): self.status,
            ("GET", "/health"): self.health,
            ("GET", "/ready"): self.ready,
            ("GET", "/metrics"): self.metrics,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Anything but HTTP is refused by not being answered."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive, send)
        handler = self.routes.get((request.method, request.path))
        try:
            if handler is None:
                raise Refused(404, f"{request.method} {request.path} is not a route of this gateway")
            await handler(request)
        except Refused as refused:
            if not request.started:
                await request.refuse(refused)
        except ClientGone:
            log.info("client_gone_early", request_id=request.id, path=request.path)

    # --- metered ---

    async def messages(self, request: Request) -> None:
        """POST /v1/messages: reserve, forward, pass the bytes on, settle."""
        raw = await request.body(self.settings.max_body_bytes)
        session = await self.sessions.enter(request.key)
        try:
            body = bodies.parse(raw)
        except bodies.BadBody as error:
            raise Refused(400, str(error)) from error
        model, max_tokens, stream, thinking = _asked(body.fields)
        try:
            hidden = metered.hidden_tokens(body.fields)
        except metered.NotMetered as error:
            raise Refused(400, str(error)) from error
        ask = Ask(model, max_tokens, -(-len(raw) // self.settings.input_bytes_per_token) + hidden, thinking)
        call = self.sessions.begin(session, ask, request.id)
        changes: dict[str, Any] = {}
        if call.decision.model != model:
            changes["model"] = call.decision.model
        if call.decision.max_tokens != max_tokens:
            changes["max_tokens"] = call.decision.max_tokens
        relay = Relay(self, request, call, stream=stream)
        await relay.run(body.replaced(changes) if changes else raw, _notes(ask, call))

    # --- free of charge, but not without a session ---

    async def count_tokens(self, request: Request) -> None:
        """POST /v1/messages/count_tokens."""
        raw = await request.body(self.settings.max_body_bytes)
        await self._pass(request, raw)

    async def models(self, request: Request) -> None:
        """GET /v1/models."""
        await self._pass(request, None)

    async def _pass(self, request: Request, raw: bytes | None) -> None:
        session = await self.sessions.enter(request.key)
        session.last_used = self.sessions.clock()
        self.sessions.metrics.unmetered.labels(request.path).inc()
        try:
            async with self.open(request, raw) as response:
                await request.start(response.status, upstream.answer_headers(response.raw_headers))
                async for chunk in response.content.iter_any():
                    await request.chunk(chunk, more=True)
                await request.chunk(b"", more=False)
        except TimeoutError as error:
            raise Refused(504, "upstream did not answer in time") from error
        except aiohttp.ClientError as error:
            raise Refused(502, f"upstream cannot be reached: {type(error).__name__}") from error

    def open(self, request: Request, raw: bytes | None) -> Any:
        """The request to upstream, as a context manager of its response."""
        url = self._urls[request.path]
        if request.query:
            url = URL(f"{url}?{request.query.decode('latin-1')}", encoded=True)
        headers = upstream.request_headers(request.raw_headers, self._key, request.id)
        return self.client.request(
            request.method, url, data=raw, headers=headers, allow_redirects=False, proxy=self._proxy
        )

    # --- the session's own ---

    async def end_session(self, request: Request) -> None:
        """DELETE /v1/session: ends the caller's session; answers when RADIUS holds it closed, or could not be reached.

        200 with the session's totals and `accounted`; 404 when there is none.
        """
        if self.sessions.radius is None:
            await self.sessions.enter(request.key)
            await request.json(200, {"no_radius_session": True, "ended": False, "accounted": False})
            return
        user, password = split_key(self.sessions.mapped(request.key) or "")
        session = self.sessions.open.get(user)
        if session is None or session.digest != digest_of(user, password):
            await self.sessions.authenticate(user, password, digest_of(user, password))
            raise Refused(404, "this key has no session that runs")
        self.sessions.close(session, "User-Request")
        accounted = False
        try:
            async with asyncio.timeout(STOP_WAIT_S):
                await session.closed.wait()
                accounted = await self.sessions.accounting.flushed(STOP_WAIT_S)
        except TimeoutError:
            log.warning("stop_waits", session_id=session.id, under_way=len(session.under_way))
        told = {"ended": True, "accounted": accounted, "session_id": session.id, "username": session.user}
        await request.json(200, {**told, **session.totals()})

    async def status(self, request: Request) -> None:
        """GET /status of the key sent. Without a session it asks RADIUS who that is, and opens none."""
        session = await self.sessions.look(request.key)
        told = status.of_session(
            session,
            bare=self.sessions.radius is None,
            mode=self.settings.policy_mode,
            thresholds=self.sessions.rules.thresholds,
        )
        await request.json(200, told)

    # --- for the operator ---

    async def health(self, request: Request) -> None:
        """GET /health: the process answers."""
        await request.json(200, {"status": "ok", "no_radius_session": self.sessions.radius is None})

    async def ready(self, request: Request) -> None:
        """GET /ready: 503 while no accounting can be kept, or while it shuts down."""
        broken = self.sessions.journal.broken
        ready = broken is None and not self.draining
        why = broken or ("shutting down" if self.draining else None)
        waiting = {"accounting": len(self.sessions.accounting.queue), "calls": len(self.sessions.store.queue)}
        await request.json(200 if ready else 503, {"ready": ready, "reason": why, "waiting": waiting})

    async def metrics(self, request: Request) -> None:
        """GET /metrics."""
        self.sessions.measure()
        data = self.sessions.metrics.render()
        await request.answer(200, data, [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")])


class Relay:
    """One metered call on its way: bytes pass as they come, its usage is read beside, its end is settled."""

    def __init__(self, proxy: Proxy, request: Request, call: Call, *, stream: bool) -> None:
        self.proxy = proxy
        self.request = request
        self.call = call
        self.stream = stream
        self.status: int | None = None
        self.usage: StreamUsage | None = None
        self.kept = bytearray()
        """A plain answer's bytes."""
        self.plain: tuple[Counts, str | None, bool] | None = None
        """message_usage of a plain answer, once it is whole."""
        self.readable = True
        self.first_byte = True
        self.began = time.perf_counter()
        self.last_progress = self.began

    async def run(self, raw: bytes, notes: list[tuple[bytes, bytes]]) -> None:
        """Forwards the call. A streamed one ends when its client leaves; a plain one is read to its end regardless,
        since upstream generates and charges all of it: that way its usage is known."""
        watch = self._watch_client() if self.stream else None
        ending = "not_sent"
        try:
            await self.proxy.sessions.journal.written()
            ending = "shutdown"
            async with self.proxy.open(self.request, raw) as response:
                self.status = response.status
                self._prepare(response)
                await self.request.start(response.status, [*upstream.answer_headers(response.raw_headers), *notes])
                async for chunk in response.content.iter_any():
                    await self.request.chunk(chunk, more=True)
                    self._read(chunk)
            ending = self._ending()
            await self.request.chunk(b"", more=False)
        except JournalError as error:
            await self._fail(503, f"no accounting can be kept: {error}")
        except NEVER_SENT as error:
            ending = "upstream_unreachable"
            await self._fail(502, f"upstream cannot be reached: {type(error).__name__}")
        except TimeoutError:
            ending = "upstream_timeout"
            await self._fail(504, "upstream did not answer in time")
        except aiohttp.ClientError as error:
            ending = "upstream_cut"
            await self._fail(502, f"upstream broke the connection: {type(error).__name__}")
        except asyncio.CancelledError as cancelled:
            if watch is not None and watch.done() and not watch.cancelled():
                ending = "client_gone" if ending == "shutdown" else ending  # nobody is left to answer
            elif "disconnected" in cancelled.args:
                ending = "disconnected"
                await self._fail(503, "the session was ended by its operator")
            else:
                raise
        finally:
            self._settle(ending)
            if watch is not None:
                watch.cancel()

    def _watch_client(self) -> asyncio.Future[Any]:
        task = asyncio.current_task()
        gone = asyncio.ensure_future(self.request.receive())
        gone.add_done_callback(lambda future: None if future.cancelled() or task is None else task.cancel())
        return gone

    def _prepare(self, response: aiohttp.ClientResponse) -> None:
        self.readable = response.headers.get("content-encoding", "identity") == "identity"
        if response.status == 200 and response.headers.get("content-type", "").startswith("text/event-stream"):
            self.usage = StreamUsage()

    def _read(self, chunk: bytes) -> None:
        now = time.perf_counter()
        if self.first_byte:
            self.first_byte = False
            if self.status == 200:  # a model's name is upstream's to accept: anything else would fill the metrics
                self.proxy.sessions.metrics.first_token.labels(self.call.model).observe(now - self.began)
        if self.usage is None:
            if len(self.kept) < MAX_PLAIN_ANSWER:
                self.kept += chunk
            return
        known = self.usage.started
        self.usage.feed(chunk)
        if self.usage.finished or not self.usage.started:
            return
        if self.usage.unparsed >= PROGRESS_BYTES or now - self.last_progress >= PROGRESS_S:
            self.last_progress = now
            self.proxy.sessions.progress(self.call, self.usage.seen(), unlisted=self.usage.unlisted)
        elif not known:
            self.proxy.sessions.progress(self.call, self.usage.reported(), unlisted=self.usage.unlisted)

    def _ending(self) -> str:
        """How an answer ended that came to its end."""
        if self.status is not None and self.status >= 400:
            return "upstream_error"
        if not self.readable:
            return "unreadable"
        if self.usage is not None:
            if self.usage.failed:
                return "stream_error"
            return "complete" if self.usage.finished else "stream_unfinished"
        self.plain = message_usage(bytes(self.kept))
        return "nonsense" if self.plain is None else "complete"

    async def _fail(self, code: int, message: str) -> None:
        """Tells the client, as long as nothing was sent. Later the broken stream itself is the sign."""
        if not self.request.started:
            await self.request.refuse(Refused(code, message))

    def _settle(self, ending: str) -> None:
        counts, estimated, model, unlisted = self._used(ending)
        self.call.unlisted |= unlisted
        self.proxy.sessions.settle(
            self.call, counts, ending=ending, status=self.status, estimated=estimated, model=model
        )

    def _used(self, ending: str) -> tuple[Counts, bool, str | None, bool]:  # noqa: PLR0911
        """(counts, whether they are an estimate, the model that upstream names, whether the list lacks the price)."""
        if ending in ("upstream_error", "upstream_unreachable", "not_sent"):
            return Counts(), False, None, False
        if ending == "unreadable":  # packed in spite of what was asked: the worst case is charged
            return self.call.worst, True, None, False
        if self.usage is not None and self.usage.counts:
            return self.usage.seen(), not self.usage.finished, self.usage.model, self.usage.unlisted
        plain = self.plain or (message_usage(bytes(self.kept)) if self.usage is None else None)
        if plain is not None:
            return plain[0], False, plain[1], plain[2]
        if ending in ("nonsense", "stream_unfinished", "stream_error"):  # an answer to its end, and no message in it
            return Counts(), True, None, False
        if self.status is not None and self.status >= 400:
            return Counts(), False, None, False
        return self.call.worst, True, None, False  # it may have generated all that it was asked for


def _asked(fields: dict[str, Any]) -> tuple[str, int, bool, int]:
    """(model, max_tokens, stream, thinking budget) of a request; Refused when they cannot be metered."""
    model, max_tokens = fields.get("model"), fields.get("max_tokens")
    if not isinstance(model, str) or not model.isprintable() or not 0 < len(model) <= 256:
        raise Refused(400, "model: a name is required")
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or not 1 <= max_tokens <= 2**31:
        raise Refused(400, "max_tokens: a whole number of at least 1 is required")
    stream = fields.get("stream", False)
    if not isinstance(stream, bool):
        raise Refused(400, "stream: true or false")
    thinking = fields.get("thinking")
    budget = thinking.get("budget_tokens", 0) if isinstance(thinking, dict) else 0
    return model, max_tokens, stream, budget if isinstance(budget, int) else 0


def _notes(ask: Ask, call: Call) -> list[tuple[bytes, bytes]]:
    """The headers that say what was changed."""
    notes = [(b"x-iron-claw-session", call.session.id.encode())]
    if call.decision.action != "none":
        notes.append((b"x-iron-claw-action", call.decision.action.value.encode()))
    changes = []
    if call.decision.model != ask.model:
        changes.append(f"model={ask.model}->{call.decision.model}")
    if call.decision.max_tokens != ask.max_tokens:
        changes.append(f"max_tokens={ask.max_tokens}->{call.decision.max_tokens}")
    if changes:
        told = "".join(c if " " <= c <= "~" else "?" for c in "; ".join(changes))  # the name is the client's own text
        notes.append((b"x-iron-claw-rewritten", told.encode()))
    return notes
