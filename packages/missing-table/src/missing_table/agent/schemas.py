"""Shapes of what the agent asks, and of runs and freshness, which everybody may see."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from match_contract import League
from missing_table.web.schemas import Shape


class BracketSummary(Shape):
    """What the database holds of one bracket. `tbd`: played, score not published; `awaiting_score`: of those and of
    the scheduled ones, how many kicked off before now without a score. `division` null: matches in no bracket."""

    external_id: str
    bracket_id: int
    league: League
    division: str
    age_group: str
    teams: int
    matches: int
    completed: int
    scheduled: int
    tbd: int
    awaiting_score: int
    next_kick_off: datetime | None
    last_score_observed_at: datetime | None
    synced_at: datetime | None


class RunSummary(Shape):
    """How a run ended."""

    run_id: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None


class MatchSummary(Shape):
    """What the database knows, for the agent's plan. `today` is the league's day (America/New_York)."""

    season: str
    today: date
    brackets: list[BracketSummary]
    last_runs: list[RunSummary]


class SourceDocument(Shape):
    """A document's validators as they were when its last part landed."""

    path: str
    etag: str | None
    last_modified: str | None
    sha256: str


class SourceState(Shape):
    """The last landed snapshot of a site's key. `scope`: external bracket ids that it submitted; null: all."""

    source: str
    site: str
    key: str
    season: str
    league: League
    observed_at: datetime
    landed_at: datetime
    matches: int
    scored: int
    scope: list[str] | None
    documents: list[SourceDocument]


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
    missing, in sentences; `rejections` the first of the matches that went into the quarantine.
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


class RunDetail(Run):
    """A run with the report as the agent sent it."""

    report: dict[str, Any]


class StoredReceipt(Shape):
    """What became of a message, as its sender was told. `part` of `parts`: of a document's batches."""

    message_id: UUID
    kind: Literal["snapshot", "batch", "run_report"]
    run_id: UUID
    snapshot_id: UUID | None
    part: int | None
    parts: int | None
    state: Literal["landed", "refused"]
    reason: str | None
    inserted: int
    updated: int
    unchanged: int
    protected: int
    rejected: int
    committed_at: datetime


class CompetitionFreshness(Shape):
    """How old what we have of one competition is. `age_s` counts from `synced_at` to now."""

    league: League
    key: str
    season: str
    synced_at: datetime
    landed_at: datetime
    age_s: int
    matches: int
    scored: int


class Freshness(Shape):
    """How fresh the site is. `fresh` is false when nothing landed for 36 hours in season: /health/fresh is 503 then."""

    season: str
    now: datetime
    in_season: bool
    fresh: bool
    last_landed_at: datetime | None
    age_s: int | None
    competitions: list[CompetitionFreshness]
    last_run: RunSummary | None
