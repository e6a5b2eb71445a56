"""What the model begins and does not finish, and what breaks under its hands: the run does the rest, or says it."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, DeltaToolCalls, FunctionModel

from devstack.embedded import InProcessCourier
from devstack.testing.agent_workshop import HOMEGROWN, TODAY, Workshop, by_name, reading
from match_scraper import Outcome, Reading, SourceError
from match_scraper_agent.agent import think
from match_scraper_agent.api import Knowledge
from match_scraper_agent.broker import Payload
from match_scraper_agent.guard import finish_plan
from match_scraper_agent.outbox import Outbox
from match_scraper_agent.planner import make_plan
from match_scraper_agent.publisher import Courier
from match_scraper_agent.report import RunResult, exit_code, printed
from match_scraper_agent.targets import choose, load_targets
from match_scraper_agent.work import Work

RUN = "00000000-0000-4000-8000-00000000000b"


def work_of(workshop: Workshop, courier: Courier, *, not_due: tuple[str, ...] = ()) -> Work:
    """The work of a run of the four targets, of which these are not due."""
    plan = make_plan(choose(load_targets(), HOMEGROWN), now=TODAY, knowledge=Knowledge())
    items = [replace(item, need="nothing") if item.target.name in not_due else item for item in plan.targets]
    return Work(
        replace(plan, targets=tuple(items)),
        source=workshop.source,
        knowledge=Knowledge(),
        api=workshop.api,
        courier=courier,
        outbox=Outbox(workshop.settings.state_dir / "outbox"),
        run_id=RUN,
    )


class Slow(InProcessCourier):
    """Holds the first message until it is let go, and says in how many threads it is used at once."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__(workshop.database.dsn, workshop.settings.state_dir)
        self.began, self.go = threading.Event(), threading.Event()
        self.inside, self.most = 0, 0

    def send(self, message: Payload) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.began.set()
        self.go.wait(60)
        super().send(message)
        self.inside -= 1


async def reads_and_sends(messages: list[ModelMessage], _: AgentInfo) -> AsyncIterator[DeltaToolCalls]:
    """A model that reads everything, and then sends everything."""
    tool = "scrape_matches" if len(messages) == 1 else "submit_matches"
    names = ", ".join(f'"{name}"' for name in HOMEGROWN)
    yield {0: DeltaToolCall(name=tool, json_args=f'{{"targets": [{names}]}}')}


async def test_a_model_that_times_out_while_a_feed_is_sent_loses_nothing_of_it(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    courier = Slow(workshop)
    work = work_of(workshop, courier)
    thinking = asyncio.create_task(
        think(work, FunctionModel(stream_function=reads_and_sends), "{targets}", timeout_s=300)
    )
    await asyncio.to_thread(courier.began.wait, 60)
    loop = asyncio.get_running_loop()
    now = loop.time
    monkeypatch.setattr(loop, "time", lambda: now() + 600)  # so the time is out now, on any machine
    thought = await thinking
    assert thought.trouble == "the model took longer than 300 s"
    finishing = asyncio.create_task(finish_plan(work))
    courier.go.set()
    await finishing
    results = await work.settle(60)
    assert [item.outcome for item in results] == ["landed"] * 4
    assert [item.counts.inserted for item in results] == [4] * 4
    assert workshop.count("matches") == 16
    assert courier.most == 1


async def test_a_feed_of_which_a_message_was_never_sent_has_not_landed(workshop: Workshop) -> None:
    work = work_of(workshop, workshop.courier())
    await finish_plan(work)
    (parcel,) = work.receipts.parcels.values()
    parcel.sent.pop()
    results = await work.settle(60)
    assert {item.outcome for item in results} == {"undelivered"}
    assert results[0].detail == "1 of 2 messages of mls-next-league-26-27 have no receipt"


async def test_what_the_model_reads_beyond_the_plan_is_sent_with_the_rest(workshop: Workshop) -> None:
    work = work_of(workshop, workshop.courier(), not_due=("u13-hg-florida",))
    await work.scrape("u13-hg-florida")
    assert await finish_plan(work) == tuple(HOMEGROWN)
    results = await work.settle(60)
    assert [item.outcome for item in results] == ["landed"] * 4
    assert workshop.count("matches") == 16


async def test_a_target_that_cannot_be_read_any_more_keeps_nothing_back_that_was_submitted_before(
    workshop: Workshop,
) -> None:
    feed = workshop.source.feed
    workshop.source.feed = replace(feed, brackets=tuple(item for item in feed.brackets if item.external_id != "400"))
    work = work_of(workshop, workshop.courier())
    for name in HOMEGROWN[:3]:
        await work.submit(name)
    await finish_plan(work)
    results = await work.settle(60)
    assert [item.outcome for item in results] == ["landed"] * 3 + ["not_published"]


def a_fault_is_said(result: RunResult, workshop: Workshop, logged: list[Any], event: str) -> None:
    """The report tells of a fault and is kept, its traceback is in the log, and no note of a broken run is left."""
    assert exit_code(result) == 1, printed(result)
    assert "a fault of the agent, see its log (" in printed(result)
    assert [entry["exc_info"] for entry in logged if entry["event"] == event]
    assert workshop.rows("select exit_code from runs") == [(1,)]
    assert not (workshop.settings.state_dir / "running.json").exists()


async def test_a_fault_in_reading_one_target_leaves_the_others_alone(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds: list[Any] = [RuntimeError("no such thing"), workshop.source.feed]

    async def read(*_: Any, **__: Any) -> Reading:
        if len(feeds) > 1:
            raise feeds.pop(0)
        found: Reading = feeds[0]
        return found

    monkeypatch.setattr(workshop.source, "read", read)
    with structlog.testing.capture_logs() as logged:
        result = await workshop.plain()
    a_fault_is_said(result, workshop, logged, "target.fault")
    assert [by_name(result)[name].outcome for name in HOMEGROWN] == ["failed", "landed", "landed", "landed"]
    assert "(RuntimeError: no such thing)" in by_name(result)[HOMEGROWN[0]].detail
    assert workshop.count("matches") == 12


async def test_a_fault_in_sending_a_feed_is_said_of_all_its_targets(workshop: Workshop) -> None:
    workshop.source.feed = replace(reading(), observed_at=None)
    with structlog.testing.capture_logs() as logged:
        result = await workshop.plain()
    a_fault_is_said(result, workshop, logged, "feed.fault")
    assert {by_name(result)[name].outcome for name in HOMEGROWN} == {"failed"}
    assert workshop.count("matches") == 0


async def test_a_fault_under_the_model_is_a_sentence(workshop: Workshop) -> None:
    async def breaks(messages: list[ModelMessage], _: AgentInfo) -> AsyncIterator[DeltaToolCalls]:
        yield {0: DeltaToolCall(name="get_today_info", json_args="{}")}
        raise RuntimeError("out of thin air")

    work = work_of(workshop, workshop.courier())
    thought = await think(work, FunctionModel(stream_function=breaks), "{targets}", timeout_s=60)
    assert thought.trouble == "a fault of the agent, see its log (RuntimeError: out of thin air)"


async def test_what_could_not_be_read_is_tried_once_more_when_the_model_asks_again(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = 0
    discover = workshop.source.discover

    async def counted(*arguments: Any) -> Any:
        nonlocal opened
        opened += 1
        return await discover(*arguments)

    monkeypatch.setattr(workshop.source, "discover", counted)
    workshop.source.page = SourceError(Outcome.UNREACHABLE, "the source is down now")
    work = work_of(workshop, workshop.courier())
    for _ in range(3):
        assert [(await work.scrape(name)).outcome for name in HOMEGROWN[:3]] == ["failed"] * 3
    assert opened == 2, "the first time and once more, for all of them together"
    workshop.source.page = None
    await finish_plan(work)
    assert [item.outcome for item in await work.settle(60)] == ["failed"] * 4


async def test_a_second_attempt_that_succeeds_is_sent_and_the_guard_makes_none_by_itself(workshop: Workshop) -> None:
    feed = workshop.source.feed
    workshop.source.feed = replace(feed, outcome=Outcome.UNREACHABLE, detail="the document does not come")
    work = work_of(workshop, workshop.courier())
    for name in HOMEGROWN:
        await work.scrape(name)
    workshop.source.feed = feed
    for name in HOMEGROWN[:2]:
        assert (await work.scrape(name)).read
    await finish_plan(work)
    assert [item.outcome for item in await work.settle(60)] == ["landed", "landed", "failed", "failed"]
    assert len(workshop.source.asked) == 2
    assert workshop.count("matches") == 8
