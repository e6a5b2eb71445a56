"""What a reader sees when something is wrong: a refusal, a full device, two builds at once, a page left open."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from .conftest import Site, Visit, settled

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]

ONE = {"team": "**/api/teams/*", "match": "**/api/matches/*", "club": "**/api/clubs/*"}
NOT_FOUND = {"team": "Team not found", "match": "Match not found", "club": "Club not found"}


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("how", ["503", "403", "aborted"])
def test_a_request_that_fails_does_not_make_the_page_one_that_is_not_there(
    name: str, how: str, site: Site, visit: Callable[..., Visit]
) -> None:
    page = visit("/about").page
    title = visit(site.pages[name]).page.title()
    page.route(ONE[name], lambda route: route.abort() if how == "aborted" else route.fulfill(status=int(how), json={}))
    page.goto(site.pages[name])
    settled(page)
    expect(page.get_by_role("alert").first).to_contain_text("This could not be loaded")
    assert page.title() == title
    description = page.locator('meta[name="description"]').first.get_attribute("content") or ""
    assert "link may be" not in description


@pytest.mark.parametrize("name", ONE)
def test_what_is_not_there_says_so(name: str, site: Site, visit: Callable[..., Visit]) -> None:
    kind = site.pages[name].split("/")[1]
    page = visit(f"/{kind}/99999999").page
    expect(page.get_by_text(NOT_FOUND[name])).to_be_visible()
    assert page.title() == f"{NOT_FOUND[name]} · Missing Table"


def test_a_device_without_room_still_shows_what_the_network_brings(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(site.bracket["path"], service_workers="allow").page
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": site.address, "quotaSize": 1})
    page.goto(f"/teams/{site.team['id']}")
    settled(page)
    assert page.evaluate("navigator.serviceWorker.controller !== null")
    expect(page.get_by_role("heading", level=1)).to_have_text(site.team["name"])
    expect(page.get_by_role("alert")).to_have_count(0)
    assert site.team["name"] in page.title()


def test_a_page_of_one_build_that_is_sent_to_the_other_for_its_files_mends_itself(
    site: Site, visit: Callable[..., Visit]
) -> None:
    """Each file is refused the first time it is asked for, as by a server that does not have it."""
    page = visit("/about").page
    asked: dict[str, int] = {}

    def other_build(route: Route) -> None:
        asked[route.request.url] = asked.get(route.request.url, 0) + 1
        if asked[route.request.url] == 1:
            route.fulfill(status=404, body="")
        else:
            route.continue_()

    page.route("**/assets/**", other_build)
    page.goto(site.bracket["path"])
    settled(page)
    expect(page.locator("tbody tr").first).to_contain_text(site.rows[0]["team"]["name"])
    assert page.evaluate("[...document.styleSheets].length") > 0
    assert page.evaluate("sessionStorage.getItem('mt.tries')") is None


def test_a_page_that_is_left_open_says_how_old_it_has_become(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit("/about").page
    page.clock.install(time="2026-10-05T16:00:00Z")
    page.goto(site.bracket["path"])
    settled(page)
    fresh = page.locator(".fresh")
    before = fresh.inner_text()
    page.clock.set_fixed_time("2026-10-08T16:00:00Z")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(fresh).not_to_have_text(before)
    expect(fresh).to_contain_text("3 days ago")
    expect(page.locator(".fresh--overdue")).to_have_count(1)


def test_the_icons_of_a_home_screen_are_there(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit("/about").page
    found = page.evaluate(
        """async () => {
        const touch = document.querySelector('link[rel=apple-touch-icon]').href
        const manifest = await (await fetch('/manifest.webmanifest')).json()
        const all = [touch, ...manifest.icons.filter((icon) => icon.type === 'image/png').map((icon) => icon.src)]
        return Promise.all(all.map(async (src) => {
            const bitmap = await createImageBitmap(await (await fetch(src)).blob())
            return [new URL(src, location).pathname, bitmap.width, bitmap.height]
        }))
    }"""
    )
    assert found == [
        ["/apple-touch-icon.png", 180, 180],
        ["/icon-192.png", 192, 192],
        ["/icon-512.png", 512, 512],
        ["/icon-maskable-512.png", 512, 512],
    ]
