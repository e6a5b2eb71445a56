"""In which brackets a match counts, and who is a visitor."""

from typing import Any

import pytest

from devstack.testing.viewer_documents import LEAGUE, PATHWAY, bracket, event, understood
from match_contract import League


def test_a_team_missing_from_the_standings_joins_its_opponents_bracket() -> None:
    content = understood([event(1, 10, 99), event(2, 99, 11)])
    assert [(match.home_brackets, match.away_brackets) for match in content.matches] == [(("100",), ("100",))] * 2
    (table,) = content.brackets
    assert [(row.team.squad_id, row.position) for row in table.teams] == [("10", 1), ("11", 2), ("99", None)]
    assert table.teams[2].team.name == "Club 99"
    assert any("1 teams are missing" in said for said in content.notes)


def test_two_missing_teams_meet_in_the_bracket_that_their_other_matches_led_to() -> None:
    content = understood([event(1, 98, 99), event(2, 10, 98), event(3, 99, 11)])
    assert content.matches[0].home_brackets == ("100",)
    assert content.matches[0].age_group == "U15"


def test_two_teams_that_lead_to_no_bracket_are_rejected_by_name_and_the_rest_stays() -> None:
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
def test_a_squad_in_two_brackets_counts_each_match_in_the_right_one(
    opponent: int, competition: dict[str, Any], expected: str
) -> None:
    content = understood([event(1, 10, opponent, competition=competition)], TWICE)
    assert content.matches[0].home_brackets == (expected,)
    assert content.matches[0].away_brackets == (expected,)


def test_a_cross_age_match_counts_in_each_teams_own_table() -> None:
    tables = [
        bracket(300, "Southwest", "U16", (10, 20)),
        bracket(301, "West (Pro Player Pathway)", "U17", (11, 21)),
    ]
    content = understood([event(1, 10, 11, competition=PATHWAY)], tables)
    (match,) = content.matches
    assert (match.home_brackets, match.away_brackets) == (("300",), ("301",))
    assert (match.age_group, match.division) == ("U16", "Southwest")


ROWS = bracket()["standings"]


def test_squads_are_joined_and_named_whether_their_ids_are_numbers_or_text() -> None:
    names = [{**row, "team": {**row["team"], "name": f"Official {row['team']['squad_id']}"}} for row in ROWS]
    content = understood([event(1, "10", 11), event(2, 11, "99"), event(3, 99, 10)], [bracket(standings=names)])
    assert {match.home_brackets for match in content.matches} == {("100",)}
    assert [match.home.name for match in content.matches] == ["Official 10", "Official 11", "Club 99"]
    assert [row.team.name for row in content.brackets[0].teams] == ["Official 10", "Official 11", "Club 99"]
    assert any(said.startswith("1 teams are missing") for said in content.notes)


def test_a_visitor_that_plays_no_schedule_gets_no_place_in_the_table_and_its_opponents_matches_count() -> None:
    league = [event(number, 10, 11) for number in range(1, 9)]
    content = understood([*league, event(9, 10, 99), event(10, 99, 11)])
    assert [(match.home_brackets, match.away_brackets) for match in content.matches[8:]] == [
        (("100",), ()),
        ((), ("100",)),
    ]
    assert {match.age_group for match in content.matches} == {"U15"}
    assert [row.team.squad_id for row in content.brackets[0].teams] == ["10", "11"]
    assert "1 teams stand in no table of the league and get no position, with their matches: Club 99 (2)" in (
        content.oddities
    )


@pytest.mark.parametrize("league", [League.FLEX, League.ACADEMY])
def test_in_flex_and_academy_a_team_that_no_table_lists_is_a_visitor_however_much_it_plays(league: League) -> None:
    competition = {"id": 1607, "name": "MLS NEXT Flex"} if league is League.FLEX else {"id": 2203, "name": "Academy"}
    events = [event(1, 10, 99, competition=competition), event(2, 99, 11, competition=competition)]
    content = understood(events, league=league)
    assert [row.team.squad_id for row in content.brackets[0].teams] == ["10", "11"]
    assert [match.away_brackets for match in content.matches] == [(), ("100",)]


def test_matches_between_visitors_are_left_out_and_counted() -> None:
    league = [event(number, 10, 11) for number in range(1, 9)]
    content = understood([*league, event(9, 98, 99)])
    assert [(one.external_id, one.reason) for one in content.skipped] == [("9", "neither side stands in a table")]
    assert not content.rejected
