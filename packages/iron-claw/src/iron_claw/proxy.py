"""The way of a request: an ASGI application of its own, without a framework between the client's bytes and upstream's.

Routes are an allow-list; what is not in it is 404. Every route that reaches upstream goes through a session, and
`/v1/messages` through a reservation and one settlement, however it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import structlog

from iron_claw import body as bodies
from iron_claw import ladder, metered, status, upstream
from iron_claw.errors import Refused
from iron_claw.forward import Forwarder
from iron_claw.http import ClientGone, Receive, Request, Scope, Send
from iron_claw.metering import Metering
from iron_claw.policy import Ask
from iron_claw.relay import Relay
from iron_claw.session import Call

log = structlog.get_logger()

Handler = Callable[["Request"], Awaitable[None]]

STOP_WAIT_S = 5.0


class Proxy:
    """Answer every request: the application."""

    def __init__(self, metering: Metering, client: aiohttp.ClientSession) -> None:
        self.metering = metering
        self.sessions = metering.sessions
        self.settings = self.sessions.settings
        self.forwarder = Forwarder(self.settings, client)
        self.draining = False
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
        session = await self.sessions.open_session(request.key)
        try:
            body = bodies.parse(raw)
            measured = metered.measure(
                raw,
                body.fields,
                request.betas,
                bytes_per_token=self.settings.input_bytes_per_token,
                allow=self.settings.allow,
            )
        except bodies.BadBody as error:
            raise Refused(400, str(error)) from error
        except metered.NotMetered as error:
            raise Refused(400, str(error), details=error.details) from error
        model, max_tokens, stream, thinking = _asked(body.fields)
        _check_fallbacks(measured.fallbacks, session.grant.models)
        ask = Ask(model, max_tokens, measured.input_tokens + measured.more_output, thinking)
        if self.metering.slices is not None:
            await self.metering.slices.provide(session, ask.input_estimate + ask.max_tokens)
        call = self.metering.begin(session, ask, request.id)
        changes: dict[str, Any] = {}
        if call.decision.model != model:
            changes["model"] = call.decision.model
        if call.decision.max_tokens != max_tokens:
            changes["max_tokens"] = call.decision.max_tokens
        if changes and measured.fallbacks:  # another model would answer with more than the rung allows
            changes["fallbacks"] = None
        relay = Relay(self.metering, self.forwarder, request, call, stream=stream)
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
        session = await self.sessions.open_session(request.key)
        session.last_used = self.sessions.steady()
        self.sessions.metrics.unmetered.labels(request.path).inc()
        try:
            async with self.forwarder.open(request, raw) as response:
                await request.start(response.status, upstream.answer_headers(response.raw_headers))
                async for chunk in response.content.iter_any():
                    await request.chunk(chunk, more=True)
                await request.chunk(b"", more=False)
        except TimeoutError as error:
            raise Refused(504, "upstream did not answer in time") from error
        except aiohttp.ClientError as error:
            raise Refused(502, f"upstream cannot be reached: {type(error).__name__}") from error

    # --- the session's own ---

    async def end_session(self, request: Request) -> None:
        """DELETE /v1/session: ends the caller's session; answers when RADIUS holds it closed, or could not be reached.

        200 with the session's totals and `accounted`; 404 when there is none.
        """
        if self.sessions.radius is None:
            await self.sessions.open_session(request.key)
            await request.json(200, {"no_radius_session": True, "ended": False, "accounted": False})
            return
        session = await self.sessions.running_session(request.key)
        self.sessions.close(session, "User-Request")
        accounted = False
        try:
            async with asyncio.timeout(STOP_WAIT_S):
                await session.closed.wait()
                accounted = await self.sessions.books.accounting.flushed(STOP_WAIT_S)
        except TimeoutError:
            log.warning("stop_waits", session_id=session.id, under_way=len(session.under_way))
        told = {"ended": True, "accounted": accounted, "session_id": session.id, "username": session.user}
        await request.json(200, {**told, **session.totals()})

    async def status(self, request: Request) -> None:
        """GET /status of the key sent. Without a session it asks RADIUS who that is, and opens none."""
        session = await self.sessions.find_session(request.key)
        told = status.of_session(
            session,
            bare=self.sessions.radius is None,
            mode=self.settings.policy_mode,
            thresholds=self.sessions.thresholds,
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
        waiting = {
            "accounting": len(self.sessions.books.accounting.queue),
            "calls": len(self.sessions.books.store.queue),
        }
        await request.json(200 if ready else 503, {"ready": ready, "reason": why, "waiting": waiting})

    async def metrics(self, request: Request) -> None:
        """GET /metrics."""
        sessions = self.sessions
        known = (*sessions.open.values(), *sessions.ending.values())
        sessions.observer.measure(known, len(sessions.open), sessions.books.waiting(), sessions.journal.bytes)
        data = sessions.metrics.render()
        await request.answer(200, data, [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8")])


def _asked(fields: dict[str, Any]) -> tuple[str, int, bool, int]:
    """Return (model, max_tokens, stream, thinking budget) of a request; Refused when they cannot be metered."""
    model, max_tokens = fields.get("model"), fields.get("max_tokens")
    if not isinstance(model, str) or not model.isprintable() or not 0 < len(model) <= 256:
        raise Refused(400, "model: a name is required")
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or not 0 <= max_tokens <= 2**31:
        raise Refused(400, "max_tokens: a whole number of at least 0 is required")
    stream = fields.get("stream")
    if stream is None:
        stream = False
    if not isinstance(stream, bool):
        raise Refused(400, "stream: true or false")
    thinking = fields.get("thinking")
    budget = thinking.get("budget_tokens", 0) if isinstance(thinking, dict) else 0
    return model, max_tokens, stream, budget if isinstance(budget, int) else 0


def _check_fallbacks(models: Sequence[str], grant: Sequence[str]) -> None:
    """Raise Refused when a model that may answer in the place of the asked one is not in the grant."""
    for name in models:
        if not ladder.allowed(name, grant):
            raise Refused(403, f"fallbacks: model {name!r} is not in your grant ({', '.join(grant)})")


def _notes(ask: Ask, call: Call) -> list[tuple[bytes, bytes]]:
    """Return the headers that say what was changed."""
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
