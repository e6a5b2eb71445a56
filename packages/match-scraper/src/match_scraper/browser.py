"""Chromium on mlssoccer.com: which platform is in the page's iframe today, and what the page itself loads.

Every wait is for an event with a deadline: a response, a frame, an element. On any failure a screenshot and the HTML
are kept. Reading the documents is not its work: that is HTTP's.
"""

import asyncio
import base64
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import msgspec
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Browser, Page, Playwright, Request, Response, async_playwright
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from match_scraper.outcomes import Outcome, SourceError
from match_scraper.settings import ReaderSettings
from match_scraper.values import Linked

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

SCHEDULES = "/mlsnext/schedule/homegrown-division/"
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ACCEPT = "#onetrust-accept-btn-handler"
"""The container around it may have no height, and #ot-sdk-btn is a settings button that always stands there."""
FRAME = "main iframe"
ADDRESS = "frame => { frame.scrollIntoView({block: 'center'}); return frame.src || frame.dataset.src || ''; }"
DOCUMENT = re.compile(r"/data/(schedule|standings)/([^/?#]+)\.json$")
ROUTE = re.compile(r"/?(schedule|standings)/([^/?#]+)")
CLICKS, CLICK_S = 3, 1.0
"""The consent's script may attach its handler after its button: so often it is pressed, and so long is given."""
FRAME_S = 12.0
LAZY_S = 3.0
"""So long after it was scrolled to, an iframe may leave its address in data-src; then that address is opened."""
DOCUMENTS_S = 10.0
EVIDENCE_S = 5.0
EVIDENCE_KEPT = 20


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the page showed: the iframe's address, the keys that it opens, and those that its documents name."""

    viewer_url: str
    address: str
    opened: tuple[str, ...] = ()
    linked: tuple[Linked, ...] = ()
    warnings: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)


class _Document(msgspec.Struct):
    """What is read of a document here: the siblings that it names."""

    linked_competition_seasons: list[Linked] | None = None


class _Watch:
    """What the page has loaded so far. Playwright calls `answered` and `failed`."""

    def __init__(self) -> None:
        self.viewer_url = ""
        self.keys: dict[str, None] = {}
        self.linked: list[Linked] = []
        self.problems: list[str] = []
        self.broken: SourceError | None = None
        self.asked = asyncio.Event()
        """The viewer asked for a document, or its frame broke."""
        self.seen = asyncio.Event()
        """A document said which siblings it has, or both were answered without that."""
        self._answered: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def answered(self, response: Response) -> None:
        """A document's body must be asked for at once: it is gone when the frame is left or reloaded."""
        parts = urlsplit(response.url)
        found = DOCUMENT.search(parts.path)
        if found:
            self.viewer_url = f"{parts.scheme}://{parts.netloc}"
            self.keys[found[2]] = None
            self.asked.set()
            task = asyncio.ensure_future(self._take(response, found[1]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif response.status >= HTTPStatus.BAD_REQUEST and _is_frame(response.request):
            self._break(refusal(response.url, response.status))

    def failed(self, request: Request) -> None:
        if _is_frame(request) and "ERR_ABORTED" not in (request.failure or ""):
            self._break(SourceError(Outcome.UNREACHABLE, f"the viewer {request.url} does not load: {request.failure}"))

    def _break(self, error: SourceError) -> None:
        self.broken = error
        self.asked.set()
        self.seen.set()

    async def _take(self, response: Response, kind: str) -> None:
        try:
            if not response.ok:
                self.problems.append(f"the viewer's own request for its {kind} was answered {response.status}")
            elif "json" in response.headers.get("content-type", ""):
                document = msgspec.json.decode(await response.body(), type=_Document)
                self.linked = self.linked or document.linked_competition_seasons or []
            else:
                self.problems.append(f"the viewer's own {kind} is not published: it got HTML instead of JSON")
        except PlaywrightError as error:
            # The frame was reloaded meanwhile; the next time it loads, the document comes again.
            log.info("browser.body_gone", kind=kind, error=first_line(error))
            return
        except msgspec.DecodeError as error:
            self.problems.append(f"the viewer's own {kind} is not as agreed: {error}")
        self._answered.add(kind)
        if self.linked or len(self._answered) == len(("schedule", "standings")):
            self.seen.set()


def _is_frame(request: Request) -> bool:
    """True for the request of an iframe's own page."""
    try:
        return request.is_navigation_request() and request.frame.parent_frame is not None
    except PlaywrightError:
        return False  # a request without a frame: a service worker's, or the page is closing


def refusal(url: str, status: int) -> SourceError:
    """What a status from 400 on means when the browser gets it."""
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
        told = f"{url} answers the browser {status}: the site turns us away; open it yourself before trying again"
        return SourceError(Outcome.BLOCKED, told)
    return SourceError(
        Outcome.UNREACHABLE, f"{url} answers the browser {status}: the site has a fault; try again later"
    )


def first_line(error: Exception) -> str:
    """An error's first line: Playwright appends its call log."""
    return (str(error) or type(error).__name__).splitlines()[0]


def launch_arguments(settings: ReaderSettings) -> list[str]:
    """Chromium's arguments; with AGENT_SOURCE_RESOLVE no other host can be reached."""
    arguments = list(ARGUMENTS)
    if settings.source_resolve:
        rules = [f"MAP {host} {address}" for host, address in settings.source_resolve.items()]
        rules += ["MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"]
        arguments.append(f"--host-resolver-rules={','.join(rules)}")
    if settings.source_ca is not None:
        arguments.append(f"--ignore-certificate-errors-spki-list={spki(settings.source_ca)}")
    return arguments


def spki(certificate: Path) -> str:
    """Base64 of the SHA-256 of a certificate's public key, by which Chromium trusts it."""
    try:
        key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    except (OSError, ValueError) as error:
        told = (
            f"AGENT_SOURCE_CA {str(certificate)!r} is no readable certificate ({error}): start the replica, or unset it"
        )
        raise SourceError(Outcome.UNREACHABLE, told) from error
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


@asynccontextmanager
async def driver() -> AsyncIterator[Playwright]:
    """Playwright's own program, which speaks with Chromium; raises SourceError where it does not start."""
    starting = async_playwright()
    try:
        playwright = await starting.start()
    except Exception as error:  # that is what Playwright raises where its driver ends at once (a library is missing)
        told = f"Playwright's driver does not start: {first_line(error)}; `./mt run` or `playwright --version` says why"
        raise SourceError(Outcome.VIEWER_NOT_FOUND, told) from error
    try:
        yield playwright
    finally:
        await playwright.stop()


@asynccontextmanager
async def chromium(settings: ReaderSettings) -> AsyncIterator[Browser]:
    """A Chromium for one look; raises SourceError where it does not start."""
    sandbox = settings.chromium_sandbox if settings.chromium_sandbox is not None else os.geteuid() != 0
    async with driver() as playwright:
        try:
            browser = await playwright.chromium.launch(
                executable_path=str(settings.chromium) if settings.chromium else None,
                args=launch_arguments(settings),
                chromium_sandbox=sandbox,
                timeout=settings.browser_deadline_s * 1000,
            )
        except PlaywrightError as error:
            which = settings.chromium or "of Playwright"
            told = f"Chromium ({which}) does not start: {first_line(error)}; install it, or name it in AGENT_CHROMIUM"
            raise SourceError(Outcome.VIEWER_NOT_FOUND, told) from error
        try:
            yield browser
        finally:
            await browser.close()


async def look(settings: ReaderSettings) -> Sighting:
    """Opens the schedule page and finds the platform and its keys; raises SourceError, with evidence kept."""
    started = perf_counter()
    async with chromium(settings) as browser:
        launched = perf_counter()
        context = await browser.new_context(viewport={"width": 1280, "height": 900})  # below 768 px: as on phones
        page = await context.new_page()
        try:
            try:
                async with asyncio.timeout(settings.browser_deadline_s):
                    sighting = await _look(page, settings)
            except TimeoutError as error:
                told = f"the browser was not done with {page.url} within {settings.browser_deadline_s:g} s"
                raise SourceError(Outcome.VIEWER_NOT_FOUND, told) from error
        except SourceError as error:
            evidence = await keep_evidence(page, settings.state_dir / "evidence")
            raise SourceError(error.outcome, error.detail, evidence=evidence) from error
        except PlaywrightError as error:
            evidence = await keep_evidence(page, settings.state_dir / "evidence")
            told = f"the browser failed on {page.url}: {first_line(error)}"
            raise SourceError(Outcome.VIEWER_NOT_FOUND, told, evidence=evidence) from error
        seen = perf_counter()
    timings = {"launch_s": launched - started, "page_s": seen - launched, "close_s": perf_counter() - seen}
    return replace(sighting, timings=timings)


async def _look(page: Page, settings: ReaderSettings) -> Sighting:
    watch = _Watch()
    page.on("response", watch.answered)
    page.on("requestfailed", watch.failed)
    await _open(page, settings.source_url.rstrip("/") + SCHEDULES, settings.http_timeout_s)
    consent = asyncio.create_task(_accept(page))
    try:
        address = await _frame_address(page, consent)
        if "modular11" in urlsplit(address).netloc:
            told = (
                f"{page.url} shows {address}, which is modular11, not the assist viewer: the platform has moved; "
                "`--source modular11` reads that one"
            )
            raise SourceError(Outcome.VIEWER_NOT_FOUND, told)
        if not ROUTE.match(urlsplit(address).fragment):
            told = f"the iframe of {page.url} shows {address}, which is no platform that we know: the source has moved"
            raise SourceError(Outcome.VIEWER_NOT_FOUND, told)
        warnings = await _load(page, address, watch, consent)
    finally:
        consent.cancel()
        await asyncio.gather(consent, return_exceptions=True)
    if not watch.keys:
        told = (
            f"the viewer {address} was opened and loads none of the documents that we know: the platform has changed; "
            "look at what it loads instead"
        )
        raise SourceError(Outcome.VIEWER_NOT_FOUND, told)
    return Sighting(watch.viewer_url, address, tuple(watch.keys), tuple(watch.linked), (*warnings, *watch.problems))


async def _open(page: Page, url: str, timeout_s: float) -> None:
    try:
        answer = await page.goto(url, wait_until="commit", timeout=timeout_s * 1000)
    except PlaywrightTimeout as error:
        raise SourceError(Outcome.UNREACHABLE, f"{url} did not answer the browser within {timeout_s:g} s") from error
    except PlaywrightError as error:
        told = f"the browser cannot open {url} ({first_line(error)}): is the site, or the network, down?"
        raise SourceError(Outcome.UNREACHABLE, told) from error
    if answer is not None and answer.status >= HTTPStatus.BAD_REQUEST:
        raise refusal(url, answer.status)


async def _accept(page: Page) -> bool:
    """Presses the consent's button whenever it comes; False where it stays although it was pressed."""
    button = page.locator(ACCEPT)
    await button.wait_for(state="attached", timeout=0)
    for _ in range(CLICKS):
        try:
            await button.evaluate("button => button.click()", timeout=CLICK_S * 1000)
            await button.wait_for(state="hidden", timeout=CLICK_S * 1000)
        except PlaywrightTimeout:
            continue
        return True
    return False


async def _is_stuck(consent: "asyncio.Task[bool]") -> bool:
    """True where the consent was asked for and could not be given; waits for the presses that are under way."""
    done, _ = await asyncio.wait([consent], timeout=CLICKS * CLICK_S)
    return bool(done) and not consent.cancelled() and consent.exception() is None and consent.result() is False


async def _frame_address(page: Page, consent: "asyncio.Task[bool]") -> str:
    """Scrolls to the iframe and says where it points: its `src`, or what its script will put there."""
    frame = page.locator(FRAME).first
    try:
        await frame.wait_for(state="attached", timeout=FRAME_S * 1000)
        address = str(await frame.evaluate(ADDRESS))
    except PlaywrightTimeout as error:
        if await _is_stuck(consent):
            raise _no_consent(page.url) from error
        told = f"there is no iframe in the main part of {page.url} within {FRAME_S:g} s: the page has changed"
        raise SourceError(Outcome.VIEWER_NOT_FOUND, told) from error
    if not address.startswith("http"):
        told = f"the iframe of {page.url} points nowhere ({address[:200]!r}): the page has changed"
        raise SourceError(Outcome.VIEWER_NOT_FOUND, told)
    return address


async def _load(page: Page, address: str, watch: _Watch, consent: "asyncio.Task[bool]") -> list[str]:
    """Waits until the viewer has loaded its documents; opens it by itself where the page never does."""
    warnings = []
    if not await _within(watch.asked, LAZY_S):
        if await _is_stuck(consent):
            raise _no_consent(page.url)
        if not watch.asked.is_set():
            warnings.append("the page left its iframe unloaded; the address in it was opened directly")
            viewer = await page.context.new_page()
            viewer.on("response", watch.answered)
            await _open(viewer, address, DOCUMENTS_S)
            await _within(watch.asked, DOCUMENTS_S)
    if watch.broken is not None:
        raise watch.broken
    if watch.asked.is_set() and not await _within(watch.seen, DOCUMENTS_S):
        warnings.append(f"the viewer's documents did not come to their end within {DOCUMENTS_S:g} s")
    return warnings


def _no_consent(url: str) -> SourceError:
    told = f"{url} asks for consent and keeps asking after {CLICKS} presses of {ACCEPT}: look at the screenshot"
    return SourceError(Outcome.CONSENT_NOT_PASSED, told)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    """True once the event is set, False where that takes longer."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def keep_evidence(page: Page, folder: Path) -> tuple[Path, ...]:
    """Writes what the page looks like and its HTML into a new folder below; returns what could be kept."""
    here = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    kept: list[Path] = []
    try:
        here.mkdir(parents=True)
        async with asyncio.timeout(EVIDENCE_S):
            html = here / "page.html"
            html.write_text(await page.content(), encoding="utf-8")
            kept.append(html)
            image = here / "page.png"
            await page.screenshot(path=image, timeout=EVIDENCE_S * 1000)
            kept.append(image)
    except (PlaywrightError, OSError, TimeoutError) as error:
        log.warning("evidence.not_whole", folder=str(here), error=first_line(error))
    forget_old(folder)
    return tuple(kept)


def forget_old(folder: Path) -> None:
    """Keeps the newest evidence only."""
    for old in sorted(folder.glob("*Z"))[:-EVIDENCE_KEPT]:
        shutil.rmtree(old, ignore_errors=True)
