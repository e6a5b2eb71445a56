"""What the page tests share: a site with landed data, and real Chromium at several widths, light and dark."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from devstack.places import ROOT, shared_folder
from devstack.start_tasks import ADMIN_EMAIL
from devstack.testing import RunningStack, run_folder

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ["home", "bracket", "matches", "chances", "grid", "chart", "what-if", "team", "match", "fixture", "club"]
NAMES += ["insights", "search", "status", "about", "admin", "missing"]
"""Every page of the site; the views of a bracket among them."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@dataclass(frozen=True)
class Site:
    """The address of a site that has data, and one bracket of it with results."""

    address: str
    bracket: dict[str, Any]
    rows: list[dict[str, Any]]
    matches: list[dict[str, Any]]

    @property
    def team(self) -> dict[str, Any]:
        """The leader of the bracket."""
        team: dict[str, Any] = self.rows[0]["team"]
        return team

    @property
    def pages(self) -> dict[str, str]:
        """Every page of the site by name, as a path."""
        path = self.bracket["path"]
        played = next(match for match in self.matches if match["status"] == "completed")
        ahead = next(match for match in self.matches if match["status"] == "scheduled")
        pages = {
            "home": "/",
            "bracket": path,
            "matches": f"{path}?view=matches",
            "grid": f"{path}?view=grid",
            "chart": f"{path}?view=chart",
            "chances": f"{path}?view=chances",
            "what-if": f"{path}/what-if?scores={ahead['id']}-2-0",
            "team": f"/teams/{self.team['id']}",
            "match": f"/matches/{played['id']}",
            "fixture": f"/matches/{ahead['id']}",
            "search": f"/search?q={quote(self.team['name'].split()[0])}",
            "status": "/status",
            "about": "/about",
            "insights": "/insights",
            "admin": "/admin",
            "missing": "/no/such/page",
        }
        if self.team["club_id"]:
            pages["club"] = f"/clubs/{self.team['club_id']}"
        return pages


def _read(address: str) -> Site | None:
    """The site as it stands; None while no U14 Northeast table with results has landed."""
    with httpx.Client(base_url=address, timeout=30) as api:
        answer = api.get("/api/brackets", params={"league": "Homegrown", "age_group": "U14", "division": "Northeast"})
        found = [item for item in answer.json()["items"] if item["played"]] if answer.status_code == 200 else []
        if not found:
            return None
        bracket = found[0]
        rows = api.get(f"/api/brackets/{bracket['id']}/table").json()["rows"]
        matches = api.get(f"/api/brackets/{bracket['id']}/matches", params={"limit": 1000}).json()["items"]
    return Site(address, bracket, rows, matches)


@pytest.fixture(scope="session")
def landed_address(request: pytest.FixtureRequest) -> str:
    """A site with landed data: MT_TEST_SITE names one that runs already, else the run's own stack after one run."""
    if given := os.environ.get("MT_TEST_SITE"):
        if _read(given) is None:
            pytest.fail(f"MT_TEST_SITE={given} has no U14 Northeast table with results")
        return given
    stack: RunningStack = request.getfixturevalue("stack")
    if _read(stack.web) is None:
        feeds = shared_folder() / "data" / "feeds"
        if not feeds.is_dir():
            pytest.skip(f"the shared feeds are not at {feeds} (MT_SHARED names their folder)")
        done = stack.mt("run", "--feeds", str(feeds))
        assert done.returncode == 0, done.stderr
    return stack.web


@pytest.fixture
def site(landed_address: str) -> Site:
    """The site as it is now: tests before this one may have landed something."""
    landed = _read(landed_address)
    assert landed is not None, "a run landed, yet there is no U14 Northeast table with results"
    return landed


@pytest.fixture
def own_stack(request: pytest.FixtureRequest) -> RunningStack:
    """The run's own stack: a site that somebody else runs is not changed."""
    if os.environ.get("MT_TEST_SITE"):
        pytest.skip("MT_TEST_SITE is somebody's site: no run is made against it")
    stack: RunningStack = request.getfixturevalue("stack")
    return stack


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Real Chromium, one for a module: while Playwright's loop runs, no asynchronous test can have its own."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Callable[..., Visit]]:
    """Opens a page as a reader with a device: visit("/path", width=390, scheme="dark", zone=..., scripts=False).

    `at` is the moment that the device's clock shows, where the real one will not do.
    """
    contexts: list[BrowserContext] = []

    def go(path: str, *, width: int = 390, scheme: str = "light", zone: str = "America/New_York", **more: Any) -> Visit:
        scripts, at = more.pop("scripts", True), more.pop("at", None)
        context = browser.new_context(
            base_url=site.address,
            viewport={"width": width, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="en-US",
            timezone_id=zone,
            reduced_motion="reduce",
            java_script_enabled=scripts,
            **{"service_workers": "block", **more},
        )
        contexts.append(context)
        if at is not None:
            context.clock.set_fixed_time(at)
        page = context.new_page()
        seen = Visit(page, [])
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("console", lambda said: seen.complaints.append(said.text) if said.type == "error" else None)
        page.goto(path)
        if scripts:
            settled(page)
        return seen

    yield go
    for context in contexts:
        context.close()


@dataclass(frozen=True)
class Visit:
    """An open page and what its console complained of."""

    page: Page
    complaints: list[str]


def settled(page: Page) -> None:
    """Until the site's own code has taken over and nothing is loading any more."""
    page.locator(".foot").wait_for()
    page.locator(".skeleton").first.wait_for(state="detached")


def resize(page: Page, width: int) -> None:
    """Another width, and the frame after the next: by then the page has heard of it and drawn itself anew."""
    page.set_viewport_size({"width": width, "height": 844})
    page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => drawn(null))))")


def kept_for_offline(page: Page, path: str) -> None:
    """Until the service worker holds an answer from this path."""
    page.wait_for_function(
        """path => caches.open('answers').then(cache => cache.keys())
        .then(keys => keys.some(key => new URL(key.url).pathname === path))""",
        arg=path,
    )


def sign_in(page: Page, stack: RunningStack) -> None:
    """As the stack's admin, from a page that asks for it, until the page says so: leaving earlier takes nobody in."""
    page.get_by_label("Email").fill(ADMIN_EMAIL)
    page.get_by_label("Password").fill(stack.parts.secrets.admin_password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text(f"Signed in as {ADMIN_EMAIL}")).to_be_visible()


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA, one line each. Of a table it sees the first rows: others are like them."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "tags => axe.run({exclude: ['tbody tr:nth-child(n+6)']}, {runOnly: {type: 'tag', values: tags}})", RULES
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.fixture(scope="session")
def gallery(request: pytest.FixtureRequest) -> Path:
    """The folder for screenshots: `screenshots` in the state folder of this test run."""
    folder = Path(os.environ.get("MT_TEST_DATA") or run_folder(request.config)) / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def offline(context: BrowserContext) -> Iterator[None]:
    """Without a connection."""
    context.set_offline(True)
    try:
        yield
    finally:
        context.set_offline(False)
