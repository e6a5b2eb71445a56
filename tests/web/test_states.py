"""The states of a view: loading, empty, failed, stale; each says what it is, and axe is content with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from devstack.testing import RunningStack

from .conftest import Site, Visit, kept_for_offline, offline, settled, violations

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]

# Every page that asks the API: its name and an address of the API that it cannot do without.
ASKING = {
    "home": "**/api/brackets",
    "bracket": "**/api/brackets?*",
    "what-if": "**/api/brackets?*",
    "team": "**/api/teams/*",
    "club": "**/api/clubs/*",
    "match": "**/api/matches/*",
    "grid": "**/api/brackets/*/matches?*",
    "chart": "**/api/brackets/*/history",
    "chances": "**/api/brackets/*/outlook",
    "insights": "**/api/insights?*",
    "search": "**/api/search?*",
    "status": "**/api/freshness",
}
TAKE_OVER = """async () => {
  const changed = new Promise(done => navigator.serviceWorker.addEventListener('controllerchange', done, {once: true}))
  await (await navigator.serviceWorker.ready).update()
  await changed
  const {active} = await navigator.serviceWorker.ready
  while (active.state !== 'activated') await new Promise(done => active.addEventListener('statechange', done, {once: true}))
  return await caches.keys()
}"""  # noqa: E501
EMPTY = {
    "home": "No tables yet",
    "bracket": "Division not found",
    "grid": "No matches yet",
    "chart": "Nothing to draw yet",
    "insights": "No weekend has been played yet",
    "search": "No results for",
    "status": "Nothing has been published",
}
NOTHING = {"items": [], "next_cursor": None, "competitions": [], "season": "2026-27", "fresh": False, "weekends": []}


def go(page: Page, path: str) -> None:
    """To another page without a reload: its first view does not come with the HTML then."""
    page.evaluate("path => { history.pushState({}, '', path); dispatchEvent(new PopStateEvent('popstate')) }", path)


@pytest.mark.parametrize("name", ASKING)
def test_what_is_loading_says_so_and_what_failed_can_be_tried_again(
    name: str, site: Site, visit: Callable[..., Visit]
) -> None:
    if name not in site.pages:
        pytest.skip("the leader of this bracket has no club")
    page = visit("/about").page
    held: list[Route] = []
    answers: list[Callable[[Route], None]] = [held.append]
    page.route(ASKING[name], lambda route: answers[-1](route))  # noqa: PLW0108  the last one of then
    go(page, site.pages[name])
    expect(page.get_by_role("status").filter(has_text="Loading").first).to_be_attached()
    assert violations(page) == []
    answers.append(lambda route: route.fulfill(status=503, json={}))
    for route in held:
        route.fulfill(status=503, json={})
    expect(page.get_by_role("alert").first).to_contain_text("The site is down for a moment")
    assert violations(page) == []
    answers.append(lambda route: route.continue_())
    page.get_by_role("button", name="Try again").first.click()
    expect(page.get_by_role("alert")).to_have_count(0)
    settled(page)
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("name", EMPTY)
def test_what_is_empty_says_what_that_means(name: str, site: Site, visit: Callable[..., Visit]) -> None:
    page = visit("/about").page
    page.route(ASKING[name], lambda route: route.fulfill(json=NOTHING))
    go(page, site.pages[name])
    expect(page.locator(".notice").first).to_contain_text(EMPTY[name])
    assert violations(page) == []


def test_what_is_stale_says_its_age_and_is_accessible(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit(site.bracket["path"], service_workers="allow").page
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.reload()
    settled(page)
    kept_for_offline(page, f"/api/brackets/{site.bracket['id']}/table")
    with offline(page.context):
        page.reload()
        settled(page)
        expect(page.get_by_text("It could not be refreshed").first).to_be_visible()
        assert violations(page) == []


@pytest.fixture
def next_version(own_stack: RunningStack) -> Iterator[Callable[[], None]]:
    """Puts another version of the site up: its worker has another name. Taken back at the end."""
    folder = own_stack.data / "nginx" / "site"
    files = {path: path.read_bytes() for path in folder.glob("sw.js*")}

    def put_up() -> None:
        for path in files:
            path.unlink()
        worker, name = files[folder / "sw.js"].decode(), re.compile(r'VERSION = "[0-9a-f]+"')
        assert name.search(worker)
        (folder / "sw.js").write_text(name.sub('VERSION = "next"', worker), encoding="utf-8")

    yield put_up
    for path, content in files.items():
        path.write_bytes(content)


def test_another_version_of_the_site_takes_over_and_leaves_what_was_seen(
    next_version: Callable[[], None], site: Site, visit: Callable[..., Visit]
) -> None:
    page = visit(site.bracket["path"], service_workers="allow").page
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.reload()
    settled(page)
    kept_for_offline(page, f"/api/brackets/{site.bracket['id']}/table")
    next_version()
    names = page.evaluate(TAKE_OVER)
    assert [name for name in names if name.startswith("shell-")][1:] == ["shell-next"]  # after the build before it
    with offline(page.context):
        page.reload()
        settled(page)
        expect(page.locator("tbody tr").first).to_contain_text(site.rows[0]["team"]["name"])
