"""The quirks of source-site.md, section 2, each by its number, with the outcome that section gives."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from devstack.testing.viewer_documents import LEAGUE, PATHWAY, bracket, event, understood
from match_contract import Status


def only(**changes: Any) -> Any:
    """The one match of a document in which it is changed like this."""
    content = understood([event(**changes)])
    assert not content.rejected, content.rejected
    return content.matches[0]


def test_a_played_match_with_both_scores_is_completed_whatever_its_flag_says() -> None:
    for flag in (True, False, None):
        match = only(completed=flag)
        assert (match.status, match.home_score, match.away_score) == (Status.COMPLETED, 2, 1)


def test_quirk_1_a_future_match_flagged_completed_with_a_score_is_scheduled_without_one() -> None:
    content = understood([event(start_time="2027-03-06T16:00:00Z")])
    (match,) = content.matches
    assert (match.status, match.home_score, match.away_score) == (Status.SCHEDULED, None, None)
    assert content.scored == 0
    assert any("quirk 1" in note for note in content.notes)


def test_quirk_1_finished_is_decided_by_synced_at() -> None:
    assert only(start_time="2026-10-05T13:40:03Z").status is Status.COMPLETED
    assert only(start_time="2026-10-05T13:40:04Z").status is Status.SCHEDULED


@pytest.mark.parametrize(("home", "away"), [(2, None), (None, 1)])
def test_one_score_of_two_is_no_score_and_odd(home: int | None, away: int | None) -> None:
    content = understood([event(home_score=home, away_score=away)])
    (match,) = content.matches
    assert content.oddities == ("1 matches with one score of two, which is not taken",)
    assert (match.status, match.home_score, match.away_score) == (Status.TBD, None, None)


def test_quirk_2_played_without_a_score_is_tbd_two_hours_after_its_kick_off() -> None:
    none = {"home_score": None, "away_score": None, "completed": False}
    assert only(**none, start_time="2026-10-05T11:40:03Z").status is Status.TBD
    assert only(**none, start_time="2026-10-05T11:40:04Z").status is Status.SCHEDULED


@pytest.mark.parametrize(
    ("zone", "start", "day"),
    [
        ("America/New_York", "2026-11-07T11:00:00Z", date(2026, 11, 7)),
        ("America/New_York", "2026-10-17T10:00:00Z", date(2026, 10, 17)),
        ("America/Los_Angeles", "2026-11-07T14:00:00Z", date(2026, 11, 7)),
    ],
)
def test_quirk_3_venue_tbd_at_six_in_the_morning_is_a_date_without_a_time(zone: str, start: str, day: date) -> None:
    match = only(local_timezone=zone, start_time=start, event_location={"id": 1, "name": "TBD"})
    assert (match.time_set, match.local_date, match.venue) == (False, day, None)


def test_quirk_3_a_real_venue_at_six_or_tbd_at_another_time_has_its_time_set() -> None:
    assert only(start_time="2026-11-07T11:00:00Z").time_set
    match = only(start_time="2026-11-07T15:00:00Z", event_location={"id": 1, "name": "TBD"})
    assert (match.time_set, match.venue) == (True, None)


def test_quirk_3_without_a_time_a_match_counts_as_played_only_when_its_day_is_over() -> None:
    none = {"home_score": None, "away_score": None, "event_location": {"id": 1, "name": "TBD"}}
    assert only(**none, start_time="2026-10-05T10:00:00Z").status is Status.SCHEDULED
    assert only(**none, start_time="2026-10-04T10:00:00Z").status is Status.TBD


def test_the_local_date_is_that_of_the_venue() -> None:
    match = only(local_timezone="America/Los_Angeles", start_time="2026-10-04T02:30:00Z")
    assert match.local_date == date(2026, 10, 3)
    assert match.kick_off == datetime(2026, 10, 4, 2, 30, tzinfo=UTC)


def test_quirk_4_a_team_missing_from_the_standings_joins_its_opponents_bracket() -> None:
    content = understood([event(1, 10, 99), event(2, 99, 11)])
    assert [(match.home_brackets, match.away_brackets) for match in content.matches] == [(("100",), ("100",))] * 2
    (table,) = content.brackets
    assert [(row.team.squad_id, row.position) for row in table.teams] == [("10", 1), ("11", 2), ("99", None)]
    assert table.teams[2].team.name == "Club 99"
    assert any("1 teams are missing" in said for said in content.notes)


def test_quirk_4_two_missing_teams_meet_in_the_bracket_that_their_other_matches_led_to() -> None:
    content = understood([event(1, 98, 99), event(2, 10, 98), event(3, 99, 11)])
    assert content.matches[0].home_brackets == ("100",)
    assert content.matches[0].age_group == "U15"


def test_quirk_4_two_teams_that_lead_to_no_bracket_are_rejected_by_name_and_the_rest_stays() -> None:
    content = understood([event(1), event(2, 98, 99)])
    (rejected,) = content.rejected
    assert (rejected.external_id, rejected.reason) == ("2", "no_bracket")
    assert rejected.payload == event(2, 98, 99)
    assert [match.external_id for match in content.matches] == ["1"]
    assert content.external_ids == ("1", "2")


TWICE = [
    bracket(200, "Frontier", "U17", (10, 11)),
    bracket(201, "Southeast (Pro Player Pathway)", "U17", (10, 12)),
]


@pytest.mark.parametrize(
    ("opponent", "competition", "expected"),
    [(11, LEAGUE, "200"), (12, PATHWAY, "201"), (11, PATHWAY, "200"), (99, LEAGUE, "200"), (99, PATHWAY, "201")],
)
def test_quirk_5_a_squad_in_two_brackets_counts_each_match_in_the_right_one(
    opponent: int, competition: dict[str, Any], expected: str
) -> None:
    content = understood([event(1, 10, opponent, competition=competition)], TWICE)
    assert content.matches[0].home_brackets == (expected,)
    assert content.matches[0].away_brackets == (expected,)


def test_quirk_6_a_cross_age_match_counts_in_each_teams_own_table() -> None:
    tables = [
        bracket(300, "Southwest", "U16", (10, 20)),
        bracket(301, "West (Pro Player Pathway)", "U17", (11, 21)),
    ]
    content = understood([event(1, 10, 11, competition=PATHWAY)], tables)
    (match,) = content.matches
    assert (match.home_brackets, match.away_brackets) == (("300",), ("301",))
    assert (match.age_group, match.division) == ("U16", "Southwest")


def test_quirk_7_a_corrected_score_and_a_moved_match_are_read_as_they_stand() -> None:
    match = only(home_score=3, away_score=2)
    assert (match.home_score, match.away_score) == (3, 2)
    moved = only(start_time="2027-05-22T15:00:00Z", home_score=None, away_score=None, completed=False)
    assert (moved.status, moved.local_date) == (Status.SCHEDULED, date(2027, 5, 22))


def test_quirk_8_two_matches_of_the_same_teams_at_the_same_home_are_both_real() -> None:
    content = understood([event(1), event(2)])
    assert [match.external_id for match in content.matches] == ["1", "2"]


def test_a_number_that_stands_twice_is_one_match_a_copy_is_left_out_and_another_one_rejected() -> None:
    content = understood([event(1), event(1), event(1, home_score=4)])
    assert [match.home_score for match in content.matches] == [2]
    assert [(one.external_id, one.reason) for one in content.skipped] == [("1", "copy")]
    assert [(one.external_id, one.reason) for one in content.rejected] == [("1", "duplicate")]
    assert content.rejected[0].payload["home_score"] == 4


def test_quirk_10_a_bracket_without_official_values_is_computed() -> None:
    young = bracket(400, age="U13")
    for row in young["standings"]:
        row["tiebreaker_values"] = {}
    content = understood([event()], [young])
    assert content.brackets[0].computed
    assert not understood([event()]).brackets[0].computed
    assert understood([event()]).brackets[0].teams[0].values == {"points_penalty_shootout": "3", "matches_played": "1"}


def test_quirk_11_a_null_organisation_and_a_null_crest_are_no_problem() -> None:
    match = only(home_organisation=None)
    assert (match.home.name, match.home.crest_url) == ("Club 10", None)


def test_quirk_11_a_team_that_nobody_names_is_called_by_its_squad() -> None:
    content = understood([event(1, 99, 11, home_organisation=None)])
    assert content.matches[0].home.name == "Unnamed team (99)"


def test_quirk_11_unknown_fields_change_nothing() -> None:
    assert only(weather={"sky": "blue"}) == only()


ROWS = bracket()["standings"]


def test_squads_are_joined_and_named_whether_their_ids_are_numbers_or_text() -> None:
    names = [{**row, "team": {**row["team"], "name": f"Official {row['team']['squad_id']}"}} for row in ROWS]
    content = understood([event(1, "10", 11), event(2, 11, "99"), event(3, 99, 10)], [bracket(standings=names)])
    assert {match.home_brackets for match in content.matches} == {("100",)}
    assert [match.home.name for match in content.matches] == ["Official 10", "Official 11", "Club 99"]
    assert [row.team.name for row in content.brackets[0].teams] == ["Official 10", "Official 11", "Club 99"]
    assert any(said.startswith("1 teams are missing") for said in content.notes)


def test_a_match_of_another_competition_is_never_relabelled() -> None:
    content = understood([event(1, competition={"id": 2203, "name": "Academy Division"})])
    (rejected,) = content.rejected
    assert (content.matches, rejected.reason) == ([], "foreign_competition")


def test_a_match_of_a_competition_that_nobody_knows_counts_for_no_table() -> None:
    cup = event(2, 10, 99, competition={"id": 9999, "name": "League Cup"})
    content = understood([event(1), cup])
    assert [match.external_id for match in content.matches] == ["1"]
    (rejected,) = content.rejected
    assert (rejected.external_id, rejected.reason, rejected.brackets) == ("2", "unknown_competition", ("100",))
    assert "'League Cup' (9999)" in rejected.detail
    assert rejected.payload == cup
    assert [row.team.squad_id for row in content.brackets[0].teams] == ["10", "11"], "its guests join no table"


@pytest.mark.parametrize("competition", [None, {"id": None, "name": None}])
def test_a_match_that_names_no_competition_is_its_feeds(competition: dict[str, Any] | None) -> None:
    assert only(competition=competition).competition is None


def test_a_zone_that_does_not_exist_costs_that_match_alone() -> None:
    content = understood([event(1), event(2, local_timezone="America/Atlantis")])
    assert [(one.reason, one.brackets) for one in content.rejected] == [("unknown_timezone", ("100",))]
    assert len(content.matches) == 1


def test_a_shootout_comes_with_its_score_and_half_of_one_does_not() -> None:
    match = only(home_penalty_shootout_score=4, away_penalty_shootout_score=3, home_score=1)
    assert (match.home_shootout, match.away_shootout) == (4, 3)
    assert only(home_penalty_shootout_score=4).home_shootout is None


def test_a_row_of_the_standings_that_cannot_be_read_is_odd() -> None:
    table = bracket(squads=(10, 11, 12))
    table["standings"][2]["position"] = "third"
    content = understood([event()], [table])
    (odd,) = content.oddities
    assert odd.startswith("1 rows or brackets of the standings cannot be read, the first: competition_brackets[0]")


def test_a_squad_that_plays_itself_is_rejected() -> None:
    (rejected,) = understood([event(1, 10, 10)]).rejected
    assert "plays itself" in rejected.detail


def test_a_team_has_the_same_name_in_every_match_and_in_its_table() -> None:
    content = understood([event(1), event(2, home_organisation={"id": 5, "name": "Another Name"})])
    assert {match.home for match in content.matches} == {content.brackets[0].teams[0].team}


def test_the_canary_sings_when_a_played_weekend_has_no_score() -> None:
    none = {"home_score": None, "away_score": None, "start_time": "2026-10-02T15:00:00Z"}
    assert understood([event(number, **none) for number in range(1, 8)]).canary.alarm
    assert not understood([event(number, **none) for number in range(1, 5)]).canary.alarm
    played = [event(number, **none) for number in range(1, 8)] + [event(8, start_time="2026-10-02T15:00:00Z")]
    canary = understood(played).canary
    assert (canary.alarm, canary.kicked_off, canary.scored) == (False, 8, 1)
