"""State what the leagues decide and nobody publishes as a rule, so that the official tables can contradict it. Pure."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from match_contract import League
from missing_table.league.results import Result

BETWEEN_BRACKETS_COUNT: Mapping[League, bool] = MappingProxyType(dict.fromkeys(League, True))
"""Whether a match between teams of two brackets counts in each team's own table.

Homegrown's official tables agree. For the Academy this is what our tables do, not what anybody has proved: the check
against the official tables says so where they show otherwise.
"""


def is_between_brackets(result: Result) -> bool:
    """Return True for a match that the bracket counts for one of its sides alone."""
    return not (result.counts_home and result.counts_away)


def counting(results: Iterable[Result], *, between_brackets: bool) -> list[Result]:
    """Return the results that count in a table by this rule."""
    return [result for result in results if between_brackets or not is_between_brackets(result)]
