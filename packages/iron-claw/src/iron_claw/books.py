"""The books of the gateway: its journal, what RADIUS is to be told, what llm_calls is to hold."""

from __future__ import annotations

from typing import Any

import structlog

from iron_claw import accounting, attributes
from iron_claw.accounting import Accounting
from iron_claw.calls import CallStore
from iron_claw.errors import Refused
from iron_claw.journal import Journal, JournalError
from iron_claw.observe import Observer
from iron_claw.radius import AcctType, RadiusClient
from iron_claw.records import session_record
from iron_claw.session import Session
from iron_claw.settings import Settings

log = structlog.get_logger()

BROKEN_RETRY_AFTER_S = 5


class Books:
    """Write down what happens."""

    def __init__(self, settings: Settings, journal: Journal, radius: RadiusClient | None, observer: Observer) -> None:
        self.journal = journal
        self.accounting = Accounting(journal, radius, observer.accounting_answered)
        self.store = CallStore(journal, settings.database_url.get_secret_value())
        self.radius = radius is not None
        """Whether there is somebody to report to."""

    def check(self) -> None:
        """Raise Refused while nothing can be written down."""
        if self.journal.broken is not None:
            text = f"no accounting can be kept: {self.journal.broken}"
            raise Refused(503, text, retry_after_s=BROKEN_RETRY_AFTER_S)

    def waiting(self) -> dict[str, int]:
        """Return how many records wait for RADIUS and for the database."""
        return {"accounting": len(self.accounting.queue), "calls": len(self.store.queue)}

    def note(self, kind: str, **fields: Any) -> None:
        """Write down what has happened already: when the disk refuses, it stays in the journal's backlog."""
        try:
            self.journal.write(kind, **fields)
        except JournalError as error:
            log.error("journal_broken", error=str(error), kind=kind)

    def opened(self, session: Session) -> None:
        """Write down a new session and report it."""
        self.note("session", **session_record(session, radius=self.radius))
        self._report("Start", session, session.started_at)

    def interim(self, session: Session, at: float) -> None:
        """Report what a session has used so far."""
        self._report("Interim-Update", session, at)

    def closed(self, session: Session, at: float) -> None:
        """Report a session's end and write it down."""
        self._report("Stop", session, at, **{"Acct-Terminate-Cause": str(session.closing)})
        self.note("close", sid=session.id, cause=session.closing)

    def _report(self, kind: AcctType, session: Session, at: float, **more: str) -> None:
        if not self.radius:
            return
        told = attributes.accounting_attributes(
            session.user,
            session.id,
            started_at=session.started_at,
            at=at,
            settled=session.budget.settled,
            cost_micro_usd=session.cost_micro_usd,
            calls=session.calls,
            grant=session.grant,
            **more,
        )
        self.accounting.put(accounting.entry(kind, session.id, session.user, at, told))
