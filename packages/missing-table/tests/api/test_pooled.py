"""The API behind PgBouncer in transaction mode, as behind Supabase's pooled address; LISTEN alone goes past it."""

import asyncio
import json
from typing import Any

import pytest

from devstack.services.pgbouncer import PgBouncer
from devstack.testing import Database
from devstack.testing.waiting import until_async
from missing_table.accounts.queries import UPSERT_ACCOUNT
from missing_table.server.app import create_app

from .conftest import ADMIN, KEY, SECRET, bearer, running, settings_for
from .test_events_stream import frames, serving
from .test_kept_answers import bump, state_of

AT_ONCE = 40


@pytest.fixture
def pooled(league_database: Database, pgbouncer: PgBouncer) -> str:
    """The pooled address of the test's database."""
    return pgbouncer.dsn(league_database.name)


async def test_every_kind_of_request_works_over_three_server_connections(seed: Any, pooled: str) -> None:
    seed.execute(UPSERT_ACCOUNT, {"account_id": ADMIN, "role": "admin"})
    limits = {"rate_per_minute": 0, "key_rate_per_minute": 0}
    app = create_app(settings_for(pooled, database_direct_url=seed.dsn, jwt_secret=SECRET, **limits))
    asked = [
        (f"/api/brackets/{seed.northeast}/table?as_of=2026-09-12", {}),
        ("/api/matches?limit=3", {}),
        ("/api/search?q=ajax", {}),
        (f"/api/clubs/{seed.clubs['Ajax SC']}", {}),
        (f"/api/teams/{seed.teams['Ajax SC']}/calendar.ics", {}),
        ("/api/agent/match-summary", {"X-Api-Key": KEY}),
        ("/api/admin/audit", bearer(ADMIN)),
        ("/health/ready", {}),
    ]
    async with running(app) as client:
        await until_async(lambda: state_of(app).kept.trusted)
        answers = await asyncio.gather(
            *(client.get(path, headers=headers) for path, headers in asked for _ in range(AT_ONCE // len(asked)))
        )
        assert {answer.status_code for answer in answers} == {200}
        match_id = seed.matches["Ajax SC-Bravo FC"]
        wanted = {"score": {"home": 4, "away": 4}, "reason": "a report"}
        path = f"/api/admin/matches/{match_id}/corrections"
        assert (await client.post(path, json=wanted, headers=bearer(ADMIN))).status_code == 200
        rows = (await client.get(f"/api/brackets/{seed.northeast}/table")).json()["rows"]
        assert {row["team"]["name"]: row["tied"] for row in rows}["Ajax SC"] == 1


def test_what_lands_is_heard_past_the_pooler(seed: Any, pooled: str) -> None:
    with (
        serving(seed, DATABASE_URL=pooled, DATABASE_DIRECT_URL=seed.dsn) as server,
        server.stream() as answer,
    ):
        stream = frames(answer.iter_lines())
        next(stream)
        bump(seed, seed.northeast)
        data = json.loads(next(stream)["data"])
        assert (data["bracket_id"], data["version"]) == (seed.northeast, 2)
