"""Judges a message before any of it goes near the database: what is whole, what is not, and why. Pure; no I/O."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from pydantic import ValidationError

from match_contract import (
    MAX_MATCHES_PER_BATCH,
    SCHEMA_VERSION,
    FeedSnapshot,
    MatchBatch,
    MessageKind,
    QualitySnapshot,
    RunReport,
    accepts_version,
    kind_of,
    wanted_by,
)
from missing_table.ingest.judge_matches import judge_matches
from missing_table.ingest.judged import AnyJudged, JudgedBatch, Reason, Refused, RefusedMessage, printable, sentence_of

AHEAD_BY = timedelta(minutes=15)
"""No clock of somebody else is trusted further ahead of ours: what is dated later would win for ever."""

_WHOLE: dict[MessageKind, type[FeedSnapshot] | type[QualitySnapshot] | type[RunReport]] = {
    MessageKind.SNAPSHOT: FeedSnapshot,
    MessageKind.QUALITY: QualitySnapshot,
    MessageKind.RUN_REPORT: RunReport,
}
_OF_A_DOCUMENT = (MessageKind.SNAPSHOT, MessageKind.BATCH)
_UNREADABLE = UUID("0f7d3c52-93c5-4a0e-8f0e-6b5b0e1d6a21")
_NO_RUN = "00000000-0000-0000-0000-000000000000"


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


def refused_message(message: Any, reason: Reason, detail: str) -> RefusedMessage:
    named: dict[str, Any] = message if isinstance(message, dict) else {}
    kind = kind_of(named) or MessageKind.BATCH
    return RefusedMessage(
        message_id=message_id_of(message),
        kind=kind,
        run_id=_uuid_or_none(named.get("run_id")) or _NO_RUN,
        snapshot_id=_uuid_or_none(named.get("snapshot_id")) if kind in _OF_A_DOCUMENT else None,
        refused=Refused(reason, printable(detail), message),
    )


def judge(message: Any, now: datetime | None = None) -> AnyJudged:
    """Judge one message. Never raises for what it holds: what cannot be read comes back as RefusedMessage.

    `now`: our clock; what is dated more than AHEAD_BY ahead of it is refused. None: no clock is asked.
    """
    judged = _judge(message)
    ahead = _dated(judged)
    if now is None or ahead is None or ahead <= now + AHEAD_BY:
        return judged
    minutes = int(AHEAD_BY.total_seconds() // 60)
    detail = f"dated {ahead:%Y-%m-%d %H:%M} UTC, more than {minutes} minutes ahead of our clock ({now:%Y-%m-%d %H:%M})"
    return refused_message(message, Reason.AHEAD, detail)


def _dated(judged: AnyJudged) -> datetime | None:
    """Return the newest moment for which a message asks to be believed, None where it asks for none."""
    if isinstance(judged, FeedSnapshot):
        return max((judged.observed_at, *(document.synced_at for document in judged.documents)))
    if isinstance(judged, JudgedBatch):
        return max((match.observed_at for match in judged.matches), default=None)
    return judged.taken_at if isinstance(judged, QualitySnapshot) else None


def _judge(message: Any) -> AnyJudged:
    if not isinstance(message, dict):
        return refused_message(message, Reason.MALFORMED, f"a message is an object, not {type(message).__name__}")
    kind, version = kind_of(message), message.get("schema_version", SCHEMA_VERSION)
    if kind is None:
        named = str(message.get("kind"))[:60]
        return refused_message(message, Reason.MALFORMED, f"kind {named!r} is none of {', '.join(MessageKind)}")
    if not isinstance(version, str) or not accepts_version(version):
        detail = f"schema_version {str(version)[:20]!r}: this worker reads {SCHEMA_VERSION.partition('.')[0]}.x"
        return refused_message(message, Reason.SCHEMA_VERSION, detail)
    try:
        if kind is MessageKind.BATCH:
            return _judge_batch(message)
        whole = _WHOLE[kind].model_validate(message)
    except ValidationError as error:
        return refused_message(message, Reason.MALFORMED, sentence_of(error))
    where = _nul_in(whole.model_dump(mode="json"))
    return refused_message(message, Reason.MALFORMED, f"{where} holds a NUL byte") if where else whole


def _judge_batch(message: dict[str, Any]) -> AnyJudged:
    raw = message.get("matches")
    if not isinstance(raw, list | tuple):
        return refused_message(message, Reason.MALFORMED, "matches: a batch carries a list of matches")
    if len(raw) > MAX_MATCHES_PER_BATCH:
        detail = f"{len(raw)} matches in one batch: at most {MAX_MATCHES_PER_BATCH}"
        return refused_message(message, Reason.TOO_MANY, detail)
    header = MatchBatch.model_validate({**message, "matches": (), "targets": {}})
    where = _nul_in(header.model_dump(mode="json"))
    if where:
        return refused_message(message, Reason.MALFORMED, f"{where} holds a NUL byte")
    return judge_matches(header, raw, wanted_by(message))


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
