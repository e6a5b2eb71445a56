"""In which tables a match counts, and what it is a match of: each combination is worked out once."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from match_contract import Match
from missing_table.ingest.known import Dimensions


class Placement(NamedTuple):
    """In which tables a match counts and what it is a match of, in the forms that are needed.

    `ids` and `sides` are arrays as COPY reads them; a side is 1 for home, 2 for away, 3 for both.
    """

    competition: tuple[str, int, int]
    season_id: int
    league_id: int
    age_group_id: int
    division_id: int | None
    ids: str
    sides: str
    home_in: tuple[int, ...]
    away_in: tuple[int, ...]


class PlacementCache:
    """Most matches of a batch are of the same few tables: each combination is worked out once."""

    def __init__(self, dimensions: Dimensions, brackets: dict[tuple[str, str, str], int]) -> None:
        self._dimensions, self._brackets = dimensions, brackets
        self._known: dict[Any, Placement | None] = {}

    def of(self, match: Match, source: str) -> Placement | None:
        """None where the batch does not carry one of the brackets."""
        key = (
            *(source, match.season, match.league.value, match.age_group, match.division),
            *(match.home_brackets, match.away_brackets),
        )
        try:
            return self._known[key]
        except KeyError:
            found = self._known[key] = self._work_out(match, source)
            return found

    def found(self) -> Iterable[Placement]:
        """Every combination that came."""
        return (found for found in self._known.values() if found is not None)

    def _work_out(self, match: Match, source: str) -> Placement | None:
        try:
            home_in, away_in = (
                tuple(self._brackets[source, match.season, external_id] for external_id in named)
                for named in (match.home_brackets, match.away_brackets)
            )
        except KeyError:
            return None
        brackets = tuple(dict.fromkeys(home_in + away_in))
        league = match.league.value
        season_id, league_id = self._dimensions.seasons.ids[match.season,], self._dimensions.leagues.ids[league,]
        return Placement(
            competition=(source, season_id, league_id),
            season_id=season_id,
            league_id=league_id,
            age_group_id=self._dimensions.ages.ids[match.age_group,],
            division_id=self._dimensions.divisions.ids[league, match.division] if match.division else None,
            ids=f"{{{','.join(str(bracket) for bracket in brackets)}}}",
            sides=f"{{{','.join(str((bracket in home_in) + 2 * (bracket in away_in)) for bracket in brackets)}}}",
            home_in=home_in,
            away_in=away_in,
        )
