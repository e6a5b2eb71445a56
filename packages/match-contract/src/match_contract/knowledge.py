"""Shape what the database knows and the agent asks. The API answers with these models, and the agent reads them."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from match_contract.sources import League


class Known(BaseModel):
    """Base of every answer: frozen; unknown fields are ignored, since a newer API may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class BracketSummary(Known):
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


class RunSummary(Known):
    """How a run ended."""

    run_id: str
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None


class MatchSummary(Known):
    """What the database knows, for the agent's plan. `today` is the league's day (America/New_York)."""

    season: str
    today: date
    brackets: list[BracketSummary]
    last_runs: list[RunSummary]


class SourceDocument(Known):
    """A document's validators as they were when its last part landed."""

    path: str
    etag: str | None
    last_modified: str | None
    sha256: str


class SourceState(Known):
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


class CompetitionFreshness(Known):
    """How old what we have of one competition is. `age_s` counts from `synced_at` to now."""

    league: League
    key: str
    season: str
    synced_at: datetime
    landed_at: datetime
    age_s: int
    matches: int
    scored: int


class RuleCheck(Known):
    """What the official tables say of the rule about matches between brackets, of rows that have such matches.

    `counted` is our rule; `contradicted` where more rows agree with the other one.
    """

    league: League
    counted: bool
    rows: int
    equal_counted: int
    equal_not_counted: int
    contradicted: bool


class OfficialCheck(Known):
    """Our tables beside the league's own, over all brackets that have published values. `first`: differences, told."""

    brackets: int
    rows: int
    equal: int
    pending: int
    different: int
    first: list[str]
    between_brackets: list[RuleCheck]

    @property
    def sentences(self) -> list[str]:
        """Return what a person should know of it, the sum first; nothing where the league publishes no values."""
        if not self.rows:
            return []
        told = [
            f"official tables: {self.equal:,} of {self.rows:,} rows are equal, {self.pending:,} are not updated yet, "
            f"{self.different:,} differ"
        ]
        told += [f"differs: {sentence}" for sentence in self.first]
        told += [
            f"{rule.league}: by our rule matches between brackets {'count' if rule.counted else 'do not count'}, and "
            f"the official tables contradict it: {rule.equal_counted:,} of {rule.rows:,} rows agree if they count, "
            f"{rule.equal_not_counted:,} if not"
            for rule in self.between_brackets
            if rule.contradicted
        ]
        return told


class Freshness(Known):
    """How fresh the site is. `fresh` is false when nothing landed for 36 hours in season: /health/fresh is 503 then.

    `official`: how our tables compare with the league's own.
    """

    season: str
    now: datetime
    in_season: bool
    fresh: bool
    last_landed_at: datetime | None
    age_s: int | None
    competitions: list[CompetitionFreshness]
    last_run: RunSummary | None
    official: OfficialCheck | None = None
