"""Refuse a reading of which too much cannot be read, or that holds too little of what landed before. Pure."""

from dataclasses import replace

from match_scraper.outcomes import Outcome
from match_scraper.values import LandedFeed, Reading

SOUND_SHARE = 0.99
"""No more than this share sound, and the document is refused whole."""
KEPT_SHARE = 0.8
"""A document that holds less than this of what landed before is refused."""
FEW_SCORES = 5
"""So few scores may be taken back at once without that being a broken document: scores are corrected."""
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


def sound(reading: Reading, *, seen: int, bad_rows: float = 0.0, first_row: str = "") -> Reading:
    """Return the reading, or its refusal where too much of it cannot be read.

    `seen` counts the matches that stand there; `bad_rows` is the share of its tables' rows that cannot be read, and
    `first_row` what is wrong with the first of them.
    """
    key = reading.key.key
    strange = [one for one in reading.rejected if one.reason == UNKNOWN_COMPETITION]
    unreadable = [one for one in reading.rejected if one.reason not in ("duplicate", UNKNOWN_COMPETITION)]
    if seen and len(strange) / seen > 1 - KEPT_SHARE:
        share = len(strange) / seen
        told = (
            f"{key}: {share:.0%} of its matches are of no competition that we know, nothing of it is taken; the first"
        )
        return _nothing_of(reading, Outcome.MALFORMED, f"{told}: {strange[0].detail}")
    bad = max(len(unreadable) / seen if seen else 0.0, bad_rows)
    if 1 - bad > SOUND_SHARE:
        return reading
    first = unreadable[0].detail if unreadable else first_row
    told = (
        f"{key}: only {1 - bad:.1%} of it is sound (more than {SOUND_SHARE:.0%} is needed), nothing of it is "
        f"taken; the first bad field is {first}"
    )
    return _nothing_of(reading, Outcome.MALFORMED, told)


def guarded(reading: Reading, landed: LandedFeed | None) -> Reading:
    """The shrink guard: the reading, or its refusal where too much of what landed before is gone."""
    if landed is None or reading.outcome is not Outcome.READ:
        return reading
    key, matches = reading.key.key, len(reading.external_ids)
    how = f"run with --accept-shrink {key} if the site is right"
    if matches < KEPT_SHARE * landed.matches:
        told = f"{key}: {matches:,} matches where {landed.matches:,} landed before: refused; {how}"
        return _nothing_of(reading, Outcome.SHRUNKEN, told)
    if landed.scored - reading.scored > FEW_SCORES and reading.scored < KEPT_SHARE * landed.scored:
        told = f"{key}: {reading.scored:,} scores where {landed.scored:,} landed before: refused; {how}"
        return _nothing_of(reading, Outcome.SHRUNKEN, told)
    return reading
