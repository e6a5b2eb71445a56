"""Judges a message before any of it goes near the database: what is whole, what is not, and why. Pure; no I/O.

A batch is judged match by match, so that one bad match costs one match. What is refused keeps its payload and reason.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import available_timezones

from pydantic import TypeAdapter, ValidationError

from match_contract import (
    MAX_MATCHES_PER_BATCH,
    SCHEMA_VERSION,
    FeedSnapshot,
    Match,
    MatchBatch,
    MessageKind,
    QualitySnapshot,
    RunReport,
    Unreadable,
    accepts_version,
    content_hash,
    kind_of,
    wanted_by,
)

_WHOLE: dict[MessageKind, type[FeedSnapshot] | type[QualitySnapshot] | type[RunReport]] = {
    MessageKind.SNAPSHOT: FeedSnapshot,
    MessageKind.QUALITY: QualitySnapshot,
    MessageKind.RUN_REPORT: RunReport,
}
_OF_A_DOCUMENT = (MessageKind.SNAPSHOT, MessageKind.BATCH)
_UNREADABLE = UUID("0f7d3c52-93c5-4a0e-8f0e-6b5b0e1d6a21")
_NO_RUN = "00000000-0000-0000-0000-000000000000"
_MATCHES = TypeAdapter(list[Match])
_ZONES = frozenset(available_timezones())
_DETAIL_LENGTH = 500
_NAME_LENGTH = 120


class Reason(StrEnum):
    """Why the merge put something into the quarantine. What the reader refused keeps the reader's own word."""

    MALFORMED = "malformed"
    SCHEMA_VERSION = "schema_version"
    TOO_MANY = "too_many"
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
class Whole:
    """A message that is refused altogether, under the ids that it names, or one derived from what it holds."""

    message_id: str
    kind: MessageKind
    run_id: str
    snapshot_id: str | None
    refused: Refused


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch: its header (without matches), the matches that are whole with their hashes and targets, and the rest."""

    header: MatchBatch
    matches: list[Match]
    hashes: list[str]
    targets: list[str]
    refused: list[Refused] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    """The targets of matches that stand in the batch twice, word for word: counted as unchanged."""


def printable(text: str) -> str:
    """The same text as Postgres can hold it: NUL and lone surrogates become U+FFFD."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _sentence(error: ValidationError) -> str:
    parts = [f"{'.'.join(str(step) for step in entry['loc']) or 'message'}: {entry['msg']}" for entry in error.errors()]
    return "; ".join(parts)[:_DETAIL_LENGTH]


def _uuid_or_none(value: Any) -> str | None:
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def message_id_of(message: Any) -> str:
    """The id under which a message's receipt is kept: its own, else one derived from what it holds."""
    if isinstance(message, dict):
        kind = kind_of(message)
        own = _uuid_or_none(message.get(kind.id_field)) if kind else None
        if own:
            return own
    text = json.dumps(message, sort_keys=True, default=str)
    return str(uuid5(_UNREADABLE, hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()))


def _whole(message: Any, reason: Reason, detail: str) -> Whole:
    named: dict[str, Any] = message if isinstance(message, dict) else {}
    kind = kind_of(named) or MessageKind.BATCH
    return Whole(
        message_id=message_id_of(message),
        kind=kind,
        run_id=_uuid_or_none(named.get("run_id")) or _NO_RUN,
        snapshot_id=_uuid_or_none(named.get("snapshot_id")) if kind in _OF_A_DOCUMENT else None,
        refused=Refused(reason, printable(detail), message),
    )


def judge(message: Any) -> FeedSnapshot | QualitySnapshot | RunReport | Judged | Whole:
    """Reads one message. Never raises for what it holds: what cannot be read comes back as Whole."""
    if not isinstance(message, dict):
        return _whole(message, Reason.MALFORMED, f"a message is an object, not {type(message).__name__}")
    kind, version = kind_of(message), message.get("schema_version", SCHEMA_VERSION)
    if kind is None:
        named = str(message.get("kind"))[:60]
        return _whole(message, Reason.MALFORMED, f"kind {named!r} is none of {', '.join(MessageKind)}")
    if not isinstance(version, str) or not accepts_version(version):
        detail = f"schema_version {str(version)[:20]!r}: this worker reads {SCHEMA_VERSION.partition('.')[0]}.x"
        return _whole(message, Reason.SCHEMA_VERSION, detail)
    try:
        if kind is MessageKind.BATCH:
            return _judge_batch(message)
        whole = _WHOLE[kind].model_validate(message)
    except ValidationError as error:
        return _whole(message, Reason.MALFORMED, _sentence(error))
    where = _nul_in(whole.model_dump(mode="json"))
    return _whole(message, Reason.MALFORMED, f"{where} holds a NUL byte") if where else whole


def _nul_in(value: Any, path: str = "") -> str | None:
    if isinstance(value, str):
        return (path or "message") if "\x00" in value else None
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    for key, item in items:
        found = _nul_in(item, f"{path}.{key}".lstrip("."))
        if found:
            return found
    return None


def _judge_batch(message: dict[str, Any]) -> Judged | Whole:
    raw = message.get("matches")
    if not isinstance(raw, list | tuple):
        return _whole(message, Reason.MALFORMED, "matches: a batch carries a list of matches")
    if len(raw) > MAX_MATCHES_PER_BATCH:
        return _whole(message, Reason.TOO_MANY, f"{len(raw)} matches in one batch: at most {MAX_MATCHES_PER_BATCH}")
    header = MatchBatch.model_validate({**message, "matches": (), "targets": {}})
    where = _nul_in(header.model_dump(mode="json"))
    if where:
        return _whole(message, Reason.MALFORMED, f"{where} holds a NUL byte")
    targets = wanted_by(message)
    readable = [at for at, item in enumerate(raw) if not is_unread(item) and "\x00" not in targets[at]]
    matches, wrong = read_matches([raw[at] for at in readable])
    judged = Judged(header, [], [], [])
    for at, detail in wrong.items():
        judged.refused.append(refuse_match(raw[readable[at]], detail, target=targets[readable[at]]))
    for item, target in zip(raw, targets, strict=True):
        if is_unread(item):
            judged.refused.append(_unread(item, target))
        elif "\x00" in target:
            judged.refused.append(refuse_match(item, "target: holds a NUL byte", target=target))
    _settle_doubles(judged, list(matches.values()), [targets[readable[at]] for at in matches])
    return judged


def is_unread(item: Any) -> bool:
    """True of a match that the reader refused, and says why."""
    return isinstance(item, dict) and "rejected" in item


def _unread(item: dict[str, Any], target: str) -> Refused:
    try:
        why = Unreadable.model_validate(item["rejected"])
    except ValidationError as error:
        return refuse_match(item, f"rejected: {_sentence(error)}", target=target)
    return refuse_match(item, why.detail, why.reason, target=target)


def read_matches(raw: Sequence[Any]) -> tuple[dict[int, Match], dict[int, str]]:
    """Validate matches in one pass, with a second one only where some are bad.

    Returns the good ones and why the others are refused, both by their positions in `raw`.
    """
    wrong: dict[int, str] = {}
    try:
        matches = _MATCHES.validate_python(raw)
    except ValidationError as error:
        told: dict[int, list[str]] = {}
        for entry in error.errors(include_url=False):
            index, *rest = entry["loc"]
            told.setdefault(int(index), []).append(f"{'.'.join(map(str, rest)) or 'match'}: {entry['msg']}")
        wrong = {index: "; ".join(sentences) for index, sentences in sorted(told.items())}
        matches = _MATCHES.validate_python([item for index, item in enumerate(raw) if index not in wrong])
    good: dict[int, Match] = {}
    for index, match in zip([at for at in range(len(raw)) if at not in wrong], matches, strict=True):
        detail = _beyond_the_contract(match)
        if detail is None:
            good[index] = match
        else:
            wrong[index] = detail
    return good, wrong


def _beyond_the_contract(match: Match) -> str | None:
    """What the database could not keep although the model takes it."""
    if match.timezone not in _ZONES:
        return f"timezone: {match.timezone!r} is no IANA zone"
    for side in (match.home, match.away):
        if "\x00" in f"{side.crest_url}{side.age_label}":
            return f"a team's crest_url or age_label holds a NUL byte ({side.name})"
    return None


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


def _settle_doubles(judged: Judged, matches: Sequence[Match], targets: Sequence[str]) -> None:
    """Keep one match an id: of two that differ the newer (equal moments: the greater hash), the other is refused."""
    hashes = [content_hash(match) for match in matches]
    best: dict[tuple[str, str, str], int] = {}
    for index, match in enumerate(matches):
        key = (match.source, match.season, match.external_id)
        other = best.get(key)
        if other is None:
            best[key] = index
            continue
        if (match.observed_at, hashes[index]) > (matches[other].observed_at, hashes[other]):
            best[key], loser = index, other
        else:
            loser = index
        if hashes[loser] == hashes[best[key]]:
            judged.repeated.append(targets[loser])
        else:
            detail = f"external_id {match.external_id!r} stands in this batch twice with different content"
            payload = matches[loser].model_dump(mode="json")
            judged.refused.append(refuse_match(payload, detail, Reason.DUPLICATE_ID, target=targets[loser]))
    for index in best.values():
        judged.matches.append(matches[index])
        judged.hashes.append(hashes[index])
        judged.targets.append(targets[index])
