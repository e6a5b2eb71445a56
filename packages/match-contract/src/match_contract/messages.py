"""Shape the messages that go through the exchange, and the receipt that comes back.

Version rule: a newer minor version is accepted (unknown fields are ignored), a newer major one is quarantined whole.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, TypeAdapter, field_validator, model_validator

from match_contract.kinds import MessageKind
from match_contract.knowledge import OfficialCheck
from match_contract.models import AgeGroup, Bracket, Identifier, Match, Part, SeasonName, TeamRef, Text
from match_contract.season import Season
from match_contract.sources import League, Source
from match_contract.targets import TARGET_LENGTH

SCHEMA_VERSION = "1.2"
MAX_MATCHES_PER_BATCH = 500

Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Version = Annotated[str, StringConstraints(pattern=r"^\d{1,4}\.\d{1,4}$")]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""As many as a column of four bytes counts."""
Large = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""As many as a column of eight bytes counts."""
TargetName = Annotated[str, StringConstraints(max_length=TARGET_LENGTH)]


class StandingsRow(Part):
    """A team in a published table. `position` is None for a team that the document leaves out but that plays in it.

    `values` are the published ones by the source's own key (strings, as published); empty where none are published.
    """

    team: TeamRef
    position: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    values: dict[str, str] = Field(default_factory=dict)


class BracketStandings(Bracket):
    """A bracket with the teams that stand in it."""

    teams: tuple[StandingsRow, ...] = ()


class DocumentRef(Part):
    """One document as it was read: its address below the viewer, validators, hash of the body (hex), size in bytes."""

    path: Annotated[str, StringConstraints(max_length=300)]
    etag: Annotated[str, StringConstraints(max_length=200)] | None = None
    last_modified: Annotated[str, StringConstraints(max_length=100)] | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    synced_at: AwareDatetime
    size_bytes: Large = 0


class FeedSnapshot(Part):
    """A competition season as read at one moment (its schedule and its standings document).

    `external_ids` are those of every match in the document, also of those outside `scope`; `scope` are the external ids
    of the brackets whose matches follow in `parts` batches (None: all of them). `accept_shrink` accepts this document
    although it carries much less than the last one that landed.
    """

    kind: Literal[MessageKind.SNAPSHOT] = MessageKind.SNAPSHOT
    schema_version: Version = SCHEMA_VERSION
    run_id: Uuid
    snapshot_id: Uuid
    source: Source
    site: Annotated[str, StringConstraints(max_length=200)]
    key: Identifier
    season: SeasonName
    league: League
    observed_at: AwareDatetime
    documents: tuple[DocumentRef, ...] = ()
    brackets: tuple[BracketStandings, ...] = ()
    external_ids: tuple[Identifier, ...] = ()
    scored: Count = 0
    scope: tuple[Identifier, ...] | None = None
    parts: Count
    accept_shrink: bool = False


class Unreadable(Part):
    """Why the reader refused a match: a word of its own closed set, a sentence for a person, and where it stood."""

    reason: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]
    detail: str
    source: Source
    season: SeasonName
    observed_at: AwareDatetime


class UnreadMatch(Part):
    """A match that the reader refused: its payload as it came (any field), with the reason under `rejected`."""

    model_config = ConfigDict(extra="allow")

    external_id: str | None = None
    rejected: Unreadable


class MatchBatch(Part):
    """Part `part` of `parts` (from 1) of a snapshot. Carries the brackets that its matches name: it lands by itself.

    `teams`: those of its brackets where the source has no ids, so that the batch need not wait for its snapshot (1.1).
    What the reader refused travels among the matches (since 1.1 with its reason) and goes to the quarantine.
    `targets` says which of the run's targets wants which matches, by their positions from 0, so that the receipt can
    count by target (since 1.2; until then each match named its own in `target`).
    """

    kind: Literal[MessageKind.BATCH] = MessageKind.BATCH
    schema_version: Version = SCHEMA_VERSION
    run_id: Uuid
    batch_id: Uuid
    snapshot_id: Uuid
    part: Annotated[int, Field(ge=1, le=2**31 - 1)]
    parts: Annotated[int, Field(ge=1, le=2**31 - 1)]
    brackets: tuple[Bracket, ...] = ()
    teams: tuple[TeamRef, ...] = ()
    targets: dict[TargetName, tuple[Count, ...]] = Field(default_factory=dict)
    matches: Annotated[tuple[Match | UnreadMatch, ...], Field(max_length=MAX_MATCHES_PER_BATCH)]

    @model_validator(mode="after")
    def _within(self) -> "MatchBatch":
        if self.part > self.parts:
            raise ValueError(f"part {self.part} of {self.parts}")
        return self


class QualityRow(Part):
    """A team's line in a Quality of Play table: rank, matches rated, and the three ratings as printed."""

    rank: Annotated[int, Field(ge=1, le=2_147_483_647)]
    team: Text
    matches: Count
    attack: Annotated[str, StringConstraints(max_length=20)]
    defence: Annotated[str, StringConstraints(max_length=20)]
    score: Annotated[str, StringConstraints(max_length=20)]


class QualityTable(Part):
    """The ranking of one division."""

    division: Text
    rows: Annotated[tuple[QualityRow, ...], Field(min_length=1)]


class QualitySnapshot(Part):
    """The Quality of Play rankings of a league's age group as they stood at `taken_at`.

    The site names no season with them: `season` is the one that was played when they were taken.
    """

    kind: Literal[MessageKind.QUALITY] = MessageKind.QUALITY
    schema_version: Version = SCHEMA_VERSION
    run_id: Uuid
    quality_id: Uuid
    source: Source
    season: SeasonName
    league: League
    age_group: AgeGroup
    taken_at: AwareDatetime
    tables: tuple[QualityTable, ...]

    @field_validator("season")
    @classmethod
    def _season(cls, name: str) -> str:
        return Season.parse(name).name

    @model_validator(mode="after")
    def _once(self) -> "QualitySnapshot":
        names = [table.division for table in self.tables]
        if len(set(names)) < len(names):
            raise ValueError("a division stands twice: each has one table")
        return self


class Counts(Part):
    """What became of matches. `protected`: a person's correction or a kept score stood against the source.

    Of a `quality` message they count tables.
    """

    inserted: Count = 0
    updated: Count = 0
    unchanged: Count = 0
    protected: Count = 0
    rejected: Count = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            inserted=self.inserted + other.inserted,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
            protected=self.protected + other.protected,
            rejected=self.rejected + other.rejected,
        )

    @property
    def landed(self) -> int:
        """Matches that the database now holds as the rules want them."""
        return self.inserted + self.updated + self.unchanged + self.protected


class Rejection(Part):
    """A match that went to the quarantine. `reason` is a word of a closed set, `detail` a sentence for a person.

    `home` and `away` are the teams' names, empty where the match does not say them (since 1.1).
    """

    external_id: str | None
    reason: str
    detail: str
    target: str = ""
    home: str = ""
    away: str = ""


class Refusal(StrEnum):
    """Why a message was refused as a whole. `other`: a word of a newer version, whose sentence says the rest."""

    MALFORMED = "malformed"
    SCHEMA_VERSION = "schema_version"
    TOO_MANY = "too_many"
    SHRUNK = "shrunk"
    AHEAD = "ahead"
    OTHER = "other"


def told_apart(receipt: Any) -> Any:
    """Return a receipt with `reason` and `detail` apart; until 1.1 `reason` held the two, "word: sentence"."""
    told = receipt.get("reason") if isinstance(receipt, dict) else None
    if not isinstance(told, str) or told in tuple(Refusal):
        return receipt
    word, _, sentence = told.partition(": ")
    known = word in tuple(Refusal)
    parts = {"reason": Refusal(word), "detail": sentence} if known else {"reason": Refusal.OTHER, "detail": told}
    return {**receipt, **parts, "detail": receipt.get("detail") or parts["detail"]}


class Receipt(Part):
    """What the database says of one message, after the commit. `state` `replayed`: the same message landed before.

    `reason` is a word of a closed set and `detail` a sentence for a person, both of a refused message alone; until 1.1
    `reason` held the two, "word: sentence", and such a receipt is read as well.
    """

    message_id: Uuid
    kind: MessageKind
    run_id: Uuid
    snapshot_id: Uuid | None = None
    state: Literal["landed", "replayed", "refused"]
    reason: Refusal | None = None
    detail: str = ""
    counts: Counts = Counts()
    by_target: dict[str, Counts] = Field(default_factory=dict)
    rejections: tuple[Rejection, ...] = ()
    committed_at: AwareDatetime

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, receipt: Any) -> Any:
        return told_apart(receipt)


class TargetReport(Part):
    """One target of a run. `planned` and `found` count matches: what was expected to be there, what the source had.

    `planned` is None where nobody knew what to expect: a first load, an API that did not answer.
    """

    target: Text
    outcome: Literal["landed", "unchanged", "not_published", "nothing_due", "failed", "undelivered", "dry_run"]
    planned: Count | None = None
    found: Count = 0
    inserted: Count = 0
    updated: Count = 0
    unchanged: Count = 0
    protected: Count = 0
    rejected: Count = 0
    age_group: AgeGroup | None = None
    league: League | None = None
    division: str | None = None
    detail: str = ""


class RunReport(Part):
    """The run as it ended. Tokens: in = input + cache write + cache read; cost is None where unknown.

    `outbox` counts the messages that lay on its disk. In a report that has landed these are the ones that the broker
    refused for good: while it does not answer, the report waits with the others.
    Since 1.1: `changes` and `awaited` are sentences of what is new and of which scores are missing, `rejections` the
    first of the matches that went to the quarantine; `budget` and `budget_used` are tokens of the gateway's session.
    Since 1.2: `official`, how our tables compare with the league's own after the run, as far as the API says it.
    """

    kind: Literal[MessageKind.RUN_REPORT] = MessageKind.RUN_REPORT
    schema_version: Version = SCHEMA_VERSION
    run_id: Uuid
    started_at: AwareDatetime
    ended_at: AwareDatetime
    exit_code: Annotated[int, Field(ge=0, le=255)]
    model: str | None = None
    tokens_in: Large = 0
    tokens_out: Large = 0
    cost_micro_usd: Large | None = None
    targets: tuple[TargetReport, ...] = ()
    warnings: tuple[str, ...] = ()
    documents: tuple[dict[str, str | int | None], ...] = ()
    steps: dict[str, float] = Field(default_factory=dict)
    next_due: AwareDatetime | None = None
    outbox: Count = 0
    budget: Large | None = None
    budget_used: Large | None = None
    changes: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    official: OfficialCheck | None = None


Message = Annotated[FeedSnapshot | MatchBatch | QualitySnapshot | RunReport, Field(discriminator="kind")]
MESSAGES = (FeedSnapshot, MatchBatch, QualitySnapshot, RunReport)
_MESSAGE: TypeAdapter[FeedSnapshot | MatchBatch | QualitySnapshot | RunReport] = TypeAdapter(Message)


def accepts_version(version: str) -> bool:
    """True where this code understands `version`: the same major number, any minor one."""
    return version.partition(".")[0] == SCHEMA_VERSION.partition(".")[0]


def parse_message(payload: dict[str, Any]) -> FeedSnapshot | MatchBatch | QualitySnapshot | RunReport:
    """Reads a message whole; raises pydantic.ValidationError. Ingest judges a batch match by match instead."""
    return _MESSAGE.validate_python(payload)
