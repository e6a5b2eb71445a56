"""From one process to the next: what an earlier one left is taken up, and what a new journal must begin with."""

from __future__ import annotations

from typing import Any

import structlog

from iron_claw import accounting, prices
from iron_claw.attributes import accounting_attributes
from iron_claw.endings import Ending
from iron_claw.grant import Grant
from iron_claw.journal import JournalError, Record
from iron_claw.prices import Prices
from iron_claw.records import SettleRecord, progress_record, reserve_record, session_record, settle_record
from iron_claw.replay import Held, OpenSession, State
from iron_claw.sessions import Sessions

log = structlog.get_logger()


def restore(sessions: Sessions, state: State, price_list: Prices) -> list[Record]:
    """Take up what an earlier process left, and return the records that the new journal begins with.

    Calls that were under way are settled to what the journal knows of them; their sessions end with the time at which
    they were last heard of; only then an Accounting-On closes what RADIUS still has open.
    """
    for call, held in state.held.items():
        state.unstored[call] = settled = crash_settlement(held, price_list)
        session = state.sessions.get(settled["sid"])
        if session is not None:
            session.settled += held.counts
            session.cost_micro_usd += settled["cost"] or 0
            session.calls += 1
            session.last_at = max(session.last_at, held.last_at)
    queue = list(state.accounting.values())
    now = sessions.clock()
    if sessions.radius is not None:
        queue += [crash_stop(session) for session in state.sessions.values() if session.radius]
        queue.append(accounting.entry("Accounting-On", None, None, now, {}))
    admission = sessions.admission
    admission.refused = {user: refusal for user, refusal in state.refused.items() if refusal.until > now}
    admission.known = state.known if admission.grace_s else {}
    sessions.books.accounting.restore(queue)
    for record in state.unstored.values():
        sessions.books.store.put(record)
    if state.sessions or state.held:
        log.warning("recovered", sessions=len(state.sessions), calls=len(state.held), accounting=len(queue))
    return snapshot(sessions, list(state.unstored.values()))


def crash_settlement(held: Held, price_list: Prices) -> SettleRecord:
    """Return the settlement of a call that a crash cut off."""
    cost = None if held.unlisted else prices.cost_of(held.record["model"], held.counts, price_list)
    return settle_record(
        held.record, held.counts, cost=cost, status=None, ending=Ending.CRASH, estimated=True, ended=held.last_at
    )


def crash_stop(session: OpenSession) -> accounting.Entry:
    """Return the Stop of a session that a crash left open, dated when it was last heard of."""
    told = accounting_attributes(
        session.user,
        session.id,
        started_at=session.started_at,
        at=session.last_at,
        settled=session.settled,
        cost_micro_usd=session.cost_micro_usd,
        calls=session.calls,
        grant=Grant.from_json(session.grant),
        **{"Acct-Terminate-Cause": "NAS-Reboot"},
    )
    return accounting.entry("Stop", session.id, session.user, session.last_at, told)


def compact(sessions: Sessions) -> None:
    """Start a new journal file with what still matters, when the old one has grown long."""
    journal = sessions.journal
    most = max(sessions.settings.journal_max_bytes, journal.put_off_bytes)
    if not journal.suspect and (journal.broken is not None or journal.bytes <= most):
        return
    try:
        journal.begin(snapshot(sessions, list(sessions.books.store.queue)))
    except JournalError as error:  # the old file goes on
        journal.put_off_bytes = journal.bytes + sessions.settings.journal_max_bytes // 10
        log.error("journal_not_compacted", error=str(error), bytes=journal.bytes)
        return
    journal.put_off_bytes = 0
    log.info("journal_compacted", bytes=journal.bytes)


def snapshot(sessions: Sessions, unstored: list[SettleRecord]) -> list[Record]:
    """Return everything that a new journal file must begin with."""
    now = round(sessions.clock(), 3)

    def line(kind: str, record: Any) -> Record:
        return {"t": now, **record, "k": kind}

    records = [line("settle", settled) for settled in unstored]
    records += [line("refused", r.to_record(user)) for user, r in sessions.admission.refused.items()]
    records += [line("known", known.to_record(user)) for user, known in sessions.admission.known.items()]
    for session in (*sessions.open.values(), *sessions.ending.values()):
        records.append(line("session", session_record(session, radius=sessions.books.radius)))
        for call in session.under_way.values():
            records.append(line("reserve", reserve_record(call)))
            if call.progress is not None:
                records.append(line("progress", progress_record(call, call.progress)))
    records += [line("acct", waiting.to_record()) for waiting in sessions.books.accounting.queue]
    return records
