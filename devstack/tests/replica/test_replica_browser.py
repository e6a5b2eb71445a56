"""The replica's pages in real Chromium: consent, the lazy iframe, the viewer that fetches its two documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from devstack.replica import Replica
from devstack.replica.certificate import HOSTS, SITE, VIEWER

CHROMIUM = Path("/usr/bin/chromium")
HOMEGROWN = f"https://{SITE}/mlsnext/schedule/homegrown-division/"
Open = Callable[..., Page]

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} is not installed")


@pytest.fixture
def browser(replica: Replica) -> Iterator[Browser]:
    rules = ",".join([f"MAP {host} 127.0.0.1:{replica.port}" for host in HOSTS] + ["MAP * ~NOTFOUND"])
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        f"--host-resolver-rules={rules}",
        f"--ignore-certificate-errors-spki-list={replica.spki}",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser) -> Open:
    def visit(url: str = HOMEGROWN, **options: object) -> Page:
        page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
        page.set_default_timeout(15_000)
        page.goto(url, wait_until="domcontentloaded")
        return page

    return visit


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
    key = replica.health()["keys"][0] if replica.health()["keys"] else "mls-next-league-26-27"
    assert schedule.value.status == 200
    assert f"/#/schedule/{key[:15]}" in (frame.get_attribute("src") or "")
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
