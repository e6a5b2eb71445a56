"""Say where a match stands: its status, score and shoot-out. Pure."""

from collections import Counter
from datetime import datetime, timedelta

from match_contract import Status
from match_scraper.assist.kickoffs import KickOff
from match_scraper.assist.structs import Event

OVER_AFTER = timedelta(hours=2)
"""So long after its kick-off a match without a score counts as played."""
NONE = (None, None)

Pair = tuple[int | None, int | None]


class NoTie(ValueError):
    """A shoot-out after a match that was no tie. `str()` says both scores."""


class Results:
    """Reads the results of a document, and counts what is strange about them."""

    def __init__(self, synced_at: datetime) -> None:
        self._synced_at = synced_at
        self.quirks: Counter[str] = Counter()
        self.odd: Counter[str] = Counter()

    def read(self, event: Event, kick_off: KickOff) -> tuple[Status, Pair, Pair]:
        """Return status, score and shoot-out; raises NoTie.

        Finished is what has kicked off by the document's own clock and carries both scores, whatever it is flagged.
        """
        home, away = event.home_score, event.away_score
        kicked_off = event.start_time <= self._synced_at
        if home is not None and away is not None and kicked_off:
            return Status.COMPLETED, *self._scores(event, home, away)
        if not kicked_off:
            if event.completed or home is not None or away is not None:
                self.quirks["ahead but flagged completed or scored, which is not taken"] += 1
            return Status.SCHEDULED, NONE, NONE
        if home is not None or away is not None:
            self.odd["with one score of two, which is not taken"] += 1
        if kick_off.time_set:
            over = event.start_time + OVER_AFTER <= self._synced_at
        else:
            over = kick_off.day < self._synced_at.astimezone(kick_off.local.tzinfo).date()
        if over:
            self.quirks["played without a score yet"] += 1
        return Status.TBD if over else Status.SCHEDULED, NONE, NONE

    def _scores(self, event: Event, home: int, away: int) -> tuple[Pair, Pair]:
        """Return score and shoot-out. One that was summed into the score is taken out of it where it fits exactly."""
        first, second = event.home_penalty_shootout_score, event.away_penalty_shootout_score
        if first is None and second is None:
            return (home, away), NONE
        if first is None or second is None:
            self.odd["with half a shoot-out, which is not taken"] += 1
            return (home, away), NONE
        if first == second:
            self.odd["with a shoot-out that nobody won, which is not taken"] += 1
            return (home, away), NONE
        if home == away:
            return (home, away), (first, second)
        if home - first == away - second >= 0:
            self.odd["with a shoot-out summed into the score, which is taken out of it"] += 1
            return (home - first, away - second), (first, second)
        raise NoTie(f"a shoot-out of {first}-{second} after {home}-{away}, which is no tie")
