"""What a process keeps, and whom it lets stay, has an end."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from missing_table import kept as keeping
from missing_table.kept import Kept, KeptAnswers, KeptPages
from missing_table.live import endpoints
from missing_table.live.feed import Feed
from missing_table.server.app import create_app
from missing_table.web.limits import Places

from .conftest import running, settings_for

BODY = b"x" * 300
HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"public, max-age=0, s-maxage=60")]


def address(number: int) -> tuple[str, bytes, bytes]:
    return "/api/seasons", b"x=%d" % number, b"table.example"


def test_small_answers_of_ever_new_addresses_are_counted_with_what_they_bring_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "MOST_BYTES", 1_000_000)
    pages = KeptPages()
    for number in range(5_000):
        pages.put(address(number), 0, Kept("", b"{}", HEADERS))
    assert pages.size_bytes <= 1_000_000
    assert len(pages.answers) < 1_000_000 / (keeping.EACH_BYTES + 2 * keeping.EACH_HEADER)
    assert pages.get(address(4_999), 0) is not None
    assert pages.get(address(0), 0) is None


def test_an_answer_leaves_at_its_age_and_takes_its_size_along() -> None:
    pages = KeptPages()
    pages.put(address(1), 0, Kept("", BODY, HEADERS))
    one = pages.size_bytes
    pages.put(address(2), 30, Kept("", BODY, HEADERS))
    pages.put(address(2), 31, Kept("", BODY, HEADERS))
    assert pages.size_bytes == 2 * one
    pages.put(address(3), keeping.YOUNG_S + 1, Kept("", BODY, HEADERS))
    assert [key[1] for key in pages.answers] == [b"x=2", b"x=3"]
    pages.leave(1_000)
    assert (len(pages.answers), pages.size_bytes) == (0, 0)


def test_answers_of_brackets_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_BYTES", 100_000)
    kept = KeptAnswers()
    kept.hear()
    for bracket in range(100):
        kept.keep(bracket, ("table", None, "all"), 1, Kept("", b"x" * 5_000, HEADERS), ticket=kept.ticket())
    assert sum(kept.get(bracket, ("table", None, "all")) is not None for bracket in range(100)) in range(10, 20)
    for bracket in range(100):
        kept.rise(bracket, 2)
    assert kept._size_bytes == 0


def test_a_caller_has_so_many_places_and_gets_back_what_it_leaves() -> None:
    places = Places(most=5, most_each=3)
    assert [places.take("a") for _ in range(4)] == [True, True, True, False]
    assert [places.take("b") for _ in range(3)] == [True, True, False]  # five in all
    places.give_back("a")
    assert places.take("c")
    assert places.held == {"a": 2, "b": 2, "c": 1}
    for caller in "aabbc":
        places.give_back(caller)
    assert (dict(places.held), places.total) == ({}, 0)


async def test_an_address_that_holds_its_streams_is_refused_another_and_still_gets_pages(seed: Any) -> None:
    app = create_app(settings_for(seed.dsn))
    async with running(app) as client:
        state = app.state.missing_table
        await asyncio.wait_for(state.part(Feed).heard.wait(), 20)
        request: Any = SimpleNamespace(client=SimpleNamespace(host="127.0.0.1"))
        opened = [await endpoints.events(request, state) for _ in range(state.streams.most_each)]
        refused = await client.get("/api/events")
        assert refused.status_code == 429
        assert refused.json()["detail"].startswith("An address may hold 20 streams")
        assert (await client.get("/api/brackets")).status_code == 200
        first = opened[0].body_iterator
        assert b"beat" in await anext(first)  # type: ignore[arg-type]
        await first.aclose()  # type: ignore[union-attr]
        assert state.streams.total == state.streams.most_each - 1
        del first, opened  # never begun: a reader that left at once
        assert state.streams.total == 0


@pytest.mark.parametrize(
    "path",
    [
        "/api/brackets", "/api/brackets/{b}/table", "/api/teams/{t}", "/api/teams/{t}/calendar.ics",
        "/api/openapi.json",
        "/api/teams/{t}/results.atom", "/api/embed/brackets/{b}", "/health/live", "/health/ready", "/api/pages/head",
    ],
)  # fmt: skip
async def test_head_is_get_without_the_body(api: Any, seed: Any, path: str) -> None:
    path = path.format(b=seed.northeast, t=seed.teams["Ajax SC"])
    whole, head = await api.get(path), await api.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    own = {"x-request-id", "ratelimit"}
    assert {k: v for k, v in head.headers.items() if k not in own} == {
        k: v for k, v in whole.headers.items() if k not in own
    }
    if path.startswith("/api/"):
        assert whole.headers["x-robots-tag"] == "noindex"


async def test_head_of_the_stream_has_an_end(api: Any) -> None:
    answer = await asyncio.wait_for(api.head("/api/events"), 20)
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_head_of_nothing_is_404_and_what_is_only_sent_to_is_405(api: Any) -> None:
    assert (await api.head("/api/teams/9999")).status_code == 404
    assert (await api.head("/api/accounts/sign-in")).status_code == 405


async def test_a_slash_at_the_end_leads_nowhere_rather_than_to_an_address_of_a_proxy(api: Any) -> None:
    answer = await api.get("/api/seasons/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers
