"""Mutated documents: no crash, no row invented, every row accounted for. `./mt test fuzz` runs many more of them."""

import json
import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from modular11_fragments import fragment

from devstack.replica.season import generate
from match_scraper.assist import understand
from match_scraper.documents import Malformed, parse
from match_scraper.fragments import NotAFragment, read_matches, read_quality
from match_scraper.keys import feed_key

ROUNDS = int(os.environ.get("MT_FUZZ_EXAMPLES", "25"))
NAME = "mls-next-flex-26-27"
FOUND = feed_key(NAME)
assert FOUND is not None
KEY = FOUND
_documents = generate(1, "2026-10-05", "small")
SCHEDULE, STANDINGS = _documents[f"data/schedule/{NAME}.json"], _documents[f"data/standings/{NAME}.json"]

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
tempting = st.sampled_from(
    ["", " ", "TBD", "0", "-1", 99, 100, -1, 2**70, "2026-13-45", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
     "../../etc/passwd", "America", "Etc/UTC", "\x00", "é" * 300, [], {}, None, True]
)  # fmt: skip
quick = settings(
    max_examples=ROUNDS, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


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


def accounted(schedule: bytes, standings: bytes) -> None:
    """Reads both; whatever they are, every event is a match, a copy or a rejection, and no match is invented."""
    try:
        documents = parse(schedule, standings)
    except Malformed as error:
        assert str(error)
        return
    content = understand(documents, schedule, KEY)
    events = json.loads(schedule)["events"]
    assert len(content.matches) + len(content.skipped) + len(content.rejected) == len(events)
    numbers = {str(event["game_key"]) for event in events if isinstance(event, dict) and "game_key" in event}
    assert {match.external_id for match in content.matches} <= numbers
    scores = [
        (str(event.get("game_key")), event.get("home_score"), event.get("away_score"))
        for event in events
        if isinstance(event, dict)
    ]
    for match in content.matches:
        if match.home_score is not None:
            assert (match.external_id, match.home_score, match.away_score) in scores
            assert match.kick_off is not None and match.kick_off <= content.observed_at
    known = {bracket.external_id for bracket in content.brackets}
    assert all({*match.home_brackets, *match.away_brackets} <= known for match in content.matches)


@quick
@given(data=st.data())
def test_a_schedule_with_anything_anywhere_is_read_or_named(data: st.DataObject) -> None:
    content = json.loads(SCHEDULE)
    where = places(content)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.sampled_from(where))
        try:
            content = put(content, place, data.draw(anything | tempting))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took that place away
    accounted(json.dumps(content).encode(), STANDINGS)


@quick
@given(data=st.data())
def test_standings_with_anything_anywhere_are_read_or_named(data: st.DataObject) -> None:
    content = json.loads(STANDINGS)
    place = data.draw(st.sampled_from(places(content)))
    content = put(content, place, data.draw(anything | tempting))
    accounted(SCHEDULE, json.dumps(content).encode())


@quick
@given(cut=st.integers(0, len(SCHEDULE)), noise=st.binary(max_size=30))
def test_a_body_that_is_cut_and_goes_on_as_noise_is_named(cut: int, noise: bytes) -> None:
    try:
        parse(SCHEDULE[:cut] + noise, STANDINGS)
    except Malformed as error:
        assert "the schedule" in str(error)
    else:
        assert json.loads(SCHEDULE[:cut] + noise)


@quick
@given(body=st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()))
def test_bytes_that_are_no_document_are_named(body: bytes) -> None:
    try:
        parse(body, STANDINGS)
    except Malformed as error:
        assert str(error)
    else:
        raise AssertionError(f"{body!r} was taken for a schedule")


@quick
@given(data=st.data())
def test_a_mutated_fragment_yields_only_rows_that_are_printed(data: st.DataObject) -> None:
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


@quick
@given(text=st.text(max_size=300))
def test_text_that_is_no_fragment_is_named(text: str) -> None:
    for read in (read_matches, read_quality):
        try:
            found = read(text)
        except NotAFragment as error:
            assert str(error)
        else:
            assert "No data available." in text or "There are no teams." in text, found
