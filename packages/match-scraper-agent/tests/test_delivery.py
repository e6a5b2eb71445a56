"""What is sent, what waits in the outbox, and what becomes of receipts that do not come."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from devstack.embedded import InProcessCourier
from devstack.testing.agent_workshop import HOMEGROWN, SYNCED, Workshop, by_name, reading
from match_contract import Receipt, TeamRef
from match_scraper import Outcome, Rejected, SourceError
from match_scraper_agent.broker import Payload, Refused, Undelivered
from match_scraper_agent.report import exit_code, printed
from match_scraper_agent.run import Options, run
from match_scraper_agent.targets import choose, load_targets


class Refusing:
    """A courier whose broker is not there."""

    def open(self) -> None:
        raise Undelivered("RabbitMQ at amqp://nowhere does not answer: start it")

    def send(self, message: Payload) -> None:
        raise Undelivered("never reached")

    def receipts(self, wanted: Iterable[str], wait_s: float) -> dict[str, Receipt]:
        return {}

    def failures(self, wanted: Iterable[str]) -> dict[str, str]:
        return {}

    def close(self) -> None:
        """Nothing is open."""


class Mute(InProcessCourier):
    """Delivers, and loses the receipts on the way back."""

    def receipts(self, wanted: Iterable[str], wait_s: float) -> dict[str, Receipt]:
        return {}


class Lost(Mute):
    """Takes messages that nobody works on."""

    def send(self, message: Payload) -> None:
        """Queued for ever."""


async def test_what_the_broker_refuses_of_a_run_is_exit_4_and_the_rest_lands(workshop: Workshop) -> None:
    class Picky(InProcessCourier):
        """A broker that takes no batch."""

        def send(self, message: Payload) -> None:
            if message["kind"] == "batch":
                raise Refused("does not take the message (message size 17000000 larger than configured max size)")
            super().send(message)

    result = await workshop.plain(courier=Picky(workshop.database.dsn, workshop.settings.state_dir))
    assert exit_code(result) == 4
    assert {by_name(result)[name].outcome for name in HOMEGROWN} == {"undelivered"}
    assert workshop.count("feed_snapshots") == 1
    assert workshop.rows("select report ->> 'outbox' from runs") == [("1",)], (
        "the alarm OutboxNotEmpty has this from here"
    )
    again = await workshop.plain()
    assert (exit_code(again), workshop.count("matches")) == (0, 16)


async def test_without_a_broker_everything_waits_in_the_outbox_and_goes_first_next_time(workshop: Workshop) -> None:
    result = await workshop.plain(courier=Refusing())
    assert exit_code(result) == 4
    assert {by_name(result)[name].outcome for name in HOMEGROWN} == {"undelivered"}
    assert "does not answer: start it" in printed(result)
    waiting = sorted(file.name.split("-")[1] for file in (workshop.settings.state_dir / "outbox").iterdir())
    assert waiting == ["batch", "run_report", "snapshot"]
    assert workshop.count("matches") == 0
    workshop.source.page = SourceError(Outcome.UNREACHABLE, "the source is down now")
    again = await workshop.plain()
    assert exit_code(again) == 3
    assert workshop.count("matches") == 16
    assert list((workshop.settings.state_dir / "outbox").iterdir()) == []
    assert "3 messages of an earlier run" in " ".join(again.warnings)


async def test_what_is_rejected_of_a_message_a_day_late_is_told_by_the_run_that_delivers_it(
    workshop: Workshop,
) -> None:
    nameless = [
        item.model_copy(update={"home": TeamRef(name="Harbour One")}) if item.external_id.startswith("100") else item
        for item in workshop.source.feed.matches
    ]
    rejected = Rejected("999", {"id": 999}, "no_bracket", "squad 7 stands in no bracket", ("100",))
    workshop.source.feed = replace(workshop.source.feed, matches=nameless, rejected=(rejected,))
    assert exit_code(await workshop.plain(courier=Refusing())) == 4
    workshop.source.feed = reading(observed=SYNCED + timedelta(hours=9), etag='"2"')
    result = await workshop.plain()
    assert exit_code(result) == 1
    assert sum(item.counts.rejected for item in result.targets) == 0
    assert "unresolved name (4 matches): no team is called 'Harbour One'" in printed(result)
    assert "rejected 999 (u14-hg-northeast): no_bracket: squad 7 stands in no bracket" in printed(result)
    assert exit_code(await workshop.plain()) == 0


async def test_messages_without_a_receipt_end_with_4_and_say_where_they_are(workshop: Workshop) -> None:
    courier = Lost(workshop.database.dsn, workshop.settings.state_dir)
    options = Options(targets=choose(load_targets(), HOMEGROWN), use_model=False, receipt_timeout_s=0.3)
    result = await run(workshop.settings, options, source=workshop.source, api=workshop.api, courier=courier)
    assert exit_code(result) == 4
    assert "queued in RabbitMQ" in printed(result)
    assert {item.outcome for item in result.targets} == {"undelivered"}


async def test_lost_receipts_are_found_through_the_api(workshop: Workshop) -> None:
    courier = Mute(workshop.database.dsn, workshop.settings.state_dir)
    options = Options(targets=choose(load_targets(), HOMEGROWN), use_model=False, receipt_timeout_s=0.3)
    result = await run(workshop.settings, options, source=workshop.source, api=workshop.api, courier=courier)
    assert exit_code(result) == 0, printed(result)
    assert sum(item.counts.inserted for item in result.targets) == 16


class GivenUp(Lost):
    """Takes messages that the worker gives up."""

    def failures(self, wanted: Iterable[str]) -> dict[str, str]:
        return dict.fromkeys(wanted, "NumericValueOutOfRange: integer out of range")


async def test_messages_that_cannot_land_are_told_without_waiting_for_them(workshop: Workshop) -> None:
    courier = GivenUp(workshop.database.dsn, workshop.settings.state_dir)
    result = await workshop.run(*HOMEGROWN, courier=courier, use_model=False)
    assert exit_code(result) == 4
    (said,) = [text for text in result.undelivered if "matches.dead" in text]
    assert "cannot land" in said
    assert "integer out of range" in said
    assert {by_name(result)[name].outcome for name in HOMEGROWN} == {"undelivered"}
    assert not [text for text in result.undelivered if "no receipt within" in text]


async def test_what_did_not_land_makes_nothing_fresher(workshop: Workshop) -> None:
    workshop.source.feed = reading(observed=SYNCED - timedelta(hours=30))
    await workshop.plain()
    workshop.source.feed = reading(observed=SYNCED, etag='"2"')
    result = await workshop.plain(courier=Refusing())
    assert [text for text in result.warnings if "was observed 39 h ago" in text]
