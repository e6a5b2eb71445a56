"""One polite HTTP client: robots.txt, a User-Agent with a contact, Retry-After, bytes streamed, one at a time.

Knows nothing of what is read. Every failure is a SourceError with its named outcome.
"""

import asyncio
import hashlib
import random
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.robotparser import RobotFileParser

import httpx
import structlog

from match_scraper.outcomes import Outcome, SourceError
from match_scraper.settings import ReaderSettings

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ATTEMPTS = 3
BACKOFF_S = (0.2, 0.6)
"""Before another attempt where the server names no time: a random wait within this, longer each time."""
MAX_BODY_BYTES = 128 * 1024 * 1024
ROBOTS_KEEP_S = 24 * 3600
"""RFC 9309, 2.4: a copy of robots.txt is not used for longer than a day."""
BLOCKED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
TRY_AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600))
ANSWERS = (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


Query = list[tuple[str, str | int | float | bool | None]]
"""Parameters of an address, in their order; a name may stand several times."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: 200 with its body, 304 or 404 without one. `sha256` (hex) is of the body as decoded."""

    status: int
    content_type: str
    body: bytes
    sha256: str
    etag: str | None
    last_modified: str | None


class Resolved(httpx.AsyncBaseTransport):
    """Sends named hosts to another address, with the right Host header, SNI and certificate check; no others."""

    def __init__(self, inner: httpx.AsyncBaseTransport, addresses: Mapping[str, str]) -> None:
        self._inner = inner
        self._addresses = addresses

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        address = self._addresses.get(host)
        if address is None:
            raise httpx.ConnectError(f"{host} is not in AGENT_SOURCE_RESOLVE, and no other host is asked")
        ip, _, port = address.rpartition(":")
        moved = httpx.Request(
            request.method,
            request.url.copy_with(host=ip, port=int(port)),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await self._inner.handle_async_request(moved)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Reader:
    """Connections to the source for the length of one run; use it with `async with`.

    `requests` and `bytes_read` count what was asked and what came over the wire so far, robots.txt included.
    """

    def __init__(self, settings: ReaderSettings) -> None:
        self.settings = settings
        self.requests = 0
        self.bytes_read = 0
        self._closed = asyncio.Event()
        self._robots: dict[str, RobotFileParser] = {}
        self._asked_at: dict[str, float] = {}
        context = trust(settings.source_ca)
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        transport: httpx.AsyncBaseTransport = httpx.AsyncHTTPTransport(verify=context, limits=limits)
        if settings.source_resolve:
            transport = Resolved(transport, settings.source_resolve)
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=settings.http_timeout_s,
            headers={"User-Agent": settings.user_agent},
            follow_redirects=True,
            max_redirects=3,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends all connections, and any wait for another attempt."""
        self._closed.set()
        await self._client.aclose()

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Query | None = None,
    ) -> Fetched:
        """Reads a page that robots.txt allows; 200, 304 and 404 come back, anything else raises SourceError."""
        rules = await self.ask_robots(url)
        host = httpx.URL(url).host
        await self._keep_distance(host, float(rules.crawl_delay(self.settings.user_agent) or 0))
        try:
            return await self._get(url, headers or {}, params)
        finally:
            self._asked_at[host] = time.monotonic()

    async def _keep_distance(self, host: str, delay_s: float) -> None:
        """Waits as long as the host's Crawl-delay wants between two requests; raises SourceError where that is long."""
        if delay_s > self.settings.max_wait_s:
            told = (
                f"robots.txt of {host} wants {delay_s:g} s between requests, more than AGENT_MAX_WAIT_S: it is not read"
            )
            raise SourceError(Outcome.BLOCKED, told)
        if delay_s and host in self._asked_at:
            await self._pause(max(0.0, self._asked_at[host] + delay_s - time.monotonic()))

    async def ask_robots(self, url: str) -> RobotFileParser:
        """The rules of the host's robots.txt; raises SourceError (blocked) where they forbid the address."""
        address = httpx.URL(url)
        rules = self._robots.get(address.host)
        if rules is None:
            rules = self._robots[address.host] = await self._read_robots(address)
        if not rules.can_fetch(self.settings.user_agent, url):
            told = f"robots.txt of {address.host} forbids {address.path}: it is not read. Ask the site before going on"
            raise SourceError(Outcome.BLOCKED, told)
        return rules

    async def greet(self, url: str) -> None:
        """Asks an address's host for its robots.txt, whatever was kept of it; raises SourceError where none answers."""
        await self._get(str(httpx.URL(url).copy_with(raw_path=b"/robots.txt")), {}, None)

    async def _get(self, url: str, headers: Mapping[str, str], params: Query | None) -> Fetched:
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            jitter_s = random.uniform(*BACKOFF_S)  # noqa: S311 - no secret
            try:
                fetched, wait_s = await self._once(url, headers, params)
            except httpx.TimeoutException as error:
                within = self.settings.http_timeout_s
                raise SourceError(Outcome.UNREACHABLE, f"{url} did not answer within {within:g} s") from error
            except httpx.HTTPError as error:
                if last:
                    said = str(error) or type(error).__name__
                    told = f"{url} cannot be read ({said}; {ATTEMPTS} times tried): is the site, or the network, down?"
                    raise SourceError(Outcome.UNREACHABLE, told) from error
                await self._pause(attempt * jitter_s)
                continue
            if fetched.status in ANSWERS:
                return fetched
            if last or fetched.status not in TRY_AGAIN or (wait_s or 0) > self.settings.max_wait_s:
                raise _refusal(url, fetched.status, wait_s)
            log.info("http.again", url=url, status=fetched.status, retry_after_s=wait_s)
            await self._pause(attempt * jitter_s if wait_s is None else wait_s + jitter_s)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, url: str, headers: Mapping[str, str], params: Query | None) -> tuple[Fetched, float | None]:
        self.requests += 1
        digest, parts, size = hashlib.sha256(), [], 0
        query = httpx.QueryParams(params) if params is not None else None
        async with self._client.stream("GET", url, headers=headers, params=query) as response:
            try:
                async for part in response.aiter_bytes():
                    size += len(part)
                    if size > MAX_BODY_BYTES:
                        raise SourceError(Outcome.MALFORMED, f"{url} is larger than {MAX_BODY_BYTES:,} bytes: refused")
                    digest.update(part)
                    parts.append(part)
            finally:
                self.bytes_read += response.num_bytes_downloaded
            fetched = Fetched(
                status=response.status_code,
                content_type=response.headers.get("content-type", ""),
                body=b"".join(parts),
                sha256=digest.hexdigest(),
                etag=response.headers.get("etag"),
                last_modified=response.headers.get("last-modified"),
            )
            return fetched, retry_after(response.headers.get("retry-after"), datetime.now(UTC))

    async def _pause(self, seconds: float) -> None:
        """Waits for the reader's end, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            return
        raise SourceError(Outcome.UNREACHABLE, "the reader was closed while it waited for another attempt")

    async def _read_robots(self, address: httpx.URL) -> RobotFileParser:
        """What a host's robots.txt says: from the copy of the last day, else asked. None, or an app's page: allowed.

        Where it cannot be asked, an older copy holds; without one nothing may be read (RFC 9309, 2.3.1.4): SourceError.
        """
        copy = self.settings.state_dir / "robots" / f"{address.host}.txt"
        text = fresh_copy(copy)
        if text is None:
            url = str(address.copy_with(raw_path=b"/robots.txt"))
            try:
                fetched = await self._get(url, {}, None)
                is_text = fetched.status == HTTPStatus.OK and not fetched.body.lstrip().startswith(b"<")
                text = fetched.body.decode("utf-8", "replace") if is_text else ""
                keep_copy(copy, text)
            except SourceError as error:
                log.warning("robots.unknown", host=address.host, outcome=error.outcome.value, error=error.detail)
                text = "" if error.outcome is Outcome.BLOCKED else older_copy(copy)
                if text is None:
                    told = f"{error.detail}; without its robots.txt nothing is read from {address.host}"
                    raise SourceError(error.outcome, told) from error
        rules = RobotFileParser()
        rules.parse(text.splitlines())
        return rules


def _refusal(url: str, status: int, wait_s: float | None) -> SourceError:
    if status in BLOCKED:
        again = f"; it asks to come back in {wait_s:g} s" if wait_s is not None else ""
        told = f"{url} answers {status}: the site turns us away{again}. Open it in a browser before trying again"
        return SourceError(Outcome.BLOCKED, told)
    return SourceError(Outcome.UNREACHABLE, f"{url} answers {status}: the site has a fault; try again later")


def trust(ca: Path | None) -> ssl.SSLContext:
    """The system's certificates, or the one of a replica alone. Raises SourceError where the file cannot be read."""
    if ca is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=str(ca))
    except (OSError, ssl.SSLError) as error:
        told = f"AGENT_SOURCE_CA {str(ca)!r} is no readable certificate ({error}): start the replica, or unset it"
        raise SourceError(Outcome.UNREACHABLE, told) from error


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After asks for (a number, or a date: RFC 9110, 10.2.3); None where it says nothing."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def fresh_copy(file: Path) -> str | None:
    """The text of a file that is younger than a day, else None."""
    try:
        age_s = time.time() - file.stat().st_mtime
        return file.read_text(encoding="utf-8") if 0 <= age_s < ROBOTS_KEEP_S else None
    except FileNotFoundError:
        return None


def older_copy(file: Path) -> str | None:
    """The text of a file of any age, None where there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def keep_copy(file: Path, text: str) -> None:
    """Keeps a text for the next run; a folder that cannot be written is said in the log and does no harm."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        log.warning("robots.not_kept", file=str(file), error=str(error))
