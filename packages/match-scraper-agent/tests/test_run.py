"""A whole run against real servers: gateway, RADIUS, scripted Anthropic, database. The source alone is the test's own,
so that each test can say in a line what the league publishes."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from agent_workshop import HOMEGROWN, KEY, SYNCED, Workshop, by_name, reading

from devstack.embedded import InProcessCourier
from devstack.gateway_testing import Gateway
from match_contract import Receipt
from match_scraper import Outcome, Reading, Rejected, SourceError
from match_scraper_agent.planner import Window
from match_scraper_agent.report import exit_code, printed
from match_scraper_agent.run import Options, run
from match_scraper_agent.submit import Payload, Undelivered
from match_scraper_agent.targets import EVERY_LEAGUE, choose, load_targets


class Refusing:
    """A courier whose broker is not there."""

    def open(self) -> None:
        raise Undelivered("RabbitMQ at amqp://nowhere does not answer: start it")

    def send(self, message: Payload) -> None:
        raise Undelivered("never reached")

    def receipts(self, wanted: Iterable[str], wait_s: float) -> dict[str, Receipt]:
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


async def test_a_run_with_a_model_lands_everything_and_counts_its_tokens_as_radius_does(
    metered: Workshop, gateway: Gateway
) -> None:
    result = await metered.run()
    assert exit_code(result) == 0, printed(result)
    found = by_name(result)
    assert [(found[name].outcome, found[name].found, found[name].counts.inserted) for name in HOMEGROWN] == [
        ("landed", 4, 4)
    ] * 4
    assert found["u14-academy-new-england"].outcome == "not_published"
    assert metered.count("matches") == 16
    (account,) = gateway.accounts()
    assert (account["acctinputoctets"], account["acctoutputoctets"]) == (
        result.usage.tokens_in,
        result.usage.tokens_out,
    )
    assert account["acctstoptime"] is not None
    assert result.usage.tokens_in + result.usage.tokens_out == sum(gateway.upstream.served_tokens())
    assert result.usage.cost_micro_usd
    assert result.warnings == ()
    assert metered.rows("select exit_code, tokens_in from runs") == [(0, result.usage.tokens_in)]


async def test_a_second_run_reads_conditionally_inserts_nothing_and_says_so(
    metered: Workshop, gateway: Gateway
) -> None:
    await metered.plain()
    result = await metered.run()
    assert exit_code(result) == 0
    assert {item.outcome for item in result.targets} == {"unchanged", "not_published"}
    assert sum(item.counts.unchanged for item in result.targets) == sum(item.found for item in result.targets) == 16
    assert sum(item.counts.inserted + item.counts.updated for item in result.targets) == 0
    assert "Nothing new" in printed(result)
    assert metered.count("ingest_batches where kind = 'batch'") == 1


async def test_an_ordinary_day_of_five_targets_stays_within_6000_tokens_in_and_600_out(
    metered: Workshop, gateway: Gateway
) -> None:
    await metered.plain()
    later = SYNCED + timedelta(hours=9)
    metered.source.feed = reading(observed=later, etag='"2"')
    result = await metered.run()
    assert exit_code(result) == 0, printed(result)
    assert {item.outcome for item in result.targets} == {"landed", "not_published"}
    print(f"ordinary day, five targets: {result.usage.tokens_in} in, {result.usage.tokens_out} out")  # noqa: T201
    assert 0 < result.usage.tokens_in <= 6_000
    assert 0 < result.usage.tokens_out <= 600


async def test_all_brackets_stay_within_twice_that(metered: Workshop, gateway: Gateway) -> None:
    await metered.plain("all")
    metered.source.feed = reading(observed=SYNCED + timedelta(hours=9), etag='"2"')
    result = await metered.run("all")
    assert exit_code(result) == 0, printed(result)
    assert [item.target.name for item in result.targets] == [target.name for target in EVERY_LEAGUE]
    print(f"ordinary day, all brackets: {result.usage.tokens_in} in, {result.usage.tokens_out} out")  # noqa: T201
    assert 0 < result.usage.tokens_in <= 12_000
    assert 0 < result.usage.tokens_out <= 1_200


async def test_a_dry_run_writes_nothing_and_calls_no_model(metered: Workshop, gateway: Gateway) -> None:
    tables = ["matches", "ingest_batches", "runs", "feed_snapshots", "radacct", "llm_calls"]
    before = [metered.count(table) for table in tables]
    result = await metered.run(dry_run=True)
    assert exit_code(result) == 0
    assert [by_name(result)[name].found for name in HOMEGROWN] == [4, 4, 4, 4]
    assert {by_name(result)[name].outcome for name in HOMEGROWN} == {"dry_run"}
    assert [metered.count(table) for table in tables] == before
    assert gateway.upstream.served() == []
    assert not metered.settings.state_dir.exists()


async def test_validators_are_not_used_for_more_brackets_than_have_landed(workshop: Workshop) -> None:
    await workshop.plain("u14-hg-northeast")
    await workshop.plain("u14-hg-northeast")
    await workshop.plain("u14-hg-northeast", "u13-hg-florida")
    assert [bool(validators) for validators in workshop.source.asked] == [False, True, False]
    assert workshop.count("matches") == 8


async def test_dates_limit_what_is_sent_and_leave_no_validators_behind(workshop: Workshop) -> None:
    days = Window(date(2026, 10, 2), date(2026, 10, 4))
    result = await workshop.plain("u14-hg-northeast", window=days)
    assert by_name(result)["u14-hg-northeast"].found == 2
    await workshop.plain("u14-hg-northeast")
    assert [bool(validators) for validators in workshop.source.asked] == [False, False]
    assert workshop.count("matches") == 4


async def test_a_match_that_cannot_be_read_lands_in_the_quarantine_and_the_rest_lands(workshop: Workshop) -> None:
    broken = Rejected("999", {"id": 999, "start_time": "soon", "note": "as it came"}, "malformed", "no date", ("100",))
    workshop.source.feed = replace(workshop.source.feed, rejected=(broken,))
    result = await workshop.plain()
    assert exit_code(result) == 1
    northeast = by_name(result)["u14-hg-northeast"]
    assert (northeast.outcome, northeast.found, northeast.counts.inserted, northeast.counts.rejected) == (
        "landed",
        5,
        4,
        1,
    )
    ((external_id, payload),) = workshop.rows("select external_id, payload from ingest_rejections")
    assert (external_id, payload["note"]) == ("999", "as it came")
    assert "rejected 999 (u14-hg-northeast)" in printed(result)
    assert workshop.count("matches") == 16


async def test_a_match_between_two_targets_goes_once_and_counts_at_its_home(workshop: Workshop) -> None:
    between = workshop.source.feed.matches[0].model_copy(update={"external_id": "7", "away_brackets": ("300",)})
    workshop.source.feed = replace(workshop.source.feed, matches=[*workshop.source.feed.matches, between])
    result = await workshop.plain()
    found = by_name(result)
    assert (found["u14-hg-northeast"].found, found["u14-hg-florida"].found) == (5, 4)
    assert workshop.count("matches") == 17


async def test_a_source_that_is_down_ends_with_3_and_is_said(workshop: Workshop) -> None:
    workshop.source.page = SourceError(Outcome.UNREACHABLE, "www.mlssoccer.com does not answer: try again later")
    result = await workshop.plain()
    assert exit_code(result) == 3
    assert "does not answer: try again later" in printed(result)
    assert workshop.rows("select exit_code from runs") == [(3,)]


async def test_an_empty_document_ends_with_3_and_a_shrunken_one_names_the_way_out(workshop: Workshop) -> None:
    workshop.source.feed = Reading(KEY, Outcome.EMPTY, "the schedule holds no match")
    assert exit_code(await workshop.plain()) == 3
    workshop.source.feed = Reading(KEY, Outcome.SHRUNKEN, "400 of 992 matches are left")
    result = await workshop.plain()
    assert exit_code(result) == 1
    assert "--accept-shrink mls-next-league-26-27" in printed(result)


async def test_a_season_that_is_not_published_is_no_failure(workshop: Workshop) -> None:
    workshop.source.feed = Reading(KEY, Outcome.NOT_PUBLISHED, "mls-next-league-26-27 is not published yet")
    result = await workshop.plain()
    assert exit_code(result) == 0
    assert {item.outcome for item in result.targets} == {"not_published"}


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


async def test_two_runs_at_once_are_refused(workshop: Workshop) -> None:
    first = workshop.courier()
    first.open()
    result = await workshop.plain()
    assert exit_code(result) == 1
    assert "another run holds" in printed(result)
    first.close()
    assert workshop.count("matches") == 0


async def test_a_run_that_never_ended_is_noticed_by_the_next(workshop: Workshop) -> None:
    workshop.settings.state_dir.mkdir()
    note = {"run_id": "abc", "started_at": "2026-10-04T14:00:00+00:00"}
    (workshop.settings.state_dir / "running.json").write_text(json.dumps(note))
    result = await workshop.plain()
    assert "the run abc of 2026-10-04T14:00:00+00:00 never ended" in result.warnings
    assert not (workshop.settings.state_dir / "running.json").exists()
