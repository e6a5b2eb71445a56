"""Pictures of every page at three widths in both themes, to be looked at: `screenshots` in the state folder."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

from devstack.testing import RunningStack

from .conftest import NAMES, Site, Visit, resize, settled, sign_in

pytestmark = [
    pytest.mark.screenshots,
    pytest.mark.stack,
    pytest.mark.xdist_group("stack"),
    pytest.mark.timeout(600),
]

WIDTHS = (390, 768, 1280)
SCHEMES = ("light", "dark")
SMALLEST = 2_000
"""Bytes: a picture with nothing on it is smaller."""


def pictures(page: Page, name: str, gallery: Path) -> None:
    """Six pictures of the page as it is, whole; and a line for them on the folder's own page."""
    files = []
    for width in WIDTHS:
        resize(page, width)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            file = gallery / f"{name}-{width}-{scheme}.png"
            page.screenshot(path=file, full_page=True)
            assert file.stat().st_size > SMALLEST, file
            files.append(file.name)
    shown = "".join(f'<a href="{escape(file)}"><img src="{escape(file)}" height="420" alt=""></a> ' for file in files)
    (gallery / f"{name}.html").write_text(f"<h2>{escape(name)}</h2>{shown}", encoding="utf-8")
    every = "".join(part.read_text(encoding="utf-8") for part in sorted(gallery.glob("*.html")) if part.stem != "index")
    (gallery / "index.html").write_text(f"<!doctype html><meta charset=utf-8><title>Pages</title>{every}", "utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_its_pictures(name: str, site: Site, visit: Callable[..., Visit], gallery: Path) -> None:
    if name not in site.pages:
        pytest.skip("the leader of this bracket has no club")
    pictures(visit(site.pages[name]).page, name, gallery)


def test_home_with_followed_teams_has_its_pictures(site: Site, visit: Callable[..., Visit], gallery: Path) -> None:
    page = visit(f"/teams/{site.team['id']}").page
    page.get_by_role("button", name="Follow", exact=True).click()
    page.goto("/")
    settled(page)
    pictures(page, "home-followed", gallery)


@pytest.mark.parametrize("state", ["loading", "error", "empty"])
def test_the_states_of_a_page_have_their_pictures(
    state: str, site: Site, visit: Callable[..., Visit], gallery: Path
) -> None:
    page = visit("/about").page
    held: list[Route] = []
    answers: dict[str, Callable[[Route], object]] = {
        "loading": lambda route: held.append(route),  # noqa: PLW0108  Playwright asks a function for its names
        "error": lambda route: route.fulfill(status=503, json={}),
        "empty": lambda route: route.fulfill(json={"items": [], "next_cursor": None}),
    }
    page.route("**/api/brackets?*", answers[state])
    page.route("**/api/brackets", answers[state])
    page.get_by_role("link", name="Missing Table").click()
    page.locator({"loading": ".skeleton", "error": ".notice--bad", "empty": ".notice"}[state]).first.wait_for()
    pictures(page, f"state-{state}", gallery)
    for route in held:
        route.abort()


def test_the_admin_pages_have_their_pictures(
    own_stack: RunningStack, site: Site, visit: Callable[..., Visit], gallery: Path
) -> None:
    page = visit("/admin").page
    sign_in(page, own_stack)
    for part in ("", "/corrections", "/quarantine", "/aliases", "/runs", "/audit"):
        page.goto(f"/admin{part}")
        page.locator(".segments + *").first.wait_for()  # its code comes by itself
        settled(page)
        pictures(page, f"admin{part.replace('/', '-') or '-conflicts'}", gallery)
