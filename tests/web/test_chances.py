"""Chances and insights: facts first, estimates labelled as such, none for children's matches."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from devstack import patient

from .conftest import Site, Visit, settled, violations

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]


def proved(site: Site) -> dict[str, Any]:
    """Return the bracket's outlook as it is once its positions in reach are proved.

    The stack proves them at the lowest priority, which may take long beside other tests. So the page is given the
    rest of the real answer with a proof of this shape.
    """
    outlook: dict[str, Any] = patient.get(f"{site.address}/api/brackets/{site.bracket['id']}/outlook").json()
    count = len(outlook["teams"])
    for one in outlook["teams"]:
        one |= {
            "reachable": {"best": 2, "worst": count, "exact": True},
            "to_secure": [
                {"place": 2, "points": None},
                {"place": 3, "points": 7},
                {"place": 4, "points": 1},
                {"place": 5, "points": 1},
                *({"place": place, "points": 0} for place in range(6, count + 1)),
            ],
            "lost": [{"place": 1, "since": "2026-09-20"}],
        }
    return {**outlook, "proved_at": "2026-10-05T14:02:00Z"}


def test_what_is_within_reach_is_what_the_api_says_and_u14_gets_no_odds(
    site: Site, visit: Callable[..., Visit]
) -> None:
    page = visit(site.bracket["path"]).page
    wanted = proved(site)["teams"]
    page.route("**/api/brackets/*/outlook", lambda route: route.fulfill(json=proved(site)))
    page.get_by_role("navigation", name="Views of this division").get_by_role("link", name="Chances").click()
    page.wait_for_url("**?view=chances")
    section = page.get_by_role("region", name="Still within reach").first
    rows = section.locator("tbody tr")
    expect(rows).to_have_count(len(wanted))
    first, team = rows.first.locator("td").all_inner_texts(), wanted[0]
    assert first[:2] == [str(team["left"]), f"{team['reachable']['best']}–{team['reachable']['worst']}"]
    expect(page.get_by_text("None are made for U13 and U14")).to_be_visible()
    page.get_by_role("button", name=f"More about what {team['team']['name']} can still reach").click()
    expect(section).to_contain_text("Can still finish 2nd.")
    expect(section).to_contain_text(f"Needs 7 points from {team['left']} matches to be sure of the top 3.")
    expect(section).to_contain_text("The top 6 is certain.")
    expect(section).to_contain_text(re.compile(r"Out of reach since .*Sep 20.*: 1st\."))
    assert violations(page) == []


def test_show_me_how_opens_the_what_if_page_with_the_results_filled_in(site: Site, visit: Callable[..., Visit]) -> None:
    ahead = next(match for match in site.matches if match["status"] == "scheduled")
    result = {"match_id": ahead["id"], "home_score": 4, "away_score": 1, "home_shootout": None, "away_shootout": None}
    way = {"position": 2, "results": [result]}
    ways = {"bracket_id": site.bracket["id"], "team_id": 1, "proved_at": None, "best": way, "worst": way}
    page = visit("/about").page
    page.route("**/api/brackets/*/outlook", lambda route: route.fulfill(json=proved(site)))
    page.route("**/api/brackets/*/teams/*/ways", lambda route: route.fulfill(json=ways))
    page.goto(f"{site.bracket['path']}?view=chances")
    page.get_by_role("button", name=f"More about what {site.team['name']} can still reach").click()
    page.get_by_role("button", name="Show me how").first.click()
    page.wait_for_url(f"**/what-if?scores={ahead['id']}-4-1")
    expect(page.get_by_text("With 1 entered score.")).to_be_visible()


def estimates(rows: list[dict[str, Any]], bracket: dict[str, Any]) -> dict[str, Any]:
    """Chances as the API shapes them, for as many teams as there are: each is surest of where it stands."""
    count = len(rows)

    def chances(position: int) -> list[float]:
        weights = [1 / (1 + abs(place - position)) ** 3 for place in range(1, count + 1)]
        return [round(weight / sum(weights), 4) for weight in weights]

    teams = [
        {
            "team": row["team"],
            "position": row["position"],
            "attack": 0.1,
            "defence": 0.0,
            "points_per_match": row["points_per_match"],
            "first": chances(row["position"])[0],
            "chances": chances(row["position"]),
        }
        for row in rows
    ]
    accuracy = {"matches": 40, "brier": 0.55, "base_brier": 0.64, "log_loss": 0.95, "base_log_loss": 1.05}
    return {
        "bracket": bracket,
        "estimate": True,
        "silent": None,
        "reason": None,
        "model": "goals-1",
        "made_at": "2026-10-05T14:02:00Z",
        "version": 4,
        "simulations": 20000,
        "teams": teams,
        "matches": [],
        "walk_forward": accuracy,
    }


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_chances_are_labelled_as_estimates_and_readable_at_every_width(
    width: int, site: Site, visit: Callable[..., Visit]
) -> None:
    page = visit("/about", width=width, scheme="dark" if width == 390 else "light").page
    page.route("**/api/brackets/*/chances", lambda route: route.fulfill(json=estimates(site.rows, site.bracket)))
    page.goto(f"{site.bracket['path']}?view=chances")
    settled(page)
    section = page.get_by_role("region", name="Chances of each position").first
    expect(section).to_contain_text("Estimate")
    expect(section).to_contain_text("An estimate, not a fact: the matches left, played out 20,000 times")
    expect(section).to_contain_text("error (Brier) 0.550, against 0.640")
    expect(section.locator("li:visible, tbody tr:visible")).to_have_count(len(site.rows))
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert violations(page) == []


def test_a_match_of_older_players_has_its_chances_and_a_childrens_match_none(
    site: Site, visit: Callable[..., Visit]
) -> None:
    ahead = next(match for match in site.matches if match["status"] == "scheduled")
    page = visit(f"/matches/{ahead['id']}").page
    expect(page.get_by_role("heading", name="Facts")).to_be_attached()
    assert page.get_by_role("heading", name="Chances").count() == 0
    older = {**patient.get(f"{site.address}/api/matches/{ahead['id']}").json(), "age_group": "U17"}
    chances = {
        "match_id": ahead["id"],
        "home_team_id": ahead["home"]["id"],
        "away_team_id": ahead["away"]["id"],
        "local_date": ahead["local_date"],
        "home_win": 0.471,
        "tie": 0.204,
        "away_win": 0.325,
        "home_goals": 1.8,
        "away_goals": 1.4,
        "model": "goals-1",
        "made_at": "2026-10-05T14:02:00Z",
        "frozen": False,
    }
    answer = {"match_id": ahead["id"], "estimate": True, "silent": None, "reason": None, "chances": chances}
    page.route(f"**/api/matches/{ahead['id']}", lambda route: route.fulfill(json=older))
    page.route(f"**/api/matches/{ahead['id']}/chances", lambda route: route.fulfill(json=answer))
    page.reload()
    settled(page)
    section = page.locator("section", has=page.get_by_role("heading", name="Chances"))
    expect(section).to_contain_text("Estimate")
    for words in ("47%", "20%", "33%", "Expected goals 1.8 to 1.4"):
        expect(section).to_contain_text(words)
    assert violations(page) == []


def test_the_insights_of_a_weekend_are_the_apis_and_lead_to_what_they_tell_of(
    site: Site, visit: Callable[..., Visit]
) -> None:
    asked = {"limit": 8}
    wanted = patient.get(f"{site.address}/api/insights", params=asked).json()
    assert wanted["items"], "a season with results has no insight"
    page = visit("/insights").page
    for kind, heading in (("mover", "Movers"), ("upset", "Upsets"), ("streak", "Streaks")):
        names = [one["team"]["short_name"] or one["team"]["name"] for one in wanted["items"] if one["kind"] == kind]
        section = page.locator("section", has=page.get_by_role("heading", name=heading))
        expect(section.locator(".row__title")).to_have_text(names)
    page.get_by_label("Choose a weekend").select_option(index=0)
    page.wait_for_url(re.compile(f"weekend={wanted['weekends'][0]}"))
    page.reload()
    settled(page)
    expect(page.get_by_label("Choose a weekend")).to_have_value("0")
    page.get_by_role("navigation", name="Age group").get_by_role("link", name="U14").click()
    page.wait_for_url(re.compile("age=u14"))
    expect(page.locator(".row__note").first).to_contain_text("U14")
    page.locator("main a.row").first.click()
    page.wait_for_url(re.compile("/(teams|matches)/"))
