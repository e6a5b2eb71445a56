"""A whole season as messages, the state that it must end in, and servers of a test's own that may be killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from devstack.replica.season import generate
from devstack.services import process
from devstack.services.pgbouncer import PgBouncer
from devstack.services.postgres import Postgres, create_database, drop_database, find_binaries
from devstack.services.process import Service
from devstack.services.rabbitmq import RabbitMQ
from devstack.testing import DEFINITIONS, run_folder
from devstack.testing.in_flight import Serve, Server
from devstack.testing.league_state import state
from match_contract import DocumentRef, Season
from match_scraper import Outcome, Reading
from match_scraper.assist.documents import parse
from match_scraper.assist.keys import usual_keys
from match_scraper.assist.matches import understand
from match_scraper_agent.messages import build_messages
from match_scraper_agent.targets import EVERY_LEAGUE
from missing_table.ingest import land
from missing_table.ingest.known import Dimensions

TODAY = datetime(2027, 2, 1, 14, tzinfo=UTC)


@pytest.fixture(scope="session")
def season() -> list[dict[str, Any]]:
    """Every message of the generated season: three snapshots and their batches."""
    documents = generate(1, TODAY, "full", Season(2026))
    messages: list[dict[str, Any]] = []
    for key in usual_keys(Season(2026)):
        schedule, standings = (documents[f"data/{kind}/{key.key}.json"] for kind in ("schedule", "standings"))
        content = understand(parse(schedule, standings), schedule, key)
        reading = Reading(
            key=key,
            outcome=Outcome.READ,
            detail="",
            site="viewer.test",
            observed_at=content.observed_at,
            documents=tuple(
                DocumentRef(
                    path=f"/data/{kind}/{key.key}.json",
                    etag=f'"{sha256(body).hexdigest()[:16]}"',
                    sha256=sha256(body).hexdigest(),
                    synced_at=content.observed_at,
                    size_bytes=len(body),
                )
                for kind, body in (("schedule", schedule), ("standings", standings))
            ),
            brackets=content.brackets,
            external_ids=content.external_ids,
            scored=content.scored,
            matches=content.matches,
        )
        shipment = build_messages(reading, EVERY_LEAGUE, run_id=str(uuid4()), snapshot_id=str(uuid4()))
        messages += shipment.messages
    return messages


@pytest.fixture(scope="session")
def undisturbed(season: list[dict[str, Any]], pg_server: Any, migrated_template: str) -> dict[str, Any]:
    """The state after the same messages, one after the other, without a queue."""
    name = f"t_{uuid4().hex[:16]}"
    create_database(pg_server, name, template=migrated_template)
    places = Dimensions()
    with psycopg.connect(pg_server.dsn(name), autocommit=True, prepare_threshold=None) as connection:
        for message in season:
            land(connection, message, places)
        found = state(connection)
    drop_database(pg_server, name)
    assert len(found["matches"]) > 24_000
    assert len(found["documents"]) == 2 * sum(message["kind"] == "snapshot" for message in season)
    return found


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Starts a server of the test's own and stops it at the end."""
    with ExitStack() as stack:

        def start(name: str, service: Service) -> Server:
            server = Server(service, run_folder(request.config) / f"{name}-{uuid4().hex[:6]}.log")
            stack.callback(server.stop)
            server.start()
            return server

        yield start


@pytest.fixture
def own_folder(request: pytest.FixtureRequest) -> Path:
    """A short path that servers of other accounts reach."""
    return run_folder(request.config) / f"own-{uuid4().hex[:6]}"


@pytest.fixture
def own_broker(own_folder: Path) -> RabbitMQ:
    """A RabbitMQ node, not started."""
    process.own_folder(own_folder, None, 0o755)
    return RabbitMQ(
        own_folder / "mq",
        process.free_port(),
        process.free_port(),
        user="mt",
        password="test",
        definitions=DEFINITIONS,
        account=process.account("rabbitmq"),
        node=f"faults{uuid4().hex[:6]}@localhost",
    )


@pytest.fixture
def own_postgres(own_folder: Path) -> Postgres:
    """A PostgreSQL that waits for the disk at each commit, not started."""
    binaries = find_binaries()
    assert binaries is not None, "apt-get install postgresql"
    process.own_folder(own_folder, None, 0o755)
    return Postgres(own_folder / "pg", process.free_port(), binaries, account=process.account("postgres"))


@pytest.fixture
def pooled(own_folder: Path, pg_server: Postgres, serve: Serve) -> PgBouncer:
    """A PgBouncer in transaction mode in front of the run's PostgreSQL."""
    process.own_folder(own_folder, None, 0o755)
    account = process.account("postgres")
    bouncer = PgBouncer(own_folder / "bouncer", process.free_port(), pg_server.port, account=account)
    serve("pgbouncer", bouncer.service())
    return bouncer
