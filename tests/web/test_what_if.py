"""What if these were the results: a coach types scores, sees the table move, and shares the link."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from devstack import patient

from .conftest import Site, Visit, settled, violations

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]


def last_against_first(site: Site) -> tuple[dict[str, Any], int, int]:
    """A match that is not played yet, and a result of it that moves somebody for sure: the lower team wins 9:0."""
    place = {row["team"]["id"]: row["position"] for row in site.rows}
    ahead = [
        match
        for match in site.matches
        if match["status"] == "scheduled" and {match["home"]["id"], match["away"]["id"]} <= place.keys()
    ]
    match = max(ahead, key=lambda one: abs(place[one["home"]["id"]] - place[one["away"]["id"]]))
    lower_is_home = place[match["home"]["id"]] > place[match["away"]["id"]]
    return match, *((9, 0) if lower_is_home else (0, 9))


def supposed(site: Site, match: int, home: int, away: int) -> list[str]:
    """The teams in the order that the API supposes."""
    body = {"results": [{"match_id": match, "home_score": home, "away_score": away}]}
    answer = patient.post(f"{site.address}/api/brackets/{site.bracket['id']}/what-if", json=body)
    return [row["team"]["name"] for row in answer.json()["rows"]]


def names(page: Page) -> list[str]:
    return [name.strip() for name in page.locator("tbody .team-name__text").all_text_contents()]


def test_a_coach_types_a_score_and_the_table_moves_as_the_api_says(site: Site, visit: Callable[..., Visit]) -> None:
    match, home, away = last_against_first(site)
    as_it_is = [row["team"]["name"] for row in site.rows]
    wanted = supposed(site, match["id"], home, away)
    assert wanted != as_it_is
    page = visit(site.bracket["path"]).page
    page.get_by_role("navigation", name="Views of this division").get_by_role("link", name="What if").click()
    page.wait_for_url("**/what-if")
    page.goto(f"{page.url}?weekend={monday(match['local_date'])}")
    fields = page.locator("li.suppose", has_text=match["home"]["name"]).filter(has_text=match["away"]["name"])
    fields.get_by_label(f"Goals of {match['home']['name']}").fill(str(home))
    expect(page.locator(".suppose-said")).to_contain_text("No scores entered yet")  # one number is no result
    fields.get_by_label(f"Goals of {match['away']['name']}").fill(str(away))
    page.wait_for_url(re.compile(f"scores={match['id']}-{home}-{away}"))
    expect(page.locator("tbody .team-name__text")).to_have_text(wanted)
    expect(page.locator(".suppose-said")).to_contain_text(re.compile(r"With these scores, \d+ teams? moves?"))
    assert page.locator("tbody .move--up").count() > 0

    link = page.url
    page.reload()
    expect(page.locator("tbody .team-name__text")).to_have_text(wanted)
    friend = visit(link, width=1280, scheme="dark").page
    expect(friend.locator("tbody .team-name__text")).to_have_text(wanted)
    expect(friend.get_by_label(f"Goals of {match['home']['name']} against {match['away']['name']}")).to_have_value(
        str(home)
    )
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("tbody .team-name__text")).to_have_text(as_it_is)
    assert "scores" not in page.url
    assert [row["position"] for row in site.rows] == [int(n) for n in page.locator("tbody .c-pos").all_text_contents()]


def test_a_draw_in_flex_can_be_decided_by_a_shootout_that_the_link_keeps(
    site: Site, visit: Callable[..., Visit]
) -> None:
    """No Flex document is among the shared feeds: the bracket is called one on its way to the page."""
    match = next(match for match in site.matches if match["status"] == "scheduled")
    path = f"/{site.bracket['season']}/flex/u14/northeast"
    table = patient.get(f"{site.address}/api/brackets/{site.bracket['id']}/table").json()
    sent: list[dict[str, Any]] = []

    def suppose(route: Route) -> None:
        sent.append(route.request.post_data_json["results"][0])
        route.fulfill(json=table)

    def flex(page: Page) -> Page:
        found = {"items": [{**site.bracket, "league": "Flex", "path": path}], "next_cursor": None}
        page.route("**/api/brackets?*league=Flex*", lambda route: route.fulfill(json=found))
        page.route("**/what-if", lambda route: suppose(route) if route.request.method == "POST" else route.fallback())
        return page

    page = flex(visit("/about").page)
    page.goto(f"{path}/what-if?weekend={monday(match['local_date'])}")
    fields = page.locator("li.suppose", has_text=match["home"]["name"]).filter(has_text=match["away"]["name"])
    fields.get_by_label(f"Goals of {match['home']['name']}").fill("2")
    fields.get_by_label(f"Goals of {match['away']['name']}").fill("1")
    expect(fields.get_by_role("combobox")).to_have_count(0)  # no draw, no penalties
    fields.get_by_label(f"Goals of {match['away']['name']}").fill("2")
    fields.get_by_role("combobox").select_option(match["away"]["name"])
    page.wait_for_url(re.compile(f"scores={match['id']}-2-2-a"))
    settled(page)
    assert violations(page) == []
    decided = {"home_score": 2, "away_score": 2, "home_shootout": 0, "away_shootout": 1}
    friend = flex(visit("/about").page)
    with friend.expect_request("**/what-if"):
        friend.goto(page.url)
    settled(friend)
    expect(friend.locator("li.suppose").get_by_role("combobox")).to_have_value("away")
    assert sent[-1] == {"match_id": match["id"], **decided}


def test_a_link_with_scores_that_mean_nothing_shows_the_table_as_it_is(site: Site, visit: Callable[..., Visit]) -> None:
    played = next(match for match in site.matches if match["status"] == "completed")
    page = visit(f"{site.bracket['path']}/what-if?scores=x.999999999-1-0.{played['id']}-9-9").page
    settled(page)
    assert names(page) == [row["team"]["name"] for row in site.rows]
    expect(page.locator(".suppose-said")).to_contain_text("No scores entered yet")


def monday(day: str) -> str:
    """The name of the weekend in an address: its week's Monday."""
    at = date.fromisoformat(day)
    return (at - timedelta(days=at.weekday())).isoformat()
