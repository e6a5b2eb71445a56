"""Which positions a team can still finish in, what makes a place sure, and since when a place is lost. Pure.

All matches left are taken to be played. Every answer is an optimum of `possible`, and comes with a witness: a set of
results that leads there, checked by the table's own code.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from missing_table.league.possible import MOST_GOALS, Bracket, Rivals
from missing_table.league.program import OutOfTime, total
from missing_table.league.results import WIN, Entrant, Fixture, Result, tally
from missing_table.league.tie_breaks import order, rows_of

SECONDS = 30.0
"""For one question. Nearly all are answered in hundredths of a second."""
ALL_PLACES_FROM = 6
"""Matches that a team has left at most for every place to be looked at; before that first place alone is. A question
early in the season takes longer, and "58 points from 20 matches" helps nobody."""
PLAIN = 3
"""Goals of a win in a witness that a reader can believe, where such scores lead to the same position."""


class WrongWitness(Exception):
    """A solution whose results do not lead where it says: a fault of this module."""


class Reach(NamedTuple):
    """The best and the worst position. `exact`: both are proved; else the solver ran out of time and they are bounds.

    `best_way`, `worst_way`: results of every match left that lead there, empty where nothing is proved.
    """

    best: int
    worst: int
    exact: bool
    best_way: tuple[Result, ...] = ()
    worst_way: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """A bracket on a day: what is played and what is left. `shootouts`: ties are settled by penalties (Flex)."""

    entrants: Sequence[Entrant]
    results: Sequence[Result]
    fixtures: Sequence[Fixture]
    shootouts: bool = False

    def left(self, team: int) -> int:
        """Return how many matches that count for a team are left."""
        return sum((f.home == team and f.counts_home) + (f.away == team and f.counts_away) for f in self.fixtures)

    def position(self, team: int, way: Iterable[Result]) -> int:
        """Return where a team ends if the matches left end this way."""
        places = order(self.entrants, [*self.results, *way])
        return next(place.position for place in places if place.tally.entrant.team_id == team)

    def rivals(self, team: int, *, above: bool, settled: Sequence[Result] = (), gain: int | None = None) -> Rivals:
        """Return the program of one team against all others, with some matches settled or its own points fixed."""
        done = {result.match_id for result in settled}
        results = [*self.results, *settled]
        rows = {row.tally.entrant.team_id: row for row in rows_of(tally(self.entrants, results).values())}
        fixtures = [fixture for fixture in self.fixtures if fixture.match_id not in done]
        return Rivals(Bracket(rows, results, fixtures, self.shootouts), team, above, gain)


def reach(situation: Situation, teams: Iterable[int] | None = None, *, seconds: float = SECONDS) -> dict[int, Reach]:
    """Return each team's best and worst position with a way to either; of `teams` alone where they are given."""
    asked = [entrant.team_id for entrant in situation.entrants] if teams is None else list(teams)
    made = {}
    for team in asked:
        best, best_way = _extreme(situation, team, above=False, seconds=seconds)
        worst, worst_way = _extreme(situation, team, above=True, seconds=seconds)
        proved = best_way is not None and worst_way is not None
        made[team] = Reach(best, worst, proved, tuple(best_way or ()), tuple(worst_way or ()))
    return made


def _extreme(situation: Situation, team: int, *, above: bool, seconds: float) -> tuple[int, list[Result] | None]:
    """Return the best (others below) or the worst (others above) position and a way to it, None where none is proved.

    More points never hurt a team, nor do more goals: for its best it wins all of its own, for its worst it loses them.
    """
    everybody = len(situation.entrants)
    own = [_own(f, team, wins=not above, goals=MOST_GOALS) for f in situation.fixtures if team in (f.home, f.away)]
    question = situation.rivals(team, above=above, settled=own)
    try:
        found = question.program.maximize(total(question.claims), seconds=seconds)
    except OutOfTime:
        return (everybody if above else 1), None
    if found is None:
        raise WrongWitness(f"the matches of team {team} cannot end at all")
    count = question.sure + found.objective
    position = 1 + count if above else everybody - count
    way = [*own, *question.results(found)]
    if situation.position(team, way) != position:
        raise WrongWitness(f"team {team} ends at {situation.position(team, way)}, not at {position}")
    return position, _believable(situation, team, way, position)


def _own(fixture: Fixture, team: int, *, wins: bool, goals: int) -> Result:
    return fixture.ended(*((goals, 0) if (fixture.home == team) == wins else (0, goals)))


def _believable(situation: Situation, team: int, way: list[Result], position: int) -> list[Result]:
    """Return the same outcomes by everyday scores where these lead to the same position, else the way as it is."""
    for own, others in ((1, 1), (PLAIN, 1), (PLAIN, PLAIN), (MOST_GOALS, 1)):
        plain = [_plain(result, own if team in (result.home, result.away) else others) for result in way]
        if situation.position(team, plain) == position:
            return plain
    return way


def _plain(result: Result, goals: int) -> Result:
    if result.home_score == result.away_score:
        return result._replace(home_score=0, away_score=0)
    home_wins = result.home_score > result.away_score
    return result._replace(home_score=goals if home_wins else 0, away_score=0 if home_wins else goals)


def secure(situation: Situation, team: int, found: Reach, *, seconds: float = SECONDS) -> dict[int, int | None]:
    """Return by place how many points from its matches left make that place or better sure, whatever others do.

    0 where it is sure already; None where even all points do not, or where the solver ran out of time. Places better
    than its best are left out, as are those behind its worst; with more than ALL_PLACES_FROM matches left all but the
    best one are.

    More points are not always better: three from a win and a defeat help the winner's rival more than two ties do. So
    the gains are asked one by one, the largest first, each only for more teams above than any larger one allows.
    """
    gains = attainable(situation.left(team), shootouts=situation.shootouts)
    last = found.worst if situation.left(team) <= ALL_PLACES_FROM else found.best
    needed: dict[int, int | None] = dict.fromkeys(range(found.best, last + 1), 0)
    most = found.best - 1
    above_gain: int | None = None
    for gain in reversed(gains):
        if most >= min(last, found.worst - 1):
            break
        try:
            count = _more_above(situation, team, gain, most, min(last, found.worst - 1), seconds=seconds)
        except OutOfTime:
            return needed | dict.fromkeys(range(most + 1, min(last, found.worst - 1) + 1), None)
        for place in range(most + 1, min(last, count) + 1):
            needed[place] = above_gain  # with `gain` it can still end behind this place, with any larger one it cannot
        most, above_gain = max(most, count), gain
    return needed


def _more_above(situation: Situation, team: int, gain: int, most: int, limit: int, *, seconds: float) -> int:
    """Return how many, up to `limit`, can end above a team that takes exactly so many points; `most` if no more can."""
    question = situation.rivals(team, above=True, gain=gain)
    if question.sure >= limit:
        return limit
    question.program.between(total(question.claims), lower=most + 1 - question.sure, upper=limit - question.sure)
    found = question.program.maximize(total(question.claims), seconds=seconds)
    if found is None:
        return most
    count = question.sure + found.objective
    if situation.position(team, question.results(found)) <= count:
        raise WrongWitness(f"team {team} does not end behind {count} others with {gain} points")
    return count


def attainable(left: int, *, shootouts: bool) -> list[int]:
    """Return the points that some matches can give, fewest first: without penalties, one under the most is not one."""
    most = WIN * left
    return [gain for gain in range(most + 1) if shootouts or left == 0 or gain != most - 1]


def lost_since(
    situation: Situation, team: int, best: int, known: Mapping[int, date], *, seconds: float = SECONDS
) -> dict[int, date]:
    """Return by place better than `best` the day whose results put it out of reach.

    `known` are days that were found before and still hold. A day's results only ever narrow what is possible, so the
    day is found by halving. A place is left out where the solver ran out of time on the way.
    """
    days = sorted({result.local_date for result in situation.results})
    made = {place: known[place] for place in range(1, best) if place in known}
    missing = [place for place in range(1, best) if place not in made]
    if not missing or not days:
        return made
    found = {len(days): best}

    def at(count: int) -> int:
        """Return the best position once the first `count` days were played."""
        if count not in found:
            before = _as_of(situation, days[count - 1] if count else None)
            best, way = _extreme(before, team, above=False, seconds=seconds)
            if way is None:
                raise OutOfTime(f"the best position of team {team} after {count} days")
            found[count] = best
        return found[count]

    def lost_on(place: int) -> date | None:
        """Return the day, None where the place never was within reach."""
        if at(0) > place:
            return None  # more teams are sure to end above than there are places
        low = max(count for count, position in found.items() if position <= place)
        high = min(count for count, position in found.items() if position > place)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if at(middle) <= place else (low, middle)
        return days[high - 1]

    for place in missing:
        try:
            day = lost_on(place)
        except OutOfTime:
            continue
        if day is not None:
            made[place] = day
    return made


def _as_of(situation: Situation, day: date | None) -> Situation:
    """Return the bracket as it stood after a day, None for before the first: later results are matches left."""
    played = [result for result in situation.results if day is not None and result.local_date <= day]
    later = [result for result in situation.results if day is None or result.local_date > day]
    reopened = [
        Fixture(r.match_id, r.home, r.away, r.local_date, r.kick_off, r.counts_home, r.counts_away) for r in later
    ]
    return Situation(situation.entrants, played, [*situation.fixtures, *reopened], situation.shootouts)
