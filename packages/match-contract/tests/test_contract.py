"""The contract: what it accepts, what it refuses, and what never changes."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from match_contract import (
    Counts,
    Match,
    MatchBatch,
    Season,
    Status,
    accepts_version,
    batch_id_of,
    content_hash,
    parse_message,
    season_of,
)
from match_contract.schema import schemas

RUN = "00000000-0000-4000-8000-000000000001"
SNAPSHOT = "00000000-0000-4000-8000-000000000002"


def fixture(**changes: Any) -> dict[str, Any]:
    return {
        "source": "assist",
        "season": "2026-27",
        "league": "Homegrown",
        "external_id": "26029",
        "age_group": "U14",
        "home": {"squad_id": "1", "name": "Harbor FC"},
        "away": {"squad_id": "2", "name": "Quarry SC"},
        "home_brackets": ["139"],
        "away_brackets": ["139"],
        "kick_off": "2026-09-05T13:00:00Z",
        "timezone": "America/New_York",
        "local_date": "2026-09-05",
        "time_set": True,
        "status": "scheduled",
        "observed_at": "2026-09-01T04:00:00Z",
        **changes,
    }


def test_a_kick_off_is_kept_in_utc() -> None:
    match = Match.model_validate(fixture(kick_off="2026-09-05T09:00:00-04:00"))
    assert match.kick_off == datetime(2026, 9, 5, 13, tzinfo=UTC)
    assert match.kick_off.tzinfo is UTC


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"home_score": 1, "status": "completed"}, "one score without the other"),
        ({"status": "completed"}, "completed without a score"),
        ({"home_score": 1, "away_score": 1}, "scheduled with a score"),
        ({"kick_off": None}, "time_set without a kick_off"),
        ({"away": {"squad_id": "1", "name": "Harbor FC"}}, "plays itself"),
        ({"home": {"squad_id": "1", "name": "Har\x00bor"}}, "pattern"),
        ({"home_score": -1, "away_score": 0, "status": "completed"}, "greater than or equal"),
        ({"season": "2026-28"}, "not of the form"),
        ({"kick_off": "2026-09-05T09:00:00"}, "timezone"),
    ],
)
def test_a_match_that_cannot_be_is_refused_with_the_reason(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Match.model_validate(fixture(**changes))


def test_the_content_hash_knows_content_and_not_the_time_of_reading() -> None:
    match = Match.model_validate(fixture())
    later = Match.model_validate(fixture(observed_at="2026-09-02T04:00:00Z"))
    moved = Match.model_validate(fixture(local_date="2026-09-06", kick_off="2026-09-06T13:00:00Z"))
    assert content_hash(match) == content_hash(later)
    assert content_hash(match) != content_hash(moved)


def test_the_same_part_of_a_snapshot_is_the_same_batch() -> None:
    assert batch_id_of(SNAPSHOT, 1) == batch_id_of(SNAPSHOT, 1)
    assert len({batch_id_of(SNAPSHOT, part) for part in range(1, 60)}) == 59


def test_a_message_survives_json_whole() -> None:
    batch = MatchBatch.model_validate(
        {
            "run_id": RUN,
            "batch_id": batch_id_of(SNAPSHOT, 1),
            "snapshot_id": SNAPSHOT,
            "part": 1,
            "parts": 1,
            "matches": [fixture(status="completed", home_score=2, away_score=2)],
        }
    )
    again = parse_message(batch.model_dump(mode="json"))
    assert again == batch
    assert isinstance(again, MatchBatch)
    (match,) = again.matches
    assert isinstance(match, Match)
    assert match.status is Status.COMPLETED


def test_what_the_reader_refused_travels_as_it_came_with_the_reason() -> None:
    why = {"reason": "bad_field", "detail": "events[3].home_score: Expected int", "source": "assist"}
    item = {
        "external_id": "26029",
        "home_score": "two",
        "rejected": {**why, "season": "2026-27", "observed_at": "2026-09-01T04:00:00Z"},
    }
    ids = {"run_id": RUN, "batch_id": batch_id_of(SNAPSHOT, 1), "snapshot_id": SNAPSHOT}
    batch = MatchBatch.model_validate({**ids, "part": 1, "parts": 1, "matches": [item]})
    assert batch.model_dump(mode="json")["matches"] == [item]


def test_a_batch_of_more_than_500_is_refused() -> None:
    with pytest.raises(ValidationError, match="at most 500"):
        parse_message(
            {
                "kind": "batch",
                "run_id": RUN,
                "batch_id": SNAPSHOT,
                "snapshot_id": SNAPSHOT,
                "part": 1,
                "parts": 1,
                "matches": [fixture(external_id=str(n)) for n in range(501)],
            }
        )


def test_a_newer_minor_version_is_understood_and_a_newer_major_one_is_not() -> None:
    assert accepts_version("1.7")
    assert not accepts_version("2.0")
    assert Match.model_validate(fixture(something_new=1)).external_id == "26029"


@given(st.dates(date(2001, 1, 1), date(2098, 12, 31)))
def test_every_day_falls_into_one_season_that_its_name_and_key_lead_back_to(day: date) -> None:
    season = season_of(day)
    assert season.first_day <= day <= season.last_day
    assert Season.parse(season.name) == season
    assert Season.from_key(f"mls-next-league-{season.key_suffix}") == season
    assert season.previous.next == season


def test_seasons_turn_in_august() -> None:
    assert season_of(date(2027, 7, 31)).name == "2026-27"
    assert season_of(date(2027, 8, 1)).name == "2027-28"
    with pytest.raises(ValueError, match="does not end in a season"):
        Season.from_key("mls-next-league")


def test_counts_add_up() -> None:
    total = Counts(inserted=1, rejected=2) + Counts(inserted=2, unchanged=3)
    assert total == Counts(inserted=3, unchanged=3, rejected=2)
    assert total.landed == 6


def test_the_schemas_in_docs_are_those_of_the_code() -> None:
    folder = Path(__file__).parents[3] / "docs" / "messages"
    assert {path.name: path.read_text() for path in folder.glob("*.json")} == schemas(), (
        "stale: run python -m match_contract.schema docs/messages"
    )
