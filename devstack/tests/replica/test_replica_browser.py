"""The replica's pages in real Chromium: consent, the lazy iframe, the viewer that fetches its two documents."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from devstack.replica import Replica, start
from devstack.replica.certificate import HOSTS, SITE, VIEWER
from devstack.replica.fixtures import TODAY

SHARED = Path(os.environ.get("MT_SHARED") or Path(__file__).resolve().parents[4] / "shared")
CHROMIUM = Path("/usr/bin/chromium")
HOMEGROWN = f"https://{SITE}/mlsnext/schedule/homegrown-division/"
Open = Callable[..., Page]

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """One replica for all tests of this file, since Chromium is told of its port when it starts."""
    with start(tmp_path_factory.mktemp("replica"), today=TODAY) as running:
        yield running


@pytest.fixture
def replica(played: Replica) -> Replica:
    """The same one as on a good day."""
    played.knobs(reset=True)
    played.feeds(None)
    played.forget_requests()
    return played


@pytest.fixture(scope="module")
def browser(played: Replica) -> Iterator[Browser]:
    rules = ",".join([f"MAP {host} 127.0.0.1:{played.port}" for host in HOSTS] + ["MAP * ~NOTFOUND"])
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        f"--host-resolver-rules={rules}",
        f"--ignore-certificate-errors-spki-list={played.spki}",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, replica: Replica) -> Iterator[Open]:
    """Opens a page in a browser context of its own; all of them close with the test."""
    contexts: list[BrowserContext] = []

    def visit(url: str = HOMEGROWN, **options: object) -> Page:
        contexts.append(browser.new_context(**options))  # type: ignore[arg-type]
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        page.goto(url, wait_until="domcontentloaded")
        return page

    yield visit
    for context in contexts:
        context.close()


def addresses(replica: Replica) -> list[str]:
    """Documents asked for so far."""
    return sorted(asked["path"] for asked in replica.requests() if asked["path"].startswith("/data/"))


def is_document(kind: str) -> Callable[[object], bool]:
    return lambda response: f"{VIEWER}/data/{kind}/" in response.url  # type: ignore[attr-defined]


def test_the_iframe_loads_when_it_is_scrolled_to_and_fetches_both_documents(replica: Replica, visit: Open) -> None:
    page = visit()
    frame = page.get_by_role("main", name="Page main content").locator("iframe")
    assert frame.get_attribute("src") is None
    assert addresses(replica) == []
    with page.expect_response(is_document("schedule")) as schedule, page.expect_response(is_document("standings")):
        frame.scroll_into_view_if_needed()
    assert len(schedule.value.json()["events"]) > 300
    assert "/#/schedule/mls-next-league-26-27" in (frame.get_attribute("src") or "")
    assert len(addresses(replica)) == 2


def test_consent_comes_late_in_a_box_without_height_and_stays_accepted(visit: Open) -> None:
    page = visit()
    accept = page.locator("#onetrust-accept-btn-handler")
    expect(accept).to_have_text("Accept & Continue")
    assert page.locator("#onetrust-consent-sdk").bounding_box()["height"] == 0  # type: ignore[index]
    accept.click()
    expect(page.locator("#onetrust-consent-sdk")).to_have_count(0)
    page.reload(wait_until="load")
    expect(page.locator("#ot-sdk-btn.ot-sdk-show-settings")).to_have_count(1)
    assert page.evaluate("document.cookie").startswith("OptanonAlertBoxClosed")


def test_the_page_never_comes_to_rest(visit: Open) -> None:
    page = visit()
    with pytest.raises(PlaywrightTimeout):
        page.wait_for_load_state("networkidle", timeout=1500)


def test_a_phone_gets_the_iframe_in_another_layout(visit: Open) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    expect(page.locator(".mobile-layout iframe")).to_have_count(1)
    expect(page.locator(".desktop-layout .filters")).to_be_hidden()


def test_no_other_host_is_reached(visit: Open) -> None:
    page = visit()
    assert page.evaluate("fetch('https://example.com/').then(() => 'reached', () => 'not reached')") == "not reached"


def test_without_a_banner_there_is_only_the_settings_button(replica: Replica, visit: Open) -> None:
    replica.knobs(consent="absent")
    page = visit()
    page.wait_for_load_state("load")
    assert page.locator("#onetrust-consent-sdk").count() == 0
    assert page.locator("script[src*=onetrust]").count() == 0
    expect(page.locator("#ot-sdk-btn")).to_be_visible()


def test_a_hanging_consent_script_holds_up_the_load_but_not_the_iframe(replica: Replica, visit: Open) -> None:
    replica.knobs(consent="hang")
    page = visit()
    with page.expect_response(is_document("schedule")):
        page.locator("main iframe").scroll_into_view_if_needed()
    with pytest.raises(PlaywrightTimeout):
        page.wait_for_load_state("load", timeout=1000)


@pytest.mark.parametrize("kind", ["required", "stuck"])
def test_consent_that_is_required_keeps_the_iframe_without_an_address(replica: Replica, visit: Open, kind: str) -> None:
    replica.knobs(consent=kind, iframe="eager")
    page = visit()
    frame = page.locator("main iframe")
    frame.scroll_into_view_if_needed()
    page.locator("#onetrust-accept-btn-handler").wait_for()
    assert frame.get_attribute("src") is None
    page.locator("#onetrust-accept-btn-handler").click()
    if kind == "required":
        expect(frame).to_have_attribute("src", f"https://{VIEWER}/#/schedule/mls-next-league-26-27")
    else:
        expect(page.locator("#onetrust-accept-btn-handler")).to_be_visible()
        assert frame.get_attribute("src") is None


def test_a_late_banner_in_a_box_with_height(replica: Replica, visit: Open) -> None:
    replica.knobs(consent="late", consent_size="full")
    page = visit()
    page.locator("#onetrust-accept-btn-handler").wait_for()
    assert page.evaluate("performance.now()") > 4000
    assert page.locator("#onetrust-consent-sdk").bounding_box()["height"] >= 200  # type: ignore[index]


def test_an_address_in_data_src_only_stays_there(replica: Replica, visit: Open) -> None:
    replica.knobs(iframe="data-src-only", consent="absent")
    page = visit()
    frame = page.locator("main iframe")
    frame.scroll_into_view_if_needed()
    page.wait_for_function("scrollY > 500")
    assert frame.get_attribute("src") is None
    assert "/#/schedule/" in (frame.get_attribute("data-src") or "")
    assert addresses(replica) == []


def test_a_slow_iframe_comes_later_and_a_missing_one_never(replica: Replica, visit: Open) -> None:
    replica.knobs(iframe="slow", iframe_delay_ms=700)
    page = visit()
    with page.expect_response(is_document("schedule")):
        page.locator("main iframe").scroll_into_view_if_needed()
    assert page.evaluate("performance.now()") > 700
    replica.knobs(iframe="missing")
    page = visit()
    page.wait_for_load_state("load")
    assert page.locator("main iframe").count() == 0


def test_a_reloading_iframe_fetches_its_documents_again_and_again(replica: Replica, visit: Open) -> None:
    replica.knobs(iframe="reloading", iframe_reloads=2)
    page = visit()
    seen: list[str] = []
    page.on("requestfinished", lambda request: seen.append(request.url))
    page.locator("main iframe").scroll_into_view_if_needed()
    for _ in range(2):
        with page.expect_event("framenavigated", lambda frame: VIEWER in frame.url):
            pass
    assert len([url for url in seen if url.startswith(f"https://{VIEWER}/")]) >= 2


def test_a_key_that_is_not_published_shows_so_in_the_viewer(replica: Replica, visit: Open) -> None:
    page = visit(f"https://{VIEWER}/#/schedule/mls-next-league-30-31")
    expect(page.locator(".unpublished")).to_have_text("This competition is not published yet.")


def test_modular11_s_page_asks_for_its_first_fragment_and_turns_the_page(replica: Replica, visit: Open) -> None:
    replica.knobs(platform="modular11", consent="absent")
    page = visit()
    page.locator("main iframe").scroll_into_view_if_needed()
    inside = page.frame_locator("main iframe")
    expect(inside.locator(".container-row")).to_have_count(25)
    expect(inside.locator(".current-pages")).to_contain_text("1 page out of")
    inside.get_by_text("Next").click()
    expect(inside.locator(".current-pages")).to_contain_text("2 page out of")


def test_an_iframe_in_a_container_without_size_loads_all_the_same(replica: Replica, visit: Open) -> None:
    replica.knobs(iframe_size="zero", consent="absent")
    page = visit()
    frame = page.locator("main iframe")
    assert page.locator(".iframe-container").bounding_box()["height"] == 0  # type: ignore[index]
    with page.expect_response(is_document("schedule")):
        frame.evaluate("frame => frame.scrollIntoView()")
    expect(frame).to_have_attribute("src", f"https://{VIEWER}/#/schedule/mls-next-league-26-27")


def test_standings_pages_show_the_tables(visit: Open) -> None:
    page = visit(f"https://{SITE}/mlsnext/standings/academy_division/")
    page.locator("main iframe").scroll_into_view_if_needed()
    tables = page.frame_locator("main iframe").locator(".standings caption")
    expect(tables).to_have_text(["U13 New England", "U14 New England", "U15 New England"])


def test_the_real_fixtures_go_through_the_viewer(replica: Replica, visit: Open) -> None:
    folder = SHARED / "data" / "feeds"
    if not folder.is_dir():
        pytest.skip(f"the shared fixtures are not at {folder} (MT_SHARED names the folder that holds them)")
    replica.feeds(folder)
    page = visit()
    with page.expect_response(is_document("schedule")) as schedule:
        page.locator("main iframe").scroll_into_view_if_needed()
    assert len(schedule.value.json()["events"]) == 992
    expect(page.frame_locator("main iframe").locator("tr.match")).to_have_count(100)
    page = visit(f"https://{SITE}/mlsnext/schedule/academy_division/")
    page.locator("main iframe").scroll_into_view_if_needed()
    expect(page.frame_locator("main iframe").locator(".unpublished")).to_be_visible()
