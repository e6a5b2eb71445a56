"""Before anything else looks at a request: how often, how large, and from which pages (CORS). Plain ASGI.

Public GETs are for any origin. What is private has no CORS header at all: only our own pages may ask it from a browser.
"""

from time import monotonic

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from missing_table.web.limits import Limits, Standing, caller_of
from missing_table.web.problems import QUOTA_EXCEEDED, problem

LARGEST_BODY = 256 * 1024
READS = ("GET", "HEAD")
ALLOWED_HEADERS = "Cache-Control, If-None-Match, Last-Event-ID, X-Request-Id"
EXPOSED_HEADERS = (
    "Content-Disposition, ETag, Link, RateLimit, RateLimit-Policy, Retry-After, X-Next-Cursor, X-Request-Id"
)
PREFLIGHT_KEPT_S = 86400
_ANY = (b"access-control-allow-origin", b"*")
_EXPOSE = (b"access-control-expose-headers", EXPOSED_HEADERS.encode())


def _header(scope: Scope, name: bytes) -> bytes:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


class Gate:
    """Wrap the application. Leaves where a caller stands in `scope["standings"]`, to which a route may add.

    `private`: beginnings of the paths that are for a key or a sign-in alone.
    """

    def __init__(self, app: ASGIApp, limits: Limits, private: tuple[str, ...]) -> None:
        self.app = app
        self.limits = limits
        self.private = private

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/api/"):
            await self.app(scope, receive, send)
            return
        client = scope.get("client")
        caller = caller_of(client[0]) if client else ""
        standings: list[Standing] = []
        scope["standings"] = standings
        private = path.startswith(self.private)
        shared = not private and scope["method"] in (*READS, "OPTIONS")

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                if shared:
                    headers += (_ANY, _EXPOSE)
                if standings:
                    headers.append((b"ratelimit", ", ".join([s.field for s in standings]).encode()))
                    headers.append((b"ratelimit-policy", ", ".join([s.policy for s in standings]).encode()))
                if message["status"] == 401 and self.limits.refusals.quota:
                    self.limits.refusals.take(caller, monotonic())
            await send(message)

        refused = self._refused(scope, caller, private=private)
        if refused is None and shared and scope["method"] == "OPTIONS":
            refused = _preflight(scope)
        if refused is not None:
            await refused(scope, receive, sending)
            return
        bounded = receive if scope["method"] in READS else _bounded(receive)
        await self.app(scope, bounded, sending)

    def _refused(self, scope: Scope, caller: str, *, private: bool) -> Response | None:
        now_s = monotonic()
        if self.limits.address.quota:
            standing = self.limits.address.take(caller, now_s)
            scope["standings"].append(standing)
            if not standing.allowed:
                return _too_many(scope, standing, "This address has asked too often")
        if private and self.limits.refusals.quota:
            standing = self.limits.refusals.take(caller, now_s, cost=0)
            if not standing.allowed:
                scope["standings"].append(standing)
                return _too_many(scope, standing, "This address was refused too often")
        length = _header(scope, b"content-length")
        if length.isdigit() and int(length) > LARGEST_BODY:
            return problem(Request(scope), 413, _TOO_LARGE)
        return None


_TOO_LARGE = f"The body is larger than {LARGEST_BODY // 1024} KiB, which nothing here needs."


def _too_many(scope: Scope, standing: Standing, what: str) -> Response:
    seconds = standing.retry_after_s
    detail = f"{what}: at most {standing.quota} a minute. Ask again in {seconds} s."
    return problem(Request(scope), 429, detail, kind=QUOTA_EXCEEDED, headers={"Retry-After": str(seconds)})


def _preflight(scope: Scope) -> Response | None:
    """The answer to a browser that asks whether another site's page may read; None for any other OPTIONS."""
    if not _header(scope, b"origin") or _header(scope, b"access-control-request-method").decode() not in READS:
        return None
    headers = {
        "Access-Control-Allow-Methods": ", ".join(READS),
        "Access-Control-Allow-Headers": ALLOWED_HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_KEPT_S),
    }
    return Response(status_code=204, headers=headers)


def _bounded(receive: Receive) -> Receive:
    """Counts a body that did not say how long it is."""
    size = 0

    async def receiving() -> Message:
        nonlocal size
        message = await receive()
        if message["type"] == "http.request":
            size += len(message.get("body", b""))
            if size > LARGEST_BODY:
                raise HTTPException(413, _TOO_LARGE)
        return message

    return receiving
