"""When a match starts: zones, placeholders, dates that are none, hours at which nobody plays."""

from datetime import UTC, date, datetime

import pytest

from devstack.testing.viewer_documents import event, only, understood
from match_contract import Status


@pytest.mark.parametrize(
    ("zone", "start", "day"),
    [
        ("America/New_York", "2026-11-07T11:00:00Z", date(2026, 11, 7)),
        ("America/New_York", "2026-10-17T10:00:00Z", date(2026, 10, 17)),
        ("America/Los_Angeles", "2026-11-07T14:00:00Z", date(2026, 11, 7)),
    ],
)
def test_venue_tbd_at_six_in_the_morning_is_a_date_without_a_time(zone: str, start: str, day: date) -> None:
    match = only(local_timezone=zone, start_time=start, event_location={"id": 1, "name": "TBD"})
    assert (match.time_set, match.local_date, match.venue) == (False, day, None)


def test_a_real_venue_at_six_or_tbd_at_another_time_has_its_time_set() -> None:
    assert only(start_time="2026-11-07T11:00:00Z").time_set
    match = only(start_time="2026-11-07T15:00:00Z", event_location={"id": 1, "name": "TBD"})
    assert (match.time_set, match.venue) == (True, None)


def test_without_a_time_a_match_counts_as_played_only_when_its_day_is_over() -> None:
    none = {"home_score": None, "away_score": None, "event_location": {"id": 1, "name": "TBD"}}
    assert only(**none, start_time="2026-10-05T10:00:00Z").status is Status.SCHEDULED
    assert only(**none, start_time="2026-10-04T10:00:00Z").status is Status.TBD


def test_the_local_date_is_that_of_the_venue() -> None:
    match = only(local_timezone="America/Los_Angeles", start_time="2026-10-04T02:30:00Z")
    assert match.local_date == date(2026, 10, 3)
    assert match.kick_off == datetime(2026, 10, 4, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["America/Atlantis", "", None, "-04:00", 7])
def test_a_zone_that_is_none_is_that_of_the_venue_and_said(zone: object) -> None:
    west = {"local_timezone": "America/Los_Angeles", "event_location": {"id": 8, "name": "West Field"}}
    late = {"start_time": "2026-10-04T02:30:00Z"}
    content = understood([event(1), event(2), event(3, **west), event(4, **late, **(west | {"local_timezone": zone}))])
    assert not content.rejected
    match = content.matches[3]
    assert (match.timezone, match.local_date) == ("America/Los_Angeles", date(2026, 10, 3))
    assert [said for said in content.oddities if said.startswith("1 matches have no time zone")] == [
        "1 matches have no time zone and get that of their venue or league: 4, taken for America/Los_Angeles"
    ]


def test_a_zone_that_is_none_is_that_of_most_matches_where_the_venue_says_none() -> None:
    elsewhere = {"id": 9, "name": "New Field"}
    content = understood([event(1), event(2), event(3, local_timezone=None, event_location=elsewhere)])
    assert content.matches[2].timezone == "America/New_York"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("US/Eastern", "America/New_York"),
        ("US/Pacific", "America/Los_Angeles"),
        ("Canada/Atlantic", "America/Halifax"),
        ("america/new_york", "America/New_York"),
        ("America/Nassau", "America/Nassau"),
    ],
)
def test_an_old_name_of_a_zone_is_kept_as_the_name_of_today(said: str, kept: str) -> None:
    assert only(local_timezone=said).timezone == kept


@pytest.mark.parametrize(
    "start", ["9999-12-31T23:30:00Z", "0001-01-01T00:00:00Z", "2026-06-01T15:00:00Z", "2027-09-30"]
)
def test_a_date_outside_the_season_is_no_date(start: str) -> None:
    content = understood([event(1), event(2, start_time=start)])
    assert [(one.external_id, one.reason) for one in content.skipped] == [("2", "date not set")]
    assert any(said.startswith("1 matches are dated outside the season") for said in content.oddities)
    assert content.external_ids == ("1", "2")


@pytest.mark.parametrize("start", ["2026-06-02T15:00:00Z", "2027-09-28T15:00:00Z"])
def test_a_date_within_sixty_days_of_the_season_is_one(start: str) -> None:
    assert only(start_time=start).time_set


@pytest.mark.parametrize(("start", "unusual"), [("02:00", True), ("10:59", True), ("11:00", False), ("01:59", False)])
def test_a_match_between_ten_in_the_evening_and_seven_in_the_morning_is_noted(start: str, unusual: bool) -> None:
    content = understood([event(start_time=f"2026-10-04T{start}:00Z")])
    assert len(content.matches) == 1
    assert any("at an unusual time" in said for said in content.oddities) is unusual


def test_a_whole_set_of_ages_at_night_at_one_venue_is_a_suspected_shift() -> None:
    hours = ("08:00", "10:00", "11:45", "13:30")
    night = [
        event(
            number, 10, 11, start_time=f"2026-10-18T{hour}:00Z", home_squad_name=f"U{12 + number}",
            local_timezone="America/Los_Angeles",
        )
        for number, hour in enumerate(hours, 1)
    ]  # fmt: skip
    content = understood(night)
    (said,) = [said for said in content.oddities if "suspected shift" in said]
    assert said.startswith(
        "a suspected shift of the clock at North Field on 2026-10-18: U13, U14, U15, U16 from 01:00 to 06:30"
    )
    assert not any("shift" in said for said in understood(night[:2]).oddities)
