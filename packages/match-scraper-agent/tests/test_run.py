"""A whole run against real servers: gateway, RADIUS, scripted Anthropic, database. The source alone is the test's own,
so that each test can say in a line what the league publishes."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from devstack.embedded import InProcessCourier
from devstack.gateway_testing import Gateway
from devstack.testing import Database
from match_contract import BracketStandings, DocumentRef, League, Match, Receipt, Season, StandingsRow, Status, TeamRef
from match_scraper import Discovery, FeedKey, LandedFeed, Outcome, Reading, Rejected, SourceError, Validators
from match_scraper_agent.api import Api
from match_scraper_agent.report import RunResult, exit_code, printed
from match_scraper_agent.run import Options, run
from match_scraper_agent.settings import Settings
from match_scraper_agent.submit import Courier, Payload, Undelivered
from match_scraper_agent.targets import EVERY_LEAGUE, choose, load_targets
from missing_table.accounts.keys import ServiceKey
from missing_table.accounts.queries import UPSERT_KEY
from missing_table.settings import Settings as ApiSettings
from missing_table.web.app import create_app

SEASON = Season(2026)
TODAY = datetime(2026, 10, 5, 14, tzinfo=UTC)
SYNCED = datetime(2026, 10, 5, 4, 40, tzinfo=UTC)
VIEWER = "https://viewer.example"
API_KEY = "mt_agent_0123456789abcdefghij"
KEY = FeedKey("mls-next-league-26-27", League.HOMEGROWN, SEASON)
DIVISIONS = [("Northeast", "U14", 100), ("Northeast", "U13", 200), ("Florida", "U14", 300), ("Florida", "U13", 400)]


def team(squad: int, name: str | None = None) -> TeamRef:
    return TeamRef(squad_id=str(squad), name=name or f"Club {squad}", club_id=str(squad), club_name=f"Club {squad}")


def bracket(division: str, age: str, first: int, teams: int) -> BracketStandings:
    rows = tuple(StandingsRow(team=team(first + number), position=number + 1) for number in range(teams))
    return BracketStandings(
        external_id=str(first),
        season=SEASON.name,
        league=League.HOMEGROWN,
        division=division,
        age_group=age,
        teams=rows,
    )


def match(division: str, age: str, first: int, number: int, *, teams: int, observed: datetime = SYNCED) -> Match:
    home, away = first + number % teams, first + (number + 1) % teams
    kick_off = TODAY + timedelta(days=2 * number - 3)
    return Match(
        source="assist",
        season=SEASON.name,
        league=League.HOMEGROWN,
        external_id=f"{first}{number:03}",
        age_group=age,
        division=division,
        home=team(home),
        away=team(away),
        home_brackets=(str(first),),
        away_brackets=(str(first),),
        kick_off=kick_off,
        timezone="America/New_York",
        local_date=kick_off.date(),
        time_set=True,
        status=Status.COMPLETED if kick_off < SYNCED else Status.SCHEDULED,
        home_score=number % 5 if kick_off < SYNCED else None,
        away_score=number % 3 if kick_off < SYNCED else None,
        observed_at=observed,
    )


def reading(each: int = 4, teams: int = 4, observed: datetime = SYNCED, etag: str = '"1"') -> Reading:
    """Four brackets with `each` matches apiece."""
    matches = [
        match(division, age, first, number, teams=teams, observed=observed)
        for division, age, first in DIVISIONS
        for number in range(each)
    ]
    return Reading(
        key=KEY,
        outcome=Outcome.READ,
        detail="read",
        site=VIEWER,
        observed_at=observed,
        documents=tuple(
            DocumentRef(path=f"/data/{kind}/{KEY.key}.json", etag=etag, sha256="0" * 64, synced_at=observed)
            for kind in ("schedule", "standings")
        ),
        brackets=tuple(bracket(division, age, first, teams) for division, age, first in DIVISIONS),
        external_ids=tuple(item.external_id for item in matches),
        scored=sum(item.home_score is not None for item in matches),
        matches=matches,
    )


@dataclass
class League1:
    """What the league publishes in a test: one feed, or a page that cannot be opened."""

    feed: Reading
    page: SourceError | None = None
    asked: list[Mapping[str, Validators]] = field(default_factory=list)

    async def discover(self, season: Season, last_known: Sequence[FeedKey]) -> Discovery:
        if self.page is not None:
            raise self.page
        return Discovery("assist", VIEWER, (KEY,), browser_used=True)

    async def read(
        self,
        key: FeedKey,
        *,
        viewer_url: str,
        validators: Mapping[str, Validators],
        landed: LandedFeed | None,
        accept_shrink: bool,
    ) -> Reading:
        self.asked.append(validators)
        known = {item.path: item.etag for item in self.feed.documents}
        if validators and all(validators[path].etag == etag for path, etag in known.items()):
            return Reading(key, Outcome.UNCHANGED, "unchanged", site=viewer_url)
        return self.feed

    async def close(self) -> None:
        """Nothing is open."""


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


@dataclass
class Workshop:
    """Everything around a run."""

    settings: Settings
    database: Database
    api: Api
    source: League1

    def courier(self) -> InProcessCourier:
        return InProcessCourier(self.database.dsn, self.settings.state_dir)

    async def run(
        self, *names: str, courier: Courier | None = None, settings: Settings | None = None, **more: Any
    ) -> RunResult:
        used = settings or self.settings
        options = Options(targets=choose(load_targets(), names), named=bool(names), receipt_timeout_s=5, **more)
        if not options.dry_run:
            courier = courier or self.courier()
        return await run(used, options, source=self.source, api=self.api, courier=courier)

    async def plain(self, *names: str, **more: Any) -> RunResult:
        """A run without a model."""
        return await self.run(*names, use_model=False, **more)

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.database.dsn) as connection:
            return connection.execute(query.encode()).fetchall()

    def count(self, table: str) -> int:
        return int(self.rows(f"select count(*) from {table}")[0][0])


@pytest.fixture
async def workshop(database: Database, tmp_path: Path) -> AsyncIterator[Workshop]:
    key = ServiceKey.parse(API_KEY)
    assert key is not None
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(
            UPSERT_KEY.encode(),
            {"key_id": key.key_id, "name": "agent", "secret_sha256": key.secret_sha256, "scopes": ["agent"]},
        )
    settings = Settings(
        api_url="http://api",
        api_key=API_KEY,  # type: ignore[arg-type]
        state_dir=tmp_path / "agent",
        today=TODAY,
        model_timeout_s=30,
    )
    app = create_app(ApiSettings(database_url=database.dsn, today=TODAY))  # type: ignore[arg-type]
    async with (
        app.router.lifespan_context(app),
        Api("http://api", API_KEY, transport=httpx.ASGITransport(app, raise_app_exceptions=False)) as api,
    ):
        yield Workshop(settings, database, api, League1(reading()))


@pytest.fixture
def metered(workshop: Workshop, gateway: Gateway) -> Workshop:
    """The same with a gateway, RADIUS and a scripted model."""
    changes = {"proxy_url": gateway.url, "proxy_key": SecretStr(gateway.key)}
    workshop.settings = workshop.settings.model_copy(update=changes)
    return workshop


def by_name(result: RunResult) -> dict[str, Any]:
    return {item.target.name: item for item in result.targets}


HOMEGROWN = ["u14-hg-northeast", "u13-hg-northeast", "u14-hg-florida", "u13-hg-florida"]


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
    from match_scraper_agent.planner import Window

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
