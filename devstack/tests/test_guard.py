"""./mt is for private stacks: production is refused, and what is invented lands on this machine alone."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from devstack import guard
from devstack.choices import Choices
from devstack.errors import BadSettings
from devstack.parts import parts_of
from devstack.places import ROOT
from devstack.stack import Stack
from devstack.start_tasks import Task
from devstack.testing import Database, run_mt, stack_environment
from devstack.testing.league_messages import batch, match, snapshot
from devstack.world import check_database
from missing_table.ingest import land

ELSEWHERE = "postgresql://postgres:s3cret@db.home.example:5432/postgres"
LOOPBACK = "postgresql://postgres:postgres@127.0.0.1:54322/postgres"


@pytest.mark.parametrize(
    "settings",
    [
        {"MT_ENV": "prod"},
        {"DATABASE_URL": "postgresql://postgres:s3cret@db.abcdefgh.supabase.co:5432/postgres"},
        {"DATABASE_URL": "postgresql://postgres.abcdefgh:s3cret@eu-west.pooler.supabase.com:6543/postgres"},
        {"DATABASE_URL": "host=DB.ABCDEFGH.SUPABASE.CO. dbname=postgres password=s3cret"},
        {"DATABASE_URL": "postgresql:///postgres?host=127.0.0.1,db.abcdefgh.supabase.co&password=s3cret"},
        {"DATABASE_URL": "postgresql://u:s3cret@x.supabase.co/postgres", "DATABASE_DIRECT_URL": LOOPBACK},
        {"DATABASE_DIRECT_URL": "postgresql://u:s3cret@x.supabase.co/postgres", "DATABASE_URL": LOOPBACK},
        {"IRON_CLAW_DATABASE_URL": "postgresql://radius:s3cret@x.supabase.co/postgres"},
    ],
)
@pytest.mark.parametrize("live", [True, False])
def test_production_is_refused_whatever_is_read(settings: dict[str, str], live: bool) -> None:
    with pytest.raises(BadSettings, match=r"\./mt run and \./mt up are for private stacks") as refused:
        guard.check(settings, live=live)
    assert refused.value.exit_code == 2
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"DATABASE_URL": ELSEWHERE},
        {"DATABASE_URL": LOOPBACK, "DATABASE_DIRECT_URL": ELSEWHERE},
        {"IRON_CLAW_DATABASE_URL": ELSEWHERE},
        {"AMQP_URL": "amqp://u:s3cret@127.0.0.1:5672/;amqp://u:s3cret@rabbitmq.example:5672/"},
    ],
)
def test_invented_matches_leave_this_machine_by_no_database_and_no_broker(settings: dict[str, str]) -> None:
    with pytest.raises(BadSettings, match="which is not this machine") as refused:
        guard.check(settings, live=False)
    assert "s3cret" not in str(refused.value)
    guard.check(settings, live=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.0.0.9"])
def test_a_supabase_on_this_machine_is_welcome(host: str) -> None:
    url = LOOPBACK.replace("127.0.0.1", host)
    guard.check({"MT_ENV": "local", "DATABASE_URL": url, "AMQP_URL": f"amqp://u:p@{host}:5672/"}, live=False)


def test_an_address_that_cannot_be_read_is_refused_without_being_shown() -> None:
    with pytest.raises(BadSettings, match="DATABASE_URL is no address") as refused:
        guard.check({"DATABASE_URL": "postgresql+driver://u:s3cret@127.0.0.1/x"}, live=True)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "gives"),
    [
        ({}, True),
        ({"DATABASE_URL": LOOPBACK}, True),
        ({"DATABASE_URL": ELSEWHERE}, False),
        ({"DATABASE_URL": LOOPBACK, "IRON_CLAW_DATABASE_URL": ELSEWHERE}, False),
    ],
)
def test_passwords_are_set_in_a_database_of_this_machine_alone(
    tmp_path: Path, settings: dict[str, str], gives: bool
) -> None:
    stack = Stack(tmp_path, Choices(live=True), settings)
    assert stack.gives_passwords is gives
    assert ("agent-user" in {part.name for part in parts_of(stack)}) is gives


def test_the_role_of_a_database_elsewhere_keeps_its_password(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same database, called loopback and called elsewhere."""

    def password() -> object:
        with psycopg.connect(database.superuser_dsn) as connection:
            return connection.execute("select rolpassword from pg_authid where rolname = 'radius'").fetchone()

    def migrate() -> None:
        stack = Stack(tmp_path, Choices(live=True), {"DATABASE_URL": database.dsn})
        tasks = {part.name: part for part in parts_of(stack) if isinstance(part, Task)}
        tasks["migrate"].run(tmp_path / "migrate.log")

    before = password()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(guard, "on_loopback", lambda name, address: False)
        migrate()
    assert password() == before
    migrate()
    assert password() != before


def check(folder: Path, database: Database, choices: Choices) -> None:
    check_database(Stack(folder, choices, {"DATABASE_URL": database.dsn}))


def land_a_match(database: Database) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        assert land(connection, snapshot()).state == "landed"
        assert land(connection, batch(match(score=(2, 1)))).state == "landed"


@pytest.mark.parametrize(("first", "other"), [(Choices(), Choices(live=True)), (Choices(feeds="/srv/f"), Choices())])
def test_a_database_that_is_not_ours_holds_one_world_alone(
    tmp_path: Path, database: Database, first: Choices, other: Choices
) -> None:
    check(tmp_path, database, other)
    check(tmp_path, database, first)
    land_a_match(database)
    check(tmp_path, database, first)
    with pytest.raises(BadSettings, match="supabase db reset") as refused:
        check(tmp_path, database, other)
    assert refused.value.exit_code == 2
    check(tmp_path, database, first)


def test_matches_that_nobody_invented_count_as_real(tmp_path: Path, database: Database) -> None:
    land_a_match(database)
    with pytest.raises(BadSettings, match="holds real matches, and this stack reads the generated season"):
        check(tmp_path, database, Choices())
    check(tmp_path, database, Choices(live=True))


def test_production_is_refused_by_the_front_door_before_anything_is_made(tmp_path: Path) -> None:
    data = tmp_path / "state"
    for environment, said in (
        ({"MT_ENV_FILE": str(ROOT / "envs" / ".env.prod")}, "MT_ENV is 'prod'"),
        ({"DATABASE_URL": "postgresql://postgres:s3cret@db.abcdefgh.supabase.co/postgres"}, "db.abcdefgh.supabase.co"),
    ):
        for command in (["run"], ["up", "--live"], ["source", "--feeds", "generated"]):
            done = run_mt(*command, "--data", str(data), environment={**stack_environment(), **environment})
            assert done.returncode == 2, done.stderr
            assert said in done.stderr
            assert "s3cret" not in done.stderr
            assert done.stdout == ""
    assert not data.exists()
