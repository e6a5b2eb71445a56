"""What the agent's tests share: a league of the test's own, and everything around a run, all of it real."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from devstack.embedded import InProcessCourier
from devstack.testing import Database
from devstack.testing.gateway import Gateway
from match_contract import BracketStandings, DocumentRef, League, Match, Season, Source, StandingsRow, Status, TeamRef
from match_scraper import Discovery, FeedKey, LandedFeed, Outcome, Reading, SourceError, Validators
from match_scraper_agent.api import Api
from match_scraper_agent.publisher import Courier
from match_scraper_agent.report import RunResult
from match_scraper_agent.run import Options, run
from match_scraper_agent.settings import Settings
from match_scraper_agent.targets import choose, load_targets
from missing_table.accounts.keys import ServiceKey
from missing_table.accounts.queries import UPSERT_KEY
from missing_table.server.app import create_app
from missing_table.settings import Settings as ApiSettings

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
    keys: tuple[FeedKey, ...] = (KEY,)
    asked: list[Mapping[str, Validators]] = field(default_factory=list)

    async def discover(self, season: Season, last_known: Sequence[FeedKey]) -> Discovery:
        if self.page is not None:
            raise self.page
        return Discovery(Source.ASSIST, VIEWER, self.keys, browser_used=True)

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
        if known and validators and all(validators[path].etag == etag for path, etag in known.items()):
            return Reading(key, Outcome.UNCHANGED, "unchanged", site=viewer_url)
        return self.feed

    async def close(self) -> None:
        """Nothing is open."""


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
        options = Options(
            targets=choose(load_targets(), names) if names else load_targets(),
            named=bool(names),
            receipt_timeout_s=5,
            **more,
        )
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
        api_key=API_KEY,
        state_dir=tmp_path / "agent",
        today=TODAY,
        model_timeout_s=30,
    )
    app = create_app(ApiSettings(database_url=database.dsn, today=TODAY))
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
