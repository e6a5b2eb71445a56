"""compose.yaml as Docker would run it: Debian's docker-compose drives podman's Docker API, on a network of its own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from devstack import patient
from devstack.images import Workshop
from devstack.places import ROOT
from devstack.services import process
from devstack.services.freeradius import status_server
from devstack.services.process import Launch, NotReady, Service
from missing_table.migrate import migrate

pytestmark = [pytest.mark.images, pytest.mark.xdist_group("images"), pytest.mark.timeout(300)]

SECRETS = ("POSTGRES_PASSWORD", "RADIUS_DB_PASSWORD", "RABBITMQ_PASSWORD", "RADIUS_SECRET", "RADIUS_COA_SECRET")
PORTS = {
    "POSTGRES_PORT": False,
    "RABBITMQ_PORT": False,
    "RABBITMQ_MANAGEMENT_PORT": False,
    "RADIUS_AUTH_PORT": True,
    "RADIUS_ACCT_PORT": True,
    "RADIUS_COA_PORT": True,
}
"""Name to whether it is UDP."""


@dataclass(frozen=True)
class Compose:
    """A project of compose.yaml: its settings, and docker-compose against podman's socket."""

    values: dict[str, str]
    environment: dict[str, str]
    project: str
    server: subprocess.Popen[bytes]
    """podman's Docker API."""

    def up(self, log: Path) -> None:
        """Starts everything. podman leaves health checks to systemd, which is not here: this asks in its place."""
        argv = ["docker-compose", "--project-name", self.project, "--file", str(ROOT / "compose.yaml")]
        look = ["podman", "healthcheck", "run", f"{self.project}_postgres_1"]
        with log.open("wb") as output:
            starting = subprocess.Popen(
                [*argv, "up", "--detach", "--no-build"], env=self.environment, stdout=output, stderr=output
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and starting.poll() is None:
            subprocess.run(look, env=self.environment, capture_output=True, check=False)
            with suppress(subprocess.TimeoutExpired):
                starting.wait(1)
        if starting.poll() != 0:
            starting.kill()
            pytest.fail(
                f"docker-compose up: {starting.wait()}\n{log.read_text()}\n{self.call('logs', '--tail=20').stdout}"
            )

    def until(self, name: str, ready: Callable[[Compose], None]) -> None:
        """Returns when a service answers; fails with its log when it does not within 90 s."""
        waited = Service(name, lambda: Launch((), {}, ROOT), partial(ready, self), ready_within_s=90)
        try:
            process.wait_ready(waited, self.server, Path(os.devnull))
        except process.StartFailed as error:
            pytest.fail(f"{error}\n{self.call('logs', '--tail=20', name).stdout}")

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        argv = ["docker-compose", "--project-name", self.project, "--file", str(ROOT / "compose.yaml"), *arguments]
        return subprocess.run(argv, env=self.environment, capture_output=True, text=True, check=False)

    def port(self, name: str) -> int:
        return int(self.values[name])


def free_ports() -> dict[str, str]:
    """Ports that are free now, one a name."""
    return {name: str(process.free_port(udp=udp)) for name, udp in PORTS.items()}


def settings(values: dict[str, str]) -> dict[str, str]:
    return {**process.clean_environment(), **values}


@pytest.fixture(scope="module")
def compose(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    """The three services up, empty, on ports of their own."""
    folder = tmp_path_factory.mktemp("compose")
    address = folder / "podman.sock"
    service = Service(
        "podman",
        lambda: Launch(
            ("podman", "system", "service", "--time=0", f"unix://{address}"),
            workshop.environment(),
            folder,
            stop_within_s=5,
        ),
        partial(listens, address),
        ready_within_s=60,
    )
    server = process.spawn(service.launch(), folder / "podman.log")
    values = {**{name: uuid4().hex for name in SECRETS}, **free_ports(), "RADIUS_NAS_ADDRESS": "192.0.2.1"}
    compose = Compose(
        values,
        {**workshop.environment(), **values, "DOCKER_HOST": f"unix://{address}"},
        f"mt{uuid4().hex[:8]}",
        server,
    )
    try:
        process.wait_ready(service, server, folder / "podman.log")
        compose.up(folder / "up.log")
        for name, ready in (
            ("postgres", postgres_answers),
            ("rabbitmq", rabbitmq_answers),
            ("freeradius", radius_answers),
        ):
            compose.until(name, ready)
        yield compose
    finally:
        compose.call("down", "--volumes", "--timeout=20")
        process.stop(server, service.launch())


def listens(address: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as probe:
        try:
            probe.connect(str(address))
        except OSError as error:
            raise NotReady(f"podman's socket does not answer ({error})") from error


def dsn(compose: Compose, role: str = "postgres", secret: str = "POSTGRES_PASSWORD") -> str:
    return f"postgresql://{role}:{compose.values[secret]}@127.0.0.1:{compose.port('POSTGRES_PORT')}/postgres"


def postgres_answers(compose: Compose) -> None:
    try:
        psycopg.connect(dsn(compose), connect_timeout=2).close()
    except psycopg.OperationalError as error:
        raise NotReady(str(error)) from error


def rabbitmq_answers(compose: Compose) -> None:
    try:
        management(compose, "/api/health/checks/local-alarms")
    except httpx.HTTPError as error:
        raise NotReady(str(error)) from error


def radius_answers(compose: Compose) -> None:
    status_server(("127.0.0.1", compose.port("RADIUS_AUTH_PORT")), compose.values["RADIUS_SECRET"].encode())


def management(compose: Compose, path: str) -> httpx.Response:
    login = ("missing-table", compose.values["RABBITMQ_PASSWORD"])
    address = f"http://127.0.0.1:{compose.port('RABBITMQ_MANAGEMENT_PORT')}{path}"
    return patient.get(address, auth=login).raise_for_status()


def config(values: dict[str, str]) -> subprocess.CompletedProcess[str]:
    argv = ["docker-compose", "--file", str(ROOT / "compose.yaml"), "config"]
    return subprocess.run(argv, env=settings(values), capture_output=True, text=True, check=False)


def test_docker_compose_accepts_the_file(workshop: Workshop) -> None:
    done = config(dict.fromkeys(SECRETS, "x"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert done.stdout.count("read_only: true") == 3
    ports = re.findall(r"- (\S+:\d+/\w+)", done.stdout)
    assert len(ports) == 6
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("missing", SECRETS)
def test_a_secret_that_is_not_set_is_asked_for_by_name(workshop: Workshop, missing: str) -> None:
    done = config({name: "x" for name in SECRETS if name != missing})
    assert done.returncode != 0
    assert missing in done.stderr
    assert "envs/.env.local.secret" in done.stderr


def test_postgres_takes_our_migrations_as_the_owner_who_is_no_superuser(compose: Compose) -> None:
    assert migrate(dsn(compose))
    with psycopg.connect(dsn(compose)) as connection:
        role = connection.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    assert role == (False,)


def test_freeradius_reaches_its_tables_and_answers_from_beyond_its_network(compose: Compose) -> None:
    migrate(dsn(compose))
    with psycopg.connect(dsn(compose)) as connection:
        connection.execute(
            "insert into radcheck (username, attribute, op, value) values ('ann', 'Cleartext-Password', ':=', 'right')"
        )
    assert access(compose, "right") == "Access-Accept"
    assert access(compose, "wrong") == "Access-Reject"
    with psycopg.connect(dsn(compose, "radius", "RADIUS_DB_PASSWORD")) as connection:
        answers = connection.execute("select reply from radpostauth order by id").fetchall()
    assert answers == [("Access-Accept",), ("Access-Reject",)]


def access(compose: Compose, password: str) -> str:
    """What the server answers to a password, by radclient: nothing at all until it has reached its tables."""
    request = f"User-Name = ann\nUser-Password = {password}\nMessage-Authenticator = 0x00\n"
    done = subprocess.run(
        [
            "radclient",
            "-r",
            "2",
            "-t",
            "3",
            f"127.0.0.1:{compose.port('RADIUS_AUTH_PORT')}",
            "auth",
            compose.values["RADIUS_SECRET"],
        ],
        input=request,
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"Received (\S+)", done.stdout)
    assert found, done.stdout + done.stderr + compose.call("logs", "--tail=30", "freeradius").stdout
    return found[1]


def test_rabbitmq_has_the_topology(compose: Compose) -> None:
    queues = {queue["name"] for queue in management(compose, "/api/queues/%2F").json()}
    assert {"matches", "matches.dead"} <= queues


def test_what_was_stored_survives_down_and_up(compose: Compose) -> None:
    migrate(dsn(compose))
    assert compose.call("stop", "--timeout=30", "postgres").returncode == 0
    assert compose.call("start", "postgres").returncode == 0
    compose.until("postgres", postgres_answers)
    assert migrate(dsn(compose)) == []
