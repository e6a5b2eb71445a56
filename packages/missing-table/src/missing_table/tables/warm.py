"""The shortest way to a kept table: answers `GET /api/brackets/{id}/table` before routing when it is kept.

Plain ASGI, since this is the address that a full touchline asks at once. Whatever is not kept, or carries a query,
goes on to the application.
"""

from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from missing_table.tables.kept import Kept, KeptAnswers
from missing_table.web.answers import matches_etag

BEGIN, END = "/api/brackets/", "/table"
PLAIN_TABLE = ("table", None, "all")
"""What is asked by an address without a query."""


@dataclass(frozen=True, slots=True)
class _Route:
    path: str


_ROUTE = _Route("/api/brackets/{bracket_id}/table")


class WarmTables:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, kept: KeptAnswers) -> None:
        self.app = app
        self.kept = kept

    def _find(self, scope: Scope) -> Kept | None:
        path = scope["path"]
        if not (path.startswith(BEGIN) and path.endswith(END)) or scope["method"] != "GET" or scope["query_string"]:
            return None
        number = path[len(BEGIN) : -len(END)]
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            return None
        return self.kept.get(int(number), PLAIN_TABLE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = self._find(scope) if scope["type"] == "http" else None
        if kept is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = _ROUTE
        sent = next((value for name, value in scope["headers"] if name == b"if-none-match"), None)
        if sent is not None and matches_etag(sent.decode("latin-1"), kept.etag):
            headers = [pair for pair in kept.headers if pair[0] not in (b"content-length", b"content-type")]
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": list(kept.headers)})
        await send({"type": "http.response.body", "body": kept.body})
