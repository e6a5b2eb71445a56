"""The replica's web server: one https port, the right site by host name, control under /__replica/ on any name."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from devstack.replica import faults, modular11, pages, viewer
from devstack.replica.certificate import HOSTS, MODULAR11, SITE, VIEWER
from devstack.replica.feeds import NoFeeds
from devstack.replica.knobs import BadKnob
from devstack.replica.season import BadToday
from devstack.replica.world import Asked, World

CONTROL = "/__replica/"


def control(world: World) -> Starlette:
    """The application that tests and the stack talk to."""

    async def body(request: Request) -> dict[str, Any]:
        content = await request.body()
        try:
            return msgspec.json.decode(content or b"{}", type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise BadKnob(f"the body is not a JSON object: {error}") from error

    def answering(action: Callable[[dict[str, Any]], Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                asked = await body(request) if request.method == "POST" else {}
                return JSONResponse(await run_in_threadpool(action, asked))
            except (BadKnob, BadToday, NoFeeds) as error:
                return JSONResponse({"error": str(error)}, 400)

        return endpoint

    def health(_: dict[str, Any]) -> Any:
        return world.describe()

    def feeds(asked: dict[str, Any]) -> Any:
        folder = asked.get("dir")
        world.set_feeds(Path(folder) if folder else None)
        return world.describe()

    def today(asked: dict[str, Any]) -> Any:
        world.set_today(asked.get("today"))
        return world.describe()

    def turn(asked: dict[str, Any]) -> Any:
        return msgspec.structs.asdict(world.turn(asked))

    def show(_: dict[str, Any]) -> Any:
        return msgspec.structs.asdict(world.knobs)

    def log(_: dict[str, Any]) -> Any:
        return world.requests()

    def forget(_: dict[str, Any]) -> Any:
        world.forget_requests()
        return []

    async def truth(_: Request) -> Response:
        told = await run_in_threadpool(lambda: msgspec.json.encode(world.truth()))
        return Response(told, media_type="application/json")

    return Starlette(
        routes=[
            Route(f"{CONTROL}health", answering(health)),
            Route(f"{CONTROL}feeds", answering(feeds), methods=["POST"]),
            Route(f"{CONTROL}today", answering(today), methods=["POST"]),
            Route(f"{CONTROL}knobs", answering(turn), methods=["POST"]),
            Route(f"{CONTROL}knobs", answering(show)),
            Route(f"{CONTROL}requests", answering(log)),
            Route(f"{CONTROL}requests", answering(forget), methods=["DELETE"]),
            Route(f"{CONTROL}truth", truth),
        ]
    )


class Sites:
    """The ASGI application: logs each request, draws its fault, hands it to the site of its host name."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.control = control(world)
        self.sites = {SITE: pages.site(world), VIEWER: viewer.site(world), MODULAR11: modular11.site(world)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith(CONTROL):
            await self.control(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "").partition(":")[0]
        site = self.sites.get(host, nobody)
        area = area_of(host, scope["path"])
        fault = self.world.draw_fault(area, scope["path"]) if area else "ok"
        scope["replica.fault"] = fault
        status, sent = 0, 0

        async def counting(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        try:
            if fault == "ok" or (area == "documents" and fault in ("blank", "empty", "shell")):
                await site(scope, receive, counting)
            else:
                knobs = self.world.knobs
                await faults.answer(
                    fault, site, scope, receive, counting, retry_after_s=knobs.retry_after_s, slow_ms=knobs.slow_ms
                )
        finally:
            self.world.note(
                Asked(
                    method=scope["method"],
                    host=host,
                    path=scope["path"],
                    query=scope["query_string"].decode("latin-1"),
                    status=status,
                    bytes=sent,
                    user_agent=headers.get("user-agent", ""),
                    if_none_match=headers.get("if-none-match", ""),
                    if_modified_since=headers.get("if-modified-since", ""),
                    accept_encoding=headers.get("accept-encoding", ""),
                    fault="" if fault == "ok" else fault,
                )
            )


def area_of(host: str, path: str) -> str | None:
    """Which fault knob governs a request; None: none does."""
    if host == SITE and path.startswith("/mlsnext/"):
        return "pages"
    if host == VIEWER:
        return "documents" if path.startswith("/data/") else "viewer"
    if host == MODULAR11:
        return "fragments" if path.startswith("/public_schedule/") else "viewer"
    return None


async def nobody(scope: Scope, receive: Receive, send: Send) -> None:
    """What answers a host name that the replica does not play."""
    text = f"This port plays {', '.join(HOSTS)}; ask with one of them as Host, or under {CONTROL}.\n"
    await PlainTextResponse(text, 421)(scope, receive, send)


class Server(uvicorn.Server):
    """uvicorn, ended by SIGTERM or SIGINT with exit code 0, or by `should_exit` where it runs in a thread."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(port: int) -> socket.socket:
    """A listening socket on loopback (port 0: any free one); raises OSError where it is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


def make_server(world: World, pem: Path) -> Server:
    """The server, not yet running; `serve(sockets=[listen(port)])` runs it."""
    config = uvicorn.Config(
        Sites(world),
        http=faults.Connection,
        ssl_certfile=pem,
        ssl_keyfile=pem,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="critical",
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )
    return Server(config)


async def serve_until_signal(server: Server, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serves until SIGTERM or SIGINT; `ready` is called once requests are answered."""
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, setattr, server, "should_exit", True)
    ready()  # the socket listens already: whoever connects now is answered as soon as the loop turns
    await server.serve(sockets=[listener])
