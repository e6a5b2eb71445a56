"""An admin corrects a match, settles what the league says against it, and sees it hold through the next run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from devstack import patient
from devstack.places import shared_folder
from devstack.start_tasks import ADMIN_EMAIL
from devstack.testing import RunningStack

from .conftest import Site, Visit, resize, settled, sign_in, violations
from .test_live import corrected_feeds

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]

PARTS = ["", "/corrections", "/quarantine", "/aliases", "/runs", "/audit"]


def a_result_elsewhere(site: Site) -> dict[str, Any]:
    """A played match of a bracket that no other test looks at."""
    asked = {"league": "Homegrown", "age_group": "U13", "division": "Florida", "status": "completed"}
    found: list[dict[str, Any]] = patient.get(f"{site.address}/api/matches", params=asked).json()["items"]
    return found[0]


def focus_stays_inside(page: Page, dialog: Locator) -> None:
    for key in ["Tab"] * 14 + ["Shift+Tab"] * 14:
        page.keyboard.press(key)
        assert dialog.evaluate("dialog => dialog.contains(document.activeElement)"), key


def test_an_admin_settles_a_conflict_and_sees_it_hold_through_the_next_run(
    own_stack: RunningStack, site: Site, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    match = a_result_elsewhere(site)
    name = f"{match['home']['name']} vs. {match['away']['name']}"
    ours, theirs = match["home_score"] + 1, match["home_score"] + 2
    page = visit("/admin/corrections").page
    sign_in(page, own_stack)
    page.get_by_label("Find a match").fill(match["home"]["name"])
    row = page.locator(".with-action", has=page.locator(f'a[href="/matches/{match["id"]}"]'))
    button = row.get_by_role("button", name=f"Correct {name}")
    button.click()
    dialog = page.get_by_role("dialog", name=f"Correct {name}")
    expect(dialog.get_by_text("Nothing is locked.")).to_be_visible()
    focus_stays_inside(page, dialog)
    assert violations(page) == []
    dialog.get_by_label("Status").select_option(label="Forfeit")
    dialog.get_by_label("Who forfeited").select_option(label=match["home"]["name"])
    expect(dialog.get_by_label(f"Goals of {match['home']['name']}")).to_have_value("0")
    expect(dialog.get_by_label(f"Goals of {match['away']['name']}")).to_have_value("3")
    focus_stays_inside(page, dialog)
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    button.click()
    dialog.get_by_label(f"Goals of {match['home']['name']}").fill(str(ours))
    dialog.get_by_label("Reason").fill("The referee's sheet")
    dialog.get_by_role("button", name="Correct and lock").click()
    expect(dialog).to_be_hidden()
    expect(row.locator(".match__score").first).to_have_text(str(ours))

    shared = shared_folder() / "data" / "feeds"
    try:
        feeds = corrected_feeds(tmp_path, match["external_id"], theirs, minutes=2)
        done = own_stack.mt("run", "--feeds", str(feeds))
        assert done.returncode == 0, done.stdout + done.stderr
        page.goto("/admin")
        entry = page.locator(".entry", has_text=name)
        expect(entry).to_contain_text(f"Ours {ours}-{match['away_score']}")
        expect(entry).to_contain_text(f"The league’s {theirs}-{match['away_score']}")
        assert violations(page) == []
        entry.get_by_role("button", name="Keep ours").click()
        expect(page.get_by_text("No conflict is open")).to_be_visible()

        feeds = corrected_feeds(tmp_path, match["external_id"], theirs, minutes=3)
        done = own_stack.mt("run", "--feeds", str(feeds))
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        own_stack.mt("up", "--feeds", str(shared))
    page.reload()
    expect(page.get_by_text("No conflict is open")).to_be_visible()
    page.get_by_role("link", name="All", exact=True).click()
    expect(page.locator(".entry", has_text=name)).to_contain_text("Ours was kept")
    page.get_by_role("link", name="Audit").click()
    expect(page.locator(".entry", has_text="conflict kept").first).to_be_visible()
    page.goto(f"/matches/{match['id']}")
    expect(page.locator(".score__numbers")).to_contain_text(f"{ours} – {match['away_score']}")


def test_every_part_of_the_admin_pages_is_accessible_and_none_is_kept_for_offline(
    own_stack: RunningStack, site: Site, visit: Callable[..., Visit]
) -> None:
    seen = visit("/admin", service_workers="allow")
    page = seen.page
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    page.reload()  # now through the worker
    settled(page)
    sign_in(page, own_stack)
    for part in PARTS:
        page.goto(f"/admin{part}")
        settled(page)
        expect(page.get_by_text(f"Signed in as {ADMIN_EMAIL}")).to_be_visible()
        for width, scheme in ((1280, "light"), (320, "dark"), (390, "light")):
            resize(page, width)
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, part
        assert violations(page) == [], part
    kept = page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async name =>
        (await (await caches.open(name)).keys()).map(key => new URL(key.url).pathname)))).flat()"""
    )
    assert "/shell.html" in kept
    assert [path for path in kept if path.startswith(("/admin", "/api/admin", "/api/accounts"))] == []
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    assert "mt.session" not in page.evaluate("Object.keys(sessionStorage)")
    assert seen.complaints == []


def test_a_wrong_password_says_so_and_lets_nobody_in(
    own_stack: RunningStack, site: Site, visit: Callable[..., Visit]
) -> None:
    page = visit("/admin/audit").page
    page.get_by_label("Email").fill(ADMIN_EMAIL)
    page.get_by_label("Password").fill("not it")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Wrong email or password.")
    assert violations(page) == []
    assert page.locator(".entry").count() == 0


def test_an_admin_gives_a_team_another_name_and_takes_it_away(
    own_stack: RunningStack, site: Site, visit: Callable[..., Visit]
) -> None:
    page = visit("/admin/aliases").page
    sign_in(page, own_stack)
    page.get_by_label("Name as the source writes it").fill("The team of a test")
    page.get_by_role("button", name="Add the alias").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose the team or club")
    page.get_by_label("Find the team or club").fill(site.team["name"])
    page.locator(".offered button").first.click()
    page.get_by_role("button", name="Add the alias").click()
    entry = page.locator("li.row", has_text="The team of a test")
    expect(entry).to_contain_text("means ")
    assert violations(page) == []
    entry.get_by_role("button", name="Remove the alias The team of a test").click()
    expect(entry).to_have_count(0)
