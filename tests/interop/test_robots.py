"""robots.txt as a robot's own parser reads it: who is offered an address may fetch it."""

from __future__ import annotations

import pytest
from protego import Protego

from devstack import patient

pytestmark = [pytest.mark.interop, pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]

AGENTS = ["Googlebot", "Google-Calendar-Importer", "FeedFetcher-Google", "GoogleOther", "bingbot", "Feedly", "anybody"]
FETCHED = [
    "/",
    "/2026-27/homegrown/u14/northeast",
    "/api/teams/1/calendar.ics",
    "/api/clubs/1/calendar.ics",
    "/api/teams/1/results.atom",
    "/api/embed/brackets/1",
    "/api/brackets/1/table",
    "/assets/index.js",
]


@pytest.mark.parametrize("agent", AGENTS)
def test_what_is_offered_may_be_fetched_and_the_endless_stream_may_not(agent: str, address: str) -> None:
    answer = patient.get(f"{address}/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    rules = Protego.parse(answer.text)
    assert [path for path in FETCHED if not rules.can_fetch(address + path, agent)] == []
    assert not rules.can_fetch(f"{address}/api/events", agent)


def test_what_is_no_page_says_that_it_belongs_into_no_index(address: str) -> None:
    for path in ("/api/brackets", "/api/openapi.json", "/api/teams/99999999"):
        assert patient.get(address + path).headers["x-robots-tag"] == "noindex", path
    assert "x-robots-tag" not in patient.get(f"{address}/").headers
