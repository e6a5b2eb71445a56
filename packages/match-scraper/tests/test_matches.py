"""What the viewer's two documents mean, oddity by oddity."""

from datetime import date
from typing import Any

import pytest

from devstack.testing.viewer_documents import bracket, event, only, understood
from match_contract import Status


def test_a_played_match_with_both_scores_is_completed_whatever_its_flag_says() -> None:
    for flag in (True, False, None):
        match = only(completed=flag)
        assert (match.status, match.home_score, match.away_score) == (Status.COMPLETED, 2, 1)


def test_a_future_match_flagged_completed_with_a_score_is_scheduled_without_one() -> None:
    content = understood([event(start_time="2027-03-06T16:00:00Z")])
    (match,) = content.matches
    assert (match.status, match.home_score, match.away_score) == (Status.SCHEDULED, None, None)
    assert content.scored == 0
    assert any("ahead but flagged completed" in note for note in content.notes)


def test_finished_is_decided_by_synced_at() -> None:
    assert only(start_time="2026-10-05T13:40:03Z").status is Status.COMPLETED
    assert only(start_time="2026-10-05T13:40:04Z").status is Status.SCHEDULED


@pytest.mark.parametrize(("home", "away"), [(2, None), (None, 1)])
def test_one_score_of_two_is_no_score_and_odd(home: int | None, away: int | None) -> None:
    content = understood([event(home_score=home, away_score=away)])
    (match,) = content.matches
    assert content.oddities == ("1 matches with one score of two, which is not taken",)
    assert (match.status, match.home_score, match.away_score) == (Status.TBD, None, None)


def test_played_without_a_score_is_tbd_two_hours_after_its_kick_off() -> None:
    none = {"home_score": None, "away_score": None, "completed": False}
    assert only(**none, start_time="2026-10-05T11:40:03Z").status is Status.TBD
    assert only(**none, start_time="2026-10-05T11:40:04Z").status is Status.SCHEDULED


def test_a_corrected_score_and_a_moved_match_are_read_as_they_stand() -> None:
    match = only(home_score=3, away_score=2)
    assert (match.home_score, match.away_score) == (3, 2)
    moved = only(start_time="2027-05-22T15:00:00Z", home_score=None, away_score=None, completed=False)
    assert (moved.status, moved.local_date) == (Status.SCHEDULED, date(2027, 5, 22))


def test_two_matches_of_the_same_teams_at_the_same_home_are_both_real() -> None:
    content = understood([event(1), event(2)])
    assert [match.external_id for match in content.matches] == ["1", "2"]


def test_a_number_that_stands_twice_is_one_match_a_copy_is_left_out_and_another_one_rejected() -> None:
    content = understood([event(1), event(1), event(1, home_score=4)])
    assert [match.home_score for match in content.matches] == [2]
    assert [(one.external_id, one.reason) for one in content.skipped] == [("1", "copy")]
    assert [(one.external_id, one.reason) for one in content.rejected] == [("1", "duplicate")]
    assert content.rejected[0].payload["home_score"] == 4


def test_a_bracket_without_official_values_is_computed() -> None:
    young = bracket(400, age="U13")
    for row in young["standings"]:
        row["tiebreaker_values"] = {}
    content = understood([event()], [young])
    assert content.brackets[0].computed
    assert not understood([event()]).brackets[0].computed
    assert understood([event()]).brackets[0].teams[0].values == {"points_penalty_shootout": "3", "matches_played": "1"}


def test_a_null_organisation_and_a_null_crest_are_no_problem() -> None:
    match = only(home_organisation=None)
    assert (match.home.name, match.home.crest_url) == ("Club 10", None)


def test_a_team_that_nobody_names_is_called_by_its_squad() -> None:
    content = understood([event(1, 99, 11, home_organisation=None)])
    assert content.matches[0].home.name == "Unnamed team (99)"


def test_unknown_fields_change_nothing() -> None:
    assert only(weather={"sky": "blue"}) == only()


def test_a_match_of_another_competition_is_never_relabelled() -> None:
    content = understood([event(1, competition={"id": 2203, "name": "Academy Division"})])
    (rejected,) = content.rejected
    assert (content.matches, rejected.reason) == ([], "foreign_competition")


CUP = {"id": 9999, "name": "League Cup"}


def test_a_match_of_a_new_competition_that_no_standings_count_is_kept_apart_and_named() -> None:
    league = [event(number, 10, 11) for number in range(1, 9)]
    content = understood([*league, event(9, 10, 99, competition=CUP)])
    assert len(content.matches) == 8
    assert [(one.external_id, one.reason) for one in content.skipped] == [
        ("9", "of a competition that no table here counts")
    ]
    assert not content.rejected
    assert "the competition 'League Cup' (9999) is new, and the standings do not count its 1 matches: kept apart" in (
        content.oddities
    )
    assert "9" in content.external_ids
    assert [row.team.squad_id for row in content.brackets[0].teams] == ["10", "11"], "its guests join no table"


def test_where_a_new_competition_is_more_than_a_fifth_of_the_document_its_matches_are_refused() -> None:
    cup = event(2, 10, 99, competition=CUP)
    (rejected,) = understood([event(1), cup]).rejected
    assert (rejected.external_id, rejected.reason, rejected.brackets) == ("2", "unknown_competition", ("100",))
    assert "'League Cup' (9999)" in rejected.detail
    assert rejected.payload == cup


@pytest.mark.parametrize(("played", "counts"), [("9", True), ("8", False), ("7", False)])
def test_a_new_competition_counts_where_the_published_numbers_of_matches_say_so(played: str, counts: bool) -> None:
    table = bracket()
    for row in table["standings"]:
        row["tiebreaker_values"] = {"matches_played": {"value": played}}
    league = [event(number, 10, 11) for number in range(1, 9)]
    showcase = event(9, 10, 11, competition={"id": 2304, "name": "League (Showcase)"})
    content = understood([*league, showcase], [table])
    assert ("9" in {match.external_id for match in content.matches}) is counts
    assert any("'League (Showcase)' (2304) is new" in said for said in content.oddities)


def test_a_known_competition_under_a_new_id_is_known_by_its_exact_name() -> None:
    assert only(competition={"id": 1705, "name": "League"}).competition == "League"


@pytest.mark.parametrize("competition", [None, {"id": None, "name": None}])
def test_a_match_that_names_no_competition_is_its_feeds(competition: dict[str, Any] | None) -> None:
    assert only(competition=competition).competition is None


def test_a_shootout_comes_with_its_score_and_half_of_one_does_not() -> None:
    match = only(home_penalty_shootout_score=4, away_penalty_shootout_score=3, home_score=1)
    assert (match.home_shootout, match.away_shootout) == (4, 3)
    assert only(home_penalty_shootout_score=4).home_shootout is None


def test_a_shootout_that_was_summed_into_the_score_is_taken_out_of_it() -> None:
    content = understood(
        [event(home_score=5, away_score=3, home_penalty_shootout_score=4, away_penalty_shootout_score=2)]
    )
    (match,) = content.matches
    assert (match.home_score, match.away_score, match.home_shootout, match.away_shootout) == (1, 1, 4, 2)
    assert "1 matches with a shoot-out summed into the score, which is taken out of it" in content.oddities


def test_a_shootout_after_no_tie_that_was_not_summed_is_rejected_and_one_that_nobody_won_is_none() -> None:
    shootout = {"home_penalty_shootout_score": 4, "away_penalty_shootout_score": 2}
    (rejected,) = understood([event(home_score=3, away_score=2, **shootout)]).rejected
    assert (rejected.reason, rejected.detail) == (
        "shootout_without_tie",
        "a shoot-out of 4-2 after 3-2, which is no tie",
    )
    zeros = {"home_penalty_shootout_score": 0, "away_penalty_shootout_score": 0}
    match = only(**zeros)
    assert (match.home_score, match.away_score, match.home_shootout) == (2, 1, None)


def test_a_bracket_whose_age_group_is_none_is_left_out_by_name_with_its_own_matches_alone() -> None:
    tables = [bracket(100), bracket(200, "Florida", "U18/19", (20, 21))]
    content = understood([event(1), event(2, 20, 21), event(3, 10, 20)], tables)
    assert [match.external_id for match in content.matches] == ["1", "3"]
    assert [(one.external_id, one.reason) for one in content.skipped] == [("2", "of a bracket that cannot be read")]
    assert [table.external_id for table in content.brackets] == ["100"]
    assert "competition_brackets[1] (Florida).age_group: 'U18/19' is no age group" in content.oddities[0]
    assert content.matches[1].away_brackets == ()


def test_a_crest_that_is_too_long_to_keep_is_none_and_costs_nothing_else() -> None:
    club = {"id": 5, "name": "Harbor FC", "logo_full_path": "https://crests.example/" + "a" * 560}
    content = understood([event(1, 99, 11, home_organisation=club)])
    assert (content.matches[0].home.name, content.matches[0].home.crest_url) == ("Harbor FC", None)
    assert "1 crests are too long to keep: Harbor FC" in content.oddities


def test_text_from_the_feed_is_text() -> None:
    club = {"id": 5, "name": "  Harbor\nFC \x1b[31mred\x0b\x7f\ud83d  ", "logo_full_path": None}
    match = only(home_squad_id=99, home_organisation=club, event_location={"id": 7, "name": "Field\r\nB\u202e"})
    assert match.home.name == "Harbor FC red \ufffd"
    assert match.venue is not None
    assert match.venue.name == "Field B"


def test_a_row_of_the_standings_without_a_squad_is_odd_and_an_odd_position_is_none() -> None:
    table = bracket(squads=(10, 11, 12, 13))
    table["standings"][2]["team"]["squad_id"] = {"id": 12}
    table["standings"][3]["position"] = "third"
    content = understood([event()], [table])
    assert content.oddities[0].startswith("1 rows or brackets of the standings cannot be read, the first: competition_")
    assert "position cannot be taken 1 times and is left out there, the first: squad 13: 'third'" in content.oddities
    assert [(row.team.squad_id, row.position) for row in content.brackets[0].teams] == [
        ("10", 1), ("11", 2), ("13", None),
    ]  # fmt: skip


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
