"""Decide when a document holds too little to be believed. One rule and one wording for the reader and the merge."""

from typing import NamedTuple

KEPT_SHARE = 0.8
"""A document that holds less than this share of what landed before is refused: it would cancel a season."""
FEW_SCORES = 5
"""So few scores may be taken back at once without that being a broken document, since scores are corrected."""


class Held(NamedTuple):
    """How much a document holds: matches, and how many of them carry a score."""

    matches: int
    scored: int


def shrank(key: str, before: Held, now: Held) -> str | None:
    """Return why the document of `key` is not to be believed beside what landed before, or None where it is."""
    if now.matches < KEPT_SHARE * before.matches:
        told = f"{now.matches:,} matches where {before.matches:,} landed before"
    elif before.scored - now.scored > FEW_SCORES and now.scored < KEPT_SHARE * before.scored:
        told = f"{now.scored:,} scores where {before.scored:,} landed before"
    else:
        return None
    way_out = f"run with --accept-shrink {key} if the site is right"
    return f"{key}: {told}, and a drop of more than a fifth is refused; {way_out}"
