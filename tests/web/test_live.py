"""A score lands while the page is open: the whole way, from a changed document through a real run to the open page."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from devstack.places import shared_folder
from devstack.testing import RunningStack

from .conftest import Site, Visit, settled

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]

KEY = "mls-next-league-26-27.json"


def corrected_feeds(folder: Path, game_key: str, home_score: int, *, minutes: int = 1) -> Path:
    """A copy of the shared feeds, read some minutes later, in which one match has another home score."""
    feeds = folder / f"feeds-{minutes}"
    shutil.copytree(shared_folder() / "data" / "feeds", feeds)
    feeds.chmod(0o755)
    for kind in ("schedule", "standings"):
        file = feeds / "data" / kind / KEY
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        read = datetime.fromisoformat(document["synced_at"])
        document["synced_at"] = (read + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
        for event in document.get("events", []):
            if str(event["game_key"]) == game_key:
                event["home_score"] = home_score
        file.unlink()
        file.write_text(json.dumps(document), encoding="utf-8")
    return feeds


# What happens in a tab, in order: an event of the bracket that it shows, and the quiet mark on what has changed.
LISTEN = """bracket => {
  window.happened = []
  const channel = new BroadcastChannel('mt.events')
  channel.onmessage = ({data}) => data.happened?.bracket_id === bracket && window.happened.push('event')
  new MutationObserver(all => all.some(({target}) => target.matches('tr.changed')) && window.happened.push('mark'))
    .observe(document.querySelector('tbody'), {subtree: true, attributeFilter: ['class']})
}"""


def test_a_corrected_score_appears_on_the_open_pages_without_a_reload(
    own_stack: RunningStack, site: Site, visit: Callable[..., Visit], tmp_path: Path
) -> None:
    match = next(match for match in reversed(site.matches) if match["status"] == "completed")
    page = visit(f"/matches/{match['id']}").page
    table = page.context.new_page()
    table.goto(site.bracket["path"])
    settled(table)
    table.evaluate(LISTEN, site.bracket["id"])
    asked: list[str] = []
    table.on("request", lambda request: asked.append(request.url))
    score = match["home_score"] + 9
    try:
        done = own_stack.mt("run", "--feeds", str(corrected_feeds(tmp_path, match["external_id"], score, minutes=9)))
    finally:
        own_stack.mt("up", "--feeds", str(shared_folder() / "data" / "feeds"))
    assert done.returncode == 0, done.stdout + done.stderr
    expect(page.locator(".score__numbers")).to_contain_text(f"{score} – {match['away_score']}")
    home = next(row for row in site.rows if row["team"]["id"] == match["home"]["id"])
    row = table.locator("tbody tr", has=table.get_by_text(home["team"]["name"], exact=True))
    expect(row).to_contain_text(f"{home['goal_difference'] + 9:+d}".replace("-", "−"))
    table.wait_for_function("happened.includes('mark')")
    assert table.evaluate("happened")[:2] == ["event", "mark"]  # the first event led to it, not a later one
    again = [url for url in asked if f"/api/brackets/{site.bracket['id']}/table" in url]
    version = re.search(r"[?]v=(\d+)$", again[0])  # past whatever keeps answers on the way
    assert version is not None, again
    assert int(version[1]) > site.bracket["version"]
    expect(page.get_by_role("heading", name="What changed").locator("..")).to_contain_text("→")


def test_both_tabs_share_one_stream(site: Site, visit: Callable[..., Visit]) -> None:
    page = visit("/status").page
    second = page.context.new_page()
    streams: list[str] = []
    second.on("request", lambda request: streams.append(request.url) if "/api/events" in request.url else None)
    second.goto("/about")
    second.wait_for_function("navigator.locks.query().then(all => all.pending.some(lock => lock.name === 'mt.events'))")
    held = second.evaluate(
        """navigator.locks.query().then(all => ({
        held: all.held.map(lock => lock.name), waiting: all.pending.map(lock => lock.name)}))"""
    )
    assert held == {"held": ["mt.events"], "waiting": ["mt.events"]}
    assert streams == []
    with second.expect_request("**/api/events*"):
        page.close()  # the one that listened goes, the other takes over


def test_a_lost_stream_says_so_and_mends_itself(
    own_stack: RunningStack, site: Site, visit: Callable[..., Visit]
) -> None:
    page = visit("/status").page
    lost = page.get_by_text("Live updates are interrupted")
    assert own_stack.mt("hold", "backend").returncode == 0
    try:
        expect(lost).to_be_visible(timeout=20_000)
    finally:
        assert own_stack.mt("release", "backend").returncode == 0
    expect(lost).to_be_hidden(timeout=30_000)
