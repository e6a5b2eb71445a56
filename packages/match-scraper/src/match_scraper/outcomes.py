"""The named outcomes of a reading, and the failure that carries one. Nothing here reads anything."""

from enum import StrEnum
from pathlib import Path


class Outcome(StrEnum):
    """What came of reading one feed, or of looking at the outer page."""

    READ = "read"
    UNCHANGED = "unchanged"
    NOT_PUBLISHED = "not_published"
    SHELL = "shell"
    EMPTY = "empty"
    SHRUNKEN = "shrunken"
    MALFORMED = "malformed"
    AHEAD = "ahead"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    CONSENT_NOT_PASSED = "consent_not_passed"
    VIEWER_NOT_FOUND = "viewer_not_found"

    @property
    def is_failure(self) -> bool:
        """False for what a good day brings: read, unchanged, not published yet."""
        return self not in (Outcome.READ, Outcome.UNCHANGED, Outcome.NOT_PUBLISHED)


class SourceError(Exception):
    """The source could not be looked at. `str()` is one sentence that says what happened and what to do.

    `evidence`: files that were kept (screenshot, HTML), for a person to open.
    """

    def __init__(self, outcome: Outcome, detail: str, *, evidence: tuple[Path, ...] = ()) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.evidence = evidence
