"""What time alone decides, with the clock in the test's hand, on a real FreeRADIUS: month's end, grace, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from devstack.testing.radius import Radius
from devstack.testing.waiting import until_async as until
from iron_claw.accounting import Accounting
from iron_claw.budget import Counts
from iron_claw.endings import Ending
from iron_claw.errors import Refused
from iron_claw.journal import Journal, JournalError, read
from iron_claw.ladder import Action
from iron_claw.metering import Metering
from iron_claw.metrics import Metrics
from iron_claw.policy import Ask
from iron_claw.prices import load
from iron_claw.radius import Accept, AcctType, RadiusClient, RadiusDown, Reject
from iron_claw.recovery import restore
from iron_claw.replay import replay
from iron_claw.session import iso, month_end
from iron_claw.sessions import Sessions
from iron_claw.settings import PRICES, Settings

KEY = "ann.a-long-enough-secret"


class Gate:
    """Sessions without HTTP, at a time that the test sets."""

    def __init__(self, radius: Radius, folder: Path, **more: object) -> None:
        self.now = datetime.now(UTC).timestamp()
        server = radius.server
        self.settings = Settings(
            radius_host="127.0.0.1",
            radius_auth_port=server.auth_port,
            radius_acct_port=server.acct_port,
            radius_secret=server.secret,
            state_dir=folder,
            **more,
        )
        self.journal = Journal(folder, clock=lambda: self.now)
        self.radius = RadiusClient(self.settings)
        self.sessions = Sessions(self.settings, self.journal, self.radius, Metrics(), clock=lambda: self.now)
        self.metering = Metering(self.sessions, load(PRICES))
        self.journal.begin(restore(self.sessions, replay(self.journal.open()), self.metering.prices))
        self.sender = asyncio.create_task(self.accounting.send())

    @property
    def accounting(self) -> Accounting:
        """What RADIUS has still to be told."""
        return self.sessions.books.accounting

    def tick(self) -> None:
        """What the gateway does each second."""
        self.metering.check_leases()
        self.sessions.tick()

    async def use(self, tokens: int, key: str = KEY) -> None:
        """One call that uses so many tokens."""
        session = await self.sessions.open_session(key)
        call = self.metering.begin(session, Ask("claude-sonnet-4-6", tokens, 0), "r")
        used = Counts(output_tokens=tokens)
        self.metering.settle(call, used, ending=Ending.COMPLETE, status=200, estimated=False)

    async def close(self) -> None:
        self.sender.cancel()
        with suppress(asyncio.CancelledError):
            await self.sender
        await self.radius.stop()
        self.journal.close()


@pytest.fixture
async def gate(radius: Radius, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Gate]:
    radius.add_user("ann", KEY.partition(".")[2], check={"MT-Max-Monthly-Tokens": 1000}, MT_Token_Budget=600)
    made = Gate(radius, tmp_path, **getattr(request, "param", {}))
    yield made
    await made.close()


async def test_the_months_end_stops_a_session_and_the_next_one_counts_in_the_new_month(
    gate: Gate, radius: Radius
) -> None:
    await gate.use(500)
    gate.now = month_end(gate.now) + 1
    gate.tick()
    await gate.use(10)
    assert await gate.accounting.flushed(60)
    first, second = radius.rows("select * from radacct order by acctstarttime")
    assert (first["acctoutputoctets"], first["acctterminatecause"]) == (500, "Session-Timeout")
    assert second["acctstoptime"] is None
    assert first["acctstarttime"].month != second["acctstarttime"].month


async def test_the_monthly_cap_holds_what_radius_was_not_told_yet(gate: Gate, radius: Radius) -> None:
    await gate.use(500)
    gate.sender.cancel()  # RADIUS hears of nothing more
    gate.sessions.close(gate.sessions.open["ann"], "User-Request")
    session = await gate.sessions.open_session(KEY)
    assert session.budget.limit == 500
    gate.sender = asyncio.create_task(gate.accounting.send())
    await gate.use(499)
    gate.sessions.close(gate.sessions.open["ann"], "User-Request")
    assert await gate.accounting.flushed(60)
    assert (await gate.sessions.open_session(KEY)).budget.limit == 1
    await gate.use(1)
    with pytest.raises(Refused) as refused:
        await gate.use(1)
    assert (refused.value.status, refused.value.retry) == (429, False)
    assert refused.value.details["resets_at"].endswith("-01T00:00:00Z")


async def test_the_monthly_cap_holds_what_radius_is_told_while_it_answers(
    gate: Gate, radius: Radius, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.sender.cancel()
    await gate.use(500)
    gate.sessions.close(gate.sessions.open["ann"], "User-Request")
    ask = gate.radius.authenticate

    async def told_meanwhile(user: str, password: str) -> Accept | Reject:
        answer = await ask(user, password)
        gate.sender = asyncio.create_task(gate.accounting.send())
        assert await gate.accounting.flushed(10)
        return answer

    monkeypatch.setattr(gate.radius, "authenticate", told_meanwhile)
    assert (await gate.sessions.open_session(KEY)).budget.limit == 500


async def test_what_radius_is_told_just_before_it_answers_is_not_counted_twice(
    gate: Gate, radius: Radius, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.sender.cancel()
    await gate.use(600)
    ask = gate.radius.authenticate
    answers = 0

    async def told_before(user: str, password: str) -> Accept | Reject:
        nonlocal answers
        if not answers:
            gate.sender = asyncio.create_task(gate.accounting.send())
            assert await gate.accounting.flushed(60)
        answers += 1
        return await ask(user, password)

    monkeypatch.setattr(gate.radius, "authenticate", told_before)
    gate.now += gate.settings.session_timeout_s + 1
    assert (await gate.sessions.open_session(KEY)).budget.limit == 400
    assert answers == 2


async def test_what_radius_is_told_under_every_answer_counts_as_not_counted(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = iter([{"s": 300}, {}, {"s": 200}, {}, {"s": 100}, {}, {}])
    monkeypatch.setattr(gate.sessions, "unreported", lambda _user: next(told))
    assert (await gate.sessions.open_session(KEY)).budget.limit == 600
    assert gate.sessions.open["ann"].unreported_before == 100


async def test_the_monthly_cap_holds_what_an_interim_that_was_left_out_would_have_told(
    gate: Gate, radius: Radius, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = gate.radius.account

    async def no_stop(kind: AcctType, attributes: dict[str, Any]) -> None:
        if kind == "Stop":
            raise RadiusDown("no answer")
        await tell(kind, attributes)

    monkeypatch.setattr(gate.radius, "account", no_stop)
    await gate.use(450)  # the first rung: an Interim, with the Stop behind it
    gate.sessions.close(gate.sessions.open["ann"], "User-Request")
    queue = gate.accounting.queue
    assert [entry.type for entry in queue][-2:] == ["Interim-Update", "Stop"]
    await until(lambda: len(queue) == 1)
    assert (await gate.sessions.open_session(KEY)).budget.limit == 1000 - 450


async def test_a_month_that_is_used_up_is_refused_at_the_door_with_its_reset_date(gate: Gate, radius: Radius) -> None:
    await use_up_the_month(gate)
    gate.sessions.admission.refused.clear()  # the gateway's own word: here it is FreeRADIUS that refuses
    with pytest.raises(Refused) as refused:
        await gate.sessions.open_session(KEY)
    assert refused.value.status == 429
    assert refused.value.details["resets_at"] == iso(month_end(gate.now))


async def use_up_the_month(gate: Gate) -> None:
    """Two sessions of 500 tokens: the second one is killed. RADIUS knows of both."""
    await gate.use(500)
    gate.sessions.close(gate.sessions.open["ann"], "User-Request")
    assert await gate.accounting.flushed(60)
    await gate.use(500)
    assert "ann" not in gate.sessions.open
    assert await gate.accounting.flushed(60)


def set_monthly_budget(radius: Radius, tokens: int) -> None:
    with psycopg.connect(radius.database.dsn) as connection:
        connection.execute(
            "update radcheck set value = %s where username = 'ann' and attribute = 'MT-Max-Monthly-Tokens'",
            [str(tokens)],
        )


async def test_more_tokens_for_the_month_lift_the_kill_of_a_month_that_was_used_up(gate: Gate, radius: Radius) -> None:
    await use_up_the_month(gate)
    with pytest.raises(Refused) as refused:
        await gate.use(1)
    assert (refused.value.status, refused.value.details["resets_at"]) == (429, iso(month_end(gate.now)))
    killed = await gate.sessions.find_session(KEY)
    assert (killed.rung, killed.budget.settled.total, killed.resets_at) == (Action.KILL, 500, month_end(gate.now))
    set_monthly_budget(radius, 1300)
    assert (await gate.sessions.find_session(KEY)).rung is Action.NONE
    assert (await gate.sessions.open_session(KEY)).budget.limit == 300
    await gate.use(300)


async def test_a_month_that_radius_does_not_know_to_be_used_up_yet_opens_no_session(gate: Gate, radius: Radius) -> None:
    gate.sender.cancel()  # RADIUS hears of nothing
    await gate.use(500)
    gate.sessions.close(gate.sessions.open["ann"], "User-Request")
    await gate.use(500)
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            await gate.use(1)
        assert (refused.value.status, refused.value.details["resets_at"]) == (429, iso(month_end(gate.now)))
    assert [entry.type for entry in gate.accounting.queue].count("Start") == 2


@pytest.mark.parametrize("gate", [{"grace_s": 3600, "radius_timeout_s": 0.2}], indirect=True)
async def test_grace_lets_nobody_in_whose_month_is_used_up(gate: Gate, radius: Radius) -> None:
    await use_up_the_month(gate)
    radius.stop()
    with pytest.raises(Refused) as refused:
        await gate.sessions.open_session(KEY)
    assert (refused.value.status, refused.value.details["resets_at"]) == (429, iso(month_end(gate.now)))


async def test_a_kill_by_calls_is_over_with_the_session_though_the_month_has_a_budget(
    gate: Gate, radius: Radius
) -> None:
    radius.add_user("bob", "bobs-own-secret", check={"MT-Max-Monthly-Tokens": 1000}, MT_Max_LLM_Calls=1)
    bob = "bob.bobs-own-secret"
    await gate.use(10, bob)
    session = gate.sessions.open["bob"]
    over = session.started_at + gate.settings.session_timeout_s
    with pytest.raises(Refused) as refused:
        await gate.use(10, bob)
    assert (refused.value.status, refused.value.details["resets_at"]) == (429, iso(over))
    assert (await gate.sessions.find_session(bob)).resets_at == over
    gate.now = over - 1
    with pytest.raises(Refused, match="all 1 calls"):
        await gate.use(10, bob)
    gate.now = over + 1
    gate.tick()
    await gate.use(10, bob)
    assert gate.sessions.open["bob"].id != session.id


async def test_a_kill_is_over_when_the_session_would_have_been(gate: Gate, radius: Radius) -> None:
    await gate.use(600)
    with pytest.raises(Refused):
        await gate.sessions.open_session(KEY)
    gate.now += gate.settings.session_timeout_s + 1
    assert (await gate.sessions.open_session(KEY)).budget.settled.total == 0


@pytest.mark.parametrize("gate", [{"grace_s": 3600}], indirect=True)
async def test_grace_lets_a_known_user_in_while_radius_is_away_and_not_for_ever(gate: Gate, radius: Radius) -> None:
    await gate.use(10)
    gate.sessions.close(gate.sessions.open["ann"], "User-Request")
    assert await gate.accounting.flushed(60)
    radius.stop()
    assert (await gate.sessions.open_session(KEY)).grant.token_budget == 600
    gate.sessions.close(gate.sessions.open["ann"], "User-Request")
    with pytest.raises(Refused) as wrong:
        await gate.sessions.open_session("ann.another-secret-altogether")
    assert wrong.value.status == 503
    gate.now += 2 * 3600
    with pytest.raises(Refused) as late:
        await gate.sessions.open_session(KEY)
    assert (late.value.status, late.value.retry_after_s) == (503, 5)


async def test_interims_go_out_on_the_grants_timer_which_is_never_under_a_minute(gate: Gate, radius: Radius) -> None:
    radius.add_user("bob", "bobs-own-secret", Acct_Interim_Interval=5)
    session = await gate.sessions.open_session("bob.bobs-own-secret")
    sent = []
    for seconds in (59, 2, 58, 3, 61):
        gate.now += seconds
        gate.tick()
        await gate.journal.written()
        records = [r for r in read(gate.journal.file) if r["k"] == "acct" and r["sid"] == session.id]
        sent.append([r["type"] for r in records].count("Interim-Update"))
    assert sent == [0, 1, 1, 2, 3]


async def test_a_reservation_that_its_task_forgot_is_settled_when_its_lease_is_over(gate: Gate, radius: Radius) -> None:
    session = await gate.sessions.open_session(KEY)

    async def begins_and_forgets() -> None:
        gate.metering.begin(session, Ask("claude-sonnet-4-6", 100, 50), "r")

    await asyncio.create_task(begins_and_forgets())
    gate.metering.begin(session, Ask("claude-sonnet-4-6", 10, 5), "r")  # this task goes on
    gate.now += gate.settings.lease_s - 1
    gate.tick()
    assert (session.budget.reserved, session.budget.settled.total) == (165, 0)
    gate.now += 2
    gate.tick()
    assert (session.budget.reserved, session.budget.settled.total) == (15, 150)


async def test_counts_beyond_32_bits_reach_radacct_whole(gate: Gate, radius: Radius) -> None:
    session = await gate.sessions.open_session(KEY)
    session.budget.limit = None
    await gate.use(9_000_000_000)
    gate.sessions.close(session, "User-Request")
    assert await gate.accounting.flushed(60)
    assert radius.rows("select acctoutputoctets o from radacct")[0]["o"] == 9_000_000_000


async def test_a_disk_that_is_full_makes_it_not_ready_and_forgets_nothing(gate: Gate, radius: Radius) -> None:
    await gate.use(5)
    handle, gate.journal._handle = gate.journal._handle, None
    await gate.use(5)
    with pytest.raises(JournalError):
        await gate.journal.written()
    with pytest.raises(Refused) as refused:
        await gate.use(5)
    assert refused.value.status == 503
    assert gate.journal.broken is not None
    gate.journal._handle = handle
    gate.journal.retry()
    assert gate.journal.broken is None
    kinds = [record["k"] for record in read(gate.journal.file)]
    assert (kinds.count("reserve"), kinds.count("settle")) == (2, 2)
