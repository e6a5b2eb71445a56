"""Fixtures with container images, as a pytest plugin (the root conftest.py loads it).

`workshop`  the run's images, built when they are not (session)
`rabbitmq4` a node of RabbitMQ 4, the version that deploys, out of its image (session): what `rabbitmq_server` is for
            the machine's own; `amqp4` is a fresh vhost with our topology there (test)

They fail, and do not skip, where this machine cannot build or run containers. Mark their tests `images`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from filelock import FileLock

from devstack import checks, control, places
from devstack.choices import Choices
from devstack.images import IMAGES, UID, Workshop
from devstack.services import process
from devstack.services.process import Launch, NotReady, Service
from devstack.services.rabbitmq import RabbitMQ, create_vhost, delete_vhost
from devstack.stack import Stack
from devstack.testing import DEFINITIONS, Amqp, free_offset, rabbitmq_server_at, run_folder, start_shared

OUTSIDE = ("postgres", "migrate", "agent-user", "agent-key", "scripted-anthropic", "replica")
RABBIT4_PASSWORD = "of-the-run"
"""The image refuses one that stands in examples, such as `test`."""
NODE_TMPFS = ("/run/rabbitmq", "/tmp")


def _say(text: str) -> None:
    print(text)  # noqa: T201  pytest shows it when a test fails


@pytest.fixture(scope="session")
def workshop(request: pytest.FixtureRequest) -> Workshop:
    """The run's images; ./mt test has built them already."""
    told = os.environ.get("MT_TEST_DATA")
    shop = Workshop(checks.images_folder(Path(told) if told else None))
    if os.environ.get("MT_IMAGES_BUILT") != "1":
        done = run_folder(request.config) / "images.done"
        with FileLock(f"{done}.lock"):
            if not done.exists():
                shop.build((*IMAGES, "postgres"), _say)
                done.touch()
    return shop


def secret_folder(folder: Path, users: dict[str, str]) -> Path:
    """A folder as a mounted Secret is: one file a user, readable by the container's user alone."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    for name, password in users.items():
        file = process.write_private(folder / name, password + "\n", mode=0o400)
        os.chown(file, UID, UID)
    return folder


def own(folder: Path) -> Path:
    """A folder that belongs to the containers' user, as a volume does."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    os.chown(folder, UID, UID)
    return folder


@contextmanager
def outside(name: str) -> Iterator[tuple[Path, Stack]]:
    """A folder on disk, and the stack of all that does not deploy (PostgreSQL and what plays the world), up in it."""
    folder = places.ON_DISK / f"mt-{name}-{os.getpid()}"
    folder.mkdir(mode=0o755)
    choices = Choices(port_offset=free_offset(), only=OUTSIDE, durability="throwaway")
    control.ensure_data(folder / "stack")
    stack = control.up(folder / "stack", choices, {}, _say)
    try:
        yield folder, stack
    finally:
        control.down(folder / "stack", _say, forget=True)
        shutil.rmtree(folder)


def rows(stack: Stack, query: str) -> list[tuple[Any, ...]]:
    """What a query finds in a stack's database."""
    with psycopg.connect(stack.database_direct_url) as connection:
        return connection.execute(query.encode()).fetchall()


def rights(pid: int) -> dict[str, str]:
    """A process's line of each name in its status, as the kernel says it."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def env_file(file: Path, values: dict[str, str]) -> Path:
    """An --env-file: secrets in it do not stand in the process list."""
    return process.write_private(file, "".join(f"{key}={value}\n" for key, value in values.items()))


@dataclass(frozen=True)
class Rabbit4:
    """A node of RabbitMQ 4 in a container on the host's network, described by the class of the private nodes."""

    workshop: Workshop
    folder: Path
    node: RabbitMQ
    admin: str
    prometheus_port: int
    dist_port: int

    @property
    def container(self) -> str:
        return f"mt-{self.folder.parent.name}-{self.folder.name}"

    def lay_out(self) -> Launch:
        """Folders, secrets, and the `podman run` of the node."""
        if not self.folder.exists():
            self.folder.mkdir(parents=True)
            own(self.folder / "data")
            secret_folder(self.folder / "users", {self.node.user: self.node.password, "admin": self.admin})
        values = {
            "RABBITMQ_LISTEN": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.node.port),
            "RABBITMQ_MANAGEMENT_PORT": str(self.node.management_port),
            "RABBITMQ_PROMETHEUS_PORT": str(self.prometheus_port),
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "ERL_EPMD_PORT": str(self.node.epmd_port),
        }
        argv = self.workshop.run_argv(
            "rabbitmq",
            container=self.container,
            env_file=env_file(self.folder / "env", values),
            volumes={self.folder / "data": "/var/lib/rabbitmq", self.folder / "users": "/run/secrets/rabbitmq:ro"},
            tmpfs=NODE_TMPFS,
        )
        return Launch(argv=argv, env=self.workshop.environment(), cwd=self.folder, stop_within_s=60)

    def check_ready(self) -> None:
        """The administrator is let in: node, management API and users are there."""
        process.connects(self.node.management_port)
        try:
            with self.management() as client:
                answer = client.get("/api/health/checks/local-alarms", timeout=3)
        except httpx.TransportError as error:
            raise NotReady(f"its management API does not answer ({error})") from error
        if answer.status_code != httpx.codes.OK:
            raise NotReady(f"its management API answers {answer.status_code}: {answer.text[:200]}")
        process.connects(self.node.port)

    def management(self) -> httpx.Client:
        """The management API as the administrator."""
        login = ("admin", self.admin)
        return httpx.Client(base_url=self.node.management_url, auth=login, timeout=15, trust_env=False, verify=False)

    def service(self) -> Service:
        """As the fixtures start it."""
        return Service(
            name="rabbitmq4",
            launch=self.lay_out,
            ready=self.check_ready,
            tcp_ports=(self.node.port, self.node.management_port),
            ready_within_s=90,
        )


@pytest.fixture(scope="session")
def rabbitmq4(workshop: Workshop, request: pytest.FixtureRequest) -> RabbitMQ:
    """The run's node of RabbitMQ 4. Its user is the administrator, as that of `rabbitmq_server` is."""

    def build(folder: Path, ports: dict[str, int]) -> Rabbit4:
        node = RabbitMQ(
            folder,
            ports["port"],
            ports["management_port"],
            user="admin",
            password=RABBIT4_PASSWORD,
            epmd_port=ports["epmd_port"],
        )
        return Rabbit4(workshop, folder, node, RABBIT4_PASSWORD, ports["prometheus_port"], ports["dist_port"])

    def make(folder: Path) -> tuple[Service, dict[str, Any]]:
        names = ("port", "management_port", "epmd_port", "prometheus_port", "dist_port")
        ports = {name: process.free_port() for name in names}
        return build(folder, ports).service(), {"folder": str(folder), "ports": ports}

    about = start_shared(request.config, "rabbitmq4", make)
    return build(Path(about["folder"]), about["ports"]).node


@pytest.fixture
def amqp4(rabbitmq4: RabbitMQ) -> Iterator[Amqp]:
    """A fresh vhost on RabbitMQ 4 with our exchanges, queues and bindings, all empty."""
    vhost = f"t_{uuid4().hex[:12]}"
    create_vhost(rabbitmq4, vhost)
    if DEFINITIONS.exists():
        rabbitmq_server_at(rabbitmq4, vhost).load_definitions()
    yield Amqp(rabbitmq4.url(vhost), vhost, rabbitmq4)
    delete_vhost(rabbitmq4, vhost)
