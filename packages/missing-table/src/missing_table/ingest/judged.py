"""What a judge says of a message: what is refused and why, and what may land. Values only.

A batch is judged match by match, so that one bad match costs one match. What is refused keeps its payload and reason.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from match_contract import FeedSnapshot, Match, MatchBatch, MessageKind, QualitySnapshot, RunReport

_DETAIL_LENGTH = 500
_NAME_LENGTH = 120


class Reason(StrEnum):
    """Why the merge put something into the quarantine. What the reader refused keeps the reader's own word."""

    MALFORMED = "malformed"
    SCHEMA_VERSION = "schema_version"
    TOO_MANY = "too_many"
    AHEAD = "ahead"
    DUPLICATE_ID = "duplicate_id"
    UNKNOWN_TEAM = "unknown_team"
    UNKNOWN_BRACKET = "unknown_bracket"


@dataclass(frozen=True, slots=True)
class Refused:
    """One thing for the quarantine: a match of a batch, or a whole message (then `external_id` is None)."""

    reason: str
    detail: str
    payload: Any
    external_id: str | None = None
    target: str = ""


@dataclass(frozen=True, slots=True)
class RefusedMessage:
    """A message that is refused altogether, under the ids that it names, or one derived from what it holds."""

    message_id: str
    kind: MessageKind
    run_id: str
    snapshot_id: str | None
    refused: Refused


@dataclass(frozen=True, slots=True)
class JudgedBatch:
    """A batch: its header (without matches), the matches that are whole with their hashes and targets, and the rest."""

    header: MatchBatch
    matches: list[Match]
    hashes: list[str]
    targets: list[str]
    refused: list[Refused] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    """The targets of matches that stand in the batch twice, word for word: counted as unchanged."""


AnyJudged = FeedSnapshot | QualitySnapshot | RunReport | JudgedBatch | RefusedMessage


def printable(text: str) -> str:
    """The same text as Postgres can hold it: NUL and lone surrogates become U+FFFD."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def sentence_of(error: ValidationError) -> str:
    """Return what is wrong, field by field, as one sentence."""
    parts = [f"{'.'.join(str(step) for step in entry['loc']) or 'message'}: {entry['msg']}" for entry in error.errors()]
    return "; ".join(parts)[:_DETAIL_LENGTH]


def name_of(payload: Any, side: str) -> str:
    """The team's name at a side ("home" or "away") of a match, or of one as the source had it; empty: it says none."""
    named: dict[str, Any] = payload if isinstance(payload, dict) else {}
    for found in (named.get(side), named.get(f"{side}_organisation")):
        name = found.get("name") if isinstance(found, dict) else found
        if isinstance(name, str):
            return name[:_NAME_LENGTH]
    return ""


def refuse_match(raw: Any, detail: str, reason: str = Reason.MALFORMED, *, target: str = "") -> Refused:
    named: dict[str, Any] = raw if isinstance(raw, dict) else {}
    external = named.get("external_id")
    return Refused(
        reason,
        printable(detail[:_DETAIL_LENGTH]),
        raw,
        printable(external[:80]) if isinstance(external, str) else None,
        printable(target),
    )
