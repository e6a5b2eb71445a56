"""Servers start in a state folder whose path has spaces and quotes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from devstack.services import process
from devstack.services.nginx import Nginx
from devstack.services.postgres import Postgres, find_binaries
from devstack.services.process import Service
from devstack.services.rabbitmq import RabbitMQ
from devstack.testing import run_folder
from devstack.testing.running import Running


def postgres(folder: Path) -> Service:
    binaries = find_binaries()
    assert binaries
    account = process.account("postgres")
    return Postgres(folder, process.free_port(), binaries, durable=False, account=account).service()


def nginx(folder: Path) -> Service:
    backend = f"127.0.0.1:{process.free_port()}"
    account = process.account("www-data")
    return Nginx(folder, process.free_port(), backend=backend, site=folder / "none", account=account).service()


def rabbitmq(folder: Path) -> Service:
    account = process.account("rabbitmq")
    ports = process.free_port(), process.free_port()
    return RabbitMQ(folder, *ports, user="mt", password="test", account=account).service()


@pytest.mark.parametrize("service", [postgres, nginx, rabbitmq])
def test_a_server_starts_where_the_path_has_a_space_and_an_apostrophe(
    service: Callable[[Path], Service], request: pytest.FixtureRequest
) -> None:
    run = run_folder(request.config)
    folder = run / 'it\'s "odd" here'
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    running = Running(service(folder / service.__name__), run, f"odd-{service.__name__}")
    running.start()
    assert running.stop() is not None
