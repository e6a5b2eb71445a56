"""Mutated documents, generated and real: no crash, no hang, no row invented, every row accounted for.

Each property is tried a few times in every run; `./mt test fuzz` tries it thousands of times.
"""

import functools
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devstack.replica import modular11
from devstack.replica.season import generate
from devstack.testing.modular11_fragments import fragment
from match_contract import Season
from match_scraper.assist.documents import Malformed, parse
from match_scraper.assist.keys import feed_key
from match_scraper.assist.matches import understand
from match_scraper.assist.mending import Odd, goals, identifier, items
from match_scraper.modular11.fragments import NotAFragment, read_matches, read_quality

FEW, MANY = 20, 2_000
KEPT_OF_REAL = 60
"""So many events of a real document are mutated: each try reads them all."""
FEEDS = Path(os.environ.get("MT_SHARED", Path(__file__).parents[4] / "shared")) / "data" / "feeds"


def generated() -> tuple[str, bytes, bytes]:
    """Key, schedule and standings of the replica's Flex."""
    name = "mls-next-flex-26-27"
    made = generate(1, "2026-10-05", "small")
    return name, made[f"data/schedule/{name}.json"], made[f"data/standings/{name}.json"]


def real() -> list[tuple[str, bytes, bytes]]:
    """The first events of each real feed that lies beside the checkout."""
    found = []
    for file in sorted((FEEDS / "data" / "schedule").glob("*.json")):
        schedule = json.loads(file.read_bytes())
        schedule["events"] = schedule["events"][:KEPT_OF_REAL]
        standings = (FEEDS / "data" / "standings" / file.name).read_bytes()
        found.append((file.stem, json.dumps(schedule).encode(), standings))
    return found


DOCUMENTS = [generated(), *real()]
NAME, SCHEDULE, STANDINGS = DOCUMENTS[0]
sources = st.sampled_from(DOCUMENTS)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
tempting = st.sampled_from(
    ["", " ", "TBD", "0", "-1", 99, 100, -1, 2**70, "2026-13-45", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
     "../../etc/passwd", "America", "Etc/UTC", "\x00", "é" * 300, [], {}, None, True]
)  # fmt: skip


@dataclass(frozen=True)
class Property:
    """What holds of whatever is drawn; tried as often as is asked, any number of times in one process."""

    drawn: dict[str, st.SearchStrategy[Any]]
    holds: Callable[..., None]

    def try_it(self, times: int) -> None:
        unhealthy = [HealthCheck.too_slow, HealthCheck.data_too_large]
        some = settings(max_examples=times, deadline=None, suppress_health_check=unhealthy)

        @functools.wraps(self.holds)
        def once(**values: Any) -> None:
            self.holds(**values)

        some(given(**self.drawn)(once))()


PROPERTIES: list[Property] = []


def of(**drawn: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Enters a property, with what it is tried on."""

    def enter(holds: Callable[..., None]) -> Callable[..., None]:
        PROPERTIES.append(Property(drawn, holds))
        return holds

    return enter


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, as the way to it."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return [path, *(place for key, value in items for place in places(value, (*path, key)))]


def put(content: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    inner = content
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return content


def meant(read: Callable[[Any], Any], value: object) -> Any:
    """What a value is taken for, None where it is left out."""
    try:
        return read(value)
    except Odd:
        return None


def printed_score(event: dict[str, Any]) -> tuple[str, int | None, int | None]:
    """Number and score of an event as they are taken."""
    home, away = (meant(goals, event.get(name)) for name in ("home_score", "away_score"))
    return str(meant(identifier, event.get("game_key"))), home, away


def accounted(name: str, schedule: bytes, standings: bytes) -> None:
    """Reads both; whatever they are, every event is a match, a copy or a rejection, and no match is invented."""
    try:
        documents = parse(schedule, standings)
    except Malformed as error:
        assert str(error)
        return
    key = feed_key(name)
    assert key is not None
    content = understand(documents, schedule, key)
    events = items(json.loads(schedule)["events"])
    assert len(content.matches) + len(content.skipped) + len(content.rejected) == len(events)
    said = [event for event in events if isinstance(event, dict)]
    numbers = {str(number) for number in (meant(identifier, event.get("game_key")) for event in said) if number}
    assert {match.external_id for match in content.matches} <= numbers
    scores = {printed_score(event) for event in said}
    for match in content.matches:
        if match.home_score is not None:
            shootout = (match.home_shootout or 0, match.away_shootout or 0)
            summed = (match.home_score + shootout[0], (match.away_score or 0) + shootout[1])
            assert {(match.external_id, match.home_score, match.away_score), (match.external_id, *summed)} & scores
            assert match.kick_off is None or match.kick_off <= content.observed_at
    known = {bracket.external_id for bracket in content.brackets}
    assert all({*match.home_brackets, *match.away_brackets} <= known for match in content.matches)


@of(data=st.data(), source=sources)
def a_schedule_with_anything_anywhere_is_read_or_named(data: st.DataObject, source: tuple[str, bytes, bytes]) -> None:
    name, schedule, standings = source
    content = json.loads(schedule)
    where = places(content)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(where))
        try:
            content = put(content, place, data.draw(anything | tempting))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took that place away
    accounted(name, json.dumps(content).encode(), standings)


@of(data=st.data(), source=sources)
def standings_with_anything_anywhere_are_read_or_named(data: st.DataObject, source: tuple[str, bytes, bytes]) -> None:
    name, schedule, standings = source
    content = json.loads(standings)
    place = data.draw(st.sampled_from(places(content)))
    content = put(content, place, data.draw(anything | tempting))
    accounted(name, schedule, json.dumps(content).encode())


@of(cut=st.integers(0, len(SCHEDULE)), noise=st.binary(max_size=30))
def a_body_that_is_cut_and_goes_on_as_noise_is_named(cut: int, noise: bytes) -> None:
    try:
        parse(SCHEDULE[:cut] + noise, STANDINGS)
    except Malformed as error:
        assert "the schedule" in str(error)
    else:
        assert json.loads((SCHEDULE[:cut] + noise).decode(errors="replace"))


@of(body=st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()))
def bytes_that_are_no_document_are_named(body: bytes) -> None:
    try:
        parse(body, STANDINGS)
    except Malformed as error:
        assert str(error)
    else:
        raise AssertionError(f"{body!r} was taken for a schedule")


@of(data=st.data())
def a_mutated_fragment_yields_only_rows_that_are_printed(data: st.DataObject) -> None:
    html = fragment()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(html)))
        length = data.draw(st.integers(0, 40))
        html = html[:start] + data.draw(st.text(max_size=12)) + html[start + length :]
    try:
        page = read_matches(html)
    except NotAFragment as error:
        assert str(error)
        return
    assert page.seen <= html.count("table-content-row")
    for row in page.rows:
        assert row.number in html
        assert row.score is None or str(row.score[0]) in html


PRINTED_ROWS = 5
PRINTED = modular11.fragment(
    list(modular11.matches(1, "small", Season(2025), "league", datetime(2026, 10, 5, tzinfo=UTC))[:PRINTED_ROWS]), 1, 1
)
NAMES = [found.span() for found in re.finditer(r"[a-z]+(?:-[a-z]+)+", PRINTED)]
"""Every name of a class or of an attribute that the platform may change one day."""


@of(span=st.sampled_from(NAMES), name=st.text("qwz", min_size=1, max_size=9))
def a_name_that_changes_in_the_html_loses_no_row_in_silence(span: tuple[int, int], name: str) -> None:
    try:
        page = read_matches(PRINTED[: span[0]] + name + PRINTED[span[1] :])
    except NotAFragment as error:
        assert str(error)
        return
    assert page.seen == PRINTED_ROWS or page.seen != page.counted


@of(text=st.text(max_size=300))
def text_that_is_no_fragment_is_named(text: str) -> None:
    for read in (read_matches, read_quality):
        try:
            found = read(text)
        except NotAFragment as error:
            assert str(error)
        else:
            assert "No data available." in text or "There are no teams." in text, found


@pytest.mark.parametrize("one", PROPERTIES, ids=lambda one: one.holds.__name__)
def test_whatever_comes(one: Property) -> None:
    one.try_it(FEW)


@pytest.mark.fuzz
@pytest.mark.timeout(900)
@pytest.mark.parametrize("one", PROPERTIES, ids=lambda one: one.holds.__name__)
def test_whatever_comes_thousands_of_times(one: Property) -> None:
    one.try_it(MANY)


def test_the_real_feeds_are_among_what_is_mutated() -> None:
    if not FEEDS.exists():
        pytest.skip(f"the shared feeds are not at {FEEDS} (MT_SHARED names their folder)")
    assert len(DOCUMENTS) > 1
