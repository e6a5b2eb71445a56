"""A team's runs of results and how hard its schedule was and will be. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import takewhile
from math import lcm
from typing import NamedTuple

from missing_table.league.results import Fixture, Outcome, Result, Tally


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


def strengths(matches: Iterable[Result | Fixture], tallies: Mapping[int, Tally]) -> dict[int, Strength]:
    """By team: of the matches that count for it, by what its opponents have today. One pass over the matches."""
    scale = lcm(*(tally.played for tally in tallies.values() if tally.played))
    points = {team: tally.points * (scale // tally.played) if tally.played else 0 for team, tally in tallies.items()}
    home, away, unknown, total = Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    for match in matches:
        for team, opponent, counts, side in (
            (match.home, match.away, match.counts_home, home),
            (match.away, match.home, match.counts_away, away),
        ):
            if counts:
                side[team] += 1
                unknown[team] += opponent not in points
                total[team] += points.get(opponent, 0)
    made = {}
    for team in tallies:
        known = home[team] + away[team] - unknown[team]
        mean = Fraction(total[team], scale * known) if known else None
        made[team] = Strength(home[team], away[team], unknown[team], mean)
    return made
