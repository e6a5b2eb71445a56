"""Refuse a reading of which too much cannot be read, or that holds too little of what landed before. Pure."""

from dataclasses import replace

from match_contract.guards import KEPT_SHARE, Held, shrank
from match_scraper.outcomes import Outcome
from match_scraper.values import LandedFeed, Reading

UNKNOWN_COMPETITION = "unknown_competition"


def _nothing_of(reading: Reading, outcome: Outcome, detail: str) -> Reading:
    """The refusal of a reading: what was rejected and noted stays in it, for a person to look at."""
    return replace(
        reading,
        outcome=outcome,
        detail=detail,
        matches=[],
        brackets=(),
        external_ids=(),
        scored=0,
        released=False,
    )


def sound(reading: Reading, *, seen: int) -> Reading:
    """Return the reading, or its refusal where so much of it cannot be read that the reader must be wrong.

    `seen` counts the matches that stand there. Up to a fifth of them are lost one by one, each with its reason.
    """
    key = reading.key.key
    strange = [one for one in reading.rejected if one.reason == UNKNOWN_COMPETITION]
    unreadable = [one for one in reading.rejected if one.reason not in ("duplicate", UNKNOWN_COMPETITION)]
    for found, what in ((strange, "are of no competition that we know"), (unreadable, "cannot be read")):
        if seen and len(found) / seen > 1 - KEPT_SHARE:
            told = (
                f"{key}: {len(found) / seen:.0%} of its matches {what}, nothing of it is taken; the first: "
                f"{found[0].detail}"
            )
            return _nothing_of(reading, Outcome.MALFORMED, told)
    return reading


def guarded(reading: Reading, landed: LandedFeed | None) -> Reading:
    """Return the reading, or its refusal where too much of what landed before is gone."""
    if landed is None or reading.outcome is not Outcome.READ:
        return reading
    before, now = Held(landed.matches, landed.scored), Held(len(reading.external_ids), reading.scored)
    why = shrank(reading.key.key, before, now)
    return reading if why is None else _nothing_of(reading, Outcome.SHRUNKEN, why)
