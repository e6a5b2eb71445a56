"""One polite HTTP client: robots.txt, a User-Agent with a contact, Retry-After, bytes streamed, one at a time.

Knows nothing of what is read. Every failure is a SourceError with its named outcome. A whole exchange has
`http_timeout_s`, however its bytes trickle in; no redirect leaves the source's own hosts and their rules.
"""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx
import structlog

from match_scraper.backoff import Backoff
from match_scraper.outcomes import Outcome, SourceError
from match_scraper.robots import Copies, Rules
from match_scraper.settings import ReaderSettings
from match_scraper.transport import Resolved, trust
from match_scraper.unpacking import NotAsked, NotSound, TooLarge, Unpacker

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ATTEMPTS = 3
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.4, 5.0
"""Between two attempts where the server names no time."""
MAX_BODY_BYTES = 128 * 1024 * 1024
REDIRECTS, ROBOTS_REDIRECTS = 3, 5
"""RFC 9309, 2.3.1.2: robots.txt is followed through five."""
BLOCKED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
TRY_AGAIN = (HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600))
ANSWERS = (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
ROBOTS = b"/robots.txt"
PORTS = {"http": 80, "https": 443}

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


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one exchange brought, a redirect too."""

    fetched: Fetched
    wait_s: float | None
    location: str | None


class Reader:
    """Connections to the source for the length of one run; use it with `async with`.

    `requests` and `bytes_read` count what was asked and what came over the wire so far, robots.txt included.
    """

    def __init__(self, settings: ReaderSettings) -> None:
        self.settings = settings
        self.requests = 0
        self.bytes_read = 0
        self._closed = asyncio.Event()
        self._robots: dict[str, Rules] = {}
        self._copies = Copies(settings.state_dir / "robots")
        self._asked_at: dict[str, float] = {}
        sites = (settings.source_url, settings.viewer_url, settings.modular11_url)
        self._sites = frozenset(_site(httpx.URL(site)) for site in sites)
        context = trust(settings.source_ca)
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        transport: httpx.AsyncBaseTransport = httpx.AsyncHTTPTransport(verify=context, limits=limits)
        if settings.source_resolve:
            transport = Resolved(transport, settings.source_resolve)
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=settings.http_timeout_s,
            headers={"User-Agent": settings.user_agent, "Accept-Encoding": "gzip"},
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End all connections, and any wait for another attempt."""
        self._closed.set()
        await self._client.aclose()

    async def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Query | None = None,
    ) -> Fetched:
        """Read a page that robots.txt allows; 200, 304 and 404 come back, anything else raises SourceError."""
        address = httpx.URL(url)
        if params is not None:
            address = address.copy_with(params=httpx.QueryParams(params))
        rules = await self.ask_robots(str(address))
        await self._keep_distance(address.host, rules.delay_s)
        try:
            return await self._get(address, headers or {}, REDIRECTS)
        finally:
            self._asked_at[address.host] = time.monotonic()

    async def _keep_distance(self, host: str, delay_s: float) -> None:
        """Wait as long as the host's Crawl-delay wants between two requests; raises SourceError where that is long."""
        if delay_s > self.settings.max_wait_s:
            told = (
                f"robots.txt of {host} wants {delay_s:g} s between requests, more than AGENT_MAX_WAIT_S: it is not read"
            )
            raise SourceError(Outcome.BLOCKED, told)
        if delay_s and host in self._asked_at:
            await self._pause(max(0.0, self._asked_at[host] + delay_s - time.monotonic()))

    async def ask_robots(self, url: str) -> Rules:
        """Return the rules of the host's robots.txt; raises SourceError (blocked) where they forbid the address."""
        address = httpx.URL(url)
        host = f"{address.scheme}://{address.netloc.decode()}"
        rules = self._robots.get(host)
        if rules is None:
            rules = self._robots[host] = await self._read_robots(address)
        if not rules.allows(url):
            told = f"robots.txt of {address.host} forbids {address.path}: it is not read. Ask the site before going on"
            raise SourceError(Outcome.BLOCKED, told)
        return rules

    async def greet(self, url: str) -> None:
        """Ask an address's host for its robots.txt, whatever was kept of it; raises SourceError where none answers."""
        await self._get(httpx.URL(url).copy_with(raw_path=ROBOTS), {}, ROBOTS_REDIRECTS)

    async def _get(self, address: httpx.URL, headers: Mapping[str, str], redirects: int) -> Fetched:
        backoff = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S)
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            try:
                answer = await self._followed(address, headers, redirects)
            except (httpx.TimeoutException, TimeoutError) as error:
                told = f"{address} did not answer within {self.settings.http_timeout_s:g} s"
                raise SourceError(Outcome.UNREACHABLE, told) from error
            except (httpx.HTTPError, NotSound) as error:
                if last:
                    said = str(error) or type(error).__name__
                    told = (
                        f"{address} cannot be read ({said}; {ATTEMPTS} times tried): is the site, or the network, down?"
                    )
                    raise SourceError(Outcome.UNREACHABLE, told) from error
                await self._pause(backoff.next_s())
                continue
            status, wait_s = answer.fetched.status, answer.wait_s
            if status in ANSWERS:
                return answer.fetched
            if last or status not in TRY_AGAIN or (wait_s or 0) > self.settings.max_wait_s:
                raise _refusal(str(address), status, wait_s)
            log.info("http.again", url=str(address), status=status, retry_after_s=wait_s)
            await self._pause(backoff.next_s() + (wait_s or 0))
        raise AssertionError("the last attempt returns or raises")

    async def _followed(self, address: httpx.URL, headers: Mapping[str, str], redirects: int) -> _Answer:
        """Return the answer behind the redirects; raises SourceError where one leads elsewhere or is not allowed."""
        first = address
        for _ in range(redirects + 1):
            answer = await self._once(address, headers)
            if answer.location is None:
                return answer
            address = self._next(first, address, answer.location)
            if first.raw_path != ROBOTS:
                await self.ask_robots(str(address))
        raise SourceError(
            Outcome.UNREACHABLE, f"{first} leads from one address to the next, more than {redirects} times"
        )

    def _next(self, first: httpx.URL, address: httpx.URL, location: str) -> httpx.URL:
        """Return where a redirect leads; raises SourceError where that is none of the source's own hosts."""
        try:
            found = address.join(location)
        except (httpx.InvalidURL, ValueError) as error:
            raise SourceError(Outcome.UNREACHABLE, f"{address} leads to {location[:200]!r}, no address") from error
        own = self._sites | {_site(first)}
        if found.scheme not in PORTS or _site(found) not in own or (first.scheme, found.scheme) == ("https", "http"):
            told = f"{address} leads to {str(found)[:200]}, which is none of the source's own hosts: it is not followed"
            raise SourceError(Outcome.UNREACHABLE, told)
        return found

    async def _once(self, address: httpx.URL, headers: Mapping[str, str]) -> _Answer:
        """Make one exchange, from the connection to the last byte, within `http_timeout_s`."""
        self.requests += 1
        async with asyncio.timeout(self.settings.http_timeout_s):
            async with self._client.stream("GET", address, headers=headers) as response:
                try:
                    body, sha256 = await _body(response)
                finally:
                    self.bytes_read += response.num_bytes_downloaded
                fetched = Fetched(
                    status=response.status_code,
                    content_type=response.headers.get("content-type", ""),
                    body=body,
                    sha256=sha256,
                    etag=response.headers.get("etag"),
                    last_modified=response.headers.get("last-modified"),
                )
                wait_s = retry_after(response.headers.get("retry-after"), datetime.now(UTC))
                location = response.headers.get("location") if response.has_redirect_location else None
                return _Answer(fetched, wait_s, location)

    async def _pause(self, seconds: float) -> None:
        """Wait for the reader's end, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            return
        raise SourceError(Outcome.UNREACHABLE, "the reader was closed while it waited for another attempt")

    async def _read_robots(self, address: httpx.URL) -> Rules:
        """Return what a host's robots.txt says: from the copy of the last day, else asked. None, or a page: allowed.

        Where it cannot be asked, an older copy holds; without one nothing may be read (RFC 9309, 2.3.1.4): SourceError.
        """
        text = self._copies.fresh(address)
        if text is None:
            try:
                fetched = await self._get(address.copy_with(raw_path=ROBOTS), {}, ROBOTS_REDIRECTS)
                is_text = fetched.status == HTTPStatus.OK and not fetched.body.lstrip().startswith(b"<")
                text = fetched.body.decode("utf-8", "replace") if is_text else ""
                self._copies.keep(address, text)
            except SourceError as error:
                log.warning("robots.unknown", host=address.host, outcome=error.outcome.value, error=error.detail)
                text = "" if error.outcome is Outcome.BLOCKED else self._copies.older(address)
                if text is None:
                    told = f"{error.detail}; without its robots.txt nothing is read from {address.host}"
                    raise SourceError(error.outcome, told) from error
        return Rules(text, self.settings.user_agent)


async def _body(response: httpx.Response) -> tuple[bytes, str]:
    """Return a body, unpacked while it comes, and its sha256 (hex)."""
    digest, parts = hashlib.sha256(), []
    try:
        unpacker = Unpacker(response.headers.get("content-encoding", ""), MAX_BODY_BYTES)
        async for data in response.aiter_raw():
            for piece in unpacker.feed(data):
                digest.update(piece)
                parts.append(piece)
        unpacker.end()
    except TooLarge as error:
        told = f"{response.url} is larger than {MAX_BODY_BYTES:,} bytes: refused"
        raise SourceError(Outcome.MALFORMED, told) from error
    except NotAsked as error:
        raise SourceError(Outcome.MALFORMED, f"{response.url} cannot be unpacked: {error}") from error
    return b"".join(parts), digest.hexdigest()


def _site(address: httpx.URL) -> tuple[str, int | None]:
    """Return what makes an address the same site: its host, with www or without, and its port."""
    port = address.port or PORTS.get(address.scheme)
    return address.host.removeprefix("www."), PORTS["https"] if port == PORTS["http"] else port


def _refusal(url: str, status: int, wait_s: float | None) -> SourceError:
    if status in BLOCKED:
        again = f"; it asks to come back in {wait_s:g} s" if wait_s is not None else ""
        told = f"{url} answers {status}: the site turns us away{again}. Open it in a browser before trying again"
        return SourceError(Outcome.BLOCKED, told)
    return SourceError(Outcome.UNREACHABLE, f"{url} answers {status}: the site has a fault; try again later")


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
