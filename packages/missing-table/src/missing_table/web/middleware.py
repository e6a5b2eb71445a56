"""Around every request: an id, security headers, one log line, rate and latency. Plain ASGI: it is on every path."""

import os
import re
import time
from functools import lru_cache

import structlog
from prometheus_client import Counter, Histogram
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from missing_table.web.problems import problem

_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")

CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Content-Security-Policy": CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_NO_PAGE = (b"x-robots-tag", b"noindex")
"""What is no page may be fetched by robots (a calendar is), and belongs into no index."""
_SECURITY = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]

REQUESTS = Counter("missing_table_requests", "Requests answered", ["route", "method", "status"])
LATENCY = Histogram(
    "missing_table_request_seconds",
    "Seconds from a request to the end of its answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SLOW_S = 1.0
"""Slower ones, and faults, are warnings; the rest is for debugging: Nginx logs every request."""

log = structlog.get_logger("missing_table.web")


_answered = lru_cache(4096)(REQUESTS.labels)
_latency = lru_cache(1024)(LATENCY.labels)
"""The library builds a key of texts at every call; routes, methods and statuses are few."""


def route_name(scope: Scope) -> str:
    """The route's pattern, never the address itself: labels must be few."""
    route = scope.get("route")
    return getattr(route, "path", None) or "none"


class Around:
    """The one middleware. `scope["request_id"]`: the caller's X-Request-Id where it looks like one, else a new one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.log = log.bind()  # resolved once: the settings of the log are made before the application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin = time.perf_counter()
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = given.decode("ascii") if _ID.fullmatch(given) else os.urandom(16).hex()
        scope["request_id"] = request_id
        status: int | None = None

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                present = {name for name, _ in headers}  # lower case: ASGI wants it so
                headers += [pair for pair in _SECURITY if pair[0] not in present]
                if scope["path"].startswith("/api/"):
                    headers.append(_NO_PAGE)
                headers.append((b"x-request-id", request_id.encode()))
                message["headers"] = headers
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            self.log.exception("request failed", path=scope["path"], request_id=request_id, error=repr(error))
            if status is not None:
                raise  # the answer has begun: the server cuts it
            answer = problem(Request(scope), 500, "Something broke here; the log has it under this request_id.")
            await answer(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - begin
            route = route_name(scope)
            _answered(route, scope["method"], str(status)).inc()
            _latency(route).observe(seconds)
            told = self.log.warning if (status or 500) >= 500 or seconds > SLOW_S else self.log.debug
            told(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 2),
                request_id=request_id,
            )
