"""What people come for: the table and why it is so, the next match, what was seen without a connection."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import expect

from devstack import patient

from .conftest import Site, Visit, kept_for_offline, offline, settled

TODAY = "new Date().toLocaleDateString('en-CA')"
SHEET = """window.shared = []; window.closes = false
navigator.share = async data => { shared.push(data); if (closes) throw new DOMException('closed', 'AbortError') }"""

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]


def test_the_table_on_a_phone_has_the_apis_rows_and_says_why(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(site.bracket["path"], width=390).page
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(len(site.rows))
    for shown, row in zip(rows.all()[:3], site.rows, strict=False):
        cells = shown.locator("td:visible, th:visible").all_inner_texts()
        assert cells[0].strip() == str(row["position"])
        assert (row["team"]["short_name"] or row["team"]["name"]) in cells[2]
        assert cells[3:6] == [str(row["played"]), str(row["points"]), f"{row['points_per_match']:.2f}"]
    page.get_by_role("button", name=site.rows[0]["team"]["name"]).click()
    expect(page.locator("tr.why")).to_contain_text(f"stands above {site.rows[1]['team']['name']}")
    page.get_by_role("link", name="Team page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(site.rows[0]["team"]["name"])


def test_without_javascript_the_bracket_page_still_shows_its_table(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(site.bracket["path"], scripts=False).page
    names = page.locator("tbody .team-name__text").all_inner_texts()
    assert names == [row["team"]["name"] for row in site.rows]
    assert site.bracket["division"] in page.title()


def test_the_picker_leads_to_a_table_and_remembers_it(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit("/").page
    page.get_by_role("link", name="U14", exact=True).click()
    page.get_by_role("link", name=re.compile("^Northeast")).click()
    page.wait_for_url(f"**{site.bracket['path']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("U14 Northeast")
    page.get_by_role("link", name="Missing Table").click()
    page.get_by_role("link", name=re.compile("Last viewed.*U14 Northeast", re.S)).click()
    page.wait_for_url(f"**{site.bracket['path']}")


def test_a_weekend_has_an_address_and_shows_its_matches(site: Site, visit: Callable[..., Visit]) -> None:
    played = next(match for match in site.matches if match["status"] == "completed")
    page = visit(f"{site.bracket['path']}?view=matches").page
    page.get_by_label("Choose a weekend").select_option(index=0)
    page.wait_for_url(re.compile("weekend="))
    expect(page.locator(f'a.match[href="/matches/{played["id"]}"]')).to_contain_text("Final")
    page.reload()
    settled(page)
    expect(page.locator(f'a.match[href="/matches/{played["id"]}"]')).to_be_visible()


def test_a_time_that_is_not_set_is_never_shown_as_a_time(site: Site, visit: Callable[..., Visit]) -> None:
    match = next((match for match in site.matches if not match["time_set"] and match["status"] == "scheduled"), None)
    if match is None:
        pytest.skip("every match of this bracket has a time")
    page = visit(f"/matches/{match['id']}").page
    expect(page.locator("main")).to_contain_text("Time not set")
    assert not re.search(r"\d:\d\d\s?[AP]M", page.locator(".facts-list dd").nth(1).inner_text())


def test_kick_off_is_in_the_viewers_zone_and_in_the_venues(site: Site, visit: Callable[..., Visit]) -> None:
    match = next(match for match in site.matches if match["time_set"])
    page = visit(f"/matches/{match['id']}", zone="Europe/Paris").page
    there = page.locator(".facts-list dd").nth(1).inner_text()
    mine, venue = re.findall(r"(\d{1,2}:\d\d\s?[AP]M)", there)[:2]
    assert mine != venue


def test_a_score_that_is_awaited_says_so(site: Site, visit: Callable[..., Visit]) -> None:
    match = next((match for match in site.matches if match["status"] == "tbd"), None)
    if match is None:
        pytest.skip("no score of this bracket is awaited")
    page = visit(f"/matches/{match['id']}").page
    expect(page.locator(".score")).to_contain_text("Score awaited")


def test_a_followed_team_stands_on_the_home_page(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(f"/teams/{site.team['id']}").page
    page.get_by_role("button", name="Follow", exact=True).click()
    expect(page.get_by_role("button", name="Following")).to_have_attribute("aria-pressed", "true")
    page.goto("/")
    mine = page.get_by_role("region", name="My teams")
    expect(mine).to_contain_text(site.team["name"])
    expect(mine).to_contain_text("Last result")


def test_a_past_season_can_be_picked_and_stays_in_the_address(site: Site, visit: Callable[..., Visit]) -> None:
    season = site.bracket["season"]
    page = visit("/").page
    expect(page.get_by_role("navigation", name="Season")).to_have_count(0)  # one season with tables: nothing to pick
    both = [
        {"name": name, "first_day": "", "last_day": "", "current": name == season, "brackets": 1}
        for name in (season, "2025-26")
    ]
    page.route("**/api/seasons", lambda route: route.fulfill(json={"items": both, "next_cursor": None}))
    old = {**site.bracket, "season": "2025-26", "path": "/2025-26/homegrown/u14/northeast"}
    page.route(
        "**/api/brackets?season=2025-26", lambda route: route.fulfill(json={"items": [old], "next_cursor": None})
    )
    page.reload()
    seasons = page.get_by_role("navigation", name="Season")
    expect(seasons.locator("[aria-current]")).to_have_text(season)
    seasons.get_by_role("link", name="2025-26").click()
    page.wait_for_url(re.compile("season=2025-26"))
    expect(page.get_by_role("link", name=re.compile("^Northeast"))).to_have_attribute("href", old["path"])
    page.reload()
    expect(page.get_by_role("navigation", name="Season").locator("[aria-current]")).to_have_text("2025-26")


def test_a_team_of_a_past_season_shows_the_matches_of_that_season(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit("/about").page
    match = next(match for match in site.matches if match["status"] == "completed")
    team = patient.get(f"{site.address}/api/teams/{site.team['id']}").json()
    page.route("**/api/teams/*", lambda route: route.fulfill(json={**team, "season": "2025-26"}))
    played = {"items": [{**match, "season": "2025-26"}], "next_cursor": None}
    page.route("**/api/matches?*season=2025-26*", lambda route: route.fulfill(json=played))
    page.evaluate(f"history.pushState({{}}, '', '/teams/{site.team['id']}')")
    page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
    results = page.get_by_role("heading", name="Last results").locator("..")
    expect(results.locator("a.match")).to_have_attribute("href", f"/matches/{match['id']}")


def test_search_finds_a_team_by_keyboard_alone(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit("/search").page
    page.get_by_role("searchbox").fill(site.team["name"][:6])
    expect(page.locator(".results a").first).to_be_visible()
    page.get_by_role("searchbox").press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/(teams|clubs)/"))


def test_search_finds_a_table_and_the_way_to_a_venue(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit("/search").page
    page.get_by_role("searchbox").fill("Northeast, U14")
    page.locator(".results a", has_text="U14 Northeast · Homegrown").click()
    page.wait_for_url(f"**{site.bracket['path']}")
    venue = next(match["venue"]["name"] for match in site.matches if match["venue"] and match["venue"]["name"] != "TBD")
    page.goto("/search")
    page.get_by_role("searchbox").fill(venue)
    place = page.locator(".results a", has=page.get_by_text(venue, exact=True)).filter(has_text="Location").first
    expect(place).to_have_attribute("href", re.compile("^https://www.google.com/maps/dir/"))
    expect(place).to_contain_text("Directions")


def test_back_and_reload_give_the_same_view(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(f"{site.bracket['path']}?view=grid").page
    page.locator(".grid__cell").first.click()
    page.wait_for_url(re.compile("/matches/"))
    page.go_back()
    expect(page.locator("table.grid")).to_be_visible()
    page.reload()
    expect(page.locator("table.grid")).to_be_visible()


def test_a_sorted_table_has_an_address_that_reload_and_a_friend_see_sorted(
    site: Site, visit: Callable[..., Visit]
) -> None:
    page = visit(f"{site.bracket['path']}?weekend=2026-09-14", width=1280).page
    names = page.locator("tbody .team-name__text")
    page.get_by_role("button", name="GF", exact=True).click()
    page.wait_for_url(re.compile("weekend=2026-09-14&sort=-goalsFor"))
    wanted = sorted(site.rows, key=lambda row: (-row["goals_for"], row["position"]))
    order = [row["team"]["short_name"] or row["team"]["name"] for row in wanted]
    assert order != [row["team"]["short_name"] or row["team"]["name"] for row in site.rows]
    expect(names).to_have_text(order)
    page.reload()
    expect(names).to_have_text(order)
    friend = visit(page.url, width=390).page
    expect(friend.locator("tbody .team-name__text")).to_have_text(order)
    before = page.evaluate("history.length")
    page.get_by_role("button", name="GF", exact=True).click()
    page.wait_for_url(re.compile("sort=goalsFor"))
    assert page.evaluate("history.length") == before  # back leads to the page before, not through every sort


def test_the_team_of_the_chart_stands_in_its_address(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(f"{site.bracket['path']}?view=chart").page
    last = str(site.rows[-1]["team"]["id"])
    page.get_by_role("combobox", name="Team").select_option(last)
    page.wait_for_url(re.compile(f"view=chart&team={last}"))
    page.reload()
    expect(page.get_by_role("combobox", name="Team")).to_have_value(last)


def test_a_club_shows_the_next_match_of_each_team_and_its_calendar(site: Site, visit: Callable[..., Visit]) -> None:
    club = site.team["club_id"]
    if club is None:
        pytest.skip("the leader of this bracket has no club")
    page = visit(f"/clubs/{club}").page
    season = site.bracket["season"]
    wanted = {"club": club, "season": season, "from": page.evaluate(TODAY), "limit": 1000, "status": "scheduled"}
    ahead = patient.get(f"{site.address}/api/matches", params=wanted).json()["items"]
    mine = next(match for match in ahead if site.team["id"] in (match["home"]["id"], match["away"]["id"]))
    entry = page.locator("li", has=page.locator(f'a[href="/teams/{site.team["id"]}"]')).first
    other = "away" if mine["home"]["id"] == site.team["id"] else "home"
    expect(entry.locator(".row-next")).to_contain_text(f"{'vs.' if other == 'away' else 'at'} {mine[other]['name']}")
    expect(entry.locator(".row-next")).to_have_attribute("href", f"/matches/{mine['id']}")
    page.locator("summary", has_text="Add to calendar").click()
    file = page.get_by_role("link", name="Download").get_attribute("href")
    assert file == f"/api/clubs/{club}/calendar.ics"
    assert "BEGIN:VEVENT" in patient.get(f"{site.address}{file}").text


def test_on_paper_stands_the_table_and_nothing_that_can_be_pressed(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(site.bracket["path"]).page
    controls = page.locator(".top, .foot, .segments, .pager, .actions, .menu")
    assert [one for one in controls.all() if one.is_visible()] != []
    page.emulate_media(media="print")
    assert [one.get_attribute("class") for one in controls.all() if one.is_visible()] == []
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for row in page.locator("tbody tr").all():
        expect(row).to_be_visible()
    expect(page.locator("tbody .team-name__text").first).to_have_text(site.rows[0]["team"]["name"])


def test_the_devices_share_sheet_gets_the_pages_name_and_address(site: Site, visit: Callable[..., Visit]) -> None:
    seen = visit("/about")
    page = seen.page
    page.context.add_init_script(SHEET)
    page.goto(f"{site.bracket['path']}?split=home")
    settled(page)
    page.get_by_role("button", name="Share", exact=True).click()
    assert page.evaluate("shared") == [{"title": "U14 Northeast", "url": page.url}]
    page.evaluate("closes = true")  # the reader thinks better of it: no fault
    page.get_by_role("button", name="Share", exact=True).click()
    page.wait_for_function("shared.length === 2")
    assert seen.complaints == []


def test_a_failed_answer_says_so_and_can_be_tried_again(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit("/about").page
    page.context.set_offline(True)
    page.get_by_role("contentinfo").get_by_role("link", name="Status").click()
    expect(page.get_by_role("alert").first).to_contain_text("could not be reached")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").first.click()
    expect(page.locator("main")).to_contain_text("Homegrown")


def test_what_was_seen_can_be_seen_offline_and_says_its_age(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(site.bracket["path"], service_workers="allow").page
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.reload()  # now through the worker, which keeps what it hands on
    settled(page)
    kept_for_offline(page, f"/api/brackets/{site.bracket['id']}/table")
    with offline(page.context):
        page.reload()
        settled(page)
        expect(page.locator("tbody tr").first).to_contain_text(site.rows[0]["team"]["name"])
        expect(page.get_by_text("It could not be refreshed").first).to_be_visible()


def test_the_worker_never_keeps_private_answers(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit("/status", service_workers="allow").page
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.reload()
    settled(page)
    kept_for_offline(page, "/api/runs")
    page.evaluate("Promise.all(['/api/agent/match-summary', '/api/search?q=ab'].map(at => fetch(at).then(() => null)))")
    kept = page.evaluate(
        "caches.open('answers').then(cache => cache.keys()).then(keys => keys.map(key => new URL(key.url).pathname))"
    )
    assert [path for path in kept if re.match("/api/(agent|admin|search|events)", path)] == []


def test_assets_are_immutable_compressed_and_the_policy_forbids_inline_code(site: Site) -> None:
    with patient.Client(base_url=site.address, headers={"accept-encoding": "gzip"}) as browser:
        document = browser.get(site.bracket["path"])
        policy = document.headers["content-security-policy"]
        assert "unsafe-inline" not in policy
        assert document.headers["x-content-type-options"] == "nosniff"
        script = re.search(r'src="(/assets/[^"]+\.js)"', document.text)
        assert script
        asset = browser.get(script[1])
        assert asset.headers["content-encoding"] == "gzip"
        assert "immutable" in asset.headers["cache-control"]
        assert browser.get("/assets/none.js").status_code == 404


def test_every_address_has_the_same_head_in_the_html_as_in_the_browser(site: Site, visit: Callable[..., Visit]) -> None:
    with patient.Client(base_url=site.address) as client:
        for name, path in site.pages.items():
            html = BeautifulSoup(client.get(path).text, "html.parser")
            assert len(html.find_all("title")) == 1, name
            page = visit(path).page
            expect(page).to_have_title(html.title.text if html.title else "")
            for tag in ('meta[name="description"]', 'meta[property="og:title"]', 'meta[property="og:description"]'):
                served = html.select_one(tag)
                if name not in ("missing", "admin"):  # which have no Open Graph and are not indexed
                    assert served is not None, (name, tag)
                    expect(page.locator(tag)).to_have_attribute("content", served.attrs["content"])
        assert client.get("/about/").headers["location"] == "/about"


def test_a_coach_compares_home_and_away(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(site.bracket["path"]).page
    page.get_by_role("navigation", name="Matches counted").get_by_role("link", name="Away").click()
    page.wait_for_url("**?split=away")
    away = patient.get(f"{site.address}/api/brackets/{site.bracket['id']}/table", params={"split": "away"}).json()[
        "rows"
    ]
    expect(page.locator("tbody .team-name__text").first).to_have_text(away[0]["team"]["name"])
    for shown, row in zip(page.locator("tbody tr").all()[:5], away, strict=False):
        expect(shown.locator(".team-name__text")).to_have_text(row["team"]["short_name"] or row["team"]["name"])
    expect(page.locator("tbody tr").first.locator("td.c-num:visible").first).to_have_text(str(away[0]["played"]))
