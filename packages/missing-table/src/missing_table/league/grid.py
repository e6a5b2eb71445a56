"""Who beat whom: every team's record against every other. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from missing_table.league.results import Result


@dataclass(slots=True)
class Record:
    """What a team has from its matches against one opponent. `points`: as the table counts them."""

    played: int = 0
    won: int = 0
    tied: int = 0
    lost: int = 0
    goals_for: int = 0
    goals_against: int = 0
    points: int = 0

    def count(self, scored: int, conceded: int, points: int) -> None:
        """Adds a match."""
        self.played += 1
        self.won += scored > conceded
        self.tied += scored == conceded
        self.lost += scored < conceded
        self.goals_for += scored
        self.goals_against += conceded
        self.points += points


def records(results: Iterable[Result]) -> dict[tuple[int, int], Record]:
    """By (team, opponent), both ways, for pairs that have met; a side for which a match does not count has none."""
    made: dict[tuple[int, int], Record] = {}
    for result in results:
        home_points, away_points = result.points()
        if result.counts_home:
            home = made.setdefault((result.home, result.away), Record())
            home.count(result.home_score, result.away_score, home_points)
        if result.counts_away:
            away = made.setdefault((result.away, result.home), Record())
            away.count(result.away_score, result.home_score, away_points)
    return made
