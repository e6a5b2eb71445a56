"""The work of a run, whoever asks for it: reading feeds, submitting them, waiting for receipts. Knows no model.

Each feed is read once a run and sent once, when the last of its targets has been submitted. The tools and the guard
call the same functions, so nothing can be done twice.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from uuid import uuid4

import structlog

from match_contract import Counts, League, MessageKind, Receipt, Rejection, Season, SourceState, message_id, source_of
from match_scraper import Outcome as ReadOutcome
from match_scraper import Rejected, Skipped
from match_scraper_agent import messages as build
from match_scraper_agent.api import Api, ApiError, Knowledge
from match_scraper_agent.messages import Payload, Shipment
from match_scraper_agent.planner import Plan, TargetPlan, covers, known_brackets
from match_scraper_agent.report import Outcome, TargetResult, add_counts
from match_scraper_agent.source import (
    Discovery,
    FeedKey,
    LandedFeed,
    Reading,
    SourceError,
    SourceOfMatches,
    Validators,
)
from match_scraper_agent.submit import Courier, Outbox, Refused, Undelivered
from match_scraper_agent.targets import Target

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ASK_API_EVERY_S = 10.0
LAST_ASK_S = 5.0
ODDITIES, ODDITY_LENGTH = 3, 300
"""So many of what is odd about one document stand in the run's warnings, in so many characters."""


@dataclass
class TargetState:
    """One target while the run goes on."""

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
    """The plan, or whoever read it beyond the plan, wants it in the run."""


@dataclass
class Parcel:
    """What was sent of a feed, and what has come back."""

    key: FeedKey
    shipment: Shipment
    sent: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)


class Work:
    """State and operations of one run. All methods may be called in any order, any number of times."""

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
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.plan = plan
        self.run_id = run_id
        self.states = {item.target.name: TargetState(item) for item in plan.targets}
        self.warnings: list[str] = list(plan.warnings)
        self.undelivered: list[str] = []
        self.notes: list[str] = []
        """What is new and no reason to worry."""
        self.readings: dict[str, Reading] = {}
        self.parcels: dict[str, Parcel] = {}
        self.steps: dict[str, float] = {}
        self.other_receipts: dict[str, Receipt] = {}
        self._waiting_elsewhere: list[str] = []
        self._source = source
        self._knowledge = knowledge
        self._api = api
        self._courier = courier
        self._outbox = outbox
        self._accept_shrink = frozenset(accept_shrink)
        self.say = say
        self._locks: dict[str, asyncio.Lock] = {}
        self._jobs: set[asyncio.Task[TargetState]] = set()
        self._discovered: Discovery | SourceError | None = None
        self._tried_again: set[str] = set()
        self._broker_failed: str | None = None
        for state in self.states.values():
            state.wanted = state.plan.need != "nothing"
            if not state.wanted:
                state.outcome, state.detail = "nothing_due", "; ".join(state.plan.reasons)

    @property
    def dry_run(self) -> bool:
        """True where nothing may be written: there is no courier."""
        return self._courier is None

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())

    def _spend(self, step: str, since: float) -> None:
        self.steps[step] = self.steps.get(step, 0.0) + monotonic() - since

    # reading

    async def discover(self) -> Discovery:
        """Today's feeds, found once a run; raises SourceError, again and again where it did so first."""
        async with self._lock("discovery"):
            if self._discovered is None:
                since = monotonic()
                self.say("opening the league's page")
                try:
                    self._discovered = await self._source.discover(self.plan.season, self._last_known())
                    self.warnings += self._discovered.warnings
                except SourceError as error:
                    self._discovered = error
                self._spend("discovery", since)
        if isinstance(self._discovered, SourceError):
            raise self._discovered
        return self._discovered

    def _of_league(self, league: League) -> list[TargetState]:
        return [state for state in self.states.values() if state.plan.target.league is league and state.wanted]

    def _landed(self, feed: FeedKey, viewer_url: str) -> SourceState | None:
        """What last landed of this feed from the same site: a validator belongs to its host."""
        same_key = [item for item in self._knowledge.sources if item.key == feed.key]
        return next((item for item in same_key if item.site in viewer_url or viewer_url in item.site), None)

    def _validators(self, feed: FeedKey, landed: SourceState | None) -> dict[str, Validators]:
        """What lets the source answer "unchanged": only where what landed holds all that this run wants of the feed."""
        states = self._of_league(feed.league)
        if landed is None or not self.plan.window.is_open or not all(state.plan.conditional for state in states):
            return {}
        targets = [state.plan.target for state in states]
        scope = None
        if not any(target.is_whole_league for target in targets):
            known = [item for target in targets for item in known_brackets(target, self._knowledge)]
            scope = frozenset(item.external_id for item in known)
        if not covers(landed, scope):
            return {}
        return {item.path: Validators(item.etag, item.last_modified, item.sha256) for item in landed.documents}

    def _last_known(self) -> list[FeedKey]:
        return [
            FeedKey(item.key, item.league, Season.parse(item.season))
            for item in self._knowledge.sources
            if item.season == self.plan.season.name and item.source == source_of(self.plan.season)
        ]

    async def _feed(self, feed: FeedKey, viewer_url: str) -> Reading:
        async with self._lock(feed.key):
            if feed.key not in self.readings:
                since = monotonic()
                self.say(f"reading {feed.key}")
                landed = self._landed(feed, viewer_url)
                reading = await self._source.read(
                    feed,
                    viewer_url=viewer_url,
                    validators=self._validators(feed, landed),
                    landed=LandedFeed(landed.matches, landed.scored, landed.observed_at) if landed else None,
                    accept_shrink=feed.key in self._accept_shrink,
                )
                self._spend("reading", since)
                self._look_at(reading)
                self.readings[feed.key] = reading
            return self.readings[feed.key]

    def _look_at(self, reading: Reading) -> None:
        """Self-watch: what is odd about a document, though it could be read."""
        key = reading.key.key
        if reading.canary is not None and reading.canary.alarm:
            self.warnings.append(f"{key}: score canary: {reading.canary}")
        for season in sorted({item.season for item in reading.linked if item.season > self.plan.season}):
            said = f"the season {season} has appeared: {key} names it"
            if not any(f"the season {season} has appeared" in text for text in self.warnings):
                self.warnings.append(said)
        if reading.released and self._knowledge.error is None and not self._stored(reading.key.league, key):
            self.notes.append(f"{key}: release watch: the season's fixtures have appeared")
        self.warnings += [f"{key}: {text[:ODDITY_LENGTH]}" for text in reading.oddities[:ODDITIES]]
        if len(reading.oddities) > ODDITIES:
            self.warnings.append(f"{key}: {len(reading.oddities) - ODDITIES} more of the kind, see the log (feed.read)")
        if reading.skipped:
            self.warnings.append(f"{key}: rows left out: {_reasons(reading.skipped)}")
        if reading.rejected:
            first = reading.rejected[0].detail[:ODDITY_LENGTH]
            self.warnings.append(f"{key}: the reader refused {_reasons(reading.rejected)}, the first: {first}")

    async def scrape(self, name: str) -> TargetState:
        """Reads a target; what came of it stands in its state. Never raises: a fault of ours fails the target.

        A target for which nothing was due joins the run, unless its feed has been read without it. One that could not
        be read is tried a second time when it is asked for again: page and document once each.
        """
        return await self._see_through(name, self._scrape(name))

    async def _scrape(self, name: str) -> TargetState:
        state = self.states[name]
        target = state.plan.target
        if state.read or state.outcome == "not_published" or (state.outcome == "failed" and not self._again(state)):
            return state
        if not state.wanted and any(item.key.league is target.league for item in self.readings.values()):
            return state
        state.wanted = True
        if state.outcome == "nothing_due":
            state.outcome, state.detail = None, ""
        try:
            site = await self.discover()
            feed = next((item for item in site.keys if item.league is target.league), None)
            if feed is None:
                self._not_there(state, f"{target.league} {self.plan.season.name} is not published", None)
                return state
            reading = await self._feed(feed, site.viewer_url)
        except SourceError as error:
            kept = f" (kept: {', '.join(str(file) for file in error.evidence)})" if error.evidence else ""
            state.outcome, state.detail, state.could_read = "failed", f"{error}{kept}", False
            return state
        self._take(state, reading)
        return state

    def _stored(self, league: League, key: str | None) -> int:
        """Matches that have landed of a league's season, from whichever site; of one feed where `key` names it."""
        same = (
            item.matches
            for item in self._knowledge.sources
            if item.league is league and item.season == self.plan.season.name and key in (None, item.key)
        )
        return max(same, default=0)

    def _not_there(self, state: TargetState, said: str, key: str | None) -> None:
        """What nobody has seen yet is not published, and no failure; what was there before has vanished, and is one."""
        stored = state.plan.planned or self._stored(state.plan.target.league, key)
        if not stored:
            state.outcome, state.detail = "not_published", said
            return
        state.outcome, state.could_read = "failed", False
        state.detail = (
            f"{said}, although {stored:,} of its matches are stored: it has vanished or has another name now; look at "
            "the viewer in a browser"
        )

    def _take(self, state: TargetState, reading: Reading) -> None:
        target, key = state.plan.target, reading.key.key
        match reading.outcome:
            case ReadOutcome.NOT_PUBLISHED:
                self._not_there(state, reading.detail, key)
                return
            case ReadOutcome.UNCHANGED:
                state.read = True
                state.outcome, state.detail = "unchanged", ""
                state.found = sum(item.matches for item in known_brackets(target, self._knowledge))
                state.counts = Counts(unchanged=state.found)
                return
            case ReadOutcome.READ:
                pass
            case ReadOutcome.SHRUNKEN:
                state.outcome, state.detail = "failed", reading.detail
                return
            case _:
                state.outcome, state.detail, state.could_read = "failed", reading.detail, False
                return
        if not any(target.covers(bracket) for bracket in reading.brackets):
            if state.plan.planned:
                state.outcome, state.detail = "failed", f"{key} has no bracket {target.label} any more"
            else:
                state.outcome, state.detail = "not_published", f"{key} has no bracket {target.label} yet"
            return
        state.read = True
        state.outcome, state.detail = None, ""
        mine = [item.plan.target for item in self._of_league(target.league)]
        state.found = build.found_by_target(mine, reading, self.plan.window).get(target.name, 0)

    def _again(self, state: TargetState) -> bool:
        """Makes ready for a second attempt; False where there was one, or where nothing would be different."""
        if state.could_read or state.tried_again:
            return False
        state.tried_again, state.outcome, state.could_read, state.detail = True, None, True, ""
        if isinstance(self._discovered, SourceError) and "discovery" not in self._tried_again:
            self._tried_again.add("discovery")
            self._discovered = None
        league = state.plan.target.league
        good = (ReadOutcome.READ, ReadOutcome.UNCHANGED)
        for key in [key for key, item in self.readings.items() if item.key.league is league]:
            if self.readings[key].outcome not in good and key not in self._tried_again:
                self._tried_again.add(key)
                del self.readings[key]
        return True

    # submitting

    async def submit(self, name: str) -> TargetState:
        """Marks a target as submitted; its feed is sent when the last of its targets is. Reads first what is unread.

        Never raises: a fault of ours fails the target.
        """
        return await self._see_through(name, self._submit(name))

    async def _submit(self, name: str) -> TargetState:
        state = await self.scrape(name)
        state.submitted = state.submitted or state.outcome is None
        await self._send_if_complete(state.plan.target.league)
        return state

    async def _see_through(self, name: str, work: Coroutine[None, None, TargetState]) -> TargetState:
        """Does it in a task of the run's own: where whoever asked is cancelled (a model that timed out), it goes on,
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
            self._failed_by(error, state)
            return state

    def _failed_by(self, error: Exception, state: TargetState) -> None:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        state.outcome, state.could_read = "failed", state.read
        state.detail = f"a fault of the agent, see its log ({said})"

    async def see_all_through(self) -> None:
        """Waits for what was begun for somebody who no longer waits for it."""
        while self._jobs:
            await asyncio.wait(set(self._jobs))

    async def _send_if_complete(self, league: League) -> None:
        async with self._lock(f"send {league}"):
            due = self._of_league(league)
            ready = [state for state in due if state.submitted]
            waiting = [state for state in due if not state.submitted and state.outcome is None]
            if waiting or not ready:
                return
            reading = next(
                (
                    item
                    for item in self.readings.values()
                    if item.key.league is league and item.outcome is ReadOutcome.READ
                ),
                None,
            )
            if reading is None or reading.key.key in self.parcels:
                return
            try:
                await self._send(reading, [state.plan.target for state in ready])
            except Exception as error:
                log.exception("feed.fault", key=reading.key.key)
                for state in ready:
                    self._failed_by(error, state)

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
        parcel = self.parcels[key] = Parcel(reading.key, shipment)
        for target in targets:
            self.states[target.name].found = shipment.found[target.name]
        if self.dry_run:
            return
        self.say(f"sending {key}: {sum(shipment.found.values()):,} matches in {len(shipment.messages) - 1} batches")
        for message in shipment.messages:
            if await self.deliver(message):
                parcel.sent.append(message_id(message))
            else:
                parcel.held.append(message_id(message))
        self._spend("sending", since)

    async def deliver(self, message: Payload) -> bool:
        """Sends a message or puts it into the outbox; False where it waits. A broker that failed is not tried again."""
        if self._courier is None or self._outbox is None:
            raise RuntimeError("a dry run delivers nothing")
        refused: Refused | None = None
        if self._broker_failed is None:
            try:
                await asyncio.to_thread(self._courier.send, message)
                return True
            except Refused as error:
                refused = error
                log.error("publish.refused", message_id=message_id(message), error=str(error))
            except Undelivered as error:
                self._broker_failed = str(error)
                self.undelivered.append(f"{error}")
                log.error("publish.failed", message_id=message_id(message), error=str(error))
        try:
            file = await asyncio.to_thread(self._outbox.keep, message)
            if refused is not None:
                self._set_aside(self._outbox, file, refused)
        except Undelivered as error:
            if str(error) not in self.undelivered:
                self.undelivered.append(str(error))
        return False

    def _set_aside(self, outbox: Outbox, file: Path, error: Refused) -> None:
        aside = outbox.set_aside(file)
        self.undelivered.append(f"{error}; it is not sent again and lies in {aside}")

    async def send_alone(self, message: Payload) -> None:
        """Sends a message that belongs to no target; its receipt is waited for like the others'."""
        if await self.deliver(message):
            self._waiting_elsewhere.append(message_id(message))

    def broker_is_down(self, why: str) -> None:
        """Everything goes to the outbox from here on."""
        self._broker_failed = why
        self.undelivered.append(why)

    @property
    def in_outbox(self) -> int:
        """How many messages lie on disk: those that wait for the next run, and those that nobody will send."""
        return len(self._outbox.files()) + len(self._outbox.aside()) if self._outbox is not None else 0

    async def send_outbox(self) -> int:
        """Sends what an earlier run could not; returns how many went. Their receipts are waited for as well."""
        if self._courier is None or self._outbox is None or self._broker_failed is not None:
            return 0
        if aside := self._outbox.aside():
            self.warnings.append(f"{len(aside)} messages lie aside in {self._outbox.folder}: look at them, then delete")
        sent = 0
        for file, message in self._outbox.waiting():
            try:
                await asyncio.to_thread(self._courier.send, message)
            except Refused as error:
                self._set_aside(self._outbox, file, error)
                continue
            except Undelivered as error:
                self._broker_failed = str(error)
                self.undelivered.append(str(error))
                break
            file.unlink()
            sent += 1
            if message["kind"] != MessageKind.RUN_REPORT:
                self._waiting_elsewhere.append(message_id(message))
        if sent:
            self.warnings.append(f"{sent} messages of an earlier run were still in the outbox and have been sent")
        return sent

    # receipts

    def _missing(self) -> set[str]:
        missing = {name for name in self._waiting_elsewhere if name not in self.other_receipts}
        for parcel in self.parcels.values():
            missing |= set(parcel.sent) - parcel.receipts.keys()
        return missing

    def _file(self, found: Mapping[str, Receipt]) -> None:
        for name, receipt in found.items():
            if name in self._waiting_elsewhere:
                self.other_receipts[name] = receipt
            for parcel in self.parcels.values():
                if name in parcel.sent:
                    parcel.receipts[name] = receipt

    async def wait_for_receipts(self, timeout_s: float) -> None:
        """Waits until every message sent has its receipt, by the reply queue or, where that is silent, from the API."""
        if self._courier is None:
            return
        since = monotonic()
        deadline = since + timeout_s
        ask_at = since + min(ASK_API_EVERY_S, timeout_s / 2)
        if self._missing():
            self.say("waiting for receipts")
        while missing := self._missing():
            now = monotonic()
            if now >= deadline:
                break
            until = max(0.0, min(deadline, ask_at) - now)
            found = await asyncio.to_thread(self._courier.receipts, missing, until)
            self._file(found)
            if monotonic() >= ask_at:
                await self._ask_api(min(LAST_ASK_S, timeout_s))
                ask_at = monotonic() + ASK_API_EVERY_S
        if self._missing():
            await self._ask_api(LAST_ASK_S)
        self._spend("receipts", since)

    async def _ask_api(self, within_s: float) -> None:
        if self._api is None:
            return
        try:
            async with asyncio.timeout(within_s):
                for name in sorted(self._missing()):
                    receipt = await self._api.receipt(name)
                    if receipt is not None:
                        self._file({name: receipt})
        except (ApiError, TimeoutError) as error:
            log.warning("receipts.api", error=str(error) or "timeout")

    # the end

    async def settle(self, timeout_s: float) -> tuple[TargetResult, ...]:
        """Waits for the receipts and says what became of each target."""
        await self.wait_for_receipts(timeout_s)
        if self._missing():
            where = "./mt status, ./mt logs worker, missing-table dead list"
            count = len(self._missing())
            self.undelivered.append(
                f"{count} of the messages sent have no receipt within {timeout_s:g} s: they are queued in RabbitMQ and "
                f"land as soon as worker and database run ({where})"
            )
        for key, parcel in self.parcels.items():
            self._conclude(key, parcel)
        for receipt in self.other_receipts.values():
            if receipt.state == "refused":
                self.warnings.append(f"a {receipt.kind} message was refused by the database: {receipt.detail}")
        for name, state in self.states.items():
            if state.outcome is None:
                state.outcome = "dry_run" if self.dry_run and state.could_read else "failed"
                if state.outcome == "failed" and not state.detail:
                    state.detail = "was not submitted; this is a fault of the agent, please report it"
                    log.error("target.left", target=name)
        return tuple(
            TargetResult(
                state.plan.target,
                state.outcome or "failed",
                state.plan.planned,
                state.found,
                state.counts,
                state.detail,
                state.could_read,
            )
            for state in self.states.values()
        )

    def _conclude(self, key: str, parcel: Parcel) -> None:
        if self.dry_run:
            return
        states = [self.states[name] for name in parcel.shipment.found]
        refused = [item for item in parcel.receipts.values() if item.state == "refused"]
        messages = len(parcel.shipment.messages)
        missing = messages - len(parcel.receipts)
        for state in states:
            name = state.plan.target.name
            state.counts = add_counts(
                item.by_target[name] for item in parcel.receipts.values() if name in item.by_target
            )
            if state.outcome is not None:
                continue
            if refused:
                state.outcome = "failed"
                state.detail = f"{key} was refused by the database: {refused[0].detail or 'no reason given'}"
            elif parcel.held:
                state.outcome = "undelivered"
                lie = f"lie in the outbox {self._outbox.folder}" if self._outbox else "are lost"
                state.detail = f"{len(parcel.held)} of {messages} messages {lie}"
            elif missing:
                state.outcome = "undelivered"
                state.detail = f"{missing} of {messages} messages of {key} have no receipt"
            else:
                state.outcome = "landed"
                told = state.counts.landed + state.counts.rejected
                if told != state.found:
                    self.warnings.append(
                        f"{name}: {state.found:,} matches were sent and the receipts account for {told:,}"
                    )

    @property
    def observed(self) -> dict[str, datetime]:
        """When the source wrote what the database holds now of each key, as far as this run knows."""
        observed = dict(self.plan.observed)
        for key, parcel in self.parcels.items():
            at = self.readings[key].observed_at
            if at is not None and any(self.states[name].outcome == "landed" for name in parcel.shipment.found):
                observed[key] = max(at, observed.get(key, at))
        return observed

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """Every match that went to the quarantine, those of messages that an earlier run had left in the outbox too."""
        receipts = [receipt for parcel in self.parcels.values() for receipt in parcel.receipts.values()]
        return tuple(item for receipt in (*receipts, *self.other_receipts.values()) for item in receipt.rejections)

    @property
    def documents(self) -> tuple[dict[str, str | int | None], ...]:
        """What was read, as the report has it."""
        return tuple(
            {
                "key": reading.key.key,
                "state": reading.outcome.value,
                "path": item.path,
                "etag": item.etag,
                "sha256": item.sha256,
                "synced_at": item.synced_at.isoformat(),
                "size_bytes": item.size_bytes,
            }
            for reading in self.readings.values()
            for item in reading.documents
        )


def _reasons(items: Iterable[Skipped | Rejected]) -> str:
    """How many for which reason: "2 bye, 1 copy"."""
    return ", ".join(f"{count} {reason}" for reason, count in sorted(Counter(item.reason for item in items).items()))


def outbox_of(state_dir: Path) -> Outbox:
    """The outbox of an agent whose state lies in this folder."""
    return Outbox(state_dir / "outbox")
