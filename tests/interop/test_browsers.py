"""The page's flows in engines that no other test runs in: WebKit (every iPhone's), Firefox, and a Chromium of 2023."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from devstack import patient

from .browsers import KINDS, Driven, Way, driven

pytestmark = [pytest.mark.interop, pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(900)]

OURS = (
    "!document.querySelector('[data-page]') && document.querySelector('.foot') && !document.querySelector('.skeleton')"
)
"""The site's own code has taken over, and nothing is loading any more."""
KEPT = """caches.open('answers').then((cache) => cache.keys())
  .then((keys) => keys.some((key) => new URL(key.url).pathname === {path!r}))"""


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def browser(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    with driven(kind, tmp_path_factory.mktemp(kind)) as page:
        yield page


@pytest.fixture(scope="module")
def bracket(address: str) -> dict[str, Any]:
    items = patient.get(f"{address}/api/brackets").json()["items"]
    found: dict[str, Any] = max(items, key=lambda one: one["played"])
    return found


@pytest.fixture(scope="module")
def rows(address: str, bracket: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = patient.get(f"{address}/api/brackets/{bracket['id']}/table").json()["rows"]
    return found


def shown(browser: Driven, address: str) -> None:
    browser.go(address)
    browser.until(OURS)


def test_the_table_is_shown_in_its_order(
    browser: Driven, address: str, bracket: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    shown(browser, address + bracket["path"])
    names = browser.run(
        "return [...document.querySelectorAll('.table .team-name__text')].map((name) => name.innerText)"
    )
    assert names == [row["team"]["short_name"] or row["team"]["name"] for row in rows]
    assert browser.complaints() == []


def test_times_of_matches_are_times_alone_on_the_day_that_they_are_on(
    browser: Driven, address: str, bracket: dict[str, Any]
) -> None:
    shown(browser, f"{address}{bracket['path']}?view=matches")
    browser.until("document.querySelectorAll('a.match').length > 0")
    times = browser.run("return [...document.querySelectorAll('.match__when b')].map((time) => time.innerText)")
    assert times
    said = r"\d{1,2}:\d\d\s[AP]M|Time not set|Final|Score awaited|Postponed|Cancelled|Forfeit|Live"
    assert [time for time in times if not re.fullmatch(said, time)] == []


def test_a_team_and_its_club_have_their_matches(browser: Driven, address: str, rows: list[dict[str, Any]]) -> None:
    team = rows[0]["team"]
    shown(browser, f"{address}/teams/{team['id']}")
    assert browser.text("h1") == team["name"]
    browser.until("document.querySelectorAll('a.match').length > 0")
    shown(browser, f"{address}/clubs/{team['club_id']}")
    browser.until("document.querySelectorAll('.rows li').length > 0")
    assert browser.run("return document.querySelectorAll('[role=alert]').length") == 0
    assert browser.complaints() == []


def test_a_team_is_found_by_its_name_and_followed(browser: Driven, address: str, rows: list[dict[str, Any]]) -> None:
    team = rows[0]["team"]
    shown(browser, f"{address}/search?q={team['name']}")
    browser.until(f"document.querySelector('.results a[href=\"/teams/{team['id']}\"]')")
    browser.run(f"document.querySelector('.results a[href=\"/teams/{team['id']}\"]').click()")
    browser.until("[...document.querySelectorAll('button')].some((button) => button.innerText === 'Follow')")
    browser.run("[...document.querySelectorAll('button')].find((button) => button.innerText === 'Follow').click()")
    shown(browser, address)
    assert team["name"] in browser.text(".mine")


@pytest.mark.parametrize("path", ["/status", "/about", "/insights", "/admin", "/no/such/page"])
def test_every_other_page_says_what_it_is(browser: Driven, address: str, path: str) -> None:
    shown(browser, address + path)
    assert browser.text("h1, h2")
    assert browser.run("return document.querySelectorAll('.notice--bad').length") == 0
    assert browser.complaints() == []


def test_what_was_seen_is_seen_again_without_a_connection_and_nothing_else_is_made_up(
    kind: str, address: str, rows: list[dict[str, Any]], bracket: dict[str, Any], tmp_path: Path
) -> None:
    """First visit, second visit, offline: what is kept must work in each engine."""
    at = urlsplit(address)
    assert at.hostname is not None
    assert at.port is not None
    way = Way(at.hostname, at.port)
    team = rows[0]["team"]
    with driven(kind, tmp_path) as page:
        shown(page, way.address + bracket["path"])
        page.until("navigator.serviceWorker.ready.then(() => true)")
        for _ in range(2):
            shown(page, way.address + bracket["path"])
            assert page.text("h1") == f"{bracket['age_group']} {bracket['division']}"
        page.until("navigator.serviceWorker.controller !== null")
        shown(page, f"{way.address}/teams/{team['id']}")
        page.until(KEPT.format(path=f"/api/brackets/{bracket['id']}/table"))
        page.until(KEPT.format(path=f"/api/teams/{team['id']}"))
        way.cut()
        shown(page, way.address + bracket["path"])
        assert rows[0]["team"]["name"] in page.text("main")
        assert "could not be refreshed" in page.text("main")
        page.go(f"{way.address}/teams/999999")
        page.until("document.querySelector('.notice--bad')")
        assert "not found" not in page.text("main").lower()
        assert page.run("return document.title") == "Missing Table"
