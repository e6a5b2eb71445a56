"""An honest score: each weekend's matches estimated from what stood before it alone. Pure."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from missing_table.league.accuracy import BaseRate, Score, outcome, score
from missing_table.league.ratings import Floats, Games, Prior, chances, fit
from missing_table.league.results import WHEN, Result
from missing_table.league.weekend import weekend_of


def games_of(results: Sequence[Result], index: dict[int, int]) -> Games:
    """Results as arrays."""
    return Games(
        np.array([index[r.home] for r in results], dtype=np.int64),
        np.array([index[r.away] for r in results], dtype=np.int64),
        np.array([r.home_score for r in results], dtype=np.float64),
        np.array([r.away_score for r in results], dtype=np.float64),
    )


def walk_forward(results: Sequence[Result], index: dict[int, int], prior: Prior, random: np.random.Generator) -> Score:
    """The sums over all results. The base rate learns as the season goes, too."""
    ordered = sorted(results, key=WHEN)
    games = games_of(ordered, index)
    base, total, seen = BaseRate(), Score(), 0
    start: Floats | None = None
    for _, group in groupby(ordered, key=lambda r: weekend_of(r.local_date)):
        weekend = list(group)
        known = np.zeros(len(ordered), dtype=bool)
        known[:seen] = True
        ratings = fit(games.first(known), prior, start)
        start = ratings.values
        now = slice(seen, seen + len(weekend))
        found = chances(ratings, games.home[now], games.away[now], random)
        happened = [outcome(r.home_score, r.away_score) for r in weekend]
        total = total.plus(score(found.outcomes.tolist(), base.chances(), happened))
        for one in happened:
            base.count(one)
        seen += len(weekend)
    return total
