"""The replica's own reading of the league's rules, each by an example worked out by hand."""

from __future__ import annotations

from devstack.replica.season.tables import Result, points, table

A, B, C, D = 1, 2, 3, 4
NAMES = {A: "Alder", B: "Birch", C: "Cedar", D: "Dale"}


def order(*results: Result, squads: tuple[int, ...] = (A, B, C, D)) -> list[int]:
    return [row.squad for row in table([(squad, NAMES[squad]) for squad in squads], results)]


def test_points_per_match_decide_not_points() -> None:
    assert order(Result(A, C, 1, 0), Result(A, D, 1, 0), Result(A, C, 0, 1), Result(B, D, 1, 0))[:2] == [B, A]


def test_two_level_teams_are_separated_by_their_own_match() -> None:
    results = [Result(B, A, 1, 0), Result(A, C, 9, 0), Result(D, B, 1, 0), Result(D, C, 1, 0)]
    assert order(*results) == [D, B, A, C]


def test_three_level_teams_are_never_separated_head_to_head() -> None:
    results = [Result(A, B, 1, 0), Result(B, C, 1, 0), Result(C, A, 2, 0)]
    assert order(*results, squads=(A, B, C)) == [C, B, A]


def test_a_team_without_matches_stands_above_one_that_only_lost() -> None:
    assert order(Result(A, B, 1, 0), squads=(A, B, C)) == [A, C, B]


def test_teams_level_in_everything_stand_by_name() -> None:
    assert order(squads=(D, B, A, C)) == [A, B, C, D]


def test_a_team_that_the_standings_leave_out_stands_behind_those_that_it_is_level_with() -> None:
    rows = table([(squad, NAMES[squad]) for squad in (A, B, C)], [], unlisted={A})
    assert [row.squad for row in rows] == [B, C, A]


def test_away_goals_come_before_home_goals() -> None:
    results = [Result(A, C, 3, 1), Result(D, A, 1, 0), Result(B, C, 1, 0), Result(D, B, 2, 2)]
    table_rows = table([(squad, NAMES[squad]) for squad in (A, B)], results)
    assert [row.squad for row in table_rows] == [B, A]


def test_a_shoot_out_gives_two_points_and_one_and_counts_as_a_tie() -> None:
    rows = {row.squad: row for row in table([(A, "Alder"), (B, "Birch")], [Result(A, B, 1, 1, (3, 4))])}
    assert (rows[A].points, rows[B].points) == (1, 2)
    assert (rows[A].tied, rows[B].tied, rows[B].won) == (1, 1, 0)
    assert points(0, 0, None) == 1


def test_a_match_between_brackets_counts_on_one_side_only() -> None:
    rows = {row.squad: row for row in table([(A, "Alder"), (B, "Birch")], [Result(A, B, 2, 0, for_away=False)])}
    assert (rows[A].played, rows[B].played) == (1, 0)
