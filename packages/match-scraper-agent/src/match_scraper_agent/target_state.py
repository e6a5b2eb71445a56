"""Follow one target through a run. What may become of it are methods, so that no two fields contradict each other."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from match_contract import Counts
from match_scraper_agent.planner import TargetPlan
from match_scraper_agent.report import Outcome, TargetResult, add_counts


@dataclass
class TargetState:
    """One target while the run goes on. `outcome` None: nothing has become of it yet.

    `wanted`: the plan, or whoever read it beyond the plan, wants it in the run. `could_read` is false where its
    document could not be read at all.
    """

    plan: TargetPlan
    outcome: Outcome | None = None
    found: int = 0
    counts: Counts = field(default_factory=Counts)
    detail: str = ""
    read: bool = False
    could_read: bool = True
    tried_again: bool = False
    submitted: bool = False
    wanted: bool = False

    @classmethod
    def planned(cls, plan: TargetPlan) -> "TargetState":
        """Begin with what the plan says."""
        if plan.need == "nothing":
            return cls(plan, "nothing_due", detail="; ".join(plan.reasons))
        return cls(plan, wanted=True)

    @property
    def is_settled(self) -> bool:
        """Return True where reading it (again) would change nothing."""
        return self.read or self.outcome == "not_published"

    @property
    def can_be_tried_again(self) -> bool:
        """Return True for a target that could not be read, once."""
        return self.outcome == "failed" and not self.could_read and not self.tried_again

    def join(self) -> None:
        """Take it into the run, though nothing was due for it."""
        self.wanted = True
        if self.outcome == "nothing_due":
            self.outcome, self.detail = None, ""

    def try_again(self) -> None:
        """Begin a second attempt."""
        self.tried_again, self.outcome, self.could_read, self.detail = True, None, True, ""

    def unreadable(self, why: str) -> None:
        """Fail, since its document could not be read at all."""
        self.outcome, self.detail, self.could_read = "failed", why, False

    def refused(self, why: str) -> None:
        """Fail, although its document could be read."""
        self.outcome, self.detail = "failed", why

    def not_published(self, why: str) -> None:
        """End, since the source has nothing of it yet."""
        self.outcome, self.detail = "not_published", why

    def unchanged(self, known: int) -> None:
        """End, since the source has nothing new; `known` matches of it are in the database."""
        self.read, self.outcome, self.detail = True, "unchanged", ""
        self.found, self.counts = known, Counts(unchanged=known)

    def was_read(self, found: int) -> None:
        """Go on with so many matches of it."""
        self.read, self.outcome, self.detail, self.found = True, None, "", found

    def fault(self, error: Exception) -> None:
        """Fail by a fault of ours."""
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        self.outcome, self.could_read = "failed", self.read
        self.detail = f"a fault of the agent, see its log ({said})"

    def count(self, counts: Iterable[Counts]) -> None:
        """Take the counts of the receipts."""
        self.counts = add_counts(counts)

    def held(self, count: int, messages: int, outbox: Path | None) -> None:
        """End with messages that could not be sent."""
        lie = f"lie in the outbox {outbox}" if outbox else "are lost"
        self.outcome, self.detail = "undelivered", f"{count} of {messages} messages {lie}"

    def unanswered(self, count: int, messages: int, key: str) -> None:
        """End with messages that have no receipt."""
        self.outcome, self.detail = "undelivered", f"{count} of {messages} messages of {key} have no receipt"

    def cannot_land(self, count: int, messages: int, key: str) -> None:
        """End with messages that the worker gave up."""
        self.outcome, self.detail = "undelivered", f"{count} of {messages} messages of {key} lie in matches.dead"

    def landed(self) -> None:
        """End well."""
        self.outcome = "landed"

    def left_over(self, *, dry_run: bool) -> bool:
        """End what nobody ended; return True where that is a fault of the agent."""
        self.outcome = "dry_run" if dry_run and self.could_read else "failed"
        if self.outcome == "failed" and not self.detail:
            self.detail = "was not submitted; this is a fault of the agent, please report it"
            return True
        return False

    def result(self) -> TargetResult:
        """Return what the report says of it."""
        return TargetResult(
            self.plan.target,
            self.outcome or "failed",
            self.plan.planned,
            self.found,
            self.counts,
            self.detail,
            self.could_read,
        )
