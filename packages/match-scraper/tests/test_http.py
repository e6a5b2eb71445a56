"""The one client against real servers that misbehave: drips, bombs, cut bodies, redirects."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from match_scraper import Outcome, Reader, ReaderSettings, SourceError
from match_scraper import http as client

Answer = Callable[["Server", asyncio.StreamWriter, str], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
PLAIN = b"User-agent: *\nDisallow: /forbidden\n"


class Server:
    """A TCP server on loopback that answers by path; `asked` are the paths in their order."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self._answers = {"/robots.txt": whole(PLAIN)} | answers
        self.asked: list[str] = []
        self.over = asyncio.Event()

    async def start(self) -> "Server":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        self.over.set()
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split()[1].decode()
            self.asked.append(path)
            await self._answers[path.partition("?")[0]](self, writer, path)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone, as some of these tests want
        finally:
            writer.close()

    async def beat(self) -> bool:
        """Waits a little; False once the server is to stop."""
        try:
            async with asyncio.timeout(0.05):
                await self.over.wait()
        except TimeoutError:
            return True
        return False


def whole(body: bytes, headers: bytes = b"") -> Answer:
    async def answer(server: Server, writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(HEAD + headers + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)

    return answer


def until_closed(body: bytes, headers: bytes = b"") -> Answer:
    """A body without a length: its end is that of the connection."""

    async def answer(server: Server, writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(HEAD + headers + b"\r\n" + body)

    return answer


def drip(head: bytes, drop: bytes) -> Answer:
    """Something sent at once, then the same bytes again and again, a few at a time, without an end."""

    async def answer(server: Server, writer: asyncio.StreamWriter, path: str) -> None:
        writer.write(head)
        while await server.beat():
            writer.write(drop)
            await writer.drain()

    return answer


def redirect(where: str, status: int = 302) -> Answer:
    async def answer(server: Server, writer: asyncio.StreamWriter, path: str) -> None:
        target = where.replace("SELF", server.url)
        writer.write(
            f"HTTP/1.1 {status} Moved\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )

    return answer


Start = Callable[[dict[str, Answer]], Awaitable[Server]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    servers: list[Server] = []

    async def make(answers: dict[str, Answer]) -> Server:
        servers.append(await Server(answers).start())
        return servers[-1]

    yield make
    for server in servers:
        await server.stop()


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[..., ReaderSettings]:
    def make(server: Server, **more: object) -> ReaderSettings:
        urls = dict.fromkeys(("source_url", "viewer_url", "modular11_url"), server.url)
        return ReaderSettings(**{**urls, "state_dir": tmp_path / "state", **more})  # type: ignore[arg-type]

    return make


Settings = Callable[..., ReaderSettings]


async def refused(settings: ReaderSettings, url: str) -> SourceError:
    async with Reader(settings) as reader:
        with pytest.raises(SourceError) as caught:
            await reader.get(url)
    return caught.value


@pytest.mark.parametrize(
    "dripping",
    [
        drip(HEAD + b"Content-Length: 1000000\r\n\r\n", b"x"),
        drip(HEAD + b"X-Padding: ", b"x"),
        drip(HEAD, b"X-Padding: x\r\n"),
        drip(b"", b""),
    ],
    ids=["body", "header", "headers", "nothing"],
)
async def test_an_exchange_that_drips_ends_within_the_bound_of_the_whole(
    start: Start, settings_of: Settings, dripping: Answer
) -> None:
    server = await start({"/data": dripping})
    error = await refused(settings_of(server, http_timeout_s=0.6), f"{server.url}/data")
    assert error.outcome is Outcome.UNREACHABLE
    assert "did not answer within 0.6 s" in error.detail
    assert server.asked == ["/robots.txt", "/data"], "what does not end is not tried again"


async def test_a_robots_txt_that_drips_ends_within_the_bound_and_nothing_is_read(
    start: Start, settings_of: Settings
) -> None:
    endless = drip(HEAD + b"Content-Length: 1000000\r\n\r\n", b"#")
    server = await start({"/robots.txt": endless, "/data": whole(b"{}")})
    error = await refused(settings_of(server, http_timeout_s=0.6), f"{server.url}/data")
    assert error.outcome is Outcome.UNREACHABLE
    assert "without its robots.txt nothing is read" in error.detail
    assert server.asked == ["/robots.txt"]


async def test_a_gzip_is_unpacked_and_one_that_is_cut_is_an_error(start: Start, settings_of: Settings) -> None:
    body = bytes(range(256)) * 400
    packed, header = gzip.compress(body), b"Content-Encoding: gzip\r\n"
    server = await start({"/data": whole(packed, header), "/cut": until_closed(packed[:-9], header)})
    async with Reader(settings_of(server)) as reader:
        fetched = await reader.get(f"{server.url}/data")
        assert fetched.body == body
        assert reader.bytes_read == len(packed) + len(PLAIN)
    error = await refused(settings_of(server), f"{server.url}/cut")
    assert error.outcome is Outcome.UNREACHABLE
    assert "its gzip is cut before its end; 3 times tried" in error.detail
    assert server.asked.count("/cut") == 3


@pytest.mark.parametrize("layers", [1, 3])
async def test_a_bomb_is_refused_once_it_unpacks_to_more_than_is_allowed(
    start: Start, settings_of: Settings, monkeypatch: pytest.MonkeyPatch, layers: int
) -> None:
    monkeypatch.setattr(client, "MAX_BODY_BYTES", 1_000_000)
    bomb = bytes(20_000_000)
    for _ in range(layers):
        bomb = gzip.compress(bomb)
    encoding = f"Content-Encoding: {', '.join(['gzip'] * layers)}\r\n".encode()
    server = await start({"/bomb": whole(bomb, encoding)})
    error = await refused(settings_of(server), f"{server.url}/bomb")
    assert error.outcome is Outcome.MALFORMED
    assert "is larger than 1,000,000 bytes: refused" in error.detail
    assert server.asked.count("/bomb") == 1


async def test_an_encoding_that_was_not_asked_for_is_refused(start: Start, settings_of: Settings) -> None:
    server = await start({"/data": whole(b"...", b"Content-Encoding: br\r\n")})
    error = await refused(settings_of(server), f"{server.url}/data")
    assert (error.outcome, "'br', which was not asked for" in error.detail) == (Outcome.MALFORMED, True)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_within_the_host_is_followed(start: Start, settings_of: Settings, status: int) -> None:
    server = await start({"/data": redirect("/moved", status), "/moved": whole(b"here")})
    async with Reader(settings_of(server)) as reader:
        assert (await reader.get(f"{server.url}/data")).body == b"here"
    assert server.asked == ["/robots.txt", "/data", "/moved"]


@pytest.mark.parametrize(
    "target", ["OTHER/data", "//OTHERHOST/data", "ftp://127.0.0.1/x", "http://[::1", "file:///etc/passwd"]
)
async def test_a_redirect_to_another_host_is_not_followed(start: Start, settings_of: Settings, target: str) -> None:
    other = await start({"/data": whole(b"elsewhere")})
    where = target.replace("OTHERHOST", f"127.0.0.1:{other.port}").replace("OTHER", other.url)
    server = await start({"/data": redirect(where)})
    error = await refused(settings_of(server), f"{server.url}/data")
    assert error.outcome is Outcome.UNREACHABLE
    assert "none of the source's own hosts" in error.detail or "Invalid URL in location" in error.detail
    assert other.asked == []


async def test_a_redirect_to_another_host_of_the_source_is_followed_by_that_hosts_rules(
    start: Start, settings_of: Settings
) -> None:
    viewer = await start({"/data": whole(b"viewer"), "/forbidden": whole(b"no")})
    server = await start({"/data": redirect(f"{viewer.url}/data"), "/bad": redirect(f"{viewer.url}/forbidden")})
    settings = settings_of(server, viewer_url=viewer.url)
    async with Reader(settings) as reader:
        assert (await reader.get(f"{server.url}/data")).body == b"viewer"
        with pytest.raises(SourceError, match="forbids /forbidden") as caught:
            await reader.get(f"{server.url}/bad")
    assert caught.value.outcome is Outcome.BLOCKED
    assert viewer.asked == ["/robots.txt", "/data"]


async def test_a_redirect_into_what_robots_txt_forbids_is_not_followed(start: Start, settings_of: Settings) -> None:
    server = await start({"/data": redirect("/forbidden"), "/forbidden": whole(b"no")})
    error = await refused(settings_of(server), f"{server.url}/data")
    assert error.outcome is Outcome.BLOCKED
    assert "/forbidden" not in server.asked


async def test_redirects_in_a_circle_end(start: Start, settings_of: Settings) -> None:
    server = await start({"/a": redirect("/b"), "/b": redirect("/a")})
    error = await refused(settings_of(server), f"{server.url}/a")
    assert (error.outcome, "more than 3 times" in error.detail) == (Outcome.UNREACHABLE, True)
    assert len(server.asked) == 5


async def test_a_robots_txt_that_moved_within_the_source_is_obeyed_and_elsewhere_nothing_is_read(
    start: Start, settings_of: Settings
) -> None:
    server = await start(
        {"/robots.txt": redirect("/rules.txt"), "/rules.txt": whole(PLAIN), "/forbidden": whole(b"no")}
    )
    error = await refused(settings_of(server), f"{server.url}/forbidden")
    assert (error.outcome, server.asked) == (Outcome.BLOCKED, ["/robots.txt", "/rules.txt"])

    other = await start({})
    server = await start({"/robots.txt": redirect(f"{other.url}/robots.txt"), "/data": whole(b"x")})
    error = await refused(settings_of(server), f"{server.url}/data")
    assert error.outcome is Outcome.UNREACHABLE
    assert (other.asked, "/data" in server.asked) == ([], False)


async def test_the_rules_of_a_path_hold_for_its_parameters_too(start: Start, settings_of: Settings) -> None:
    rules = whole(b"User-agent: *\nDisallow: /*page=2\n")
    server = await start({"/robots.txt": rules, "/data": whole(b"{}")})
    async with Reader(settings_of(server)) as reader:
        await reader.get(f"{server.url}/data", params=[("page", 1)])
        with pytest.raises(SourceError, match="forbids /data"):
            await reader.get(f"{server.url}/data", params=[("page", 2)])
    assert server.asked == ["/robots.txt", "/data?page=1"]
