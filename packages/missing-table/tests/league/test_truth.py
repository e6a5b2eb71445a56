"""Our rows beside the league's: equal, not updated yet, or different with the games that could explain it."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from missing_table.league.between_brackets import counting
from missing_table.league.results import Entrant, Fixture, Result
from missing_table.league.tie_breaks import order
from missing_table.league.truth import KEYS, Check, CheckedRow, Crossings, Published, Record, Verdict, check, record_of

AS_OF = datetime(2026, 10, 5, 5, tzinfo=UTC)
OLD, NEW = date(2026, 9, 19), date(2026, 10, 4)
TEAMS = [Entrant(number, f"Team {number}", number) for number in (1, 2, 3)]
GUEST = 9


def game(match_id: int, home: int, away: int, score: tuple[int, int], day: date = OLD, **more: object) -> Result:
    return Result(match_id, home, away, *score, day, **more)  # type: ignore[arg-type]


def published(results: list[Result]) -> list[Published]:
    """The league's own table, if it is made of these results."""
    return [
        Published(
            place.tally.entrant.team_id,
            place.position,
            Record(place.tally.played, place.tally.won, place.tally.tied, place.tally.lost, place.tally.points),
        )
        for place in order(TEAMS, results)
    ]


def checked(
    ours: list[Result], theirs: list[Result], awaited: list[Fixture] | None = None, *, between_brackets: bool = True
) -> Check:
    return check(TEAMS, ours, awaited or [], published(theirs), as_of=AS_OF, between_brackets=between_brackets)


def rows(found: Check) -> dict[int, CheckedRow]:
    return {row.team_id: row for row in found.rows}


FIRST, SECOND, FRESH = game(1, 1, 2, (2, 1)), game(2, 2, 3, (0, 0)), game(3, 3, 1, (1, 0), NEW)


def test_the_same_games_give_equal_rows() -> None:
    found = checked([FIRST, SECOND, FRESH], [FIRST, SECOND, FRESH])
    assert [row.verdict for row in found.rows] == [Verdict.EQUAL] * 3
    assert found.count(Verdict.EQUAL) == 3


def test_a_game_of_the_last_two_days_that_the_league_lacks_is_not_updated_yet() -> None:
    found = rows(checked([FIRST, SECOND, FRESH], [FIRST, SECOND]))
    assert {team: row.verdict for team, row in found.items()} == {
        1: Verdict.PENDING,
        2: Verdict.PENDING if found[2].position != found[2].published.position else Verdict.EQUAL,
        3: Verdict.PENDING,
    }


def test_a_fresh_game_that_we_await_and_the_league_counts_is_not_updated_yet() -> None:
    coming = Fixture(3, 3, 1, NEW)
    found = rows(checked([FIRST, SECOND], [FIRST, SECOND, FRESH], [coming]))
    assert (found[1].verdict, found[3].verdict) == (Verdict.PENDING, Verdict.PENDING)


def test_a_fresh_score_that_was_corrected_is_not_updated_yet() -> None:
    corrected = FRESH._replace(home_score=2, away_score=2)
    found = rows(checked([FIRST, SECOND, corrected], [FIRST, SECOND, FRESH]))
    assert (found[1].verdict, found[3].verdict) == (Verdict.PENDING, Verdict.PENDING)


def test_an_old_game_that_the_league_lacks_is_different_and_named() -> None:
    found = rows(checked([FIRST, SECOND], [FIRST]))
    assert (found[2].verdict, found[2].games) == (Verdict.DIFFERENT, (2,))
    assert (found[3].verdict, found[3].games) == (Verdict.DIFFERENT, (2,))
    assert found[1].verdict is Verdict.EQUAL


def test_an_old_game_with_another_result_there_is_named() -> None:
    found = rows(checked([FIRST, SECOND], [FIRST, SECOND._replace(home_score=3)]))
    assert (found[2].verdict, found[2].games) == (Verdict.DIFFERENT, (2,))
    assert (found[3].verdict, found[3].games) == (Verdict.DIFFERENT, (2,))


def test_an_old_game_that_we_await_and_the_league_counts_is_named() -> None:
    found = rows(checked([FIRST], [FIRST, SECOND], [Fixture(2, 2, 3, OLD)]))
    assert (found[3].verdict, found[3].games) == (Verdict.DIFFERENT, (2,))


def test_points_taken_away_are_different_and_no_game_explains_them() -> None:
    theirs = [row._replace(record=row.record._replace(points=0)) for row in published([FIRST]) if row.team_id == 1]
    (row,) = check(TEAMS, [FIRST], [], theirs, as_of=AS_OF, between_brackets=True).rows
    assert (row.verdict, row.games) == (Verdict.DIFFERENT, ())


def test_an_equal_record_in_another_place_is_different() -> None:
    theirs = [row._replace(position=4 - (row.position or 0)) for row in published([FIRST, SECOND])]
    found = check(TEAMS, [FIRST, SECOND], [], theirs, as_of=AS_OF, between_brackets=True)
    assert [row.verdict for row in found.rows] == [Verdict.DIFFERENT, Verdict.EQUAL, Verdict.DIFFERENT]


def test_a_team_that_the_league_does_not_list_has_no_row_to_compare() -> None:
    theirs = [row for row in published([FIRST, SECOND]) if row.team_id != 2]
    found = check(TEAMS, [FIRST, SECOND], [], theirs, as_of=AS_OF, between_brackets=True)
    assert {row.team_id for row in found.rows} == {1, 3}


def test_a_team_that_the_league_does_not_list_pushes_nobody_down() -> None:
    unlisted = [Entrant(4, "Visitors"), *TEAMS]
    results = [FIRST, SECOND, game(8, 4, 1, (5, 0), counts_away=False)]
    (first, *_) = order(unlisted, results)
    assert first.tally.entrant.team_id == 4
    found = check(unlisted, results, [], published([FIRST, SECOND]), as_of=AS_OF, between_brackets=True)
    assert [(row.verdict, row.position) for row in found.rows] == [(Verdict.EQUAL, number) for number in (2, 3, 4)]


def test_the_official_rows_can_contradict_the_rule_about_games_between_brackets() -> None:
    crossing = game(7, 1, GUEST, (3, 0), counts_away=False)
    ours = [FIRST, SECOND, crossing]
    contradicting = checked(ours, counting(ours, between_brackets=False))
    assert contradicting.crossings == Crossings(rows=1, equal_counted=0, equal_not_counted=1)
    row = rows(contradicting)[1]
    assert (row.verdict, row.games[0]) == (Verdict.DIFFERENT, 7)
    agreeing = checked(ours, ours)
    assert (agreeing.crossings.equal_counted, agreeing.crossings.equal_not_counted) == (1, 0)
    other_rule = checked(ours, counting(ours, between_brackets=False), between_brackets=False)
    assert {row.verdict for row in other_rule.rows} == {Verdict.EQUAL}


def test_a_shoot_out_counts_as_tied_and_gives_two_points() -> None:
    decided = game(1, 1, 2, (1, 1), home_shootout=4, away_shootout=2)
    assert {row.verdict for row in checked([decided], [decided]).rows} == {Verdict.EQUAL}
    one_point = rows(checked([decided], [decided._replace(home_shootout=None, away_shootout=None)]))[1]
    assert (one_point.verdict, one_point.games) == (Verdict.DIFFERENT, (1,))


@pytest.mark.parametrize("value", ["", "x", "1.5", "NaN", "Infinity", "1/2"])
def test_values_that_are_no_whole_numbers_are_no_record(value: str) -> None:
    assert record_of(dict.fromkeys(KEYS, value)) is None
    assert record_of({}) is None


def test_values_are_read_as_the_source_writes_them() -> None:
    assert record_of(dict(zip(KEYS, ("8", "5.0", "1", "2", "16"), strict=True))) == Record(8, 5, 1, 2, 16)


GAMES = st.lists(
    st.builds(
        lambda number, pair, home, away, fresh: game(number, *pair, (home, away), NEW if fresh else OLD),
        st.integers(1, 99),
        st.permutations([1, 2, 3]).map(lambda teams: teams[:2]),
        st.integers(0, 3),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=8,
    unique_by=lambda result: result.match_id,
)


@given(GAMES)
def test_a_table_is_equal_to_itself_whatever_was_played(results: list[Result]) -> None:
    assert {row.verdict for row in checked(results, results).rows} <= {Verdict.EQUAL}


@given(GAMES)
def test_without_the_fresh_games_no_row_is_different_for_its_record(results: list[Result]) -> None:
    old = [result for result in results if result.local_date == OLD]
    fresh_of = {team: sum(team in (r.home, r.away) for r in results if r.local_date == NEW) for team in (1, 2, 3)}
    for row in checked(results, old).rows:
        if row.record != row.published.record and fresh_of[row.team_id] <= 6:
            assert row.verdict is Verdict.PENDING
