"""Fixtures with real servers, as a pytest plugin (the root conftest.py loads it).

Each server is started once per pytest run, when the first test asks for it, and is shared by all xdist workers; a run
that asks for none starts none. All of it lies in one folder, in memory where there is room, and is gone when the run
ends, however it ends. No server of the system is touched.

`pg_server`       the run's PostgreSQL                        (session)
`empty_database`  a fresh database, Supabase's furniture only (test)
`database`        a fresh database with our migrations        (test)
`pgbouncer`       a PgBouncer before it, transaction mode     (session)
`rabbitmq_server` the run's RabbitMQ node                     (session)
`amqp`            a fresh vhost with our topology             (test)
`stack`           everything, through the real ./mt           (session; mark the test xdist_group("stack"))
"""

from __future__ import annotations

import fcntl
import importlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from filelock import FileLock
from psycopg import sql

from devstack import control, places, reaper
from devstack.services import process
from devstack.services.pgbouncer import PgBouncer
from devstack.services.postgres import Postgres, create_database, drop_database, find_binaries
from devstack.services.process import Service, StartFailed
from devstack.services.rabbitmq import RabbitMQ, create_vhost, delete_vhost
from devstack.stack import Choices, Stack

ROOT = Path(__file__).resolve().parents[3]
DEFINITIONS = ROOT / "deploy" / "rabbitmq" / "definitions.json"
TEMPLATE = "mt_template"
START_ATTEMPTS = 3
"""A free port may be taken by somebody else before the server binds it."""

run_folder_key = pytest.StashKey[Path]()


@dataclass(frozen=True)
class Database:
    """One test's own database. `dsn` is the owner's (`postgres`, no superuser), as backend and worker have it."""

    name: str
    dsn: str
    superuser_dsn: str
    server: Postgres


@dataclass(frozen=True)
class Amqp:
    """One test's own vhost, with the topology of deploy/rabbitmq/definitions.json."""

    url: str
    vhost: str
    server: RabbitMQ


def pytest_configure(config: pytest.Config) -> None:
    """The controller (or the only process) chooses the run's folder; workers are told."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        config.stash[run_folder_key] = Path(workerinput["mt_run_folder"])
    else:
        room = places.throwaway_folder()
        config.stash[run_folder_key] = room / f"mt-test-{os.getpid()}-{uuid4().hex[:6]}"
        if room != places.ON_DISK and "TMPDIR" not in os.environ:  # tmp_path and browsers' profiles, in every worker
            os.environ["TMPDIR"] = str(room)
            tempfile.tempdir = None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: hands the folder on to a worker."""
    node.workerinput["mt_run_folder"] = str(node.config.stash[run_folder_key])
    node.workerinput["mt_controller"] = os.getpid()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """xdist 3.8 writes a test's group into its node id, which pytest 9.2 no longer takes: here a file names its group.

    Every test of a file that says `xdist_group("name")` goes to one worker, with those of other files of that group.
    """
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415  (only where tests run side by side)

    class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid.partition("::")[0]) or nodeid

    return GroupScheduling(config, log)


@cache
def group_of(file: str) -> str | None:
    """The xdist group that a test file names; None where it names none. The path is relative to the checkout."""
    found = re.search(r"xdist_group\(\"([^\"]+)\"\)", (ROOT / file).read_text(encoding="utf-8"))
    return found[1] if found else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """The controller's end, after Ctrl-C and after failures too: stops what was started and deletes the folder."""
    if not hasattr(config, "workerinput"):
        reaper.end_run(config.stash[run_folder_key])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have to say although they passed: `record_property("said", "...")`, one line each."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    for report in reports:
        for name, value in report.user_properties:
            if name == "said" and report.when == "call":
                terminalreporter.write_line(str(value))


def run_folder(config: pytest.Config) -> Path:
    """The run's folder, made at the first use, with a process beside it that cleans up should pytest be killed."""
    folder = config.stash[run_folder_key]
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            folder.mkdir(mode=0o755)
            folder.chmod(0o755)
            workerinput: dict[str, Any] = getattr(config, "workerinput", {})
            controller = int(workerinput.get("mt_controller", os.getpid()))
            subprocess.Popen(
                [sys.executable, reaper.__file__, str(folder), str(controller)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
    return folder


def start_shared(config: pytest.Config, name: str, make: Callable[[Path], tuple[Service, dict[str, Any]]]) -> Any:
    """Starts a server once per run and returns what `make` said of it, in whichever worker one asks.

    `make(folder)` gives the service and its JSON description; it is called again with fresh ports when a start fails.
    """
    run = run_folder(config)
    note = run / f"{name}.json"
    with FileLock(f"{run}/{name}.lock"):
        if note.exists():
            return json.loads(note.read_text())["about"]
        failure: StartFailed | None = None
        for attempt in range(START_ATTEMPTS):
            folder = run / f"{name}{attempt}"
            service, about = make(folder)
            launch, log = service.launch(), run / f"{name}.log"
            child = process.spawn(launch, log)
            try:
                process.wait_ready(service, child, log)
            except StartFailed as error:
                process.stop(child, launch)
                shutil.rmtree(folder, ignore_errors=True)
                failure = error
                continue
            except BaseException:
                process.stop(child, launch)
                raise
            note.write_text(json.dumps({"pid": child.pid, "about": about}))
            return about
        raise failure or StartFailed(f"{name} was not started")


@pytest.fixture(scope="session")
def pg_server(request: pytest.FixtureRequest) -> Postgres:
    """The run's private PostgreSQL: trusts loopback, does not sync to disk."""
    binaries = find_binaries()
    if binaries is None:
        pytest.fail("PostgreSQL's programs are not installed: run ./mt test, or apt-get install postgresql")

    def build(folder: Path, port: int) -> Postgres:
        return Postgres(
            folder,
            port,
            binaries,
            durable=False,
            account=process.account("postgres"),
            max_connections=300,
        )

    def make(folder: Path) -> tuple[Service, dict[str, Any]]:
        server = build(folder, process.free_port())
        return server.service(), {"folder": str(folder), "port": server.port}

    about = start_shared(request.config, "postgres", make)
    return build(Path(about["folder"]), about["port"])


def copied_database(server: Postgres, template: str | None) -> Iterator[Database]:
    """One test's own copy of a database that nobody is connected to; dropped afterwards."""
    name = f"t_{uuid4().hex[:16]}"
    create_database(server, name, template=template)
    yield Database(name, server.dsn(name), server.superuser_dsn(name), server)
    drop_database(server, name)


@pytest.fixture
def empty_database(pg_server: Postgres) -> Iterator[Database]:
    """A fresh database without our schema: for migrations and for what others bring themselves."""
    yield from copied_database(pg_server, None)


def _migrate(dsn: str) -> None:
    try:
        module = importlib.import_module("missing_table.migrate")
    except ModuleNotFoundError:  # not landed yet: the plain files, in their order
        with psycopg.connect(dsn, autocommit=True) as connection:
            for file in sorted((ROOT / "supabase" / "migrations").glob("*.sql")):
                connection.execute(file.read_bytes())
    else:
        module.migrate(dsn)


def made_once(config: pytest.Config, name: str, make: Callable[[], Any]) -> Any:
    """What `make` returns (JSON), called once per run, in whichever worker asks first."""
    run = run_folder(config)
    done = run / f"{name}.done"
    with FileLock(f"{run}/{name}.lock"):
        if not done.exists():
            done.write_text(json.dumps(make()), encoding="utf-8")
    return json.loads(done.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def migrated_template(pg_server: Postgres, request: pytest.FixtureRequest) -> str:
    """The name of a database with all migrations, made once per run; nobody stays connected to it."""

    def make() -> str:
        drop_database(pg_server, TEMPLATE)
        create_database(pg_server, TEMPLATE)
        _migrate(pg_server.dsn(TEMPLATE))
        return TEMPLATE

    return str(made_once(request.config, TEMPLATE, make))


@pytest.fixture
def database(pg_server: Postgres, migrated_template: str) -> Iterator[Database]:
    """A fresh database with our schema and nothing in it."""
    yield from copied_database(pg_server, migrated_template)


@pytest.fixture(scope="session")
def pgbouncer(pg_server: Postgres, request: pytest.FixtureRequest) -> PgBouncer:
    """The run's PgBouncer, in transaction mode, before its PostgreSQL: three connections a database."""

    def build(folder: Path, port: int) -> PgBouncer:
        return PgBouncer(folder, port, pg_server.port, account=process.account("postgres"))

    def make(folder: Path) -> tuple[Service, dict[str, Any]]:
        pool = build(folder, process.free_port())
        return pool.service(), {"folder": str(folder), "port": pool.port}

    about = start_shared(request.config, "pgbouncer", make)
    return build(Path(about["folder"]), about["port"])


@pytest.fixture(scope="session")
def rabbitmq_server(request: pytest.FixtureRequest) -> RabbitMQ:
    """The run's private RabbitMQ node, with the management API."""

    def build(folder: Path, port: int, management_port: int, epmd_port: int) -> RabbitMQ:
        return RabbitMQ(
            folder,
            port,
            management_port,
            user="mt",
            password="test",  # noqa: S106
            account=process.account("rabbitmq"),
            epmd_port=epmd_port,
        )

    def make(folder: Path) -> tuple[Service, dict[str, Any]]:
        server = build(folder, process.free_port(), process.free_port(), process.free_port())
        ports = {"port": server.port, "management_port": server.management_port, "epmd_port": server.epmd_port}
        return server.service(), {"folder": str(folder), **ports}

    about = start_shared(request.config, "rabbitmq", make)
    return build(Path(about["folder"]), about["port"], about["management_port"], about["epmd_port"])


@pytest.fixture
def amqp(rabbitmq_server: RabbitMQ) -> Iterator[Amqp]:
    """A fresh vhost with our exchanges, queues and bindings, all empty."""
    vhost = f"t_{uuid4().hex[:12]}"
    create_vhost(rabbitmq_server, vhost)
    if DEFINITIONS.exists():
        rabbitmq_server_at(rabbitmq_server, vhost).load_definitions()
    yield Amqp(rabbitmq_server.url(vhost), vhost, rabbitmq_server)
    delete_vhost(rabbitmq_server, vhost)


@dataclass(frozen=True)
class RunningStack:
    """A whole stack of this run, at a port offset of its own, driven through ./mt as a person does."""

    data: Path
    port_offset: int
    environment: dict[str, str]

    @property
    def ports(self) -> dict[str, int]:
        """Every port by name."""
        return places.ports(self.port_offset)

    @property
    def web(self) -> str:
        """The site's address, without the last slash."""
        return f"http://127.0.0.1:{self.ports['web']}"

    @property
    def api(self) -> str:
        """The backend's address, without the last slash."""
        return f"http://127.0.0.1:{self.ports['backend']}"

    @property
    def parts(self) -> Stack:
        """The stack's own view: its secrets, addresses and environments."""
        return Stack(self.data, control.known_choices(self.data) or Choices(), {})

    def mt(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs ./mt with this stack's --data and --port-offset; output captured, exit code not judged."""
        where = ("--data", str(self.data), "--port-offset", str(self.port_offset))
        return run_mt(*arguments, *where, timeout_s=600, environment={**self.environment, **environment})

    def json(self, *arguments: str, **environment: str) -> Any:
        """The document that a command prints with --json; the command must print one."""
        done = self.mt(*arguments, "--json", **environment)
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            pytest.fail(
                f"./mt {' '.join(arguments)} --json ({done.returncode}) printed no JSON:\n{done.stdout}\n{done.stderr}"
            )


def run_mt(
    *arguments: str, timeout_s: float = 300, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The real front door, with nothing of what the person at this machine set for a stack."""
    return subprocess.run(
        [str(ROOT / "mt"), *arguments],
        env=environment or stack_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def stack_environment() -> dict[str, str]:
    """Of a stack in tests: no real key, no env file, no waiting for the disk."""
    ours = ("MT_", "AGENT_", "IRON_CLAW_", "DATABASE_", "AMQP_", "ANTHROPIC_", "SUPABASE_", "PYTEST_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours) or key == "MT_SHARED"}
    return {**kept, "MT_ENV_FILE": os.devnull, "MT_DURABILITY": "throwaway"}


def tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """Schema and name of every table of ours."""
    return connection.execute(
        "select schemaname, tablename from pg_tables"
        " where schemaname in ('public', 'supabase_migrations') order by 1, 2"
    ).fetchall()


def content(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """By `schema.table`, a digest of its rows, and how many they are."""
    digest = "select md5(coalesce(string_agg(t::text, E'\\n' order by t::text), '')) || ' ' || count(*) from {} t"
    return {
        f"{schema}.{table}": digest_of
        for schema, table in tables(connection)
        for (digest_of,) in connection.execute(sql.SQL(digest).format(sql.Identifier(schema, table)))
    }


def free_offset() -> int:
    """A port offset at which nothing holds any of a stack's ports, and which no other process has chosen."""
    for offset in _offsets():
        try:
            fcntl.lockf(_choices(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)  # this process's until it ends
        except OSError:
            continue
        ports = places.ports(offset).items()
        if not any(process.port_taken(port, udp=name in places.UDP) for name, port in ports):
            return offset
    raise AssertionError("every port offset for tests is taken: is an earlier run's stack still up?")


_after = itertools.count()
"""Two stacks of one process get two offsets, whether or not the first holds its ports yet."""


def _offsets() -> Iterator[int]:
    """Every offset for tests once, each time from the next one on."""
    offsets = _apart()
    return (offsets[next(_after) % len(offsets)] for _ in offsets)


@cache
def _apart() -> list[int]:
    """Offsets of which no two give a port to different parts of two stacks; all ports lie below process.free_port's."""
    bases = places.BASE_PORTS.values()
    between = {one - other for one in bases for other in bases}
    found: list[int] = []
    for offset in range(300, 20_000 - max(bases)):
        if not any(offset - other in between for other in found):
            found.append(offset)
    return found


@cache
def _choices() -> int:
    return os.open(places.ON_DISK / f"mt-offsets-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> RunningStack:
    """A whole running stack. Tests that change it follow each other: mark them xdist_group("stack")."""
    run = run_folder(request.config)
    note, data = run / "stack.json", run / "stack"
    environment = stack_environment()
    with FileLock(f"{run}/stack.lock"):
        if note.exists():
            return RunningStack(data, int(json.loads(note.read_text())["about"]), environment)
        offset = int(os.environ.get("MT_TEST_PORT_OFFSET") or free_offset())
        started = RunningStack(data, offset, environment)
        done = started.mt("up")
        state = control.read_state(data)
        if done.returncode != 0 or state is None:
            pytest.fail(f"./mt up ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        note.write_text(json.dumps({"pid": state["supervisor_pid"], "about": offset}))
        return started


def rabbitmq_server_at(server: RabbitMQ, vhost: str) -> RabbitMQ:
    """The same node, seen as the owner of one vhost with our topology."""
    return RabbitMQ(
        server.folder,
        server.port,
        server.management_port,
        server.user,
        server.password,
        definitions=DEFINITIONS,
        vhost=vhost,
        account=server.account,
        epmd_port=server.epmd_port,
    )
