"""The shortest way to a kept answer: a table until its version rises, any public page until anything happens.

Plain ASGI before routing, since these are the addresses that a full touchline asks at once. What is not kept goes on
to the application, and what it answers is kept when it says of itself that it is public.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from missing_table.kept import Kept, KeptAnswers
from missing_table.web.answers import matches_etag

BEGIN, END = "/api/brackets/", "/table"
PLAIN_TABLE = ("table", None, "all")
"""What is asked by an address without a query."""


@dataclass(frozen=True, slots=True)
class _Route:
    path: str


_ROUTE = _Route("/api/brackets/{bracket_id}/table")
LARGEST = 1024 * 1024
LONGEST_QUERY = 300


class WarmTables:
    """Wrap the application. `never`: beginnings of paths that are private, streamed, or tell the time."""

    def __init__(self, app: ASGIApp, kept: KeptAnswers, never: tuple[str, ...]) -> None:
        self.app = app
        self.kept = kept
        self.never = never

    def _find(self, scope: Scope) -> Kept | None:
        path = scope["path"]
        if not (path.startswith(BEGIN) and path.endswith(END)) or scope["method"] != "GET" or scope["query_string"]:
            return None
        number = path[len(BEGIN) : -len(END)]
        if not (number.isascii() and number.isdigit() and len(number) < 19):
            return None
        return self.kept.get(int(number), PLAIN_TABLE)

    def _address(self, scope: Scope) -> Hashable | None:
        """What an answer depends on: the address and, for absolute links, the host; None for what is never kept."""
        path: str = scope["path"]
        if not path.startswith("/api/") or path.startswith(self.never) or len(scope["query_string"]) > LONGEST_QUERY:
            return None
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        return path, scope["query_string"], host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        kept = self._find(scope)
        if kept is not None:
            scope["route"] = _ROUTE
            await _answer(kept, scope, send)
            return
        address = self._address(scope)
        if address is None:
            await self.app(scope, receive, send)
            return
        found = self.kept.pages().get(address, monotonic())
        if found is not None:
            scope["route"] = found.route
            await _answer(found, scope, send)
            return
        await self._keep(address, scope, receive, send)

    async def _keep(self, address: Hashable, scope: Scope, receive: Receive, send: Send) -> None:
        ticket = self.kept.ticket()
        began: Message | None = None

        async def sending(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                # a copy: what stands around this one adds headers of its own request to the message
                began = {**message, "headers": list(message["headers"])} if _may_be_kept(message) else None
            elif began is not None and not message.get("more_body") and len(message["body"]) <= LARGEST:
                if self.kept.trusted and ticket == self.kept.ticket():
                    headers = list(began["headers"])
                    etag = next((value.decode() for name, value in headers if name == b"etag"), "")
                    self.kept.pages().put(
                        address, monotonic(), Kept(etag, message["body"], headers, scope.get("route"))
                    )
                began = None
            else:
                began = None
            await send(message)

        await self.app(scope, receive, sending)


def _may_be_kept(start: Message) -> bool:
    return start["status"] == 200 and any(
        name == b"cache-control" and value.startswith(b"public") for name, value in start["headers"]
    )


async def _answer(kept: Kept, scope: Scope, send: Send) -> None:
    sent = next((value for name, value in scope["headers"] if name == b"if-none-match"), None)
    if sent is not None and kept.etag and matches_etag(sent.decode("latin-1"), kept.etag):
        headers = [pair for pair in kept.headers if pair[0] not in (b"content-length", b"content-type")]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": list(kept.headers)})
    await send({"type": "http.response.body", "body": kept.body})
