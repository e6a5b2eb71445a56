"""Do the work of a run, whoever asks for it: reading feeds, submitting them, seeing them land. Knows no model.

Each feed is read once a run and sent once, when the last of its targets has been submitted. The tools and the guard
call the same functions, so nothing can be done twice.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from datetime import datetime
from functools import partial
from time import monotonic
from uuid import uuid4

import structlog

from match_contract import League, MessageKind, message_id
from match_scraper import Outcome as ReadOutcome
from match_scraper_agent import messages as build
from match_scraper_agent.api import Api, Knowledge
from match_scraper_agent.delivery import Delivery
from match_scraper_agent.messages import Payload
from match_scraper_agent.outbox import Outbox
from match_scraper_agent.planner import Plan, known_brackets
from match_scraper_agent.publisher import Courier
from match_scraper_agent.readings import Readings
from match_scraper_agent.receipts import Parcel, Receipts
from match_scraper_agent.report import TargetResult
from match_scraper_agent.source import Reading, SourceError, SourceOfMatches
from match_scraper_agent.target_state import TargetState
from match_scraper_agent.targets import Target
from match_scraper_agent.telling import RunLog

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Work:
    """Coordinate one run. All methods may be called in any order, any number of times."""

    def __init__(
        self,
        plan: Plan,
        *,
        source: SourceOfMatches,
        knowledge: Knowledge,
        api: Api | None,
        courier: Courier | None,
        outbox: Outbox | None,
        run_id: str,
        accept_shrink: Iterable[str] = (),
        told: RunLog | None = None,
    ) -> None:
        self.plan = plan
        self.run_id = run_id
        self.states = {item.target.name: TargetState.planned(item) for item in plan.targets}
        self.told = told or RunLog()
        self.told.warn(*plan.warnings)
        self.delivery = Delivery(courier, outbox, self.told)
        self.receipts = Receipts(courier, api, self.told)
        self.readings = Readings(
            plan,
            source,
            knowledge,
            self.told,
            accept_shrink=frozenset(accept_shrink),
            wanted=self._of_league,
        )
        self._knowledge = knowledge
        self._accept_shrink = frozenset(accept_shrink)
        self._locks: dict[League, asyncio.Lock] = {}
        self._jobs: set[asyncio.Task[TargetState]] = set()

    def _of_league(self, league: League) -> list[TargetState]:
        return [state for state in self.states.values() if state.plan.target.league is league and state.wanted]

    # reading

    async def scrape(self, name: str) -> TargetState:
        """Read a target; what came of it stands in its state. Never raises: a fault of ours fails the target.

        A target for which nothing was due joins the run, unless its feed has been read without it. One that could not
        be read is tried a second time when it is asked for again: page and document once each.
        """
        return await self._see_through(name, self._scrape(name))

    async def _scrape(self, name: str) -> TargetState:
        state = self.states[name]
        target = state.plan.target
        if state.is_settled or (state.outcome == "failed" and not self._again(state)):
            return state
        if not state.wanted and self.readings.of_league(target.league):
            return state
        state.join()
        try:
            site = await self.readings.discover()
            feed = next((item for item in site.keys if item.league is target.league), None)
            if feed is None:
                self._not_there(state, f"{target.league} {self.plan.season.name} is not published", None)
                return state
            reading = await self.readings.read(feed, site.viewer_url)
        except SourceError as error:
            kept = f" (kept: {', '.join(str(file) for file in error.evidence)})" if error.evidence else ""
            state.unreadable(f"{error}{kept}")
            return state
        self._take(state, reading)
        return state

    def _again(self, state: TargetState) -> bool:
        """Make ready for a second attempt; False where there was one, or where nothing would be different."""
        if not state.can_be_tried_again:
            return False
        state.try_again()
        self.readings.forget_failures(state.plan.target.league)
        return True

    def _not_there(self, state: TargetState, said: str, key: str | None) -> None:
        """Tell what nobody has seen yet, which is no failure, from what was there before and has vanished."""
        stored = state.plan.planned or self.readings.stored(state.plan.target.league, key)
        if not stored:
            state.not_published(said)
            return
        state.unreadable(
            f"{said}, although {stored:,} of its matches are stored: it has vanished or has another name now; look at "
            "the viewer in a browser"
        )

    def _take(self, state: TargetState, reading: Reading) -> None:
        target, key = state.plan.target, reading.key.key
        match reading.outcome:
            case ReadOutcome.NOT_PUBLISHED:
                self._not_there(state, reading.detail, key)
            case ReadOutcome.UNCHANGED:
                state.unchanged(sum(item.matches for item in known_brackets(target, self._knowledge)))
            case ReadOutcome.SHRUNKEN:
                state.refused(reading.detail)
            case ReadOutcome.READ if any(target.covers(bracket) for bracket in reading.brackets):
                mine = [item.plan.target for item in self._of_league(target.league)]
                state.was_read(self.readings.found(reading, mine).get(target.name, 0))
            case ReadOutcome.READ if state.plan.planned:
                state.refused(f"{key} has no bracket {target.label} any more")
            case ReadOutcome.READ:
                state.not_published(f"{key} has no bracket {target.label} yet")
            case _:
                state.unreadable(reading.detail)

    # submitting

    async def submit(self, name: str) -> TargetState:
        """Mark a target as submitted; its feed is sent when the last of its targets is. Reads first what is unread.

        Never raises: a fault of ours fails the target.
        """
        return await self._see_through(name, self._submit(name))

    async def _submit(self, name: str) -> TargetState:
        state = await self.scrape(name)
        state.submitted = state.submitted or state.outcome is None
        await self._send_if_complete(state.plan.target.league)
        return state

    async def _see_through(self, name: str, work: Coroutine[None, None, TargetState]) -> TargetState:
        """Do it in a task of the run's own: where whoever asked is cancelled (a model that timed out), it goes on,
        since half a feed must not be sent and the courier serves one thread at a time."""
        job = asyncio.create_task(self._without_a_fault(name, work))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        return await asyncio.shield(job)

    async def _without_a_fault(self, name: str, work: Coroutine[None, None, TargetState]) -> TargetState:
        state = self.states[name]
        try:
            return await work
        except Exception as error:
            log.exception("target.fault", target=name)
            state.fault(error)
            return state

    async def see_all_through(self) -> None:
        """Wait for what was begun for somebody who no longer waits for it."""
        while self._jobs:
            await asyncio.wait(set(self._jobs))

    async def _send_if_complete(self, league: League) -> None:
        async with self._locks.setdefault(league, asyncio.Lock()):
            due = self._of_league(league)
            ready = [state for state in due if state.submitted]
            waiting = [state for state in due if not state.submitted and state.outcome is None]
            if waiting or not ready:
                return
            read = (item for item in self.readings.of_league(league) if item.outcome is ReadOutcome.READ)
            reading = next(read, None)
            if reading is None or reading.key.key in self.receipts.parcels:
                return
            try:
                await self._send(reading, [state.plan.target for state in ready])
            except Exception as error:
                log.exception("feed.fault", key=reading.key.key)
                for state in ready:
                    state.fault(error)

    async def _send(self, reading: Reading, targets: list[Target]) -> None:
        key = reading.key.key
        since = monotonic()
        shipment = await asyncio.to_thread(
            partial(
                build.build_messages,
                reading,
                targets,
                run_id=self.run_id,
                snapshot_id=str(uuid4()),
                window=self.plan.window,
                accept_shrink=key in self._accept_shrink,
            )
        )
        parcel = self.receipts.parcels[key] = Parcel(reading.key, shipment)
        for target in targets:
            self.states[target.name].found = shipment.found[target.name]
        if self.delivery.dry_run:
            return
        matches, batches = sum(shipment.found.values()), len(shipment.messages) - 1
        self.told.say(f"sending {key}: {matches:,} matches in {batches} batches")
        for message in shipment.messages:
            went = await self.delivery.deliver(message)
            (parcel.sent if went else parcel.held).append(message_id(message))
        self.told.spend("sending", since)

    async def send_alone(self, message: Payload) -> None:
        """Send a message that belongs to no target; its receipt is waited for like the others'."""
        if await self.delivery.deliver(message):
            self.receipts.expect([message_id(message)])

    async def send_outbox(self) -> int:
        """Send what an earlier run could not; returns how many went. Their receipts are waited for as well."""
        sent = await self.delivery.send_outbox()
        self.receipts.expect(message_id(message) for message in sent if message["kind"] != MessageKind.RUN_REPORT)
        return len(sent)

    # the end

    async def settle(self, timeout_s: float) -> tuple[TargetResult, ...]:
        """Wait for the receipts and say what became of each target."""
        await self.receipts.wait(timeout_s)
        if missing := self.receipts.missing:
            where = "./mt status, ./mt logs worker, missing-table dead list"
            self.told.hold(
                f"{len(missing)} of the messages sent have no receipt within {timeout_s:g} s: they are queued in "
                f"RabbitMQ and land as soon as worker and database run ({where})"
            )
        if dead := self.receipts.dead:
            self.told.hold(
                f"{len(dead)} of the messages sent cannot land and lie in matches.dead ({next(iter(dead.values()))}): "
                "see missing-table dead list; mend the cause, then missing-table dead replay"
            )
        for key, parcel in self.receipts.parcels.items():
            self._conclude(key, parcel)
        for receipt in self.receipts.others.values():
            if receipt.state == "refused":
                self.told.warn(f"a {receipt.kind} message was refused by the database: {receipt.detail}")
        for name, state in self.states.items():
            if state.outcome is None and state.left_over(dry_run=self.delivery.dry_run):
                log.error("target.left", target=name)
        return tuple(state.result() for state in self.states.values())

    def _conclude(self, key: str, parcel: Parcel) -> None:
        if self.delivery.dry_run:
            return
        for name in parcel.shipment.found:
            state = self.states[name]
            state.count(item.by_target[name] for item in parcel.receipts.values() if name in item.by_target)
            if state.outcome is not None:
                continue
            _end(state, key, parcel, dead=self.receipts.dead, outbox=self.delivery.outbox)
            told = state.counts.landed + state.counts.rejected
            if state.outcome == "landed" and told != state.found:
                self.told.warn(f"{name}: {state.found:,} matches were sent and the receipts account for {told:,}")

    @property
    def observed(self) -> dict[str, datetime]:
        """Return when the source wrote what the database holds now of each key, as far as this run knows."""
        observed = dict(self.plan.observed)
        for key, parcel in self.receipts.parcels.items():
            at = self.readings.by_key[key].observed_at
            if at is not None and any(self.states[name].outcome == "landed" for name in parcel.shipment.found):
                observed[key] = max(at, observed.get(key, at))
        return observed


def _end(state: TargetState, key: str, parcel: Parcel, *, dead: Mapping[str, str], outbox: Outbox | None) -> None:
    """Say what became of a target whose feed was sent, by what came back of it."""
    refused = [item for item in parcel.receipts.values() if item.state == "refused"]
    messages = len(parcel.shipment.messages)
    given_up = len(dead.keys() & set(parcel.sent))
    if refused:
        state.refused(f"{key} was refused by the database: {refused[0].detail or 'no reason given'}")
    elif parcel.held:
        state.held(len(parcel.held), messages, outbox.folder if outbox else None)
    elif given_up:
        state.cannot_land(given_up, messages, key)
    elif missing := messages - len(parcel.receipts):
        state.unanswered(missing, messages, key)
    else:
        state.landed()
