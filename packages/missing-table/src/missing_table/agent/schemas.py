"""Shape runs and receipts. What the agent asks is shaped in `match_contract.knowledge`, which both sides use."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import model_validator

from match_contract import MessageKind, OfficialCheck, Refusal, told_apart
from missing_table.web.schemas import Shape


class RunTarget(Shape):
    """One target of a run; counts are of matches. `planned` is null where nobody knew what to expect."""

    target: str
    planned: int | None
    found: int
    inserted: int
    updated: int
    unchanged: int
    protected: int
    rejected: int
    outcome: str | None = None
    detail: str | None = None


class RunRejection(Shape):
    """A match that a run sent into the quarantine; `home` and `away` are the teams' names, empty where it has none."""

    external_id: str | None
    target: str
    home: str
    away: str
    reason: str
    detail: str


class Run(Shape):
    """A run as it ended. `tokens_in` = input + cache write + cache read; cost in millionths of a US dollar.

    `budget` and `budget_used` are tokens of the gateway's session; `changes` what was new, `awaited` which scores were
    missing, in sentences; `rejections` the first of the matches that went into the quarantine; `official` how our
    tables compared with the league's own after it.
    """

    run_id: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    model: str | None
    tokens_in: int
    tokens_out: int
    cost_micro_usd: int | None
    budget: int | None
    budget_used: int | None
    targets: list[RunTarget]
    warnings: list[str]
    changes: list[str]
    awaited: list[str]
    rejections: list[RunRejection]
    official: OfficialCheck | None


class RunDetail(Run):
    """A run with the report as the agent sent it."""

    report: dict[str, Any]


class StoredReceipt(Shape):
    """What became of a message, as its sender was told. `part` of `parts`: of a document's batches.

    `reason` and `detail` say why a message was refused; of one of before 1.2 they are made from its one sentence.
    """

    message_id: UUID
    kind: MessageKind
    run_id: UUID
    snapshot_id: UUID | None
    part: int | None
    parts: int | None
    state: Literal["landed", "refused"]
    reason: Refusal | None
    detail: str
    inserted: int
    updated: int
    unchanged: int
    protected: int
    rejected: int
    committed_at: datetime

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, row: Any) -> Any:
        return told_apart(row)
