"""Who is in: sessions from their Access-Request to their Stop. No HTTP here, and no calls.

A user has at most one open session. A session that ends lets the calls under way finish (a Disconnect cuts them) and
sends its Stop when the last one is settled; a new call of the same user then opens a new session.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from iron_claw import keys
from iron_claw.admission import Admission
from iron_claw.books import Books
from iron_claw.budget import Budget, Counts
from iron_claw.errors import Refused
from iron_claw.grant import Defaults, Grant, changed, session_limit
from iron_claw.journal import Journal
from iron_claw.keys import UserKey
from iron_claw.ladder import Action, Thresholds
from iron_claw.metrics import Metrics
from iron_claw.observe import Observer
from iron_claw.radius import RadiusClient
from iron_claw.records import session_record
from iron_claw.replay import Known, Refusal
from iron_claw.session import Cause, Session
from iron_claw.settings import Settings


class Sessions:
    """Hold all sessions of this gateway."""

    def __init__(
        self,
        settings: Settings,
        journal: Journal,
        radius: RadiusClient | None,
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] | None = None,
    ) -> None:
        self.settings = settings
        self.journal = journal
        self.radius = radius
        self.metrics = metrics
        self.clock = clock
        # `clock` is the wall's, for records and dates; everything that is waited for runs on `steady`
        self.steady = steady or (time.monotonic if clock is time.time else clock)
        self.enforcing = settings.policy_mode == "enforce"
        """False: everything is decided, logged and counted, and nothing is changed."""
        self.shares = settings.slices and radius is not None and self.enforcing  # budgets, with other gateways
        self.thresholds = Thresholds(settings.downgrade_pct, settings.reduce_pct)
        self.observer = Observer(metrics, settings.policy_mode)
        defaults = Defaults(settings.session_timeout_s, settings.idle_timeout_s, settings.interim_s)
        self.admission = Admission(radius, defaults, metrics, grace_s=settings.grace_s, clock=clock, steady=self.steady)
        self.books = Books(settings, journal, radius, self.observer)
        self.open: dict[str, Session] = {}
        """By user."""
        self.ending: dict[str, Session] = {}
        """Closing, with calls under way; by session id."""

    # --- coming in ---

    async def open_session(self, key: str | None) -> Session:
        """Return the session of the key that was sent, opened when there is none. Refused says why not."""
        key = keys.mapped(key, self.settings.key_map)
        if self.radius is None:
            return self._open_bare(key)
        if not key:
            raise Refused(401, "no key: send <user>.<password> in x-api-key or as a Bearer token")
        own = keys.split_key(key)
        session = self._running(own)
        if session is not None:
            return session
        async with self.admission.lock(own.user):
            session = self._running(own)
            if session is not None:
                return session
            session_id, asked_at = _new_id(self.clock()), self.steady()
            more = slices_request(session_id, self.settings) if self.shares else None
            grant, before = await self.admission.grant(own, self.unreported, more)
            current = self.open.get(own.user)
            if current is not None:  # the same user's other password, just accepted: it was changed
                current.digest = own.digest
                return current
            self.admission.check(own.user)
            session = self._new_session(own.user, own.digest, grant, before, session_id)
            session.slice_asked_at = asked_at
            window = session.binding_window
            if self.enforcing and window is not None and session.budget.limit == 0:
                raise self.admission.window_used_up(window.name, window.resets_at)  # by what RADIUS was not told yet
            return self._open(session)

    async def find_session(self, key: str | None) -> Session:
        """Return the session of a key without opening one or telling anybody.

        For a killed user that is the session that was killed. Where there is none RADIUS is asked, and the answer is
        what a new session would be.
        """
        key = keys.mapped(key, self.settings.key_map)
        if self.radius is None:
            return self._open_bare(key)
        own = keys.split_key(key or "")
        session = self.open.get(own.user)
        ending = (s for s in self.ending.values() if s.user == own.user)
        for found in (session, next(ending, None)):
            if found is not None and own.fits(found.digest):
                return found
        refusal = self.admission.refused.get(own.user)
        if refusal is not None and not (own.fits(refusal.digest) and self.clock() < refusal.until):
            refusal = None
        if refusal is not None and not refusal.month:
            return killed_session(refusal)
        try:
            grant, before = await self.admission.grant(own, self.unreported)
        except Refused as refused:
            if refusal is not None and refused.status == 429:  # the month that it was killed for is not over
                return killed_session(refusal)
            raise
        return self._new_session(own.user, own.digest, grant, before)

    async def running_session(self, key: str | None) -> Session:
        """Return the open session of a key. Refused with 404 when there is none, or as RADIUS refuses the key."""
        own = keys.split_key(keys.mapped(key, self.settings.key_map) or "")
        session = self.open.get(own.user)
        if session is None or not own.fits(session.digest):
            await self.admission.authenticate(own)
            raise Refused(404, "this key has no session that runs")
        return session

    def _running(self, own: UserKey) -> Session | None:
        session = self.open.get(own.user)
        if session is not None and own.fits(session.digest):
            if not self._is_over(session):
                return session
            self.close(session, "Session-Timeout")
        refusal = self.admission.refused.get(own.user)
        if refusal is not None and own.fits(refusal.digest):
            self.admission.check(own.user)
        return None

    def _open_bare(self, key: str | None) -> Session:
        user = keys.bare_user(key)
        if user not in self.open:
            d = self.admission.defaults
            grant = Grant(None, None, (), d.session_timeout_s, d.idle_timeout_s, d.interim_s)
            self._open(self._new_session(user, "", grant, {}))
        return self.open[user]

    def unreported(self, user: str) -> dict[str, int]:
        """Return by earlier session of a user the tokens that RADIUS may not have counted yet."""
        ending = {s.id: s.budget.used for s in self.ending.values() if s.user == user}
        return self.books.accounting.unreported(user) | ending

    def _new_session(
        self, user: str, digest: str, grant: Grant, before: dict[str, int], session_id: str = ""
    ) -> Session:
        """Return a session that is not open yet.

        `before`: `unreported` when RADIUS was asked. What it heard of while it answered may not be in its answer.
        """
        now, steady = self.clock(), self.steady()
        after = self.unreported(user)
        unreported = sum(max(before.get(sid, 0), after.get(sid, 0)) for sid in before | after)
        budget = Budget(session_limit(grant, unreported))
        session = Session(
            id=session_id or _new_id(now),
            user=user,
            digest=digest,
            grant=grant,
            budget=budget,
            started_at=now,
            opened=steady,
            last_used=steady,
            unreported_before=unreported,
            last_interim=steady,
        )
        if grant.slice is not None:
            session.share(grant.slice)
        return session

    def _open(self, session: Session) -> Session:
        self.books.check()
        self.admission.known[session.user] = Known(session.digest, session.grant.to_json(), session.started_at)
        self.open[session.user] = session
        self.books.opened(session)
        self.observer.opened(session, len(self.open))
        return session

    # --- going on ---

    def climbed(self, session: Session) -> None:
        """Look at the ladder after a session's use has risen: a kill, an Interim at a new rung, or the Stop."""
        if session.closing is not None:
            self._finish_if_idle(session)
            return
        rung = session.settled_rung(self.thresholds)
        if rung is Action.KILL and self.enforcing:
            self.kill(session, f"all {session.budget.limit} tokens of the session are used", no_tokens=True)
        elif rung.rank > session.rung.rank:
            session.rung = rung
            self.interim(session)

    def change(self, session: Session, given: dict[str, Any]) -> None:
        """Change the limits of a running session, as a CoA-Request's attributes say."""
        session.grant = changed(session.grant, given)
        session.budget.limit = session_limit(session.grant, session.unreported_before)
        self.journal.write("grant", sid=session.id, grant=session.grant.to_json())
        session.rung = session.settled_rung(self.thresholds)
        self.observer.changed(session)
        if session.rung is Action.KILL and self.enforcing:
            self.kill(session, f"all {session.budget.limit} tokens of the session are used", no_tokens=True)
        else:
            self.interim(session)

    def tick(self) -> None:
        """Do what time alone decides. Called once a second."""
        steady = self.steady()
        for session in list(self.open.values()):
            if self._is_over(session):
                self.close(session, "Session-Timeout")
            elif session.is_idle(steady):
                self.close(session, "Idle-Timeout")
            elif steady >= session.last_interim + session.grant.interim_s:
                self.interim(session)
        self.admission.forget(set(self.open))

    def _is_over(self, session: Session) -> bool:
        """Return whether a session's time is over. Without RADIUS there are no windows."""
        return session.is_over(self.steady(), session.started_at if self.radius is None else self.clock())

    def interim(self, session: Session) -> None:
        """Report what a session has used so far."""
        session.last_interim = self.steady()
        self.books.interim(session, session.at(session.last_interim, self.clock()))

    # --- going out ---

    def kill(self, session: Session, reason: str, *, no_tokens: bool) -> Refused:
        """End a session whose grant is used up.

        Its user stays refused until session start + Session-Timeout, across restarts. Where it is a window's tokens
        that are used up (`no_tokens`), RADIUS is asked again at the next call.
        """
        window = session.binding_window if no_tokens else None
        until = session.over_at if window is None else window.resets_at
        if session.closing is None:
            session.rung, session.refused_until = Action.KILL, until
            record = session_record(session, radius=self.books.radius)
            month = window is not None
            refusal = self.admission.refused[session.user] = Refusal(session.digest, until, reason, record, month)
            self.books.note("refused", **refusal.to_record(session.user))
            self.admission.forget(set(self.open))
            self.close(session, "NAS-Request")
        return self.admission.killed(reason, until)

    def close(self, session: Session, cause: Cause) -> None:
        """End a session. Its Stop goes out when its last call is settled."""
        if session.closing is not None:
            return
        session.closing = cause
        if self.open.get(session.user) is session:
            del self.open[session.user]
        self.ending[session.id] = session
        self._finish_if_idle(session)

    def _finish_if_idle(self, session: Session) -> None:
        if session.under_way or session.closing is None or session.id not in self.ending:
            return
        del self.ending[session.id]
        refusal = self.admission.refused.get(session.user)
        if refusal is not None and refusal.session["sid"] == session.id and session.calls > refusal.session["calls"]:
            # with the calls that were under way at the kill
            refusal.session = session_record(session, radius=self.books.radius)
            self.books.note("refused", **refusal.to_record(session.user))
        self.books.closed(session, session.at(self.steady(), self.clock()))
        self.observer.closed(session)
        session.closed.set()


def _new_id(at: float) -> str:
    return f"{int(at):x}-{secrets.token_hex(6)}"


def slices_request(session_id: str, settings: Settings) -> dict[str, Any]:
    """Return what the Access-Request that opens a session carries where its budget is shared."""
    return {
        "Acct-Session-Id": session_id,
        "MT-Slice-Number": 1,
        "MT-Slice-Lease": settings.slice_lease_s,
        "MT-Slice-Wanted-Tokens": 0,
    }


def killed_session(refusal: Refusal) -> Session:
    """Return the session that a kill ended, for looking at."""
    record = refusal.session
    grant = Grant.from_json(record["grant"])
    return Session(
        id=record["sid"],
        user=record["user"],
        digest=refusal.digest,
        grant=grant,
        budget=Budget(session_limit(grant, record["unreported_before"]), Counts(**record["settled"])),
        started_at=record["started"],
        opened=0.0,
        last_used=0.0,
        unreported_before=record["unreported_before"],
        calls=record["calls"],
        cost_micro_usd=record["cost"],
        unpriced_calls=record["unpriced"],
        rewritten_calls=record["rewritten"],
        rung=Action.KILL,
        closing="NAS-Request",
        refused_until=refusal.until,
    )
