"""A small league in a real database, and the application on it, asked over ASGI with its lifespan."""

import copy
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from psycopg.types.json import Jsonb

from devstack import patient
from devstack.services.postgres import Postgres, create_database
from devstack.testing import Database, copied_database, made_once
from missing_table.accounts.keys import ServiceKey
from missing_table.accounts.queries import ADD_TEAM, UPSERT_ACCOUNT, UPSERT_KEY
from missing_table.accounts.tokens import sign
from missing_table.server.app import create_app
from missing_table.settings import Settings

OBSERVED = datetime.fromisoformat("2026-10-05T04:40:03Z")
NOW = datetime.fromisoformat("2026-10-05T16:00:00Z")
LEAGUE = "mt_league"
KEY = "mt_agent_0123456789abcdefghij"
RUN = "0b0c1d2e-0000-4000-8000-000000000001"
SNAPSHOT = "0b0c1d2e-0000-4000-8000-000000000002"
BATCH = "0b0c1d2e-0000-4000-8000-000000000003"
SECRET = "a shared secret that is long enough for HS256"
ADMIN, MANAGER, READER = (UUID(int=number) for number in (1, 2, 3))


@dataclass
class Seed:
    """Ids of what stands in the database, by name."""

    dsn: str
    northeast: int = 0
    pro: int = 0
    teams: dict[str, int] = field(default_factory=dict)
    clubs: dict[str, int] = field(default_factory=dict)
    matches: dict[str, int] = field(default_factory=dict)

    def execute(self, query: str, params: Any = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), params)
            return cursor.fetchall() if cursor.description else []

    def value(self, query: str, params: Any = None) -> Any:
        return self.execute(query, params)[0][0]

    def bracket(self, external_id: str, division: str, age_group: str, *, computed: bool) -> int:
        self.execute("insert into age_groups (name) values (%s) on conflict do nothing", [age_group])
        self.execute(
            "insert into divisions (league_id, name, slug) values ((select id from leagues where name = 'Homegrown'), "
            "%s, %s) on conflict do nothing",
            [division, division.lower().replace(" ", "-")],
        )
        return int(
            self.value(
                "insert into brackets (source, season_id, external_id, league_id, division_id, age_group_id, computed, "
                "observed_at, synced_at) select 'assist', s.id, %s, l.id, d.id, a.id, %s, %s, %s "
                "from seasons s, leagues l, divisions d, age_groups a where s.name = '2026-27' and "
                "l.name = 'Homegrown' and d.league_id = l.id and d.name = %s and a.name = %s returning id",
                [external_id, computed, OBSERVED, OBSERVED, division, age_group],
            )
        )

    def team(self, name: str, *, brackets: list[int], club: str | None = None, published: int | None = None) -> int:
        club = club or name
        if club not in self.clubs:
            self.clubs[club] = self.value(
                "insert into clubs (source, external_id, name, observed_at) values ('assist', %s, %s, %s) returning id",
                [str(4000 + len(self.clubs)), club, OBSERVED],
            )
        self.teams[name] = self.value(
            "insert into teams (source, external_id, club_id, name, age_label, observed_at) "
            "values ('assist', %s, %s, %s, 'U14', %s) returning id",
            [str(5000 + len(self.teams)), self.clubs[club], name, OBSERVED],
        )
        for bracket in brackets:
            self.execute(
                "insert into bracket_teams (bracket_id, team_id, observed_at) values (%s, %s, %s)",
                [bracket, self.teams[name], OBSERVED],
            )
            if published is not None:
                self.execute(
                    "insert into published_standings (bracket_id, team_id, position, observed_at) "
                    "values (%s, %s, %s, %s)",
                    [bracket, self.teams[name], published, OBSERVED],
                )
        return self.teams[name]

    def match(
        self,
        home: str,
        away: str,
        day: str,
        score: tuple[int, int] | None = None,
        *,
        status: str | None = None,
        home_brackets: list[int],
        away_brackets: list[int],
        time_set: bool = True,
    ) -> int:
        venue = self.value(
            "insert into venues (source, external_id, name, observed_at) values ('assist', %s, %s, %s) "
            "on conflict (source, external_id) where external_id is not null do update set name = excluded.name "
            "returning id",
            [f"v{home}", f"{home} Park", OBSERVED],
        )
        kick_off = datetime.fromisoformat(f"{day}T14:00:00Z") if time_set else None
        external_id = str(26000 + len(self.matches))
        match_id: int = self.value(
            "insert into matches (source, season_id, external_id, league_id, age_group_id, home_team_id, away_team_id, "
            "kick_off, timezone, local_date, time_set, venue_id, source_status, status, home_score, away_score, "
            "observed_at, content_hash, score_observed_at) select 'assist', s.id, %s, l.id, a.id, %s, %s, %s, "
            "'America/New_York', %s, %s, %s, %s, %s, %s, %s, %s, 'x', %s from seasons s, leagues l, age_groups a "
            "where s.name = '2026-27' and l.name = 'Homegrown' and a.name = 'U14' returning id",
            [
                external_id,
                self.teams[home],
                self.teams[away],
                kick_off,
                day,
                time_set,
                venue,
                *[status or ("completed" if score else "scheduled")] * 2,
                score[0] if score else None,
                score[1] if score else None,
                OBSERVED,
                OBSERVED if score else None,
            ],
        )
        for bracket in {*home_brackets, *away_brackets}:
            self.execute(
                "insert into match_brackets (match_id, bracket_id, home, away) values (%s, %s, %s, %s)",
                [match_id, bracket, bracket in home_brackets, bracket in away_brackets],
            )
        self.matches[f"{home}-{away}"] = match_id
        return match_id


def fill(seed: Seed) -> None:
    """Five teams in U14 Northeast (one without a match), one of them also plays in U15 Pro."""
    seed.execute(
        "insert into seasons (name, first_day, last_day) values ('2025-26', '2025-08-01', '2026-07-31'), "
        "('2026-27', '2026-08-01', '2027-07-31')"
    )
    ne = seed.northeast = seed.bracket("139", "Northeast", "U14", computed=True)
    pro = seed.pro = seed.bracket("140", "Pro Player Pathway", "U15", computed=False)
    for name, published in (
        ("Ajax SC", 1),
        ("Bravo FC", 2),
        ("Córdoba <FC>", 3),
        ("Delta United", 4),
        ("Echo Rovers", 5),
    ):
        seed.team(name, brackets=[ne], published=published)
    seed.team("Foxtrot SC", brackets=[pro])
    both = {"home_brackets": [ne], "away_brackets": [ne]}
    seed.match("Ajax SC", "Bravo FC", "2026-09-05", (2, 1), **both)
    seed.match("Córdoba <FC>", "Delta United", "2026-09-06", (0, 0), **both)
    seed.match("Ajax SC", "Córdoba <FC>", "2026-09-12", (1, 3), **both)
    seed.match("Bravo FC", "Delta United", "2026-09-13", (4, 0), **both)
    seed.match("Delta United", "Ajax SC", "2026-10-10", None, **both)
    seed.match("Bravo FC", "Córdoba <FC>", "2026-10-03", None, status="tbd", **both)
    seed.match("Bravo FC", "Echo Rovers", "2026-11-01", None, time_set=False, **both)
    seed.match("Foxtrot SC", "Delta United", "2026-09-19", (5, 0), home_brackets=[pro], away_brackets=[ne])


def fill_ingest(seed: Seed) -> None:
    """A landed snapshot, its receipt, and a run."""
    key = ServiceKey.parse(KEY)
    assert key is not None
    seed.execute(
        UPSERT_KEY,
        {"key_id": key.key_id, "name": "the agent", "secret_sha256": key.secret_sha256, "scopes": ["agent"]},
    )
    seed.execute(
        "insert into feed_snapshots (snapshot_id, run_id, source, site, key, season_id, league_id, observed_at, parts, "
        "external_ids, scored, documents, landed_at) select %s, %s, 'assist', 'www.mlssoccer.com', "
        "'mls-next-league-26-27', s.id, l.id, %s, 1, '{26000,26001}', 1, '[]', %s from seasons s, leagues l "
        "where s.name = '2026-27' and l.name = 'Homegrown'",
        [SNAPSHOT, RUN, OBSERVED, OBSERVED + timedelta(hours=9)],
    )
    seed.execute(
        "insert into source_documents values ('assist', 'www.mlssoccer.com', 'mls-next-league-26-27', "
        "'/data/schedule/mls-next-league-26-27.json', '\"abc\"', null, %s, %s, 10, %s, %s)",
        ["a" * 64, OBSERVED, SNAPSHOT, OBSERVED],
    )
    receipt = {
        "message_id": BATCH,
        "kind": "batch",
        "run_id": RUN,
        "snapshot_id": SNAPSHOT,
        "state": "landed",
        "counts": {"inserted": 8},
        "committed_at": OBSERVED.isoformat(),
    }
    seed.execute(
        "insert into ingest_batches (message_id, kind, run_id, state, inserted, receipt) "
        "values (%s, 'batch', %s, 'landed', 8, %s)",
        [BATCH, RUN, Jsonb(receipt)],
    )
    target = {"target": "u14-hg-northeast", "outcome": "landed", "planned": 8, "found": 8, "inserted": 8}
    told = {
        "budget": 50_000,
        "budget_used": 120,
        "changes": ["U14 Northeast: Ajax SC - Bravo FC 2-1"],
        "awaited": ["u14-hg-northeast: 1 played match has no score yet"],
        "rejections": [
            {
                "external_id": "26029",
                "target": "u14-hg-northeast",
                "home": "Ajax SC",
                "away": "",
                "reason": "malformed",
                "detail": "away: no squad",
            }
        ],
    }
    seed.execute(
        "insert into runs (run_id, started_at, ended_at, exit_code, model, tokens_in, tokens_out, cost_micro_usd, "
        "targets, warnings, report) values (%s, %s, %s, 0, 'scripted', 100, 20, null, %s, '[]', %s)",
        [RUN, OBSERVED, OBSERVED + timedelta(minutes=1), Jsonb([target]), Jsonb(told)],
    )


@pytest.fixture(scope="session")
def league(pg_server: Postgres, migrated_template: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The small league as a database that is copied for each test: its ids by name. Made once per run."""

    def make() -> dict[str, Any]:
        create_database(pg_server, LEAGUE, template=migrated_template)
        made = Seed(pg_server.dsn(LEAGUE))
        fill(made)
        fill_ingest(made)
        return asdict(made)

    return dict(made_once(request.config, LEAGUE, make))


@pytest.fixture
def league_database(pg_server: Postgres, league: dict[str, Any]) -> Iterator[Database]:
    """A fresh copy of the small league."""
    yield from copied_database(pg_server, LEAGUE)


@pytest.fixture
def seed(league_database: Database, league: dict[str, Any]) -> Seed:
    """The small league, in a database of the test's own."""
    return Seed(**{**copy.deepcopy(league), "dsn": league_database.dsn})


def settings_for(dsn: str, **more: Any) -> Settings:
    return Settings(database_url=dsn, today=NOW, public_url="https://table.example", **more)


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The application between start and stop."""
    async with (
        app.router.lifespan_context(app),
        patient.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://t"
        ) as client,
    ):
        yield client


@pytest.fixture
async def api(seed: Seed) -> AsyncIterator[httpx.AsyncClient]:
    """The API on the small league."""
    async with running(create_app(settings_for(seed.dsn))) as client:
        yield client


def bearer(account: UUID) -> dict[str, str]:
    return {"Authorization": f"Bearer {sign(SECRET, account, lasts_s=60)}"}


@pytest.fixture
async def people(seed: Any) -> Any:
    """The API with an admin and a manager of Bravo FC."""
    seed.execute(UPSERT_ACCOUNT, {"account_id": ADMIN, "role": "admin"})
    seed.execute(UPSERT_ACCOUNT, {"account_id": MANAGER, "role": "manager"})
    seed.execute(ADD_TEAM, {"account_id": MANAGER, "team_id": seed.teams["Bravo FC"]})
    async with running(create_app(settings_for(seed.dsn, jwt_secret=SECRET, refusals_per_minute=0))) as client:
        yield client
