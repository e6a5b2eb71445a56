"""The calls of the sessions: decided on and reserved before they go out, settled once when they end. No HTTP here."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from dataclasses import replace

from iron_claw import policy, prices
from iron_claw.budget import Counts
from iron_claw.endings import Ending
from iron_claw.errors import Refused
from iron_claw.ladder import Action
from iron_claw.policy import Ask, Decision, Rules
from iron_claw.prices import Prices
from iron_claw.records import progress_record, reserve_record, settle_record
from iron_claw.session import Call, Session, iso
from iron_claw.sessions import Sessions
from iron_claw.slices import Slices

BUSY_RETRY_AFTER_S = 1


class Metering:
    """Let calls out and settle them."""

    def __init__(self, sessions: Sessions, price_list: Prices, slices: Slices | None = None) -> None:
        settings = sessions.settings
        self.sessions = sessions
        self.slices = slices
        self.prices = price_list
        self.rules = Rules(
            thresholds=sessions.thresholds,
            model_map=settings.model_map,
            reduce_max_tokens=settings.reduce_max_tokens,
            reduce_calls=settings.reduce_calls,
            model_caps={name: price.max_output for name, price in price_list.items() if price.max_output},
        )
        self._lease_s = settings.lease_s
        self._boot = secrets.token_hex(8)
        self._numbers = itertools.count(1)

    def begin(self, session: Session, ask: Ask, request_id: str) -> Call:
        """Decide and reserve; the call may then go out. Refused says why not."""
        sessions = self.sessions
        now, steady = sessions.clock(), sessions.steady()
        session.last_used = steady
        decision = policy.decide(
            ask,
            session.budget,
            session.grant,
            calls=session.calls + len(session.under_way),
            reduced_calls=session.reduced_calls,
            rules=self.rules,
        )
        sessions.observer.decided(session, ask, decision, request_id)
        if decision.refusal is not None and sessions.enforcing:
            raise self._refusal(session, decision)
        if not sessions.enforcing:
            decision = replace(
                decision, model=ask.model, max_tokens=ask.max_tokens, reserve=ask.input_estimate + ask.max_tokens
            )
        call = Call(
            id=f"{self._boot}-{next(self._numbers):x}",
            session=session,
            request_id=request_id,
            decision=decision,
            asked_model=ask.model,
            model=decision.model,
            started_at=now,
            began=steady,
            lease_until=steady + self._lease_s,
            task=asyncio.current_task(),
        )
        sessions.books.check()
        sessions.books.note("reserve", **reserve_record(call))
        if sessions.enforcing:
            if not session.budget.reserve(call.id, decision.reserve):
                raise RuntimeError(f"a decision to let {call.id} out does not fit its budget")
        else:
            session.budget.force(call.id, decision.reserve)
        if decision.action is Action.REDUCE:
            session.reduced_calls += 1
        if (decision.model, decision.max_tokens) != (ask.model, ask.max_tokens):
            session.rewritten_calls += 1
        session.under_way[call.id] = call
        if self.slices is not None:
            self.slices.reserved(session)
        return call

    def _refusal(self, session: Session, decision: Decision) -> Refused:
        if decision.refusal == "kill":
            return self.sessions.kill(session, decision.reason, no_tokens=decision.no_tokens)
        if decision.refusal == "model":
            return Refused(403, decision.reason)
        busy = session.budget.busy
        text = decision.reason
        if decision.refusal == "does_not_fit":
            text += (
                f": a max_tokens of at most {decision.fits} would fit"
                if decision.fits is not None
                else ": no max_tokens would fit"
            )
        return Refused(
            429,
            text,
            retry_after_s=BUSY_RETRY_AFTER_S if busy else None,
            retry=None if busy else False,
            max_tokens=decision.fits,
            resets_at=iso(session.resets_at),
        )

    def progress(self, call: Call, counts: Counts, *, unlisted: bool) -> None:
        """Write down what a stream has used so far, so that a crash does not forget it, and renew the lease."""
        steady = self.sessions.steady()
        call.progress, call.unlisted, call.lease_until = counts, unlisted, steady + self._lease_s
        self.sessions.books.note("progress", **progress_record(call, counts))

    def settle(
        self,
        call: Call,
        counts: Counts,
        *,
        ending: Ending,
        status: int | None,
        estimated: bool,
        model: str | None = None,
    ) -> None:
        """End a call: free what it holds, count what it used. A second settlement changes nothing.

        `model`: the one that upstream says has answered.
        """
        session, sessions = call.session, self.sessions
        if session.under_way.pop(call.id, None) is None or not session.budget.settle(call.id, counts):
            return
        steady = sessions.steady()
        ended = max(sessions.clock(), call.started_at + steady - call.began)  # the wall clock may have been set back
        cost = None if call.unlisted else prices.cost_of(prices.served(call.model, model), counts, self.prices)
        session.calls += 1
        session.last_used = steady
        if cost is None:
            session.unpriced_calls += 1
        else:
            session.cost_micro_usd += cost
        record = settle_record(
            reserve_record(call), counts, cost=cost, status=status, ending=ending, estimated=estimated, ended=ended
        )
        sessions.books.note("settle", **record)
        sessions.books.store.put(record)
        sessions.observer.settled(record, counts)
        sessions.climbed(session)

    def check_leases(self) -> None:
        """Settle calls that their tasks forgot. Called once a second."""
        steady = self.sessions.steady()
        for session in list(self.sessions.open.values()):
            for call in list(session.under_way.values()):
                self._check_lease(call, steady)

    def _check_lease(self, call: Call, steady: float) -> None:
        if steady < call.lease_until:
            return
        if call.task is not None and not call.task.done():
            call.lease_until = steady + self._lease_s
            return
        self.settle(call, call.progress or call.worst, ending=Ending.LEASE_OVER, status=None, estimated=True)
