"""A parent finds the next match: when, where, how to get there; follows the team, and later sees what is new."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from devstack import patient

from .conftest import Site, Visit, settled, violations

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]


THAT_DAY = "2026-10-06"
"""The day after the real fixtures were published: later ones find them out of date."""


def team_with_a_dated_match(site: Site) -> tuple[dict[str, Any], dict[str, Any]]:
    """A team of the bracket whose next match has a time and a place, and that match."""
    for row in site.rows:
        asked = {"team": row["team"]["id"], "limit": 1000, "status": "scheduled"}
        ahead = patient.get(f"{site.address}/api/matches", params=asked).json()["items"]
        ahead = [m for m in ahead if m["local_date"] >= THAT_DAY]
        soon = sorted((m for m in ahead if m["time_set"] and m["venue"]), key=lambda m: m["kick_off"])
        if soon and soon[0]["id"] == min(ahead, key=lambda m: m["local_date"])["id"]:
            return row, soon[0]
    pytest.skip("no team of this bracket has a next match with time and place")


def test_a_parent_finds_the_next_match_and_the_way_there(site: Site, visit: Callable[..., Visit]) -> None:
    row, match = team_with_a_dated_match(site)
    page = visit("/search", at=f"{THAT_DAY}T16:00:00Z").page
    page.get_by_role("searchbox").fill(row["team"]["name"])
    page.locator(f'.results a[href="/teams/{row["team"]["id"]}"]').click()
    expect(page.get_by_role("heading", level=1)).to_have_text(row["team"]["name"])
    page.get_by_role("button", name="Follow", exact=True).click()
    page.get_by_text("Add to calendar").click()
    subscribe = page.get_by_role("link", name="Subscribe on an iPhone").get_attribute("href") or ""
    assert re.fullmatch(rf"webcal://[^/]+/api/teams/{row['team']['id']}/calendar\.ics", subscribe)
    file = page.get_by_role("link", name="Download once").get_attribute("href") or ""
    assert "BEGIN:VCALENDAR" in patient.get(site.address + file).text

    page.get_by_role("link", name="Missing Table").click()
    mine = page.get_by_role("region", name="My teams")
    expect(mine).to_contain_text(f"{row['position']}")
    expect(mine).to_contain_text(f"of {site.bracket['teams']} in {site.bracket['age_group']}")
    following = mine.locator("a.match").first
    expect(following).to_have_attribute("href", f"/matches/{match['id']}")
    expect(following).to_contain_text(match["venue"]["name"])
    expect(following.locator(".match__when")).to_contain_text(re.compile(r"\d{1,2}:\d\d\s[AP]M"))
    way = mine.get_by_role("link", name="Directions").get_attribute("href") or ""
    assert way.startswith("https://www.google.com/maps/dir/?api=1&destination=")
    assert violations(page) == []


def test_what_is_new_since_the_last_visit_is_marked_through_reloads(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(f"/teams/{site.team['id']}").page
    page.get_by_role("button", name="Follow", exact=True).click()
    page.goto("/")
    settled(page)
    mine = page.get_by_role("region", name="My teams")
    expect(mine.get_by_text("Last result")).to_be_visible()
    expect(mine.get_by_text("New since your last visit")).to_have_count(0)
    page.evaluate(
        """name => {
          const visits = JSON.parse(localStorage.getItem(name))
          visits.last = visits.last.filter(one => !one.as.startsWith('completed'))
          visits.at = 0
          localStorage.setItem(name, JSON.stringify(visits))
        }""",
        f"mt.seen.{site.team['id']}",
    )  # as if the last visit had been before the results
    for _ in range(2):
        page.reload()
        expect(mine.get_by_text("New since your last visit")).to_be_visible()
    page.goto(f"/teams/{site.team['id']}")
    expect(page.locator(".match__new").first).to_have_text("New")


def test_the_clock_at_the_venue_is_shown_on_demand_and_kept(site: Site, visit: Callable[..., Visit]) -> None:
    timed = next(match for match in site.matches if match["time_set"] and match["status"] == "scheduled")
    weekend = f"{site.bracket['path']}?view=matches"
    page = visit(weekend, zone="America/Los_Angeles").page
    if page.locator(f'a[href="/matches/{timed["id"]}"]').count() == 0:
        page.goto(f"{weekend}&weekend={page.evaluate(MONDAY, timed['local_date'])}")
        settled(page)
    when = page.locator(f'a[href="/matches/{timed["id"]}"] .match__when')
    mine = when.inner_text()
    page.get_by_role("button", name="Show the venue’s").click()
    expect(page.get_by_text("Times by the clock at the venue.")).to_be_visible()
    expect(when).not_to_have_text(mine)
    there = when.inner_text()
    page.reload()
    expect(when).to_have_text(there)


MONDAY = """day => {
  const at = new Date(day + 'T00:00:00Z')
  return new Date(at.getTime() - ((at.getUTCDay() + 6) % 7) * 86400000).toISOString().slice(0, 10)
}"""


def test_a_link_can_be_copied(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(site.bracket["path"], permissions=["clipboard-read", "clipboard-write"]).page
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == site.address + site.bracket["path"]
