"""A team's runs of results and how hard its schedule was and will be. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import takewhile
from typing import NamedTuple

from missing_table.league.table import Fixture, Outcome, Result, Tally


class Runs(NamedTuple):
    """How many of the latest matches in a row were won, tied or lost, not lost, not won; the longest runs of a season.

    `latest`: the outcome that `length` matches in a row had up to now, None before the first match.
    """

    latest: Outcome | None
    length: int
    unbeaten: int
    winless: int
    most_wins: int
    most_unbeaten: int


def _at_the_end(outcomes: Sequence[Outcome], among: str) -> int:
    return sum(1 for _ in takewhile(lambda outcome: outcome in among, reversed(outcomes)))


def _longest(outcomes: Iterable[Outcome], among: str) -> int:
    most = run = 0
    for outcome in outcomes:
        run = run + 1 if outcome in among else 0
        most = max(most, run)
    return most


def runs(form: Sequence[tuple[int, Outcome]]) -> Runs:
    """From every counted match of a team, oldest first. A match that a shoot-out decided is a tie."""
    outcomes = [outcome for _, outcome in form]
    latest = outcomes[-1] if outcomes else None
    return Runs(
        latest,
        _at_the_end(outcomes, latest) if latest else 0,
        _at_the_end(outcomes, "WT"),
        _at_the_end(outcomes, "TL"),
        _longest(outcomes, "W"),
        _longest(outcomes, "WT"),
    )


class Strength(NamedTuple):
    """The opponents of some matches. `points_per_match`: the mean of theirs, one term a match; None without any.

    `home`, `away`: the matches. `unknown`: those against guests, whose own table is another one; not in the mean.
    """

    home: int
    away: int
    unknown: int
    points_per_match: Fraction | None


def strength(team_id: int, matches: Iterable[Result | Fixture], tallies: Mapping[int, Tally]) -> Strength:
    """Of the matches that count for this team, by what its opponents have today."""
    home = away = unknown = 0
    points: list[Fraction] = []
    for match in matches:
        if match.home == team_id and match.counts_home:
            home, opponent = home + 1, match.away
        elif match.away == team_id and match.counts_away:
            away, opponent = away + 1, match.home
        else:
            continue
        if opponent in tallies:
            points.append(tallies[opponent].points_per_match)
        else:
            unknown += 1
    return Strength(home, away, unknown, sum(points, Fraction()) / len(points) if points else None)


def points_to_secure(position: int, team_id: int, tallies: Mapping[int, Tally], left: Mapping[int, int]) -> int | None:
    """The magic number: so many points from its matches left make `position` or better sure, whatever others do.

    It takes every rival to win all that it has left, so fewer may do. None where even all points cannot make it sure.
    """
    mine = tallies[team_id]
    final = mine.played + left[team_id]
    highest = sorted(
        (
            Fraction(one.points + 3 * left[other], max(one.played + left[other], 1))
            for other, one in tallies.items()
            if other != team_id
        ),
        reverse=True,
    )
    if len(highest) < position:
        return 0
    if not final:
        return None
    needed = max(0, (highest[position - 1] * final).__floor__() + 1 - mine.points)
    return needed if needed <= 3 * left[team_id] else None
