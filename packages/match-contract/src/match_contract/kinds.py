"""Name the kinds of message, and the field in which each carries its own id. No model, no I/O."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class MessageKind(StrEnum):
    """What a message is about, as its field `kind` says. `ingest_batches.kind` holds the same words."""

    SNAPSHOT = "snapshot"
    BATCH = "batch"
    QUALITY = "quality"
    RUN_REPORT = "run_report"

    @property
    def id_field(self) -> str:
        """Return the name of the field that holds a message's own id."""
        return _ID_FIELDS[self]


_ID_FIELDS = {
    MessageKind.SNAPSHOT: "snapshot_id",
    MessageKind.BATCH: "batch_id",
    MessageKind.QUALITY: "quality_id",
    MessageKind.RUN_REPORT: "run_id",
}


def kind_of(message: Mapping[str, Any]) -> MessageKind | None:
    """Return the kind that a message names, None where it names none of ours."""
    named = message.get("kind")
    return MessageKind(named) if isinstance(named, str) and named in tuple(MessageKind) else None


def message_id(message: Mapping[str, Any]) -> str:
    """Return a message's own id, under which its receipt is kept.

    Raises ValueError for a kind that is none of ours, KeyError for a message that lacks its kind or its id.
    """
    return str(message[MessageKind(message["kind"]).id_field])
