"""What a message did, and what its receipt repeats of it. Values only."""

from dataclasses import dataclass, field
from typing import NamedTuple

from match_contract import Counts, MessageKind, Refusal
from missing_table.ingest.judged import Refused


class Header(NamedTuple):
    """What a receipt repeats of its message."""

    message_id: str
    kind: MessageKind
    run_id: str
    snapshot_id: str | None
    part: int | None = None
    parts: int | None = None


@dataclass(frozen=True, slots=True)
class Landed:
    """What a message did, before its receipt is written.

    `changed`: matches and their fields. `absences`: competitions (source, season, league) to be judged again.
    `refusal`: why the message was refused as a whole. `events`: kinds and payloads to be told of.
    """

    counts: Counts = field(default_factory=Counts)
    by_target: dict[str, Counts] = field(default_factory=dict)
    brackets: set[int] = field(default_factory=set)
    changed: list[tuple[int, list[str]]] = field(default_factory=list)
    absences: set[tuple[str, int, int]] = field(default_factory=set)
    external_ids: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    refusal: tuple[Refusal, str] | None = None
    events: list[tuple[str, dict[str, str]]] = field(default_factory=list)
