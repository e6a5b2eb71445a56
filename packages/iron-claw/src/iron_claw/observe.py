"""What the log and the metrics are told of sessions and calls. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog

from iron_claw.budget import Counts
from iron_claw.ladder import Action
from iron_claw.metrics import Metrics
from iron_claw.policy import Ask, Decision
from iron_claw.records import SettleRecord
from iron_claw.session import Session

log = structlog.get_logger()


class Observer:
    """Tell the log and the metrics."""

    def __init__(self, metrics: Metrics, mode: str) -> None:
        self.metrics = metrics
        self.mode = mode

    def opened(self, session: Session, open_sessions: int) -> None:
        """Tell of a new session."""
        self.metrics.sessions.set(open_sessions)
        log.info("session_opened", user=session.user, session_id=session.id, budget=session.budget.limit)

    def decided(self, session: Session, ask: Ask, decision: Decision, request_id: str) -> None:
        """Tell of a decision that changes or refuses a call."""
        if decision.action is not Action.NONE:
            self.metrics.actions.labels(decision.action.value, self.mode).inc()
            log.info(
                "ladder",
                action=decision.action.value,
                mode=self.mode,
                user=session.user,
                session_id=session.id,
                request_id=request_id,
                used=session.budget.used,
                budget=session.budget.limit,
                model=ask.model,
                model_used=decision.model,
                max_tokens=ask.max_tokens,
                max_tokens_used=decision.max_tokens,
            )
        if decision.refusal is not None:
            self.metrics.refusals.labels(decision.refusal).inc()
            log.info(
                "refused",
                reason=decision.reason,
                kind=decision.refusal,
                mode=self.mode,
                user=session.user,
                session_id=session.id,
                request_id=request_id,
            )

    def settled(self, record: SettleRecord, counts: Counts) -> None:
        """Tell of a call that ended."""
        cost = record["cost"]
        if cost is None:
            self.metrics.unpriced.inc()
        else:
            self.metrics.cost.inc(cost)
        model = record["model"]
        label = model if counts.total else "unknown"  # the name of a model that never answered is the client's own text
        self.metrics.call_settled(label, record["ending"], record["ended"] - record["started"], counts)
        log.info(
            "call_settled",
            user=record["user"],
            session_id=record["sid"],
            request_id=record["request"],
            call_id=record["call"],
            model=model,
            ending=record["ending"],
            status=record["status"],
            estimated=record["estimated"],
            cost_micro_usd=cost,
            **record["counts"],
        )

    def changed(self, session: Session) -> None:
        """Tell of a grant that a CoA changed."""
        log.info("grant_changed", user=session.user, session_id=session.id, **session.grant.to_json())

    def closed(self, session: Session) -> None:
        """Tell of a session that is over."""
        cause = session.closing or "NAS-Request"
        self.metrics.sessions_ended.labels(cause).inc()
        self._measure_month(session)
        log.info("session_closed", user=session.user, session_id=session.id, cause=cause, **session.totals())

    def accounting_answered(self, answered: bool, seconds: float) -> None:
        """Tell how long RADIUS took for an accounting record."""
        self.metrics.radius.labels("accounting", "answer" if answered else "no_answer").observe(seconds)

    def measure(
        self, sessions: Iterable[Session], open_sessions: int, waiting: Mapping[str, int], journal_bytes: int
    ) -> None:
        """Bring the gauges up to date, when somebody looks. `sessions` are open or ending, `waiting` is by kind."""
        held, tokens = 0, 0
        for session in sessions:
            self._measure_month(session)
            held += len(session.under_way)
            tokens += session.budget.reserved
        self.metrics.sessions.set(open_sessions)
        self.metrics.reserved_tokens.set(tokens)
        self.metrics.reservations.set(held)
        for kind, records in waiting.items():
            self.metrics.journal_depth.labels(kind).set(records)
        self.metrics.journal_bytes.set(journal_bytes)

    def _measure_month(self, session: Session) -> None:
        """Set what a user's month has come to; it stays on show when the session is over."""
        if session.grant.monthly_budget:
            self.metrics.month.labels(session.user).set((session.monthly_used or 0) / session.grant.monthly_budget)
